import { type Diagnostic, failed, problem } from "../../core/diagnostic.js";
import { spacing, toWorld } from "../../core/grid.js";
import type { Image } from "../../core/image.js";
import type { Matches } from "../../core/matches.js";
import type { Context, Outcome } from "../../core/plugin.js";
import { type Points, pixelPoints, worldPoints } from "../../core/points.js";
import { matchPointSets, type SetMatchOptions } from "../graph/match-sets.js";
import { measureRegions, type Regions, roundness } from "./measure.js";
import type { Runs } from "./runs.js";

/** Regions of one image, with the image. */
export interface ImageRegions {
  readonly image: Image;
  readonly runs: Runs;
}

/** Fewer regions than this have no neighbourhood to be known by. */
const LEAST_REGIONS = 6;
/** How much the area of a region may differ from what the scale makes of it, and the ratio of its axes. */
const AREA_FACTOR = 1.5;
const ROUNDNESS = 0.2;

/**
 * Matches the regions of two images by where they lie among their neighbours (see `matchPoints`), and keeps those of like
 * size and form: their centroids are the tie points, exact to a fraction of a pixel where their outlines agree.
 *
 * Regions that touch the border are cut off, and count only where few others are left.
 */
export function matchRegions(
  fixed: ImageRegions,
  moving: ImageRegions,
  options: SetMatchOptions,
  context: Pick<Context, "signal" | "random" | "progress">,
): Outcome<{ readonly matches: "matches" }> {
  const f = describe(fixed);
  const m = describe(moving);
  const wrong = [...tooFew("fixed", f, fixed.image), ...tooFew("moving", m, moving.image)];
  if (wrong.length > 0) return failed(...wrong);
  const images = { fixed: fixed.image, moving: moving.image };
  const found = matchPointSets({ points: f.points }, { points: m.points }, options, context, images);
  if (!found.ok) return found;
  const { matches } = found.value;
  const [i, j] = [indexBy(f.points), indexBy(m.points)];
  const pairs = Array.from({ length: matches.fixed.length / 2 }, (_, k) => ({
    k,
    a: i.get(placeOf(matches.fixed, k))!,
    b: j.get(placeOf(matches.moving, k))!,
  }));
  const magnification = median(pairs.map(({ a, b }) => m.area[b]! / f.area[a]!));
  const alike = pairs.filter(({ a, b }) => {
    const ratio = m.area[b]! / f.area[a]! / magnification;
    return ratio < AREA_FACTOR && ratio > 1 / AREA_FACTOR && Math.abs(m.round[b]! - f.round[a]!) < ROUNDNESS;
  });
  // Where hardly any are alike, form is not what the images share: all count.
  const kept = alike.length >= Math.max(4, 0.3 * pairs.length) ? alike : pairs;
  const pick = (p: Points<"world">) => worldPoints(kept.flatMap(({ k }) => [p[2 * k]!, p[2 * k + 1]!]));
  const result: Matches = {
    ...matches,
    ...{ fixed: pick(matches.fixed), moving: pick(matches.moving) },
    weight: Float64Array.from(kept, ({ k }) => matches.weight![k]!),
    images,
    comparable: false,
  };
  const { "points-fixed": _, "points-moving": __, ...metrics } = found.metrics ?? {};
  return {
    ...found,
    value: { matches: result },
    metrics: {
      "regions-fixed": { value: f.area.length },
      "regions-moving": { value: m.area.length },
      ...metrics,
      matches: { value: kept.length },
    },
  };
}

interface Described {
  readonly points: Points<"world">;
  /** In squared world units. */
  readonly area: Float64Array;
  readonly round: Float64Array;
  readonly all: number;
}

function describe({ image, runs }: ImageRegions): Described {
  const { width, height } = image.grid;
  const regions = measureRegions(runs, width, height);
  const everyone = Array.from({ length: regions.count }, (_, r) => r);
  const whole = everyone.filter((r) => !regions.cut[r]);
  const use = whole.length >= Math.max(LEAST_REGIONS, 0.25 * regions.count) ? whole : everyone;
  const unit = spacing(image.grid) ** 2;
  return {
    points: toWorld(image.grid, pixelPoints(use.flatMap((r) => centroid(regions, r)))),
    area: Float64Array.from(use, (r) => regions.area[r]! * unit),
    round: Float64Array.from(use, (r) => roundness(regions, r)),
    all: regions.count,
  };
}

const centroid = (regions: Regions, r: number): [number, number] => [regions.x[r]!, regions.y[r]!];

const placeOf = (p: Float64Array, k: number): string => `${p[2 * k]} ${p[2 * k + 1]}`;
const indexBy = (p: Float64Array): Map<string, number> =>
  new Map(Array.from({ length: p.length / 2 }, (_, k) => [placeOf(p, k), k]));
const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? 1;

function tooFew(name: string, { all, points }: Described, image: Image): Diagnostic[] {
  if (points.length / 2 >= LEAST_REGIONS) return [];
  const { width, height } = image.grid;
  return [
    problem(
      "too-few-regions",
      `Expected at least ${LEAST_REGIONS} regions in the ${name} image, but found ${all} (${width} x ${height} px, ${image.meaning})`,
      image.meaning === "intensity"
        ? "Look at the regions with preprocess/segment: try the other foreground, threshold: adaptive, or a smaller min-area."
        : "Lower min-area, or match by another method: regions are known by their neighbours.",
    ),
  ];
}
