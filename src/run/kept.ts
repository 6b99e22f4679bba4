import { open } from "node:fs/promises";
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
const TILE = 512;

/** The pixels of an image as tiles, a few at a time, so that no image is ever whole in memory. */
export async function* tilesOf(image: Image, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const { width, height } = image.grid;
  const bands = image.bands.length;
  for (let y = 0; y < height; y += TILE) {
    for (let x = 0; x < width; x += TILE) {
      signal.throwIfAborted();
      const window = { x, y, width: Math.min(TILE, width - x), height: Math.min(TILE, height - y) };
      const { data } = await image.read(window, { signal });
      const tile = pixelArray(image.dtype, TILE * TILE * bands);
      for (let row = 0; row < window.height * bands; row++) {
        const band = Math.floor(row / window.height);
        const at = (band * TILE + (row % window.height)) * TILE;
        tile.set(data.subarray(row * window.width, (row + 1) * window.width), at);
      }
      yield new Uint8Array(tile.buffer, tile.byteOffset, tile.byteLength);
    }
  }
}

/** An image whose pixels lie in the store; reads the tiles that a window touches. */
export function keptImage(path: string, summary: ImageSummary): Image {
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
      const file = await open(path, "r");
      try {
        const plane = new Uint8Array(TILE * TILE * sample);
        const tile = pixelView(dtype, plane.buffer, 0, TILE * TILE);
        for (let ty = Math.floor(window.y / TILE); ty * TILE < window.y + window.height; ty++) {
          for (let tx = Math.floor(window.x / TILE); tx * TILE < window.x + window.width; tx++) {
            options.signal?.throwIfAborted();
            for (let b = 0; b < wanted.length; b++) {
              const at = ((ty * across + tx) * bands.length + wanted[b]!) * plane.length;
              const { bytesRead } = await file.read(plane, 0, plane.length, at);
              if (bytesRead !== plane.length) throw new DiagnosticError(cutShort(path));
              copyTile(tile, tx * TILE, ty * TILE, window, data, b);
            }
          }
        }
      } finally {
        await file.close();
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
