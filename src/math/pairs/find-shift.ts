import type { Window } from "../../core/grid.js";
import type { Arena } from "../../kernel/memory.js";
import { halfPlane, type Plane } from "../plane.js";
import { type CaptureOptions, capturePairs } from "./capture.js";
import type { PairCapture, PairFit, PairJob } from "./pair-job.js";
import { refinePairs } from "./refine.js";
import { type ShiftSide, sidePlane, sideWindow } from "./shift-images.js";

/** What was found of the shift between two images; pixels of the fixed one. */
export interface FoundShift {
  /** Place of the moving image's first pixel in the fixed image. */
  readonly x: number;
  readonly y: number;
  /** Covariance of that, pixels². */
  readonly xx: number;
  readonly xy: number;
  readonly yy: number;
  readonly ncc: number;
  readonly converged: boolean;
  readonly capture: PairCapture;
  /** Windows all over the overlap, each followed by itself. */
  readonly windows: readonly WindowFit[];
}

export interface WindowFit {
  /** Middle of the window in the fixed image. */
  readonly at: readonly [x: number, y: number];
  /** What the window says beyond the common shift. */
  readonly x: number;
  readonly y: number;
  /** Its variance, pixels², of both coordinates together. */
  readonly variance: number;
  readonly texture: number;
  /** Whether it says the same as the whole, as far as it can tell. */
  readonly agrees: boolean;
}

export interface ShiftSearch {
  /** Longest shift from where the images' worlds put them, pixels; anything that leaves half of the shorter side where left out. */
  readonly maxShift?: number;
  /** Whether no shift counts at which pixels of one sensor coincide. */
  readonly sensorPattern?: boolean;
}

/** A longer image is searched in a coarser version. */
const SEARCHED_SIDE = 2048;
/** Windows along each side of the overlap at most, and their longest side. */
const [WINDOWS, WINDOW_SIDE] = [4, 256];
/** Shorter windows tell nothing by themselves. */
const LEAST_WINDOW = 32;
/** A window that lies so far off contradicts the others, if its own error does not explain it. */
const TOLERANCE = 1;

/**
 * Finds the shift between two images of one scale and direction: a search over all shifts on a version that is not too
 * large, then Lucas-Kanade steps over all of it, then windows of full pixels all over the overlap.
 *
 * @param start  where the images' worlds put the moving image's first pixel, pixels of the fixed one
 * @returns nothing where the images have nothing in common to compare
 */
export async function findShift(
  arena: Arena,
  fixed: ShiftSide,
  moving: ShiftSide,
  start: readonly [number, number],
  search: ShiftSearch,
  signal: AbortSignal,
): Promise<FoundShift | undefined> {
  const sizes = [fixed, moving].map(({ image: { grid } }) => [grid.width, grid.height] as const);
  const factor = Math.max(1, Math.ceil(Math.max(...sizes.flat()) / SEARCHED_SIDE));
  const a = await sidePlane(arena, fixed, factor, signal);
  const b = await sidePlane(arena, moving, factor, signal);
  const { place, fit } = shiftOfPlanes(arena, a, b, [start[0] / factor, start[1] / factor], {
    ...search,
    ...(search.maxShift === undefined ? {} : { maxShift: search.maxShift / factor }),
  });
  if (place.score <= 0) return undefined;
  const near = [factor * fit.x, factor * fit.y] as const;
  const planes = factor === 1 ? ([a, b] as const) : undefined;
  if (!planes) for (const plane of [a, b]) arena.free(plane.at);
  const jobs: (PairJob & { start: readonly [number, number]; at: readonly [number, number] })[] = [];
  const whole = [Math.round(near[0]), Math.round(near[1])] as const;
  for (const window of spread(sizes[0]!, sizes[1]!, whole)) {
    const other = { ...window, x: window.x - whole[0], y: window.y - whole[1] };
    const [p, q] = planes
      ? [part(planes[0], window), part(planes[1], other)]
      : [await sideWindow(arena, fixed, window, signal), await sideWindow(arena, moving, other, signal)];
    const rest = [near[0] - whole[0], near[1] - whole[1]] as const;
    const at = [window.x + (window.width - 1) / 2, window.y + (window.height - 1) / 2] as const;
    jobs.push({ a: p, b: q, expected: [0, 0], reach: [2, 2], start: rest, at });
  }
  const fits = refinePairs(arena, jobs).map((one) => ({ ...one, x: one.x + whole[0], y: one.y + whole[1] }));
  const best = planes ? fit : together(fits, near);
  if (!best) return undefined;
  return {
    ...{ x: best.x, y: best.y, xx: best.xx, xy: best.xy, yy: best.yy, ncc: best.ncc, converged: best.converged },
    capture: { ...place, x: factor * place.x, y: factor * place.y },
    windows: fits.flatMap((one, n) => {
      const [x, y, variance] = [one.x - best.x, one.y - best.y, one.xx + one.yy];
      if (!(one.texture > 0)) return [];
      const off = x * x + y * y;
      const agrees = one.converged && off <= Math.max(TOLERANCE ** 2, 9 * variance) && variance < 4 * TOLERANCE ** 2;
      return [{ at: jobs[n]!.at, x, y, variance, texture: one.texture, agrees }];
    }),
  };
}

