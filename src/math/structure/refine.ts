import { applyMatrix3, invertMatrix3, type Matrix3, multiplyMatrix3 } from "../../core/transform.js";
import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { localStretch } from "../plausibility.js";
import { bentShifts } from "./bent-ties.js";
import { type Consensus, consensus, type ShiftMap, type ShiftModel } from "./consensus.js";
import type { StructureImage } from "./image.js";
import { type Level, LevelCache, type PackedFields } from "./level-cache.js";
import { type BlockLayout, packFixed, someBlocks, type TieGrid, tieGrid } from "./tie-grid.js";

/** A pair of images with the levels that were made of them. Matrices map pixels of the images' channels. */
export class StructurePair {
  readonly fixed: LevelCache;
  readonly moving: LevelCache;
  readonly #packed = new Map<Level, PackedFields>();

  constructor(
    readonly arena: Arena,
    fixed: Pick<StructureImage, "channels">,
    moving: Pick<StructureImage, "channels">,
  ) {
    this.fixed = new LevelCache(arena, fixed);
    this.moving = new LevelCache(arena, moving);
  }

  fixedLevel(factor: number): Level & { readonly packed: PackedFields } {
    const level = this.fixed.at(factor);
    let packed = this.#packed.get(level);
    if (!packed) this.#packed.set(level, (packed = packFixed(this.arena, level)));
    return { ...level, packed };
  }
}

/** One look at a map at one level. */
export interface Look {
  /** The map after the consensus of this look. */
  readonly matrix: Matrix3;
  readonly blocks: number;
  /** Sum of surface values on the map over the root of the number of blocks; higher is better. */
  readonly score: number;
  readonly consistency: number;
  readonly overlap: number;
  /** Root mean square of what the look changed, pixels of the moving channels. */
  readonly moved: number;
  readonly ties: LevelTies;
  /** Where each block's content lies, near the map but not bound to it; see `bentShifts`. Where asked for. */
  readonly bent?: LevelTies;
  /** Pixels of the moving channels per pixel of the level. */
  readonly levelPixel: number;
  /** Ties that lie as far apart share no pixel: the side of a block with its neighbours, pixels of the fixed channels. */
  readonly tieExtent: number;
  /** How far apart the maps of two halves of the blocks are, pixels of the moving channels; where asked for and possible. */
  readonly halves?: number;
}

/** Tie points of a look, in pixels of the channels. */
export interface LevelTies {
  readonly fixed: Float64Array;
  readonly moving: Float64Array;
  readonly weight: Float64Array;
}

/** Moving levels are made in steps of this factor, so that maps of about one scale share them. */
const LEVEL_STEP = 1.1;
/** A look needs as many blocks. */
const LEAST_BLOCKS = 6;

export interface LookOptions extends BlockLayout {
  /** Long side of the fixed level, pixels. */
  readonly longSide: number;
  readonly model: ShiftModel;
  readonly halves?: boolean;
  readonly bent?: boolean;
}

/** Moving pixels per fixed pixel in the middle of the fixed image. */
export const scaleOf = (pair: StructurePair, matrix: Matrix3): number =>
  localStretch(matrix, (pair.fixed.width - 1) / 2, (pair.fixed.height - 1) / 2).scale;

/** A level of both images under a map: the moving one warped, and correlated block by block. */
export interface MappedGrid {
  readonly grid: TieGrid;
  readonly fixed: Level;
  /** Moving pixels per fixed pixel, of the channels. */
  readonly scale: number;
  /** Pixels of the fixed level per pixel of its channels. */
  readonly factor: number;
}

/** Undefined where there is too little. */
export function gridUnder(
  arena: Arena,
  pair: StructurePair,
  matrix: Matrix3,
  options: BlockLayout & { readonly longSide: number },
): MappedGrid | undefined {
  const scale = scaleOf(pair, matrix);
  if (!(scale > 1e-3 && scale < 1e3)) return undefined;
  const { width, height } = pair.fixed;
  const factor = Math.min(1, options.longSide / Math.max(width, height), Math.max(scale, 0.05));
  const fixed = pair.fixedLevel(factor);
  const moving = pair.moving.at(quantise(Math.min(1, factor / scale)));
  const fromLevel = invertMatrix3(fixed.levelFromImage);
  const levelMatrix = multiplyMatrix3(moving.levelFromImage, multiplyMatrix3(matrix, fromLevel));
  const grid = tieGrid(arena, fixed, moving, levelMatrix, options);
  return grid && grid.count >= LEAST_BLOCKS ? { grid, fixed, scale, factor } : undefined;
}

