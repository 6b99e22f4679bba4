import { failed, ok, problem, type Result } from "./diagnostic.js";
import type { Table } from "./plugin.js";

/** Texts of tile positions that other programs write. */
export type TilePositionFormat = "tile-configuration" | "mist";

const MIST_LINE = /^\s*file\s*:/i;
const FIJI_LINE = /^([^;]*);([^;]*);\s*\(([^()]*)\)\s*;?\s*$/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** What a text is by its first line that is no comment; `undefined` when it is none of these, such as a CSV file. */
export function tilePositionFormat(text: string): TilePositionFormat | undefined {
  for (const [, line] of linesOf(text)) {
    if (MIST_LINE.test(line)) return "mist";
    if (/^(dim|multiseries)\s*=/i.test(line) || FIJI_LINE.test(line)) return "tile-configuration";
    return undefined;
  }
  return undefined;
}

/**
 * Reads the positions that Fiji's stitching writes (`TileConfiguration.txt`): `dim = 2`, then lines `name; ; (x, y)`, with
 * the number of a series between the semicolons where a file has several.
 *
 * @returns a table with the columns file, series where any line has one, x, y, and z for `dim = 3`; in pixels
 * @returns `not-tile-positions` with every line that is not understood, up to five
 *
 * Source: https://imagej.net/plugins/image-stitching
 */
export function parseTileConfiguration(text: string): Result<Table> {
  let dim = 2;
  const rows: { file: string; series: string; at: readonly number[] }[] = [];
  const bad: string[] = [];
  for (const [number, line] of linesOf(text)) {
    const setting = /^(\w+)\s*=\s*(\S+)$/.exec(line);
    if (setting) {
      if (setting[1]!.toLowerCase() !== "dim") continue;
      dim = Number(setting[2]);
      if (dim !== 2 && dim !== 3) return failed(notPositions(`line ${number}: dim = ${setting[2]} is neither 2 nor 3`));
      continue;
    }
    const found = FIJI_LINE.exec(line);
    const cells = found?.[3]?.split(",") ?? [];
    const at = cells.map((cell) => (NUMBER.test(cell.trim()) ? Number(cell) : Number.NaN));
    if (!found || found[1]!.trim() === "") bad.push(`line ${number} is no "file; ; (x, y)": ${shown(line)}`);
    else if (at.length !== dim || !at.every(Number.isFinite)) {
      bad.push(`line ${number} has no ${dim} numbers between its brackets: ${shown(line)}`);
    } else rows.push({ file: found[1]!.trim(), series: found[2]!.trim(), at });
  }
  if (bad.length > 0) return failed(notPositions(...bad));
  if (rows.length === 0) return failed(notPositions("it names no tile"));
  const column = (axis: number) => rows.map(({ at }) => at[axis]!);
  return ok({
    columns: {
      file: rows.map(({ file }) => file),
      ...(rows.some(({ series }) => series !== "") ? { series: rows.map(({ series }) => series) } : {}),
      x: column(0),
      y: column(1),
      ...(dim === 3 ? { z: column(2) } : {}),
    },
  });
}

/**
 * Reads the global positions of MIST: `file: a.tif; corr: 0.98; position: (461, 0); grid: (1, 0);`, the grid being
 * (column, row).
 *
 * @returns a table with the columns file, x, y, col, row and corr, as far as the lines have them; in pixels
 * @returns `not-tile-positions` with every line that is not understood, up to five
 *
 * Source: https://github.com/usnistgov/MIST/wiki/User-Guide
 */
