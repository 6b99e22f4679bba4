import { coarsen, type Grid, type Image, pixelArray } from "tiepoint/plugin";
import type { Layout } from "./layout.js";
import { readWindow } from "./window.js";

/** One resolution of an image: planes whose bands follow each other. */
export interface Level {
  /** Where and how a plane is stored; all are alike in size and type. */
  readonly layoutAt: (plane: number) => Layout;
  /** The one sample of each plane that is a band; all samples when absent. */
  readonly sample?: number | undefined;
  readonly grid: Grid;
  readonly bands: readonly string[];
  readonly memory: number;
}

/** The lazy image of one level. */
export function levelImage({ layoutAt, sample, grid, bands, memory }: Level): Image {
  const first = layoutAt(0);
  const { dtype, samples, nodata } = first;
  const perPlane = sample === undefined ? samples : 1;
  return {
    grid,
    dtype,
    bands,
    meaning: "intensity",
    ...(nodata === undefined ? {} : { nodata }),
    tile: naturalTile(first),
    async read(window, { bands: wanted, into, signal } = {}) {
      const { x, y, width, height } = window;
      if (!(x >= 0 && y >= 0 && x + width <= grid.width && y + height <= grid.height))
        throw new Error("Internal error: a window outside the image");
      const chosen = wanted ?? bands.map((_, b) => b);
      const size = width * height;
      const out = into ?? pixelArray(dtype, chosen.length * size);
      if (perPlane === bands.length) {
        const samplesOf = sample === undefined ? chosen : chosen.map(() => sample);
        await readWindow({ layout: first, window, bands: samplesOf, out, memory, signal });
      } else {
        for (const [i, band] of chosen.entries()) {
          const layout = layoutAt(Math.floor(band / perPlane));
          const part = out.subarray(i * size, (i + 1) * size);
          await readWindow({ layout, window, bands: [sample ?? band % perPlane], out: part, memory, signal });
        }
      }
      return { data: out, width, height, bands: chosen.length };
    },
  };
}

/** Tiles as they are; strips a few at a time, because single ones can be one row. */
function naturalTile({ tiled, chunkWidth, chunkHeight, width, height, compression }: Layout) {
  if (tiled) return { width: Math.min(width, chunkWidth), height: Math.min(height, chunkHeight) };
  if (chunkHeight >= 64) return { width, height: compression === 1 ? Math.min(chunkHeight, 256) : chunkHeight };
  return { width, height: Math.min(height, chunkHeight * Math.ceil(64 / chunkHeight)) };
}

/**
 * The grid of an overview of this size.
 *
 * Overviews are made by joining whole pixels, so a side that is a whole fraction of the full one, rounded up or down,
 * is that fraction; any other size spans the full image.
 */
export function overviewGrid(grid: Grid, width: number, height: number): Grid {
  const factor = Math.round(grid.width / width);
  const isFraction = (full: number, small: number) =>
    small === Math.ceil(full / factor) || small === Math.floor(full / factor);
  if (isFraction(grid.width, width) && isFraction(grid.height, height))
    return { ...coarsen(grid, factor), width, height };
  const sx = grid.width / width;
  const sy = grid.height / height;
  const [a, b, c, d, e, f] = grid.worldFromPixel;
  const [hx, hy] = [(sx - 1) / 2, (sy - 1) / 2];
  return {
    ...grid,
    width,
    height,
    worldFromPixel: [a * sx, b * sy, c + a * hx + b * hy, d * sx, e * sy, f + d * hx + e * hy],
  };
}
