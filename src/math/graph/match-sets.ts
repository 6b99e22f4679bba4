import { type Diagnostic, failed, problem, warning } from "../../core/diagnostic.js";
import type { Image } from "../../core/image.js";
import type { Matches } from "../../core/matches.js";
import type { Context, Outcome } from "../../core/plugin.js";
import { type PointSet, worldPoints } from "../../core/points.js";
import { apply } from "../../core/transform.js";
import { matchPoints, type PointMatchOptions } from "./match-points.js";
import { PointIndex, typicalSpacing } from "./point-index.js";

/** Fewer points than this cannot tell a right map from chance. */
const LEAST_POINTS = 6;

export interface SetMatchOptions extends Omit<PointMatchOptions, "random" | "signal"> {
  /** The most trusted points of either set that are used. */
  readonly maxPoints: number;
}

/**
 * Matches two sets of points by their places alone (see `matchPoints`); both in their own world.
 *
 * Points without a place are left out, and points on top of each other count once. The tie points are those that the best
 * map brings together, nearest first; with them goes what is needed to tell whether chance would have done as well.
 *
 * @param images  that the points are of, for the estimator to look at
 */
export function matchPointSets(
  fixed: PointSet,
  moving: PointSet,
  options: SetMatchOptions,
  context: Pick<Context, "signal" | "random" | "progress">,
  images?: { readonly fixed: Image; readonly moving: Image },
): Outcome<{ readonly matches: "matches" }> {
  context.signal.throwIfAborted();
  const notes: Diagnostic[] = [];
  const p = usable("fixed", fixed, options.maxPoints, notes);
  const q = usable("moving", moving, options.maxPoints, notes);
  const wrong = [...unfit("fixed", p), ...unfit("moving", q)];
  if (wrong.length > 0) return failed(...wrong);
  const { best, rival, threshold } = matchPoints(p, q, { ...options, random: context.random, signal: context.signal });
  context.progress(0.9);
  const rivalShare = best && best.inliers > 0 && rival ? Math.min(1, rival.inliers / best.inliers) : 0;
  const ties: { i: number; j: number; residual: number }[] = [];
  if (best) {
    const at = apply({ type: "projective", matrix: best.matrix }, worldPoints(p));
    best.partner.forEach((j, i) => {
      if (j < 0) return;
      const dx = at[2 * i]! - q[2 * j]!;
      const dy = at[2 * i + 1]! - q[2 * j + 1]!;
      ties.push({ i, j, residual: Math.sqrt(dx * dx + dy * dy) });
    });
    ties.sort((a, b) => a.residual - b.residual || a.i - b.i);
  }
  const matches: Matches = {
    fixed: worldPoints(ties.flatMap(({ i }) => [p[2 * i]!, p[2 * i + 1]!])),
    moving: worldPoints(ties.flatMap(({ j }) => [q[2 * j]!, q[2 * j + 1]!])),
    // The threshold may have been doubled where that says more.
    weight: Float64Array.from(ties, ({ residual }) => Math.max(0, 1 - residual / (2 * threshold))),
    ...(images ? { images } : {}),
    detected: { fixed: p.length / 2, moving: q.length / 2 },
    pointSets: { fixed: worldPoints(p), moving: worldPoints(q), sample: best?.sample ?? 2, rivalShare },
  };
  return {
    ok: true,
    value: { matches },
    metrics: {
      "points-fixed": { value: p.length / 2 },
      "points-moving": { value: q.length / 2 },
      matches: { value: ties.length },
      "rival-share": { value: 100 * rivalShare, unit: "%" },
    },
    ...(notes.length > 0 ? { notes } : {}),
  };
}

/** The points that have a place, the most trusted `most` of them, each place once; in the order given. */
function usable(name: string, { points, confidence }: PointSet, most: number, notes: Diagnostic[]): Float64Array {
  const count = points.length / 2;
  const all = Array.from({ length: count }, (_, i) => i);
  let kept = all.filter((i) => Number.isFinite(points[2 * i]) && Number.isFinite(points[2 * i + 1]));
  if (kept.length < count)
    notes.push(
      warning(
        "points-without-place",
        `${count - kept.length} of ${count} ${name} points have no place and are left out`,
      ),
    );
  if (kept.length > most) {
    const trust = (i: number) => confidence?.[i] ?? 1;
    kept = kept
      .sort((a, b) => trust(b) - trust(a) || a - b)
      .slice(0, most)
      .sort((a, b) => a - b);
    notes.push(
      warning(
        "points-left-out",
        `Of ${count} ${name} points the ${most} most trusted are used`,
        "Raise max-points to use more.",
      ),
    );
  }
  const xy = Float64Array.from(kept.flatMap((i) => [points[2 * i]!, points[2 * i + 1]!]));
  const index = new PointIndex(xy);
  const near = 0.01 * typicalSpacing(index);
  const own = kept
    .map((_, i) => i)
    .filter(
      (i) =>
        !index
          .nearestFew(xy[2 * i]!, xy[2 * i + 1]!, 1, i)
          .some(({ index: j, squared }) => j < i && squared <= near * near),
    );
  if (own.length < kept.length)
    notes.push(
      warning(
        "points-repeated",
        `${kept.length - own.length} of ${count} ${name} points lie on top of others and are left out`,
      ),
    );
  return Float64Array.from(own.flatMap((i) => [xy[2 * i]!, xy[2 * i + 1]!]));
}

function unfit(name: string, p: Float64Array): Diagnostic[] {
  const n = p.length / 2;
  if (n < LEAST_POINTS) {
    return [
      problem(
        "too-few-points",
        `Expected at least ${LEAST_POINTS} ${name} points in different places, but found ${n}`,
        "Detect more points (lower the detector's contrast), or name the points and pair them by name.",
      ),
    ];
  }
  const mean = [0, 1].map((axis) => p.reduce((sum, v, k) => sum + (k % 2 === axis ? v : 0), 0) / n) as [number, number];
  let [xx, xy, yy] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [x, y] = [p[2 * i]! - mean[0], p[2 * i + 1]! - mean[1]];
    xx += x * x;
    xy += x * y;
    yy += y * y;
  }
  if (xx * yy - xy * xy > 1e-6 * (xx + yy) ** 2) return [];
  return [
    problem(
      "points-on-a-line",
      `The ${n} ${name} points lie on a line, which does not tell one map from another`,
      "Use points that are spread over the image.",
    ),
  ];
}
