import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { choleskySolve } from "../least-squares.js";
import { REACH, SIDE, SURFACE, type TieGrid } from "./tie-grid.js";

/** Displacement over a level of the fixed image: dx = m0 x + m1 y + m2, dy = m3 x + m4 y + m5, in pixels of the level. */
export type ShiftMap = readonly [number, number, number, number, number, number];

/** What a displacement may be. `affine` is drawn towards no change, the more the fewer blocks agree. */
export type ShiftModel = "similarity" | "affine";

export interface Consensus {
  /** Where the content of the moving image, warped so far, was found. */
  readonly map: ShiftMap;
  /** Sum over all blocks of the surface value at the shift that the map predicts. */
  readonly score: number;
  /** Share of blocks whose highest value anywhere lies within 2 px of the map; chance gives 4.5 %. */
  readonly consistency: number;
  /** Shift at each block's peak near the map, interleaved, pixels of the level, to a part of a pixel. */
  readonly shifts: Float64Array;
  /** What each block counted in the last fit; 0 where its peak near the map is far below its highest. */
  readonly weight: Float64Array;
}

const PAIRS = 150;
const SHIFTS = 20;
const ROUNDS = 4;
/** A block's highest value agrees with the map within this, pixels. */
const AGREES = 2;

/**
 * Finds the displacement map on which most blocks agree, using their whole surfaces: a block whose second peak is right
 * still votes for it.
 *
 * Candidates are no shift at all, similarities through the peaks of two blocks drawn in proportion to their height, and
 * the shifts of the highest peaks. The best is then fitted to the peaks near it, four times, with Cauchy weights.
 */
export function consensus(arena: Arena, grid: TieGrid, model: ShiftModel, random: () => number): Consensus {
  const { count } = grid;
  const surfaces = arena.f32(grid.surfaces, count * SURFACE);
  const frame = frameOf(grid);
  const peaks = freePeaks(grid, surfaces);
  const candidates = propose(frame.x, peaks, count, frame.scale, random);
  const scores = scoreMaps(arena, grid, frame.x, candidates);
  let best = 0;
  for (let k = 1; k < scores.length; k++) if (scores[k]! > scores[best]!) best = k;
  let map: number[] = Array.from(candidates.subarray(6 * best, 6 * best + 6));
  const shifts = new Float64Array(2 * count);
  const weight = new Float64Array(count);
  const predicted = new Float64Array(2 * count);
  for (let round = 0; round < ROUNDS; round++) {
    predict(map, frame.x, predicted);
    nearPeaks(surfaces, predicted, peaks.height, round === 0 ? 4 : 3, shifts, weight);
    if (!robustWeights(shifts, predicted, weight, round)) break;
    const fitted = fitShifts(model, frame.x, shifts, weight, count);
    if (!fitted) break;
    map = fitted;
  }
  predict(map, frame.x, predicted);
  let agree = 0;
  for (let n = 0; n < count; n++) {
    const dx = peaks.at[2 * n]! - predicted[2 * n]!;
    const dy = peaks.at[2 * n + 1]! - predicted[2 * n + 1]!;
    if (dx * dx + dy * dy < AGREES * AGREES) agree++;
  }
  const score = scoreMaps(arena, grid, frame.x, Float64Array.from(map))[0]!;
  return { map: frame.toPixels(map), score, consistency: agree / count, shifts, weight };
}

/** Block centres about the middle of the level, in units of half its long side. */
function frameOf({ centres, width, height }: TieGrid) {
  const scale = Math.max(width, height) / 2;
  const cx = (width - 1) / 2;
  const cy = (height - 1) / 2;
  const x = centres.map((v, i) => (v - (i & 1 ? cy : cx)) / scale);
  const toPixels = ([a, b, c, d, e, f]: readonly number[]): ShiftMap => [
    ...([a! / scale, b! / scale, c! - (a! * cx + b! * cy) / scale] as const),
    ...([d! / scale, e! / scale, f! - (d! * cx + e! * cy) / scale] as const),
  ];
  return { x, scale, toPixels };
}

interface Peaks {
  /** Interleaved shifts, to a part of a pixel. */
  readonly at: Float64Array;
  readonly height: Float64Array;
}

function freePeaks(grid: TieGrid, surfaces: Float32Array): Peaks {
  const at = new Float64Array(2 * grid.count);
  for (let n = 0; n < grid.count; n++) summit(surfaces, n, grid.peaks[2 * n]!, grid.peaks[2 * n + 1]!, at);
  return { at, height: grid.heights };
}

