import type { Arena } from "../../kernel/memory.js";
import { type BytePlane, SHRINK, shrinkFactor } from "./byte-pyramid.js";
import { concatKeypoints, type Keypoints, pickKeypoints, picks, strongest } from "./keypoints.js";
import { CORNER_SCALE, type ImageViews, offLevel } from "./views.js";

export interface CornerOptions {
  /** `fast`: 9 of 16 [1]. `agast`: 7 of 12, for smaller corners [2]. `harris`: maxima of Harris' measure [3]. */
  readonly test: "fast" | "agast" | "harris";
  /** At most so many, spread over the pyramid's levels in proportion to their width. */
  readonly limit: number;
  /**
   * As a share of the range 0..1: by how much a corner's circle differs from its centre, or, for `harris`, how steep its
   * surroundings are in both directions.
   */
  readonly threshold: number;
  /** Levels of the pyramid, each 1.2 times smaller. */
  readonly levels: number;
  /** See `strongest`. */
  readonly spread: number;
}

/** A corner's patch reaches 15 pixels, plus rounding and refinement. */
const BORDER = 18;
/** Part of the patch that is looked at most, in sizes of the keypoint: that must have been observed. */
const SUPPORT = 5;

/**
 * Finds corners on a pyramid, ranks them by Harris' measure and refines them to a fraction of a pixel.
 *
 * @returns the strongest first; of equals, in the order of levels and rows
 *
 * [1] E. Rosten and T. Drummond, "Machine learning for high-speed corner detection", ECCV 2006, doi:10.1007/11744023_34
 * [2] E. Mair et al., "Adaptive and generic corner detection based on the accelerated segment test", ECCV 2010,
 *     doi:10.1007/978-3-642-15552-9_14
 * [3] C. Harris and M. Stephens, "A combined corner and edge detector", Alvey Vision Conference 1988, doi:10.5244/C.2.23
 */
export function detectCorners(views: ImageViews, options: CornerOptions): Keypoints {
  const count = Math.min(options.levels, views.levelCount);
  const { limit } = options;
  const parts: Keypoints[] = [];
  let taken = 0;
  for (let n = 0; n < count; n++) {
    // What a level cannot fill is left to the coarser ones.
    const quota = Math.round(((limit - taken) * (1 - 1 / SHRINK)) / (1 - 1 / shrinkFactor(count - n)));
    const part = levelCorners(views, n, quota, options);
    taken += part.count;
    parts.push(part);
  }
  const all = concatKeypoints(parts);
  return pickKeypoints(all, strongest(all, limit, views));
}

function levelCorners(views: ImageViews, octave: number, quota: number, options: CornerOptions): Keypoints {
  const { kernels: k, grain = 128 } = views;
  using arena = k.arena();
  const level = views.level(octave);
  const zoomX = views.width / level.width;
  const { test, spread } = options;
  const toX = (x: number): number => offLevel(x, views.width, level.width);
  const toY = (y: number): number => offLevel(y, views.height, level.height);
  // The segment test's score is coarse: twice the quota passes, and Harris' measure decides.
  const wanted = test === "harris" ? quota : 2 * quota;
  const most = views.mask || spread < 1 ? Number.POSITIVE_INFINITY : wanted;
  let corners =
    test === "harris"
      ? harrisCorners(views, arena, level, options)
      : segmentCorners(views, arena, level, options, most);
  if (views.mask) {
    const seen = (i: number): boolean =>
      views.isClear(toX(corners.x[i]!), toY(corners.y[i]!), SUPPORT * CORNER_SCALE * zoomX);
    corners = picked(corners, Array.from(corners.x.keys()).filter(seen));
  }
  corners = picked(corners, strongest(corners, wanted, level, spread));
  if (test !== "harris") {
    const total = corners.x.length;
    const out = arena.bytes(4 * total);
    k.rows("harrisAt", total, [arena.put(places(corners)), level.at, level.stride, out], grain);
    const response = arena.f32(out, total).map((v) => Math.max(0, v));
    corners = picked({ ...corners, response }, strongest({ ...corners, response }, quota, level, spread));
  }
  const total = corners.x.length;
  const out = arena.bytes(8 * total);
  k.rows("refineCorners", total, [arena.put(places(corners)), level.at, level.stride, out], grain);
  const refined = arena.f32(out, 2 * total);
  const [x, y] = [new Float64Array(total), new Float64Array(total)];
  for (let i = 0; i < total; i++) {
    x[i] = toX(refined[2 * i]!);
    y[i] = toY(refined[2 * i + 1]!);
  }
  return {
    ...{ count: total, x, y },
    scale: new Float64Array(total).fill(CORNER_SCALE * zoomX),
    response: corners.response,
    octave: new Int8Array(total).fill(octave),
    level: new Int8Array(total),
  };
}

/** Corners of one level, in its whole pixels; all of one size. */
interface Corners {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly response: Float32Array;
  readonly scale: Float64Array;
}

const picked = (c: Corners, indices: ArrayLike<number>): Corners => {
  const x = picks(c.x, indices);
  return { x, y: picks(c.y, indices), scale: x, response: picks(c.response, indices) };
};

function places({ x, y }: Corners): Int32Array {
  const out = new Int32Array(2 * x.length);
  for (let i = 0; i < x.length; i++) {
    out[2 * i] = x[i]!;
    out[2 * i + 1] = y[i]!;
  }
  return out;
}

