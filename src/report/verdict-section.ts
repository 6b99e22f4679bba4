import type { Diagnostic } from "../core/diagnostic.js";
import type { RunRecord, TaskRecord } from "../core/record.js";
import type { Candidate, Metric, Metrics, VerdictStatus } from "../core/verdict.js";
import { type Finding, isOfMany } from "./evidence.js";
import { type Group, groupTitles, termOf, termOrder } from "./glossary.js";
import { html, type Markup } from "./html.js";
import { count, fixed, metricText, number, seconds } from "./numbers.js";

const meanings: Readonly<Record<VerdictStatus, { word: string; says: string }>> = {
  accepted: { word: "Accepted", says: "Every check passed: the two images can be taken as aligned." },
  suspect: {
    word: "Suspect",
    says: "An alignment was found, but not every check passed. Look at it below, and read the reasons, before you use it.",
  },
  rejected: {
    word: "Rejected",
    says: "The evidence does not support this alignment. Do not measure on it. The reasons, and what to try, stand below.",
  },
};

const exits: Readonly<Record<number, string>> = {
  1: "A step failed, so the run could not be finished.",
  2: "The pipeline or the command line is wrong.",
  3: "The run came to its end, but a check refused the result.",
  4: "An input is missing or cannot be read.",
  5: "The machine stood in the way: no space left, or the store is in use.",
  130: "The run was interrupted. Run it again: what is done is kept.",
  143: "The run was stopped from outside. Run it again: what is done is kept.",
};

/** The words at the top: can this run be believed, and if not, why. */
export function runBanner(record: RunRecord, found: readonly Finding[]): Markup {
  const failed = record.tasks.filter((t) => t.state === "failed");
  const refused = record.tasks.filter((t) => t.state === "refused");
  const status = record.verdict;
  const only = found.length === 1 ? found[0] : undefined;
  const tone =
    failed.length > 0
      ? "failed"
      : refused.length > 0 && status !== "suspect"
        ? "rejected"
        : (status ?? (record.exit === 0 ? "accepted" : "failed"));
  return html`<section class="banner ${tone}" id="verdict" aria-label="Verdict"><p class="word">${headline(failed, refused, status, record.exit)}</p>
${explanation(failed, refused, status, record, found)}${only && keyFigures(only.metrics)}${failed.length > 0 && failures(failed)}${record.notes.length > 0 && diagnosticList(record.notes)}</section>`;
}

function headline(
  failed: readonly TaskRecord[],
  refused: readonly TaskRecord[],
  status: VerdictStatus | undefined,
  exit: number,
): string {
  if (failed.length > 0)
    return failed.length === 1
      ? `Not finished: ${taskName(failed[0]!.id)} failed`
      : `Not finished: ${failed.length} steps failed`;
  if (refused.length > 0 && status === "accepted") return "Refused by a requirement of the pipeline";
  if (status) return meanings[status].word;
  return exit === 0 ? "Finished" : "Not finished";
}

function explanation(
  failed: readonly TaskRecord[],
  refused: readonly TaskRecord[],
  status: VerdictStatus | undefined,
  record: RunRecord,
  found: readonly Finding[],
): Markup {
  const skipped = record.tasks.filter((t) => t.state === "skipped").map((t) => taskName(t.id));
  const lines: string[] = [];
  if (failed.length > 0) lines.push("No complete result was made. What went wrong, and what to try next:");
  else if (refused.length > 0 && status === "accepted") {
    lines.push(
      "The registration passed the checks of the program, but not the requirements that the pipeline file makes (require:). The table says which.",
    );
  } else if (status) lines.push(withError(status, found), ...tally(found));
  else if (record.exit === 0)
    lines.push("The run came to its end. None of its steps gives a verdict on a registration.");
  else lines.push(exits[record.exit] ?? `The run ended with status ${record.exit}.`);
  if (skipped.length > 0 && failed.length === 0) {
    const some = skipped.slice(0, 5).join(", ");
    lines.push(
      `${skipped.length === 1 ? "One step was" : `${skipped.length} steps were`} not run, because something before was refused: ${some}${skipped.length > 5 ? " and others" : ""}.`,
    );
  }
  return html`${lines.map((line) => html`<p>${line}</p>`)}`;
}

/** Tiles and slices are more than two. */
const says = (status: VerdictStatus, found: readonly Finding[]): string =>
  found.length > 0 && found.every(isOfMany)
    ? meanings[status].says.replace("the two images", "the images")
    : meanings[status].says;

/** The meaning of a verdict, with the size of the error where it can be trusted. */
function withError(status: VerdictStatus, found: readonly Finding[]): string {
  const error = found.length === 1 ? found[0]!.metrics["expected-error"] : undefined;
  if (status !== "accepted" || !error || !Number.isFinite(error.value)) return says(status, found);
  return `${says(status, found).replace(/\.$/, "")}, to within about ${metricText(error, 2)}.`;
}

