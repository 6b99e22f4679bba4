import type { Matrix3 } from "../../core/transform.js";
import { grow } from "./grow.js";
import { type Hypothesis, type HypothesisTest, testTriangles, WITNESSES } from "./hypotheses.js";
import { neighbourLists, PointIndex, typicalSpacing } from "./point-index.js";
import { PointField, pointSupport } from "./point-support.js";
import { ShapeHash, trianglesOf } from "./triangles.js";

export interface PointMatchOptions {
  /** How far a point may lie from where it belongs, as a share of the typical distance between fixed points. */
  readonly tolerance: number;
  /** Least and largest magnification, moving over fixed world units. */
  readonly scale: readonly [number, number];
  /** How much one direction may be stretched against another: 0 for a similarity. */
  readonly distortion: number;
  /** Neighbours of a point that make triangles with it. */
  readonly neighbours: number;
  readonly random: () => number;
  readonly signal?: AbortSignal;
}

/** A map that point sets agree on. */
export interface PointMap {
  readonly matrix: Matrix3;
  /** Moving point of each fixed point, -1 for none. */
  readonly partner: Int32Array;
  readonly inliers: number;
  readonly log10Nfa: number;
  /** Pairs of points that determine a map of its kind. */
  readonly sample: number;
}

export interface PointMatch {
  readonly best?: PointMap;
  /** The best map that puts the points elsewhere. */
  readonly rival?: PointMap;
  /** Longest residual that counted, in the moving world. */
  readonly threshold: number;
  /** Typical distance between fixed points. */
  readonly spacing: number;
  /** Pairs of triangles of one shape that were looked at. */
  readonly tried: number;
}

/** Pairs of triangles that are looked at in the first round, and in all: they bound the time, and depend on no clock. */
const FIRST_ROUND = 300_000;
const MOST = 3_000_000;
/** Different maps that are followed over the whole set in each round. */
const FOLLOWED = 40;
/** And once one of them is beyond chance: the others are there to tell whether it is the only one. */
const RIVALS = 12;
/** Below this number of false alarms (log10) the search is over. */
const SURE = -15;

/**
 * Finds the map between two sets of points that have nothing but their places: by the shapes of triangles that neighbours
 * make (geometric hashing [1], as for star maps [2]), judged by their own neighbourhood and then by all points.
 *
 * 1. Triangles of each point with its nearest neighbours, coded by shape; those of the moving set in a hash.
 * 2. Each pair of alike triangles gives a map. The next dozen neighbours are asked: at least four must find a partner.
 * 3. The maps with most witnesses, each different from those before, grow over the whole set, fitted again at each step.
 * 4. What all points say of each decides; the best and the best that differs from it are given.
 *
 * Anchors come in random order and in rounds; the search ends when a map is beyond chance, or when what it may look at is
 * used up. Memory is of the order of the number of points.
 *
 * [1] H. J. Wolfson, I. Rigoutsos, IEEE Comput. Sci. Eng. 4 (1997), doi:10.1109/99.641604
 * [2] E. J. Groth, Astron. J. 91 (1986), doi:10.1086/114099
 */
export function matchPoints(fixed: Float64Array, moving: Float64Array, options: PointMatchOptions): PointMatch {
  const { distortion, signal } = options;
  const n = fixed.length / 2;
  const fixedIndex = new PointIndex(fixed);
  const spacing = typicalSpacing(fixedIndex);
  const reach = options.tolerance * spacing;
  const field = new PointField(moving);
  const movingSpacing = typicalSpacing(field.index);
  const search = { fixedIndex, field, spacing, movingSpacing, reach, followed: [] as PointMap[] };
  const order = shuffled(n, options.random);
  let tried = searchWith(search, options, options.neighbours, order);
  // Where much is missing on both sides, triangles of near neighbours seldom survive on both: look at wider ones too.
  if (!search.followed.some((map) => map.log10Nfa < SURE))
    tried += searchWith(search, options, Math.ceil(1.6 * options.neighbours), order);
  signal?.throwIfAborted();
  const byEvidence = search.followed.sort((a, b) => a.log10Nfa - b.log10Nfa);
  const first = byEvidence[0];
  const best = first && (loosened(first, search, fixed) ?? first);
  const rival = best && byEvidence.find((map) => map !== first && elsewhere(best, map, fixed, spacing));
  return {
    ...(best ? { best } : {}),
    ...(rival ? { rival } : {}),
    threshold: best ? reach * scaleOf(best.matrix) : 0,
    spacing,
    tried,
  };
  function searchWith(s: typeof search, { scale }: PointMatchOptions, k: number, anchors: Int32Array): number {
    const thinnest = distortion > 0 ? 0.3 : 0.1;
    const width = k + WITNESSES;
    const lists = neighbourLists(fixedIndex, width);
    const near = narrow(lists, n, width, k);
    const everyone = Int32Array.from({ length: moving.length / 2 }, (_, i) => i);
    const shapes = trianglesOf(moving, neighbourLists(s.field.index, k), k, everyone, 0.8 * thinnest);
    const hash = new ShapeHash(shapes, 0.6 * options.tolerance + 0.5 * distortion);
    const test: HypothesisTest = {
      ...{ fixed, moving: s.field.index, lists, width, reach: s.reach, scale, distortion },
      spacing: s.movingSpacing,
    };
    let count = 0;
    let round = FIRST_ROUND;
    for (let from = 0; from < n && count < MOST; round *= 2) {
      const kept: Hypothesis[] = [];
      for (const end = count + round; from < n && count < end; from += 4) {
        signal?.throwIfAborted();
        count += testTriangles(
          trianglesOf(fixed, near, k, anchors.subarray(from, from + 4), thinnest),
          hash,
          test,
          kept,
        );
      }
      follow(kept, test, s, signal);
      if (s.followed.some((map) => map.log10Nfa < SURE)) break;
    }
    return count;
  }
}

