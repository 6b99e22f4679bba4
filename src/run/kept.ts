import { type FileHandle, open } from "node:fs/promises";
import { DiagnosticError, problem } from "../core/diagnostic.js";
import { type Window, wholeWindow } from "../core/grid.js";
import {
  bytesPerSample,
  type Image,
  type PixelData,
  type Pixels,
  pixelArray,
  pixelView,
  type ReadOptions,
} from "../core/image.js";
import type { ImageSummary } from "../core/record.js";

/**
 * Kept pixels on disk: square tiles in row-major order, each planar and full, the last ones padded with zeros. No header: what they
 * are stands in the action.
 */
export const TILE = 512;

/** The pixels of an image as tiles, a few at a time, so that no image is ever whole in memory. */
export async function* tilesOf(image: Image, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const { width, height } = image.grid;
  for (let y = 0; y < height; y += TILE) {
    for (let x = 0; x < width; x += TILE) {
      signal.throwIfAborted();
      const window = { x, y, width: Math.min(TILE, width - x), height: Math.min(TILE, height - y) };
      const { data } = await image.read(window, { signal });
      yield paddedTile(image, data, window, window);
    }
  }
}

/** One tile of pixels that were read from a larger window, as it lies in the store. */
export function paddedTile(
  { dtype, bands }: Pick<Image, "dtype" | "bands">,
  data: PixelData,
  from: Window,
  { x, y, width, height }: Window,
): Uint8Array {
  const tile = pixelArray(dtype, TILE * TILE * bands.length);
  for (let band = 0; band < bands.length; band++) {
    for (let row = 0; row < height; row++) {
      const at = (band * from.height + y - from.y + row) * from.width + x - from.x;
      tile.set(data.subarray(at, at + width), (band * TILE + row) * TILE);
    }
  }
  return new Uint8Array(tile.buffer, tile.byteOffset, tile.byteLength);
}

/** Where kept tiles lie: each in a file, from a place on. */
export type TileFiles = (tile: number, tileBytes: number) => { readonly path: string; readonly at: number };

/** All tiles in one file. @param missing  what to throw where it is gone */
export function fileTiles(path: string | undefined, missing: () => Error): TileFiles {
  if (path === undefined) throw missing();
  return (tile, tileBytes) => ({ path, at: tile * tileBytes });
}

/** An image whose pixels lie in the store; reads the tiles that a window touches. */
export function keptImage(files: TileFiles, summary: ImageSummary): Image {
  const { grid, dtype, bands } = summary;
  const sample = bytesPerSample(dtype);
  const across = Math.ceil(grid.width / TILE);
  return {
    ...summary,
    tile: { width: TILE, height: TILE },
    async read(window: Window, options: ReadOptions = {}): Promise<Pixels> {
      checkWindow(window, summary);
      const wanted = options.bands ?? bands.map((_, band) => band);
      const data: PixelData = options.into ?? pixelArray(dtype, window.width * window.height * wanted.length);
      const plane = new Uint8Array(TILE * TILE * sample);
      const tile = pixelView(dtype, plane.buffer, 0, TILE * TILE);
      let file: { readonly path: string; readonly handle: FileHandle } | undefined;
      try {
        for (let ty = Math.floor(window.y / TILE); ty * TILE < window.y + window.height; ty++) {
          for (let tx = Math.floor(window.x / TILE); tx * TILE < window.x + window.width; tx++) {
            options.signal?.throwIfAborted();
            const { path, at: first } = files(ty * across + tx, bands.length * plane.length);
            if (file?.path !== path) {
              const before = file;
              file = undefined;
              await before?.handle.close();
              file = { path, handle: await open(path, "r") };
            }
            for (let b = 0; b < wanted.length; b++) {
              const at = first + wanted[b]! * plane.length;
              const { bytesRead } = await file.handle.read(plane, 0, plane.length, at);
              if (bytesRead !== plane.length) throw new DiagnosticError(cutShort(path));
              copyTile(tile, tx * TILE, ty * TILE, window, data, b);
            }
          }
        }
      } finally {
        await file?.handle.close();
      }
      return { data, width: window.width, height: window.height, bands: wanted.length };
    },
  };
}

const cutShort = (path: string) =>
  problem("store-damaged", `Kept pixels end too early in ${path}`, "Run tiepoint cache verify, then run again.");

function copyTile(tile: PixelData, x0: number, y0: number, window: Window, data: PixelData, band: number): void {
  const left = Math.max(x0, window.x);
  const right = Math.min(x0 + TILE, window.x + window.width);
  const top = Math.max(y0, window.y);
  const bottom = Math.min(y0 + TILE, window.y + window.height);
  for (let y = top; y < bottom; y++) {
    const from = (y - y0) * TILE - x0;
    data.set(
      tile.subarray(from + left, from + right),
      (band * window.height + y - window.y) * window.width + left - window.x,
    );
  }
}

/** Reading outside of the grid is a bug of the reader. */
export function checkWindow(window: Window, { grid }: Pick<ImageSummary, "grid">): void {
  const whole = wholeWindow(grid);
  const inside =
    window.x >= 0 &&
    window.y >= 0 &&
    window.width > 0 &&
    window.height > 0 &&
    window.x + window.width <= whole.width &&
    window.y + window.height <= whole.height;
  if (!inside)
    throw new Error(`Internal error: window ${JSON.stringify(window)} is not inside ${whole.width} x ${whole.height}`);
}
