import type { Window } from "../core/grid.js";
import type { Matrix3 } from "../core/transform.js";
import { intersect } from "./window.js";

/** Blocks up to this many pixels are looked at pixel by pixel where a horizon runs through them. */
const SMALL = 4096;

/**
 * The samples of an image that a block of output pixels can touch through a map.
 *
 * @param map  output pixel to source pixel
 * @param reach  samples that the interpolation touches on each side
 * @param image  the source's whole window
 * @returns the window; `undefined` when no sample is touched; `unknown` when the block is large and a horizon runs through it
 */
export function footprint(block: Window, map: Matrix3, reach: number, image: Window): Window | undefined | "unknown" {
  const { x, y, width, height } = block;
  const corners = [
    position(map, x, y),
    position(map, x + width - 1, y),
    position(map, x, y + height - 1),
    position(map, x + width - 1, y + height - 1),
  ];
  const ahead = corners.filter((p) => p !== undefined);
  // Where the denominator is positive at the corners, they bound the footprint; where at none, nothing is sampled.
  if (ahead.length === 0) return undefined;
  if (ahead.length === 4) return around(ahead, reach, image);
  if (width * height > SMALL) return "unknown";
  const inside: Position[] = [];
  for (let j = 0; j < height; j++) {
    for (let i = 0; i < width; i++) {
      const p = position(map, x + i, y + j);
      if (p && p.x > image.x - 1 && p.y > image.y - 1 && p.x < image.x + image.width && p.y < image.y + image.height)
        inside.push(p);
    }
  }
  return inside.length > 0 ? around(inside, reach, image) : undefined;
}

interface Position {
  readonly x: number;
  readonly y: number;
}

/** Where a pixel pulls from; `undefined` at and behind the horizon. */
function position(m: Matrix3, x: number, y: number): Position | undefined {
  const w = m[6] * x + m[7] * y + m[8];
  if (!(w > 1e-12)) return undefined;
  return { x: (m[0] * x + m[1] * y + m[2]) / w, y: (m[3] * x + m[4] * y + m[5]) / w };
}

function around(positions: readonly Position[], reach: number, image: Window): Window | undefined {
  const margin = reach + 1; // one more for the rounding of positions
  const span = (pick: (p: Position) => number) => {
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (const p of positions) {
      low = Math.min(low, pick(p));
      high = Math.max(high, pick(p));
    }
    const first = Math.floor(Math.max(low, -1e9)) - margin;
    return { first, count: Math.floor(Math.min(high, 1e9)) + 1 + margin - first };
  };
  const across = span((p) => p.x);
  const down = span((p) => p.y);
  return intersect(image, { x: across.first, y: down.first, width: across.count, height: down.count });
}
