import type { Window } from "../../../core/grid.js";
import { kernels } from "../../../kernel/lane.js";
import type { Arena } from "../../../kernel/memory.js";
import { emptyPlane, type Plane } from "../../plane.js";
import { blockPositions } from "../../positions.js";
import { intersect } from "../../window.js";
import { alignedPart } from "./cells.js";
import type { LayerSource } from "./multiband.js";
import type { PlacedTile } from "./placed-tile.js";
import { layPieces, type ShiftedTiles } from "./shifted.js";
import { type LoadedTile, loadTiles } from "./tile-records.js";
import { partOf, readPart, squaresOf, touched } from "./warped.js";
import type { WarpedTiles } from "./warped-tiles.js";

/** Coarse samples beyond a tile's edge that its pyramid still has a share in. */
const BEYOND = 4;

/** One band of a tile at its place, with NaN where it shows nothing. @param band  which of those that were loaded */
export function shiftedPlane(arena: Arena, loaded: LoadedTile, part: Window, band: number): Plane {
  const plane = emptyPlane(arena, part.width, part.height);
  kernels().rows("fillRows", part.height, [plane.at, plane.stride, Number.NaN]);
  const pieces = [{ ...intersect(loaded.tile.covers, part)!, tiles: [0] }];
  layPieces(
    { blend: "linear", categorical: false, fill: Number.NaN, keepClear: false },
    [loaded],
    { block: part, pieces, slots: new Map([[0, 0]]), band },
    { at: plane.at, dtype: "float32", stride: plane.stride },
  );
  return plane;
}

/** Layers of tiles that are only shifted. */
export function shiftedLayers({ frame, interpolation }: ShiftedTiles, gains: readonly number[]): LayerSource {
  return async (outer, window, unit, bands, signal) => {
    const numbers = frame.index.touching(window);
    const tiles = numbers.map((n) => frame.tiles[n]!);
    const factors = numbers.map((n) => gains[n] ?? 1);
    const loaded = await loadTiles(outer, tiles, factors, window, bands, interpolation, signal);
    return async (arena, band) =>
      loaded.map((one) => {
        const { tile } = one;
        const part = alignedPart(tile.covers, BEYOND * unit, window, unit)!;
        const values = shiftedPlane(arena, one, part, band);
        const weights = emptyPlane(arena, part.width, part.height);
        kernels().rows("shiftedWeights", part.height, [
          ...[weights.at, weights.stride, part.width],
          ...[part.x - tile.left + tile.fractionX, part.y - tile.top + tile.fractionY, ...sizeOf(tile)],
        ]);
        return { part, values, weights };
      });
  };
}

/** Layers of tiles that are warped. */
export function warpedLayers(mosaic: WarpedTiles, gains: readonly number[]): LayerSource {
  return async (outer, window, unit, bands, signal) => {
    // Beyond the grid there is nothing to warp onto; the map is known there all the same.
    const onto = mosaic.mapping.onto;
    const block = intersect(window, { x: 0, y: 0, width: onto.width, height: onto.height })!;
    const at = blockPositions(outer, mosaic.mapping, block);
    const squares = squaresOf(outer.f64(at, 2 * block.width * block.height), block);
    const numbers = touched(mosaic.frame, squares);
    const found = numbers.flatMap((n) => {
      const tile = mosaic.frame.tiles[n]!;
      const shown = partOf(squares, tile.covers);
      return shown ? [{ tile, gain: gains[n] ?? 1, shown }] : [];
    });
    return async (arena, band) => {
      const layers = [];
      for (const { tile, gain, shown } of found) {
        const part = alignedPart(shown, BEYOND * unit, window, unit)!;
        const values = await readPart(arena, mosaic.warped(tile, "float"), part, shown, bands[band]!, gain, signal);
        const weights = emptyPlane(arena, part.width, part.height);
        kernels().rows("fillRows", part.height, [weights.at, weights.stride, 0]);
        const first = (shown.y - part.y) * weights.stride + shown.x - part.x;
        const from = (shown.y - block.y) * block.width + shown.x - block.x;
        kernels().rows("weightsAlong", shown.height, [
          ...[weights.at + 4 * first, weights.stride, shown.width, at + 16 * from, block.width],
          ...[tile.left - tile.fractionX, tile.top - tile.fractionY, ...sizeOf(tile)],
        ]);
        layers.push({ part, values, weights });
      }
      return layers;
    };
  };
}

const sizeOf = ({ image }: PlacedTile): [number, number] => [image.grid.width, image.grid.height];
