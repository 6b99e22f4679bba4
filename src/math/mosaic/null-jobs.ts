import type { PairJob } from "../pairs/pair-job.js";
import type { Plane } from "../plane.js";
import type { Rectangles, TilePairs } from "./neighbours.js";
import type { EdgeJob } from "./sweep.js";

/**
 * Pairs of strips that cannot show the same place: one strip of an edge with the other strip of another edge that lies elsewhere.
 * They are held against each other where the edge itself is, so that what cameras repeat (stripes, dust, dark patterns)
 * correlates here as it does there. Where no other edge is at hand, half a strip with the other half of its partner.
 *
 * @param wanted  how many at most
 * @param random  uniform in [0, 1)
 */
export function nullJobs(
  tiles: Rectangles,
  pairs: TilePairs,
  jobs: readonly EdgeJob[],
  wanted: number,
  random: () => number,
): PairJob[] {
  const found: PairJob[] = [];
  for (let n = 0; n < wanted && jobs.length > 0; n++) {
    const job = jobs[Math.floor(random() * jobs.length)]!;
    const others = jobs.filter((other) => alike(job.b, other.b) && farApart(tiles, pairs, job, other));
    const other = others[Math.floor(random() * others.length)];
    const made = other
      ? { a: job.a, b: other.b, expected: job.expected, reach: job.reach }
      : halves(job, random() < 0.5);
    if (made) found.push(made);
  }
  return found;
}

const alike = (p: Plane, q: Plane): boolean =>
  Math.abs(p.width - q.width) <= 0.2 * p.width && Math.abs(p.height - q.height) <= 0.2 * p.height;

/** Whether a of one edge and b of another lie so far from where they are tried that no reach brings them together. */
function farApart({ x, y }: Rectangles, { a, b }: TilePairs, one: EdgeJob, other: EdgeJob): boolean {
  const [p, q] = [a[one.edge]!, b[other.edge]!];
  const dx = x[q]! + other.strips.b.x - x[p]! - one.strips.a.x - one.expected[0];
  const dy = y[q]! + other.strips.b.y - y[p]! - one.strips.a.y - one.expected[1];
  return Math.abs(dx) > 4 * one.reach[0] || Math.abs(dy) > 4 * one.reach[1];
}

/** Half of a's strip with the half of b's that lies beyond it. */
function halves({ a, b, expected, reach }: EdgeJob, first: boolean): PairJob | undefined {
  const tall = a.height > a.width;
  const half = Math.floor((tall ? Math.min(a.height, b.height) : Math.min(a.width, b.width)) / 2);
  if (half < 3 * reach[tall ? 1 : 0]) return undefined;
  const part = (plane: Plane, late: boolean): Plane => {
    const skip = late ? half : 0;
    return tall
      ? { ...plane, at: plane.at + 4 * skip * plane.stride, height: half }
      : { ...plane, at: plane.at + 4 * skip, width: half };
  };
  return { a: part(a, !first), b: part(b, first), expected, reach };
}
