import { failed, ok, problem, type Result } from "../../core/diagnostic.js";
import { spacing } from "../../core/grid.js";
import type { Image } from "../../core/image.js";
import type { Context, Outcome } from "../../core/plugin.js";
import type { Registration } from "../../core/registration.js";
import { asMatrix3, type Matrix3, type Transform } from "../../core/transform.js";
import type { Course } from "../../core/verdict.js";
import { kernels } from "../../kernel/lane.js";
import { departureFrom } from "../departure.js";
import { wrongMask } from "../features/match-images.js";
import { pixelMap, startingMap, worldMap } from "../pair.js";
import type { StartedInputs } from "../pair-inputs.js";
import { grayPlane } from "../read-plane.js";
import type { IntensityEvidence } from "./evidence.js";
import type { IntensityFamily } from "./families.js";
import { gatherEvidence } from "./gather-evidence.js";
import { hidden } from "./hidden.js";
import { judgeFound } from "./judge-found.js";
import { lack, lackOfMemory } from "./lack.js";
import { intensityLevels } from "./levels.js";
import { registerLevels } from "./register.js";
import { captureOf, searchStart } from "./search.js";

export interface RegisterImagesOptions {
  readonly model: IntensityFamily;
  readonly metric: "ecc" | "ssd";
  readonly robust: boolean;
  /** How far the images may be turned from the start, either way, radians. */
  readonly turns: number;
  /** Longer images are looked at in a coarser version, pixels. */
  readonly maxSide: number;
}

/** Registers two images by their intensities, and says how far the result can be believed. */
export async function registerByIntensity(
  inputs: StartedInputs,
  options: RegisterImagesOptions,
  context: Context,
): Promise<Outcome<{ transform: "transform" }>> {
  const { fixed, moving, fixedMask, movingMask } = inputs;
  const wrong = [
    ...wrongMask("fixed", fixed, fixedMask),
    ...wrongMask("moving", moving, movingMask),
    ...lackOfMemory(inputs, options.maxSide, context.memory),
  ];
  if (wrong.length > 0) return failed(...wrong);
  const images = { fixed: hidden(fixed, fixedMask), moving: hidden(moving, movingMask) };
  const found = await align(images, inputs.start, options, context);
  if (!found.ok) return found;
  const { world, evidence, course } = found.value;
  const transform: Transform =
    options.model === "projective" || world[6] !== 0 || world[7] !== 0
      ? { type: "projective", matrix: world }
      : { type: "affine", matrix: [world[0], world[1], world[2], world[3], world[4], world[5]] };
  const judged = await judgeFound(transform, images, options.model, evidence, context.signal);
  const verdict = { ...judged, course };
  const registration: Registration = { transform, fixed: fixed.grid, moving: moving.grid, verdict };
  return { ok: true, value: { transform: registration }, metrics: verdict.metrics, verdict };
}

async function align(
  images: { readonly fixed: Image; readonly moving: Image },
  given: Registration | undefined,
  options: RegisterImagesOptions,
  context: Context,
): Promise<Result<{ readonly world: Matrix3; readonly evidence: IntensityEvidence; readonly course: Course }>> {
  const { model: family, metric, robust, maxSide } = options;
  const { signal } = context;
  using arena = kernels().arena();
  const read = (image: Image) => {
    const long = Math.max(image.grid.width, image.grid.height);
    return grayPlane(arena, image, Math.max(1, Math.ceil(long / maxSide)), signal);
  };
  const fixed = await read(images.fixed);
  const moving = await read(images.moving);
  const bare = [...lack(arena, "fixed", fixed.plane), ...lack(arena, "moving", moving.plane)];
  if (bare.length > 0) return failed(...bare);
  const begin = given ? asMatrix3(given.transform) : startingMap({ fixed, moving });
  if (!begin) {
    return failed(
      problem(
        "start-bends",
        "Expected a start that is affine or projective, but it bends",
        "Give the transform that it bends from, or leave start: out.",
      ),
    );
  }
  context.progress(0.2);
  const f = intensityLevels(arena, fixed.plane);
  const m = intensityLevels(arena, moving.plane, metric === "ssd" ? f : undefined);
  const begun = pixelMap(begin, fixed.grid, moving.grid);
  const start = searchStart(arena, f, m, begun, {
    ...{ family, metric, turns: options.turns },
  });
  await new Promise(setImmediate); // lets a signal arrive between long stretches of work
  signal.throwIfAborted();
  context.progress(0.4);
  const fit = registerLevels(arena, f, m, { family, metric, robust, start });
  if (fit.overlap === 0) return failed(nothingInCommon());
  signal.throwIfAborted();
  context.progress(0.6);
  const perPlanePixel = spacing(moving.grid) / spacing(images.moving.grid);
  const { width, height } = fixed.plane;
  const perFixedPixel = spacing(fixed.grid) / spacing(images.fixed.grid);
  const departure = departureFrom(begun, fit.movingFromFixed, width, height);
  return ok({
    course: {
      measure: "correlation",
      steps: fit.steps.map((s) => ({ ...s, step: perFixedPixel * s.step })),
      capture: captureOf(family, options.turns, width, height),
      ...(departure ? { found: departure } : {}),
    },
    world: worldMap(fit.movingFromFixed, fixed.grid, moving.grid),
    evidence: gatherEvidence(arena, f, m, fit, { family, metric, robust }, perPlanePixel),
  });
}

const nothingInCommon = () =>
  problem(
    "nothing-to-compare",
    "From where the images lie nothing of them can be compared: they do not overlap, or what overlaps shows nothing",
    "Give a start: (a transform), a larger rotation:, or check that the files belong together.",
  );
