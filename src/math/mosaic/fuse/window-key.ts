import type { Window } from "../../../core/grid.js";
import type { MosaicFrame } from "./frame.js";

/**
 * What the samples of a window depend on: the tiles that it touches, their places in it, and how they are laid together.
 *
 * @param around  the window whose tiles count
 * @param how  parameters, as plain data
 * @returns `undefined` where a tile does not say where it comes from
 */
export function windowKey(
  { tiles, index }: MosaicFrame,
  gains: readonly number[],
  window: Window,
  around: Window,
  how: unknown,
): string | undefined {
  const list: unknown[] = [];
  for (const n of index.touching(around)) {
    const { id, image, left, top, fractionX, fractionY } = tiles[n]!;
    if (!image.recipe) return undefined;
    const { key, port, item } = image.recipe;
    list.push([
      id,
      key,
      port,
      item,
      left - window.x,
      top - window.y,
      fractionX,
      fractionY,
      gains[n] ?? 1,
      image.nodata,
    ]);
  }
  return JSON.stringify([how, list]);
}
