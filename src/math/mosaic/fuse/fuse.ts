import { type Grid, invertAffine } from "../../../core/grid.js";
import { type Image, isCategorical } from "../../../core/image.js";
import { asMatrix3, identity, matrix3FromAffine, multiplyMatrix3, type Transform } from "../../../core/transform.js";
import { lazyImage } from "../../lazy.js";
import { holeValue } from "../../read-plane.js";
import { once } from "../../sample-image.js";
import type { Blend } from "./blend.js";
import { type Cells, cellsFor, reachOf } from "./cells.js";
import { frameOn, type MosaicFrame } from "./frame.js";
import { tileGains } from "./gains.js";
import { shiftedLayers, warpedLayers } from "./layers.js";
import { fuseBands } from "./multiband.js";
import { fuseShifted } from "./shifted.js";
import type { FuseInterpolation } from "./taps.js";
import { fuseWarped } from "./warped.js";
import { warpTiles } from "./warped-tiles.js";
import { windowKey } from "./window-key.js";

export interface FuseOptions {
  readonly blend: Blend;
  readonly interpolation: FuseInterpolation;
  /** `overlaps`: a factor on each tile, so that they are equally bright where they overlap. `off` when absent. */
  readonly gain?: "off" | "overlaps";
  /** Value where no tile shows anything. When absent: the tiles' nodata, else NaN in float32 and 0 in integers. */
  readonly fill?: number;
  /** Grid of the result; the mosaic's own when absent. */
  readonly onto?: Grid;
  /** From the world of `onto` to the world of the mosaic; the identity when absent. */
  readonly transform?: Transform;
}

/** Pixels that are laid together at one time, all bands counted. */
const BLOCK_PIXELS = 2 ** 23;

/**
 * Lays tiles together to one image. Lazy: a read touches the tiles that lie in its window, block by block.
 *
 * A pixel is a sum over the tiles that show it, in the order of their names, so it depends neither on how windows are cut
 * nor on the order in which tiles are given. Weights are the product of the distances from the tile's edges along x and
 * along y: where two tiles overlap, they run from one to the other in a straight line. Without blending the tile that
 * weighs most is taken.
 *
 * On another grid, or through a transform, each tile is warped from its own samples, so that nothing is resampled twice.
 *
 * @throws DiagnosticError `singular-grid` for a grid without area
 */
export function fuseTiles(own: MosaicFrame, options: FuseOptions): Image {
  const { onto = own.grid, transform = identity } = options;
  const first = own.tiles[0]!.image;
  const categorical = isCategorical(first);
  const known = own.tiles.find(({ image }) => image.nodata !== undefined)?.image.nodata;
  const fill = options.fill ?? holeValue({ dtype: first.dtype, ...(known === undefined ? {} : { nodata: known }) });
  const nodata = (options.fill ?? known) === undefined || Number.isNaN(fill) ? undefined : fill;
  const how = {
    ...{ categorical, fill, keepClear: nodata !== undefined },
    interpolation: categorical ? ("nearest" as const) : options.interpolation,
    blend: categorical ? ("none" as const) : options.blend,
  };
  const face = {
    ...{ grid: onto, dtype: first.dtype, bands: first.bands, meaning: first.meaning },
    ...(nodata === undefined ? {} : { nodata }),
  };
  let measured: Cells | undefined;
  const cells = how.blend === "multiband" ? () => (measured ??= cellsFor(own)) : undefined;
  const gains = options.gain === "overlaps" && !categorical ? once((signal) => tileGains(own, signal)) : async () => [];
  const to = { dtype: first.dtype, fill, keepClear: how.keepClear };
  const shift = shiftBetween(own.grid, transform, onto);
  if (shift) {
    const frame = onto === own.grid ? own : frameOn(own, onto, ...shift);
    const shifted = { ...how, frame };
    const image = lazyImage(
      { ...face, tile: { width: Math.min(onto.width, 8192), height: Math.min(onto.height, 512) } },
      async (block, bands, out, signal) => {
        const factors = await gains(signal);
        if (cells) await fuseBands(shiftedLayers(shifted, factors), cells(), to, block, bands, out, signal);
        else await fuseShifted(shifted, factors, block, bands, out, signal);
      },
      BLOCK_PIXELS / first.bands.length,
    );
    return {
      ...image,
      async windowKey(window) {
        const reach = cells ? reachOf(window, cells()) : { around: window, place: [] };
        return windowKey(frame, await gains(), window, reach.around, { ...how, place: reach.place });
      },
    };
  }
  const warped = warpTiles(own, transform, onto, how);
  const tile = { width: Math.min(onto.width, cells ? 1024 : 512), height: Math.min(onto.height, 512) };
  return lazyImage(
    { ...face, tile },
    async (block, bands, out, signal) => {
      const factors = await gains(signal);
      if (cells) await fuseBands(warpedLayers(warped, factors), cells(), to, block, bands, out, signal);
      else await fuseWarped(warped, factors, block, bands, out, signal);
    },
    tile.width * tile.height,
  );
}

/** Where the first pixel of a grid pulls, pixels of the mosaic, if all pixels pull as far from there as they lie apart. */
function shiftBetween(mosaic: Grid, transform: Transform, onto: Grid): [x: number, y: number] | undefined {
  if (onto === mosaic && transform === identity) return [0, 0];
  const world = asMatrix3(transform);
  if (!world) return undefined;
  const into = matrix3FromAffine(invertAffine(mosaic.worldFromPixel));
  const m = multiplyMatrix3(into, multiplyMatrix3(world, matrix3FromAffine(onto.worldFromPixel)));
  const side = Math.max(onto.width, onto.height);
  // A five-hundredth of a pixel at the far end: as much as places are rounded by.
  const isShift = [m[0] - 1, m[1], m[3], m[4] - 1, m[6] * side, m[7] * side].every((v) => Math.abs(v) * side < 0.002);
  return isShift ? [m[2], m[5]] : undefined;
}