/** Rows of the bands in which scores are sampled, and how many bands there are. */
const SAMPLE_ROWS = 16;
const SAMPLE_BANDS = 8;
/** How many times as many corners as are wanted a raised threshold should leave. */
const MARGIN = 2;

/** @param most  those of the least score that makes so many, and all of a better one */
function segmentCorners(
  views: ImageViews,
  arena: Arena,
  level: BytePlane,
  options: CornerOptions,
  most: number,
): Corners {
  const threshold = Math.min(254, Math.max(1, Math.round(options.threshold * 255)));
  const find = (from: number, rows: number, above: number): SegmentCorners =>
    segmentTest(views, arena, level, { test: options.test, threshold: above }, from, rows);
  // A higher threshold leaves less to look at, and finds the same corners above it: neighbours below it never win. Bands
  // tell how high it may be; should they mislead, the whole is done again.
  if (Number.isFinite(most) && level.height > 4 * SAMPLE_ROWS * SAMPLE_BANDS) {
    const scores = new Float64Array(256);
    for (let band = 0; band < SAMPLE_BANDS; band++) {
      const from = Math.floor(((band + 0.5) * level.height) / SAMPLE_BANDS);
      for (const [score, count] of find(from, SAMPLE_ROWS, threshold).scores.entries()) scores[score]! += count;
    }
    const wanted = (MARGIN * most * SAMPLE_ROWS * SAMPLE_BANDS) / level.height;
    const raised = leastScore(scores, wanted) - 1;
    if (raised > threshold) {
      const found = find(0, level.height, raised);
      if (found.scores.reduce((a, b) => a + b, 0) >= most) return packedAbove(found, most);
    }
  }
  return packedAbove(find(0, level.height, threshold), most);
}

/** The greatest score that as many corners as wanted have, or a better one; 0 when there are fewer. */
function leastScore(scores: ArrayLike<number>, wanted: number): number {
  let least = 255;
  let total = scores[255]!;
  while (least > 0 && total < wanted) total += scores[--least]!;
  return least;
}

/** Corners of the rows from `from` on as the kernel packs them: up to `capacity` a row, column << 8 | score. */
interface SegmentCorners {
  readonly packed: Uint32Array;
  readonly count: Int32Array;
  readonly capacity: number;
  /** How many have each score. */
  readonly scores: Uint32Array;
}

function segmentTest(
  views: ImageViews,
  arena: Arena,
  { at, stride, width, height }: BytePlane,
  { test, threshold }: Pick<CornerOptions, "test" | "threshold">,
  from: number,
  rows: number,
): SegmentCorners {
  const { kernels: k, grain = 64 } = views;
  const capacity = Math.max(8, width >> 2);
  const counts = arena.bytes(4 * rows);
  const out = arena.bytes(4 * capacity * rows);
  const ring = k.scratch(arena, 3 * (width + 64));
  const circle = test === "fast" ? 16 : 12;
  const args = [at, stride, width, height, from, BORDER, threshold, circle, ring, counts, out, capacity];
  k.rows("fastCorners", rows, args, Math.min(grain, Math.max(1, rows >> 1)));
  const count = arena.i32(counts, rows);
  const packed = arena.u32(out, capacity * rows);
  const scores = new Uint32Array(256);
  for (let y = 0; y < rows; y++) {
    const end = y * capacity + count[y]!;
    for (let i = y * capacity; i < end; i++) scores[packed[i]! & 255]!++;
  }
  return { packed, count, capacity, scores };
}

/** Those of the least score that makes so many, and all of a better one. */
function packedAbove({ packed, count, capacity, scores }: SegmentCorners, most: number): Corners {
  const least = leastScore(scores, most);
  let total = 0;
  for (let score = least; score < 256; score++) total += scores[score]!;
  const corners = { x: new Float64Array(total), y: new Float64Array(total), response: new Float32Array(total) };
  for (let y = 0, n = 0; y < count.length; y++) {
    const end = y * capacity + count[y]!;
    for (let i = y * capacity; i < end; i++) {
      const corner = packed[i]!;
      if ((corner & 255) < least) continue;
      corners.x[n] = corner >>> 8;
      corners.y[n] = y;
      corners.response[n++] = corner & 255;
    }
  }
  return { ...corners, scale: corners.x };
}

function harrisCorners(views: ImageViews, arena: Arena, level: BytePlane, { threshold }: CornerOptions): Corners {
  const { kernels: k, grain = 64 } = views;
  const { at, stride, width, height } = level;
  const capacity = Math.max(8, width >> 1);
  const counts = arena.bytes(4 * height);
  const out = arena.bytes(8 * capacity * height);
  const scratch = k.scratch(arena, 24 * (width + 64) + 128);
  // The measure is a product of two squares of slopes.
  const least = threshold * threshold * threshold * threshold;
  k.rows("harrisCorners", height, [at, stride, width, height, 0, BORDER, least, scratch, counts, out, capacity], grain);
  const count = arena.i32(counts, height);
  const columns = arena.i32(out, 2 * capacity * height);
  const responses = arena.f32(out, 2 * capacity * height);
  const total = count.reduce((a, b) => a + b, 0);
  const corners = { x: new Float64Array(total), y: new Float64Array(total), response: new Float32Array(total) };
  for (let y = 0, n = 0; y < height; y++) {
    for (let i = 0; i < count[y]!; i++, n++) {
      const record = 2 * (y * capacity + i);
      corners.x[n] = columns[record]!;
      corners.y[n] = y;
      corners.response[n] = responses[record + 1]!;
    }
  }
  return { ...corners, scale: corners.x };
}
