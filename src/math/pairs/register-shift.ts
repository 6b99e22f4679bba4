import { type Diagnostic, failed, ok, problem, type Result, warning } from "../../core/diagnostic.js";
import { applyAffine, type Grid } from "../../core/grid.js";
import type { Image } from "../../core/image.js";
import type { Context } from "../../core/plugin.js";
import type { Points } from "../../core/points.js";
import type { Registration } from "../../core/registration.js";
import { apply, invert, type Matrix3 } from "../../core/transform.js";
import type { Verdict } from "../../core/verdict.js";
import { kernels } from "../../kernel/lane.js";
import { coverage } from "../coverage.js";
import { wrongMask } from "../features/match-images.js";
import { findOverlap } from "../overlap.js";
import { readPair, similarityUnder, startingMap, worldMap } from "../pair.js";
import { judge } from "../verdict.js";
import { type FoundShift, findShift, type ShiftSearch } from "./find-shift.js";
import { likeFixed, type ShiftSide } from "./shift-images.js";

export interface ShiftInputs {
  readonly fixed: Image;
  readonly moving: Image;
  readonly fixedMask?: Image | undefined;
  readonly movingMask?: Image | undefined;
}

/** Shorter images have too little to compare. */
const LEAST_SIDE = 16;

/**
 * Registers two images of one scale and direction by a shift, and says whether it can be believed.
 *
 * Worlds may have other pixel sizes, as long as they are one world: the moving image is then resampled first.
 */
export async function registerByShift(
  inputs: ShiftInputs,
  search: ShiftSearch,
  { signal }: Pick<Context, "signal">,
): Promise<Result<Registration & { readonly verdict: Verdict }>> {
  const { fixed, moving } = inputs;
  const wrong = [...wrongMask("fixed", fixed, inputs.fixedMask), ...wrongMask("moving", moving, inputs.movingMask)];
  if (wrong.length > 0) return failed(...wrong);
  const side = likeFixed(fixed.grid, { image: moving, mask: inputs.movingMask });
  const small = [...tooSmall("fixed", fixed.grid), ...tooSmall("moving", side.image.grid)];
  if (small.length > 0) return failed(...small);
  using arena = kernels().arena();
  const start = startOf(fixed.grid, side.image.grid);
  const found = await findShift(arena, { image: fixed, mask: inputs.fixedMask }, side, start, search, signal);
  if (!found) return failed(nothingToCompare());
  signal.throwIfAborted();
  const matrix = worldMap([1, 0, -found.x, 0, 1, -found.y, 0, 0, 1], fixed.grid, side.image.grid);
  const [a, b, c, d, e, f] = matrix;
  const transform = { type: "affine", matrix: [a, b, c, d, e, f] } as const;
  const verdict = await judgeShift(inputs, side, found, matrix, signal);
  return ok({ transform, fixed: fixed.grid, moving: moving.grid, verdict });
}

/** Where the first moving pixel lies in the fixed image, as worlds have it; first on first where they are not the same. */
function startOf(fixed: Grid, moving: Grid): readonly [number, number] {
  if (fixed.crs !== moving.crs) return [0, 0];
  const [x, y] = applyAffine(moving.worldFromPixel, new Float64Array(2));
  const [u, v] = apply(
    invert({ type: "affine", matrix: fixed.worldFromPixel }),
    Float64Array.of(x!, y!) as Points<"world">,
  );
  return [u!, v!];
}

/** The best place must beat any other by this factor to be believed, and by the larger one to be safe. */
const [CLEAR, SAFE] = [1.25, 1.6];
/** Less of the texture that agrees with the shift, and the images show something else. */
const LEAST_AGREEMENT = 0.2;

