import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { capturePairs } from "../pairs/capture.js";
import type { PairFit } from "../pairs/pair-job.js";
import { refinePairs } from "../pairs/refine.js";
import { halfPlane, type Plane } from "../plane.js";
import type { EdgeObservations } from "./edges.js";
import type { Rectangles, TilePairs } from "./neighbours.js";
import { nullJobs } from "./null-jobs.js";
import { median } from "./statistics.js";
import type { EdgeJob } from "./sweep.js";

/** What pairs that cannot correspond reach: as many as were drawn. */
export interface NullScores {
  readonly score: number[];
}

/**
 * Finds where b lies for a batch of edges, and draws pairs that cannot correspond from the same strips.
 *
 * @param nulls  scores of such pairs, to be added to
 * @param wanted  how many such pairs to draw
 */
export function observeEdges(
  tiles: Rectangles,
  pairs: TilePairs,
  jobs: readonly EdgeJob[],
  into: EdgeObservations,
  nulls: NullScores,
  wanted: number,
  random: () => number,
): void {
  using arena = kernels().arena();
  const chance = nullJobs(tiles, pairs, jobs, wanted, random);
  const captured = capturePairs(arena, [...jobs, ...chance]);
  for (const { score } of captured.slice(jobs.length)) if (Number.isFinite(score)) nulls.score.push(score);
  // What scores less than most of what cannot correspond need not be refined.
  const common = nulls.score.length > 0 ? median(nulls.score) : 0;
  const found: Found[] = jobs.flatMap((job, k) => {
    const { x, y, score, rival } = captured[k]!;
    into.score[job.edge] = score;
    into.rival[job.edge] = rival;
    return score > common ? [{ ...job, start: [x, y] as const, score, rival }] : [];
  });
  const fits = refinePairs(arena, found);
  lookTwice(arena, found, fits, 1.2 * common);
  settle(arena, found, fits, 1.2 * common);
  found.forEach(({ edge, strips, start }, k) => {
    const fit = fits[k]!;
    into.ncc[edge] = fit.ncc;
    // What says less than the place that correlation found is not taken.
    const fine = fit.converged && fit.xx + fit.yy <= 4 * UNREFINED;
    // From pixels of the strips to pixels of the tiles.
    into.dx[edge] = (fine ? fit.x : start[0]) + strips.a.x - strips.b.x;
    into.dy[edge] = (fine ? fit.y : start[1]) + strips.a.y - strips.b.y;
    into.xx[edge] = fine ? fit.xx : UNREFINED;
    into.xy[edge] = fine ? fit.xy : 0;
    into.yy[edge] = fine ? fit.yy : UNREFINED;
  });
}

/**
 * Goes on from where a refinement stopped short of its rest, then tries coarser: noise and bending hide the common slopes of fine
 * pixels first.
 */
function settle(arena: Arena, found: readonly Found[], fits: PairFit[], least: number): void {
  for (const level of [0, 0, 1, 2]) {
    const step = 2 ** level;
    const again = found.flatMap((job, k) => {
      const { x, y, converged } = fits[k]!;
      if (converged || job.score <= least) return [];
      const from = level === 0 && distance([x, y], job.start) < 2.5 ? ([x, y] as const) : job.start;
      return [{ ...job, k, start: [from[0] / step, from[1] / step] as const }];
    });
    if (again.length === 0) return;
    using scratch = kernels().arena();
    const coarse = (plane: Plane): Plane => {
      let out = plane;
      for (let n = 0; n < level; n++) out = halfPlane(scratch, out);
      return out;
    };
    const jobs = again.map((job) => ({ ...job, a: coarse(job.a), b: coarse(job.b) }));
    refinePairs(arena, jobs).forEach((fit, n) => {
      const { k } = again[n]!;
      if (level > 0 && !fit.converged) return;
      const square = step * step;
      fits[k] = {
        ...fit,
        x: step * fit.x,
        y: step * fit.y,
        xx: square * fit.xx,
        xy: square * fit.xy,
        yy: square * fit.yy,
      };
    });
  }
}

interface Found extends EdgeJob {
  start: readonly [x: number, y: number];
  readonly score: number;
  readonly rival: number;
}

/** A rival with this part of the best score may be the one that is meant. */
const AMBIGUOUS = 0.65;
/** A place where slopes agree so well is no chance. */
const CLEAR = 0.75;
/** Fewer parts of the reach than this along each axis hide one place behind another. */
const PARTS = 3;

/**
 * Where a sample repeats itself, whitened correlation sees several places nearly alike. The best place of each part of the reach is
 * refined, and that is taken at which most of the slopes agree.
 */
function lookTwice(arena: Arena, found: readonly Found[], fits: PairFit[], least: number): void {
  const doubtful = found.flatMap((job, k) => {
    const clear = fits[k]!.converged && fits[k]!.slopes > CLEAR;
    return job.rival > AMBIGUOUS * job.score && job.score > least && !clear ? [{ job, k }] : [];
  });
  if (doubtful.length === 0) return;
  const parts = doubtful.flatMap(({ job, k }) => {
    const reach = [job.reach[0] / PARTS, job.reach[1] / PARTS] as const;
    return Array.from({ length: PARTS * PARTS }, (_, n) => {
      const [u, v] = [(n % PARTS) - (PARTS - 1) / 2, Math.floor(n / PARTS) - (PARTS - 1) / 2];
      const expected = [job.expected[0] + 2 * u * reach[0], job.expected[1] + 2 * v * reach[1]] as const;
      return { ...job, expected, reach, k };
    });
  });
  const places = capturePairs(arena, parts);
  const starts = parts.flatMap((part, n) => {
    const { x, y, score } = places[n]!;
    const other = distance([x, y], part.start) > 3 && score > 0.5 * part.score;
    return other ? [{ ...part, start: [x, y] as const }] : [];
  });
  refinePairs(arena, starts).forEach((fit, n) => {
    const { k, start } = starts[n]!;
    if (!fit.converged || (fits[k]!.converged && fits[k]!.slopes >= fit.slopes)) return;
    fits[k] = fit;
    found[k]!.start = start;
  });
}

/** Variance of a place that could not be refined, as where a single spot is cut by the rim of the overlap, px². */
export const UNREFINED = 0.5;

const distance = (p: readonly [number, number], q: readonly [number, number]): number =>
  Math.sqrt((p[0] - q[0]) ** 2 + (p[1] - q[1]) ** 2);
