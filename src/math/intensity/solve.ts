import { choleskySolve } from "../least-squares.js";
import { brightness, type IntensityFamily, unknownsOf } from "./families.js";
import type { Sums } from "./sums.js";

/** What the normal equations say. */
export interface Solved {
  /** The unknowns that move the image, and all as they were solved for: those times the gain, then gain and offset. */
  readonly move: Float64Array;
  readonly all: Float64Array;
  readonly gain: number;
  readonly offset: number;
  readonly ncc: number;
  readonly pixels: number;
  /** Normal matrix of all unknowns, row-major. */
  readonly normal: Float64Array;
}

/**
 * Solves for what moves the image, gain and offset; undefined where the overlap is too small, flat, or says too little.
 */
export function solve(sums: Sums, family: IntensityFamily, metric: "ecc" | "ssd"): Solved | undefined {
  const columns = [...unknownsOf[family], ...brightness];
  const size = columns.length;
  const n = size - 2;
  const normal = new Float64Array(size * size);
  const rhs = Float64Array.from(columns, (c) => sums.rhs(c));
  for (let i = 0; i < size; i++) {
    for (let j = i; j < size; j++) normal[size * i + j] = normal[size * j + i] = sums.product(columns[i]!, columns[j]!);
  }
  const pixels = normal[size * size - 1]!;
  if (!(pixels >= 4 * size)) return undefined;
  const [f, ff] = [normal[size * n + n + 1]!, normal[size * n + n]!];
  const [m, fm, mm] = [rhs[n + 1]!, rhs[n]!, sums.movingSquare];
  const varF = ff - (f * f) / pixels;
  const varM = mm - (m * m) / pixels;
  // Intensities have variance 1 overall: an overlap with a millionth of it shows nothing.
  if (!(varF > 1e-6 * pixels) || !(varM > 1e-6 * pixels)) return undefined;
  const ncc = (fm - (f * m) / pixels) / Math.sqrt(varF * varM);
  if (metric === "ssd") {
    const part = new Float64Array(n * n);
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) part[n * i + j] = normal[size * i + j]!;
    const b = Float64Array.from({ length: n }, (_, i) => rhs[i]! - normal[size * i + n]!);
    const move = choleskySolve(part, b, n);
    if (!move) return undefined;
    return { move, all: Float64Array.from([...move, 1, 0]), gain: 1, offset: 0, ncc, pixels, normal };
  }
  const all = choleskySolve(normal, rhs, size);
  if (!all) return undefined;
  const [gain, offset] = [all[n]!, all[n + 1]!];
  return { move: all.slice(0, n).map((v) => v / gain), all, gain, offset, ncc, pixels, normal };
}
