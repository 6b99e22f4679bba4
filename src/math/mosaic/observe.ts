import { kernels } from "../../kernel/lane.js";
import { capturePairs } from "../pairs/capture.js";
import { refinePairs } from "../pairs/refine.js";
import type { EdgeObservations } from "./edges.js";
import type { Rectangles, TilePairs } from "./neighbours.js";
import { nullJobs } from "./null-jobs.js";
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
  const found = jobs.flatMap((job, k) => {
    const { x, y, score, rival } = captured[k]!;
    return score > 0 ? [{ ...job, start: [x, y] as const, score, rival }] : [];
  });
  const fits = refinePairs(arena, found);
  for (let round = 0; round < 3; round++) {
    const again = found.flatMap((job, k) => {
      const { x, y, converged } = fits[k]!;
      return !converged && distance([x, y], job.start) < 2.5 ? [{ ...job, start: [x, y] as const, k }] : [];
    });
    refinePairs(arena, again).forEach((fit, n) => {
      fits[again[n]!.k] = fit;
    });
  }
  found.forEach(({ edge, strips, start, score, rival }, k) => {
    const fit = fits[k]!;
    into.score[edge] = score;
    into.rival[edge] = rival;
    into.ncc[edge] = fit.ncc;
    const fine = fit.converged;
    // From pixels of the strips to pixels of the tiles.
    into.dx[edge] = (fine ? fit.x : start[0]) + strips.a.x - strips.b.x;
    into.dy[edge] = (fine ? fit.y : start[1]) + strips.a.y - strips.b.y;
    into.xx[edge] = fine ? fit.xx : UNREFINED;
    into.xy[edge] = fine ? fit.xy : 0;
    into.yy[edge] = fine ? fit.yy : UNREFINED;
  });
}

/** Variance of a place that could not be refined, as where a single spot is cut by the rim of the overlap, px². */
export const UNREFINED = 0.5;

const distance = (p: readonly [number, number], q: readonly [number, number]): number =>
  Math.sqrt((p[0] - q[0]) ** 2 + (p[1] - q[1]) ** 2);
