import { type Diagnostic, failed, ok, problem, type Result } from "../../core/diagnostic.js";
import { type Grid, toWorld } from "../../core/grid.js";
import type { Image } from "../../core/image.js";
import type { Matches } from "../../core/matches.js";
import type { Context, Outcome } from "../../core/plugin.js";
import { type Points, pixelPoints } from "../../core/points.js";
import { type Length, pixelLength } from "../../core/quantity.js";
import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { type FeatureImage, featureImage, levelFactor } from "./feature-image.js";
import type { Features } from "./keypoints.js";
import type { FeaturePairs } from "./nearest.js";
import { distinctPlaces, pairViews } from "./pair-views.js";
import { featuresOfViews, joinViews, type Tilts } from "./tilts.js";

export interface MatchInputs {
  readonly fixed: Image;
  readonly moving: Image;
  readonly fixedMask?: Image | undefined;
  readonly movingMask?: Image | undefined;
}

export interface MatchOptions {
  readonly ratio: number;
  readonly mutual: boolean;
  /** Slanted views of both images that are looked at too; `none` when absent. */
  readonly tilts?: Tilts;
  /** Tie points nearer than that in either image are one, pixels of the level that is matched; absent: in the same pixel. */
  readonly reach?: number;
  /** Images longer than this are matched at a coarser level. */
  readonly maxSide: Length;
}

/** Parameters of where features are looked for, which every feature matcher has. */
export const placeParams = {
  spread: {
    type: "number",
    minimum: 0,
    maximum: 1,
    default: 1,
    description: "Below 1, crowded parts of the image lose keypoints to sparse ones, and cover gets more even.",
  },
  maxSide: {
    type: "number",
    unit: "length",
    minimum: 64,
    default: "6000 px",
    description: "Longer images are matched at a coarser level.",
  },
} as const;

/** The parameter of simulated views, for matchers whose features stand no strong tilt. */
export const tiltParams = {
  tilts: {
    type: "string",
    enum: ["none", "moderate", "strong"],
    default: "none",
    description:
      "Look at slanted views of both images too, as a camera from aside would see them, for a strong change of viewpoint. moderate takes about 4 times as long, strong 10 times.",
  },
} as const;

/** Fewer features than this cannot say anything about a transform. */
const LEAST_FEATURES = 4;

/**
 * Matches two images by features: what every feature matcher does besides detecting and describing.
 *
 * Gives tie points in world coordinates, the least ambiguous first, weighted 1 - (distance over second distance). At most
 * one tie point begins or ends in any one pixel. Few matches, or none, are a result; only an image without features fails.
 *
 * @param featuresOf  detects and describes; the image's memory is freed when it returns
 */
export async function matchImages(
  inputs: MatchInputs,
  featuresOf: (image: FeatureImage) => Features,
  options: MatchOptions,
  context: Pick<Context, "signal" | "progress" | "memory">,
): Promise<Outcome<{ readonly matches: "matches" }>> {
  const sides = [
    { name: "fixed", image: inputs.fixed, mask: inputs.fixedMask },
    { name: "moving", image: inputs.moving, mask: inputs.movingMask },
  ];
  const short = sides.flatMap(({ name, image }) => lackOfMemory(name, image, options.maxSide, context.memory));
  if (short.length > 0) return failed(...short);
  const wrongMasks = sides.flatMap(({ name, image, mask }) => wrongMask(name, image, mask));
  if (wrongMasks.length > 0) return failed(...wrongMasks);
  const seen: { readonly views: readonly Features[]; readonly features: Features; readonly grid: Grid }[] = [];
  const bare: Diagnostic[] = [];
  const { signal, memory } = context;
  using first = kernels().arena();
  using second = kernels().arena();
  const read = async (arena: Arena, { image, mask }: (typeof sides)[0]): Promise<Result<FeatureImage>> => {
    const maxSide = pixelLength(options.maxSide, image.grid);
    if (!maxSide.ok) return maxSide;
    return ok(await featureImage(arena, image, { maxSide: Math.max(1, maxSide.value), mask, signal }));
  };
  // Files decode in threads of their own: where there is room for both images, they do so side by side.
  const sizes = sides.map(({ image }) => sizeAt(image, options.maxSide));
  const need = sizes.reduce((sum, { width, height }) => sum + LEAST_PIXEL_BYTES * width * height, 0);
  const room = AT_ONCE * need <= memory;
  const arenas = [first, second] as const;
  const begun = room ? sides.map((side, i) => read(arenas[i]!, side)) : [];
  for (const reading of begun) reading.catch(() => {}); // told when its turn comes
  try {
    for (const [i, side] of sides.entries()) {
      const ready = await (begun[i] ?? read(arenas[i]!, side));
      if (!ready.ok) return ready;
      const views = await featuresOfViews(ready.value, options.tilts ?? "none", featuresOf, signal);
      const features = joinViews(views);
      if (features.count < LEAST_FEATURES) bare.push(tooFew(side.name, features.count, ready.value));
      seen.push({ views, features, grid: ready.value.grid });
      arenas[i]![Symbol.dispose]();
      context.progress(0.4 * seen.length);
      await new Promise(setImmediate); // lets a signal arrive between long stretches of work
      signal.throwIfAborted();
    }
  } finally {
    await Promise.allSettled(begun); // none must write into memory that has been given back
  }
  if (bare.length > 0) return failed(...bare);
  const [fixed, moving] = seen as [(typeof seen)[0], (typeof seen)[0]];
  const pairs = pairViews(fixed.views, moving.views, options);
  const alone = fixed.views.length === 1 && moving.views.length === 1 && options.reach === undefined;
  const kept = alone
    ? distinct(pairs, fixed.features, moving.features)
    : distinctPlaces(pairs, fixed.features, moving.features, options.reach);
  const matches: Matches = {
    fixed: places(
      fixed.grid,
      fixed.features,
      kept.map((n) => pairs.fixed[n]!),
    ),
    moving: places(
      moving.grid,
      moving.features,
      kept.map((n) => pairs.moving[n]!),
    ),
    weight: Float64Array.from(kept, (n) => Math.min(1, Math.max(0, 1 - pairs.ratio[n]!))),
    images: { fixed: inputs.fixed, moving: inputs.moving },
    detected: { fixed: fixed.features.count, moving: moving.features.count },
  };
  return {
    ok: true,
    value: { matches },
    metrics: {
      "keypoints-fixed": { value: fixed.features.count },
      "keypoints-moving": { value: moving.features.count },
      matches: { value: kept.length },
    },
  };
}

