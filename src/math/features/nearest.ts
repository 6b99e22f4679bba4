import { kernels } from "../../kernel/lane.js";
import type { Features } from "./keypoints.js";

/** The nearest moving feature of every fixed one, and the nearest fixed one of every moving one. */
export interface Nearest {
  /** For each fixed feature, the index of the nearest moving feature; -1 when there is none. Of equals, the lowest. */
  readonly index: Int32Array;
  /** Its distance: squared Euclidean, or Hamming, as the descriptors are measured. */
  readonly distance: Int32Array;
  /** Distance of the second nearest; `FAR` when there is none. */
  readonly second: Int32Array;
  /** For each moving feature, the index of the nearest fixed feature; -1 when there is none. Of equals, the lowest. */
  readonly back: Int32Array;
}

/** Further than any two descriptors are. */
export const FAR = 0x3fffffff;
/** Euclidean descriptors have whole vectors of 16 bytes; of bits, there are kernels for these many bytes. */
const VECTOR = 16;
const HAMMING: Readonly<Record<number, string>> = { 32: "matchHamming", 64: "matchHamming512" };

type Described = Pick<Features, "count" | "descriptors" | "bytes" | "measure">;

/** Compares all with all. Both need descriptors of the same kind. */
export function nearest(fixed: Described, moving: Described): Nearest {
  checkKinds(fixed, moving);
  const index = new Int32Array(fixed.count).fill(-1);
  const distance = new Int32Array(fixed.count).fill(FAR);
  const second = new Int32Array(fixed.count).fill(FAR);
  const back = new Int32Array(moving.count).fill(-1);
  if (fixed.count === 0 || moving.count === 0) return { index, distance, second, back };
  const k = kernels();
  using arena = k.arena();
  const { bytes } = fixed;
  const euclidean = fixed.measure === "euclidean";
  const queries = Math.ceil(fixed.count / 2) * 2;
  const trains = euclidean ? Math.ceil(moving.count / 4) * 4 : moving.count;
  const out = arena.bytes(12 * queries);
  const near = k.scratch(arena, 8 * trains);
  for (let lane = 0; lane < k.lanes; lane++) {
    arena
      .i32(near.base + lane * near.bytesPerLane, 2 * trains)
      .fill(FAR, 0, trains)
      .fill(-1, trains);
  }
  if (euclidean) {
    const wide = (features: Described, rows: number): { rows: number; norms: number } => {
      const at = arena.bytes(2 * bytes * rows);
      const norms = arena.bytes(4 * rows);
      const narrow = arena.put(features.descriptors);
      k.rows("widenDescriptors", features.count, [narrow, bytes, at, norms], 512);
      arena.free(narrow);
      arena.u8(at + 2 * bytes * features.count, 2 * bytes * (rows - features.count)).fill(0);
      arena.i32(norms, rows).fill(FAR, features.count);
      return { rows: at, norms };
    };
    const a = wide(fixed, queries);
    const b = wide(moving, trains);
    k.rows("matchL2", queries, [a.rows, a.norms, b.rows, trains, b.norms, bytes, out, near], 64);
  } else {
    const rows = arena.bytes(bytes * queries);
    const last = fixed.descriptors.subarray(bytes * (fixed.count - 1), bytes * fixed.count);
    arena.u8(rows, bytes * queries).set(fixed.descriptors);
    if (queries > fixed.count) arena.u8(rows, bytes * queries).set(last, bytes * fixed.count);
    k.rows(HAMMING[bytes]!, queries, [rows, arena.put(moving.descriptors), trains, out, near], 64);
  }
  const found = arena.i32(out, 3 * queries);
  for (let i = 0; i < fixed.count; i++) {
    index[i] = found[3 * i]!;
    distance[i] = found[3 * i + 1]!;
    second[i] = Math.min(found[3 * i + 2]!, FAR);
  }
  const least = new Int32Array(moving.count).fill(FAR);
  for (let lane = 0; lane < k.lanes; lane++) {
    const mine = arena.i32(near.base + lane * near.bytesPerLane, 2 * trains);
    for (let j = 0; j < moving.count; j++) {
      const who = mine[trains + j]!;
      if (who < 0 || mine[j]! > least[j]! || (mine[j] === least[j] && back[j]! >= 0 && who > back[j]!)) continue;
      least[j] = mine[j]!;
      back[j] = who;
    }
  }
  return { index, distance, second, back };
}