/** Parabolas through a peak and its neighbours; writes the shift of block `n`. */
function summit(surfaces: Float32Array, n: number, px: number, py: number, out: Float64Array): void {
  const x = Math.min(SIDE - 2, Math.max(1, px));
  const y = Math.min(SIDE - 2, Math.max(1, py));
  const i = n * SURFACE + y * SIDE + x;
  const c = surfaces[i]!;
  out[2 * n] = x + offset(surfaces[i - 1]!, c, surfaces[i + 1]!) - REACH;
  out[2 * n + 1] = y + offset(surfaces[i - SIDE]!, c, surfaces[i + SIDE]!) - REACH;
}

function offset(a: number, c: number, b: number): number {
  const bend = a + b - 2 * c;
  return bend < -1e-6 ? Math.min(0.6, Math.max(-0.6, (0.5 * (a - b)) / bend)) : 0;
}

/** Maps to try, six numbers each, in the frame. */
function propose(x: Float64Array, peaks: Peaks, count: number, scale: number, random: () => number): Float64Array {
  const maps: number[] = [0, 0, 0, 0, 0, 0];
  if (count < 4) return Float64Array.from(maps);
  const cumulative = new Float64Array(count);
  let sum = 0;
  for (let n = 0; n < count; n++) cumulative[n] = sum += Math.max(1e-6, peaks.height[n]!);
  const draw = (): number => {
    const r = random() * sum;
    let lo = 0;
    let hi = count - 1;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (cumulative[mid]! <= r) lo = mid + 1;
      else hi = mid;
    }
    return lo;
  };
  for (let k = 0; k < PAIRS; k++) {
    const i = draw();
    const j = draw();
    const ux = x[2 * i]! - x[2 * j]!;
    const uy = x[2 * i + 1]! - x[2 * j + 1]!;
    const square = ux * ux + uy * uy;
    if (!(square > 0.25 * 0.25)) continue;
    const vx = peaks.at[2 * i]! - peaks.at[2 * j]!;
    const vy = peaks.at[2 * i + 1]! - peaks.at[2 * j + 1]!;
    // Complex quotient of the differences: turn and stretch.
    const p = (vx * ux + vy * uy) / square;
    const q = (vy * ux - vx * uy) / square;
    if (!(p * p + q * q < (0.25 * scale) ** 2)) continue;
    const tx = peaks.at[2 * i]! - (p * x[2 * i]! - q * x[2 * i + 1]!);
    const ty = peaks.at[2 * i + 1]! - (q * x[2 * i]! + p * x[2 * i + 1]!);
    maps.push(p, -q, tx, q, p, ty);
  }
  const order = Array.from(peaks.height.keys()).sort((a, b) => peaks.height[b]! - peaks.height[a]! || a - b);
  for (const n of order.slice(0, SHIFTS)) maps.push(0, 0, peaks.at[2 * n]!, 0, 0, peaks.at[2 * n + 1]!);
  return Float64Array.from(maps);
}

function scoreMaps(arena: Arena, grid: TieGrid, x: Float64Array, maps: Float64Array): Float64Array {
  const count = maps.length / 6;
  const mapsAt = arena.put(maps);
  const centresAt = arena.put(x);
  const out = arena.bytes(8 * count);
  kernels().rows("scoreShifts", count, [mapsAt, centresAt, grid.count, grid.surfaces, out], 64);
  const scores = arena.f64(out, count).slice();
  for (const at of [mapsAt, centresAt, out]) arena.free(at);
  return scores;
}

function predict([a, b, c, d, e, f]: readonly number[], x: Float64Array, out: Float64Array): void {
  for (let i = 0; i < x.length; i += 2) {
    out[i] = a! * x[i]! + b! * x[i + 1]! + c!;
    out[i + 1] = d! * x[i]! + e! * x[i + 1]! + f!;
  }
}

/** Positions within a radius, nearest rows first. */
const disc = (radius: number): readonly (readonly [number, number])[] => {
  const places: [number, number][] = [];
  for (let y = -radius; y <= radius; y++)
    for (let x = -radius; x <= radius; x++) if (x * x + y * y <= radius * radius + 0.5) places.push([x, y]);
  return places;
};
const discs = { 3: disc(3), 4: disc(4) } as const;

