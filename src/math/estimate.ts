import { failed, problem } from "../core/diagnostic.js";
import { type Grid, spacing } from "../core/grid.js";
import type { Matches } from "../core/matches.js";
import type { Context, Outcome } from "../core/plugin.js";
import type { Points } from "../core/points.js";
import { type Length, worldLength } from "../core/quantity.js";
import type { Registration } from "../core/registration.js";
import { applyMatrix3, type Matrix3, type Transform } from "../core/transform.js";
import { kernels } from "../kernel/lane.js";
import { coverage } from "./coverage.js";
import { type Family, fitMap, minimalSample } from "./fit.js";
import { guidedTiePoints } from "./guided.js";
import { estimateError, heldOutRmse, localMisfit } from "./held-out.js";
import { consensusOf, shuffledInlierShare } from "./null-test.js";
import { findOverlap } from "./overlap.js";
import { evenOut, type PlanePair, pixelMap, readPair, similarityUnder, startingMap } from "./pair.js";
import { plausibility } from "./plausibility.js";
import { spreadCorners } from "./refine.js";
import { squaredResiduals } from "./residual.js";
import { RobustWeight, robustFit } from "./robust.js";
import { type Evidence, judge } from "./verdict.js";

export interface EstimateOptions {
  /** Longest residual of an inlier; pixels are the moving image's. */
  readonly inlierDistance: Length;
  /** Match again near the first result, where the images are known. */
  readonly guided: boolean;
  /** Share of samples that may miss the best map, as confidence 0 to 1. */
  readonly confidence: number;
}

type Outputs = { transform: "transform"; matches: "matches" };

/** Tie points with what weighs them, in world coordinates. */
interface Ties {
  readonly fixed: Float64Array;
  readonly moving: Float64Array;
  /** Standard deviation of each moving point, world units; undefined when alike. */
  readonly sigma?: Float64Array;
}

/**
 * Turns tie points into a map of a family, with its verdict: a robust fit to find the consensus, a guided second pass for
 * accuracy where the images are known, a weighted least-squares fit, and the evidence for and against it.
 *
 * Never throws for bad tie points: too few, or none that agree, give a rejected verdict's reasons as failure.
 */
