import { choleskySolve } from "../least-squares.js";
import type { EdgeObservations } from "./edges.js";
import { median, rms } from "./statistics.js";

/**
 * What a stage does to the places that it was sent to: an affine map (scale, skew and turn between stage and camera, a wrong
 * pixel size or overlap), and a step between lines that are scanned in opposite directions (backlash).
 */
export interface StageModel {
  /** Place of each tile by the model: x, y. */
  readonly places: Float64Array;
  /** Standard deviation of tiles about it, along x and y, pixels. */
  readonly jitter: readonly [x: number, y: number];
}

/** What places depend on: rows of `size` numbers for each tile, the first 1, then place, then the parity of row and column. */
export interface StageTerms {
  readonly size: number;
  readonly values: Float64Array;
  /** Expected size of each coefficient, pixels; the first is free. */
  readonly scale: Float64Array;
  /** Where the layout puts each tile: x, y. */
  readonly nominal: Float64Array;
}

/** A stage or a layout is hardly ever off by more than this share of what it moved. */
const SLOPE = 0.03;

export function stageTerms(
  nominal: Float64Array,
  row: ArrayLike<number> | undefined,
  col: ArrayLike<number> | undefined,
): StageTerms {
  const count = nominal.length / 2;
  const [cx, cy] = [mean(nominal, 0), mean(nominal, 1)];
  let span = 1;
  for (let i = 0; i < count; i++) {
    span = Math.max(span, Math.abs(nominal[2 * i]! - cx), Math.abs(nominal[2 * i + 1]! - cy));
  }
  const parity = count < LEAST_FOR_BACKLASH ? [] : [row, col].filter((of) => of !== undefined && varies(of));
  const size = 3 + parity.length;
  const values = new Float64Array(size * count);
  for (let i = 0; i < count; i++) {
    values.set([1, (nominal[2 * i]! - cx) / span, (nominal[2 * i + 1]! - cy) / span], size * i);
    parity.forEach((of, k) => {
      values[size * i + 3 + k] = of![i]! & 1 ? 0.5 : -0.5;
    });
  }
  const scale = new Float64Array(size).fill(SLOPE * span);
  scale[0] = Number.POSITIVE_INFINITY;
  for (let k = 3; k < size; k++) scale[k] = BACKLASH;
  return { size, values, scale, nominal };
}

/** Fewer tiles than this do not tell backlash from jitter. */
const LEAST_FOR_BACKLASH = 30;
/** Backlash is hardly ever more than some pixels. */
const BACKLASH = 4;

/**
 * Fits the model to steps between tiles, robustly: wrong peaks lie anywhere within reach.
 *
 * @param trust  0 to 1 for each edge
 * @param fallback  jitter where fewer than 4 edges tell, pixels
 */
export function stageFromEdges(
  terms: StageTerms,
  edges: Pick<EdgeObservations, "a" | "b" | "dx" | "dy">,
  trust: ArrayLike<number>,
  fallback: number,
): StageModel {
  const { size, values, nominal } = terms;
  const used = Array.from({ length: edges.a.length }, (_, e) => e).filter((e) => trust[e]! > 0);
  const rows = new Float64Array(size * used.length);
  const off = [new Float64Array(used.length), new Float64Array(used.length)] as const;
  used.forEach((e, k) => {
    const [a, b] = [edges.a[e]!, edges.b[e]!];
    for (let t = 0; t < size; t++) rows[size * k + t] = values[size * b + t]! - values[size * a + t]!;
    off[0][k] = edges.dx[e]! - (nominal[2 * b]! - nominal[2 * a]!);
    off[1][k] = edges.dy[e]! - (nominal[2 * b + 1]! - nominal[2 * a + 1]!);
  });
  const fit = robustFit(terms, rows, off, Math.SQRT2, used.length < 4 ? fallback : undefined);
  return { places: placesOf(terms, fit.coefficients), jitter: fit.jitter };
}

/** Fits the model to places that are known: those of the largest island. */
export function stageFromPlaces(terms: StageTerms, places: Float64Array, members: readonly number[]): StageModel {
  const { size, values, nominal } = terms;
  const rows = new Float64Array(size * members.length);
  const off = [new Float64Array(members.length), new Float64Array(members.length)] as const;
  members.forEach((i, k) => {
    for (let t = 0; t < size; t++) rows[size * k + t] = values[size * i + t]!;
    off[0][k] = places[2 * i]! - nominal[2 * i]!;
    off[1][k] = places[2 * i + 1]! - nominal[2 * i + 1]!;
  });
  const fit = robustFit(terms, rows, off, 1, undefined);
  const model = placesOf(terms, fit.coefficients);
  // A fit that follows few tiles too well must not make the others look certain.
  const free = Math.sqrt(members.length / Math.max(1, members.length - size));
  const spread = (axis: 0 | 1) => 0.7 * free * rms(members.map((i) => places[2 * i + axis]! - model[2 * i + axis]!));
  return { places: model, jitter: [Math.max(fit.jitter[0], spread(0)), Math.max(fit.jitter[1], spread(1))] };
}