function tally(found: readonly Finding[]): string[] {
  if (found.length < 2) return [];
  const parts = (["rejected", "suspect", "accepted"] as const)
    .map((status) => [status, found.filter((f) => f.verdict?.status === status).length] as const)
    .filter(([, n]) => n > 0);
  return parts.length === 0
    ? []
    : [`Of ${found.length} registrations: ${parts.map(([s, n]) => `${n} ${s}`).join(", ")}.`];
}

function failures(failed: readonly TaskRecord[]): Markup {
  return html`${failed
    .slice(0, 20)
    .map(
      (t) =>
        html`<h3>${taskName(t.id)} <span class="note">(${t.plugin})</span></h3>${t.notes.length > 0 ? diagnosticList(t.notes) : html`<p>It gave no reason. That is a fault of the plugin.</p>`}`,
    )}${failed.length > 20 && html`<p class="note">and ${failed.length - 20} more, in the table of steps</p>`}`;
}

/** `input:fixed` is what the user calls the input fixed. */
const taskName = (id: string): string => id.replace(/^(input|output):/, "$1 ");

/** Messages with what to try next; errors first. */
export function diagnosticList(list: readonly Diagnostic[]): Markup {
  const rank = { error: 0, warning: 1, info: 2 };
  const sorted = [...list].sort((a, b) => rank[a.severity] - rank[b.severity]);
  return html`<ul class="reasons">${sorted.map(
    (d) =>
      html`<li class="${d.severity}">${d.message} <span class="code">${d.severity === "error" ? "" : `${d.severity}, `}${d.code}</span>${d.hint !== undefined && html`<span class="next"><strong>Try next:</strong> ${d.hint}</span>`}</li>`,
  )}</ul>`;
}

const figures: readonly (readonly [metric: string, name: string])[] = [
  ["expected-error", "expected error"],
  ["held-out-rmse", "held-out error"],
  ["inliers", "tie points kept"],
  ["inlier-share", "share kept"],
  ["coverage", "coverage"],
  ["overlap", "overlap"],
];

function keyFigures(metrics: Metrics): Markup | undefined {
  const shown = figures.filter(([name]) => metrics[name]);
  if (shown.length === 0) return undefined;
  return html`<dl class="key">${shown.map(([metric, name]) => html`<div><dt>${name}</dt><dd>${metricValue(metric, metrics[metric]!)}</dd></div>`)}</dl>`;
}

const shares = new Set(["inlier-share", "coverage", "overlap", "folding"]);

/** A metric for reading; shares that were stored as fractions become percent. */
export function metricValue(name: string, metric: Metric): string {
  const { value, unit } = metric;
  if (shares.has(name) && unit === undefined && value >= 0 && value <= 1) return `${number(value * 100)} %`;
  if (name === "log10-nfa" && Number.isFinite(value)) {
    return value < 0 ? `1 in 10${superscript(Math.round(-value))}` : `${number(10 ** value, 2)} expected`;
  }
  if (/^(scale|anisotropy)/.test(name) && unit === undefined) return fixed(value, 4);
  if (/^(ncc|nmi|ssim)-/.test(name) && unit === undefined) return fixed(value, 3);
  return metricText(metric);
}

const superscript = (n: number): string => String(n).replace(/\d/g, (d) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(d)]!);

/** Verdict, gates and reasons of one registration. */
export function verdictPart(finding: Finding, alone: boolean): Markup {
  const { verdict, gates, task } = finding;
  return html`${!alone && verdict && html`<p>${badge(verdict.status)} ${says(verdict.status, [finding])}</p>`}
${verdict && html`<p class="note">Why the search ended: ${stopWords(verdict.stopped)}.</p>`}
${verdict && verdict.reasons.length > 0 && html`<h3>Why it is ${verdict.status}</h3>${diagnosticList(verdict.reasons)}`}
${verdict?.candidates && candidatesTable(verdict.candidates)}
${
  gates.length > 0 &&
  html`<h3>What the pipeline requires</h3><div class="scroll"><table><thead><tr><th>measure</th><th class="n">found</th><th class="n">wanted</th><th></th><th>meaning</th></tr></thead><tbody>${gates.map(
    (g) =>
      html`<tr><td>${termOf(g.metric).name}</td><td class="n">${g.found ? metricValue(g.metric, g.found) : g.metric === "verdict" && verdict ? verdict.status : "not measured"}</td><td class="n">${g.comparison.replace(">=", "≥").replace("<=", "≤").replace("!=", "≠")}</td><td>${g.passed ? html`<span class="good">passed</span>` : html`<strong class="bad">not passed</strong>`}</td><td class="meaning">${termOf(g.metric).meaning}</td></tr>`,
  )}</tbody></table></div>`
}
${task.state !== "failed" && task.notes.length > 0 && html`<h3>Notes</h3>${diagnosticList(task.notes)}`}`;
}

