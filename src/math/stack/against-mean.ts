import { DiagnosticError } from "../../core/diagnostic.js";
import { type Affine2, composeAffine, invertAffine } from "../../core/grid.js";
import type { Context } from "../../core/plugin.js";
import { matrix3FromAffine } from "../../core/transform.js";
import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { emptyPlane, type Plane, warpPlane } from "../plane.js";
import { likeness } from "./look.js";
import { mapDistance, type SliceFamily, scaleMap } from "./maps.js";
import { fitPair } from "./pair-fit.js";
import { type Compared, preparePlane, prepareSlice, release } from "./prepared.js";
import { median } from "./running.js";
import { readSlice, type Slice } from "./slices.js";

/** What was found of a slice against the mean of all. */
export interface MeanFit {
  readonly slice: number;
  /** The common frame's pixels to the slice's. */
  readonly sliceFromFrame: Affine2;
  readonly sigma: number;
  readonly ncc: number;
  readonly score: number;
  readonly told: boolean;
}

export interface MeanOptions {
  readonly family: SliceFamily;
  readonly compare: Compared;
  readonly factor: number;
  /** The slice whose pixels are the frame's. */
  readonly reference: number;
  /** Score that chance does not reach. */
  readonly chance: number;
}

/** The mean is one of so many slices, spread evenly. */
const MEANT = 200;
const ROUNDS = 3;
/** A round that moves slices by less than that, in the middle, is the last; pixels. */
const SETTLED = 0.02;

/**
 * Registers each slice to the mean of all as they lie: where all slices show one thing, errors do not add up along the stack.
 *
 * @param frames  where the slices lie, well enough for a mean that is not blurred much
 * @param use  which slices may be part of the mean
 * @returns where they lie by the mean; slices that cannot be told from chance are as they were and not `told`
 */
export async function alignToMean(
  slices: readonly Slice[],
  frames: readonly Affine2[],
  use: readonly boolean[],
  options: MeanOptions,
  context: Pick<Context, "signal" | "progress">,
): Promise<{ readonly frames: readonly Affine2[]; readonly fits: readonly MeanFit[] }> {
  let now = frames;
  let fits: MeanFit[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    fits = await oneRound(slices, now, use, options, context);
    const next = [...now];
    for (const fit of fits) if (fit.told) next[fit.slice] = invertAffine(fit.sliceFromFrame);
    const back = invertAffine(next[options.reference]!);
    const anchored = next.map((m) => composeAffine(m, back));
    const moved = anchored.map((m, i) => mapDistance(m, now[i]!, slices[i]!.image.grid));
    now = anchored;
    if (median(moved.filter((_, i) => use[i])) < SETTLED) break;
  }
  return { frames: now, fits };
}

async function oneRound(
  slices: readonly Slice[],
  frames: readonly Affine2[],
  use: readonly boolean[],
  { family, compare, factor, reference, chance }: MeanOptions,
  { signal, progress }: Pick<Context, "signal" | "progress">,
): Promise<MeanFit[]> {
  using arena = kernels().arena();
  const level = (m: Affine2, by: number) => scaleMap(m, [by, by]);
  const sliceFromFrame = frames.map((m) => level(invertAffine(m), 1 / factor));
  const mean = await meanPlane(arena, slices, sliceFromFrame, use, { factor, reference }, signal);
  const template = preparePlane(arena, mean, -1, compare);
  const fits: MeanFit[] = [];
  for (const [i, start] of sliceFromFrame.entries()) {
    if (!use[i]) continue;
    signal.throwIfAborted();
    const { slice } = await prepareSlice(slices, i, { compare, factor }, signal);
    try {
      const { bFromA, sigma, ncc } = fitPair(template, slice, start, family, true);
      const { score } = likeness(template.look, slice.look, bFromA, false);
      const told = score > chance && Number.isFinite(sigma);
      fits.push({ slice: i, sliceFromFrame: level(bFromA, factor), sigma: sigma * factor, ncc, score, told });
    } finally {
      release(slice);
    }
    progress(i / slices.length);
    if (i % 16 === 15) await new Promise(setImmediate); // lets a signal arrive
  }
  return fits;
}

/** The mean of slices on the reference's grid; NaN where fewer than half of them show a place. */
async function meanPlane(
  arena: Arena,
  slices: readonly Slice[],
  sliceFromFrame: readonly Affine2[],
  use: readonly boolean[],
  { factor, reference }: { readonly factor: number; readonly reference: number },
  signal: AbortSignal,
): Promise<Plane> {
  const { grid } = slices[reference]!.image;
  const [width, height] = [Math.ceil(grid.width / factor), Math.ceil(grid.height / factor)];
  const sum = new Float64Array(width * height);
  const seen = new Uint32Array(width * height);
  const all = slices.map((_, i) => i).filter((i) => use[i]);
  const step = Math.max(1, all.length / MEANT);
  let count = 0;
  for (let n = 0; n < all.length; n += step) {
    const i = all[Math.floor(n)]!;
    using own = kernels().arena();
    try {
      const { plane } = await readSlice(own, slices[i]!, factor, signal);
      const laid = warpPlane(own, plane, matrix3FromAffine(sliceFromFrame[i]!), width, height);
      addPlane(own, laid, sum, seen);
      count++;
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error; // a slice that has gone bad since
    }
  }
  const mean = emptyPlane(arena, width, height);
  for (let y = 0; y < height; y++) {
    const row = arena.f32(mean.at + 4 * y * mean.stride, width);
    for (let x = 0, o = y * width; x < width; x++, o++) row[x] = 2 * seen[o]! > count ? sum[o]! / seen[o]! : Number.NaN;
  }
  return mean;
}

function addPlane(arena: Arena, plane: Plane, sum: Float64Array, seen: Uint32Array): void {
  for (let y = 0, o = 0; y < plane.height; y++) {
    const row = arena.f32(plane.at + 4 * y * plane.stride, plane.width);
    for (let x = 0; x < plane.width; x++, o++) {
      const v = row[x]!;
      if (Number.isNaN(v)) continue;
      sum[o] = sum[o]! + v;
      seen[o] = seen[o]! + 1;
    }
  }
}
