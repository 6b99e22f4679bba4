import type { Window } from "../../core/grid.js";
import type { Rectangles } from "./neighbours.js";

/** The parts of two tiles that may show the same place. */
export interface StripPair {
  /** In pixels of tile a, and of tile b. */
  readonly a: Window;
  readonly b: Window;
  /** Where b's strip is expected to begin, in pixels of a's strip. */
  readonly expected: readonly [x: number, y: number];
}

/**
 * What must be cut from two tiles so that their overlap is seen as long as b lies within `reach` of where it is expected.
 *
 * @param offset  where tile b's first pixel is expected, in a's pixels
 * @param reach  half-widths, pixels
 * @returns nothing where the tiles cannot overlap
 */
export function stripsOf(
  { width, height }: Rectangles,
  a: number,
  b: number,
  offset: readonly [x: number, y: number],
  reach: readonly [x: number, y: number],
): StripPair | undefined {
  const [ax, aw, bx, bw] = spanOf(width[a]!, width[b]!, offset[0], reach[0]);
  const [ay, ah, by, bh] = spanOf(height[a]!, height[b]!, offset[1], reach[1]);
  if (!(aw > 0 && ah > 0 && bw > 0 && bh > 0)) return undefined;
  return {
    a: { x: ax, y: ay, width: aw, height: ah },
    b: { x: bx, y: by, width: bw, height: bh },
    expected: [offset[0] + bx - ax, offset[1] + by - ay],
  };
}

/** One axis: first pixel and length in a, then in b. */
function spanOf(a: number, b: number, offset: number, reach: number): readonly [number, number, number, number] {
  const span = (size: number, from: number, to: number): [number, number] => {
    const first = Math.max(0, Math.floor(from));
    return [first, Math.min(size, Math.ceil(to)) - first];
  };
  return [
    ...span(a, offset - reach, offset + b + reach),
    ...span(b, -offset - reach, a - offset + reach),
  ] as unknown as readonly [number, number, number, number];
}