export async function estimateFromMatches(
  family: Family,
  matches: Matches,
  options: EstimateOptions,
  context: Context,
): Promise<Outcome<Outputs>> {
  const images = matches.images;
  const movingSpacing = images ? spacing(images.moving.grid) : 1;
  const fixedSpacing = images ? spacing(images.fixed.grid) : 1;
  const distance = images
    ? worldLength(options.inlierDistance, images.moving.grid)
    : { ok: true as const, value: options.inlierDistance.value };
  if (!distance.ok) return distance;
  const threshold = distance.value;
  if (!(threshold > 0)) {
    return failed(problem("inlier-distance", "inlier-distance must be longer than 0", "3 px suits most images."));
  }
  const { fixed, moving } = matches;
  const n = fixed.length / 2;
  if (!fixed.every(Number.isFinite) || !moving.every(Number.isFinite)) {
    return failed(
      problem(
        "matches-not-finite",
        "A tie point has a coordinate that is not a finite number",
        "Check the file that the tie points come from.",
      ),
    );
  }
  const rough = robustFit(family, fixed, moving, {
    threshold,
    random: context.random,
    confidence: options.confidence,
    signal: context.signal,
  });
  if (!rough.ok) return rough;
  const first = rough.value;
  const area = images
    ? images.moving.grid.width * images.moving.grid.height * movingSpacing ** 2
    : boundingArea(moving);
  const support = (matrix: Matrix3) =>
    consensusOf(family, matrix, fixed, moving, threshold, area, 3 * fixedSpacing, 3 * movingSpacing);
  let consensus = support(first.matrix);
  const shuffledShare = shuffledInlierShare(family, fixed, moving, threshold, context.random);
  context.progress(0.2);

  using arena = kernels().arena();
  let pair: PlanePair | undefined;
  let ties: Ties = { fixed, moving };
  let fit = weightedFit(family, ties, first.matrix, threshold, movingSpacing);
  let guided: { inliers: number; share: number } | undefined;
  // A map that chance explains is not worth a second look. One that it hardly explains is: the refined map must then find
  // its support among the first tie points.
  const worthwhile = options.guided && consensus.log10Nfa < 0 && consensus.inliers > minimalSample[family] + 2;
  if (images) {
    const budget = Math.max(1e6, Math.min(16e6, context.memory / 4 / 8));
    pair = await readPair(arena, images, budget, context.signal);
    if (worthwhile) {
      const second = guide(arena, family, pair, fit.matrix, movingSpacing, context);
      if (second) {
        ties = second.ties;
        fit = second.fit;
        // The better map may show that more of the first tie points were right.
        const again = support(fit.matrix);
        if (again.log10Nfa < consensus.log10Nfa) consensus = again;
        guided = { inliers: second.fit.use.length, share: second.fit.use.length / Math.max(1, second.tried) };
      }
    }
  }
  context.progress(0.8);

  const transform = asTransform(family, fit.matrix);
  const overlap = images ? findOverlap(transform, images.fixed.grid, images.moving.grid) : undefined;
  const usedPoints = pick(ties.fixed, fit.use);
  const places = overlap && overlap.places.length > 0 ? overlap.places : usedPoints;
  const extent = boundingSide(places);
  const error = estimateError(
    family,
    fit.matrix,
    ties.fixed,
    ties.moving,
    fit.use,
    fit.weight,
    places,
    extent / 6,
    0.01 * movingSpacing,
  );
  const evidence: Evidence = {
    family,
    matches: n,
    inliers: consensus.inliers,
    inlierShare: consensus.inliers / n,
    log10Nfa: consensus.log10Nfa,
    shuffledShare,
    rivalShare: first.rivalScore / first.score,
    ...(guided ? { guided } : {}),
    fitRmse: rmse(fit.matrix, ties, fit.use) / movingSpacing,
    heldOutRmse: heldOutRmse(family, ties.fixed, ties.moving, fit.use, fit.weight) / movingSpacing,
    expectedError: error.expected / movingSpacing,
    noise: error.noise / movingSpacing,
    misfit: error.misfit / movingSpacing,
    coverage: coverage(places, usedPoints),
    ...(overlap ? { overlap: overlap.ofSmaller } : {}),
    ...(pair ? { similarity: compare(arena, pair, fit.matrix) } : {}),
    ...plausibility(fit.matrix, places),
    diagonal: images ? Math.sqrt(images.moving.grid.width ** 2 + images.moving.grid.height ** 2) : 0,
  };
  const verdict = judge(
    evidence,
    guided ? "converged" : worthwhile && images ? "guided-pass-found-too-little" : "consensus",
  );
  const registration: Registration = {
    transform,
    ...(images ? { fixed: images.fixed.grid, moving: images.moving.grid } : {}),
    verdict,
  };
  return {
    ok: true,
    value: { transform: registration, matches: withInliers(matches, ties, fit) },
    metrics: verdict.metrics,
    verdict,
  };
}

interface WeightedFit {
  readonly matrix: Matrix3;
  /** Inliers, by index. */
  readonly use: Int32Array;
  /** Weight of every tie point; 0 for outliers. */
  readonly weight: Float64Array;
}

/** Matches again around a map, twice: far and coarse, then near; the map follows. Undefined when too little is found. */
function guide(
  arena: ReturnType<ReturnType<typeof kernels>["arena"]>,
  family: Family,
  pair: PlanePair,
  start: Matrix3,
  movingSpacing: number,
  context: Context,
): { ties: Ties; fit: WeightedFit; tried: number } | undefined {
  let world = start;
  let result: { ties: Ties; fit: WeightedFit; tried: number } | undefined;
  let left = 6;
  let even: PlanePair | undefined;
  let corners: Float64Array = new Float64Array(0);
  for (let round: Round | undefined = rounds.far; round && left > 0; left--) {
    context.signal.throwIfAborted();
    using inner = kernels().arena();
    const next = evenOut(arena, even ?? pair, world);
    if (next.fixed !== even?.fixed) corners = spreadCorners(inner, next.fixed.plane, cornerCount(next.fixed.plane));
    even = next;
    const { fixed, moving } = even;
    const matrix = pixelMap(world, fixed.grid, moving.grid);
    const found = guidedTiePoints(inner, fixed.plane, moving.plane, matrix, { ...round, corners });
    const step = spacing(moving.grid);
    const ties: Ties = {
      fixed: toWorldArray(found.fixed, fixed.grid.worldFromPixel),
      moving: toWorldArray(found.moving, moving.grid.worldFromPixel),
      sigma: found.sigma.map((s) => s * step),
    };
    if (found.fixed.length / 2 < 4 * minimalSample[family] + 4) break;
    const robust = robustFit(family, ties.fixed, ties.moving, {
      threshold: round.inlier * step,
      random: context.random,
      maxSamples: 1000,
      signal: context.signal,
    });
    if (!robust.ok || robust.value.inlierCount < 3 * minimalSample[family] + 3) break;
    const fit = weightedFit(family, ties, robust.value.matrix, round.inlier * step, movingSpacing);
    const moved = farthestMove(world, fit.matrix, fixed.grid, moving.grid) / step;
    world = fit.matrix;
    result = { ties, fit, tried: found.fixed.length / 2 };
    if (moved < 0.2 && round === rounds.near) round = undefined;
    else if (moved < 2) round = rounds.near;
  }
  return result;
}

