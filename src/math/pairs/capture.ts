import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { FFT_SIDES, fftPlaneBytes, fftSide, fftTable } from "../fft.js";
import type { PairCapture, PairJob } from "./pair-job.js";

export interface CaptureOptions {
  /** Width of the Laplacian of Gaussian that whitens: about 1, 2 or 4 pixels. Left out, it is chosen by the overlap's size. */
  readonly sigma?: number;
  /**
   * For each job the shift at which what belongs to the sensor would coincide (dark pattern, dust), or none: no place
   * within 2 pixels of it is taken.
   */
  readonly fixedPattern?: readonly (readonly [x: number, y: number] | undefined)[];
}

const JOB_NUMBERS = 32;
const RESULT_NUMBERS = 8;
/** Rim of the whitened planes where nothing is known, pixels of the level. */
const RIM = 2;

/** The part of both planes that may overlap, and the search in pixels of its level. */
interface Search {
  readonly a: Rect;
  readonly b: Rect;
  readonly level: number;
  /** Least and greatest shift at the level. */
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  readonly nx: number;
  readonly ny: number;
}
interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Finds for each pair the place, within reach of the expected one, where the whitened images agree best.
 *
 * Both are made coarser (by the overlap's size), whitened by a Laplacian of Gaussian, and correlated by Fourier transforms;
 * each shift's correlation is divided by the energies of exactly what overlaps there [1]. Pairs are shared among lanes.
 *
 * [1] D. Padfield, "Masked object registration in the Fourier domain", IEEE TIP 21 (2012), doi:10.1109/TIP.2011.2181402
 *
 * @returns one result per job, in order
 */
export function capturePairs(arena: Arena, jobs: readonly PairJob[], options: CaptureOptions = {}): PairCapture[] {
  const searches = jobs.map((job) => searchOf(job, options.sigma));
  const some = searches.filter((search) => search !== undefined);
  if (some.length === 0) return jobs.map(({ expected }) => nothing(expected));
  const k = kernels();
  const tables = new Map<number, number>();
  const tableOf = (n: number) => {
    const known = tables.get(n);
    if (known !== undefined) return known;
    const at = arena.put(fftTable(n));
    tables.set(n, at);
    return at;
  };
  const table = new Float64Array(JOB_NUMBERS * some.length);
  let most = 0;
  let side = 0;
  let row = 0;
  for (const [n, search] of searches.entries()) {
    if (!search) continue;
    const { a, b } = jobs[n]!;
    const { nx, ny, level } = search;
    const bytes = Math.ceil(fftPlaneBytes(nx, ny) / 64) * 64;
    const avoid = options.fixedPattern?.[n];
    const step = 2 ** level;
    table.set(
      [
        ...[a.at, a.stride, search.a.x, search.a.y, search.a.width, search.a.height],
        ...[b.at, b.stride, search.b.x, search.b.y, search.b.width, search.b.height],
        ...[...search.x, ...search.y, level, nx, ny, tableOf(nx), tableOf(ny), bytes],
        avoid ? (avoid[0] + search.b.x - search.a.x) / step : Number.NaN,
        avoid ? (avoid[1] + search.b.y - search.a.y) / step : Number.NaN,
        2 / step + 0.5,
      ],
      JOB_NUMBERS * row++,
    );
    most = Math.max(most, bytes);
    side = Math.max(side, nx, ny);
  }
  const jobTable = arena.put(table);
  const results = arena.bytes(8 * RESULT_NUMBERS * some.length);
  const scratch = k.scratch(arena, 64 + 16 * most + 64 * side + 1024);
  k.rows("capturePairs", some.length, [jobTable, results, scratch], 1);
  const found = arena.f64(results, RESULT_NUMBERS * some.length).slice();
  for (const at of [jobTable, results, scratch.base, ...tables.values()]) arena.free(at);
  row = 0;
  return searches.map((search, n) => {
    if (!search) return nothing(jobs[n]!.expected);
    const [x, y, score, rival, overlap] = found.subarray(RESULT_NUMBERS * row++) as unknown as number[];
    if (Number.isNaN(x)) return nothing(jobs[n]!.expected);
    const step = 2 ** search.level;
    return {
      x: step * x! + search.a.x - search.b.x,
      y: step * y! + search.a.y - search.b.y,
      score: score!,
      rival: rival!,
      overlap: overlap! * step * step,
    };
  });
}

const nothing = ([x, y]: readonly [number, number]): PairCapture => ({ x, y, score: 0, rival: -1, overlap: 0 });

/** Fewer pixels of a level than this on the shorter side of the overlap, and a finer level is looked at. */
const SHORT = 24;
/** As many pixels of a level suffice. */
const ENOUGH = 16384;

function searchOf({ a, b, expected, reach }: PairJob, sigma: number | undefined): Search | undefined {
  const range = (n: 0 | 1) => [Math.floor(expected[n] - reach[n]), Math.ceil(expected[n] + reach[n])] as const;
  const [xs, ys] = [range(0), range(1)];
  const across = common(xs, a.width, b.width);
  const down = common(ys, a.height, b.height);
  if (!across || !down) return undefined;
  let level = sigma === undefined || sigma < 1.5 ? 0 : sigma < 3 ? 1 : 2;
  if (sigma === undefined) {
    const overlap = (n: 0 | 1, sizeA: number, sizeB: number) =>
      Math.min(sizeA, sizeB + expected[n]) - Math.max(0, expected[n]);
    const [w, h] = [overlap(0, a.width, b.width), overlap(1, a.height, b.height)];
    while (level < 2 && Math.min(w, h) >= SHORT << (level + 1) && w * h >= ENOUGH << (2 * level)) level++;
  }
  const step = 2 ** level;
  const shifts = ([lo, hi]: readonly [number, number], from: { a: number; b: number }) =>
    [Math.floor((lo + from.b - from.a) / step), Math.ceil((hi + from.b - from.a) / step)] as const;
  const [x, y] = [shifts(xs, across), shifts(ys, down)];
  const [nx, ny] = [side(across, x, step), side(down, y, step)];
  if (!nx || !ny) return undefined;
  return {
    a: { x: across.a, y: down.a, width: across.lengthA, height: down.lengthA },
    b: { x: across.b, y: down.b, width: across.lengthB, height: down.lengthB },
    ...{ level, x, y, nx, ny },
  };
}

interface Stretch {
  readonly a: number;
  readonly b: number;
  readonly lengthA: number;
  readonly lengthB: number;
}

/** Where along one axis a and b may meet, over all shifts; nothing where they cannot. */
function common([lo, hi]: readonly [number, number], sizeA: number, sizeB: number): Stretch | undefined {
  const a = Math.max(0, lo);
  const lengthA = Math.min(sizeA, hi + sizeB) - a;
  const b = Math.max(0, -hi);
  const lengthB = Math.min(sizeB, sizeA - lo) - b;
  return lengthA > 0 && lengthB > 0 ? { a, b, lengthA, lengthB } : undefined;
}

/** Length of the transform: shifts within reach must not meet what wraps around, or by a small part only. */
function side({ lengthA, lengthB }: Stretch, [lo, hi]: readonly [number, number], step: number): number | undefined {
  const [a, b] = [Math.floor(lengthA / step), Math.floor(lengthB / step)];
  if (a <= 2 * RIM || b <= 2 * RIM) return undefined;
  const whole = Math.max(a - lo, b + hi);
  // Rims are 0, and a little that wraps around is noise among much.
  const bare = Math.max(a, b, whole - 2 * RIM - (Math.min(a, b) >> 5), -2 * lo, 2 * hi + 2, 32);
  return bare <= FFT_SIDES.most ? fftSide(bare) : undefined;
}
