import { failed, ok, problem, type Result } from "../../core/diagnostic.js";
import { type Grid, spacing } from "../../core/grid.js";
import type { Image } from "../../core/image.js";
import type { Context, Outcome } from "../../core/plugin.js";
import type { Registration } from "../../core/registration.js";
import type { Matrix3, Transform } from "../../core/transform.js";
import { kernels } from "../../kernel/lane.js";
import { wrongMask } from "../features/match-images.js";
import type { IntensityEvidence } from "../intensity/evidence.js";
import { gatherEvidence } from "../intensity/gather-evidence.js";
import { hidden } from "../intensity/hidden.js";
import { judgeFound } from "../intensity/judge-found.js";
import { lack, lackOfMemory } from "../intensity/lack.js";
import { intensityLevels } from "../intensity/levels.js";
import { mapDistance } from "../intensity/map-distance.js";
import { pixelMap, startingMap, worldMap } from "../pair.js";
import { grayPlane } from "../read-plane.js";
import { type FourierEvidence, standsOut } from "./evidence.js";
import { refinePlaces } from "./refine.js";
import { type SpectrumLimits, searchSpectra } from "./search.js";

export interface SpectrumInputs {
  readonly fixed: Image;
  readonly moving: Image;
  readonly fixedMask?: Image | undefined;
  readonly movingMask?: Image | undefined;
}

export interface RegisterSpectraOptions extends SpectrumLimits {
  /** Whether the map is refined by intensities. */
  readonly refine: boolean;
  /** Longer images are looked at in a coarser version, pixels. */
  readonly maxSide: number;
}

interface Evidence {
  readonly world: Matrix3;
  readonly intensity: IntensityEvidence;
  readonly fourier: FourierEvidence;
}

/** Registers two images by turn, scale and shift from their spectra, and says how far the result can be believed. */
export async function registerBySpectra(
  inputs: SpectrumInputs,
  options: RegisterSpectraOptions,
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
  const found = await align(images, options, context);
  if (!found.ok) return found;
  const { world, intensity, fourier } = found.value;
  const [a, b, c, d, e, f] = world;
  const transform: Transform = { type: "affine", matrix: [a, b, c, d, e, f] };
  const verdict = await judgeFound(transform, images, "similarity", intensity, context.signal, fourier);
  const registration: Registration = { transform, fixed: fixed.grid, moving: moving.grid, verdict };
  return { ok: true, value: { transform: registration }, metrics: verdict.metrics, verdict };
}

async function align(
  images: { readonly fixed: Image; readonly moving: Image },
  options: RegisterSpectraOptions,
  { signal, progress }: Context,
): Promise<Result<Evidence>> {
  using arena = kernels().arena();
  const read = (image: Image) => {
    const long = Math.max(image.grid.width, image.grid.height);
    return grayPlane(arena, image, Math.max(1, Math.ceil(long / options.maxSide)), signal);
  };
  const fixed = await read(images.fixed);
  const moving = await read(images.moving);
  const bare = [...lack(arena, "fixed", fixed.plane), ...lack(arena, "moving", moving.plane)];
  if (bare.length > 0) return failed(...bare);
  progress(0.2);
  const begins = starts(fixed.grid, moving.grid, startingMap({ fixed, moving }));
  const places = searchSpectra(arena, fixed.plane, moving.plane, begins, options);
  if (places.length === 0) return failed(nothingInCommon());
  await new Promise(setImmediate); // lets a signal arrive between long stretches of work
  signal.throwIfAborted();
  progress(0.4);
  const [f, m] = [intensityLevels(arena, fixed.plane), intensityLevels(arena, moving.plane)];
  const refined = refinePlaces(arena, f, m, places);
  const best = refined[0];
  if (!best) return failed(nothingInCommon());
  signal.throwIfAborted();
  progress(0.6);
  const { found, fit } = best;
  const pixel = spacing(moving.grid) / spacing(images.moving.grid);
  const evidence = gatherEvidence(arena, f, m, fit, { family: "similarity", metric: "ecc", robust: false }, pixel);
  const map = options.refine ? fit.movingFromFixed : found.matrix;
  const left = pixel * mapDistance(map, fit.movingFromFixed, fixed.plane.width, fixed.plane.height);
  return ok({
    world: worldMap(map, fixed.grid, moving.grid),
    intensity: { ...evidence, sigma: Math.sqrt(evidence.sigma ** 2 + left ** 2) },
    fourier: standsOut(refined, places, fixed.plane),
  });
}

/** Image sizes that differ more than this beside what their worlds say are a second hint at the scale. */
const OTHER_SIZE = 1.5;

/** Where limits count from: what the worlds say of turn and scale; and, where these only count pixels, images of one extent. */
function starts(fixed: Grid, moving: Grid, world: Matrix3): Matrix3[] {
  const map = pixelMap(world, fixed, moving);
  if (fixed.crs !== "px" || moving.crs !== "px") return [map];
  const said = Math.sqrt(Math.abs(map[0] * map[4] - map[1] * map[3]));
  const scale = Math.max(moving.width, moving.height) / Math.max(fixed.width, fixed.height);
  const factor = scale / said;
  if (factor < OTHER_SIZE && factor > 1 / OTHER_SIZE) return [map];
  return [map, [factor * map[0], factor * map[1], 0, factor * map[3], factor * map[4], 0, 0, 0, 1]];
}

const nothingInCommon = () =>
  problem(
    "nothing-to-compare",
    "At no turn, scale and shift do both images show texture in one place",
    "Check the masks, and the nodata value that the files declare; larger limits (rotation:, scale:) may help, or other files.",
  );
