import { type Grid, type Window, wholeWindow } from "../core/grid.js";
import type { Image } from "../core/image.js";
import type { Transform } from "../core/transform.js";
import type { Arena } from "../kernel/memory.js";
import type { Band } from "./band.js";
import { blockPositions, type PixelMapping, pixelMapping } from "./positions.js";
import { type BandOptions, warpBandAlong } from "./warp-kernel.js";
import { intersect } from "./window.js";

/** How a warp gets from output pixels to the samples of its source. */
export interface Course {
  /** The image to sample: the moving image, or a smoother, smaller one of the same world. */
  readonly source: Image;
  /** Natural block of output pixels. */
  readonly tile: { readonly width: number; readonly height: number };
  /**
   * Lays out the work on a block.
   *
   * @param arena  lives until the block is done
   * @param reach  samples that the interpolation touches on each side
   * @param limit  source pixels that a part may pull, about
   */
  lay(
    arena: Arena,
    block: Window,
    reach: number,
    limit: number,
  ): {
    readonly parts: readonly Part[];
    readonly warp: (arena: Arena, source: Band, target: Band, options: BandOptions) => void;
  };
}

/** Part of a block, with the source window that it pulls; none where it lies outside. */
export interface Part {
  readonly target: Window;
  readonly from: Window | undefined;
}

/** Halves a block until each part's footprint is at most `limit` pixels. */
export function cutByFootprint(
  block: Window,
  limit: number,
  footprint: (block: Window) => Window | undefined | "unknown",
): Part[] {
  const from = footprint(block);
  const { width, height } = block;
  const fits = from !== "unknown" && (from === undefined || from.width * from.height <= limit);
  if (fits) return [{ target: block, from }];
  if (width === 1 && height === 1) throw new Error("Internal error: one pixel pulls a whole image");
  // Halves end on multiples of 64, the kernel's run, as long as there are some.
  const middle = (start: number, size: number) => {
    const aligned = Math.round((start + size / 2) / 64) * 64;
    return aligned > start && aligned < start + size ? aligned - start : size >> 1;
  };
  const cut = width >= height ? middle(block.x, width) : middle(block.y, height);
  const halves =
    width >= height
      ? [
          { ...block, width: cut },
          { ...block, x: block.x + cut, width: width - cut },
        ]
      : [
          { ...block, height: cut },
          { ...block, y: block.y + cut, height: height - cut },
        ];
  return halves.flatMap((half) => cutByFootprint(half, limit, footprint));
}

/** Side of blocks: positions take 16 bytes a pixel, and patches of 64 pixels fill it. */
const SIDE = 512;

/**
 * The way from output pixels to source pixels by a map that bends.
 *
 * @param smooth  the image to sample for a reduction, moving pixels per output pixel
 */
export function bendingCourse(
  moving: Image,
  transform: Transform,
  onto: Grid,
  smooth: (reduction: number) => Image,
): Course {
  const source = smooth(reductionOf(pixelMapping(transform, onto, moving.grid), onto, moving.grid));
  const mapping = pixelMapping(transform, onto, source.grid);
  const whole = wholeWindow(source.grid);
  return {
    source,
    tile: { width: SIDE, height: SIDE },
    lay(arena, block, reach, limit) {
      const at = blockPositions(arena, mapping, block);
      const positions = arena.f64(at, 2 * block.width * block.height);
      const parts = cutByFootprint(block, limit, (part) => positionFootprint(positions, block, part, reach, whole));
      return {
        parts,
        warp(inner, from, to, options) {
          const first = (to.window.y - block.y) * block.width + to.window.x - block.x;
          warpBandAlong(inner, from, to, { at: at + 16 * first, stride: block.width }, options);
        },
      };
    },
  };
}

/** The samples that a part of a block can touch. */
function positionFootprint(
  positions: Float64Array,
  block: Window,
  part: Window,
  reach: number,
  image: Window,
): Window | undefined {
  let [x0, y0, x1, y1] = [
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ];
  for (let y = part.y; y < part.y + part.height; y++) {
    let at = 2 * ((y - block.y) * block.width + part.x - block.x);
    for (const end = at + 2 * part.width; at < end; at += 2) {
      const px = positions[at]!;
      const py = positions[at + 1]!;
      if (!(px > -1 && py > -1 && px < image.width && py < image.height)) continue;
      if (px < x0) x0 = px;
      if (px > x1) x1 = px;
      if (py < y0) y0 = py;
      if (py > y1) y1 = py;
    }
  }
  if (!(x1 >= x0)) return undefined;
  const [left, top] = [Math.floor(x0) - reach - 1, Math.floor(y0) - reach - 1];
  return intersect(image, {
    ...{ x: left, y: top },
    width: Math.floor(x1) + reach + 2 - left,
    height: Math.floor(y1) + reach + 2 - top,
  });
}

/** Source pixels per output pixel: the least of 5 by 5 places whose sample lies in the source; 1 when none does. */
function reductionOf(mapping: PixelMapping, onto: Grid, source: Grid): number {
  const step = 0.5;
  const pixels: number[] = [];
  for (let k = 0; k < 25; k++) {
    const x = ((k % 5) / 4) * (onto.width - 1);
    const y = (Math.floor(k / 5) / 4) * (onto.height - 1);
    pixels.push(x, y, x - step, y, x + step, y, x, y - step, x, y + step);
  }
  const p = mapping.map(Float64Array.from(pixels));
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < p.length; i += 10) {
    const inside = p[i]! > -1 && p[i + 1]! > -1 && p[i]! < source.width && p[i + 1]! < source.height;
    const area = (p[i + 4]! - p[i + 2]!) * (p[i + 9]! - p[i + 7]!) - (p[i + 8]! - p[i + 6]!) * (p[i + 5]! - p[i + 3]!);
    if (inside && !Number.isNaN(area)) least = Math.min(least, Math.sqrt(Math.abs(area)));
  }
  return Number.isFinite(least) ? least : 1;
}
