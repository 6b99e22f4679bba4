import type { RunRecord } from "../core/record.js";
import type { Finding } from "./evidence.js";
import { html, type Markup } from "./html.js";
import { count, metricText, number } from "./numbers.js";
import type { StepGroup } from "./steps.js";

/** A source of a method: text for the list, and its address where it has one. */
export interface Reference {
  readonly text: string;
  readonly href?: string;
}

/** A paragraph for a paper, with numbers in brackets that point into `references`. */
export interface Methods {
  readonly sentences: readonly string[];
  readonly references: readonly Reference[];
}

const openings: Readonly<Record<string, string>> = {
  preprocess: "Images were prepared with",
  match: "Corresponding places were found with",
  estimate: "The transform was estimated with",
  warp: "The moving image was resampled once with",
  stitch: "Tiles were joined with",
  stack: "Slices were aligned with",
  geo: "Georeferenced images were handled with",
  change: "Changes were computed with",
  landmarks: "Landmarks were handled with",
  measure: "The result was measured with",
};

/** Says what was done in the words of a methods section. Built from the record alone. */
export function methodsOf(record: RunRecord, groups: readonly StepGroup[], found: readonly Finding[]): Methods {
  const references: Reference[] = [];
  const numbers = new Map<string, number>();
  const cite = (sources: readonly string[] = []): string => {
    const marks = sources.map((source) => {
      const known = numbers.get(source) ?? references.push(referenceOf(source));
      numbers.set(source, known);
      return known;
    });
    return marks.length > 0 ? ` [${marks.join(", ")}]` : "";
  };
  const sentences = [`Images were registered with Tiepoint ${record.tiepoint} (pipeline “${record.pipeline.name}”).`];
  const steps = groups.filter((g) => g.role === "step" && g.state !== "skipped");
  const byUse = new Map<string, StepGroup[]>();
  for (const g of steps) {
    const key = JSON.stringify([g.plugin, chosen(g)]);
    byUse.set(key, [...(byUse.get(key) ?? []), g]);
  }
  for (const same of byUse.values()) {
    const g = same[0]!;
    const opening = openings[g.plugin.split("/")[0]!] ?? "A step was made with";
    const settings = chosen(g);
    sentences.push(
      `${opening} ${g.plugin} (version ${g.version}${settings ? `; ${settings}` : ""})${cite(g.tasks[0]!.cite)}.`,
    );
  }
  sentences.push(...results(found));
  return { sentences, references };
}

/** Parameters that somebody chose, in words; those at the plugin's defaults go without saying. */
function chosen(group: StepGroup): string {
  const task = group.tasks[0]!;
  return Object.entries(task.params)
    .filter(([name]) => (task.origins[name] ?? "default") !== "default")
    .map(([name, value]) => `${name} ${paramText(value)}`)
    .join(", ");
}

/** A parameter as YAML would show it, in one line. */
export function paramText(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (value === null || value === undefined) return "none";
  return JSON.stringify(value);
}

function results(found: readonly Finding[]): string[] {
  if (found.length === 0) return [];
  if (found.length > 1) {
    const tally = (status: string) => found.filter((f) => f.verdict?.status === status).length;
    return [
      `Of ${count(found.length, "registration")}, ${tally("accepted")} were accepted, ${tally("suspect")} suspect and ${tally("rejected")} rejected by the checks of the program.`,
    ];
  }
  const { metrics: m, verdict } = found[0]!;
  const out: string[] = [];
  const kept = m.inliers && `It agrees with ${count(m.inliers.value, "tie point")}`;
  const share = m["inlier-share"] && ` (${shareText(m["inlier-share"])} of those found)`;
  if (kept) out.push(`${kept}${share ?? ""}.`);
  const errors = [
    m["fit-rmse"] && `the root mean square residual was ${metricText(m["fit-rmse"])}`,
    m["held-out-rmse"] && `the error at tie points left out of the fit was ${metricText(m["held-out-rmse"])}`,
    m["expected-error"] && `the expected error was ${metricText(m["expected-error"])}`,
  ].filter((s) => s !== undefined);
  if (errors.length > 0) out.push(`${errors.join(", ").replace(/^./, (c) => c.toUpperCase())}.`);
  if (verdict)
    out.push(
      `The registration was ${verdict.status === "suspect" ? "held suspect" : verdict.status} by the checks of the program.`,
    );
  return out;
}

/** A share for reading, whether its maker stored a fraction or percent. */
export const shareText = ({ value, unit }: { value: number; unit?: string }): string =>
  unit === "%" ? `${number(value)} %` : `${number(value * 100)} %`;

/** `doi:10…` becomes a link; everything else stays text. */
export function referenceOf(source: string): Reference {
  const doi = /^(?:doi:|https?:\/\/(?:dx\.)?doi\.org\/)(10\.\S+)$/i.exec(source.trim());
  if (doi) return { text: `doi:${doi[1]}`, href: `https://doi.org/${encodeURI(doi[1]!)}` };
  const inside = /\bdoi:(10\.[^\s,;]*[^\s,;.])/i.exec(source);
  return { text: source, ...(inside ? { href: `https://doi.org/${encodeURI(inside[1]!)}` } : {}) };
}

/** The paragraph with its list of sources, ready to be copied. */
export function methodsSection({ sentences, references }: Methods): Markup {
  return html`<div class="paper" id="methods-text"><p>${sentences.join(" ")}</p>${
    references.length > 0 &&
    html`<ol>${references.map((r) => html`<li>${r.href === undefined ? r.text : html`<a href="${r.href}" rel="noreferrer">${r.text}</a>`}</li>`)}</ol>`
  }</div><p><button type="button" data-copy="methods-text">Copy the text</button></p>`;
}
