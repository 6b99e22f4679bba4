import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { gaussianWeights } from "../gaussian.js";

/**
 * A gray image for the detectors: nominally 0 (black) to 1 (white), so that thresholds mean the same for every image.
 *
 * `pixels` is row-major, or the address of float32 rows in kernel memory (how large images come in without a second copy).
 */
export interface GrayImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Float32Array | number;
  /** Elements from row to row; `width` when absent. In kernel memory a multiple of 16 (see `rowStride`). */
  readonly stride?: number;
}

/** Elements from row to row that suit the kernels: whole vectors, and no 4 KiB multiple, which would thrash the caches. */
export function rowStride(width: number): number {
  const stride = Math.ceil(width / 16) * 16;
  return (stride * 4) % 4096 === 0 ? stride + 16 : stride;
}

/** The image in kernel memory: as it is, or copied there. */
export function grayRows(arena: Arena, gray: GrayImage): { address: number; stride: number } {
  const { width, height, pixels } = gray;
  if (typeof pixels === "number") return { address: pixels, stride: gray.stride ?? width };
  const stride = rowStride(width);
  const address = arena.bytes(4 * stride * height);
  const from = gray.stride ?? width;
  for (let y = 0; y < height; y++) {
    arena.f32(address + 4 * y * stride, width).set(pixels.subarray(y * from, y * from + width));
  }
  return { address, stride };
}

/** Levels per octave, and the blur of its first level, in pixels of the octave [Lowe 2004, section 3]. */
export const SCALES = 3;
export const SIGMA = 1.6;
/** The blur that an image is taken to have already. */
const CAMERA_SIGMA = 0.5;
/** Octaves end before a side falls below this. */
const MIN_SIDE = 12;
/** Kernel memory that the bands of one octave may take, about. */
const BAND_BYTES = 40e6;

/** A stretch of rows of one octave, with Gaussian levels in kernel memory. */
export interface Band {
  /** 0 has the image's own pixels, -1 twice as many on a side. Octave pixel i is the image's pixel `i * step`, exactly. */
  readonly octave: number;
  readonly step: number;
  readonly width: number;
  readonly height: number;
  readonly stride: number;
  /** The rows [lo, hi) are this band's; levels hold `halo` more on both sides where the image has them. */
  readonly lo: number;
  readonly hi: number;
  /** Table of levels: address (uint32) and first row (int32) of each. */
  readonly levels: number;
}

export interface ScaleSpace {
  /** Begin with octave -1, at twice the size. */
  readonly upsample: boolean;
  /** How many levels the visitor needs: level k is blurred by SIGMA * 2^(k / SCALES). */
  readonly levels: number;
  /** Rows that the visitor reads beyond its band. */
  readonly halo: number;
  /** Go no further than this octave. */
  readonly lastOctave?: number;
  /** Rows per band instead of what memory suggests; never changes what a visitor sees in its rows. */
  readonly bandRows?: number;
}

/**
 * Visits the Gaussian scale space of an image band by band, octave by octave.
 *
 * Never holds more than one octave's band, the image, and the first level of two octaves. Bands overlap and recompute what
 * they share; the bytes are those of whole levels.
 */