/** Held for each pixel whatever the features are: its gray value, and whether it was observed. */
const LEAST_PIXEL_BYTES = 5;

/** How many times the bare pixels both images may take of the memory, to be held at one time. */
const AT_ONCE = 3;

/** The size at which an image is matched; none where the unit of `maxSide` does not suit it, which is told later. */
function sizeAt({ grid }: Image, maxSide: Length): { readonly width: number; readonly height: number } {
  const side = pixelLength(maxSide, grid);
  if (!side.ok) return { width: 0, height: 0 };
  const factor = levelFactor(grid, Math.max(1, side.value));
  return { width: Math.ceil(grid.width / factor), height: Math.ceil(grid.height / factor) };
}

/** Before anything is read: whether not even the bare pixels of an image fit. What is certain to fail need not be begun. */
function lackOfMemory(name: string, image: Image, maxSide: Length, memory: number): Diagnostic[] {
  const { width, height } = sizeAt(image, maxSide);
  const need = LEAST_PIXEL_BYTES * width * height;
  if (need <= memory) return [];
  const mb = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`;
  return [
    problem(
      "memory-too-small",
      `Matching the ${name} image at ${width} x ${height} px takes ${mb(need)} for its pixels alone, but the step may hold ${mb(memory)}`,
      "Give more with --memory, or match at a coarser level with a smaller max-side.",
    ),
  ];
}

export function wrongMask(name: string, image: Image, mask: Image | undefined): Diagnostic[] {
  if (!mask || (mask.grid.width === image.grid.width && mask.grid.height === image.grid.height)) return [];
  const size = ({ width, height }: Grid): string => `${width} x ${height}`;
  return [
    problem(
      "mask-size",
      `Expected the mask of the ${name} image in the image's size, ${size(image.grid)}, but it has ${size(mask.grid)}`,
      "Make the mask from the same image, or resample it with warp and like:.",
    ),
  ];
}

function tooFew(name: string, count: number, { gray, mask }: FeatureImage): Diagnostic {
  const { width, height } = gray;
  const observed = mask ? mask.reduce((a, b) => a + (b ? 1 : 0), 0) / mask.length : 1;
  const found = `Expected at least ${LEAST_FEATURES} keypoints in the ${name} image, but found ${count} (${width} x ${height} pixels`;
  if (observed === 0)
    return problem(
      "too-few-keypoints",
      `${found}, all without observation)`,
      "Check the mask, and the nodata value that the file declares.",
    );
  if (Math.min(width, height) < 32)
    return problem(
      "too-few-keypoints",
      `${found})`,
      "Feature matching needs some hundred pixels on a side; try match/phase-correlation for small images.",
    );
  return problem(
    "too-few-keypoints",
    `${found}, ${Math.round(100 * observed)} % observed)`,
    "Look at the image: it may be blank or very smooth. Lower the threshold, or match by intensity instead.",
  );
}

const places = (grid: Grid, features: Features, indices: readonly number[]): Points<"world"> =>
  toWorld(grid, pixelPoints(indices.flatMap((i) => [features.x[i]!, features.y[i]!])));

/** Pairs that share neither their fixed nor their moving pixel with a more trusted one. */
function distinct(pairs: FeaturePairs, fixed: Features, moving: Features): number[] {
  const taken = [new Set<string>(), new Set<string>()] as const;
  const pixel = (f: Features, i: number): string => `${Math.round(f.x[i]!)} ${Math.round(f.y[i]!)}`;
  const kept: number[] = [];
  for (let n = 0; n < pairs.count; n++) {
    const from = pixel(fixed, pairs.fixed[n]!);
    const to = pixel(moving, pairs.moving[n]!);
    if (taken[0].has(from) || taken[1].has(to)) continue;
    taken[0].add(from);
    taken[1].add(to);
    kept.push(n);
  }
  return kept;
}
