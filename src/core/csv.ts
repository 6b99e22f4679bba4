import { failed, ok, problem, type Result } from "./diagnostic.js";

/** A table as text. Cells are kept as written, quotes and all, so that what is not understood can be passed on unchanged. */
export interface CsvText {
  /** Lines that begin with `#`, without the sign: before the header, or later where they are no row. */
  readonly comments: readonly string[];
  /** Column names, unquoted and trimmed. */
  readonly header: readonly string[];
  /** Header cells as written. */
  readonly rawHeader: readonly string[];
  /** Each row has as many cells as the header. */
  readonly rows: readonly (readonly string[])[];
  /** Line of the file in which each row begins, from 1. */
  readonly lines: readonly number[];
  readonly delimiter: "," | ";" | "\t";
}

/**
 * Splits the text of a CSV file (RFC 4180; also with semicolons or tabs, a byte order mark, and `#` comments).
 *
 * @returns the cells; or `empty-table`, `ragged-table` with the line, `unclosed-quote` with the line
 */
export function parseCsv(text: string): Result<CsvText> {
  const comments: string[] = [];
  let at = text.startsWith("\uFEFF") ? 1 : 0;
  let line = 1;
  while (at < text.length) {
    const end = lineEnd(text, at);
    const content = text.slice(at, end).trim();
    if (content !== "" && !content.startsWith("#")) break;
    if (content !== "") comments.push(content.slice(1).trim());
    at = afterLine(text, end);
    line++;
  }
  if (at >= text.length) {
    return failed(problem("empty-table", "Expected a line with column names, but found no line at all"));
  }
  const delimiter = guessDelimiter(text.slice(at, lineEnd(text, at)));
  const rows: string[][] = [];
  const lines: number[] = [];
  let rawHeader: string[] | undefined;
  while (at < text.length) {
    const start = line;
    const cells: string[] = [];
    for (;;) {
      const end = cellEnd(text, at, delimiter);
      if (end < 0) {
        return failed(problem("unclosed-quote", `Expected a closing quote for the cell that begins in line ${line}`));
      }
      const cell = text.slice(at, end);
      if (cell.includes("\n")) line += cell.split("\n").length - 1;
      cells.push(cell);
      at = end;
      if (text[at] !== delimiter) break;
      at++;
    }
    at = afterLine(text, at);
    line++;
    if (cells.length === 1 && cells[0]!.trim() === "") continue;
    if (!rawHeader) rawHeader = cells;
    else if (cells.length === rawHeader.length) {
      rows.push(cells);
      lines.push(start);
    } else if (cells[0]!.startsWith("#")) comments.push(cells.join(delimiter).slice(1).trim());
    else {
      return failed(
        problem(
          "ragged-table",
          `Expected ${rawHeader.length} cells in line ${start}, as in the header, but found ${cells.length}`,
        ),
      );
    }
  }
  return ok({
    comments,
    header: rawHeader!.map((c) => cellText(c).trim()),
    rawHeader: rawHeader!,
    rows,
    lines,
    delimiter,
  });
}

/** What a cell says, without its quotes. */
export function cellText(cell: string): string {
  const trimmed = cell.trim();
  return trimmed.startsWith('"') ? trimmed.slice(1, -1).replaceAll('""', '"') : cell;
}

/** A cell that reads back as `text`; quoted where it must be. */
export function csvCell(text: string, delimiter = ","): string {
  const needs = text.includes(delimiter) || /["\n\r]|^#|^\s|\s$/.test(text);
  return needs ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A number in the fewest digits that read back as the same number; empty where there is none. */
export const csvNumber = (value: number): string => (Number.isFinite(value) ? String(value) : "");

/** The number in a cell: NaN for an empty one, `undefined` for anything that is no finite number. */
export function cellNumber(cell: string): number | undefined {
  const text = cellText(cell).trim();
  if (text === "" || /^nan$/i.test(text)) return Number.NaN;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** Index of the first column with one of these names, in any case; -1 where there is none. */
export function findColumn(header: readonly string[], ...names: readonly string[]): number {
  for (const name of names) {
    const found = header.findIndex((h) => h.toLowerCase() === name);
    if (found >= 0) return found;
  }
  return -1;
}

/**
 * One column as numbers.
 *
 * @returns the numbers; or `no-such-column`, or `not-a-number` with the row
 */
export function numberColumn(csv: CsvText, ...names: readonly string[]): Result<Float64Array> {
  const column = findColumn(csv.header, ...names);
  if (column < 0) {
    return failed(
      problem(
        "no-such-column",
        `Expected a column "${names[0]}", but found ${csv.header.map((h) => `"${h}"`).join(", ")}`,
        `Give the file a header line with "${names[0]}".`,
      ),
    );
  }
  const out = new Float64Array(csv.rows.length);
  for (let i = 0; i < out.length; i++) {
    const cell = csv.rows[i]![column]!;
    const value = cellNumber(cell);
    if (value === undefined) {
      return failed(
        problem(
          "not-a-number",
          `Expected a number in column "${csv.header[column]}", line ${csv.lines[i]}, but found "${cellText(cell).slice(0, 60)}"`,
          csv.delimiter === "," ? undefined : "Write numbers with a decimal point.",
        ),
      );
    }
    out[i] = value;
  }
  return ok(out);
}

function guessDelimiter(header: string): CsvText["delimiter"] {
  const outside = header.replace(/"[^"]*"/g, "");
  if (outside.includes("\t")) return "\t";
  return outside.includes(";") && !outside.includes(",") ? ";" : ",";
}

function lineEnd(text: string, at: number): number {
  for (let i = at; i < text.length; i++) if (text[i] === "\n" || text[i] === "\r") return i;
  return text.length;
}

const afterLine = (text: string, end: number): number =>
  text[end] === "\r" && text[end + 1] === "\n" ? end + 2 : end + 1;

/** Where the cell that begins at `at` ends: before the delimiter or the line break. -1 for a quote that is never closed. */
function cellEnd(text: string, at: number, delimiter: string): number {
  let i = at;
  while (text.charCodeAt(i) === 32) i++;
  if (text.charCodeAt(i) === 34) {
    for (i++; ; i++) {
      i = text.indexOf('"', i);
      if (i < 0) return -1;
      if (text[i + 1] !== '"') break;
      i++;
    }
    i++;
  }
  const stop = delimiter.charCodeAt(0);
  for (; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === stop || code === 10 || code === 13) break;
  }
  return i;
}
