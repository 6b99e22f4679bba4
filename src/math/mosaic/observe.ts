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
  const found = jobs.filter((_, k) => captured[k]!.score > 0);
  const starts = captured.slice(0, jobs.length).filter(({ score }) => score > 0);
  const fits = refinePairs(
    arena,
    found.map((job, k) => ({ ...job, start: [starts[k]!.x, starts[k]!.y] as const })),
  );
  found.forEach(({ edge, strips }, k) => {
    const fit = fits[k]!;
    into.score[edge] = starts[k]!.score;
    into.rival[edge] = starts[k]!.rival;
    into.ncc[edge] = fit.ncc;
    if (!fit.converged) return;
    // From pixels of the strips to pixels of the tiles.
    into.dx[edge] = fit.x + strips.a.x - strips.b.x;
    into.dy[edge] = fit.y + strips.a.y - strips.b.y;
    into.xx[edge] = fit.xx;
    into.xy[edge] = fit.xy;
    into.yy[edge] = fit.yy;
  });
}
