import { failed, ok, problem, type Result } from "../../core/diagnostic.js";
import { applyAffine, spacing } from "../../core/grid.js";
import type { Matches } from "../../core/matches.js";
import type { Context, Outcome } from "../../core/plugin.js";
import { type Length, worldLength } from "../../core/quantity.js";
import type { Registration } from "../../core/registration.js";
import { applyMatrix3 } from "../../core/transform.js";
import { kernels } from "../../kernel/lane.js";
import { boundingArea, boundingSide } from "../bounds.js";
import { coverage } from "../coverage.js";
import { fitMap } from "../fit.js";
import { findMisfits } from "../leave-out.js";
import { findOverlap } from "../overlap.js";
import { readPair, similarityThrough, similarityUnder, startingMap } from "../pair.js";
import { type Evidence, type FeatureEvidence, judge, type NamedEvidence } from "../verdict.js";
import { bendingError, lattice } from "./bending-error.js";
import { withBending } from "./bending-verdict.js";
import { type BendingModel, type GroupedFit, type GroupedOptions, groupedFit, pick } from "./grouped-fit.js";
import { bendingShape } from "./shape.js";
import { smoothInliers } from "./smooth-inliers.js";
import { type StraightPart, straightAmongWrong, straightOfTrusted } from "./straight-part.js";

export interface BendingOptions {
  /** Longest residual of an inlier; pixels are the moving image's. */
  readonly inlierDistance: Length;
  /** Chosen by leave-one-out when absent; 0 goes through every point. */
  readonly smoothing: number | undefined;
  /** Whether tie points may be wrong; `auto` takes those of a matcher, and large sets, for fallible. */
  readonly outliers: "auto" | "remove" | "keep";
  readonly maxKnots: number;
  /** Of a B-spline; pixels are the fixed image's. */
  readonly latticeSpacing?: Length | undefined;
  /** Whether the map may turn the image over. */
  readonly reflection: "refuse" | "allow";
  readonly confidence: number;
}

type Outputs = { transform: "transform"; matches: "matches" };

/** So many points may be taken for marked by hand, each with care. */
const BY_HAND = 60;

/**
 * Turns tie points into a map that bends, with its verdict on the scale of all estimators.
 *
 * Wrong tie points are thrown out first: by an affine map that most agree with, loosely; by their neighbours; and by what a
 * smooth map without them says. Points marked by hand are all kept. Then a thin-plate spline or a B-spline follows the tie
 * points as closely as leaving each out shows to be right. The evidence against chance is that of the affine part.
 */
export async function estimateBending(
  model: BendingModel,
  matches: Matches,
  options: BendingOptions,
  context: Context,
): Promise<Outcome<Outputs>> {
  const { fixed, moving, images } = matches;
  const n = fixed.length / 2;
  const [fixedSpacing, movingSpacing] = images ? [spacing(images.fixed.grid), spacing(images.moving.grid)] : [1, 1];
  const lengths = lengthsOf(matches, options);
  if (!lengths.ok) return lengths;
  const { distance, latticeSpacing } = lengths.value;
  const wrong = unusable(matches);
  if (wrong) return wrong;
  const isFallible =
    options.outliers === "remove" ||
    (options.outliers === "auto" &&
      !matches.names &&
      (matches.detected !== undefined || matches.correlation !== undefined || n > BY_HAND));
  const trust = trustOf(matches, isFallible);
  const candidates = Int32Array.from(trust.keys()).filter((i) => trust[i]! > 0);
  const straightOptions = {
    ...{ distance, confidence: options.confidence, random: context.random, signal: context.signal },
    ...{ extent: boundingSide(moving), fixedCell: 3 * fixedSpacing, movingCell: 3 * movingSpacing },
    area: Math.min(
      images ? images.moving.grid.width * images.moving.grid.height * movingSpacing ** 2 : boundingArea(moving),
      isFallible ? searchedArea(matches, movingSpacing) : Number.POSITIVE_INFINITY,
    ),
  };
  const found = isFallible
    ? straightAmongWrong(fixed, moving, straightOptions)
    : straightOfTrusted(fixed, moving, trust, candidates, straightOptions);
  if (!found.ok) return tooLittle(found, candidates.length);
  const straight = found.value;
  context.progress(0.2);

  const fitOptions: GroupedOptions = {
    ...{ model, maxKnots: options.maxKnots },
    ...(options.smoothing === undefined ? {} : { smoothing: options.smoothing }),
    ...(latticeSpacing === undefined ? {} : { latticeSpacing }),
    ...(matches.correlation ? { correlationLength: matches.correlation.length } : {}),
  };
  const chosen = isFallible
    ? smoothInliers(fixed, moving, trust, straight, { ...fitOptions, distance, movingSpacing }, context.signal)
    : { use: candidates, weight: trust };
  const made = groupedFit(fixed, moving, chosen.use, chosen.weight, straight.matrix, fitOptions);
  if (!made.ok) return made;
  const fit = made.value;
  context.progress(0.6);
  context.signal.throwIfAborted();

  const kind = { mirror: options.reflection === "allow", marked: !isFallible };
  const verdict = await evidenceOf(matches, straight, chosen, fit, fitOptions, movingSpacing, kind, context);
  const registration: Registration = {
    transform: fit.transform,
    ...(images ? { fixed: images.fixed.grid, moving: images.moving.grid } : {}),
    verdict,
  };
  return {
    ok: true,
    value: { transform: registration, matches: judged(matches, chosen, fit) },
    metrics: verdict.metrics,
    verdict,
  };
}

