import { log } from "../elementary.js";
import { BINS, type BinnedPlane, ROW } from "./worth-table.js";

/** Blocks are shifted so far either way, pixels. */
export const REACH = 8;
export const SURFACE_SIDE = 2 * REACH + 1;

/** What a block is worth at each shift. */
export interface BlockSurface {
  /** Its middle, pixels. */
  readonly x: number;
  readonly y: number;
  /** Mean worth of its pixels less that over all shifts, over their spread: SURFACE_SIDE × SURFACE_SIDE, row by row; 0 where too little is seen. */
  readonly values: Float64Array;
  /** The shift that is worth most, pixels. */
  readonly best: readonly [number, number];
  /** The value without a shift. */
  readonly standing: number;
}

/** Share of a block that both planes must show; and of that, what a shift must keep. */
const LEAST_SEEN = 0.5;
const LEAST_KEPT = 0.6;
/** Less varied blocks, by the entropy of their bins in nats, have nothing to see. */
const LEAST_ENTROPY = 0.5;
/** Nor those whose worth hardly depends on the shift. */
const LEAST_SPREAD = 0.01;

/** Undefined where the block has nothing to see. */
export function blockSurface(
  fixed: BinnedPlane,
  moving: BinnedPlane,
  width: number,
  height: number,
  { x: x0, y: y0, side }: { readonly x: number; readonly y: number; readonly side: number },
  worth: Float64Array,
): BlockSurface | undefined {
  const [f, m] = [new Int32Array(ROW), new Int32Array(ROW)];
  let seen = 0;
  for (let y = y0; y < y0 + side; y++) {
    for (let i = y * width + x0; i < y * width + x0 + side; i++) {
      const [a, b] = [fixed[i]!, moving[i]!];
      if (a === BINS || b === BINS) continue;
      f[a]!++;
      m[b]!++;
      seen++;
    }
  }
  if (seen < LEAST_SEEN * side * side || Math.min(entropy(f, seen), entropy(m, seen)) < LEAST_ENTROPY) return undefined;
  const values = new Float64Array(SURFACE_SIDE * SURFACE_SIDE).fill(Number.NaN);
  let [best, sum, squares, count] = [-1, 0, 0, 0];
  for (let dy = -REACH; dy <= REACH; dy++) {
    for (let dx = -REACH; dx <= REACH; dx++) {
      let [total, kept] = [0, 0];
      const [from, to] = [Math.max(x0, -dx), Math.min(x0 + side, width - dx)];
      for (let y = Math.max(y0, -dy); y < Math.min(y0 + side, height - dy); y++) {
        const shift = dy * width + dx;
        for (let i = y * width + from; i < y * width + to; i++) {
          const [a, b] = [fixed[i]!, moving[i + shift]!];
          total += worth[ROW * a + b]!;
          kept += a < BINS && b < BINS ? 1 : 0;
        }
      }
      if (kept < LEAST_KEPT * seen) continue;
      const value = total / kept;
      const k = SURFACE_SIDE * (dy + REACH) + dx + REACH;
      values[k] = value;
      sum += value;
      squares += value * value;
      count++;
      if (best < 0 || value > values[best]!) best = k;
    }
  }
  const mean = sum / count;
  const spread = Math.sqrt(Math.max(0, squares / count - mean * mean));
  if (!(spread > LEAST_SPREAD)) return undefined;
  const scaled = values.map((v) => (Number.isNaN(v) ? 0 : (v - mean) / spread));
  return {
    ...{ x: x0 + (side - 1) / 2, y: y0 + (side - 1) / 2, values: scaled },
    best: [(best % SURFACE_SIDE) - REACH, Math.floor(best / SURFACE_SIDE) - REACH],
    standing: scaled[SURFACE_SIDE * REACH + REACH]!,
  };
}

function entropy(counts: Int32Array, total: number): number {
  let sum = 0;
  for (const n of counts) if (n > 0) sum -= (n / total) * log(n / total);
  return sum;
}
