import type { Matrix3 } from "../../core/transform.js";
import type { Arena } from "../../kernel/memory.js";
import { cos, log, sin } from "../elementary.js";
import { fullMap } from "../intensity/level-maps.js";
import { mapDistance } from "../intensity/map-distance.js";
import { halfPlane, type Plane } from "../plane.js";
import { localStretch } from "../plausibility.js";
import { type Placed, placeTurns } from "./place.js";
import { findTurns } from "./turns.js";

/** How far the images may be from where they are said to lie. */
export interface SpectrumLimits {
  /** Turn, either way, radians. */
  readonly rotation: number;
  /** Factor of scale, either way; from 1 on. */
  readonly scale: number;
}

/** A place in pixels of the planes, and the level of the fixed plane at which it was found. */
export interface Found extends Placed {
  readonly level: number;
}

/** Spectra are taken of coarser versions, with no longer side than this. */
const SIDE = 512;

/** Turns that are followed at a time, until a place stands out, and at most. */
const [FIRST, ALL] = [2, 10];

/** A place that agrees this well, and this much better than any other, ends the search. */
const [GOOD, CLEAR] = [0.3, 2];

/** Maps nearer than this share of the fixed plane's long side are the same place. */
const SAME = 0.08;

/**
 * Places where the moving plane may lie on the fixed one, by their spectra: best first, each farther than a little from those before.
 *
 * @param begins  maps of pixels of fixed to pixels of moving; what they say of scale and turn is where the limits count from
 */
export function searchSpectra(
  arena: Arena,
  fixed: Plane,
  moving: Plane,
  begins: readonly Matrix3[],
  limits: SpectrumLimits,
): Found[] {
  const [fixedLevels, movingLevels] = [[fixed], [moving]];
  const level = (planes: Plane[], l: number): Plane => {
    while (planes.length <= l) planes.push(halfPlane(arena, planes.at(-1)!));
    return planes[l]!;
  };
  const found: Found[] = [];
  for (const begin of begins) {
    const stretch = localStretch(begin, (fixed.width - 1) / 2, (fixed.height - 1) / 2);
    const { l, k } = levelsFor(fixed, moving, stretch.scale);
    const [f, m] = [level(fixedLevels, l), level(movingLevels, k)];
    if (Math.min(f.width, f.height, m.width, m.height) < LEAST) continue;
    const base = (stretch.scale * 2 ** l) / 2 ** k;
    const scales = [base / limits.scale, base * limits.scale] as const;
    const turns = findTurns(arena, f, m, scales, ALL);
    const may = within(begin, limits.rotation);
    const placed: Placed[] = [];
    for (let n = 0; n < turns.length; n += FIRST) {
      placed.push(...placeTurns(arena, f, m, turns.slice(n, n + FIRST), may));
      placed.sort((a, b) => b.score - a.score);
      const [best, next] = apart(placed, f.width, f.height);
      if (best && best.score >= GOOD && best.score >= CLEAR * Math.max(best.rival, next?.score ?? 0)) break;
    }
    for (const one of placed) found.push({ ...one, matrix: fullMap(one.matrix, l, k), level: l });
  }
  for (const planes of [fixedLevels, movingLevels]) for (const { at } of planes.slice(1)) arena.free(at);
  found.sort((a, b) => b.score - a.score);
  return apart(found, fixed.width, fixed.height);
}

/** Spectra of smaller planes say nothing. */
const LEAST = 16;

/** Levels whose pixels are about as large as each other, as fine as spectra are taken. */
function levelsFor(fixed: Plane, moving: Plane, scale: number): { readonly l: number; readonly k: number } {
  const long = (p: Plane, level: number) => Math.max(p.width, p.height) / 2 ** level;
  const between = Math.round(log(scale) / Math.LN2);
  let l = Math.max(0, -between);
  while (Math.max(long(fixed, l), long(moving, l + between)) > SIDE) l++;
  return { l, k: l + between };
}

/**
 * Whether a turn is no farther from that of the start than it may be. Worlds that count y up in one image and down in the other say
 * nothing of a turn: no picture is turned over for it.
 */
function within([a, b, , d, e]: Matrix3, most: number): (angle: number) => boolean {
  const [c, s] = a * e - b * d > 0 ? [a + e, d - b] : [1, 0];
  const size = Math.sqrt(c * c + s * s);
  const least = cos(Math.min(Math.PI, most)) - 1e-6;
  return (angle) => (c * cos(angle) + s * sin(angle)) / size >= least;
}

/** Those of a sorted list that are not the same as one before. */
export function apart<T extends { readonly matrix: Matrix3 }>(
  sorted: readonly T[],
  width: number,
  height: number,
): T[] {
  const kept: T[] = [];
  for (const one of sorted) {
    const isNew = kept.every(
      ({ matrix }) =>
        mapDistance(one.matrix, matrix, width, height) > SAME * scaleOf(one.matrix) * Math.max(width, height),
    );
    if (isNew) kept.push(one);
  }
  return kept;
}

const scaleOf = (m: Matrix3): number => Math.sqrt(Math.abs(m[0] * m[4] - m[1] * m[3]));
