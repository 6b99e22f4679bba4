import { DiagnosticError, problem } from "../core/diagnostic.js";
import { type Grid, type Window, wholeWindow } from "../core/grid.js";
import { type DType, type Image, type Pixels, pixelArray, type ReadOptions } from "../core/image.js";
import { kernels } from "../kernel/lane.js";
import type { Arena } from "../kernel/memory.js";
import type { Plane } from "./plane.js";
import { holeValue, readFloat, writeSamples } from "./read-plane.js";
import { cutWindow, grow } from "./window.js";

/** Pixels that a lazy image computes at one time. */
const BLOCK_PIXELS = 2 ** 21;

/** What is said of an image beside its pixels. */
export type ImageFace = Omit<Image, "read" | "recipe" | "overviews">;

/**
 * An image whose pixels are computed when they are read, block by block, so that memory stays bounded.
 *
 * @param fillBlock  writes the bands of a block into `out.data`: sample (band, y, x) of the block is at
 *   `out.from + band * out.plane + y * out.stride + x`
 */
export function lazyImage(
  face: ImageFace,
  fillBlock: (block: Window, bands: readonly number[], out: BlockTarget, signal?: AbortSignal) => Promise<void>,
  blockPixels = BLOCK_PIXELS,
): Image {
  const { grid, dtype, bands: names, meaning, nodata, tile } = face;
  return {
    ...{ grid, dtype, bands: names, meaning, tile },
    ...(nodata === undefined ? {} : { nodata }),
    async read(window: Window, options: ReadOptions = {}): Promise<Pixels> {
      requireInside(window, grid);
      const { width, height } = window;
      const bands = options.bands ?? names.map((_, band) => band);
      const data = options.into ?? pixelArray(dtype, bands.length * width * height);
      for (const block of cutWindow(window, tile, blockPixels)) {
        options.signal?.throwIfAborted();
        const from = (block.y - window.y) * width + block.x - window.x;
        await fillBlock(block, bands, { data, from, stride: width, plane: width * height }, options.signal);
      }
      return { data, width, height, bands: bands.length };
    },
  };
}

/** Where a block of a larger read goes; see `lazyImage`. */
export interface BlockTarget {
  readonly data: Pixels["data"];
  readonly from: number;
  readonly stride: number;
  readonly plane: number;
}

/** Where a plane with its halo lies in the image that it was read from. */
export interface Region {
  readonly window: Window;
  readonly band: number;
}

/**
 * An image on the same grid, each band computed from that band's neighbourhoods.
 *
 * The result of a pixel must depend on samples within `halo` pixels alone, and treat the image's border as a plane's:
 * then any cut into blocks gives the same bits.
 *
 * @param compute  gets the samples with their halo, as far as the image goes, NaN where there is no observation; gives a
 *   plane of the same size, which may be the one that it got
 */
export function filterImage(
  image: Image,
  options: { readonly halo: number; readonly dtype?: DType; readonly nodata?: number },
  compute: (arena: Arena, plane: Plane, region: Region) => Plane | Promise<Plane>,
): Image {
  const dtype = options.dtype ?? image.dtype;
  const nodata = options.nodata ?? (dtype === image.dtype ? image.nodata : undefined);
  // With a wide halo, square blocks read far less twice than rows do.
  const tile = options.halo > 4 ? { width: 512, height: 512 } : image.tile;
  const face: ImageFace = { ...image, dtype, tile };
  const clean = nodata === undefined ? without(face, "nodata") : { ...face, nodata };
  const fill = holeValue(clean);
  return lazyImage(clean, async (block, bands, out, signal) => {
    for (const [i, band] of bands.entries()) {
      using arena = kernels().arena();
      const window = grow(block, options.halo, image.grid);
      const plane = await readFloat(arena, image, window, band, signal ? { signal } : {});
      const result = await compute(arena, plane, { window, band });
      const part = { left: block.x - window.x, top: block.y - window.y, width: block.width, height: block.height };
      writeSamples(
        arena,
        result,
        part,
        dtype,
        { fill, keepClear: nodata !== undefined },
        {
          ...out,
          from: out.from + i * out.plane,
        },
      );
    }
  });
}

/** Makes an image of another and of its overviews alike, for what commutes with averaging. */
export function withOverviews(image: Image, make: (level: Image) => Image): Image {
  const made = make(image);
  return image.overviews ? { ...made, overviews: image.overviews.map(make) } : made;
}

function without<T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> {
  const { [key]: _, ...rest } = value;
  return rest;
}

function requireInside(window: Window, grid: Grid): void {
  const whole = wholeWindow(grid);
  const inside =
    window.x >= 0 &&
    window.y >= 0 &&
    window.x + window.width <= whole.width &&
    window.y + window.height <= whole.height;
  if (inside && window.width > 0 && window.height > 0) return;
  throw new DiagnosticError(
    problem(
      "window-outside-image",
      `Expected a window inside ${whole.width} x ${whole.height} px, but received ${window.width} x ${window.height} px at (${window.x}, ${window.y})`,
    ),
  );
}