/** Features that were found to belong together, the most trusted first. */
export interface FeaturePairs {
  readonly count: number;
  /** Indices of features. */
  readonly fixed: Uint32Array;
  readonly moving: Uint32Array;
  /** Euclidean or Hamming distance. */
  readonly distance: Float32Array;
  /** Distance over that of the second nearest, 0..1: how ambiguous the pair is. 1 where there is no second. */
  readonly ratio: Float32Array;
}

export interface PairOptions {
  /** Drop a pair unless its distance is below `ratio` times the second nearest's [Lowe 2004, section 7.1]. 1 keeps all. */
  readonly ratio: number;
  /** Drop a pair unless each is the other's nearest. */
  readonly mutual: boolean;
  /** Drop a pair that is further apart, in units of `FeaturePairs.distance`. */
  readonly maxDistance?: number;
}

/** Pairs the features of two images by descriptor alone; sorted by ratio, then distance, then index. */
export function pairFeatures(fixed: Described, moving: Described, options: PairOptions): FeaturePairs {
  const found = nearest(fixed, moving);
  const length = fixed.measure === "euclidean" ? Math.sqrt : (d: number): number => d;
  const pairs: Pair[] = [];
  for (let i = 0; i < fixed.count; i++) {
    const j = found.index[i]!;
    if (j < 0 || (options.mutual && found.back[j] !== i)) continue;
    const distance = length(found.distance[i]!);
    const second = length(found.second[i]!);
    const ratio = second > 0 ? distance / second : 1;
    if (options.ratio < 1 && !(ratio < options.ratio)) continue;
    if (distance > (options.maxDistance ?? Number.POSITIVE_INFINITY)) continue;
    pairs.push({ fixed: i, moving: j, distance, ratio: found.second[i] === FAR ? 1 : ratio });
  }
  return pairColumns(pairs);
}

/**
 * Pairs features near where they are expected: each other's nearest among those within a radius, without a ratio test.
 *
 * This is the guided second pass: once a transform is roughly known, place tells apart what descriptors cannot, and far
 * more pairs are found, evenly over the image.
 *
 * @param fixed  features of the fixed image
 * @param moving  features of the moving image; x and y in its pixels
 * @param predicted  where each fixed feature should be in the moving image, interleaved x, y in its pixels; NaN for nowhere
 * @param radius  in pixels of the moving image
 * @param maxDistance  largest distance, Euclidean (norm of a SIFT descriptor: 512) or Hamming
 * @returns sorted by distance, then index; `ratio` compares with the second nearest within the radius
 */
