import { pixelGrid } from "../../core/grid.js";
import { worldPoints } from "../../core/points.js";
import { apply } from "../../core/transform.js";
import type { Arena } from "../../kernel/memory.js";
import { emptyPlane, type Plane } from "../plane.js";
import { latticeMap, type PlaneLattice } from "./lattice-map.js";
import { bentPlane, brightness, shiftedPlane } from "./plane-tools.js";
import { type FreeFormOptions, registerFreeForm } from "./register.js";

/** How two ways to one bend agree over some places. */
export interface Agreement {
  /** Median distance, pixels; NaN where no place could be compared. */
  readonly distance: number;
  /** Share of the places where they lie farther apart than `APART`. */
  readonly apart: number;
}

export interface Consistency {
  readonly starts: Agreement;
  readonly roundTrip: Agreement;
}

/** Two ways that come out farther apart than this lead to different places, pixels of the planes. */
export const APART = 0.5;

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
  return { starts: agreement(found, second), roundTrip: agreement(places, returned) };
}

/** How far what is left between the images is laid aside, pixels: far enough that it no longer belongs to the gradients. */
const ASIDE = 9;

/**
 * What noise does to a bend: what is left between the images after the bend is laid aside by some pixels and added to the bent
 * moving plane. Between the two there is nothing to bend, so what the same descent finds is what such a rest makes it find.
 * Its grain, and where it is strong, stay as they are.
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
  const { width, height } = fixed;
  const noisy = emptyPlane(arena, width, height);
  const view = (p: Plane) => arena.f32(p.at, p.stride * height);
  const [f, m, to] = [view(fixed), view(bent), view(noisy)];
  const { gain, offset } = brightness(arena, fixed, bent);
  for (let y = 0; y < height; y++) {
    // Rows and columns in circles, so that all of it finds a place.
    const from = (y + ASIDE) % height;
    for (let x = 0; x < width; x++) {
      const other = (x + ASIDE) % width;
      const rest = f[from * fixed.stride + other]! - (gain * m[from * bent.stride + other]! + offset);
      to[y * noisy.stride + x] = gain * m[y * bent.stride + x]! + offset + rest;
    }
  }
  const fit = registerFreeForm(arena, noisy, bent, options);
  for (const { at } of [bent, noisy]) arena.free(at);
  return distance(places, displaced(fit, places));
}

/** Where a lattice takes places of its plane. */
export function displaced(field: PlaneLattice, places: Float64Array): Float64Array {
  return apply(latticeMap(field, pixelGrid(1, 1)), worldPoints(places));
}

/** Lengths of the differences, where there are any. */
function lengths(a: Float64Array, b: Float64Array): Float64Array {
  const out: number[] = [];
  for (let i = 0; i < a.length; i += 2) {
    const length = Math.sqrt((a[i]! - b[i]!) ** 2 + (a[i + 1]! - b[i + 1]!) ** 2);
    if (length < Number.POSITIVE_INFINITY) out.push(length);
  }
  return Float64Array.from(out).sort();
}

function agreement(a: Float64Array, b: Float64Array): Agreement {
  const apart = lengths(a, b);
  if (apart.length === 0) return { distance: Number.NaN, apart: 1 };
  return { distance: apart[apart.length >> 1]!, apart: apart.filter((d) => d > APART).length / apart.length };
}

function distance(a: Float64Array, b: Float64Array): number {
  const apart = lengths(a, b);
  return apart.length > 0 ? Math.sqrt(apart.reduce((sum, d) => sum + d * d, 0) / apart.length) : Number.NaN;
}
