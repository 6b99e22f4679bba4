import type { Diagnostic, Place } from "../core/diagnostic.js";

/** A stretch of text with the part that it plays; the command line gives colours, nobody else needs them. */
export interface Span {
  readonly text: string;
  readonly style: "error" | "warning" | "info" | "code" | "place" | "gutter" | "mark" | "note" | "plain";
}

/** Line and column, both from 1; columns count UTF-16 units. */
export interface LineColumn {
  readonly line: number;
  readonly column: number;
}

const starts = new Map<string, readonly number[]>();

function lineStarts(text: string): readonly number[] {
  const known = starts.get(text);
  if (known) return known;
  const found = [0];
  for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) found.push(i + 1);
  if (starts.size > 16) starts.clear();
  starts.set(text, found);
  return found;
}

export function lineColumn(text: string, offset: number): LineColumn {
  const all = lineStarts(text);
  let [low, high] = [0, all.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (all[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - all[low]! + 1 };
}

/** `stack.yaml:5:5`; the file alone where its text is not at hand. */
export function placeText(at: Place, texts: ReadonlyMap<string, string>): string {
  const text = texts.get(at.file);
  if (text === undefined) return at.file;
  const { line, column } = lineColumn(text, at.offset);
  return `${at.file}:${line}:${column}`;
}

/** Lines longer than this are cut around the mark. */
const widthLimit = 160;

/**
 * A diagnostic as it is shown: code and place, the line with its token underlined, the message, the other places, and what to do next.
 *
 * ```
 * error unknown-parameter  stack.yaml:5:5
 *   5 |     upsampel: 20
 *     |     ^^^^^^^^
 *   match/phase-correlation has no parameter "upsampel". Did you mean "upsample"?
 * ```
 */
export function renderSpans(diagnostic: Diagnostic, texts: ReadonlyMap<string, string>): Span[] {
  const { severity, code, message, at, related, hint } = diagnostic;
  const spans: Span[] = [
    { text: severity, style: severity },
    { text: ` ${code}`, style: "code" },
  ];
  if (at) spans.push({ text: `  ${placeText(at, texts)}`, style: "place" });
  spans.push({ text: "\n", style: "plain" });
  if (at) spans.push(...frame(at, texts, "^", undefined));
  for (const line of visible(message).split("\n")) spans.push({ text: `  ${line}\n`, style: "plain" });
  for (const other of related ?? []) {
    const place = other.at.file === at?.file ? "" : `${placeText(other.at, texts)}\n`;
    if (place) spans.push({ text: `  ${place}`, style: "place" });
    const framed = frame(other.at, texts, "-", other.message);
    if (framed.length > 0) spans.push(...framed);
    else spans.push({ text: `  ${placeText(other.at, texts)}: ${visible(other.message)}\n`, style: "note" });
  }
  if (hint) {
    for (const line of visible(hint).split("\n")) spans.push({ text: `  help: ${line}\n`, style: "note" });
  }
  return spans;
}

/** The same as plain text. */
export const render = (diagnostic: Diagnostic, texts: ReadonlyMap<string, string>): string =>
  renderSpans(diagnostic, texts)
    .map((s) => s.text)
    .join("");

/** Shows many diagnostics, at most `limit` of them. */
export function renderAll(diagnostics: readonly Diagnostic[], texts: ReadonlyMap<string, string>, limit = 20): string {
  const shown = diagnostics.slice(0, limit).map((d) => render(d, texts));
  const rest = diagnostics.length - shown.length;
  if (rest > 0) shown.push(`… and ${rest} more\n`);
  return shown.join("\n");
}

function frame(at: Place, texts: ReadonlyMap<string, string>, mark: string, note: string | undefined): Span[] {
  const text = texts.get(at.file);
  if (text === undefined || text === "") return [];
  const { line, column } = lineColumn(text, Math.min(at.offset, text.length));
  const all = lineStarts(text);
  const end = line < all.length ? all[line]! - 1 : text.length;
  const full = text.slice(all[line - 1]!, end).replace(/\r$/, "");
  let start = column - 1;
  let shown = full;
  if (full.length > widthLimit) {
    const from = Math.max(0, Math.min(start - 40, full.length - widthLimit));
    shown = `${from > 0 ? "…" : ""}${full.slice(from, from + widthLimit)}${from + widthLimit < full.length ? "…" : ""}`;
    start = start - from + (from > 0 ? 1 : 0);
  }
  const width = Math.max(1, Math.min(at.length, shown.length - start));
  const number = String(line);
  const gutter = `  ${number} | `;
  const blank = `  ${" ".repeat(number.length)} | `;
  // Tabs stay tabs below the line, so that the mark stands where the token does.
  const lead = shown.slice(0, start).replace(/[^\t]/g, " ").padEnd(start, " ");
  return [
    { text: gutter, style: "gutter" },
    { text: `${visible(shown)}\n`, style: "plain" },
    { text: blank + lead, style: "gutter" },
    { text: mark.repeat(width), style: "mark" },
    { text: note === undefined ? "\n" : ` ${visible(note)}\n`, style: "note" },
  ];
}

/** Control characters of a hostile file must not reach a terminal. */
function visible(text: string): string {
  return text.replace(/(?![\t\n])\p{Cc}|[\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "·");
}