async function judgeShift(
  { fixed, moving }: ShiftInputs,
  side: ShiftSide,
  found: FoundShift,
  matrix: Matrix3,
  signal: AbortSignal,
): Promise<Verdict> {
  const { capture, windows } = found;
  const agreeing = windows.filter((w) => w.agrees);
  const texture = (of: typeof windows) => of.reduce((sum, w) => sum + w.texture, 0);
  const agreement = windows.length > 0 ? texture(agreeing) / texture(windows) : 0;
  const noise = Math.sqrt(found.xx + found.yy);
  // What the windows' own errors do not explain: a turn, a scale, something that moved.
  const excess = agreeing.reduce((sum, w) => sum + w.x * w.x + w.y * w.y - w.variance, 0) / agreeing.length;
  const misfit = agreeing.length > 1 ? Math.sqrt(Math.max(0, excess)) : 0;
  const squares = agreeing.reduce((sum, w) => sum + w.x * w.x + w.y * w.y, 0) / agreeing.length;
  const overlap = findOverlap({ type: "projective", matrix }, fixed.grid, side.image.grid);
  using arena = kernels().arena();
  const pair = await readPair(arena, { fixed, moving }, 1e6, signal);
  const places = applyAffine(fixed.grid.worldFromPixel, Float64Array.from(agreeing.flatMap((w) => [...w.at])));
  // Windows may be far apart; each speaks for what lies next to it.
  const verdict = judge(
    {
      family: "translation",
      ...{
        fitRmse: Math.sqrt(squares),
        heldOutRmse: Number.NaN,
        expectedError: Math.sqrt(noise * noise + misfit * misfit),
      },
      ...{ noise, misfit, coverage: coverage(overlap.places, places), agreement, overlap: overlap.ofSmaller },
      similarity: {
        before: similarityUnder(arena, pair, startingMap(pair)),
        after: similarityUnder(arena, pair, matrix),
      },
      ...{ scale: 1, anisotropy: 1, scaleSpread: 1, reflected: false },
      diagonal: Math.sqrt(moving.grid.width ** 2 + moving.grid.height ** 2),
    },
    found.converged ? "converged" : "did-not-converge",
  );
  const margin = capture.score / Math.max(capture.rival, 0.01);
  const reasons = [...peakReasons(margin, agreement, found), ...verdict.reasons];
  const px = (value: number) => ({ value, unit: "px" });
  return {
    ...verdict,
    status: reasons.some((r) => r.severity === "error") ? "rejected" : reasons.length > 0 ? "suspect" : "accepted",
    reasons,
    metrics: {
      ...verdict.metrics,
      peak: { value: capture.score },
      margin: { value: Math.min(margin, 100) },
      blocks: { value: windows.length },
      ...(found.converged ? { "sigma-x": px(Math.sqrt(found.xx)), "sigma-y": px(Math.sqrt(found.yy)) } : {}),
    },
  };
}

function peakReasons(margin: number, agreement: number, found: FoundShift): Diagnostic[] {
  const reasons: Diagnostic[] = [];
  if (margin < CLEAR || agreement < LEAST_AGREEMENT || !found.converged) {
    reasons.push(
      problem(
        "no-clear-shift",
        `No shift stands out: the best one agrees ${margin.toFixed(2)} times as well as another one, and ${(100 * agreement).toFixed(0)} % of the texture follows it`,
        "The images may not show the same place, or one is turned, scaled or of another kind: try match/features or match/structure. Stripes and repeated patterns fit at many shifts: a smaller max-shift may help.",
      ),
    );
  } else if (margin < SAFE) {
    reasons.push(
      warning(
        "ambiguous",
        `Another shift agrees nearly as well (${(100 / margin).toFixed(0)} %)`,
        "The scene may repeat itself: look at the overlay, or give a smaller max-shift.",
      ),
    );
  }
  return reasons;
}

function tooSmall(name: string, { width, height }: Grid): Diagnostic[] {
  if (Math.min(width, height) >= LEAST_SIDE) return [];
  return [
    problem(
      "too-small-for-shift",
      `Expected at least ${LEAST_SIDE} pixels on each side of the ${name} image, but it has ${width} x ${height}`,
      "Use larger images.",
    ),
  ];
}

const nothingToCompare = () =>
  problem(
    "nothing-to-compare",
    "At no shift do both images show texture in one place",
    "Check the masks, and the nodata value that the files declare; an image may be blank or saturated, or max-shift too small.",
  );
