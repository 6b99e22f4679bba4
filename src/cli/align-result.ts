import { describeTransform, transformInWords } from "../core/describe.js";
import type { RunRecord } from "../core/record.js";
import type { Registration } from "../core/registration.js";
import type { Verdict } from "../core/verdict.js";
import { verdictLine } from "./progress-words.js";

/** The verdict and what was found, for people. */
export function registrationInWords(
  { transform, fixed, verdict }: Registration,
  names: { readonly fixed: string; readonly moving: string },
): string {
  const lines: string[] = [];
  if (verdict) lines.push(`${verdict.status.toUpperCase()}  ${names.moving} onto ${names.fixed}`);
  else lines.push(`${names.moving} onto ${names.fixed}`);
  if (verdict?.status !== "rejected") {
    const words = transformInWords(describeTransform({ transform, ...(fixed ? { fixed } : {}) }));
    lines.push(`  The moving image is ${words}.`);
  }
  if (verdict) lines.push(...verdictInWords(verdict));
  return lines.join("\n");
}

/** Figures, and the reasons of a verdict that is not accepted with what to try. */
export function verdictInWords(verdict: Verdict): string[] {
  const figures = verdictLine(verdict).replace(/^\w+(: |$)/, "");
  const lines = figures === "" || figures === verdict.reasons[0]?.message ? [] : [`  ${capital(figures)}.`];
  for (const { message, hint } of verdict.reasons) {
    lines.push(`  why: ${message}.`.replace(/\.\.$/, "."));
    if (hint) lines.push(`  try: ${hint}`);
  }
  return lines;
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/** A registration as `--json` tells it. */
export const registrationJson = ({ transform, fixed, verdict }: Registration) => {
  const description = describeTransform({ transform, ...(fixed ? { fixed } : {}) });
  return { verdict, description: { ...description, words: transformInWords(description) } };
};

/** Files that a run wrote, by the name that the pipeline gives them. */
export const writtenFiles = (record: RunRecord): ReadonlySet<string> => new Set(record.outputs.map((o) => o.file));
