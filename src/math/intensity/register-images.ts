import { type Diagnostic, failed, ok, problem, type Result } from "../../core/diagnostic.js";
import { type Grid, spacing } from "../../core/grid.js";
import type { Image } from "../../core/image.js";
import type { Context, Outcome } from "../../core/plugin.js";
import type { Registration } from "../../core/registration.js";
import { asMatrix3, invertMatrix3, type Matrix3, multiplyMatrix3, type Transform } from "../../core/transform.js";
import type { Verdict } from "../../core/verdict.js";
import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { cos, sin } from "../elementary.js";
import { wrongMask } from "../features/match-images.js";
import { lookThrough } from "../map-look.js";
import { pixelMap, startingMap, worldMap } from "../pair.js";
import type { Plane } from "../plane.js";
import { grayPlane } from "../read-plane.js";
import { judge } from "../verdict.js";
import type { IntensityEvidence } from "./evidence.js";
import type { IntensityFamily } from "./families.js";
import { hidden } from "./hidden.js";
import { type IntensityLevels, intensityLevels } from "./levels.js";
import { mapDistance } from "./map-distance.js";
import { nullWindows } from "./null-windows.js";
import { type IntensityFit, registerLevels } from "./register.js";
import { searchStart } from "./search.js";

export interface IntensityInputs {
  readonly fixed: Image;
  readonly moving: Image;
  readonly fixedMask?: Image | undefined;
  readonly movingMask?: Image | undefined;
  /** Where to begin, fixed world to moving world; where the files put them when absent. */
  readonly start?: Registration | undefined;
}

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
  inputs: IntensityInputs,
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
  const { world, evidence } = found.value;
  const transform: Transform =
    options.model === "projective" || world[6] !== 0 || world[7] !== 0
      ? { type: "projective", matrix: world }
      : { type: "affine", matrix: [world[0], world[1], world[2], world[3], world[4], world[5]] };
  const verdict = await judgeFound(transform, images, options.model, evidence, context.signal);
  const registration: Registration = { transform, fixed: fixed.grid, moving: moving.grid, verdict };
  return { ok: true, value: { transform: registration }, metrics: verdict.metrics, verdict };
}

/** The second look's misfit counts beside the covariance: what the model does not follow is an error too. */
async function judgeFound(
  transform: Transform,
  images: { readonly fixed: Image; readonly moving: Image },
  family: IntensityFamily,
  intensity: IntensityEvidence,
  signal: AbortSignal,
): Promise<Verdict> {
  const { evidence, confirmed, missOfNoise } = await lookThrough(transform, images, signal);
  const miss = evidence.misfit;
  const misfit = Number.isFinite(miss) ? Math.sqrt(Math.max(0, miss ** 2 - 2 * missOfNoise ** 2)) : 0;
  const { sigma } = intensity;
  return judge(
    {
      ...{ ...evidence, family, intensity, misfit, noise: sigma },
      // Where nothing is confirmed the optimum may be a wrong one, and its covariance says nothing.
      expectedError: confirmed && Number.isFinite(sigma) ? Math.sqrt(sigma ** 2 + misfit ** 2) : Number.NaN,
    },
    confirmed ? "converged" : "guided-pass-found-too-little",
  );
}

