import { type Matrix3, multiplyMatrix3 } from "../../core/transform.js";
import type { Arena } from "../../kernel/memory.js";
import { cos, sin } from "../elementary.js";
import { fullMap, levelMap, levelPairs } from "../intensity/level-maps.js";
import { mapDistance } from "../intensity/map-distance.js";
import type { Plane } from "../plane.js";
import { centredMap, type InformationFamily, matrixOf } from "./families.js";
import { JointHistogram } from "./joint-histogram.js";
import { climbLevel } from "./level.js";
import { freeLevels, type InformationLevels, informationLevels } from "./levels.js";

export interface InformationSearch {
  /** Pixels of fixed to pixels of moving, about which is searched; the identity when absent. */
  readonly start?: Matrix3;
  /** How far the images may be turned, either way, radians: up to pi. */
  readonly rotation: number;
  /** Smallest and largest factor, about 1. */
  readonly scale: readonly [number, number];
  /** How far they may be shifted along either axis: share of the fixed image's long side. */
  readonly shift: number;
  readonly family: InformationFamily;
  readonly random: () => number;
}

/** Where registration may begin. */
export interface FoundStart {
  readonly movingFromFixed: Matrix3;
  /** The normalised information, one level below the coarsest that was searched: values compare among themselves. */
  readonly information: number;
  /** Share of the fixed plane that was compared. */
  readonly overlap: number;
  /** Root mean square distance over the fixed image from the best, pixels of the moving image. */
  readonly distance: number;
}

/** Degrees between the turns that are tried, the ratio of scales, and shifts as a share of the long side: climbs reach half as far. */
const TURN = 10;
const RATIO = 1.25;
const SHIFT = 0.094;

/** The search is at the coarsest level of at least this short side. */
const SIDE = 48;
/** Bins there, and one level finer: broad ones see farther. */
const BINS = [8, 20] as const;

/** Maps count that compare at least this share of the fixed plane: tiny overlaps agree by chance. */
const LEAST_OVERLAP = 0.35;

/** Starts that are climbed from, and those of the maps found that are followed one level up. */
const CLIMBED = 16;
const FOLLOWED = 4;

/**
 * Finds where to begin: tries turns, scales and shifts at a coarse level, climbs from the best, and follows the best of those
 * one level up.
 *
 * @returns the best first, each more than a few coarse pixels from all before; none where nothing overlaps or all is alike
 */
export function searchMutualInformation(
  arena: Arena,
  fixed: Plane,
  moving: Plane,
  options: InformationSearch,
): readonly FoundStart[] {
  const levels = informationLevels(arena, fixed);
  const of = informationLevels(arena, moving);
  const found = searchInformationLevels(arena, levels, of, options);
  freeLevels(arena, levels);
  freeLevels(arena, of);
  return found;
}

/** As `searchMutualInformation`, on levels that are there already. */
export function searchInformationLevels(
  arena: Arena,
  fixed: InformationLevels,
  moving: InformationLevels,
  options: InformationSearch,
): readonly FoundStart[] {
  const { family } = options;
  const { width, height } = fixed.planes[0]!;
  const seed = Math.floor(options.random() * 2 ** 32);
  const stiff = family === "affine" ? "similarity" : family;
  const look = { ...{ arena, fixed, moving, seed }, family: stiff } as const;
  let level = 0;
  while (level + 1 < fixed.planes.length && shortSide(fixed.planes[level + 1]!) >= SIDE) level++;
  const tried = new Looks({ ...look, level, bins: BINS[0] });
  const ranked = best(startsOf(options, width, height).flatMap((matrix) => tried.at(matrix) ?? []));
  const near = 2 ** (level + 1);
  const climbed = ranked.slice(0, CLIMBED).flatMap(({ matrix }) => tried.climb(matrix, 14) ?? []);
  tried.free();
  const followed = apart(climbed, near, width, height).slice(0, FOLLOWED);
  let last: readonly Seen[] = followed;
  if (level > 0) {
    const finer = new Looks({ ...look, level: level - 1, bins: BINS[1] });
    last = apart(
      followed.flatMap(({ matrix }) => finer.climb(matrix, 10) ?? []),
      near,
      width,
      height,
    );
    finer.free();
  }
  return last.map(({ matrix, information, overlap }) => ({
    ...{ movingFromFixed: matrix, information, overlap },
    distance: mapDistance(matrix, last[0]!.matrix, width, height),
  }));
}

interface Seen {
  readonly matrix: Matrix3;
  readonly information: number;
  readonly overlap: number;
}

const best = (seen: readonly Seen[]): Seen[] => [...seen].sort((a, b) => b.information - a.information);

/** The best first; of those nearer than `near` pixels the best alone. The first of equals, as they were tried. */
function apart(seen: readonly Seen[], near: number, width: number, height: number): readonly Seen[] {
  const kept: Seen[] = [];
  for (const one of best(seen)) {
    if (kept.every(({ matrix }) => mapDistance(matrix, one.matrix, width, height) > near)) kept.push(one);
  }
  return kept;
}

