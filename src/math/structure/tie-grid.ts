import type { Matrix3 } from "../../core/transform.js";
import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { gaussianWeights } from "../gaussian.js";
import { warpPlane } from "../plane.js";
import { freeFields, structureFields } from "./fields.js";
import { type Level, type PackedFields, packFields } from "./level-cache.js";

/** Shifts that a block is tried at reach this far on each side, pixels of the level. */
export const REACH = 8;
/** A block's correlation surface has as many values along each side, and in all. */
export const SIDE = 2 * REACH + 1;
export const SURFACE = SIDE * SIDE;

/** Fourfold angles count this much beside twofold ones. */
const WEIGHT4 = 0.7;
/** Blur of the surfaces (sigma), pixels: near misses count, and noise does not make the peak. */
const SURFACE_BLUR = 1.2;
/** Share of a block that both images must observe. */
const LEAST_SEEN = 0.5;
/** Mean squared strength of the fields that a block must have in both images. */
const LEAST_ENERGY = 0.03;
/** Units of packed energies per 1; see the kernel. */
const ENERGY_UNIT = 4096;

/** Blocks of a level of the fixed image with the correlation surface of each. */
export interface TieGrid {
  readonly count: number;
  /** Size of the level, pixels. */
  readonly width: number;
  readonly height: number;
  /** Centres of the blocks, interleaved, pixels of the level. */
  readonly centres: Float64Array;
  /** Address of SURFACE float32 per block, the lowest half of them around 0: the shift (x - REACH, y - REACH) at SIDE y + x. */
  readonly surfaces: number;
  /** Column and row of each block among all that were laid out, interleaved. */
  readonly cells: Int32Array;
  /** Place of the highest value of each surface, interleaved, 0 to SIDE - 1. */
  readonly peaks: Int32Array;
  /** Its height. */
  readonly heights: Float64Array;
  /** Share of what the fixed level observes that the moving image observes too. */
  readonly overlap: number;
}

export interface BlockLayout {
  /** Side of a block, pixels of the level: a multiple of 8, at most 48. */
  readonly side: number;
  /** Distance of neighbouring blocks. */
  readonly step: number;
}

/**
 * Warps the moving level by a map, and correlates it with the fixed level block by block at all shifts up to REACH.
 *
 * @param matrix  fixed level pixel to moving level pixel
 * @returns undefined where no block has enough structure in both
 */
export function tieGrid(
  arena: Arena,
  fixed: Level & { readonly packed: PackedFields },
  moving: Level,
  matrix: Matrix3,
  { side, step }: BlockLayout,
): TieGrid | undefined {
  const { width, height } = fixed;
  if (width < side || height < side) return undefined;
  const k = kernels();
  using inner = k.arena();
  const warped = moving.channels.map((plane) => warpPlane(inner, plane, matrix, width, height, "linear"));
  const fields = structureFields(inner, warped);
  for (const plane of warped) inner.free(plane.at);
  const m = packFields(inner, fields, REACH, 1);
  freeFields(inner, fields);
  const f = fixed.packed;
  const all: number[] = [];
  for (let y = 0; y + side <= height; y += step) for (let x = 0; x + side <= width; x += step) all.push(x, y);
  const cornersAt = inner.put(Int32Array.from(all));
  const stats = inner.bytes(6 * all.length);
  const energies = [f.energy, f.seen, f.stride, m.energy, m.seen, m.stride];
  k.rows("tieBlocks", all.length / 2, [...energies, cornersAt, side, stats], 64);
  const found = inner.i32(stats, (3 * all.length) / 2);
  const area = side * side;
  const kept: number[] = [];
  for (let n = 0; n < all.length / 2; n++) {
    const strong = (part: number) => found[3 * n + part]! > LEAST_ENERGY * ENERGY_UNIT * area;
    if (found[3 * n]! > LEAST_SEEN * area && strong(1) && strong(2)) kept.push(all[2 * n]!, all[2 * n + 1]!);
  }
  const count = kept.length / 2;
  if (count === 0) return undefined;
  const weights = gaussianWeights(SURFACE_BLUR);
  const surfaces = arena.bytes(4 * SURFACE * count);
  const peaksAt = inner.bytes(12 * count);
  k.rows(
    "tieSurfaces",
    count,
    [
      ...[f.products, f.energy, f.seen, f.stride, m.products, m.energy, m.seen, m.stride],
      ...[inner.put(Int32Array.from(kept)), side, inner.put(weights), weights.length - 1, 1 + WEIGHT4],
      ...[surfaces, peaksAt, k.scratch(inner, 8192)],
    ],
    4,
  );
  const places = inner.i32(peaksAt, 3 * count);
  const values = inner.f32(peaksAt, 3 * count);
  return {
    ...{ count, width, height, surfaces },
    centres: Float64Array.from(kept, (v) => v + (side - 1) / 2),
    cells: Int32Array.from(kept, (v) => v / step),
    peaks: Int32Array.from({ length: 2 * count }, (_, i) => places[3 * (i >> 1) + (i & 1)]!),
    heights: Float64Array.from({ length: count }, (_, n) => values[3 * n + 2]!),
    overlap: f.seenCount > 0 ? seenByBoth(inner, f, m) / f.seenCount : 0,
  };
}

/** Some blocks of a tie grid, as a grid of their own. */
export function someBlocks(arena: Arena, grid: TieGrid, which: readonly number[]): TieGrid {
  const pick = (n: number, k: number, values: ArrayLike<number>) => values[k * which[Math.floor(n / k)]! + (n % k)]!;
  const surfaces = arena.bytes(4 * SURFACE * which.length);
  const to = arena.f32(surfaces, SURFACE * which.length);
  const from = arena.f32(grid.surfaces, SURFACE * grid.count);
  for (const [i, n] of which.entries()) to.set(from.subarray(n * SURFACE, (n + 1) * SURFACE), i * SURFACE);
  return {
    ...{ ...grid, count: which.length, surfaces },
    centres: Float64Array.from({ length: 2 * which.length }, (_, i) => pick(i, 2, grid.centres)),
    cells: Int32Array.from({ length: 2 * which.length }, (_, i) => pick(i, 2, grid.cells)),
    peaks: Int32Array.from({ length: 2 * which.length }, (_, i) => pick(i, 2, grid.peaks)),
    heights: Float64Array.from(which, (n) => grid.heights[n]!),
  };
}

/** The fixed side of a tie grid. */
export const packFixed = (arena: Arena, level: Level): PackedFields => {
  const fields = structureFields(arena, level.channels);
  const packed = packFields(arena, fields, 0, WEIGHT4);
  freeFields(arena, fields);
  return packed;
};

function seenByBoth(arena: Arena, f: PackedFields, m: PackedFields): number {
  const a = arena.i16(f.seen, f.stride * f.height);
  const b = arena.i16(m.seen, m.stride * (m.height + 2 * REACH));
  let both = 0;
  for (let y = 0; y < f.height; y++) {
    const from = (y + REACH) * m.stride + REACH;
    for (let x = 0; x < f.width; x++) both += a[y * f.stride + x]! & b[from + x]!;
  }
  return both;
}