async function evidenceOf(
  matches: Matches,
  straight: StraightPart,
  { use, weight }: { readonly use: Int32Array; readonly weight: Float64Array },
  fit: GroupedFit,
  fitOptions: GroupedOptions,
  movingSpacing: number,
  { mirror, marked }: { readonly mirror: boolean; readonly marked: boolean },
  context: Context,
) {
  const { fixed, moving, images } = matches;
  const n = fixed.length / 2;
  const used = pick(fixed, use);
  const overlap = images ? findOverlap(fit.transform, images.fixed.grid, images.moving.grid) : undefined;
  const domain = lattice(images?.fixed.grid, used);
  const places = overlap && overlap.places.length > 0 ? overlap.places : domain;
  const [a, b, , d, e] = straight.matrix;
  const mirrored = a * e - b * d < 0;
  const step = images ? spacing(images.fixed.grid) : boundingSide(used) / 1000;
  const shape = bendingShape(fit.transform, domain, used, step, mirrored);
  const error = bendingError(
    fixed,
    moving,
    use,
    weight,
    straight.matrix,
    fit,
    fitOptions,
    places,
    matches.correlation?.sharedError ?? 0.01 * movingSpacing,
  );
  const square = (v: Float64Array, at: number) => v[2 * at]! ** 2 + v[2 * at + 1]! ** 2;
  let fitSquare = 0;
  let departureSquare = 0;
  const affine = applyAffine(straight.matrix, fixed);
  for (const i of use) {
    fitSquare += square(fit.residual, i) / use.length;
    departureSquare +=
      ((affine[2 * i]! - moving[2 * i]!) ** 2 + (affine[2 * i + 1]! - moving[2 * i + 1]!) ** 2) / use.length;
  }
  using arena = kernels().arena();
  const similarity = images ? await compare(arena) : undefined;
  async function compare(inner: ReturnType<ReturnType<typeof kernels>["arena"]>) {
    const pair = await readPair(inner, images!, 1e6, context.signal);
    const before = similarityUnder(inner, pair, startingMap(pair));
    return { before, after: await similarityThrough(inner, pair, images!.moving, fit.transform, context.signal) };
  }
  const basis: Evidence = {
    family: "affine",
    ...(matches.names && marked
      ? { named: namedEvidence(matches, use, error.heldOut) }
      : { features: featureEvidence(n, straight) }),
    fitRmse: Math.sqrt(fitSquare) / movingSpacing,
    ...{ heldOutRmse: error.heldOut / movingSpacing, expectedError: error.expected / movingSpacing },
    ...{ noise: error.noise / movingSpacing, misfit: error.misfit / movingSpacing },
    coverage: coverage(places, used),
    ...(overlap ? { overlap: overlap.ofSmaller } : {}),
    ...(similarity ? { similarity } : {}),
    ...{ scale: shape.scale, anisotropy: shape.anisotropy, scaleSpread: shape.scaleSpread },
    ...{ reflected: mirrored, mayReflect: mirror },
    diagonal: images ? Math.sqrt(images.moving.grid.width ** 2 + images.moving.grid.height ** 2) : 0,
  };
  const stopped = fit.smoothing === Number.POSITIVE_INFINITY ? "no-bending-found" : "converged";
  return withBending(judge(basis, stopped), {
    ...{ shape, smoothing: fit.smoothing, freedom: fit.freedom, points: use.length },
    marked,
    nearMap: matches.inlier !== undefined && !marked,
    departure: Math.sqrt(departureSquare) / boundingSide(moving),
  });
}

const featureEvidence = (matches: number, { consensus, shuffledShare, rivalShare }: StraightPart): FeatureEvidence => ({
  ...{ matches, inliers: consensus.inliers, inlierShare: consensus.inliers / matches },
  ...{ log10Nfa: consensus.log10Nfa, shuffledShare, rivalShare },
});