export function eachBand(
  arena: Arena,
  gray: GrayImage,
  source: { readonly address: number; readonly stride: number },
  space: ScaleSpace,
  visit: (band: Band) => void,
): void {
  const blurs = Array.from({ length: Math.max(space.levels, SCALES + 1) - 1 }, (_, k) => blur(arena, incrementOf(k)));
  const levelCount = blurs.length + 1;
  let { width, height } = gray;
  let octave = 0;
  if (space.upsample) {
    octave = -1;
    width *= 2;
    height *= 2;
  }
  const from = space.upsample ? 2 * CAMERA_SIGMA : CAMERA_SIGMA;
  const first = blur(arena, Math.sqrt(SIGMA * SIGMA - from * from));
  /** Whole first level of this octave; the first octave makes its own band by band. */
  let base: { address: number; stride: number } | undefined;
  for (; Math.min(width, height) >= MIN_SIDE && octave <= (space.lastOctave ?? 99); octave++) {
    const stride = rowStride(width);
    const half = { width: Math.ceil(width / 2), height: Math.ceil(height / 2) };
    const hasNext = Math.min(half.width, half.height) >= MIN_SIDE && octave < (space.lastOctave ?? 99);
    const next = hasNext ? arena.bytes(4 * rowStride(half.width) * half.height) : 0;
    using local = kernels().arena();
    const table = local.bytes(8 * levelCount);
    const scratch = kernels().scratch(local, 4 * (stride + 128));
    // Rows on both sides of a band that level k must have for the levels above it.
    const reach = new Array<number>(levelCount).fill(space.halo);
    for (let k = levelCount - 2; k >= 0; k--) reach[k] = reach[k + 1]! + blurs[k]!.radius;
    const rowsThatFit = Math.floor(BAND_BYTES / (4 * stride * levelCount)) - reach[0]!;
    const bandRows = Math.min(height, space.bandRows ?? Math.max(64, rowsThatFit & ~15));
    const buffers = reach.map((r, k) =>
      k === 0 && base ? 0 : local.bytes(4 * stride * Math.min(height, bandRows + 2 * r)),
    );
    const doubled =
      space.upsample && !base
        ? local.bytes(4 * stride * Math.min(height, bandRows + 2 * (reach[0]! + first.radius)))
        : 0;
    const grain = Math.max(8, Math.ceil(65536 / width));
    const rows = (lo: number, hi: number, r: number) => ({ lo: Math.max(0, lo - r), hi: Math.min(height, hi + r) });
    for (let lo = 0; lo < height; lo += bandRows) {
      const hi = Math.min(height, lo + bandRows);
      const at = reach.map((r) => rows(lo, hi, r));
      const blurInto = (k: number, src: number, srcRow0: number, w: Blur) =>
        kernels().rows(
          "blurRows",
          at[k]!.hi - at[k]!.lo,
          [src, srcRow0, buffers[k]!, at[k]!.lo, at[k]!.lo, width, height, stride, w.weights, w.radius, scratch],
          grain,
        );
      if (!base) {
        if (doubled) {
          const wide = rows(lo, hi, reach[0]! + first.radius);
          kernels().rows(
            "doubleRows",
            wide.hi - wide.lo,
            [source.address, source.stride, gray.width, gray.height, doubled, wide.lo, stride, wide.lo],
            grain,
          );
          blurInto(0, doubled, wide.lo, first);
        } else {
          blurInto(0, source.address, 0, first);
        }
      }
      const levels = local.u32(table, 2 * levelCount);
      for (let k = 0; k < levelCount; k++) {
        levels[2 * k] = k === 0 && base ? base.address : buffers[k]!;
        levels[2 * k + 1] = k === 0 && base ? 0 : at[k]!.lo;
      }
      for (let k = 1; k < levelCount; k++) blurInto(k, levels[2 * k - 2]!, levels[2 * k - 1]!, blurs[k - 1]!);
      if (hasNext) {
        const a = Math.ceil(lo / 2);
        const args = [buffers[SCALES]!, at[SCALES]!.lo, stride, next, rowStride(half.width), half.width, a];
        kernels().rows("halveRows", Math.ceil(hi / 2) - a, args, 2 * grain);
      }
      visit({ octave, step: octave < 0 ? 0.5 : 2 ** octave, width, height, stride, lo, hi, levels: table });
    }
    if (base) arena.free(base.address);
    if (!hasNext) return;
    base = { address: next, stride: rowStride(half.width) };
    ({ width, height } = half);
  }
}

interface Blur {
  readonly weights: number;
  readonly radius: number;
}

function blur(arena: Arena, sigma: number): Blur {
  const weights = gaussianWeights(sigma);
  return { weights: arena.put(weights), radius: weights.length - 1 };
}

/** 2^(k / SCALES), without a power function: exact enough and the same everywhere. */
export const CUBE_ROOT_2 = 1.2599210498948732;

/** Blur that turns level k into level k + 1, in pixels of the octave. */
function incrementOf(k: number): number {
  let sigma = SIGMA;
  for (let i = 0; i < k; i++) sigma *= CUBE_ROOT_2;
  return sigma * Math.sqrt(CUBE_ROOT_2 * CUBE_ROOT_2 - 1);
}
