import type { Image } from "../../../core/image.js";
import { isCategorical } from "../../../core/image.js";
import { lazyImage } from "../../lazy.js";
import { holeValue } from "../../read-plane.js";
import type { Interpolation } from "../../warp-kernel.js";
import type { MosaicFrame } from "./frame.js";
import { fuseShifted } from "./shifted.js";
import { tileIndex } from "./tile-index.js";

export interface FuseOptions {
  readonly blend: "none" | "linear";
  readonly interpolation: Interpolation;
  /** Value where no tile shows anything. When absent: the tiles' nodata, else NaN in float32 and 0 in integers. */
  readonly fill?: number;
}

/** Pixels that are laid together at one time, all bands counted. */
const BLOCK_PIXELS = 2 ** 23;

/**
 * Lays tiles together to one image. Lazy: a read touches the tiles that lie in its window, block by block.
 *
 * A pixel is a sum over the tiles that show it, in the order of their names, so it depends neither on how windows are cut
 * nor on the order in which tiles are given. Weights are the product of the distances from the tile's edges along x and
 * along y: where two tiles overlap, they run from one to the other in a straight line.
 */
export function fuseTiles(frame: MosaicFrame, options: FuseOptions): Image {
  const { grid, tiles } = frame;
  const first = tiles[0]!.image;
  const categorical = isCategorical(first);
  const known = tiles.find(({ image }) => image.nodata !== undefined)?.image.nodata;
  const fill = options.fill ?? holeValue({ dtype: first.dtype, ...(known === undefined ? {} : { nodata: known }) });
  const nodata = (options.fill ?? known) === undefined || Number.isNaN(fill) ? undefined : fill;
  const rectangles = tiles.map((tile) => tile.covers);
  const mosaic = {
    ...{ tiles, rectangles, index: tileIndex(rectangles), categorical, fill, keepClear: nodata !== undefined },
    interpolation: categorical ? ("nearest" as const) : options.interpolation,
    blend: categorical ? ("none" as const) : options.blend,
  };
  return lazyImage(
    {
      ...{ grid, dtype: first.dtype, bands: first.bands, meaning: first.meaning },
      ...(nodata === undefined ? {} : { nodata }),
      tile: { width: Math.min(grid.width, 8192), height: Math.min(grid.height, 512) },
    },
    (block, bands, out, signal) => fuseShifted(mosaic, [], block, bands, out, signal),
    BLOCK_PIXELS / first.bands.length,
  );
}
