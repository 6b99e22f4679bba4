import { cellText, failed, ok, parseCsv, problem, type Result, readJson, warning } from "tiepoint/plugin";
import type { PairsFile } from "./pairs-file.js";

/** One line of BigWarp's table; a side that was not placed has infinite coordinates. */
interface Landmark {
  readonly name: string;
  readonly active: boolean;
  readonly moving: readonly [number, number];
  readonly fixed: readonly [number, number];
}

/**
 * Landmarks of BigWarp as CSV: no header; name, active, moving x and y, fixed x and y, in lengths of the images' calibration.
 */
export function parseBigWarpCsv(text: string): Result<PairsFile> {
  // There is no header: the first row stands where the parser looks for one.
  const csv = parseCsv(text);
  if (!csv.ok) return csv;
  const { rawHeader, rows, lines } = csv.value;
  const landmarks: Landmark[] = [];
  for (const [i, row] of [rawHeader, ...rows].entries()) {
    const where = `line ${i === 0 ? csv.value.comments.length + 1 : lines[i - 1]}`;
    const cells = row.map((cell) => cellText(cell).trim());
    if (cells.length !== 6) {
      const message = `Expected 6 cells in ${where} (name, active, moving x and y, fixed x and y), but found ${cells.length}`;
      return failed(
        problem("bad-bigwarp", message, cells.length === 8 ? "Points in space cannot be used." : undefined),
      );
    }
    const numbers = cells.slice(2).map(coordinate);
    const odd = numbers.indexOf(undefined);
    if (!/^(true|false)$/i.test(cells[1]!) || odd >= 0) {
      const found = odd < 0 ? cells[1] : cells[2 + odd];
      const wanted = odd < 0 ? "true or false" : "a number";
      return failed(problem("bad-bigwarp", `Expected ${wanted} in ${where}, but found "${found!.slice(0, 60)}"`));
    }
    const [mx, my, fx, fy] = numbers as [number, number, number, number];
    landmarks.push({ name: cells[0]!, active: /^true$/i.test(cells[1]!), moving: [mx, my], fixed: [fx, fy] });
  }
  return fromLandmarks(landmarks);
}

const coordinate = (text: string): number | undefined => {
  if (/^-?(infinity|nan)$/i.test(text)) return Number.NaN;
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
};

/** Landmarks of BigWarp as JSON: its own file, or the part `landmarks` of a file with a transform. */
export function parseBigWarpJson(text: string): Result<PairsFile> {
  const read = readJson(text, "bad-bigwarp", (reader) => reader.value);
  if (!read.ok) return read;
  const whole = read.value as Record<string, unknown> | null;
  const table = (isMap(whole?.landmarks) ? whole.landmarks : whole) as Record<string, unknown> | null;
  if (!isMap(table) || !Array.isArray(table.movingPoints) || !Array.isArray(table.fixedPoints)) {
    return failed(
      problem(
        "bad-bigwarp",
        "Expected landmarks of BigWarp with movingPoints and fixedPoints, but found other JSON",
        "A transform of Tiepoint is read by read/transform.",
      ),
    );
  }
  if (table.numDimensions !== undefined && table.numDimensions !== 2) {
    return failed(problem("bad-bigwarp", "Expected landmarks of a plane, but numDimensions is not 2"));
  }
  const { movingPoints, fixedPoints } = table;
  const [names, active] = [table.names, table.active].map((list) => (Array.isArray(list) ? list : []));
  if (movingPoints.length !== fixedPoints.length) {
    return failed(
      problem(
        "bad-bigwarp",
        `Expected as many movingPoints as fixedPoints, but found ${movingPoints.length} and ${fixedPoints.length}`,
      ),
    );
  }
  const landmarks: Landmark[] = [];
  for (let i = 0; i < movingPoints.length; i++) {
    const [moving, fixed] = [movingPoints[i], fixedPoints[i]].map(pairOf);
    if (!moving || !fixed) {
      return failed(problem("bad-bigwarp", `Expected two numbers for landmark ${i + 1} of ${movingPoints.length}`));
    }
    landmarks.push({ name: String(names![i] ?? `Pt-${i}`), active: active![i] !== false, moving, fixed });
  }
  return fromLandmarks(landmarks);
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function pairOf(value: unknown): readonly [number, number] | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const [x, y] = value.map((v) => (typeof v === "number" ? v : typeof v === "string" ? coordinate(v) : undefined));
  return x === undefined || y === undefined ? undefined : [x, y];
}

function fromLandmarks(landmarks: readonly Landmark[]): Result<PairsFile> {
  const isPlaced = ({ moving, fixed }: Landmark) => [...moving, ...fixed].every(Number.isFinite);
  const used = landmarks.filter((l) => l.active && isPlaced(l));
  const idle = landmarks.filter((l) => !l.active).length;
  const half = landmarks.filter((l) => l.active && !isPlaced(l)).length;
  const seen = new Set<string>();
  for (const { name } of used) {
    if (seen.has(name)) {
      return failed(
        problem(
          "duplicate-name",
          `Expected each point once, but found "${name.slice(0, 60)}" twice`,
          "Rename one of the two.",
        ),
      );
    }
    seen.add(name);
  }
  return ok({
    moving: { xy: used.flatMap((l) => l.moving), measure: "calibrated" },
    fixed: { xy: used.flatMap((l) => l.fixed), measure: "calibrated" },
    names: used.map((l) => l.name),
    notes: [
      ...(idle > 0 ? [warning("inactive-left-out", `${idle} landmarks that are switched off are left out`)] : []),
      ...(half > 0 ? [warning("half-placed", `${half} landmarks that one image lacks are left out`)] : []),
    ],
  });
}