/** As many places as there are patches side by side, within reason: closer ones would see the same pixels. */
const cornerCount = ({ width, height }: { readonly width: number; readonly height: number }): number =>
  Math.min(5000, Math.max(500, (width * height) / 256));

type Round = { readonly radius: number; readonly inlier: number; readonly minCorrelation: number };

/** Each is repeated for as long as the map still moves; lengths in pixels of the planes. */
const rounds: Readonly<Record<"far" | "near", Round>> = {
  far: { radius: 24, inlier: 8, minCorrelation: 0.5 },
  near: { radius: 12, inlier: 8, minCorrelation: 0.5 },
};

/** How far two maps are apart at most places (the 90 % quantile) of where the first makes the images overlap, moving world units. */
function farthestMove(before: Matrix3, after: Matrix3, fixed: Grid, moving: Grid): number {
  const { places } = findOverlap({ type: "projective", matrix: before }, fixed, moving);
  const a = applyMatrix3(before, places);
  const b = applyMatrix3(after, places);
  const moves = new Float64Array(places.length / 2);
  for (let i = 0; i < moves.length; i++) {
    const length = Math.sqrt((a[2 * i]! - b[2 * i]!) ** 2 + (a[2 * i + 1]! - b[2 * i + 1]!) ** 2);
    moves[i] = length === length ? length : Number.POSITIVE_INFINITY;
  }
  return moves.length > 0 ? moves.sort()[Math.floor(0.9 * (moves.length - 1))]! : Number.POSITIVE_INFINITY;
}

const toWorldArray = (
  pixels: Float64Array,
  [a, b, c, d, e, f]: readonly [number, number, number, number, number, number],
) => pixels.map((_, i) => (i & 1 ? d * pixels[i - 1]! + e * pixels[i]! + f : a * pixels[i]! + b * pixels[i + 1]! + c));

/**
 * The last fit: weighted least squares.
 *
 * Weights fall smoothly to 0 at six standard deviations of the residuals themselves, never beyond `threshold`: a scene that
 * is not quite plane is then met in the mean and not on whichever of its planes has most texture. Tie points of one
 * neighbourhood share what the model cannot follow (the misfit τ), so each counts as 1 / (σ² + n τ²), n being how many there
 * are in its cell: with no misfit all count alike, with much every neighbourhood counts alike.
 */
