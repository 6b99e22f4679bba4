import { failed, type Result } from "../../core/diagnostic.js";
import type { Affine2 } from "../../core/grid.js";
import type { Matrix3 } from "../../core/transform.js";
import { fitMap } from "../fit.js";
import { type Consensus, consensusOf, shuffledInlierShare } from "../null-test.js";
import { robustFit } from "../robust.js";

/** The affine map that most tie points agree with, loosely, and how much that says against chance. */
export interface StraightPart {
  readonly matrix: Affine2;
  /** Inlier distance at which the agreement says most: as wide as the specimen bends. */
  readonly distance: number;
  readonly consensus: Consensus;
  readonly shuffledShare: number;
  readonly rivalShare: number;
}

export interface StraightOptions {
  /** Least inlier distance, moving world units. */
  readonly distance: number;
  /** Longest side of what the tie points cover, moving world units: no distance is longer than a twentieth of it. */
  readonly extent: number;
  readonly area: number;
  readonly fixedCell: number;
  readonly movingCell: number;
  readonly confidence: number;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/** Distances at which a straight map is looked for, as multiples of the inlier distance. */
const WIDTHS = [1, 3, 9, 27];

/** Robustly, among tie points of which many may be wrong: at several distances, as how much the specimen bends is not known. */
export function straightAmongWrong(
  fixed: Float64Array,
  moving: Float64Array,
  o: StraightOptions,
): Result<StraightPart> {
  let best: StraightPart | undefined;
  let failure: Result<never> = failed();
  for (const width of WIDTHS) {
    const distance = o.distance * width;
    if (width > 1 && distance > o.extent / 20) break;
    const fit = robustFit("affine", fixed, moving, {
      ...{ threshold: distance, random: o.random, confidence: o.confidence, maxSamples: 5000, signal: o.signal },
    });
    if (!fit.ok) {
      failure = fit;
      continue;
    }
    const { matrix, rivalScore, score } = fit.value;
    const consensus = paidFor(
      consensusOf("affine", matrix, fixed, moving, distance, o.area, o.fixedCell, o.movingCell),
    );
    if (best && !(consensus.log10Nfa < best.consensus.log10Nfa)) continue;
    const shuffledShare = shuffledInlierShare("affine", fixed, moving, distance, o.random);
    best = { matrix: affineOf(matrix), distance, consensus, shuffledShare, rivalShare: rivalScore / score };
  }
  return best ? { ok: true, value: best } : failure;
}

/** By least squares, of points that are held to be right; they may mirror the plane. */
export function straightOfTrusted(
  fixed: Float64Array,
  moving: Float64Array,
  weight: Float64Array,
  use: Int32Array,
  o: StraightOptions,
): Result<StraightPart> {
  const fit = fitMap("affine", fixed, moving, use, weight);
  if (!fit.ok) return fit;
  let best: { consensus: Consensus; distance: number } | undefined;
  for (const width of WIDTHS) {
    const distance = o.distance * width;
    if (width > 1 && distance > o.extent / 10) break;
    const consensus = paidFor(
      consensusOf("affine", fit.value, fixed, moving, distance, o.area, o.fixedCell, o.movingCell),
    );
    if (!best || consensus.log10Nfa < best.consensus.log10Nfa) best = { consensus, distance };
  }
  return { ok: true, value: { ...best!, matrix: affineOf(fit.value), shuffledShare: 0, rivalShare: 0 } };
}

/** Each distance is a test of its own. */
const paidFor = (c: Consensus): Consensus => ({ ...c, log10Nfa: c.log10Nfa + 0.61 }); // log10 of 4

const affineOf = ([a, b, c, d, e, f]: Matrix3): Affine2 => [a, b, c, d, e, f];