export const badge = (status: Candidate["status"]): Markup =>
  html`<span class="badge ${{ accepted: "good", suspect: "warn", rejected: "bad", failed: "bad" }[status]}">${status}</span>`;

/** Each way that was tried, with what it found. */
function candidatesTable(candidates: readonly Candidate[]): Markup {
  return html`<h3>What was tried</h3><div class="scroll"><table><thead><tr><th>method</th><th>by itself</th><th class="n">expected error</th><th class="n">away from the result</th><th>what it says</th></tr></thead><tbody>${candidates.map(
    ({ method, chosen, status, metrics, reason, distance }) =>
      html`<tr><td>${chosen ? html`<strong>${method}</strong>, taken` : method}</td><td>${badge(status)}</td><td class="n">${metrics["expected-error"] && metricValue("expected-error", metrics["expected-error"])}</td><td class="n">${!chosen && distance !== undefined && metricText({ value: distance, unit: "px" }, 2)}</td><td class="meaning">${reason ?? evidenceWords(metrics)}</td></tr>`,
  )}</tbody></table></div>`;
}

/** What speaks for a candidate that has no reason against it. */
function evidenceWords(metrics: Metrics): string {
  const { inliers, matches, "block-consistency": consistency } = metrics;
  if (inliers && matches) return `${number(inliers.value)} of ${number(matches.value)} tie points agree.`;
  if (consistency) return `${metricValue("block-consistency", consistency)} of the blocks agree.`;
  return "";
}

/** `too-few-matches` → “too few matches”. */
const stopWords = (stopped: string): string =>
  stopped === "consensus" ? "tie points that agree were found" : stopped.replace(/-/g, " ");

/** Every number of a registration, by subject, each with what it means. */
export function metricsTable(metrics: Metrics): Markup {
  const names = Object.keys(metrics).sort((a, b) => termOrder(a) - termOrder(b) || (a < b ? -1 : 1));
  if (names.length === 0) return html`<p class="note">No numbers were recorded.</p>`;
  const groups = (Object.keys(groupTitles) as Group[]).map(
    (g) => [g, names.filter((n) => termOf(n).group === g)] as const,
  );
  return html`<div class="scroll"><table><thead><tr><th>measure</th><th class="n">value</th><th>better</th><th>what it says</th></tr></thead><tbody>${groups
    .filter(([, list]) => list.length > 0)
    .map(
      ([group, list]) =>
        html`<tr class="group"><th colspan="4">${groupTitles[group]}</th></tr>${list.map((name) => {
          const term = termOf(name);
          return html`<tr><td>${term.name}</td><td class="n">${metricValue(name, metrics[name]!)}</td><td class="note">${term.better ?? ""}</td><td class="meaning">${term.meaning}${term.meaning === "" && html`<code>${name}</code>`}</td></tr>`;
        })}`,
    )}</tbody></table></div>`;
}

const columns: readonly (readonly [metric: string, title: string])[] = [
  ["expected-error", "expected error"],
  ["held-out-rmse", "held-out error"],
  ["inliers", "tie points"],
  ["coverage", "coverage"],
  ["ncc-after", "correlation"],
];

const mostRows = 600;

/** All registrations of a run that has several, the worst first. */
export function findingsTable(found: readonly Finding[], shown: number): Markup {
  const used = columns.filter(([m]) => found.some((f) => f.metrics[m]));
  const sortable = (title: string) => html`<button type="button">${title}</button>`;
  return html`<div class="scroll"><table><thead><tr><th>${sortable("registration")}</th><th>${sortable("verdict")}</th>${used.map(([, t]) => html`<th class="n">${sortable(t)}</th>`)}<th>first reason</th></tr></thead><tbody>${found
    .slice(0, mostRows)
    .map((f, i) => {
      const reason = f.verdict?.reasons[0] ?? f.task.notes.find((d) => d.severity === "error");
      const rank = f.verdict ? { rejected: 1, suspect: 2, accepted: 3 }[f.verdict.status] : 0;
      return html`<tr><td>${i < shown ? html`<a href="#${f.anchor}">${f.name}</a>` : f.name}</td><td data-value="${rank}">${f.verdict ? badge(f.verdict.status) : f.task.state}${f.task.state === "refused" && html` <span class="note">refused</span>`}</td>${used.map(([m]) => html`<td class="n" data-value="${f.metrics[m]?.value ?? ""}">${f.metrics[m] && metricValue(m, f.metrics[m])}</td>`)}<td class="meaning reason">${reason?.message}</td></tr>`;
    })}</tbody></table></div>${found.length > mostRows && html`<p class="note">and ${count(found.length - mostRows, "more", "more")}, better than these; all are in run.json</p>`}`;
}

/** Total time in words, for the head of the page. */
export const runTime = (record: RunRecord): string => seconds(record.seconds);