function placesOf({ size, values, nominal }: StageTerms, coefficients: readonly [Float64Array, Float64Array]) {
  return Float64Array.from(nominal, (v, n) => {
    const i = n >> 1;
    let sum = v;
    for (let t = 0; t < size; t++) sum += coefficients[(n & 1) as 0 | 1][t]! * values[size * i + t]!;
    return sum;
  });
}

/**
 * Iteratively re-weighted least squares with Cauchy's weights on the length of both residuals, and a ridge that knows how
 * large the coefficients may be.
 *
 * @param spread  standard deviation of a row, in standard deviations of a tile
 */
function robustFit(
  { size, scale }: StageTerms,
  rows: Float64Array,
  off: readonly [Float64Array, Float64Array],
  spread: number,
  fallback: number | undefined,
): { coefficients: readonly [Float64Array, Float64Array]; jitter: readonly [number, number] } {
  const count = off[0].length;
  let coefficients: readonly [Float64Array, Float64Array] = [new Float64Array(size), new Float64Array(size)];
  let sigma: readonly [number, number] = [1, 1];
  const weights = new Float64Array(count).fill(1);
  // Coefficients take their share of the spread.
  const free = Math.sqrt((count + 1) / Math.max(1, count + 1 - size));
  for (let round = 0; round < 12; round++) {
    const residual = off.map((o, axis) =>
      Float64Array.from(o, (v, k) => v - dotAt(rows, size * k, coefficients[axis as 0 | 1])),
    );
    // The first round has no fit yet: what all steps share must not count as spread.
    sigma = residual.map((r) =>
      Math.max(LEAST_JITTER * spread, free * robustDeviation(r, round === 0)),
    ) as unknown as readonly [number, number];
    if (fallback !== undefined) sigma = sigma.map((s) => Math.max(s, fallback * spread)) as unknown as typeof sigma;
    for (let k = 0; k < count; k++) {
      const u = (residual[0]![k]! / (3 * sigma[0])) ** 2 + (residual[1]![k]! / (3 * sigma[1])) ** 2;
      weights[k] = round === 0 ? 1 : 1 / (1 + u);
    }
    coefficients = [
      ridge(rows, off[0], weights, scale, sigma[0], size),
      ridge(rows, off[1], weights, scale, sigma[1], size),
    ];
  }
  return { coefficients, jitter: [sigma[0] / spread, sigma[1] / spread] };
}

const LEAST_JITTER = 0.05;

function ridge(
  rows: Float64Array,
  off: Float64Array,
  weights: Float64Array,
  scale: Float64Array,
  sigma: number,
  size: number,
): Float64Array {
  const normal = new Float64Array(size * size);
  const right = new Float64Array(size);
  for (let k = 0; k < off.length; k++) {
    for (let i = 0; i < size; i++) {
      const w = weights[k]! * rows[size * k + i]!;
      right[i]! += w * off[k]!;
      for (let j = i; j < size; j++) normal[size * i + j]! += w * rows[size * k + j]!;
    }
  }
  // The constant has no scale; where rows are steps, nothing tells it, and it stays 0.
  for (let i = 0; i < size; i++) normal[size * i + i]! += (sigma / scale[i]!) ** 2 + 1e-9;
  return choleskySolve(normal, right, size) ?? new Float64Array(size);
}

/** Standard deviation about 0, or about the median: that of what lies within 3 of those that the median tells. */
function robustDeviation(values: Float64Array, centred: boolean): number {
  if (values.length === 0) return 0;
  const middle = centred ? median(values) : 0;
  const rough = 1.4826 * median(values.map((v) => Math.abs(v - middle)));
  const kept = values.map((v) => v - middle).filter((v) => Math.abs(v) <= 3 * rough);
  return kept.length === 0 ? 0 : 1.015 * rms(kept);
}

function dotAt(rows: Float64Array, at: number, coefficients: Float64Array): number {
  let sum = 0;
  for (let t = 0; t < coefficients.length; t++) sum += rows[at + t]! * coefficients[t]!;
  return sum;
}

function mean(points: Float64Array, axis: number): number {
  let sum = 0;
  for (let i = axis; i < points.length; i += 2) sum += points[i]!;
  return sum / Math.max(1, points.length / 2);
}

const varies = (of: ArrayLike<number>): boolean => {
  for (let i = 0; i < of.length; i++) if (of[i]! < 0) return false;
  for (let i = 1; i < of.length; i++) if ((of[i]! & 1) !== (of[0]! & 1)) return true;
  return false;
};
