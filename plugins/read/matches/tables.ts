import {
  type CsvText,
  cellNumber,
  cellText,
  failed,
  findColumn,
  numberColumn,
  ok,
  parseCsv,
  problem,
  type Result,
  warning,
} from "tiepoint/plugin";
import type { PairsFile, Side } from "./pairs-file.js";

/** Tiepoint's own table: fixed_x, fixed_y, moving_x, moving_y, in any order; also weight, inlier and name. */
export function parseTable(text: string, setByHand: boolean): Result<PairsFile> {
  const csv = parseCsv(text);
  if (!csv.ok) return csv;
  const table = csv.value;
  const all = columnsOf(table, ["fixed_x", "fixed_y", "moving_x", "moving_y"]);
  if (!all.ok) return all;
  const [fx, fy, mx, my] = all.value as [Float64Array, Float64Array, Float64Array, Float64Array];
  const extra: { weight?: Float64Array; inlier?: Uint8Array } = {};
  for (const name of ["weight", "inlier"] as const) {
    if (findColumn(table.header, name) < 0) continue;
    const column = numberColumn(table, name);
    if (!column.ok) return column;
    if (column.value.every(Number.isNaN)) continue;
    const odd = column.value.findIndex((v) => !(v >= 0 && v <= 1) || (name === "inlier" && v !== 0 && v !== 1));
    if (odd >= 0) {
      return failed(
        problem(
          "out-of-range",
          `Expected ${name === "inlier" ? "0 or 1" : "a number from 0 to 1"} in column "${name}", line ${table.lines[odd]}, but found ${column.value[odd]}`,
        ),
      );
    }
    if (name === "weight") extra.weight = column.value;
    else extra.inlier = Uint8Array.from(column.value);
  }
  const names = namesOf(table, setByHand);
  if (!names.ok) return names;
  return ok({
    fixed: side(fx, fy),
    moving: side(mx, my),
    ...(names.value ? { names: names.value } : {}),
    ...extra,
  });
}

function namesOf({ header, rows, lines }: CsvText, setByHand: boolean): Result<readonly string[] | undefined> {
  const column = findColumn(header, "name");
  if (column < 0) return ok(setByHand ? rows.map((_, i) => String(i + 1)) : undefined);
  const names = rows.map((row) => cellText(row[column]!).trim());
  const seen = new Set<string>();
  for (const [i, name] of names.entries()) {
    if (!seen.has(name)) seen.add(name);
    else {
      const message = `Expected each point once, but found "${name.slice(0, 60)}" again in line ${lines[i]}`;
      return failed(problem("duplicate-name", message, "Rename one of the two, or drop the column name."));
    }
  }
  return ok(names);
}

/** Columns without holes. */
function columnsOf(table: CsvText, names: readonly string[]): Result<readonly Float64Array[]> {
  const columns: Float64Array[] = [];
  for (const name of names) {
    const column = numberColumn(table, name);
    if (!column.ok) return column;
    const hole = column.value.findIndex(Number.isNaN);
    if (hole >= 0) {
      return failed(
        problem(
          "not-a-number",
          `Expected a number in column "${name}", line ${table.lines[hole]}, but found none`,
          "Remove the row.",
        ),
      );
    }
    columns.push(column.value);
  }
  return ok(columns);
}

const side = (x: Float64Array, y: Float64Array, measure: Side["measure"] = "pixel"): Side => ({
  xy: Array.from(x).flatMap((v, i) => [v, y[i]!]),
  measure,
});

/** Landmarks as bUnwarpJ saves them: tab-separated Index, xSource, ySource, xTarget, yTarget; the source is what moves. */
export function parseBUnwarpJ(text: string): Result<PairsFile> {
  const csv = parseCsv(text);
  if (!csv.ok) return csv;
  const all = columnsOf(csv.value, ["xsource", "ysource", "xtarget", "ytarget"]);
  if (!all.ok) return all;
  const [sx, sy, tx, ty] = all.value as [Float64Array, Float64Array, Float64Array, Float64Array];
  return ok({ fixed: side(tx, ty), moving: side(sx, sy), names: csv.value.rows.map((_, i) => String(i + 1)) });
}

/**
 * Ground control points of QGIS: map coordinates and those of the image that is to be placed, which moves.
 *
 * An image without a place has y at most 0, counted up from its top edge, and corners at whole numbers; `world` says that the
 * image has a place already and the numbers are in it.
 */
export function parseQgis(text: string, units: "pixel" | "world"): Result<PairsFile> {
  const csv = parseCsv(withHeader(text));
  if (!csv.ok) return csv;
  const table = csv.value;
  const old = findColumn(table.header, "sourcex") < 0;
  const all = columnsOf(table, ["mapx", "mapy", ...(old ? ["pixelx", "pixely"] : ["sourcex", "sourcey"])]);
  if (!all.ok) return all;
  const [mapX, mapY, x, y] = all.value as [Float64Array, Float64Array, Float64Array, Float64Array];
  const enable = findColumn(table.header, "enable");
  const on = table.rows.map((row) => enable < 0 || cellNumber(row[enable]!) !== 0);
  const use = table.rows.map((_, i) => i).filter((i) => on[i]);
  const up = units === "pixel" ? use.find((i) => y[i]! > 0) : undefined;
  if (up !== undefined) {
    return failed(
      problem(
        "positive-source-y",
        `Expected y of the image at most 0, as QGIS counts it, but found ${y[up]} in line ${table.lines[up]}`,
        "If the image has a place on the map already, write units: world.",
      ),
    );
  }
  const off = on.length - use.length;
  return ok({
    fixed: { xy: use.flatMap((i) => [mapX[i]!, mapY[i]!]), measure: "world" },
    moving:
      units === "world"
        ? { xy: use.flatMap((i) => [x[i]!, y[i]!]), measure: "world" }
        : { xy: use.flatMap((i) => [x[i]! - 0.5, -y[i]! - 0.5]), measure: "pixel" },
    names: use.map((i) => String(i + 1)),
    notes: off > 0 ? [warning("inactive-left-out", `${off} points that are switched off are left out`)] : [],
  });
}

/** Files of the first versions have no header: four or five numbers a line. */
function withHeader(text: string): string {
  const first = text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\n|\r/)
    .find((line) => line.trim() !== "" && !line.startsWith("#"));
  if (first === undefined || !/^[\s\d.,;eE+-]+$/.test(first)) return text;
  const separator = first.includes("\t") ? "\t" : first.includes(";") ? ";" : ",";
  const count = first.split(separator).length;
  return `${["mapX", "mapY", "pixelX", "pixelY", "enable", "dX", "dY", "residual"].slice(0, count).join(separator)}\n${text}`;
}
