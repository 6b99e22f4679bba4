import { failed, problem } from "../core/diagnostic.js";
import { spacing } from "../core/grid.js";
import type { Matches } from "../core/matches.js";
import type { Context, Outcome } from "../core/plugin.js";
import type { Points } from "../core/points.js";
import { type Length, worldLength } from "../core/quantity.js";
import type { Registration } from "../core/registration.js";
import type { Matrix3, Transform } from "../core/transform.js";
import { kernels } from "../kernel/lane.js";
import type { Arena } from "../kernel/memory.js";
import { boundingArea, boundingSide } from "./bounds.js";
import { chooseFamily, familiesOf, type Model, settleFamily } from "./choose-family.js";
import { coverage } from "./coverage.js";
import { estimateFromNames } from "./estimate-named.js";
import { type Family, minimalSample } from "./fit.js";
import { PointField, pointSupport } from "./graph/point-support.js";
import { estimateError, heldOutRmse } from "./held-out.js";
import { type Consensus, consensusOf, shuffledInlierShare } from "./null-test.js";
import { findOverlap } from "./overlap.js";
import { type PlanePair, readPair, similarityUnder, startingMap } from "./pair.js";
import { plausibility } from "./plausibility.js";
import { squaredResiduals } from "./residual.js";
import { robustFit } from "./robust.js";
import { type SecondPass, secondPass } from "./second-pass.js";
import { type Evidence, judge } from "./verdict.js";
import { type Ties, type WeightedFit, weightedFit } from "./weighted-fit.js";

export interface EstimateOptions {
  /** Longest residual of an inlier; pixels are the moving image's. */
  readonly inlierDistance: Length;
  /** Match again near the first result, where the images are known. */
  readonly guided: boolean;
  /** Share of samples that may miss the best map, as confidence 0 to 1. */
  readonly confidence: number;
  /** Whether a map may turn the image over; only named tie points can tell. */
  readonly reflection?: "refuse" | "allow";
}

type Outputs = { transform: "transform"; matches: "matches" };

/**
 * Turns tie points into a map of a family, with its verdict: a robust fit to find the consensus, a guided second pass for
 * accuracy where the images are known, a weighted least-squares fit, and the evidence for and against it.
 *
 * The model `auto` takes the stiffest of similarity, affine and projective that the tie points are content with: first by
 * what chance explains least, then, of the accurate tie points of the second pass, by the expected error.
 *
 * Never throws for bad tie points: too few, or none that agree, give a rejected verdict's reasons as failure.
 */
