import { type Grid, spacing, toWorld } from "../../core/grid.js";
import { pixelPoints } from "../../core/points.js";
import { invert, type Transform } from "../../core/transform.js";
import { mapPoints } from "../map-points.js";

export interface RoundTrip {
  /** Longest distance between a place and where it comes back to, pixels of the grid; NaN when none comes back. */
  readonly worst: number;
  /** Share of the places that the transform knows but from which no way leads back: behind a fold. */
  readonly lost: number;
}

/** Places along each side, the outer edges of the grid's outermost pixels among them. */
const SIDE = 49;

/** A transform and back by its reverse, at places all over a grid and on its rim. */
export function roundTrip(transform: Transform, grid: Grid): RoundTrip {
  // A thousandth of a pixel inside: a field ends at the rim, and what comes back to a ten-millionth may lie beyond.
  const at = (k: number, size: number) => -0.499 + (k / (SIDE - 1)) * (size - 0.002);
  const pixels = Array.from({ length: SIDE * SIDE }, (_, i) => [
    at(i % SIDE, grid.width),
    at(Math.floor(i / SIDE), grid.height),
  ]).flat();
  const places = toWorld(grid, pixelPoints(pixels));
  const there = mapPoints(transform, places);
  const back = mapPoints(invert(transform), there);
  let [worst, known, found] = [0, 0, 0];
  for (let i = 0; i < places.length; i += 2) {
    if (Number.isNaN(there[i]!)) continue;
    known++;
    if (Number.isNaN(back[i]!)) continue;
    found++;
    worst = Math.max(worst, Math.sqrt((back[i]! - places[i]!) ** 2 + (back[i + 1]! - places[i + 1]!) ** 2));
  }
  return { worst: found > 0 ? worst / spacing(grid) : Number.NaN, lost: known > 0 ? 1 - found / known : 0 };
}
