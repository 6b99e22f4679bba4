import type { Arena } from "../../kernel/memory.js";
import { halfPlane, type Plane } from "../plane.js";
import { consistencyOf, displaced, noiseOf } from "./consistency.js";
import { determinedNodes } from "./determined.js";
import type { FreeFormEvidence } from "./evidence.js";
import type { PlaneLattice } from "./lattice-map.js";
import { nullFields } from "./null-fields.js";
import { sharedPixels } from "./one-grid.js";
import { bentPlane } from "./plane-tools.js";
import type { FreeFormFit, FreeFormOptions } from "./register.js";

/** Longest side of the level at which second starts and the way back are tried. */
const SIDE = 512;

/** Pixels of the level at which what noise does is tried, at most. */
const NOISE_PIXELS = 2.1e6;

/**
 * A corner without anything to hold it may wander on when all else rests. What comes out at the same place from another start,
 * but for this share of the places, rests.
 */
const AT_REST = 0.1;

/** In words, for people. */
export const measureWords: Readonly<Record<FreeFormOptions["metric"], string>> = {
  ssd: "mean square difference",
  ncc: "local correlation",
  "mutual-information": "mutual information",
};

/**
 * What two starts, both directions, the noise and wrong places say of a bend.
 *
 * @param pixel  moving pixels per pixel of the planes
 */
export function gatherEvidence(
  arena: Arena,
  fixed: Plane,
  moving: Plane,
  fit: FreeFormFit,
  options: FreeFormOptions,
  pixel: number,
): FreeFormEvidence {
  const level = (most: (plane: Plane) => boolean) => {
    let [f, m, scale] = [fixed, moving, 1];
    for (; most(f); scale *= 2) {
      const next = [halfPlane(arena, f), halfPlane(arena, m)] as const;
      if (scale > 1) for (const { at } of [f, m]) arena.free(at);
      [f, m] = next;
    }
    return { f, m, scale, options: { ...options, spacing: fit.lattice.spacing / scale } };
  };
  const small = level((plane) => Math.max(plane.width, plane.height) > SIDE);
  const field = coarser(fit, small.scale);
  const bent = bentPlane(arena, small.m, field);
  const told = determinedNodes(arena, small.f, bent, field.lattice);
  arena.free(bent.at);
  const nodes = nodePlaces(field.lattice, told.nodes, small.f);
  const { starts, roundTrip } = consistencyOf(arena, small.f, small.m, field, small.options, nodes);
  const fine = level((plane) => plane.width * plane.height > NOISE_PIXELS);
  const places = nodes.map((v) => ((v + 0.5) * small.scale) / fine.scale - 0.5);
  const noise = noiseOf(arena, fine.f, fine.m, coarser(fit, fine.scale), fine.options, places);
  const detail = nullFields(arena, small.f, small.m, small.options);
  const all = nodePlaces(fit.lattice, undefined, fixed);
  const moved = displaced(fit, all);
  let [square, largest] = [0, 0];
  for (let i = 0; i < all.length; i += 2) {
    const length = (moved[i]! - all[i]!) ** 2 + (moved[i + 1]! - all[i + 1]!) ** 2;
    square += length;
    largest = Math.max(largest, length);
  }
  const evidence: FreeFormEvidence = {
    measure: measureWords[options.metric],
    ...{ before: fit.measureBefore, after: fit.measureAfter },
    converged: fit.converged || starts.apart < AT_REST,
    ...{ iterations: fit.iterations, detail, leastJacobian: fit.leastJacobian },
    shared: sharedPixels(arena, small.f, small.m) / (small.f.width * small.f.height),
    starts: { ...starts, distance: pixel * small.scale * starts.distance },
    roundTrip: { ...roundTrip, distance: pixel * small.scale * roundTrip.distance },
    undetermined: told.undetermined,
    bend: pixel * Math.sqrt((2 * square) / Math.max(2, all.length)),
    largestBend: pixel * Math.sqrt(largest),
    spacing: pixel * fit.lattice.spacing,
    noise: pixel * fine.scale * noise,
  };
  for (const { f, m, scale } of [small, fine]) if (scale > 1) for (const { at } of [f, m]) arena.free(at);
  return evidence;
}

/** A field as one of planes whose pixels are means over squares of `scale` pixels. */
function coarser({ lattice, coefficients }: PlaneLattice, scale: number): PlaneLattice {
  const to = (v: number) => (v + 0.5) / scale - 0.5;
  return {
    lattice: {
      ...lattice,
      spacing: lattice.spacing / scale,
      origin: [to(lattice.origin[0]), to(lattice.origin[1])],
    },
    coefficients: coefficients.map((v) => v / scale),
  };
}

/** Places of the nodes inside of a plane, of those alone that are chosen where some are, and then not of its rim; interleaved pixels. */
function nodePlaces(
  { columns, rows, spacing, origin }: PlaneLattice["lattice"],
  chosen: Uint8Array | undefined,
  { width, height }: Plane,
): Float64Array {
  const places: number[] = [];
  const rim = chosen ? spacing / 2 : 0;
  for (let k = 0; k < columns * rows; k++) {
    const x = origin[0] + (k % columns) * spacing;
    const y = origin[1] + Math.floor(k / columns) * spacing;
    const inside = x >= rim && y >= rim && x <= width - 1 - rim && y <= height - 1 - rim;
    if (inside && chosen?.[k] !== 0) places.push(x, y);
  }
  return Float64Array.from(places);
}
