import { failed, ok, problem, type Result } from "../../core/diagnostic.js";
import { spacing, toWorld } from "../../core/grid.js";
import type { Image } from "../../core/image.js";
import type { Context, Outcome } from "../../core/plugin.js";
import { pixelPoints } from "../../core/points.js";
import type { Registration } from "../../core/registration.js";
import { asMatrix3, type Transform } from "../../core/transform.js";
import type { Course } from "../../core/verdict.js";
import { kernels } from "../../kernel/lane.js";
import { departureFrom } from "../departure.js";
import { log } from "../elementary.js";
import { wrongMask } from "../features/match-images.js";
import { hidden } from "../intensity/hidden.js";
import { lack, lackOfMemory } from "../intensity/lack.js";
import { pixelMap, startingMap, worldMap } from "../pair.js";
import type { StartedInputs } from "../pair-inputs.js";
import type { Plane } from "../plane.js";
import { localStretch } from "../plausibility.js";
import { grayPlane } from "../read-plane.js";
import { type ChosenStart, chooseStart } from "./choose-start.js";
import type { InformationFamily } from "./families.js";
import { gatherEvidence } from "./gather-evidence.js";
import { gradientPlane } from "./gradient-plane.js";
import { type FoundMap, judgeFound } from "./judge-found.js";
import { type InformationLevels, informationLevels } from "./levels.js";
import { registerInformationLevels } from "./register.js";
import { searchEdges } from "./search-edges.js";

export interface RegisterInformationOptions {
  readonly model: InformationFamily;
  readonly metric: "mattes" | "normalised";
  readonly bins: number;
  /** Side of the cells that have a sample each, pixels; as the image's size asks for when absent. */
  readonly sampling?: number | "all" | undefined;
  /** How far the images may be turned from the start, either way, radians. */
  readonly turns: number;
  /** Scales, relative to the start's. */
  readonly scales: readonly [number, number];
  /** How far the images may be shifted from the start, either way: share of the fixed image's long side. */
  readonly shift: number;
  /**
   * What is compared: the images as they are, or their gradients, where edges are all that both share. Gradients begin where a search
   * by edges puts the images, unless a start is given.
   */
  readonly features: "intensity" | "gradient";
  /** Longer images are looked at in a coarser version, pixels. */
  readonly maxSide: number;
}

/** Registers two images by the information that their intensities share, and says how far the result can be believed. */
export async function registerByInformation(
  inputs: StartedInputs,
  options: RegisterInformationOptions,
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
  const found = await align(inputs, images, options, context);
  if (!found.ok) return found;
  context.progress(0.8);
  const judged = await judgeFound(inputs, options.model, found.value, context);
  const verdict = { ...judged, course: found.value.course };
  const [a, b, c, d, e, f] = found.value.world;
  const transform: Transform = { type: "affine", matrix: [a, b, c, d, e, f] };
  const registration: Registration = { transform, fixed: fixed.grid, moving: moving.grid, verdict };
  return { ok: true, value: { transform: registration }, metrics: verdict.metrics, verdict };
}

