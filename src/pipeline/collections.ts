import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { type Diagnostic, failed, ok, type Place, type Result } from "../core/diagnostic.js";
import { type Cell, parseCsv } from "./csv.js";
import { compare } from "./gates.js";
import { setFile } from "./layers.js";
import { errorAt, type ScalarNode, shorten } from "./node.js";
import { matchPattern, naturalOrder, type Pattern, parsePattern } from "./pattern.js";
import type { InputSpec } from "./spec.js";
import { didYouMean } from "./suggest.js";

/** One member of a collection. */
export interface Item {
  readonly id: string;
  /** Fields of the file name, or columns of the table; besides these `id`, and `file` and `stem` where there is a file. */
  readonly fields: ReadonlyMap<string, string>;
  /** Absolute path of the item's own file; absent in a table without a column `file`. */
  readonly path?: string;
  readonly at: Place;
  readonly cells?: ReadonlyMap<string, Cell>;
}

export interface Collection {
  readonly items: readonly Item[];
  readonly fieldNames: readonly string[];
  /** Folder to which paths in the table's columns are relative. */
  readonly folder: string;
}

/** What was fetched for the collections of a pipeline. */
export interface Fetched {
  /** By input name: files below the pattern's folder, relative to it, with `/`. */
  readonly listings: ReadonlyMap<string, readonly string[]>;
  /** By input name: why its folder could not be listed. */
  readonly failures: ReadonlyMap<string, string>;
  /** By input name. */
  readonly tables: ReadonlyMap<string, { readonly file: string; readonly text: string }>;
}

/** Items of one collection; more are refused, because a plan holds every task of every item. */
export const itemLimit = 100_000;

/** A path of a pipeline is relative to the file that says it; those of `--set` and `--params` to the pipeline file. */
export function resolvePath(
  node: Pick<ScalarNode, "at" | "origin" | "from" | "mixed">,
  path: string,
  pipeline: string,
): string {
  const said = (node.mixed ? undefined : node.from?.file) ?? node.at.file;
  const outside = !node.mixed && (node.origin === "--set" || node.origin === "params-file");
  const file = outside || said === setFile ? pipeline : said;
  return isAbsolute(path) ? path : resolve(dirname(file), path);
}

/** What has to be listed for an `all:` input. */
export function patternOf(input: InputSpec & { kind: "all" | "table" | "list" }, pipeline: string) {
  const source = input.source!;
  const pattern = parsePattern(String(source.value), source.at);
  return pattern.ok
    ? ok({ pattern: pattern.value, folder: resolvePath(source, pattern.value.folder, pipeline) })
    : pattern;
}

/** The part of a file's name before its extension; `.ome.tif` and the like count as one extension. */
export function stemOf(path: string): string {
  const name = path.split(/[\\/]/).at(-1)!;
  return name.replace(/(\.ome)?\.[A-Za-z0-9]{1,8}$/, "") || name;
}

/** Reads a collection: which items there are, in which order, and what is known of each. */
export function collect(
  input: InputSpec & { kind: "all" | "table" | "list" },
  fetched: Fetched,
  pipeline: string,
): Result<Collection> {
  const raw =
    input.kind === "all"
      ? fromPattern(input, fetched.listings.get(input.name) ?? [], pipeline)
      : input.kind === "table"
        ? fromTable(input, fetched.tables.get(input.name)!)
        : fromList(input, pipeline);
  if (!raw.ok) return raw;
  const { fieldNames } = raw.value;
  const problems: Diagnostic[] = [];
  for (const c of input.where) {
    if (fieldNames.includes(c.field) || c.field === "id" || c.field === "stem" || c.field === "file") continue;
    const suggestion = didYouMean(c.field, fieldNames);
    problems.push(
      errorAt(
        c.at,
        "unknown-field",
        `"${input.name}" has no ${input.kind === "table" ? "column" : "field"} "${c.field}".${suggestion}`,
        suggestion === "" && fieldNames.length > 0 ? `It has ${fieldNames.join(", ")}.` : undefined,
      ),
    );
  }
  if (problems.length > 0) return failed(...problems);
  const items = raw.value.items.filter((item) =>
    input.where.every((c) => compare(item.fields.get(c.field) ?? "", c.operator, c.value)),
  );
  const at = input.source?.at ?? input.at;
  if (items.length === 0) {
    return failed(
      errorAt(
        at,
        "no-items",
        raw.value.items.length > 0
          ? `None of the ${raw.value.items.length} items of "${input.name}" meets where:`
          : input.kind === "table"
            ? `The table of "${input.name}" has no rows`
            : `No file matches "${shorten(String(input.source?.value))}" of "${input.name}"`,
        input.kind === "all"
          ? `${fetched.failures.has(input.name) ? `${fetched.failures.get(input.name)}. ` : ""}Check the folder and the pattern; paths are relative to the pipeline file.`
          : undefined,
      ),
    );
  }
  if (items.length > itemLimit) {
    return failed(
      errorAt(at, "too-many-items", `"${input.name}" has ${items.length} items; at most ${itemLimit} are planned`),
    );
  }
  if (input.expect && items.length !== input.expect.count) {
    problems.push(
      errorAt(
        input.expect.at,
        "unexpected-count",
        `Expected ${input.expect.count} items in "${input.name}", but found ${items.length}`,
        missingFrom(items) ?? "Add what is missing, or correct expect:.",
      ),
    );
  }
  problems.push(...checkIds(items, input));
  return problems.length > 0 ? failed(...problems) : ok({ ...raw.value, items });
}

