import { failed, ok, problem, type Result } from "../core/diagnostic.js";
import { spacing } from "../core/grid.js";
import type { Matches } from "../core/matches.js";
import type { Context, Outcome } from "../core/plugin.js";
import type { Registration } from "../core/registration.js";
import { applyMatrix3, type Matrix3, multiplyMatrix3, type Transform } from "../core/transform.js";
import { kernels } from "../kernel/lane.js";
import { familiesOf, type Model } from "./choose-family.js";
import { coverage } from "./coverage.js";
import { type Family, fitMap, freedom, minimalSample } from "./fit.js";
import { findMisfits, jackknife, leaveOneOut, missAt, type PointFit } from "./leave-out.js";
import { findOverlap } from "./overlap.js";
import { readPair, similarityUnder, startingMap } from "./pair.js";
import { plausibility } from "./plausibility.js";
import { type Evidence, judge } from "./verdict.js";

export interface NamedOptions {
  /** Whether a map may turn the image over. */
  readonly reflection?: "refuse" | "allow";
}

/**
 * Turns tie points that someone named into a map of a family, with its verdict.
 *
 * All points count, by their confidence: whoever set them knew, and chance need not be beaten. What tells the error are
 * points that are left out one at a time. Points that are far out of line are told by name, and left out of the fit where
 * enough others agree; the result is then suspect.
 *
 * The model `auto` takes the stiffest of similarity, affine and projective that predicts points left out about as well as any.
 */
export async function estimateFromNames(
  model: Model,
  matches: Matches,
  { reflection }: NamedOptions,
  context: Context,
): Promise<Outcome<{ transform: "transform"; matches: "matches" }>> {
  const { fixed, moving, images } = matches;
  const names = matches.names!;
  const n = fixed.length / 2;
  const weight = matches.weight ?? new Float64Array(n).fill(1);
  const pixel = images ? spacing(images.moving.grid) : 1;
  const chosen = choose(model, fixed, moving, weight, reflection === "allow");
  if (!chosen.ok) return chosen;
  const { family, fitOf } = chosen.value;
  const { odd, swapped } = findMisfits(fitOf, fixed, moving, weight, minimalSample[family]);
  const wrong = new Set([...odd, ...swapped.flat()]);
  const use = Int32Array.from({ length: n }, (_, i) => i).filter((i) => !wrong.has(i));
  const fit = fitMatrix(family, fixed, moving, use, weight, reflection === "allow");
  if (!fit.ok) return fit;
  context.progress(0.3);

  const matrix = fit.value;
  const map = (points: Float64Array) => applyMatrix3(matrix, points);
  const transform: Transform =
    family === "projective"
      ? { type: "projective", matrix }
      : { type: "affine", matrix: [matrix[0], matrix[1], matrix[2], matrix[3], matrix[4], matrix[5]] };
  const overlap = images ? findOverlap(transform, images.fixed.grid, images.moving.grid) : undefined;
  const used = pick(fixed, use);
  const places = overlap && overlap.places.length > 0 ? overlap.places : used;
  const left = leaveOneOut(fitOf(fixed, moving), fixed, moving, use, weight);
  const residual = Float64Array.from({ length: n }, (_, i) => missAt(map, fixed, moving, i));
  let sum = 0;
  let total = 0;
  for (const i of use) {
    sum += weight[i]! * residual[i]! ** 2;
    total += weight[i]!;
  }
  const fitRmse = Math.sqrt(sum / total);
  // Each point gives two numbers; the map takes its own from them.
  const spare = 1 - freedom[family] / (2 * use.length);
  const misfit = spare > 0 ? fitRmse / Math.sqrt(spare) : Number.NaN;
  const noise = jackknife(left.maps, places);

  using arena = kernels().arena();
  const pair = images ? await readPair(arena, images, 1e6, context.signal) : undefined;
  const evidence: Evidence = {
    family,
    named: {
      count: n,
      used: use.length,
      least: minimalSample[family],
      relative: left.rms / spreadOf(moving, use),
      odd: odd.map((i) => names[i]!),
      swapped: swapped.map(([i, j]) => [names[i]!, names[j]!] as const),
    },
    fitRmse: fitRmse / pixel,
    heldOutRmse: left.rms / pixel,
    expectedError: Math.sqrt(noise * noise + misfit * misfit) / pixel,
    noise: noise / pixel,
    misfit: misfit / pixel,
    coverage: coverage(places, used),
    ...(overlap ? { overlap: overlap.ofSmaller } : {}),
    ...(pair
      ? {
          similarity: {
            before: similarityUnder(arena, pair, startingMap(pair)),
            after: similarityUnder(arena, pair, matrix),
          },
        }
      : {}),
    ...plausibility(matrix, places),
    mayReflect: reflection === "allow",
    diagonal: images ? Math.sqrt(images.moving.grid.width ** 2 + images.moving.grid.height ** 2) : 0,
  };
  const verdict = judge(evidence, "all-points-used");
  const registration: Registration = {
    transform,
    ...(images ? { fixed: images.fixed.grid, moving: images.moving.grid } : {}),
    verdict,
  };
  const inlier = Uint8Array.from({ length: n }, (_, i) => (wrong.has(i) ? 0 : 1));
  return {
    ok: true,
    value: { transform: registration, matches: { ...matches, inlier, residual } },
    metrics: verdict.metrics,
    verdict,
  };
}