/** The peak of each block within a radius of the prediction; its weight is high where it rivals the block's highest. */
function nearPeaks(
  surfaces: Float32Array,
  predicted: Float64Array,
  height: Float64Array,
  radius: 3 | 4,
  shifts: Float64Array,
  weight: Float64Array,
): void {
  const places = discs[radius];
  for (let n = 0; n < height.length; n++) {
    const u = Math.round(predicted[2 * n]!) + REACH;
    const v = Math.round(predicted[2 * n + 1]!) + REACH;
    let best = -1;
    let bx = -1;
    let by = -1;
    for (const [x, y] of places) {
      if (u + x < 0 || u + x >= SIDE || v + y < 0 || v + y >= SIDE) continue;
      const value = surfaces[n * SURFACE + (v + y) * SIDE + u + x]!;
      if (value > best) {
        best = value;
        bx = u + x;
        by = v + y;
      }
    }
    weight[n] = 0;
    if (bx < 0) {
      shifts[2 * n] = predicted[2 * n]!;
      shifts[2 * n + 1] = predicted[2 * n + 1]!;
      continue;
    }
    summit(surfaces, n, bx, by, shifts);
    if (bx < 1 || bx >= SIDE - 1 || by < 1 || by >= SIDE - 1) continue;
    const q = Math.max(0, best);
    const rivals = (q / Math.max(1e-6, height[n]!) - 0.6) / 0.4;
    weight[n] = q * Math.min(1, Math.max(0, rivals));
  }
}

/** Lowers the weight of far residuals (Cauchy), their scale taken from the weighted median; whether enough blocks are left. */
function robustWeights(shifts: Float64Array, predicted: Float64Array, weight: Float64Array, round: number): boolean {
  const count = weight.length;
  const residual = new Float64Array(count);
  for (let n = 0; n < count; n++) {
    const dx = shifts[2 * n]! - predicted[2 * n]!;
    const dy = shifts[2 * n + 1]! - predicted[2 * n + 1]!;
    residual[n] = Math.sqrt(dx * dx + dy * dy);
  }
  const scale = round === 0 ? 1 : Math.min(3, Math.max(1, 1.5 * weightedMedian(residual, weight)));
  let used = 0;
  for (let n = 0; n < count; n++) {
    weight[n] = weight[n]! / (1 + (residual[n]! / scale) ** 2);
    if (weight[n]! > 1e-4) used++;
  }
  return used >= 4;
}

function weightedMedian(values: Float64Array, weight: Float64Array): number {
  const order = Array.from(values.keys())
    .filter((n) => weight[n]! > 0)
    .sort((a, b) => values[a]! - values[b]! || a - b);
  let total = 0;
  for (const n of order) total += weight[n]!;
  let sum = 0;
  for (const n of order) {
    sum += weight[n]!;
    if (sum >= total / 2) return values[n]!;
  }
  return 1;
}

/** How strongly turn, stretch and shear are drawn to 0, per block: in the frame, and with weights of mean 1. */
const RIDGE: Readonly<Record<ShiftModel, number>> = { similarity: 0.005, affine: 0.02 };

function fitShifts(
  model: ShiftModel,
  x: Float64Array,
  shifts: Float64Array,
  weight: Float64Array,
  count: number,
): number[] | undefined {
  let total = 0;
  for (let n = 0; n < count; n++) total += weight[n]!;
  const unit = count / total;
  const ridge = RIDGE[model] * count;
  let [s, sx, sy, xx, xy, yy, u, v, xu, yu, xv, yv] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  for (let n = 0; n < count; n++) {
    const w = weight[n]! * unit;
    if (w === 0) continue;
    const px = x[2 * n]!;
    const py = x[2 * n + 1]!;
    const dx = w * shifts[2 * n]!;
    const dy = w * shifts[2 * n + 1]!;
    s += w;
    sx += w * px;
    sy += w * py;
    xx += w * px * px;
    xy += w * px * py;
    yy += w * py * py;
    u += dx;
    v += dy;
    xu += px * dx;
    yu += py * dx;
    xv += px * dy;
    yv += py * dy;
  }
  if (model === "similarity") {
    const N = [xx + yy + ridge, 0, sx, sy, 0, xx + yy + ridge, -sy, sx, 0, 0, s + 1e-6, 0, 0, 0, 0, s + 1e-6];
    const p = choleskySolve(N, [xu + yv, xv - yu, u, v], 4);
    return p && [p[0]!, -p[1]!, p[2]!, p[1]!, p[0]!, p[3]!];
  }
  const N = [xx + ridge, xy, sx, 0, yy + ridge, sy, 0, 0, s + 1e-6];
  const a = choleskySolve(N, [xu, yu, u], 3);
  const b = choleskySolve(N, [xv, yv, v], 3);
  return a && b && [...a, ...b];
}
