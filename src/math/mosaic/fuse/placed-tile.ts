import type { Window } from "../../../core/grid.js";
import type { Image } from "../../../core/image.js";

/** Places are rounded to this part of a pixel, so that a place that moves by less changes nothing. */
export const PLACE_STEPS = 256;

/**
 * A tile at its place in a mosaic's pixels. Mosaic pixel (x, y) pulls from the tile's sample
 * (x - left + fractionX, y - top + fractionY).
 */
export interface PlacedTile {
  readonly id: string;
  readonly image: Image;
  readonly left: number;
  readonly top: number;
  /** Multiples of 1 / 256 in [0, 1). */
  readonly fractionX: number;
  readonly fractionY: number;
  /** The mosaic pixels whose nearest sample exists. */
  readonly covers: Window;
}

/** @param x  centre of the tile's first pixel, in pixels of the mosaic */
export function placeTile(id: string, image: Image, x: number, y: number): PlacedTile {
  const across = placeAlong(x, image.grid.width);
  const down = placeAlong(y, image.grid.height);
  return {
    ...{ id, image, left: across.left, top: down.left },
    ...{ fractionX: across.fraction, fractionY: down.fraction },
    covers: { x: across.from, y: down.from, width: across.to - across.from, height: down.to - down.from },
  };
}

function placeAlong(place: number, size: number) {
  const x = Math.round(place * PLACE_STEPS) / PLACE_STEPS;
  const left = Math.ceil(x);
  return { left, fraction: left - x, from: Math.ceil(x - 0.5), to: Math.ceil(x + size - 0.5) };
}
