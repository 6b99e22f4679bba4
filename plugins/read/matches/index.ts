import { readFile } from "node:fs/promises";
import {
  definePlugin,
  failed,
  findColumn,
  type Grid,
  numberColumn,
  type Points,
  parseCsv,
  problem,
  toWorld,
} from "tiepoint/plugin";

const MAX_BYTES = 256e6;

export default definePlugin({
  kind: "read",
  name: "matches",
  version: "1",
  summary: "Reads tie points from a CSV file with columns fixed_x, fixed_y, moving_x and moving_y.",
  formats: { extensions: [".csv", ".tsv"] },
  params: {},
  inputs: { file: "file", fixed: "image?", moving: "image?" },
  outputs: { matches: "matches" },
  async run({ file, fixed, moving }) {
    if (file.bytes > MAX_BYTES) {
      return failed(
        problem("file-too-large", `Expected at most 256 MB of tie points, but this has ${file.bytes} bytes`),
      );
    }
    const csv = parseCsv(await readFile(file.path, "utf8"));
    if (!csv.ok) return csv;
    const columns: Float64Array[] = [];
    for (const name of ["fixed_x", "fixed_y", "moving_x", "moving_y"]) {
      const column = numberColumn(csv.value, name);
      if (!column.ok) return column;
      const hole = column.value.findIndex(Number.isNaN);
      if (hole >= 0) {
        return failed(
          problem(
            "not-a-number",
            `Expected a number in column "${name}", row ${hole + 1}, but found none`,
            "Remove the row.",
          ),
        );
      }
      columns.push(column.value);
    }
    const extra: { weight?: Float64Array; inlier?: Uint8Array } = {};
    for (const name of ["weight", "inlier"] as const) {
      if (findColumn(csv.value.header, name) < 0) continue;
      const column = numberColumn(csv.value, name);
      if (!column.ok) return column;
      if (column.value.every(Number.isNaN)) continue;
      const odd = column.value.findIndex((v) => !(v >= 0 && v <= 1) || (name === "inlier" && v !== 0 && v !== 1));
      if (odd >= 0) {
        return failed(
          problem(
            "out-of-range",
            `Expected ${name === "inlier" ? "0 or 1" : "a number from 0 to 1"} in column "${name}", row ${odd + 1}, but found ${column.value[odd]}`,
          ),
        );
      }
      if (name === "weight") extra.weight = column.value;
      else extra.inlier = Uint8Array.from(column.value);
    }
    const [fx, fy, mx, my] = columns as [Float64Array, Float64Array, Float64Array, Float64Array];
    return {
      ok: true,
      value: {
        matches: {
          fixed: inWorld(fx, fy, fixed?.grid),
          moving: inWorld(mx, my, moving?.grid),
          ...extra,
          ...(fixed && moving ? { images: { fixed, moving } } : {}),
        },
      },
    };
  },
});

function inWorld(x: Float64Array, y: Float64Array, grid: Grid | undefined): Points<"world"> {
  const xy = new Float64Array(2 * x.length);
  for (let i = 0; i < x.length; i++) {
    xy[2 * i] = x[i]!;
    xy[2 * i + 1] = y[i]!;
  }
  return grid ? toWorld(grid, xy as Points<"pixel">) : (xy as Points<"world">);
}