interface Chosen {
  readonly family: Family;
  readonly fitOf: (fixed: Float64Array, moving: Float64Array) => PointFit;
}

/** The family asked for; or the stiffest that predicts points left out within a fifth of what the best does. */
function choose(
  model: Model,
  fixed: Float64Array,
  moving: Float64Array,
  weight: Float64Array,
  mayReflect: boolean,
): Result<Chosen> {
  const n = fixed.length / 2;
  const all = Int32Array.from({ length: n }, (_, i) => i);
  const tried: (Chosen & { readonly rms: number })[] = [];
  for (const family of familiesOf(model)) {
    const least = minimalSample[family];
    if (n < least) {
      if (tried.length > 0) break;
      return failed(
        problem(
          "too-few-matches",
          `Expected at least ${least} named points for ${family}, but found ${n}`,
          n >= 2 && family !== "similarity" ? "Set more points, or use estimate/similarity." : "Set more points.",
        ),
      );
    }
    const fitOf =
      (from: Float64Array, to: Float64Array): PointFit =>
      (use) => {
        const fit = fitMatrix(family, from, to, use, weight, mayReflect);
        return fit.ok ? ok((points) => applyMatrix3(fit.value, points)) : fit;
      };
    const { rms } = leaveOneOut(fitOf(fixed, moving), fixed, moving, all, weight);
    tried.push({ family, fitOf, rms: n >= least + 2 ? rms : Number.POSITIVE_INFINITY });
  }
  const best = Math.min(...tried.map((t) => t.rms));
  return ok(tried.find((t) => t.rms <= 1.2 * best) ?? tried[0]!);
}

const mirror: Matrix3 = [-1, 0, 0, 0, 1, 0, 0, 0, 1];

/** A fit of a family, or of its mirror image where that may be and is the better one. */
function fitMatrix(
  family: Family,
  fixed: Float64Array,
  moving: Float64Array,
  use: Int32Array,
  weight: Float64Array,
  mayReflect: boolean,
): Result<Matrix3> {
  const plain = fitMap(family, fixed, moving, use, weight);
  if (!mayReflect || family === "affine" || family === "projective") return plain;
  const turned = fitMap(family, applyMatrix3(mirror, fixed), moving, use, weight);
  if (!turned.ok) return plain;
  const over = multiplyMatrix3(turned.value, mirror);
  if (!plain.ok) return ok(over);
  const missOf = (m: Matrix3) => {
    let sum = 0;
    for (const i of use) sum += weight[i]! * missAt((p) => applyMatrix3(m, p), fixed, moving, i) ** 2;
    return sum;
  };
  return ok(missOf(over) < missOf(plain.value) ? over : plain.value);
}

/** Root mean square distance of points from their middle. */
function spreadOf(points: Float64Array, use: Int32Array): number {
  let [x, y] = [0, 0];
  for (const i of use) {
    x += points[2 * i]! / use.length;
    y += points[2 * i + 1]! / use.length;
  }
  let sum = 0;
  for (const i of use) sum += (points[2 * i]! - x) ** 2 + (points[2 * i + 1]! - y) ** 2;
  return Math.sqrt(sum / use.length);
}

const pick = (points: Float64Array, use: Int32Array): Float64Array =>
  Float64Array.from({ length: 2 * use.length }, (_, k) => points[2 * use[k >> 1]! + (k & 1)]!);
