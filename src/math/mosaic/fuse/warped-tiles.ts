import type { Grid, Window } from "../../../core/grid.js";
import type { Image } from "../../../core/image.js";
import type { Transform } from "../../../core/transform.js";
import { type PixelMapping, pixelMapping } from "../../positions.js";
import { warpImage } from "../../resample.js";
import type { Blend } from "./blend.js";
import type { MosaicFrame } from "./frame.js";
import type { PlacedTile } from "./placed-tile.js";
import type { FuseInterpolation } from "./taps.js";

/** A mosaic's tiles on another grid, through a map from that grid's world to the mosaic's. */
export interface WarpedTiles {
  readonly frame: MosaicFrame;
  readonly mapping: PixelMapping;
  /** The tile on the other grid, float32 with NaN where it shows nothing, or in its own type. */
  readonly warped: (tile: PlacedTile, as: "float" | "own") => Image;
  readonly blend: Blend;
  readonly categorical: boolean;
  readonly fill: number;
  readonly keepClear: boolean;
}

/** Prepares the warp of every tile; each is resampled once, from its own samples. */
export function warpTiles(
  frame: MosaicFrame,
  transform: Transform,
  onto: Grid,
  options: {
    readonly interpolation: FuseInterpolation;
    readonly blend: Blend;
    readonly categorical: boolean;
    readonly fill: number;
    readonly keepClear: boolean;
  },
): WarpedTiles {
  const built = new Map<string, Image>();
  return {
    ...{ frame, blend: options.blend, categorical: options.categorical },
    ...{ fill: options.fill, keepClear: options.keepClear },
    mapping: pixelMapping(transform, onto, frame.grid),
    warped(tile, as) {
      const name = `${as} ${tile.id}`;
      const found = built.get(name);
      if (found) return found;
      const own = { ...tile.image, grid: placedGrid(tile, frame.grid) };
      const { overviews: _, ...image } = own; // theirs would lie at the old place
      const dtype = as === "float" ? { dtype: "float32" as const } : {};
      const made = warpImage(image, transform, onto, { interpolation: options.interpolation, ...dtype });
      built.set(name, made);
      return made;
    },
  };
}

/** A tile's grid in the world of the mosaic. */
function placedGrid({ image, left, top, fractionX, fractionY }: PlacedTile, { worldFromPixel, crs }: Grid): Grid {
  const [a, b, c, d, e, f] = worldFromPixel;
  const x = left - fractionX;
  const y = top - fractionY;
  const { width, height } = image.grid;
  return { width, height, crs, worldFromPixel: [a, b, c + a * x + b * y, d, e, f + d * x + e * y] };
}

/** What lies on a block, and where it pulls. */
export interface Layers {
  readonly block: Window;
  readonly band: number;
  readonly parts: readonly { readonly tile: PlacedTile; readonly gain: number; readonly part: Window }[];
  /** Address of f64 pairs: mosaic pixels that the block's pixels pull. */
  readonly positions: number;
  readonly signal?: AbortSignal;
}
