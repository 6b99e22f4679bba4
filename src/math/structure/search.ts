import { invertMatrix3, type Matrix3, multiplyMatrix3 } from "../../core/transform.js";
import { kernels } from "../../kernel/lane.js";
import type { Plane } from "../plane.js";
import { distinctMaps, type Hypothesis } from "./hypotheses.js";
import type { StructureImage } from "./image.js";
import { PoseSide } from "./pose-sides.js";
import { searchRotations } from "./poses.js";

export interface SearchOptions {
  /**
   * Least and greatest scale to look for, relative to what would make the images' long sides equal; 0.5 to 2 when absent.
   */
  readonly scales?: readonly [number, number];
  /** Least overlap, as a share of the smaller image; 0.3 when absent. Below it, the search costs more. */
  readonly minOverlap?: number;
  readonly signal?: AbortSignal;
  /** Told the share that is done, 0 to 1. */
  readonly progress?: (share: number) => void;
}

/** One pass over all rotations, scales and shifts. */
interface Pass {
  readonly source: Hypothesis["source"];
  /** Long side of the images, in pixels. */
  readonly side: number;
  /** Rotations in 180 degrees. */
  readonly pairs: number;
  /** Ratio of a scale to the one before. */
  readonly step: number;
  /** How many are kept of all, and besides of those near to where the images lie as they are. */
  readonly kept: readonly [all: number, near: number];
}

const FINE: Pass = { source: "fine", side: 120, pairs: 36, step: 1.15, kept: [24, 10] };
const COARSE: Pass = { source: "coarse", side: 64, pairs: 24, step: 1.15, kept: [12, 8] };
const UNMASKED: Pass = { ...COARSE, source: "unmasked", kept: [8, 4] };

/** Below this share of valid pixels, the border that was cut off gets a chance too. */
const WHOLE = 0.97;
/** "As they are": the images' long sides agree within this factor, and are turned by no more than this. */
const NEAR_SCALE = 1.25;
const NEAR_ROTATION = (15.1 / 180) * Math.PI;
/** Hypotheses of one pass are at least this far apart, those of different ones this far; of the moving image's long side. */
const APART = 0.04;
const APART_BETWEEN = 0.02;

/**
 * Looks for similarities under which the structure of two images of any modality agrees: at all rotations, scales and
 * shifts, by correlation of double-angle gradient fields.
 *
 * The right one is nearly always among the hypotheses, but often not the first: all want a second look.
 *
 * @returns the best first within each source, fine structure before coarse; none for images that are blank or too small
 */
export async function searchStructure(
  fixed: StructureImage,
  moving: StructureImage,
  options: SearchOptions = {},
): Promise<Hypothesis[]> {
  const passes = [FINE, COARSE];
  if (Math.min(fixed.validShare, moving.validShare) < WHOLE) passes.push(UNMASKED);
  const cost = passes.map(({ side, pairs }) => side * side * pairs);
  const total = cost.reduce((a, b) => a + b, 0);
  const found: Hypothesis[] = [];
  let done = 0;
  for (const [i, pass] of passes.entries()) {
    const progress = (share: number) => options.progress?.((done + share * cost[i]!) / total);
    found.push(...(await searchPass(fixed, moving, pass, { ...options, progress })));
    done += cost[i]!;
  }
  return distinctMaps(found, fixed.full, APART_BETWEEN * Math.max(moving.full.width, moving.full.height));
}

async function searchPass(
  fixed: StructureImage,
  moving: StructureImage,
  pass: Pass,
  options: SearchOptions,
): Promise<Hypothesis[]> {
  using arena = kernels().arena();
  const planes = (image: StructureImage) => (pass.source === "unmasked" ? image.unmasked : image.channels);
  const long = (image: StructureImage) => Math.max(image.grid.width, image.grid.height);
  // Neither is ever enlarged.
  const side = Math.min(pass.side, long(fixed), long(moving));
  const sides = { fixed: new PoseSide(arena, planes(fixed), side), moving: new PoseSide(arena, planes(moving), side) };
  const scales = scaleSteps(options.scales ?? [0.5, 2], pass.step);
  const all: (Hypothesis & { readonly relative: number })[] = [];
  for (const [i, relative] of scales.entries()) {
    const a = sides.fixed.at(side * Math.min(1, relative));
    const b = sides.moving.at(side * Math.min(1, 1 / relative));
    if (a && b) {
      const before = levelFromFields(planes(fixed)[0]!, a.fields);
      const after = levelFromFields(planes(moving)[0]!, b.fields);
      const into = invertMatrix3(multiplyMatrix3(fixed.fullFromLevel, before));
      const out = multiplyMatrix3(moving.fullFromLevel, after);
      for (const pose of searchRotations(arena, a, b, pass.pairs, options.minOverlap ?? 0.3)) {
        const matrix = multiplyMatrix3(out, multiplyMatrix3(pose.matrix, into));
        const scale = Math.sqrt(Math.abs(matrix[0] * matrix[4] - matrix[1] * matrix[3]));
        const { score, rotation } = pose;
        all.push({ ...{ matrix, score, rotation, scale, relative }, flipped: false, tilt: 1, source: pass.source });
      }
    }
    options.progress?.((i + 1) / scales.length);
    await new Promise(setImmediate); // lets a signal arrive between long stretches of work
    options.signal?.throwIfAborted();
  }
  all.sort((a, b) => b.score - a.score); // stable: of equals, the one at the lesser scale and rotation
  const apart = APART * Math.max(moving.full.width, moving.full.height);
  const near = all.filter(({ rotation, relative }) => {
    const turned = Math.min(rotation, 2 * Math.PI - rotation);
    return turned <= NEAR_ROTATION && relative > 1 / NEAR_SCALE && relative < NEAR_SCALE;
  });
  const kept = [
    ...distinctMaps(all, fixed.full, apart, pass.kept[0]),
    ...distinctMaps(near, fixed.full, apart, pass.kept[1]),
  ];
  return kept.map(({ relative: _, ...hypothesis }) => hypothesis);
}

/** Scales from `low` to `high`, about a factor of `step` apart, with 1 among them. */
function scaleSteps([low, high]: readonly [number, number], step: number): number[] {
  const scales: number[] = [];
  for (let s = 1 / step; s > low / Math.sqrt(step); s /= step) scales.unshift(s);
  for (let s = 1; s < high * Math.sqrt(step); s *= step) scales.push(s);
  return scales;
}

/** Pixel of the fields to pixel of the level that they were shrunk from. */
function levelFromFields(level: Plane, { width, height }: { width: number; height: number }): Matrix3 {
  const [x, y] = [level.width / width, level.height / height];
  return [x, 0, (x - 1) / 2, 0, y, (y - 1) / 2, 0, 0, 1];
}