async function align(
  inputs: StartedInputs,
  images: { readonly fixed: Image; readonly moving: Image },
  options: RegisterInformationOptions,
  context: Context,
): Promise<Result<FoundMap & { readonly course: Course }>> {
  const { model: family, metric, bins, sampling, maxSide } = options;
  const { signal, random } = context;
  using arena = kernels().arena();
  const read = (image: Image) => {
    const long = Math.max(image.grid.width, image.grid.height);
    return grayPlane(arena, image, Math.max(1, Math.ceil(long / maxSide)), signal);
  };
  const fixed = await read(images.fixed);
  const moving = await read(images.moving);
  const bare = [...lack(arena, "fixed", fixed.plane), ...lack(arena, "moving", moving.plane)];
  if (bare.length > 0) return failed(...bare);
  const isGradient = options.features === "gradient";
  const { start: given } = inputs;
  const edges = isGradient && !given ? await searchEdges(inputs, family, context) : undefined;
  if (edges && !edges.ok) return edges;
  const begin = edges ? edges.value.world : given ? asMatrix3(given.transform) : startingMap({ fixed, moving });
  if (begin?.[6] !== 0 || begin[7] !== 0) return failed(startNotAffine());
  context.progress(0.2);
  const start = pixelMap(begin, fixed.grid, moving.grid);
  const { scale } = localStretch(start, fixed.plane.width / 2, fixed.plane.height / 2);
  const levelsOf = ({ plane }: { readonly plane: Plane }) => {
    const levels = informationLevels(arena, isGradient ? gradientPlane(arena, plane) : plane);
    return isGradient ? withoutCoarse(levels, scale) : levels;
  };
  const [f, m] = [levelsOf(fixed), levelsOf(moving)];
  const { turns, scales, shift } = options;
  const chosen: ChosenStart = isGradient
    ? { movingFromFixed: start }
    : chooseStart(arena, f, m, { family, start, turns, scales, shift, random });
  await new Promise(setImmediate); // lets a signal arrive between long stretches of work
  signal.throwIfAborted();
  context.progress(0.4);
  const settings = { family, metric, bins, random, ...(sampling === undefined ? {} : { sampling }) };
  const fit = registerInformationLevels(arena, f, m, { ...settings, start: chosen.movingFromFixed });
  if (fit.overlap === 0) return failed(nothingInCommon());
  signal.throwIfAborted();
  context.progress(0.6);
  const pixel = spacing(moving.grid) / spacing(images.moving.grid);
  const { places, ...evidence } = gatherEvidence(arena, f, m, fit, { ...settings, features: options.features }, pixel);
  const isStiff = family === "translation" || family === "rigid";
  const fixedPixel = spacing(fixed.grid) / spacing(images.fixed.grid);
  const departure = departureFrom(start, fit.movingFromFixed, fixed.plane.width, fixed.plane.height);
  return ok({
    ...{ world: worldMap(fit.movingFromFixed, fixed.grid, moving.grid) },
    evidence: { ...evidence, ...(chosen.margin === undefined ? {} : { margin: chosen.margin }) },
    ...(edges ? { structure: edges.value.evidence } : {}),
    places: toWorld(fixed.grid, pixelPoints(places)),
    course: {
      measure: metric === "mattes" ? "mutual information" : "normalised mutual information",
      steps: fit.steps.map((step) => ({ ...step, step: fixedPixel * step.step })),
      ...(isGradient
        ? {}
        : { capture: { rotation: family === "translation" ? 0 : turns, scale: isStiff ? [1, 1] : scales, shift } }),
      ...(departure ? { found: departure } : {}),
    },
  });
}

/** Coarser levels of gradients, by their long side in pixels, show nothing that both images share. */
const LEAST_GRADIENT_SIDE = 190;

/** The finer levels, and as many more as it takes to bring pixels of different sizes together. */
function withoutCoarse({ planes, ranges }: InformationLevels, scale: number): InformationLevels {
  const fine = planes.filter(({ width, height }) => Math.max(width, height) >= LEAST_GRADIENT_SIDE).length;
  const count = Math.max(1, fine) + Math.ceil(Math.abs(log(scale)) / Math.LN2 - 0.25);
  return { planes: planes.slice(0, count), ranges: ranges.slice(0, count) };
}

const startNotAffine = () =>
  problem(
    "start-bends",
    "Expected a start that is affine, but it bends or tilts",
    "Give the affine transform that it departs from, or leave start: out.",
  );

const nothingInCommon = () =>
  problem(
    "nothing-to-compare",
    "From where the images lie nothing of them can be compared: they do not overlap, or what overlaps shows nothing",
    "Give a start: (a transform), a larger rotation:, or check that the files belong together.",
  );