export async function estimateFromMatches(
  model: Model,
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
  const { fixed, moving, names } = matches;
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
  if (names) return estimateFromNames(model, matches, options, context);
  if (options.reflection === "allow") {
    return failed(
      problem(
        "reflection-needs-names",
        "reflection: allow is for named points, which were not given",
        "Pair points by match/landmarks; or flip the file.",
      ),
    );
  }
  const area = images
    ? images.moving.grid.width * images.moving.grid.height * movingSpacing ** 2
    : boundingArea(moving);
  const families = familiesOf(model);
  const sets = matches.pointSets;
  const field = sets && new PointField(sets.moving);
  // Where the tie points were chosen by their places, all points are on trial.
  const trials = sets ? Math.max(n, sets.fixed.length / 2) : n;
  const supportOf = (family: Family, matrix: Matrix3): Consensus =>
    sets && field
      ? pointSupport(matrix, sets.fixed, field, threshold, Math.max(sets.sample, minimalSample[family]))
      : consensusOf(family, matrix, fixed, moving, threshold, area, 3 * fixedSpacing, 3 * movingSpacing);
  const { random, signal } = context;
  const affineSupport = (): Consensus | undefined => {
    const fit = robustFit("affine", fixed, moving, { threshold, random, signal });
    return fit.ok ? supportOf("affine", fit.value.matrix) : undefined;
  };
  const rough = chooseFamily(
    families,
    fixed,
    moving,
    { threshold, random, confidence: options.confidence, signal },
    supportOf,
  );
  if (!rough.ok) return rough;
  const first = rough.value.fit;
  let { family, consensus } = rough.value;
  const shuffledShare = shuffledInlierShare(family, fixed, moving, threshold, random);
  context.progress(0.2);

  using arena = kernels().arena();
  let pair: PlanePair | undefined;
  let ties: Ties = { fixed, moving };
  let fit = weightedFit(family, ties, first.matrix, threshold, movingSpacing);
  let guided: { inliers: number; share: number } | undefined;
  let agreed: number | undefined;
  // A map that chance explains is not worth a second look. One that it hardly explains is: the refined map must then find
  // its support among the first tie points.
  const lookable = options.guided && matches.comparable !== false;
  const worthwhile = lookable && consensus.log10Nfa < 0 && consensus.inliers > minimalSample[family] + 2;
  if (images && matches.comparable !== false) {
    const budget = Math.max(1e6, Math.min(16e6, context.memory / 4 / 8));
    pair = await readPair(arena, images, budget, context.signal);
    if (worthwhile) {
      const again = lookAgain(arena, families, family, pair, fit.matrix, threshold, movingSpacing, context);
      family = again.family;
      const { second } = again;
      if (second) {
        ties = second.ties;
        fit = second.fit;
        // The better map may show that more of the first tie points were right.
        const support = supportOf(family, fit.matrix);
        if (support.log10Nfa < consensus.log10Nfa) consensus = support;
        agreed = second.agreement;
        guided = { inliers: second.fit.use.length, share: second.fit.use.length / Math.max(1, second.tried) };
      }
    }
  }
  const freer = sets && !guided && minimalSample[family] < 3 ? affineSupport() : undefined;
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
    features: {
      matches: trials,
      inliers: consensus.inliers,
      inlierShare: consensus.inliers / trials,
      log10Nfa: consensus.log10Nfa,
      shuffledShare: (shuffledShare * n) / trials,
      rivalShare: Math.max(first.rivalScore / first.score, sets?.rivalShare ?? 0),
      ...(guided ? { guided } : {}),
      ...(freer && freer.log10Nfa < consensus.log10Nfa - FREER ? { freer: freer.inliers } : {}),
    },
    fitRmse: rmse(fit.matrix, ties, fit.use) / movingSpacing,
    heldOutRmse: heldOutRmse(family, ties.fixed, ties.moving, fit.use, fit.weight) / movingSpacing,
    expectedError: error.expected / movingSpacing,
    noise: error.noise / movingSpacing,
    misfit: error.misfit / movingSpacing,
    coverage: coverage(places, usedPoints),
    ...(agreed === undefined ? {} : { agreement: agreed }),
    ...(overlap ? { overlap: overlap.ofSmaller } : {}),
    ...(pair ? { similarity: compare(pair, fit.matrix) } : {}),
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

/** Decades of false alarms by which an affine map must do better for a stiffer one to be in doubt. */
const FREER = 10;

/** The second pass, and once more by a looser family where its tie points ask for one. */
function lookAgain(
  arena: Arena,
  families: readonly Family[],
  family: Family,
  pair: PlanePair,
  start: Matrix3,
  threshold: number,
  movingSpacing: number,
  context: Context,
): { readonly family: Family; readonly second: SecondPass | undefined } {
  const second = secondPass(arena, family, pair, start, movingSpacing, context);
  if (!second || families.length === 1) return { family, second };
  const { places } = findOverlap(asTransform(family, second.fit.matrix), pair.fixed.grid, pair.moving.grid);
  const settled = settleFamily(families, second.ties, second.fit, threshold, movingSpacing, places);
  if (!settled || settled.family === family) return { family, second };
  if (families.indexOf(settled.family) < families.indexOf(family))
    return { family: settled.family, second: { ...second, fit: settled.fit } };
  const looser = secondPass(arena, settled.family, pair, settled.fit.matrix, movingSpacing, context);
  return looser ? { family: settled.family, second: looser } : { family, second };
}

function compare(pair: PlanePair, matrix: Matrix3) {
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
    ...(matches.comparable === false ? { comparable: false as const } : {}),
    ...(matches.pointSets ? { pointSets: matches.pointSets } : {}),
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
