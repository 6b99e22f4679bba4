import { pixelGrid } from "../../core/grid.js";
import { worldPoints } from "../../core/points.js";
import { apply } from "../../core/transform.js";
import type { Arena } from "../../kernel/memory.js";
import { emptyPlane, type Plane } from "../plane.js";
import { latticeMap, type PlaneLattice } from "./lattice-map.js";
import { bentPlane, shiftedPlane } from "./plane-tools.js";
import { type FreeFormOptions, registerFreeForm } from "./register.js";

/** How far two ways to one bend lie apart, root mean square over some places, pixels of the planes. */
export interface Consistency {
  readonly starts: number;
  readonly roundTrip: number;
}

/** A second start is off by this share of the lattice's spacing in x and in y, and by no more than so many pixels. */
const OFF = 0.2;
const MOST_OFF = 6;

/**
 * Bends anew from a start that is off, and bends the fixed plane onto the moving one; the field that was found is held against
 * both.
 *
 * @param field  of these planes
 * @param places  interleaved pixels of the planes, where the bend is told by pixels
 */
export function consistencyOf(
  arena: Arena,
  fixed: Plane,
  moving: Plane,
  field: PlaneLattice,
  options: FreeFormOptions,
  places: Float64Array,
): Consistency {
  const off = Math.max(1, Math.min(MOST_OFF, Math.round(OFF * options.spacing)));
  const shifted = shiftedPlane(arena, moving, off, -off);
  const again = registerFreeForm(arena, fixed, shifted, options);
  arena.free(shifted.at);
  const back = registerFreeForm(arena, moving, fixed, options);
  const found = displaced(field, places);
  const second = displaced(again, places).map((v, i) => v + (i % 2 === 0 ? off : -off));
  const returned = displaced(back, found);
  return { starts: distance(found, second), roundTrip: distance(places, returned) };
}

/**
 * What noise does to a bend: two halves of the pixels, squares of a checkerboard, are each bent for themselves from where the
 * bend has put them. Half of their distance is what noise does to the whole.
 */
export function noiseOf(
  arena: Arena,
  fixed: Plane,
  moving: Plane,
  field: PlaneLattice,
  options: FreeFormOptions,
  places: Float64Array,
): number {
  const bent = bentPlane(arena, moving, field);
  const side = Math.max(8, Math.round(options.spacing / 2));
  const halves = [0, 1].map((parity) => {
    const half = emptyPlane(arena, fixed.width, fixed.height);
    const [from, to] = [fixed, half].map((p) => arena.f32(p.at, p.stride * p.height)) as [Float32Array, Float32Array];
    for (let y = 0; y < fixed.height; y++) {
      for (let x = 0; x < fixed.width; x++) {
        const seen = ((Math.floor(x / side) + Math.floor(y / side)) & 1) === parity;
        to[y * half.stride + x] = seen ? from[y * fixed.stride + x]! : Number.NaN;
      }
    }
    const fit = registerFreeForm(arena, half, bent, options);
    arena.free(half.at);
    return displaced(fit, places);
  });
  arena.free(bent.at);
  return distance(halves[0]!, halves[1]!) / 2;
}

/** Where a lattice takes places of its plane. */
export function displaced(field: PlaneLattice, places: Float64Array): Float64Array {
  return apply(latticeMap(field, pixelGrid(1, 1)), worldPoints(places));
}

function distance(a: Float64Array, b: Float64Array): number {
  let [sum, count] = [0, 0];
  for (let i = 0; i < a.length; i += 2) {
    const square = (a[i]! - b[i]!) ** 2 + (a[i + 1]! - b[i + 1]!) ** 2;
    if (!(square < Number.POSITIVE_INFINITY)) continue;
    sum += square;
    count++;
  }
  return count > 0 ? Math.sqrt(sum / count) : Number.NaN;
}