/**
 * The shift between two planes: the place of the whole-plane search, and the fit from there.
 *
 * @param start  where b's first pixel is expected in a
 */
export function shiftOfPlanes(
  arena: Arena,
  a: Plane,
  b: Plane,
  start: readonly [number, number],
  { maxShift, sensorPattern = false }: ShiftSearch = {},
): { place: PairCapture; fit: PairFit } {
  const { expected, reach } = reachOf(a, b, start, maxShift);
  const large = Math.min(a.width, b.width, a.height, b.height) >= HALVED;
  const halves = large ? ([halfPlane(arena, a), halfPlane(arena, b)] as const) : undefined;
  const n = halves ? 2 : 1;
  const two = (p: readonly [number, number]) => [p[0] / n, p[1] / n] as const;
  // Of halves, no coarser version than half: the place must be good enough to refine from.
  const options: CaptureOptions = {
    ...(halves ? { sigma: 2 } : {}),
    ...(sensorPattern ? { fixedPattern: [[0, 0]] } : {}),
  };
  const [p, q] = halves ?? [a, b];
  const [coarse] = capturePairs(arena, [{ a: p, b: q, expected: two(expected), reach: two(reach) }], options);
  const place = { ...coarse!, x: n * coarse!.x, y: n * coarse!.y, overlap: n * n * coarse!.overlap };
  const job = { a, b, expected, reach, start: [place.x, place.y] as const, ...(halves ? { halves } : {}) };
  const [fit] = refinePairs(arena, [job]);
  for (const half of halves ?? []) arena.free(half.at);
  return { place, fit: fit! };
}

/** Images with shorter sides are searched as they are. */
const HALVED = 256;

function reachOf(a: Plane, b: Plane, start: readonly [number, number], maxShift?: number) {
  const [x, y] = [0, 1].map((n) => {
    if (maxShift !== undefined) return [start[n]!, maxShift] as const;
    const [p, q] = n === 0 ? [a.width, b.width] : [a.height, b.height];
    const left = 0.5 * Math.min(p, q);
    const [lo, hi] = [left - q, p - left];
    return [(lo + hi) / 2, (hi - lo) / 2] as const;
  }) as [readonly [number, number], readonly [number, number]];
  return { expected: [x[0], y[0]], reach: [x[1], y[1]] } as const;
}

/** Windows spread evenly over what both images show at a shift. */
function spread(fixed: readonly [number, number], moving: readonly [number, number], shift: readonly [number, number]) {
  const along = ([0, 1] as const).map((n) => {
    const from = Math.max(0, shift[n]);
    const length = Math.min(fixed[n], moving[n] + shift[n]) - from;
    const count = Math.max(1, Math.min(WINDOWS, Math.floor(length / (2 * LEAST_WINDOW))));
    const side = Math.min(WINDOW_SIDE, Math.floor(length / count));
    return Array.from({ length: side < LEAST_WINDOW ? 0 : count }, (_, i) => ({
      from: from + Math.floor(((i + 0.5) * length) / count - side / 2),
      side,
    }));
  });
  const [columns, rows] = along as [(typeof along)[0], (typeof along)[0]];
  return rows.flatMap((row) =>
    columns.map((column): Window => ({ x: column.from, y: row.from, width: column.side, height: row.side })),
  );
}

const part = (plane: Plane, { x, y, width, height }: Window): Plane => ({
  at: plane.at + 4 * (y * plane.stride + x),
  ...{ width, height, stride: plane.stride },
});

/** The windows' fits as one, each by its certainty; those that lie away from the median do not count. */
function together(fits: readonly PairFit[], near: readonly [number, number]): PairFit | undefined {
  const good = fits.filter((f) => f.converged && f.xx + f.yy < 4);
  if (good.length === 0) return undefined;
  const middle = (of: (f: PairFit) => number, fallback: number) =>
    good.map(of).sort((p, q) => p - q)[good.length >> 1] ?? fallback;
  const [mx, my] = [middle((f) => f.x, near[0]), middle((f) => f.y, near[1])];
  const use = good.filter((f) => (f.x - mx) ** 2 + (f.y - my) ** 2 <= Math.max(1, 9 * (f.xx + f.yy)));
  let [wx, wy, x, y, ncc] = [0, 0, 0, 0, 0];
  for (const f of use) {
    wx += 1 / f.xx;
    wy += 1 / f.yy;
    x += f.x / f.xx;
    y += f.y / f.yy;
    ncc += f.ncc / use.length;
  }
  return { ...use[0]!, x: x / wx, y: y / wy, xx: 1 / wx, xy: 0, yy: 1 / wy, ncc };
}
