import { type Diagnostic, failed, ok, type Place, type Result } from "../core/diagnostic.js";
import { isForbiddenName } from "./document.js";
import { errorAt, shorten } from "./node.js";

/** One cell of a table, with its place in the file. */
export interface Cell {
  readonly text: string;
  readonly at: Place;
}

export interface CsvTable {
  readonly columns: readonly string[];
  /** Where each column's name stands. */
  readonly heads: readonly Place[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Bounds against hostile files; a table of items is a list that somebody keeps by hand or by script. */
export const rowLimit = 200_000;
export const columnLimit = 500;

/** Reads CSV (RFC 4180), separated by commas, or by semicolons or tabs where the head line has no comma. Lines that begin with `#` are comments. */
export function parseCsv(file: string, text: string): Result<CsvTable> {
  const at = (offset: number, length: number): Place => ({ file, offset, length: Math.max(1, length) });
  const separator = separatorOf(text);
  const rows: Cell[][] = [];
  let row: Cell[] = [];
  let i = 0;
  const endRow = (): void => {
    const blank = row.length === 1 && row[0]!.text === "";
    if (!blank && row.length > 0) rows.push(row);
    row = [];
  };
  while (i < text.length) {
    if (row.length === 0 && text[i] === "#") {
      const end = text.indexOf("\n", i);
      i = end < 0 ? text.length : end + 1;
      continue;
    }
    const start = i;
    let value = "";
    if (text[i] === '"') {
      i++;
      for (;;) {
        const quote = text.indexOf('"', i);
        if (quote < 0) {
          return failed(errorAt(at(start, 1), "table-quote", "This quote is never closed", 'Close it with ".'));
        }
        value += text.slice(i, quote);
        i = quote + 1;
        if (text[i] !== '"') break;
        value += '"';
        i++;
      }
    } else {
      while (i < text.length && text[i] !== separator && text[i] !== "\n") i++;
      value = text.slice(start, i).replace(/\r$/, "");
    }
    while (i < text.length && text[i] !== separator && text[i] !== "\n") i++;
    row.push({ text: value.trim(), at: at(start, i - start) });
    if (i < text.length && text[i] === separator) {
      i++;
      if (i === text.length || text[i] === "\n") row.push({ text: "", at: at(i, 0) });
      if (text[i] !== "\n") continue;
    }
    endRow();
    i++;
    if (rows.length > rowLimit + 1) {
      return failed(errorAt(at(start, 1), "table-too-large", `The table has more than ${rowLimit} rows`));
    }
  }
  endRow();
  const head = rows[0];
  if (!head) return failed(errorAt(at(0, 0), "table-empty", "The table is empty", "Its first line names the columns."));
  const problems = checkShape(head, rows);
  if (problems.length > 0) return failed(...problems);
  return ok({ columns: head.map((c) => c.text), heads: head.map((c) => c.at), rows: rows.slice(1) });
}

function separatorOf(text: string): string {
  const line = /^(?!#).*$/m.exec(text)?.[0] ?? "";
  return line.includes(",") ? "," : line.includes(";") ? ";" : line.includes("\t") ? "\t" : ",";
}

function checkShape(head: readonly Cell[], rows: readonly (readonly Cell[])[]): Diagnostic[] {
  if (head.length > columnLimit) {
    return [errorAt(head[columnLimit]!.at, "table-too-large", `The table has more than ${columnLimit} columns`)];
  }
  const problems: Diagnostic[] = [];
  const seen = new Map<string, Cell>();
  for (const cell of head) {
    const first = seen.get(cell.text);
    if (isForbiddenName(cell.text)) {
      problems.push(errorAt(cell.at, "forbidden-name", `"${cell.text}" cannot be used as a name of a column`));
    } else if (cell.text === "") {
      problems.push(errorAt(cell.at, "table-head", "A column has no name"));
    } else if (first) {
      problems.push(
        errorAt(cell.at, "table-head", `Column "${shorten(cell.text)}" stands here for the second time`, undefined, [
          { at: first.at, message: "first here" },
        ]),
      );
    }
    seen.set(cell.text, cell);
  }
  const ragged = rows.find((r) => r.length !== head.length);
  if (ragged) {
    problems.push(
      errorAt(
        ragged[0]!.at,
        "table-ragged",
        `This row has ${ragged.length} cells, but the table has ${head.length} columns`,
      ),
    );
  }
  return problems;
}