/** Looks at a map at a level: warps, correlates, and finds what most blocks agree on. Undefined where there is too little. */
export function look(
  pair: StructurePair,
  matrix: Matrix3,
  options: LookOptions,
  random: () => number,
): Look | undefined {
  using arena = kernels().arena();
  const under = gridUnder(arena, pair, matrix, options);
  if (!under) return undefined;
  const { grid, fixed, scale, factor } = under;
  const fromLevel = invertMatrix3(fixed.levelFromImage);
  const found = consensus(arena, grid, options.model, random);
  const corrected = (map: ShiftMap): Matrix3 =>
    multiplyMatrix3(matrix, multiplyMatrix3(fromLevel, multiplyMatrix3(asMatrix(map), fixed.levelFromImage)));
  const next = corrected(found.map);
  const parts = options.halves ? halvesOf(arena, grid, options.model, random) : [];
  return {
    matrix: next,
    blocks: grid.count,
    score: found.score / Math.sqrt(grid.count),
    consistency: found.consistency,
    overlap: grid.overlap,
    moved: distance(pair, matrix, next),
    levelPixel: scale / factor,
    tieExtent: (options.side + 2 * options.step) / factor,
    ties: tiesOf(grid.centres, found, fromLevel, matrix),
    ...(options.bent ? { bent: tiesOf(grid.centres, bentShifts(arena, grid, found.map), fromLevel, matrix) } : {}),
    ...(parts.length === 2 ? { halves: distance(pair, corrected(parts[0]!.map), corrected(parts[1]!.map)) } : {}),
  };
}

/** A half needs as many blocks. */
const LEAST_HALF = 8;

/** What the white and the black fields of a checkerboard of blocks that do not overlap agree on, each by itself. */
function halvesOf(arena: Arena, grid: TieGrid, model: ShiftModel, random: () => number): Consensus[] {
  const halves: [number[], number[]] = [[], []];
  for (let n = 0; n < grid.count; n++) {
    const column = grid.cells[2 * n]!;
    const row = grid.cells[2 * n + 1]!;
    if (column % 2 === 0 && row % 2 === 0) halves[((column + row) / 2) & 1]!.push(n);
  }
  if (halves.some((half) => half.length < LEAST_HALF)) return [];
  return halves.map((half) => consensus(arena, someBlocks(arena, grid, half), model, random));
}

/** The largest step at or above, so that no detail is lost that a level would show. */
const quantise = (factor: number): number => {
  let level = 1;
  while (level / Math.sqrt(LEVEL_STEP) > factor) level /= LEVEL_STEP;
  return level;
};

const asMatrix = ([a, b, c, d, e, f]: ShiftMap): Matrix3 => [1 + a, b, c, d, 1 + e, f, 0, 0, 1];

function tiesOf(
  centres: Float64Array,
  found: Pick<Consensus, "shifts" | "weight">,
  fromLevel: Matrix3,
  matrix: Matrix3,
): LevelTies {
  const fixed = applyMatrix3(fromLevel, centres);
  const seen = applyMatrix3(
    fromLevel,
    centres.map((v, i) => v + found.shifts[i]!),
  );
  return { fixed, moving: applyMatrix3(matrix, seen), weight: found.weight };
}

/** How far two maps are apart over the fixed image, root mean square of nine places, pixels of the moving channels. */
export function distance(pair: StructurePair, a: Matrix3, b: Matrix3): number {
  const { width, height } = pair.fixed;
  const places: number[] = [];
  for (const x of [0, (width - 1) / 2, width - 1]) for (const y of [0, (height - 1) / 2, height - 1]) places.push(x, y);
  const p = applyMatrix3(a, Float64Array.from(places));
  const q = applyMatrix3(b, Float64Array.from(places));
  let sum = 0;
  for (let i = 0; i < p.length; i++) sum += (p[i]! - q[i]!) ** 2;
  return Number.isNaN(sum) ? Number.POSITIVE_INFINITY : Math.sqrt(sum / 9);
}