async function align(
  images: { readonly fixed: Image; readonly moving: Image },
  given: Registration | undefined,
  options: RegisterImagesOptions,
  context: Context,
): Promise<Result<{ readonly world: Matrix3; readonly evidence: IntensityEvidence }>> {
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
  const start = searchStart(arena, f, m, pixelMap(begin, fixed.grid, moving.grid), {
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
  return ok({
    world: worldMap(fit.movingFromFixed, fixed.grid, moving.grid),
    evidence: evidenceOf(arena, f, m, fit, { family, metric, robust }, perPlanePixel),
  });
}

/** What two starts, both directions and wrong places say of a map. A second start stops at half the size. */
function evidenceOf(
  arena: Arena,
  f: IntensityLevels,
  m: IntensityLevels,
  fit: IntensityFit,
  options: { readonly family: IntensityFamily; readonly metric: "ecc" | "ssd"; readonly robust: boolean },
  pixel: number,
): IntensityEvidence {
  const { width, height } = f.planes[0]!;
  const { movingFromFixed: map } = fit;
  const again = registerLevels(arena, f, m, {
    ...options,
    start: multiplyMatrix3(map, nudge(options.family, width, height)),
    finest: 1,
  });
  const back = registerLevels(arena, m, f, { ...options, start: invertMatrix3(map), coarsest: 1 });
  const windows = nullWindows(f, m, map);
  const distance = (other: IntensityFit, through: Matrix3) =>
    other.overlap > 0 ? pixel * mapDistance(map, through, width, height) : Number.NaN;
  return {
    ...{ ncc: fit.ncc, sigma: pixel * fit.sigma, converged: fit.converged, iterations: fit.iterations, gain: fit.gain },
    detail: windows && { ncc: windows.ncc, elsewhere: windows.nccElsewhere, deviation: windows.deviation },
    starts: distance(again, again.movingFromFixed),
    roundTrip: distance(back, invertMatrix3(back.movingFromFixed)),
  };
}

/** Three degrees, where the family can turn, and 3 % of the sides away. */
function nudge(family: IntensityFamily, width: number, height: number): Matrix3 {
  const angle = family === "translation" ? 0 : (3 * Math.PI) / 180;
  const [c, s, x, y] = [cos(angle), sin(angle), (width - 1) / 2, (height - 1) / 2];
  return [c, -s, x - c * x + s * y + 0.03 * width, s, c, y - s * x - c * y - 0.03 * height, 0, 0, 1];
}

const LEAST_SIDE = 16;
const LEAST_SEEN = 0.02;

function lack(arena: Arena, name: string, { at, width, height, stride }: Plane): Diagnostic[] {
  if (Math.min(width, height) < LEAST_SIDE) {
    return [
      problem(
        "too-small-for-intensity",
        `Expected at least ${LEAST_SIDE} pixels on each side of the ${name} image, but it is looked at as ${width} x ${height}`,
        "Use larger images, or a larger max-side for long and narrow ones.",
      ),
    ];
  }
  const samples = arena.f32(at, stride * height);
  let count = 0;
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let y = 0; y < height; y++) {
    for (let x = y * stride; x < y * stride + width; x++) {
      const v = samples[x]!;
      if (Number.isNaN(v)) continue;
      count++;
      if (v < least) least = v;
      if (v > most) most = v;
    }
  }
  if (count < LEAST_SEEN * width * height) {
    return [
      problem(
        "nothing-observed",
        `There is next to nothing to see in the ${name} image: ${((100 * count) / (width * height)).toFixed(1)} % is neither nodata nor masked`,
        "Check the mask, and the nodata value that the file declares.",
      ),
    ];
  }
  if (least < most) return [];
  return [
    problem(
      "constant-image",
      `Expected an image with something to see as the ${name} image, but all of its pixels are ${least}`,
      "The image may be blank or saturated; check the file, and the band that is read.",
    ),
  ];
}

const nothingInCommon = () =>
  problem(
    "nothing-to-compare",
    "From where the images lie nothing of them can be compared: they do not overlap, or what overlaps shows nothing",
    "Give a start: (a transform), a larger rotation:, or check that the files belong together.",
  );

/** Bytes per pixel: the plane, its levels, and what reading takes. */
const PIXEL_BYTES = 4 + 5.4 + 2;

function lackOfMemory({ fixed, moving }: IntensityInputs, maxSide: number, memory: number): Diagnostic[] {
  const pixels = ({ width, height }: Grid) => {
    const factor = Math.max(1, Math.ceil(Math.max(width, height) / maxSide));
    return Math.ceil(width / factor) * Math.ceil(height / factor);
  };
  const need = PIXEL_BYTES * (pixels(fixed.grid) + pixels(moving.grid));
  if (need <= memory) return [];
  const mb = (n: number) => `${Math.ceil(n / 1e6)} MB`;
  return [
    problem(
      "memory-too-small",
      `Aligning the images with no side longer than ${Math.round(maxSide)} px takes about ${mb(need)}, but the step may hold ${mb(memory)}`,
      "Give more with --memory, or match at a coarser level with a smaller max-side.",
    ),
  ];
}