export function nearestWithin(
  fixed: Described,
  moving: Described & Pick<Features, "x" | "y">,
  predicted: Float64Array,
  radius: number,
  maxDistance = Number.POSITIVE_INFINITY,
): FeaturePairs {
  checkKinds(fixed, moving);
  const near = withinRadius(moving, predicted, radius);
  const count = near.length / 2;
  if (count === 0) return pairColumns([]);
  using arena = kernels().arena();
  const out = arena.bytes(4 * count);
  const args = [arena.put(near), arena.put(fixed.descriptors), arena.put(moving.descriptors), fixed.bytes, out];
  const euclidean = fixed.measure === "euclidean";
  kernels().rows(euclidean ? "distancesL2" : "distancesHamming", count, args, 4096);
  const distances = arena.i32(out, count);
  const best = new Int32Array(fixed.count).fill(-1);
  const least = new Int32Array(fixed.count).fill(FAR);
  const second = new Int32Array(fixed.count).fill(FAR);
  const back = new Int32Array(moving.count).fill(-1);
  const backLeast = new Int32Array(moving.count).fill(FAR);
  for (let n = 0; n < count; n++) {
    const i = near[2 * n]!;
    const j = near[2 * n + 1]!;
    const d = distances[n]!;
    // Candidates of one fixed feature come in ascending order of the moving one, and fixed ones ascend: ties take the lowest.
    if (d < least[i]!) {
      second[i] = least[i]!;
      least[i] = d;
      best[i] = j;
    } else if (d < second[i]!) {
      second[i] = d;
    }
    if (d < backLeast[j]!) {
      backLeast[j] = d;
      back[j] = i;
    }
  }
  const length = euclidean ? Math.sqrt : (d: number): number => d;
  const pairs: Pair[] = [];
  for (let i = 0; i < fixed.count; i++) {
    const j = best[i]!;
    if (j < 0 || back[j] !== i || length(least[i]!) > maxDistance) continue;
    const distance = length(least[i]!);
    const ratio = second[i] === FAR || second[i] === 0 ? 1 : distance / length(second[i]!);
    pairs.push({ fixed: i, moving: j, distance, ratio });
  }
  pairs.sort((a, b) => a.distance - b.distance || a.fixed - b.fixed);
  return columns(pairs);
}

interface Pair {
  readonly fixed: number;
  readonly moving: number;
  readonly distance: number;
  readonly ratio: number;
}

/** Pairs as columns: sorted by ratio, then distance, then index. Sorts the list in place. */
export const pairColumns = (pairs: Pair[]): FeaturePairs =>
  columns(pairs.sort((a, b) => a.ratio - b.ratio || a.distance - b.distance || a.fixed - b.fixed));

const columns = (pairs: readonly Pair[]): FeaturePairs => ({
  count: pairs.length,
  fixed: Uint32Array.from(pairs, (p) => p.fixed),
  moving: Uint32Array.from(pairs, (p) => p.moving),
  distance: Float32Array.from(pairs, (p) => p.distance),
  ratio: Float32Array.from(pairs, (p) => p.ratio),
});

/** Index pairs (fixed, moving) of what lies within a radius, in ascending order. */
function withinRadius(
  moving: Pick<Features, "count" | "x" | "y">,
  predicted: Float64Array,
  radius: number,
): Uint32Array {
  const cells = new Map<string, number[]>();
  const cell = (v: number): number => Math.floor(v / radius);
  for (let j = 0; j < moving.count; j++) {
    const key = `${cell(moving.x[j]!)} ${cell(moving.y[j]!)}`;
    const list = cells.get(key);
    if (list) list.push(j);
    else cells.set(key, [j]);
  }
  const out: number[] = [];
  for (let i = 0; 2 * i < predicted.length; i++) {
    const x = predicted[2 * i]!;
    const y = predicted[2 * i + 1]!;
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
    const here: number[] = [];
    for (let cy = cell(y) - 1; cy <= cell(y) + 1; cy++) {
      for (let cx = cell(x) - 1; cx <= cell(x) + 1; cx++) {
        for (const j of cells.get(`${cx} ${cy}`) ?? []) {
          if ((moving.x[j]! - x) ** 2 + (moving.y[j]! - y) ** 2 <= radius * radius) here.push(j);
        }
      }
    }
    for (const j of here.sort((a, b) => a - b)) out.push(i, j);
  }
  return Uint32Array.from(out);
}

function checkKinds(fixed: Described, moving: Described): void {
  const known = fixed.measure === "euclidean" ? fixed.bytes % VECTOR === 0 : Object.hasOwn(HAMMING, fixed.bytes);
  if (known && fixed.bytes === moving.bytes && fixed.measure === moving.measure) return;
  const told = ({ bytes, measure }: Described): string => `${bytes} bytes, ${measure}`;
  throw new Error(`Internal error: descriptors (${told(fixed)}) and (${told(moving)}) cannot be compared`);
}
