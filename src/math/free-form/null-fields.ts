import { pixelGrid } from "../../core/grid.js";
import type { Arena } from "../../kernel/memory.js";
import { lattice } from "../bending/bending-error.js";
import { cos, log, sin } from "../elementary.js";
import { halfPlane, type Plane } from "../plane.js";
import { displaced } from "./consistency.js";
import { bentPlane, correlation, detailPlane, shiftedPlane } from "./plane-tools.js";
import { type FreeFormOptions, freePrepared, prepareFreeForm, registerPreparedFreeForm } from "./register.js";

/** What a bend reaches where the start puts the images, beside what it reaches where they cannot correspond. */
export interface NullFields {
  /** Correlation of detail before and after the bend. */
  readonly before: number;
  readonly after: number;
  /** The best correlation after a bend of wrong windows. */
  readonly elsewhere: number;
  /** How far the bend stands out: standard deviations of those of wrong windows, on Fisher's scale. */
  readonly deviation: number;
}

/** Longest side of the level where windows are compared: enough detail to tell places apart, few enough pixels to be quick. */
const SIDE = 256;

/** Blur that is taken away, pixels of the level: what is left is detail, which shading and vignettes have not. */
const DETAIL = 4;

/** Shifts of the wrong windows, shares of the sides. */
const RINGS = [0.16, 0.3];
const DIRECTIONS = 10;

/**
 * Null test of a bend: a lattice that is fine enough makes anything a little like anything. The moving image is shifted by 16
 * and 30 % in twenty directions, so that nothing in it can correspond, and the same optimiser bends it there.
 *
 * @param spacing  of the lattice, pixels of the planes
 * @returns undefined where the images are too small, or show too little, for windows
 */
export function nullFields(
  arena: Arena,
  fixed: Plane,
  moving: Plane,
  options: Pick<FreeFormOptions, "metric" | "spacing" | "bending">,
): NullFields | undefined {
  const made: number[] = [];
  const halved = (plane: Plane): Plane => {
    const half = halfPlane(arena, plane);
    made.push(half.at);
    return half;
  };
  let [f, m, spacing] = [fixed, moving, options.spacing];
  for (; Math.max(f.width, f.height) > SIDE; spacing /= 2) [f, m] = [halved(f), halved(m)];
  const request = { ...options, spacing: Math.max(LEAST_SPACING, spacing), effort: "fast" as const };
  const details = [f, m].map((plane) => detailPlane(arena, plane, DETAIL)) as [Plane, Plane];
  const [fd, md] = details;
  const prepared = prepareFreeForm(arena, fd, request);
  const places = lattice(pixelGrid(f.width, f.height), new Float64Array(0));
  const bend = (window: Plane) => {
    const fit = registerPreparedFreeForm(prepared, window);
    const bent = bentPlane(arena, window, fit);
    const found = correlation(arena, fd, bent);
    arena.free(bent.at);
    return { ...found, places: displaced(fit, places) };
  };
  const before = correlation(arena, fd, md);
  const here = bend(md);
  const wrong: number[] = [];
  let most = -1;
  for (const ring of RINGS) {
    for (let d = 0; d < DIRECTIONS; d++) {
      const angle = (2 * Math.PI * (d + (ring === RINGS[0] ? 0 : 0.5))) / DIRECTIONS;
      const [dx, dy] = [Math.round(ring * cos(angle) * f.width), Math.round(ring * sin(angle) * f.height)];
      const window = shiftedPlane(arena, md, dx, dy);
      const found = bend(window);
      const { ncc, pixels } = found;
      arena.free(window.at);
      if (!(pixels >= 0.3 * here.pixels) || Number.isNaN(ncc)) continue;
      if (together(here.places, found.places, dx, dy) > FOUND_BACK) continue;
      wrong.push(fisher(ncc));
      most = Math.max(most, ncc);
    }
  }
  freePrepared(prepared);
  for (const at of [...made, ...details.map((p) => p.at)]) arena.free(at);
  if (wrong.length < 6 || Number.isNaN(here.ncc)) return undefined;
  const mean = wrong.reduce((a, b) => a + b, 0) / wrong.length;
  const spread = Math.sqrt(wrong.reduce((a, b) => a + (b - mean) ** 2, 0) / (wrong.length - 1));
  return {
    before: before.ncc,
    after: here.ncc,
    elsewhere: most,
    deviation: (fisher(here.ncc) - mean) / Math.max(spread, 1e-6),
  };
}

const LEAST_SPACING = 8;

/** A window that has found its way back over this share of the image is no wrong one. */
const FOUND_BACK = 0.1;
const NEAR = 4;

/** Share of places that a shifted window's bend takes to where the true window's does, pixels. */
function together(here: Float64Array, there: Float64Array, dx: number, dy: number): number {
  let count = 0;
  for (let i = 0; i < here.length; i += 2) {
    const [x, y] = [there[i]! + dx - here[i]!, there[i + 1]! + dy - here[i + 1]!];
    if (x * x + y * y < NEAR * NEAR) count++;
  }
  return (2 * count) / here.length;
}

/** Fisher's scale, on which correlations of given reliability spread alike. */
const fisher = (r: number): number => {
  const c = Math.min(0.999999, Math.max(-0.999999, r));
  return 0.5 * log((1 + c) / (1 - c));
};
