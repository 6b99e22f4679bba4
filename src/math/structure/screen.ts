import type { Matrix3 } from "../../core/transform.js";
import { fitMap } from "../fit.js";
import { localStretch } from "../plausibility.js";
import { squaredResiduals } from "../residual.js";
import type { ShiftModel } from "./consensus.js";
import { distance, type LevelTies, type Look, type LookOptions, look, type StructurePair } from "./refine.js";

/** A map to begin with, in pixels of the channels. */
export interface Start {
  readonly matrix: Matrix3;
  /** Whether it turns the image over; what comes of it must do so too. */
  readonly flipped: boolean;
  readonly source: string;
}

export interface Candidate extends Look {
  readonly start: Start;
}

export interface Screened {
  /** All that were looked at to the end, best first. */
  readonly candidates: readonly Candidate[];
  /** Score of the best one that is elsewhere, at least RIVAL_FLOOR. */
  readonly rival: number;
}

export interface ClimbStep {
  readonly longSide: number;
  readonly score: number;
  readonly consistency: number;
  /** How far the map moved, pixels of the moving channels. */
  readonly moved: number;
  /** Whether the map was taken from this level. */
  readonly taken: boolean;
}

export interface ScreenOptions {
  readonly model: ShiftModel;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/** Long side of the level at which maps are compared, and its blocks, pixels. */
const SCREEN = { longSide: 192, side: 24, step: 12 } as const;
/** A first look needs no blocks that overlap. */
const GLANCE = { ...SCREEN, step: 24 } as const;
/** How many are looked at a second time, and then with the loosest model. */
const SECOND = 20;
const LAST = [6, 3] as const;
/** Maps nearer than this, as a share of the moving image's long side, are one; a rival is farther away. */
const SAME = [0.015, 0.02] as const;
const ELSEWHERE = 0.08;
/** A rival counts at least this, so that a weak winner without rivals has no great margin. */
const RIVAL_FLOOR = 0.25;

/** Refines many maps a little, the better ones more, and ranks them by how well the blocks of both images agree. */
export function screen(pair: StructurePair, starts: readonly Start[], options: ScreenOptions): Screened | undefined {
  const size = Math.max(pair.moving.width, pair.moving.height);
  const again = (c: Candidate, model: ShiftModel, halves = false) =>
    attempt(pair, c.start, c.matrix, { ...SCREEN, model, halves }, options) ?? c;
  let found = starts.flatMap(
    (start) => attempt(pair, start, start.matrix, { ...GLANCE, model: "similarity" }, options) ?? [],
  );
  found = distinct(pair, ranked(found), SAME[0] * size).slice(0, SECOND);
  found = distinct(pair, ranked(found.map((c) => again(c, "similarity"))), SAME[1] * size);
  for (const count of LAST) {
    found = ranked(found.map((c, i) => (i < count ? again(c, options.model, count === LAST[1]) : c)));
  }
  const best = found[0];
  if (!best) return undefined;
  const elsewhere = found.filter((c) => distance(pair, c.matrix, best.matrix) > ELSEWHERE * size);
  return { candidates: found, rival: Math.max(RIVAL_FLOOR, ...elsewhere.map((c) => c.score)) };
}

/** Levels from coarse to fine: long side, side of a block, distance of blocks, pixels. */
const LEVELS = [
  { longSide: 320, side: 32, step: 16 },
  { longSide: 512, side: 40, step: 20 },
  { longSide: 1024, side: 48, step: 32 },
] as const;
/** A finer level may move the map by this share of the moving image's long side. */
const MOST_MOVED = 0.03;
/** It must keep this share of the score. */
const LEAST_KEPT = 0.35;
/** And as many consistent blocks as are asked of the whole: sections may agree in tissue, not in cells. */
const LEAST_CONSISTENT = 0.25;

export interface Climbed {
  /** The map at the finest level where the images agree. */
  readonly finest: Candidate;
  readonly steps: readonly ClimbStep[];
  /** Where each block's content lies near the map, for transforms that bend: of that level, or of the first finer one. */
  readonly ties: LevelTies;
  /** Pixels of the moving channels per pixel of the ties' level. */
  readonly levelPixel: number;
  /** Distance from which the ties have no pixel in common, pixels of the fixed channels. */
  readonly tieExtent: number;
}

/**
 * Follows a map to finer levels for as long as the images agree there.
 *
 * Where they cease to agree, the specimen bends, or shows other cells: then what few blocks agree on to a pixel is not the best
 * map of all, and the map is fitted to where the content of all blocks lies.
 */
export function climb(pair: StructurePair, from: Candidate, options: ScreenOptions): Climbed {
  const size = Math.max(pair.moving.width, pair.moving.height);
  const long = Math.max(pair.fixed.width, pair.fixed.height);
  let finest = from;
  let at: LookOptions = { ...SCREEN, model: options.model };
  const steps: ClimbStep[] = [];
  for (const level of LEVELS) {
    if (level.longSide > 1.3 * long && level !== LEVELS[0]) break;
    const first = attempt(pair, from.start, finest.matrix, { ...level, model: options.model }, options);
    const next =
      first && attempt(pair, from.start, first.matrix, { ...level, model: options.model, halves: true }, options);
    if (!next) break;
    const moved = distance(pair, next.matrix, finest.matrix);
    const { score, consistency } = next;
    const taken = moved <= MOST_MOVED * size && score >= LEAST_KEPT * from.score && consistency >= LEAST_CONSISTENT;
    steps.push({ longSide: level.longSide, score, consistency, moved, taken });
    if (!taken) break;
    finest = next;
    at = { ...level, model: options.model };
  }
  if (steps.some((step) => !step.taken)) {
    const matrix = fitToAll(
      look(pair, finest.matrix, { ...at, bent: true }, options.random)?.bent,
      finest,
      options.model,
    );
    if (matrix && plausible(pair, matrix, from.start.flipped)) finest = { ...finest, matrix };
  }
  const level = at.longSide < LEVELS[0].longSide ? LEVELS[0] : at;
  const last = look(pair, finest.matrix, { ...level, model: options.model, bent: true }, options.random);
  const { levelPixel, tieExtent } = last ?? finest;
  return { finest, steps, ties: last?.bent ?? finest.ties, levelPixel, tieExtent };
}

/** Residual at which a block counts half, pixels of the level. */
const HALF_COUNTED = 3;

/** The map that fits all blocks best, far ones counting less. */
function fitToAll(ties: LevelTies | undefined, { matrix, levelPixel }: Candidate, model: ShiftModel) {
  if (!ties) return undefined;
  let map = matrix;
  const squared = new Float64Array(ties.weight.length);
  for (let round = 0; round < 5; round++) {
    squaredResiduals(map, ties.fixed, ties.moving, squared);
    const weight = ties.weight.map((w, n) => w / (1 + squared[n]! / (HALF_COUNTED * levelPixel) ** 2));
    const fit = fitMap(model, ties.fixed, ties.moving, undefined, weight);
    if (!fit.ok) return undefined;
    map = fit.value;
  }
  return map;
}

function attempt(
  pair: StructurePair,
  start: Start,
  matrix: Matrix3,
  options: Parameters<typeof look>[2],
  { random, signal }: ScreenOptions,
): Candidate | undefined {
  signal.throwIfAborted();
  const found = look(pair, matrix, options, random);
  return found && plausible(pair, found.matrix, start.flipped) ? { ...found, start } : undefined;
}

const ranked = (candidates: readonly Candidate[]): Candidate[] => [...candidates].sort((a, b) => b.score - a.score);

function distinct(pair: StructurePair, candidates: readonly Candidate[], radius: number): Candidate[] {
  const out: Candidate[] = [];
  for (const c of candidates) if (out.every((o) => distance(pair, c.matrix, o.matrix) > radius)) out.push(c);
  return out;
}

/** Stretches from a quarter to four times, one direction at most twice the other. */
function plausible(pair: StructurePair, matrix: Matrix3, flipped: boolean): boolean {
  if (!matrix.every(Number.isFinite)) return false;
  const { width, height } = pair.fixed;
  const { scale, anisotropy, reflected } = localStretch(matrix, (width - 1) / 2, (height - 1) / 2);
  const spread = Math.sqrt(anisotropy);
  return reflected === flipped && scale / spread >= 0.25 && scale * spread <= 4 && anisotropy <= 2;
}