/** Names the holes of a grid of tiles, the usual reason for a wrong count. */
function missingFrom(items: readonly Item[]): string | undefined {
  const cells = items.map((i) => [Number(i.fields.get("row")), Number(i.fields.get("col"))] as const);
  if (cells.some(([r, c]) => !Number.isInteger(r) || !Number.isInteger(c))) return undefined;
  const have = new Set(cells.map(([r, c]) => `${r},${c}`));
  const [rows, cols] = [cells.map((c) => c[0]), cells.map((c) => c[1])];
  const missing: string[] = [];
  let [top, bottom, left, right] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const r of rows) [top, bottom] = [Math.min(top, r), Math.max(bottom, r)];
  for (const c of cols) [left, right] = [Math.min(left, c), Math.max(right, c)];
  if ((bottom - top + 1) * (right - left + 1) > 4 * items.length + 100) return undefined;
  for (let r = top; r <= bottom; r++) {
    for (let c = left; c <= right; c++) if (!have.has(`${r},${c}`)) missing.push(`row ${r} col ${c}`);
  }
  if (missing.length === 0) return undefined;
  const shown = missing.slice(0, 5).join(", ");
  return `Missing in the grid: ${shown}${missing.length > 5 ? ` and ${missing.length - 5} more` : ""}.`;
}

function checkIds(items: readonly Item[], input: InputSpec): Diagnostic[] {
  const seen = new Map<string, Item>();
  for (const item of items) {
    const first = seen.get(item.id);
    if (first) {
      const both = [first.path, item.path].filter((p) => p !== undefined);
      return [
        errorAt(
          item.at,
          "same-item",
          `Two ${item.cells ? "rows" : "files"} of "${input.name}" are the item "${shorten(item.id)}"${both.length === 2 && !item.cells ? `: ${both.join(" and ")}` : ""}`,
          item.cells
            ? "Give the table a column id with a name for each row."
            : 'Make the pattern narrower, or tell them apart with id: "{field}-{field}".',
          item.cells ? [{ at: first.at, message: "first here" }] : [],
        ),
      ];
    }
    seen.set(item.id, item);
    if (item.id === "" || /\p{Cc}/u.test(item.id) || item.id.length > 200) {
      return [errorAt(item.at, "bad-item-id", `"${shorten(item.id)}" cannot name an item of "${input.name}"`)];
    }
  }
  return [];
}

type Raw = Result<Collection>;
type Collected = InputSpec & { kind: "all" | "table" | "list" };

function fromPattern(input: Collected, files: readonly string[], pipeline: string): Raw {
  const found = patternOf(input, pipeline);
  if (!found.ok) return found;
  const { pattern, folder } = found.value;
  const at = input.source!.at;
  const matches: { name: string; fields: ReadonlyMap<string, string> }[] = [];
  for (const name of files) {
    if (name.length > 4096) continue;
    const fields = matchPattern(pattern, name);
    if (fields) matches.push({ name, fields });
  }
  matches.sort((a, b) => naturalOrder(a.name, b.name));
  const unique = new Set(matches.map((m) => stemOf(m.name))).size === matches.length;
  const made = makeIds(input, matches.length, (i) => {
    const { name, fields } = matches[i]!;
    return {
      fields,
      path: join(folder, name),
      fallback: fieldId(pattern, fields) ?? (unique ? stemOf(name) : flat(name)),
      at,
    };
  });
  return made.ok ? ok({ items: made.value, fieldNames: pattern.fields, folder }) : made;
}

