import { createHash } from "node:crypto";
import type { RunAccess, RunRecord } from "../core/record.js";
import { type Finding, findings } from "./evidence.js";
import { html, type Markup, trusted } from "./html.js";
import { imagesSection } from "./images-section.js";
import { methodsOf, methodsSection } from "./methods.js";
import { mosaicSection } from "./mosaic-section.js";
import { count } from "./numbers.js";
import { registrationSection } from "./registration-section.js";
import { graphSection, parametersSection, provenanceSection, stepsSection } from "./run-sections.js";
import { stackSection } from "./stack-section.js";
import { stepGroups } from "./steps.js";
import { reportStyle } from "./style.js";
import { tablesSection } from "./tables-section.js";
import { findingsTable, metricsTable, runBanner, runTime } from "./verdict-section.js";
import { viewerScript } from "./viewer-script.js";

/** Largest report, in bytes: larger ones are slow to open and cannot be sent by mail. */
export const mostBytes = 5_000_000;

/** Registrations that are shown in full, the worst ones; a run of many has a table of all. */
const mostShown = 6;
const pictureCharacters = 3_900_000;
const mostPerRegistration = 1_700_000;

/**
 * The report of a run: one HTML document that needs nothing else, with pictures inside, at most 5 MB.
 *
 * Works for failed and refused runs too, as far as their values can be had. The same run gives the same text, but for
 * times, memory and cache states.
 *
 * @param access  gives the values of the run; what it cannot give any more is said to be missing
 */
export async function buildReport(record: RunRecord, access: RunAccess): Promise<string> {
  const found = await findings(record, access);
  const images = await imagesSection(record, access);
  const tables = await tablesSection(record, access);
  const mosaic = await mosaicSection(record, access);
  const stack = await stackSection(record, access);
  for (let shown = Math.min(mostShown, found.length); ; shown = shown >> 1) {
    const text = page(record, found, await sections(record, access, found, shown), shown, {
      images,
      tables,
      mosaic,
      stack,
    });
    if (Buffer.byteLength(text) <= mostBytes || shown === 0) return text;
  }
}

async function sections(
  record: RunRecord,
  access: RunAccess,
  found: readonly Finding[],
  shown: number,
): Promise<Markup[]> {
  const out: Markup[] = [];
  const budget = Math.min(mostPerRegistration, pictureCharacters / Math.max(1, shown));
  for (const finding of found.slice(0, shown)) {
    out.push(await registrationSection(finding, record, access, budget, found.length === 1));
  }
  return out;
}

function page(
  record: RunRecord,
  found: readonly Finding[],
  parts: readonly Markup[],
  shown: number,
  { images, tables, mosaic, stack }: Readonly<Record<"images" | "tables" | "mosaic" | "stack", Markup | undefined>>,
): string {
  const groups = stepGroups(record);
  const title = record.pipeline.name;
  const hash = createHash("sha256").update(viewerScript).digest("base64");
  const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  const measured = record.tasks.filter(
    (t) =>
      t.item === undefined && Object.entries(t.metrics).some(([name, m]) => !found.some((f) => f.metrics[name] === m)),
  );
  const links: (readonly [string, string])[] = [
    ["verdict", "Verdict"],
    ...(found.length > 0 ? [["registrations", found.length > 1 ? "Registrations" : "Registration"] as const] : []),
    ...(mosaic ? [["mosaic", "Mosaic"] as const] : []),
    ...(stack ? [["stack", "Stack"] as const] : []),
    ...(measured.length > 0 ? [["measured", "Other measures"] as const] : []),
    ...(tables ? [["tables", "Tables"] as const] : []),
    ...(images ? [["images", "Images"] as const] : []),
    ["pipeline", "Pipeline"],
    ["parameters", "Parameters"],
    ["steps", "Steps"],
    ["provenance", "Provenance"],
    ["methods", "Text for a paper"],
  ];
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer"><title>${title}: registration report</title><style>${trusted(reportStyle)}</style></head>
<body><div class="page"><header><p class="kicker">Tiepoint report · ${count(record.inputs.length, "input file")} · ${count(record.tasks.length, "task")} · ${runTime(record)}</p><h1>${title}</h1>${record.pipeline.about !== undefined && html`<p class="lede">${record.pipeline.about}</p>`}</header>
<nav aria-label="Sections">${links.map(([id, name]) => html`<a href="#${id}">${name}</a>`)}</nav>
<main>${runBanner(record, found)}
${found.length > 0 && registrations(found, parts, shown)}
${mosaic}
${stack}
${measured.length > 0 && html`<section id="measured"><h2>Other measures</h2>${measured.slice(0, 30).map((t) => html`<h3>${t.id} <span class="note">${t.plugin}</span></h3>${metricsTable(t.metrics)}`)}</section>`}
${tables}
${images}
<section id="pipeline"><h2>The pipeline</h2>${graphSection(record, groups)}</section>
<section id="parameters"><h2>Parameters</h2><p class="note">All that were in force, and who set them.</p>${parametersSection(groups)}</section>
<section id="steps"><h2>Steps</h2>${stepsSection(record, groups)}</section>
<section id="provenance"><h2>Provenance</h2>${provenanceSection(record, groups)}</section>
<section id="methods"><h2>Text for a paper</h2><p class="note">A description of the method, made from the record of this run. Check it before you use it.</p>${methodsSection(methodsOf(record, groups, found))}</section>
</main><footer>Made by Tiepoint ${record.tiepoint}. This file needs no network and sends nothing. Fixed is the image that stays, moving the one that is brought to it; pixel coordinates are (x, y) with the centre of the first pixel at (0, 0).</footer></div>
${trusted(`<script>${viewerScript}</script>`)}</body></html>
`.text;
}

function registrations(found: readonly Finding[], parts: readonly Markup[], shown: number): Markup {
  if (found.length === 1) {
    const only = found[0]!;
    return html`<section id="registrations"><h2 id="${only.anchor}">The registration <span class="note">${only.name}, ${only.task.plugin}</span></h2>${parts}</section>`;
  }
  const rest = found.length - shown;
  return html`<section id="registrations"><h2>${count(found.length, "registration")}</h2><p class="note">The worst first.${rest > 0 && ` The ${shown} worst are shown in full below; the others are in the table only.`}</p>${findingsTable(found, shown)}
${parts.map((part, i) => html`<details id="${found[i]!.anchor}"${i === 0 && trusted(" open")}><summary>${found[i]!.name} <span class="note">${found[i]!.task.plugin}${found[i]!.verdict && `, ${found[i]!.verdict!.status}`}</span></summary>${part}</details>`)}</section>`;
}
