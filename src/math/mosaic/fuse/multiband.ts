import type { Window } from "../../../core/grid.js";
import type { DType } from "../../../core/image.js";
import type { KernelArg } from "../../../kernel/board.js";
import { kernels } from "../../../kernel/lane.js";
import type { Arena } from "../../../kernel/memory.js";
import type { BlockTarget } from "../../lazy.js";
import { emptyPlane, type Plane } from "../../plane.js";
import { writeSamples } from "../../read-plane.js";
import { intersect } from "../../window.js";
import { type Cells, cellsOf, grownCell } from "./cells.js";

const GRAIN = 16;

/** A tile on pixels of the mosaic. */
export interface Layer {
  readonly part: Window;
  /** NaN where the tile shows nothing. */
  readonly values: Plane;
  /** As the kernel `fuse` weighs tiles; of the values' stride. They are turned to masks in place. */
  readonly weights: Plane;
}

/** Gives the tiles of a window, one band of them at a time. Parts begin and end at multiples of `unit` from the window's corner. */
export type LayerSource = (
  arena: Arena,
  window: Window,
  unit: number,
  bands: readonly number[],
  signal?: AbortSignal,
) => Promise<(arena: Arena, band: number) => Promise<readonly Layer[]>>;

/**
 * Blends tiles band by band of frequencies: coarse structure over a wide seam, fine structure over a narrow one.
 *
 * Each pixel belongs to the tile that weighs most; masks of that, ever smoother, weigh the levels of the tiles' Laplacian
 * pyramids. The mosaic is computed in cells that lie where they lie whatever is read, each with a margin that no pixel of
 * the cell reaches beyond, so a window gives the same samples however it is cut.
 *
 * Source: P. Burt, E. Adelson, "A multiresolution spline with application to image mosaics", ACM TOG 2 (1983),
 * doi:10.1145/245.247
 */
export async function fuseBands(
  source: LayerSource,
  cells: Cells,
  to: { readonly dtype: DType; readonly fill: number; readonly keepClear: boolean },
  block: Window,
  bands: readonly number[],
  out: BlockTarget,
  signal?: AbortSignal,
): Promise<void> {
  for (const cell of cellsOf(block)) {
    signal?.throwIfAborted();
    using arena = kernels().arena();
    const window = grownCell(cell, cells);
    const layersOf = await source(arena, window, cells.unit, bands, signal);
    const part = intersect(cell, block)!;
    const from = { left: part.x - window.x, top: part.y - window.y, width: part.width, height: part.height };
    const first = out.from + (part.y - block.y) * out.stride + part.x - block.x;
    for (let i = 0; i < bands.length; i++) {
      using inner = kernels().arena();
      const plane = blended(inner, await layersOf(inner, i), window, cells.levels);
      writeSamples(inner, plane, from, to.dtype, to, { ...out, from: first + i * out.plane });
    }
  }
}

function rows(kernel: string, count: number, ...args: KernelArg[]): void {
  kernels().rows(kernel, count, args, GRAIN);
}

function filled(arena: Arena, width: number, height: number, value: number): Plane {
  const plane = emptyPlane(arena, width, height);
  rows("fillRows", height, plane.at, plane.stride, value);
  return plane;
}

/** Address of a part's first sample in a plane of a window, both at a level. */
const placeIn = (plane: Plane, part: Window, window: Window, level: number): number =>
  plane.at + 4 * (((part.y - window.y) >> level) * plane.stride + ((part.x - window.x) >> level));

const sizesOf = ({ width, height }: Window, level: number) => ({ width: width >> level, height: height >> level });

function blended(arena: Arena, layers: readonly Layer[], window: Window, levels: number): Plane {
  const alone = layers.length === 1 ? layers[0]! : undefined;
  const { width, height } = window;
  if (layers.length === 0) return filled(arena, width, height, Number.NaN);
  if (alone && alone.part.width === width && alone.part.height === height) return alone.values;
  const best = filled(arena, width, height, 0);
  const over = (kernel: string, { values, weights, part }: Layer) =>
    rows(
      kernel,
      part.height,
      ...[values.at, weights.at, values.stride, part.width, placeIn(best, part, window, 0), best.stride],
    );
  for (const layer of layers) over("raiseWeights", layer);
  for (const layer of layers) over("maskOfBest", layer);
  const sums = Array.from({ length: levels + 1 }, (_, level) => {
    const size = sizesOf(window, level);
    return {
      sum: filled(arena, size.width, size.height, 0),
      weight: level === 0 ? best : filled(arena, size.width, size.height, 0),
    };
  });
  rows("fillRows", height, best.at, best.stride, 0);
  for (const layer of layers) addLayer(layer, window, levels, sums);
  const scratch = kernels().scratch(arena, 64);
  // From the coarsest level down, each on top of the one before.
  for (let level = levels; level >= 0; level--) {
    const { sum, weight } = sums[level]!;
    const coarse = sums[level + 1]?.sum;
    rows(
      "joinBands",
      sum.height,
      ...[sum.at, weight.at, sum.stride, sum.width],
      ...(coarse ? [coarse.at, coarse.stride, coarse.width, coarse.height] : [0, 0, 0, 0]),
      level === 0 ? 1 : 0,
      scratch,
    );
  }
  return sums[0]!.sum;
}

function addLayer(
  layer: Layer,
  window: Window,
  levels: number,
  sums: readonly { readonly sum: Plane; readonly weight: Plane }[],
): void {
  using arena = kernels().arena();
  const scratch = kernels().scratch(arena, 64);
  let { values, weights: masks } = layer;
  for (let level = 0; level <= levels; level++) {
    const next = level < levels ? coarserLevel(arena, layer.part, values, masks, level + 1) : undefined;
    const coarse = next?.values;
    const { sum, weight } = sums[level]!;
    rows(
      "addBand",
      values.height,
      ...[values.at, masks.at, values.stride, values.width],
      ...(coarse ? [coarse.at, coarse.stride, coarse.width, coarse.height] : [0, 0, 0, 0]),
      ...[placeIn(sum, layer.part, window, level), placeIn(weight, layer.part, window, level), sum.stride, scratch],
    );
    if (next) ({ values, masks } = next);
  }
}

function coarserLevel(arena: Arena, part: Window, values: Plane, masks: Plane, level: number) {
  const { width, height } = sizesOf(part, level);
  const half = (plane: Plane, isMask: number) => {
    const to = emptyPlane(arena, width, height);
    const from = [plane.at, plane.stride, plane.width, plane.height];
    rows("reduceBinomial", height, ...from, to.at, to.stride, width, isMask);
    return to;
  };
  return { values: half(values, 0), masks: half(masks, 1) };
}
