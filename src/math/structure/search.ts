import { invertMatrix3, type Matrix3, multiplyMatrix3 } from "../../core/transform.js";
import { kernels } from "../../kernel/lane.js";
import { visibleSide } from "./extent.js";
import { distinctMaps, type Hypothesis } from "./hypotheses.js";
import type { StructureImage } from "./image.js";
import { PoseSide } from "./pose-sides.js";
import { searchRotations } from "./poses.js";
import { flippedView, plainView, tiltedViews, type View } from "./views.js";

export interface SearchOptions {
  /**
   * Least and greatest scale to look for, relative to what would make equal the long sides of what the images show; 0.5 to 2
   * when absent.
   */
  readonly scales?: readonly [number, number];
  /** Least overlap, as a share of the smaller image; 0.3 when absent. Below it, the search costs more. */
  readonly minOverlap?: number;
  /** Whether the moving image may be a mirror image, as of a slide turned over. Costs twice as much. */
  readonly flips?: boolean;
  /** Whether the images may look at the scene at a slant to each other, coarsely. Costs twice as much. */
  readonly tilts?: boolean;
  readonly signal?: AbortSignal;
  /** Told the share that is done, 0 to 1. */
  readonly progress?: (share: number) => void;
}

/** One pass over all rotations, scales and shifts. */
interface Pass {
  readonly source: Hypothesis["source"];
  /** Long side of what the images show, in pixels; see `visibleSide`. */
  readonly side: number;
  /** Rotations in 180 degrees. */
  readonly pairs: number;
  /** Ratio of a scale to the one before. */
  readonly step: number;
  /** How many are kept of all, and besides of those near to where the images lie as they are. */
  readonly kept: readonly [all: number, near: number];
  /** About how long it takes, in proportion to the others. */
  readonly cost: number;
}

const FINE: Pass = { source: "fine", side: 144, pairs: 36, step: 1.15, kept: [24, 10], cost: 8 };
const COARSE: Pass = { source: "coarse", side: 64, pairs: 24, step: 1.15, kept: [12, 8], cost: 1 };
const UNMASKED: Pass = { ...COARSE, source: "unmasked", kept: [8, 4] };
const TILTED: Pass = { ...COARSE, source: "tilted", kept: [16, 8], cost: 8 };
const TILTS = [1.5, 2];

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
 * The right one is nearly always among the hypotheses, but often not the first: all want a second look. With `tilts`, they
 * need not be similarities.
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
  if (options.tilts) passes.push(TILTED);
  const jobs = passes.flatMap((pass) => (options.flips ? [false, true] : [false]).map((flip) => ({ pass, flip })));
  const total = jobs.reduce((sum, { pass }) => sum + pass.cost, 0);
  const found: Hypothesis[] = [];
  let done = 0;
  for (const { pass, flip } of jobs) {
    const progress = (share: number) => options.progress?.((done + share * pass.cost) / total);
    found.push(...(await searchPass(fixed, moving, pass, flip, { ...options, progress })));
    done += pass.cost;
  }
  return distinctMaps(found, fixed.full, APART_BETWEEN * Math.max(moving.full.width, moving.full.height));
}

type Candidate = Hypothesis & { readonly relative: number };

async function searchPass(
  fixed: StructureImage,
  moving: StructureImage,
  pass: Pass,
  flip: boolean,
  options: SearchOptions,
): Promise<Hypothesis[]> {
  using arena = kernels().arena();
  const [a, b] = [fixed, moving].map((image) => (pass.source === "unmasked" ? image.unmasked : image.channels));
  const visible = visibleSide(a![0]!);
  // Neither is ever enlarged.
  const side = Math.min(pass.side, visible, visibleSide(b![0]!));
  if (side === 0) return [];
  const still = new PoseSide(arena, a!, visible, side);
  const straight = flip ? flippedView(arena, plainView(b!)) : plainView(b!);
  const views = pass.source === "tilted" ? tiltedViews(arena, straight, TILTS, side) : [straight];
  const all: Candidate[] = [];
  for (const [i, view] of views.entries()) {
    const progress = (share: number) => options.progress?.((i + share) / views.length);
    all.push(...(await searchView(fixed, moving, still, view, side, pass, { ...options, progress })));
  }
  all.sort((p, q) => q.score - p.score); // stable: of equals, the one at the lesser scale and rotation
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

/** Everything that one view of the moving image gives, in the order of scales and rotations. */
async function searchView(
  fixed: StructureImage,
  moving: StructureImage,
  still: PoseSide,
  { channels, channelFromView, flipped, tilt }: View,
  side: number,
  { pairs, step, source }: Pass,
  options: SearchOptions,
): Promise<Candidate[]> {
  using arena = kernels().arena();
  const turned = new PoseSide(arena, channels, visibleSide(channels[0]!), side);
  const scales = scaleSteps(options.scales ?? [0.5, 2], step);
  const fullFromView = multiplyMatrix3(moving.fullFromLevel, channelFromView);
  const out: Candidate[] = [];
  for (const [i, relative] of scales.entries()) {
    const a = still.at(side * Math.min(1, relative));
    const b = turned.at(side * Math.min(1, 1 / relative));
    if (a && b) {
      const into = invertMatrix3(multiplyMatrix3(fixed.fullFromLevel, largerFrom(fixed.grid, a.fields)));
      const back = multiplyMatrix3(fullFromView, largerFrom(channels[0]!, b.fields));
      for (const pose of searchRotations(arena, a, b, pairs, options.minOverlap ?? 0.3)) {
        const matrix = multiplyMatrix3(back, multiplyMatrix3(pose.matrix, into));
        const scale = Math.sqrt(Math.abs(matrix[0] * matrix[4] - matrix[1] * matrix[3]));
        out.push({ matrix, score: pose.score, rotation: pose.rotation, scale, flipped, tilt, source, relative });
      }
    }
    options.progress?.((i + 1) / scales.length);
    await new Promise(setImmediate); // lets a signal arrive between long stretches of work
    options.signal?.throwIfAborted();
  }
  return out;
}

/** Scales from `low` to `high`, a factor of `step` apart, of which 1 would be one; the ends are met within half a step. */
function scaleSteps([low, high]: readonly [number, number], step: number): number[] {
  const half = Math.sqrt(step);
  const scales: number[] = [];
  for (let s = 1 / step; s > low / half; s /= step) scales.unshift(s);
  for (let s = 1; s < high * half; s *= step) scales.push(s);
  return scales.filter((s) => s > low / half && s < high * half);
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Pixel of the smaller of two planes of the same view to pixel of the larger. */
function largerFrom(larger: Size, smaller: Size): Matrix3 {
  const [x, y] = [larger.width / smaller.width, larger.height / smaller.height];
  return [x, 0, (x - 1) / 2, 0, y, (y - 1) / 2, 0, 0, 1];
}
