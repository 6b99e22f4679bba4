import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import type { Plane } from "../plane.js";
import type { PairFit, PairJob } from "./pair-job.js";

const JOB_NUMBERS = 16;
const RESULT_NUMBERS = 16;

export interface RefineJob extends PairJob {
  readonly start: readonly [x: number, y: number];
  /** Both planes at half the size, where they are at hand; see `halfPlane`. */
  readonly halves?: readonly [a: Plane, b: Plane];
}

/**
 * Refines for each pair the place of b in a, by Lucas-Kanade steps over the whole overlap, from a start within about 2 px.
 *
 * Both images are sampled half way towards each other by the same spline, so that both are blurred alike and there is no
 * drift towards whole pixels. Gain and offset, and their slopes along x and y, are fitted along: shading that differs
 * between both sides of an overlap would else pass for a shift. Only what slopes of both images have in common counts as
 * texture. The covariance comes from how blocks of 16 by 16 pixels pull at the result, so that neighbouring pixels' noise
 * may be correlated.
 *
 * @returns one result per job, in order
 */
export function refinePairs(arena: Arena, jobs: readonly RefineJob[]): PairFit[] {
  if (jobs.length === 0) return [];
  const k = kernels();
  const table = new Float64Array(JOB_NUMBERS * jobs.length);
  let most = 0;
  let [width, blocks] = [0, 0];
  for (const [n, { a, b, start, halves }] of jobs.entries()) {
    const row = [a.at, a.stride, a.width, a.height, b.at, b.stride, b.width, b.height, start[0], start[1]];
    if (halves) row.push(...halves.flatMap((half) => [half.at, half.stride]));
    table.set(row, JOB_NUMBERS * n);
    for (const p of [a, b]) most = Math.max(most, 4 * ((p.width >> 1) + 19) * ((p.height >> 1) + 1));
    const [w, h] = [Math.min(a.width, b.width), Math.min(a.height, b.height)];
    width = Math.max(width, w);
    blocks = Math.max(blocks, Math.ceil(w / 64) * Math.ceil(h / 16));
  }
  const planeBytes = Math.ceil(most / 64) * 64 + 64;
  const jobTable = arena.put(table);
  const results = arena.bytes(8 * RESULT_NUMBERS * jobs.length);
  const lineBytes = 128 + 44 * (width + 32);
  const scratch = k.scratch(arena, 2048 + 2 * planeBytes + lineBytes + 272 * blocks);
  k.rows("refinePairs", jobs.length, [jobTable, results, planeBytes, lineBytes, scratch], 1);
  const found = arena.f64(results, RESULT_NUMBERS * jobs.length).slice();
  for (const at of [jobTable, results, scratch.base]) arena.free(at);
  return jobs.map((_, n) => {
    const r = found.subarray(RESULT_NUMBERS * n);
    return {
      ...{ x: r[0]!, y: r[1]!, xx: r[2]!, xy: r[3]!, yy: r[4]!, ncc: r[5]!, gain: r[6]!, offset: r[7]! },
      ...{ overlap: r[8]!, converged: r[9] === 1, slopes: r[10]!, texture: r[11]! },
    };
  });
}