/** Follows the hypotheses with most witnesses over the whole set, each that differs from those before. */
function follow(
  kept: Hypothesis[],
  { fixed, lists, width, reach, distortion }: HypothesisTest,
  { field, spacing, followed }: { field: PointField; spacing: number; followed: PointMap[] },
  signal?: AbortSignal,
): void {
  const family = distortion > 0 ? "affine" : "similarity";
  kept.sort((a, b) => b.score - a.score);
  let limit = FOLLOWED;
  let count = 0;
  for (const { matrix: start, anchor } of kept) {
    if (count >= limit) break;
    const place = [anchor, ...lists.subarray(anchor * width, anchor * width + 3)].filter((i) => i >= 0);
    const known = followed.some(({ matrix }) => {
      const bound = (0.5 * spacing * scaleOf(matrix)) ** 2;
      return place.every((i) => squaredApart(matrix, start, fixed, i) < bound);
    });
    if (known) continue;
    signal?.throwIfAborted();
    count++;
    const matrix = grow(family, start, fixed, field.index, anchor, spacing, reach);
    const sample = distortion > 0 ? 3 : 2;
    const support = pointSupport(matrix, fixed, field, reach * scaleOf(matrix), sample);
    followed.push({ matrix, ...support, sample });
    if (support.log10Nfa < SURE) limit = Math.min(limit, count + RIVALS);
  }
}

/**
 * The affine map that a similarity leads to, where it brings more together than its greater freedom explains. A stretch of a
 * few per cent leaves a similarity right in the middle alone: its tie points would agree by choice, and hide the misfit.
 */
function loosened(
  map: PointMap,
  { field, spacing, reach }: { field: PointField; spacing: number; reach: number },
  fixed: Float64Array,
): PointMap | undefined {
  if (!(map.log10Nfa < 0)) return undefined;
  const inliers = Array.from(map.partner.keys()).filter((i) => map.partner[i]! >= 0);
  const x = inliers.reduce((sum, i) => sum + fixed[2 * i]!, 0) / inliers.length;
  const y = inliers.reduce((sum, i) => sum + fixed[2 * i + 1]!, 0) / inliers.length;
  const away = (i: number) => (fixed[2 * i]! - x) ** 2 + (fixed[2 * i + 1]! - y) ** 2;
  const anchor = inliers.reduce((least, i) => (away(i) < away(least) ? i : least), inliers[0]!);
  const matrix = grow("affine", map.matrix, fixed, field.index, anchor, spacing, reach);
  const support = pointSupport(matrix, fixed, field, reach * scaleOf(matrix), 3);
  return support.log10Nfa < map.log10Nfa - 3 ? { matrix, ...support, sample: 3 } : undefined;
}

const scaleOf = (m: Matrix3): number => Math.sqrt(Math.abs(m[0] * m[4] - m[1] * m[3]));

function squaredApart(one: Matrix3, other: Matrix3, fixed: Float64Array, i: number): number {
  const x = fixed[2 * i]!;
  const y = fixed[2 * i + 1]!;
  const dx = (one[0] - other[0]) * x + (one[1] - other[1]) * y + one[2] - other[2];
  const dy = (one[3] - other[3]) * x + (one[4] - other[4]) * y + one[5] - other[5];
  return dx * dx + dy * dy;
}

/** Whether a map puts most of the best one's inliers in other places. */
function elsewhere(best: PointMap, map: PointMap, fixed: Float64Array, spacing: number): boolean {
  const bound = (0.5 * spacing * scaleOf(best.matrix)) ** 2;
  let far = 0;
  for (let i = 0; i < best.partner.length; i++) {
    if (best.partner[i]! >= 0 && squaredApart(best.matrix, map.matrix, fixed, i) > bound) far++;
  }
  return far > 0.5 * best.inliers;
}

function narrow(lists: Int32Array, n: number, width: number, k: number): Int32Array {
  const out = new Int32Array(n * k);
  for (let i = 0; i < n; i++) out.set(lists.subarray(i * width, i * width + k), i * k);
  return out;
}

function shuffled(n: number, random: () => number): Int32Array {
  const order = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.trunc(random() * (i + 1));
    const swap = order[i]!;
    order[i] = order[j]!;
    order[j] = swap;
  }
  return order;
}