export function parseMist(text: string): Result<Table> {
  const rows: { file: string; position: readonly number[]; grid: readonly number[]; corr: number }[] = [];
  const bad: string[] = [];
  for (const [number, line] of linesOf(text)) {
    const found = /^\s*file\s*:\s*(.+?)\s*;\s*(?=\w+\s*:)(.*)$/i.exec(line);
    const field = (name: string) => new RegExp(`\\b${name}\\s*:\\s*(?:\\(([^()]*)\\)|([^;]*))`, "i").exec(found![2]!);
    const pair = (name: string) => (field(name)?.[1] ?? "").split(",").map((n) => Number(n.trim() || Number.NaN));
    const position = found ? pair("position") : [];
    if (!found || position.length !== 2 || !position.every(Number.isFinite)) {
      bad.push(`line ${number} is no "file: …; position: (x, y);": ${shown(line)}`);
      continue;
    }
    const grid = pair("grid");
    rows.push({
      file: found[1]!,
      position,
      grid: grid.length === 2 && grid.every(Number.isInteger) ? grid : [],
      corr: Number(field("corr")?.[2]?.trim() || Number.NaN),
    });
  }
  if (bad.length > 0) return failed(notPositions(...bad));
  if (rows.length === 0) return failed(notPositions("it names no tile"));
  const gridded = rows.every(({ grid }) => grid.length === 2);
  return ok({
    columns: {
      file: rows.map(({ file }) => file),
      x: rows.map(({ position }) => position[0]!),
      y: rows.map(({ position }) => position[1]!),
      ...(gridded ? { col: rows.map(({ grid }) => grid[0]!), row: rows.map(({ grid }) => grid[1]!) } : {}),
      ...(rows.some(({ corr }) => Number.isFinite(corr)) ? { corr: rows.map(({ corr }) => corr) } : {}),
    },
  });
}

/** Reads either of the two, whichever the text is; `undefined` when it is neither. */
export function parseTilePositions(text: string): Result<Table> | undefined {
  const format = tilePositionFormat(text);
  if (format === "mist") return parseMist(text);
  return format === "tile-configuration" ? parseTileConfiguration(text) : undefined;
}

/**
 * Positions as Fiji's stitching reads them; places of tiles that have none are left out.
 *
 * @param table  with the columns file, x and y, in pixels
 * @returns the text; or `not-tile-positions`
 */
export function tileConfigurationText({ columns }: Table): Result<string> {
  const { file, x, y, z } = columns;
  if (!file || !x || !y) {
    return failed(
      problem(
        "not-tile-positions",
        `Expected a table with the columns file, x and y for a text of tile positions, but it has ${Object.keys(columns).join(", ")}`,
        "Write other tables to a file that ends in .csv.",
      ),
    );
  }
  const axes = z ? [x, y, z] : [x, y];
  const lines = [`# Define the number of dimensions we are working on`, `dim = ${axes.length}`, ""];
  lines.push("# Define the image coordinates");
  for (let i = 0; i < file.length; i++) {
    const name = String(file[i]);
    const at = axes.map((axis) => Number(axis[i]));
    if (/[;\r\n]/.test(name)) {
      return failed(
        problem("not-tile-positions", `${shown(name)} cannot stand in a text of tile positions`, "Rename the file."),
      );
    }
    if (at.every(Number.isFinite)) lines.push(`${name}; ; (${at.join(", ")})`);
  }
  return ok(`${lines.join("\n")}\n`);
}

/** Lines with their numbers, from 1, but for empty ones and comments. */
function* linesOf(text: string): Generator<readonly [number: number, line: string]> {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  for (const [i, raw] of lines.entries()) {
    const line = raw.trim();
    if (line !== "" && !line.startsWith("#")) yield [i + 1, line];
  }
}

const shown = (line: string): string => `"${line.length > 60 ? `${line.slice(0, 60)}…` : line}"`;

const notPositions = (...bad: readonly string[]) =>
  problem(
    "not-tile-positions",
    `Expected tile positions, but ${bad.slice(0, 5).join("; ")}${bad.length > 5 ? `; and ${bad.length - 5} more lines` : ""}`,
    "Tile positions are lines of Fiji (a.tif; ; (0.0, 0.0)) or MIST, or a CSV file with the columns file, x and y.",
  );
