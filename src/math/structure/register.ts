import { spacing } from "../../core/grid.js";
import type { Matches } from "../../core/matches.js";
import type { Context, Outcome } from "../../core/plugin.js";
import type { Matrix3, Transform } from "../../core/transform.js";
import type { Verdict } from "../../core/verdict.js";
import { kernels } from "../../kernel/lane.js";
import { boundingSide } from "../bounds.js";
import { coverage } from "../coverage.js";
import { type Family, fitMap } from "../fit.js";
import { heldOutRmse, localMisfit } from "../held-out.js";
import { findOverlap } from "../overlap.js";
import { readPair, similarityUnder, startingMap } from "../pair.js";
import type { PairInputs } from "../pair-inputs.js";
import { plausibility } from "../plausibility.js";
import { squaredResiduals } from "../residual.js";
import { type Evidence, judge } from "../verdict.js";
import { alignByStructure, type StructureAlignment, type StructureOptions } from "./align.js";

/**
 * Error that no tie point shows, because all share it: the edges of one thing lie a part of a pixel apart in images of
 * different kinds. About as large as what blocks do not share, but at most half a pixel of the level.
 */
const sharedError = ({ halves, levelPixel }: StructureAlignment): number =>
  Math.max(0.02 * levelPixel, Math.min(1.5 * halves, 0.5 * levelPixel));

export interface RegisterOptions extends Omit<StructureOptions, "model"> {
  /** Others than similarity and affine are fitted to the tie points that the next looser or stiffer of the two leads to. */
  readonly model: Family;
}

/** Aligns two images by structure, and says how far the result can be believed. */
export async function registerByStructure(
  inputs: PairInputs,
  options: RegisterOptions,
  context: Context,
): Promise<Outcome<{ transform: "transform"; matches: "matches" }>> {
  const { model } = options;
  const searched = model === "affine" || model === "projective" ? "affine" : "similarity";
  const aligned = await alignByStructure(inputs, { ...options, model: searched }, context);
  if (!aligned.ok) return aligned;
  context.progress(0.95);
  const { fixed, moving } = inputs;
  const { ties } = aligned.value;
  const fit = model === searched ? undefined : fitMap(model, ties.fixed, ties.moving, undefined, ties.weight);
  const found = fit?.ok ? { ...aligned.value, matrix: fit.value } : aligned.value;
  const { matrix } = found;
  const transform: Transform =
    model === "projective" ? { type: "projective", matrix } : { type: "affine", matrix: affinePart(matrix) };
  const matches = tiePoints(inputs, found);
  const verdict = await judgeAlignment(inputs, options, found, matches, context.signal);
  return {
    ok: true,
    value: { transform: { transform, fixed: fixed.grid, moving: moving.grid, verdict }, matches },
    metrics: verdict.metrics,
    verdict,
  };
}

/** The verdict on an alignment by structure, on the scale of all registrations. */
export async function judgeAlignment(
  inputs: PairInputs,
  options: Pick<RegisterOptions, "model" | "flips">,
  found: StructureAlignment,
  matches: Matches,
  signal: AbortSignal,
): Promise<Verdict> {
  const { fixed, moving } = inputs;
  const { matrix, ties } = found;
  const pixel = spacing(moving.grid);
  const overlap = findOverlap({ type: "projective", matrix }, fixed.grid, moving.grid);
  const use = Int32Array.from(matches.inlier!.keys()).filter((n) => matches.inlier![n] === 1);
  const { places } = overlap;
  const cell = boundingSide(places) / 6;
  const { coarseTies: coarse } = found;
  const all = Int32Array.from(coarse.weight.keys());
  const misfit = localMisfit(matrix, coarse.fixed, coarse.moving, all, coarse.weight, cell) / pixel;
  using arena = kernels().arena();
  const pair = await readPair(arena, { fixed, moving }, 1e6, signal);
  const evidence: Evidence = {
    family: options.model,
    structure: found.evidence,
    fitRmse: Math.sqrt(use.reduce((sum, n) => sum + matches.residual![n]! ** 2, 0) / use.length) / pixel,
    heldOutRmse: heldOutRmse(options.model, ties.fixed, ties.moving, use, ties.weight) / pixel,
    expectedError: Math.sqrt(found.halves ** 2 + misfit ** 2 + sharedError(found) ** 2),
    noise: found.halves,
    misfit,
    coverage: coverage(places, pointsOf(ties.fixed, use)),
    overlap: overlap.ofSmaller,
    similarity: {
      before: similarityUnder(arena, pair, startingMap(pair)),
      after: similarityUnder(arena, pair, matrix),
    },
    ...plausibility(matrix, places),
    mayReflect: options.flips,
    diagonal: Math.sqrt(moving.grid.width ** 2 + moving.grid.height ** 2),
  };
  return judge(evidence, stopped(found));
}

function stopped({ levels }: StructureAlignment): string {
  const last = levels[levels.length - 1];
  return last && !last.taken ? "finer-detail-does-not-agree" : "converged";
}

/** A tie point is an inlier within as many pixels of its level. */
const INLIER = 3;

export function tiePoints({ fixed, moving }: PairInputs, found: StructureAlignment): Matches {
  const { ties, matrix, levelPixel } = found;
  const squared = new Float64Array(ties.weight.length);
  squaredResiduals(matrix, ties.fixed, ties.moving, squared);
  const reach = INLIER * levelPixel * spacing(moving.grid);
  return {
    ...{ fixed: ties.fixed, moving: ties.moving, weight: ties.weight },
    inlier: Uint8Array.from(squared, (r) => (r <= reach * reach ? 1 : 0)),
    residual: squared.map(Math.sqrt),
    correlation: { length: found.tieExtent, sharedError: sharedError(found) * spacing(moving.grid) },
    images: { fixed, moving },
  };
}

const affinePart = (m: Matrix3) => [m[0], m[1], m[2], m[3], m[4], m[5]] as const;

const pointsOf = (points: Float64Array, use: Int32Array): Float64Array =>
  Float64Array.from({ length: 2 * use.length }, (_, i) => points[2 * use[i >> 1]! + (i & 1)]!);