function weightedFit(
  family: Family,
  ties: Ties,
  start: Matrix3,
  threshold: number,
  movingSpacing: number,
): WeightedFit {
  const n = ties.fixed.length / 2;
  const residuals = new Float64Array(n);
  let weight = new Float64Array(n);
  let matrix = start;
  let use = new Int32Array(0);
  const cell = boundingSide(ties.fixed) / 10;
  const cellOf = (i: number) =>
    Math.floor(ties.fixed[2 * i]! / cell) * 65536 + Math.floor(ties.fixed[2 * i + 1]! / cell);
  const floor = 0.05 * movingSpacing; // no tie point is held to be better than this
  for (let round = 0; round < 12; round++) {
    squaredResiduals(matrix, ties.fixed, ties.moving, residuals);
    const inside = residuals.filter((r) => r < threshold * threshold).sort();
    if (inside.length <= minimalSample[family]) break;
    // Median of a Rayleigh distribution is 1.1774 sigma.
    const spread = Math.sqrt(inside[inside.length >> 1]!) / 1.1774;
    const weigh = new RobustWeight(Math.min(threshold, Math.max(6 * spread, movingSpacing)));
    const robust = residuals.map((r) => weigh.of(r));
    const kept = Int32Array.from({ length: n }, (_, i) => i).filter((i) => robust[i]! > 0);
    if (kept.length <= minimalSample[family]) break;
    const misfit = localMisfit(matrix, ties.fixed, ties.moving, kept, robust, cell);
    const crowd = new Map<number, number>();
    for (const i of kept) crowd.set(cellOf(i), (crowd.get(cellOf(i)) ?? 0) + robust[i]!);
    const next = new Float64Array(n);
    for (const i of kept) {
      const own = (ties.sigma ? ties.sigma[i]! ** 2 : spread * spread) + floor * floor;
      next[i] = robust[i]! / (own + crowd.get(cellOf(i))! * misfit * misfit);
    }
    const fit = fitMap(family, ties.fixed, ties.moving, kept, next);
    if (!fit.ok) break;
    use = kept;
    weight = next;
    const change = fit.value.reduce((most, v, i) => Math.max(most, Math.abs(v - matrix[i]!) / (1 + Math.abs(v))), 0);
    matrix = fit.value;
    if (change < 1e-12) break;
  }
  if (use.length === 0) {
    squaredResiduals(matrix, ties.fixed, ties.moving, residuals);
    use = Int32Array.from({ length: n }, (_, i) => i).filter((i) => residuals[i]! < threshold * threshold);
    for (const i of use) weight[i] = 1;
  }
  return { matrix, use, weight };
}

function compare(arena: ReturnType<ReturnType<typeof kernels>["arena"]>, pair: PlanePair, matrix: Matrix3) {
  using inner = kernels().arena();
  const unmoved = startingMap(pair);
  return { before: similarityUnder(inner, pair, unmoved), after: similarityUnder(inner, pair, matrix) };
}

const asTransform = (family: Family, m: Matrix3): Transform =>
  family === "projective"
    ? { type: "projective", matrix: m }
    : { type: "affine", matrix: [m[0], m[1], m[2], m[3], m[4], m[5]] };

function withInliers(matches: Matches, ties: Ties, fit: WeightedFit): Matches {
  const n = ties.fixed.length / 2;
  const residual = new Float64Array(n);
  squaredResiduals(fit.matrix, ties.fixed, ties.moving, residual);
  const inlier = new Uint8Array(n);
  for (const i of fit.use) inlier[i] = 1;
  let most = 0;
  for (const w of fit.weight) most = Math.max(most, w);
  return {
    fixed: ties.fixed as Points<"world">,
    moving: ties.moving as Points<"world">,
    weight: fit.weight.map((w) => (most > 0 ? w / most : 0)),
    inlier,
    residual: residual.map(Math.sqrt),
    ...(matches.images ? { images: matches.images } : {}),
    ...(matches.detected ? { detected: matches.detected } : {}),
  };
}

const pick = (p: Float64Array, use: Int32Array): Float64Array => {
  const out = new Float64Array(2 * use.length);
  use.forEach((i, k) => {
    out[2 * k] = p[2 * i]!;
    out[2 * k + 1] = p[2 * i + 1]!;
  });
  return out;
};

function rmse(matrix: Matrix3, ties: Ties, use: Int32Array): number {
  const residual = new Float64Array(ties.fixed.length / 2);
  squaredResiduals(matrix, ties.fixed, ties.moving, residual);
  let sum = 0;
  for (const i of use) sum += residual[i]!;
  return Math.sqrt(sum / use.length);
}

function bounds(p: Float64Array): readonly [number, number] {
  let [x0, y0, x1, y1] = [
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ];
  for (let k = 0; k < p.length; k += 2) {
    x0 = Math.min(x0, p[k]!);
    x1 = Math.max(x1, p[k]!);
    y0 = Math.min(y0, p[k + 1]!);
    y1 = Math.max(y1, p[k + 1]!);
  }
  return [x1 - x0, y1 - y0];
}

const boundingArea = (p: Float64Array): number => {
  const [w, h] = bounds(p);
  return Math.max(1, w * h);
};

const boundingSide = (p: Float64Array): number => {
  const [w, h] = bounds(p);
  return Math.max(w, h, 1e-9);
};
