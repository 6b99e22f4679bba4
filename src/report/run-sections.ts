import type { ParamOrigin, RunRecord } from "../core/record.js";
import { html, type Markup } from "./html.js";
import { paramText } from "./methods.js";
import { bytes, count, number, seconds } from "./numbers.js";
import { graphSvg } from "./plan-svg.js";
import { graphOf, outcomeWords, type StepGroup } from "./steps.js";
import { diagnosticList } from "./verdict-section.js";

const mostNodes = 250;

/** The pipeline as a drawing. */
export function graphSection(record: RunRecord, groups: readonly StepGroup[]): Markup {
  if (groups.length > mostNodes) {
    return html`<p class="note">The pipeline has ${groups.length} steps and files, too many for a drawing; the table of steps below holds them all.</p>`;
  }
  return html`<div class="graph-scroll">${graphSvg(graphOf(record, groups))}</div>
<p class="note">Read from top to bottom. A dashed frame means that the result was taken from the cache of an earlier run with the same inputs and settings.</p>`;
}

const origins: Readonly<Record<ParamOrigin, string>> = {
  default: "default of the plugin",
  defaults: "defaults: of the pipeline",
  pipeline: "pipeline file",
  extends: "parent pipeline (extends:)",
  "params-file": "parameter file (--params)",
  "--set": "command line (--set)",
};

const mostItemsCompared = 2000;

/** Every parameter that was in force, and who set it. */
export function parametersSection(groups: readonly StepGroup[]): Markup {
  const shown = groups.filter((g) => Object.keys(g.tasks[0]!.params).length > 0);
  if (shown.length === 0) return html`<p class="note">No step of this pipeline has parameters.</p>`;
  return html`<div class="scroll"><table><thead><tr><th>parameter</th><th>value</th><th>set by</th></tr></thead><tbody>${shown
    .slice(0, 300)
    .map((g) => {
      const first = g.tasks[0]!;
      return html`<tr class="group"><th colspan="3">${g.step} <span class="note">${g.plugin}</span></th></tr>${Object.entries(
        first.params,
      ).map(([name, value]) => {
        const origin = first.origins[name] ?? "default";
        const text = paramText(value);
        const varies = g.tasks.slice(1, mostItemsCompared).some((t) => paramText(t.params[name]) !== text);
        const shownText = text.length > 300 ? `${text.slice(0, 300)}…` : text;
        return html`<tr><td>${origin === "default" ? html`<span class="note">${name}</span>` : name}</td><td class="mono">${shownText}${varies && html` <span class="note">(differs between items; this is the first)</span>`}</td><td class="note">${origin === "default" ? origins.default : html`<strong>${origins[origin]}</strong>`}</td></tr>`;
      })}`;
    })}</tbody></table></div>`;
}

const mostStepRows = 400;

/** What ran, how it ended, how long it took. */
export function stepsSection(record: RunRecord, groups: readonly StepGroup[]): Markup {
  const longest = groups.reduce((most, g) => Math.max(most, g.seconds), 0);
  const tone = { failed: "bad", refused: "warn", skipped: "note", computed: "", cached: "" };
  const notes = record.tasks.filter((t) => t.state !== "skipped" && t.notes.length > 0);
  const all = [
    ...record.notes,
    ...notes.flatMap((t) => t.notes.map((n) => ({ ...n, message: `${t.id}: ${n.message}` }))),
  ];
  return html`<div class="scroll"><table><thead><tr><th>step</th><th>plugin</th><th>how it ended</th><th class="n">time</th><th></th><th class="n">memory</th><th>key</th></tr></thead><tbody>${groups
    .slice(0, mostStepRows)
    .map(
      (g) =>
        html`<tr><td>${g.role === "step" ? g.step : `${g.role} ${g.step.replace(/^(input|output):/, "")}`}</td><td>${g.plugin} <span class="note">${g.version}</span></td><td class="${tone[g.state]}">${outcomeWords(g)}</td><td class="n">${g.state !== "skipped" && seconds(g.seconds)}</td><td style="width:90px">${longest > 0 && html`<span class="timebar" style="width:${Math.max(1, Math.round((80 * g.seconds) / longest))}px"></span>`}</td><td class="n">${g.peakBytes > 0 && bytes(g.peakBytes)}</td><td class="mono note">${g.tasks.length === 1 ? g.tasks[0]!.key.slice(0, 12) : count(g.tasks.length, "key")}</td></tr>`,
    )}</tbody></table></div>${groups.length > mostStepRows && html`<p class="note">and ${groups.length - mostStepRows} more; all are in run.json</p>`}
<p class="note">A key is the address of a result: the same plugin, parameters and inputs always have the same key, and the same key always means the same bytes. Images are computed while others read them, so their time may stand with the step that asked.</p>
${all.length > 0 && html`<h3>Notes</h3>${diagnosticList(all.slice(0, 150))}${all.length > 150 && html`<p class="note">and ${all.length - 150} more in run.json</p>`}`}`;
}

