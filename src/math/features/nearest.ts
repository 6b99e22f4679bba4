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

function checkKinds(fixed: Described, moving: Described): void {
  const known = fixed.measure === "euclidean" ? fixed.bytes % VECTOR === 0 : Object.hasOwn(HAMMING, fixed.bytes);
  if (known && fixed.bytes === moving.bytes && fixed.measure === moving.measure) return;
  const told = ({ bytes, measure }: Described): string => `${bytes} bytes, ${measure}`;
  throw new Error(`Internal error: descriptors (${told(fixed)}) and (${told(moving)}) cannot be compared`);
}