/** `r0c3` for tiles, the value of a single field, values joined by `_` otherwise. */
function fieldId(pattern: Pattern, fields: ReadonlyMap<string, string>): string | undefined {
  if (pattern.fields.length === 0) return undefined;
  const [row, col] = [fields.get("row"), fields.get("col")];
  const tile = row !== undefined && col !== undefined && /^\d+$/.test(row) && /^\d+$/.test(col);
  const rest = pattern.fields.filter((f) => !tile || (f !== "row" && f !== "col")).map((f) => fields.get(f)!);
  return [...rest, ...(tile ? [`r${Number(row)}c${Number(col)}`] : [])].join("_");
}

const flat = (name: string): string => {
  const parts = name.split(/[\\/]/).filter((p) => p !== "." && p !== ".." && p !== "");
  return [...parts.slice(0, -1), stemOf(name)].join("_");
};

function fromList(input: Collected, pipeline: string): Raw {
  const paths = input.list.map((node) => String(node.value));
  const unique = new Set(paths.map(stemOf)).size === paths.length;
  const made = makeIds(input, paths.length, (i) => ({
    fields: new Map(),
    path: resolvePath(input.list[i]!, paths[i]!, pipeline),
    fallback: unique ? stemOf(paths[i]!) : flat(paths[i]!),
    at: input.list[i]!.at,
  }));
  return made.ok ? ok({ items: made.value, fieldNames: [], folder: dirname(pipeline) }) : made;
}

function fromTable(input: Collected, { file, text }: { file: string; text: string }): Raw {
  const table = parseCsv(file, text);
  if (!table.ok) return table;
  const { columns, rows } = table.value;
  const folder = dirname(resolve(file));
  const fileColumn = columns.indexOf("file");
  const empty = fileColumn < 0 ? undefined : rows.find((r) => r[fileColumn]!.text === "");
  if (empty) {
    return failed(errorAt(empty[fileColumn]!.at, "empty-cell", 'The column "file" is empty in this row'));
  }
  const idColumn = columns.indexOf("id");
  const made = makeIds(input, rows.length, (i) => {
    const row = rows[i]!;
    const cells = new Map(columns.map((name, c) => [name, row[c]!] as const));
    const path = fileColumn < 0 ? undefined : resolve(folder, row[fileColumn]!.text);
    return {
      fields: new Map(columns.map((name, c) => [name, row[c]!.text] as const)),
      ...(path === undefined ? {} : { path }),
      fallback: idColumn >= 0 ? row[idColumn]!.text : path === undefined ? `row-${i + 1}` : stemOf(path),
      at: row[0]!.at,
      cells,
    };
  });
  return made.ok ? ok({ items: made.value, fieldNames: columns, folder }) : made;
}

type Draft = Omit<Item, "id"> & { readonly fallback: string };

function makeIds(input: Collected, count: number, draft: (i: number) => Draft): Result<Item[]> {
  const items: Item[] = [];
  for (let i = 0; i < count; i++) {
    const { fallback, ...rest } = draft(i);
    const known = new Map(rest.fields);
    if (rest.path !== undefined) {
      if (!known.has("stem")) known.set("stem", stemOf(rest.path));
      if (!known.has("file")) known.set("file", basename(rest.path));
    }
    let id = fallback;
    if (input.id) {
      const filled = fillTemplate(String(input.id.value), (name) => known.get(name));
      if (!filled.ok) {
        return failed(
          errorAt(
            input.id.at,
            "unknown-field",
            `"${input.name}" has no field "${filled.unknown}".${didYouMean(filled.unknown, known.keys())}`,
          ),
        );
      }
      id = filled.text;
    }
    known.set("id", id);
    items.push({ ...rest, fields: known, id });
  }
  return ok(items);
}

/** Puts values into `{field}` places; names the first field that has none. */
export function fillTemplate(
  template: string,
  value: (name: string) => string | undefined,
): { ok: true; text: string } | { ok: false; unknown: string } {
  let unknown: string | undefined;
  const text = template.replace(/\{([^{}]*)\}/g, (_, name: string) => {
    const v = value(name);
    if (v === undefined) unknown ??= name;
    return v ?? "";
  });
  return unknown === undefined ? { ok: true, text } : { ok: false, unknown };
}