const mostFiles = 300;

function files(list: readonly { name: string; file: string; sha256: string; bytes: number }[], title: string): Markup {
  return html`<div class="scroll"><table><thead><tr><th>${title}</th><th>file</th><th class="n">size</th><th>SHA-256</th></tr></thead><tbody>${list
    .slice(0, mostFiles)
    .map(
      (f) =>
        html`<tr><td>${f.name}</td><td>${f.file}</td><td class="n">${bytes(f.bytes)}</td><td class="mono">${f.sha256}</td></tr>`,
    )}</tbody></table></div>${list.length > mostFiles && html`<p class="note">and ${list.length - mostFiles} more; all are in run.json</p>`}`;
}

/** Where everything came from, and how to get it again. */
export function provenanceSection(record: RunRecord, groups: readonly StepGroup[]): Markup {
  const changed = groups.flatMap((g) =>
    Object.entries(g.tasks[0]!.origins)
      .filter(([, origin]) => origin === "--set" || origin === "params-file")
      .map(([name]) => `${g.step}: ${name} = ${paramText(g.tasks[0]!.params[name])}`),
  );
  const seeds = [...new Set(record.tasks.map((t) => t.seed))];
  return html`<h3>Inputs</h3>${files(record.inputs, "name")}
<h3>Results</h3>${
    record.outputs.length > 0
      ? files(
          record.outputs.map((o) => ({ ...o, name: o.from })),
          "from step",
        )
      : html`<p class="note">No file was written.</p>`
  }
<h3>Run it again</h3><pre id="again">tiepoint run ${shellWord(record.pipeline.file)}</pre><p><button type="button" data-copy="again">Copy the command</button></p>
${changed.length > 0 && html`<p>Some values came from outside of the pipeline file. To get the same result, give them again (<code>--set</code> or <code>--params</code>):</p><ul class="words">${changed.slice(0, 100).map((c) => html`<li class="mono">${c}</li>`)}</ul>`}
<p class="note">With the same Tiepoint, plugins and input bytes the results are the same bit for bit, on any machine and with any number of threads${seeds.length === 1 && ` (seed ${seeds[0]})`}.</p>
<h3>This run</h3><p class="note">What follows says how this one run went; it has no influence on the results.</p>
<div class="scroll"><table><tbody><tr><td>time in all</td><td>${seconds(record.seconds)}</td></tr><tr><td>Tiepoint</td><td>${record.tiepoint}</td></tr><tr><td>Node.js</td><td>${record.machine.node}</td></tr><tr><td>machine</td><td>${record.machine.platform}, ${count(record.machine.cores, "core")}</td></tr><tr><td>worked with</td><td>${count(record.machine.jobs, "thread")}, up to ${bytes(record.machine.memory)} of memory</td></tr><tr><td>from the cache</td><td>${cacheWords(record)}</td></tr><tr><td>exit status</td><td>${number(record.exit)}</td></tr></tbody></table></div>`;
}

function cacheWords(record: RunRecord): string {
  const cached = record.tasks.filter((t) => t.state === "cached").length;
  return `${cached} of ${count(record.tasks.length, "task")}`;
}

/** A file name as a shell reads it as one word. */
export const shellWord = (text: string): string =>
  /^[A-Za-z0-9_./:@%+=-]+$/.test(text) && !text.startsWith("-") ? text : `'${text.replace(/'/g, `'\\''`)}'`;
