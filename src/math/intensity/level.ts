import { applyMatrix3, invertMatrix3, type Matrix3, multiplyMatrix3 } from "../../core/transform.js";
import type { Plane } from "../plane.js";
import { brightness, type IntensityFamily, smallMap, unknownsOf } from "./families.js";
import { residualScale } from "./residual-scale.js";
import { type Solved, solve } from "./solve.js";
import { strayOf } from "./stray.js";
import { KEEP, type StripSums, type Weights } from "./sums.js";

export interface LevelRequest {
  readonly fixed: Plane;
  readonly moving: Plane;
  readonly family: IntensityFamily;
  /** Pixels of fixed to pixels of moving, where to begin. */
  readonly start: Matrix3;
  readonly metric: "ecc" | "ssd";
  readonly robust: boolean;
  /** Whether pixels of either plane are not observed. */
  readonly holes: boolean;
  readonly iterations: number;
  /** Ends when no corner moves farther, pixels. */
  readonly tolerance: number;
  /** Whether the covariance of the result is wanted. */
  readonly stray: boolean;
}

export interface LevelFit {
  readonly matrix: Matrix3;
  /** Correlation at the last step but one, and at the start. */
  readonly ncc: number;
  readonly nccAtStart: number;
  readonly gain: number;
  readonly offset: number;
  readonly pixels: number;
  readonly iterations: number;
  readonly converged: boolean;
  /** How far the last step moved a corner, at most, pixels. */
  readonly lastStep: number;
  /** Correlation before each step, and how far it moved a corner, at most, pixels. */
  readonly steps: readonly { readonly ncc: number; readonly length: number }[];
  /** Covariance of the family's unknowns, pixels from the middle; absent where it is not to be had, or not wanted. */
  readonly covariance?: Float64Array | undefined;
}

/** Steps farther than this share of the plane's long side are cut: linear only nearby. */
const LONGEST_STEP = 0.12;

/**
 * Inverse-compositional Gauss-Newton at one level: M(T x) = gain · F(W(d) x) + offset, solved for d, gain and offset at once;
 * then T ← T ∘ W(d)⁻¹.
 *
 * S. Baker, I. Matthews, IJCV 56 (2004), doi:10.1023/B:VISI.0000011205.11775.fd; that gain and offset solved along maximise the
 * correlation: G. Evangelidis, E. Psarakis, IEEE TPAMI 30 (2008), doi:10.1109/TPAMI.2008.113
 */
export function alignLevel(strips: StripSums, request: LevelRequest): LevelFit {
  const { fixed, moving, family, metric, robust, holes } = request;
  const { width, height } = fixed;
  const unknowns = unknownsOf[family];
  const n = unknowns.length;
  const [cx, cy] = [(width - 1) / 2, (height - 1) / 2];
  const toMiddle: Matrix3 = [1, 0, -cx, 0, 1, -cy, 0, 0, 1];
  const fromMiddle: Matrix3 = [1, 0, cx, 0, 1, cy, 0, 0, 1];
  const places = Float64Array.from([0, 0, 2 * cx, 0, 0, 2 * cy, 2 * cx, 2 * cy, cx, cy]);
  const longest = Math.max(1.5, LONGEST_STEP * Math.max(width, height));

  let matrix = request.start;
  let support: Matrix3 | undefined;
  let weights: Weights | undefined = holes || robust ? { gain: 0, offset: 0, cut: 0 } : undefined;
  let state: Solved | undefined;
  let nccAtStart = Number.NaN;
  let converged = false;
  let iterations = 0;
  let lastStep = Number.POSITIVE_INFINITY;
  const steps: { ncc: number; length: number }[] = [];
  for (; iterations < request.iterations && !converged; iterations++) {
    const moved = support ? farthest(places, support, matrix) : Number.POSITIVE_INFINITY;
    const products = !(moved < 0.95 * KEEP);
    if (products) support = matrix;
    const sums = strips.run({
      ...{ fixed, moving, matrix, support: support!, products, weights },
      projective: family === "projective",
    });
    const solved = solve(sums, family, metric);
    if (!solved) break;
    state = solved;
    if (iterations === 0) nccAtStart = solved.ncc;
    const step = smallMap(family, solved.move);
    const length = farthest(
      places,
      [1, 0, 0, 0, 1, 0, 0, 0, 1],
      multiplyMatrix3(fromMiddle, multiplyMatrix3(step, toMiddle)),
    );
    if (!Number.isFinite(length)) break;
    const cut =
      length > longest
        ? smallMap(
            family,
            solved.move.map((v) => (v * longest) / length),
          )
        : step;
    const next = multiplyMatrix3(matrix, multiplyMatrix3(fromMiddle, multiplyMatrix3(invertMatrix3(cut), toMiddle)));
    if (!next.every(Number.isFinite)) break;
    matrix = next;
    steps.push({ ncc: solved.ncc, length: Math.min(length, longest) });
    // Steps shrink by much the same factor each: the next one is known before it is taken.
    const ahead = Number.isFinite(lastStep) ? (length * length) / lastStep : Number.POSITIVE_INFINITY;
    lastStep = length;
    // Weights follow the residuals as long as the map moves visibly; later they stay, so that the steps can end.
    if (weights && robust && (weights.cut === 0 || length > 0.05)) {
      weights = { gain: solved.gain, offset: solved.offset, cut: 0 };
      const scale = residualScale(strips.arena, fixed, moving, matrix, solved.gain, solved.offset);
      weights = { ...weights, cut: 4.685 * scale };
      continue;
    }
    converged = length < request.tolerance || (length < 0.1 && ahead < 0.3 * request.tolerance);
  }
  return {
    matrix,
    ncc: state?.ncc ?? 0,
    nccAtStart,
    gain: state?.gain ?? 1,
    offset: state?.offset ?? 0,
    pixels: state?.pixels ?? 0,
    iterations,
    converged,
    lastStep,
    steps,
    covariance: request.stray && state ? strayOf(strips, [...unknowns, ...brightness], n, metric, state) : undefined,
  };
}

/** How far apart two maps send the places, at most; not finite where either sends one beyond the horizon. */
function farthest(places: Float64Array, a: Matrix3, b: Matrix3): number {
  const p = applyMatrix3(a, places);
  const q = applyMatrix3(b, places);
  let most = 0;
  for (let i = 0; i < p.length; i += 2) {
    const d = Math.sqrt((p[i]! - q[i]!) ** 2 + (p[i + 1]! - q[i + 1]!) ** 2);
    if (!(d <= most)) most = d;
  }
  return most;
}
