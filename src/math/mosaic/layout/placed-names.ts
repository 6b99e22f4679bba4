import { failed, ok, problem, type Result } from "../../../core/diagnostic.js";
import type { Table } from "../../../core/plugin.js";
import { baseName, stem } from "./names.js";

/** A table of positions or names, row by row, as far as its columns are known. */
export interface NamedRows {
  readonly files: readonly string[];
  readonly x?: readonly number[];
  readonly y?: readonly number[];
  /** Unit of x and y, where the columns' names say it. */
  readonly unit?: "px" | "um";
  readonly row?: readonly number[];
  readonly col?: readonly number[];
  /** A running number. */
  readonly number?: readonly number[];
}

const fileNames = ["file", "filename", "file_name", "tile", "image", "name", "path", "id"];
const roles = {
  x: /^(x|x_?pos(ition)?|pos(ition)?_?x|stage_?x|x_?coord(inate)?|nominal_x|x_?stage|left)$/,
  y: /^(y|y_?pos(ition)?|pos(ition)?_?y|stage_?y|y_?coord(inate)?|nominal_y|y_?stage|top)$/,
  row: /^(row|r|rows|grid_?row|tile_?row|row_?index|grid_?y|iy)$/,
  col: /^(col|c|column|cols|grid_?col(umn)?|tile_?col(umn)?|col(umn)?_?index|grid_?x|ix)$/,
  number: /^(index|number|no|nr|n|i|k|seq|sequence|series|order|tile_?(number|index|id))$/,
} as const;
type Role = keyof typeof roles;

const unitFactors: Readonly<Record<string, readonly [unit: "px" | "um", factor: number]>> = {
  px: ["px", 1],
  pixel: ["px", 1],
  pixels: ["px", 1],
  um: ["um", 1],
  µm: ["um", 1],
  μm: ["um", 1],
  micron: ["um", 1],
  microns: ["um", 1],
  nm: ["um", 1e-3],
  mm: ["um", 1e3],
};

/**
 * Finds the columns that name tiles and say where they are, under the names that are usual, in any case and with a unit:
 * `file`, `x`, `Stage X (um)`, `row`, `Column`.
 *
 * @param what  of the table, for messages: "the table of positions"
 * @returns `not-tile-places` when no column names files, or a place is no number
 */
export function namedRows({ columns }: Table, what: string): Result<NamedRows> {
  const names = Object.keys(columns);
  const plain = names.map((name) => name.trim().toLowerCase());
  const files = fileNames.map((name) => plain.indexOf(name)).find((i) => i >= 0);
  if (files === undefined) {
    return failed(
      problem(
        "not-tile-places",
        `Expected ${what} to have a column file, but it has ${names.join(", ")}`,
        "Give it a column file with the names of the tiles' files.",
      ),
    );
  }
  const found: Partial<Record<Role, readonly number[]>> = {};
  let unit: "px" | "um" | undefined;
  for (const [i, name] of plain.entries()) {
    const split = splitUnit(name);
    const role = (Object.keys(roles) as Role[]).find((r) => roles[r].test(split.name) && !found[r]);
    if (!role || i === files) continue;
    const values = columns[names[i]!]!.map((v) => (typeof v === "number" ? v : numberOf(v)));
    const bad = values.findIndex((v) => !Number.isFinite(v));
    const isPlace = role === "x" || role === "y";
    if (bad >= 0 && !isPlace) continue;
    if (bad >= 0) {
      return failed(
        problem(
          "not-tile-places",
          `Expected a number in the column ${names[i]} of ${what}, but row ${bad + 1} (${columns[names[files]!]![bad]}) has "${columns[names[i]!]![bad]}"`,
          "Give the place of every tile that the table names, or leave its row out.",
        ),
      );
    }
    if (isPlace && split.unit) unit = split.unit[0];
    found[role] = isPlace && split.unit ? values.map((v) => v * split.unit![1]) : values;
  }
  const { x, y, ...rest } = found;
  return ok({
    files: columns[names[files]!]!.map(String),
    ...rest,
    ...(x && y ? { x, y } : {}),
    ...(x && y && unit ? { unit } : {}),
  });
}

const numberOf = (text: string): number => (text.trim() === "" ? Number.NaN : Number(text));

function splitUnit(name: string): { readonly name: string; readonly unit?: readonly ["px" | "um", number] } {
  const found = /^(.*?)[\s_]*[([]?([a-zµμ]+)[)\]]?$/.exec(name);
  const unit = found && found[1] !== "" ? unitFactors[found[2]!] : undefined;
  const plain = (unit ? found![1]! : name).replace(/[\s-]+/g, "_");
  return { name: plain, ...(unit ? { unit } : {}) };
}

/** Finds tiles by what files call them: whole, without folders, in any case, without extension; each only if it is one tile. */
export function tileFinder(names: readonly (readonly string[])[]): (name: string) => number | undefined {
  const ways: readonly ((name: string) => string)[] = [
    (name) => name,
    baseName,
    (name) => baseName(name).toLowerCase(),
    (name) => stem(name).toLowerCase(),
  ];
  const maps = ways.map((way) => {
    const map = new Map<string, number>();
    for (const [i, of] of names.entries()) {
      for (const key of new Set(of.map(way))) map.set(key, map.has(key) && map.get(key) !== i ? -1 : i);
    }
    return map;
  });
  return (name) => {
    for (const [n, way] of ways.entries()) {
      const found = maps[n]!.get(way(name));
      if (found !== undefined && found >= 0) return found;
    }
    return undefined;
  };
}