const shortSide = ({ width, height }: Plane): number => Math.min(width, height);

/** Looks at one level of the fixed plane, beside that level of the moving plane whose pixels are about as large. */
class Looks {
  readonly #joints = new Map<number, JointHistogram>();

  constructor(
    readonly options: {
      readonly arena: Arena;
      readonly fixed: InformationLevels;
      readonly moving: InformationLevels;
      readonly family: InformationFamily;
      readonly level: number;
      readonly bins: number;
      readonly seed: number;
    },
  ) {}

  at(matrix: Matrix3): Seen | undefined {
    const { joint, centred } = this.#under(matrix) ?? {};
    if (!joint || !centred) return undefined;
    const { normalised, samples } = joint.at(centred);
    const overlap = samples / joint.cells;
    return overlap >= LEAST_OVERLAP && normalised > 1 ? { matrix, information: normalised, overlap } : undefined;
  }

  climb(matrix: Matrix3, iterations: number): Seen | undefined {
    const { joint, centred, k } = this.#under(matrix) ?? {};
    if (!joint || !centred || k === undefined) return undefined;
    const { family, level } = this.options;
    const { map, found } = climbLevel(joint, {
      ...{ family, start: centred, iterations, tolerance: 0.05, least: LEAST_OVERLAP },
    });
    const { width, height } = joint.fixed;
    const overlap = found.samples / joint.cells;
    if (!(overlap >= LEAST_OVERLAP) || !(found.normalised > 1)) return undefined;
    return { matrix: fullMap(matrixOf(map, width, height), level, k), information: found.normalised, overlap };
  }

  free(): void {
    for (const joint of this.#joints.values()) joint.free();
    this.#joints.clear();
  }

  #under(matrix: Matrix3) {
    const { arena, fixed, moving, level, bins, seed } = this.options;
    const k = levelPairs(fixed, moving, matrix).find(([l]) => l === level)?.[1];
    if (k === undefined) return undefined;
    const plane = fixed.planes[level]!;
    let joint = this.#joints.get(k);
    if (!joint) {
      const options = { bins, step: 1, seed: (seed + level) | 0, metric: "mattes" } as const;
      joint = new JointHistogram(arena, plane, moving.planes[k]!, fixed.ranges[level]!, moving.ranges[k]!, options);
      this.#joints.set(k, joint);
    }
    return { joint, k, centred: centredMap(levelMap(matrix, level, k), plane.width, plane.height) };
  }
}

/** The starts that are tried, the given one first. */
function startsOf({ start, rotation, scale, shift, family }: InformationSearch, width: number, height: number) {
  const turns = family === "translation" ? [0] : bothWays(Math.ceil((rotation * 180) / Math.PI / TURN - 1e-9), TURN);
  const isStiff = family === "translation" || family === "rigid";
  const steps = (factor: number) => Math.max(0, Math.ceil(logRatio(factor) - 0.65));
  const scales = [1];
  for (let i = 1, f = 1 / RATIO; !isStiff && i <= steps(1 / scale[0]); i++, f /= RATIO) scales.push(f);
  for (let i = 1, f = RATIO; !isStiff && i <= steps(scale[1]); i++, f *= RATIO) scales.push(f);
  const shifts = bothWays(Math.ceil(shift / SHIFT - 0.5), SHIFT * Math.max(width, height));
  const maps: Matrix3[] = [];
  for (const turn of turns) {
    // A half turn is the same either way.
    if (turn <= -180 || turn > 180) continue;
    for (const factor of scales) {
      for (const y of shifts) {
        for (const x of shifts) {
          const move = about(width, height, (turn * Math.PI) / 180, factor, x, y);
          maps.push(start ? multiplyMatrix3(start, move) : move);
        }
      }
    }
  }
  return maps;
}

/** 0, step, -step, 2 step, … */
const bothWays = (count: number, step: number): number[] => [
  0,
  ...Array.from({ length: 2 * Math.max(0, count) }, (_, i) => (i % 2 === 0 ? 1 : -1) * (1 + (i >> 1)) * step),
];

/** How many ratios make a factor, in whole and parts of one. */
function logRatio(factor: number): number {
  let [count, left] = [0, factor];
  for (; left > RATIO && count < 20; left /= RATIO) count++;
  return count + Math.max(0, (left - 1) / (RATIO - 1));
}

/** A turn and a change of scale about the middle of an image, and a shift. */
function about(width: number, height: number, angle: number, factor: number, x: number, y: number): Matrix3 {
  const [c, s] = [factor * cos(angle), factor * sin(angle)];
  const [mx, my] = [(width - 1) / 2, (height - 1) / 2];
  return [c, -s, mx - c * mx + s * my + x, s, c, my - s * mx - c * my + y, 0, 0, 1];
}
