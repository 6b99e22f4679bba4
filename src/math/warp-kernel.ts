import type { Interpolation } from "../core/interpolation.js";
import type { Matrix3 } from "../core/transform.js";
import { kernels } from "../kernel/lane.js";
import type { Arena } from "../kernel/memory.js";
import type { Band } from "./band.js";
import { sin } from "./elementary.js";
import { fourTapTable, isFourTaps } from "./four-taps.js";
import { sampleType } from "./sample-type.js";
import { splineBand } from "./spline-band.js";

/** Samples from the nearest one that an interpolation touches; of `bspline3`, coefficients (see `splineWindow`). */
export const kernelReach = (interpolation: Interpolation): number =>
  isFourTaps(interpolation) ? 2 : interpolation === "lanczos3" ? 3 : 1;

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
  const spline = interpolation === "bspline3" ? splineBand(arena, source, nodata) : undefined;
  const pulled = spline?.band ?? source;
  const table = spline?.table ?? tableOf(arena, interpolation);
  const scratch = k.scratch(arena, 4 * (TILE_SAMPLES + 512));
  const from = pulled.window;
  const to = target.window;
  k.rows(kernel, to.height, [
    methods[interpolation],
    ...[pulled.at, sampleType(pulled.dtype), pulled.stride, from.x, from.y, from.width, from.height],
    ...[spline || nodata === undefined ? 0 : 1, spline ? 0 : (nodata ?? 0)],
    ...[target.at, sampleType(target.dtype), target.stride, to.x, to.y, to.width, fill, keepClear ? 1 : 0],
    ...[...map, table, scratch, TILE_SAMPLES],
  ]);
  for (const at of [...(table ? [table] : []), ...(spline ? [spline.band.at] : []), scratch.base]) arena.free(at);
}

/** What the kernels call them. */
const methods: Readonly<Record<Interpolation, number>> = {
  ...{ nearest: 0, linear: 1, cubic: 2, lanczos3: 3 },
  ...{ "cubic-sharp": 4, mitchell: 4, "cubic-smooth": 4, bspline3: 5 },
};

/** Weights for the kernels; 0 where they know them. */
function tableOf(arena: Arena, interpolation: Interpolation): number {
  if (interpolation === "lanczos3") return arena.put(lanczosTable());
  return interpolation !== "cubic" && isFourTaps(interpolation) ? arena.put(fourTapTable(interpolation)) : 0;
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