/** Points that someone named: how well they agree, and which two look exchanged. */
function namedEvidence(matches: Matches, use: Int32Array, heldOut: number): NamedEvidence {
  const { fixed, moving } = matches;
  const names = matches.names!;
  const fitOf = (from: Float64Array, to: Float64Array) => (kept: Int32Array) => {
    const fit = fitMap("affine", from, to, kept);
    return fit.ok ? ok((points: Float64Array) => applyMatrix3(fit.value, points)) : fit;
  };
  const { swapped } = findMisfits(fitOf, fixed, moving, new Float64Array(names.length).fill(1), 3);
  const used = pick(moving, use);
  let [x, y, square] = [0, 0, 0];
  for (let i = 0; i < use.length; i++) [x, y] = [x + used[2 * i]! / use.length, y + used[2 * i + 1]! / use.length];
  for (let i = 0; i < use.length; i++) square += ((used[2 * i]! - x) ** 2 + (used[2 * i + 1]! - y) ** 2) / use.length;
  return {
    ...{ count: names.length, used: use.length, least: 3, relative: heldOut / Math.sqrt(square), odd: [] },
    swapped: swapped.map(([i, j]) => [names[i]!, names[j]!] as const),
  };
}

function lengthsOf(matches: Matches, options: BendingOptions): Result<{ distance: number; latticeSpacing?: number }> {
  const { images } = matches;
  const length = (value: Length, side: "fixed" | "moving") =>
    images ? worldLength(value, images[side].grid) : { ok: true as const, value: value.value };
  const distance = length(options.inlierDistance, "moving");
  if (!distance.ok) return distance;
  if (!(distance.value > 0)) {
    return failed(problem("inlier-distance", "inlier-distance must be longer than 0", "3 px suits most images."));
  }
  if (options.latticeSpacing === undefined) return { ok: true, value: { distance: distance.value } };
  const step = length(options.latticeSpacing, "fixed");
  if (!step.ok) return step;
  if (!(step.value > 0)) {
    return failed(
      problem("lattice-spacing", "lattice-spacing must be longer than 0", "Leave it out, and it is chosen."),
    );
  }
  return { ok: true, value: { distance: distance.value, latticeSpacing: step.value } };
}

function unusable({ fixed, moving }: Matches) {
  if (!fixed.every(Number.isFinite) || !moving.every(Number.isFinite)) {
    return failed(
      problem(
        "matches-not-finite",
        "A tie point has a coordinate that is not a finite number",
        "Check the file that the tie points come from.",
      ),
    );
  }
  return undefined;
}

/** Radius that a second look searches around its map, pixels. */
const SECOND_LOOK = 12;

/**
 * Where the moving points of tie points that come from an estimator may lie: its second look has searched only near its map,
 * so to lie near it says little. Infinite for tie points that come from a matcher, which has searched the whole image.
 */
function searchedArea({ fixed, moving, inlier }: Matches, movingSpacing: number): number {
  if (!inlier) return Number.POSITIVE_INFINITY;
  const use = Int32Array.from(inlier.keys()).filter((i) => inlier[i] === 1);
  const fit = fitMap("affine", fixed, moving, use);
  if (!fit.ok) return Number.POSITIVE_INFINITY;
  const mapped = applyMatrix3(fit.value, fixed);
  const square = Float64Array.from(
    inlier,
    (_, i) => (mapped[2 * i]! - moving[2 * i]!) ** 2 + (mapped[2 * i + 1]! - moving[2 * i + 1]!) ** 2,
  );
  const most = square.sort()[Math.floor(0.99 * (square.length - 1))]!;
  return Math.PI * Math.max(most, (SECOND_LOOK * movingSpacing) ** 2);
}

/** Confidence in each tie point; 0 for those that whoever marked them has taken out. */
function trustOf({ fixed, weight, inlier }: Matches, isFallible: boolean): Float64Array {
  const out = new Float64Array(fixed.length / 2).fill(1);
  for (let i = 0; i < out.length; i++) {
    if (weight) out[i] = weight[i]! > 0 ? Math.max(0.05, weight[i]!) : 0;
    if (!isFallible && inlier && !inlier[i]) out[i] = 0;
  }
  return out;
}

/** What an affine map cannot be had from, in the words of this estimator. */
function tooLittle(found: Result<unknown> & { ok: false }, count: number) {
  const [first] = found.diagnostics;
  if (first?.code !== "degenerate") return found;
  return failed(
    count < 3
      ? problem(
          "too-few-points",
          `A map that bends needs at least 3 tie points at different places, but there are ${count}`,
          "Mark more points, or use estimate/similarity or estimate/translation.",
        )
      : problem(
          "collinear",
          "All tie points lie on a line, or at fewer than 3 places, so nothing is known beside them",
          "Mark points spread over the image, or use estimate/similarity.",
        ),
  );
}

/** The tie points as they came, with what became of them. */
function judged(
  matches: Matches,
  { use, weight }: { readonly use: Int32Array; readonly weight: Float64Array },
  fit: GroupedFit,
): Matches {
  const n = matches.fixed.length / 2;
  const inlier = new Uint8Array(n);
  for (const i of use) inlier[i] = 1;
  let most = 0;
  for (const i of use) most = Math.max(most, weight[i]!);
  const residual = new Float64Array(n);
  for (let i = 0; i < n; i++) residual[i] = Math.sqrt(fit.residual[2 * i]! ** 2 + fit.residual[2 * i + 1]! ** 2);
  return { ...matches, weight: weight.map((w, i) => (inlier[i] && most > 0 ? w / most : 0)), inlier, residual };
}
