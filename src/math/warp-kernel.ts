import type { Window } from "../core/grid.js";
import type { DType } from "../core/image.js";
import type { Matrix3 } from "../core/transform.js";
import { kernels } from "../kernel/lane.js";
import type { Arena } from "../kernel/memory.js";
import { sin } from "./elementary.js";
import { sampleType } from "./sample-type.js";

/** `cubic` is Keys' kernel with a = -0.5 (Catmull-Rom), `lanczos3` the windowed sinc of three lobes. */
export type Interpolation = "nearest" | "linear" | "cubic" | "lanczos3";
export const interpolations = ["nearest", "linear", "cubic", "lanczos3"] as const;

/** Samples from the nearest one that an interpolation touches. */
export const kernelReach: Readonly<Record<Interpolation, number>> = { nearest: 1, linear: 1, cubic: 2, lanczos3: 3 };

/** One band in kernel memory: a window of an image. `stride` in elements; `at` is the address of the window's first sample. */
export interface Band {
  readonly at: number;
  readonly dtype: DType;
  readonly stride: number;
  readonly window: Window;
}

const PHASES = 1024;
const TILE_SAMPLES = 32768;

export interface BandOptions {
  readonly interpolation: Interpolation;
  /** Of the source. */
  readonly nodata?: number;
  /** Written where there is nothing to sample. */
  readonly fill: number;
  /** Moves valid integer samples that would come out as `fill` by one. */
  readonly keepClear: boolean;
}

/**
 * Warps one band in kernel memory into another: output pixel (x, y) pulls from where `matrix` sends it.
 *
 * @param source  must hold every sample of its image that the kernel can touch
 * @param matrix  output pixel to source pixel, in coordinates of the whole images
 */
export function warpBand(arena: Arena, source: Band, target: Band, matrix: Matrix3, options: BandOptions): void {
  const m = arena.put(Float64Array.from(matrix));
  runWarp(arena, "warp", source, target, [m], options);
  arena.free(m);
}

/** As `warpBand`, each output pixel from a position of its own. */
export function warpBandAlong(
  arena: Arena,
  source: Band,
  target: Band,
  positions: Positions,
  options: BandOptions,
): void {
  runWarp(arena, "warpAlong", source, target, [positions.at, positions.stride], options);
}

/** Where output pixels pull from, in kernel memory: f64 pairs, pixels of the whole source image; NaN for nowhere. */
export interface Positions {
  /** Address of the pair of the target's first pixel. */
  readonly at: number;
  /** Pairs from one row to the next. */
  readonly stride: number;
}

function runWarp(
  arena: Arena,
  kernel: "warp" | "warpAlong",
  source: Band,
  target: Band,
  map: readonly number[],
  { interpolation, nodata, fill, keepClear }: BandOptions,
): void {
  const k = kernels();
  const table = interpolation === "lanczos3" ? arena.put(lanczosTable()) : 0;
  const scratch = k.scratch(arena, 4 * (TILE_SAMPLES + 512));
  const from = source.window;
  const to = target.window;
  k.rows(kernel, to.height, [
    interpolations.indexOf(interpolation),
    ...[source.at, sampleType(source.dtype), source.stride, from.x, from.y, from.width, from.height],
    ...[nodata === undefined ? 0 : 1, nodata ?? 0],
    ...[target.at, sampleType(target.dtype), target.stride, to.x, to.y, to.width, fill, keepClear ? 1 : 0],
    ...[...map, table, scratch, TILE_SAMPLES],
  ]);
  for (const at of [...(table ? [table] : []), scratch.base]) arena.free(at);
}

let lanczos: Float32Array | undefined;

/** Weights of the taps -2 to 3 at fractions 0, 1/1024, … 1025/1024, each summing to 1; eight numbers each, the last two 0. */
function lanczosTable(): Float32Array {
  if (lanczos) return lanczos;
  const sinc = (t: number) => (t === 0 ? 1 : sin(Math.PI * t) / (Math.PI * t));
  const table = new Float32Array((PHASES + 2) * 8);
  for (let phase = 0; phase < PHASES + 2; phase++) {
    const weights = Array.from({ length: 6 }, (_, tap) => {
      const t = phase / PHASES - (tap - 2);
      return Math.abs(t) < 3 ? sinc(t) * sinc(t / 3) : 0;
    });
    const sum = weights.reduce((s, w) => s + w, 0);
    table.set(
      weights.map((w) => w / sum),
      phase * 8,
    );
  }
  lanczos = table;
  return table;
}
