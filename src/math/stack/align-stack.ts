import type { Affine2 } from "../../core/grid.js";
import type { Context } from "../../core/plugin.js";
import type { SlicePairState, SlicePairs, SliceState, SliceTransforms } from "../../core/slice-tables.js";
import { alignToMean } from "./against-mean.js";
import { badSlices, type SliceFault } from "./bad-slices.js";
import { bridgeSlices, connectedSlices } from "./bridge.js";
import type { Size, SliceFamily } from "./maps.js";
import type { Compared } from "./prepared.js";
import { reductionOf, type Slice } from "./slices.js";
import { type PairMap, type StackSolution, solveStack } from "./solve.js";
import { type Matcher, type SeenPair, type Sweep, sweepStack } from "./sweep.js";
import { keepTrend } from "./trend.js";

export interface StackOptions {
  readonly family: SliceFamily;
  readonly matcher: Matcher;
  readonly compare: Compared;
  /** What each slice is compared with. */
  readonly against: "previous" | "first" | "mean" | "range";
  readonly range: number;
  /** The slice whose pixels are the frame's. */
  readonly reference: number;
  /** Slices within which jitter averages out, where what changes slowly is kept. */
  readonly keepTrend?: number | undefined;
  /** Longer slices are compared at a coarser level, pixels. */
  readonly maxSide: number;
}

export interface StackAlignment {
  readonly transforms: SliceTransforms;
  readonly pairs: SlicePairs;
  readonly faults: ReadonlyMap<number, SliceFault>;
  readonly evidence: StackEvidence;
}

/** What a verdict on a stack rests on; lengths in pixels. */
export interface StackEvidence {
  readonly slices: number;
  readonly placed: number;
  readonly faults: number;
  /** Sets of slices that no pair connects to the others. */
  readonly parts: number;
  readonly pairsTold: number;
  readonly pairsUsed: number;
  /** Root mean square residual of the pairs that are used, relative to what could be contradicted. */
  readonly closure: number;
  /** Median score of pairs used, and what chance gives. */
  readonly score: number;
  readonly chance: number;
  /** Median expected error of the placed slices relative to the reference; the largest. */
  readonly error: number;
  readonly worst: number;
  /** Slices that hang on pairs which nothing could contradict. */
  readonly unchecked: number;
  readonly diagonal: number;
}

/** A pair that counts less than that was found wrong. */
const OUTLIER = 0.1;

/** Finds where the slices of a stack lie on each other. */
export async function alignStack(
  slices: readonly Slice[],
  options: StackOptions,
  context: Context,
): Promise<StackAlignment> {
  const { family, against, matcher, compare, reference } = options;
  const many = against === "range" || against === "mean";
  const factor = reductionOf(slices, options.maxSide);
  const part = (from: number, to: number): Context => ({
    ...context,
    progress: (f) => context.progress(from + (to - from) * f),
  });
  const sweep = await sweepStack(
    slices,
    {
      ...{ family, matcher, compare, factor, range: many ? options.range : 1, far: many },
      ...(against === "first" ? { against: reference } : {}),
    },
    part(0, against === "mean" ? 0.5 : 1),
  );
  const placed = placeSlices(slices, sweep, options);
  if (against !== "mean") return finish(slices, sweep, placed, options);
  const use = slices.map((_, i) => placed.groups[0]!.includes(i));
  const settings = { family, compare, factor, reference: placed.anchor, chance: sweep.chance };
  const mean = await alignToMean(slices, placed.solution.frameFromSlice, use, settings, part(0.5, 1));
  return finish(slices, sweep, placed, options, mean);
}

/** Slices in place by their pairs, before those that no pair places are bridged. */
interface Placed {
  readonly sizes: readonly Size[];
  readonly faults: ReadonlyMap<number, SliceFault>;
  readonly counted: readonly SeenPair[];
  readonly solution: StackSolution;
  /** Sets of slices that pairs connect; the first has the reference. */
  readonly groups: readonly (readonly number[])[];
  readonly anchor: number;
}

function placeSlices(slices: readonly Slice[], sweep: Sweep, { family, reference }: StackOptions): Placed {
  const sizes = slices.map(({ image: { grid } }) => ({ width: grid.width, height: grid.height }));
  const faults = badSlices(slices.length, sweep.pairs, sweep.figures);
  const counted = sweep.pairs.filter((p) => p.told && !faults.has(p.a) && !faults.has(p.b));
  const anchor = anchorOf(slices.length, counted, reference, faults);
  const solution = solveStack(counted, { family, reference: anchor, sizes, start: sweep.start });
  const held = counted.filter((_, n) => solution.weight[n]! >= OUTLIER);
  const groups = connectedSlices(
    slices.length,
    held.map(({ a, b }) => [a, b] as const),
  );
  const main = groups.findIndex((set) => set.includes(anchor));
  return { sizes, faults, counted, solution, groups: [groups[main]!, ...groups.filter((_, n) => n !== main)], anchor };
}

type AgainstMean = Awaited<ReturnType<typeof alignToMean>>;

function finish(
  slices: readonly Slice[],
  sweep: Sweep,
  { sizes, faults, counted, solution, groups, anchor }: Placed,
  options: StackOptions,
  mean?: AgainstMean,
): StackAlignment {
  const { family, keepTrend: length } = options;
  const bridged = bridgeSlices(mean?.frames ?? solution.frameFromSlice, groups, sizes, family);
  const placed = new Set(groups[0]);
  const known = slices.map((_, i) => placed.has(i));
  const frames =
    length === undefined
      ? bridged.frames
      : keepTrend(bridged.frames, known, sizes, { family, length, reference: anchor });
  const state = slices.map(
    (_, i): SliceState => (placed.has(i) ? "used" : bridged.between.has(i) ? "bridged" : "lost"),
  );
  const errors = new Map(mean?.fits.filter((f) => f.told).map((f) => [f.slice, f.sigma]));
  const sigma = Float64Array.from(slices, (_, i) =>
    placed.has(i) ? (errors.get(i) ?? solution.sigma[i]!) : state[i] === "bridged" ? bridged.error : Number.NaN,
  );
  const names = slices.map((s) => s.name);
  return {
    transforms: { slices: names, frameFromSlice: frames, sigma, state },
    pairs: pairsOf(names, sweep.pairs, counted, solution, faults, mean),
    faults,
    evidence: evidenceOf(slices, sweep, { counted, solution, groups, faults, sigma }),
  };
}

/** The reference, or where it is bad or alone the nearest slice of the largest part of the stack. */
function anchorOf(
  count: number,
  pairs: readonly PairMap[],
  reference: number,
  faults: ReadonlyMap<number, SliceFault>,
): number {
  const [largest = []] = connectedSlices(
    count,
    pairs.map(({ a, b }) => [a, b] as const),
  );
  if (!faults.has(reference) && largest.includes(reference)) return reference;
  return largest.reduce(
    (best, i) => (Math.abs(i - reference) < Math.abs(best - reference) ? i : best),
    largest[0] ?? 0,
  );
}

/** Pairs that were compared, and in the end each slice against the mean. */
function pairsOf(
  names: readonly string[],
  seen: readonly SeenPair[],
  counted: readonly SeenPair[],
  { residual, weight }: StackSolution,
  faults: ReadonlyMap<number, SliceFault>,
  mean?: AgainstMean,
): SlicePairs {
  const place = new Map(counted.map((p, n) => [p, n]));
  const fits = mean?.fits ?? [];
  const state = seen.map((p): SlicePairState => {
    const n = place.get(p);
    if (n !== undefined) return weight[n]! >= OUTLIER ? "used" : "outlier";
    return faults.has(p.a) || faults.has(p.b) ? "bad" : "weak";
  });
  const left = seen.map((p) => (place.has(p) ? residual[place.get(p)!]! : Number.NaN));
  return {
    a: [...seen.map((p) => names[p.a]!), ...fits.map(() => "mean")],
    b: [...seen.map((p) => names[p.b]!), ...fits.map((f) => names[f.slice]!)],
    bFromA: [...seen.map((p): Affine2 => p.bFromA), ...fits.map((f) => f.sliceFromFrame)],
    sigma: Float64Array.from([...seen, ...fits], (p) => p.sigma),
    ncc: Float64Array.from([...seen, ...fits], (p) => p.ncc),
    residual: Float64Array.from([...left, ...fits.map(() => 0)]),
    state: [...state, ...fits.map((f): SlicePairState => (f.told ? "used" : "weak"))],
  };
}

interface Found {
  readonly counted: readonly SeenPair[];
  readonly solution: StackSolution;
  readonly groups: readonly (readonly number[])[];
  readonly faults: ReadonlyMap<number, SliceFault>;
  readonly sigma: Float64Array;
}

function evidenceOf(slices: readonly Slice[], sweep: Sweep, found: Found): StackEvidence {
  const { counted, solution, groups, faults, sigma } = found;
  const placed = groups[0]!;
  const used = counted.filter((_, n) => solution.weight[n]! >= OUTLIER);
  const residual = solution.residual.filter((_, n) => solution.weight[n]! >= OUTLIER);
  const spare = used.length - (placed.length - 1);
  const squares = residual.reduce((s, r) => s + r * r, 0);
  const errors = placed
    .map((i) => sigma[i]!)
    .filter((s) => s > 0)
    .sort((p, q) => p - q);
  const scores = used.map((p) => p.score).sort((p, q) => p - q);
  const met = new Map<number, number>();
  for (const p of used) for (const i of [p.a, p.b]) met.set(i, (met.get(i) ?? 0) + 1);
  const { width, height } = slices[0]!.image.grid;
  return {
    slices: slices.length,
    placed: placed.length,
    faults: faults.size,
    parts: groups.slice(1).filter((g) => g.some((i) => !faults.has(i))).length,
    pairsTold: counted.length,
    pairsUsed: used.length,
    closure: spare > 0 ? Math.sqrt(squares / spare) : Number.NaN,
    score: scores[scores.length >> 1] ?? 0,
    chance: sweep.chance,
    error: errors[errors.length >> 1] ?? Number.NaN,
    worst: errors.at(-1) ?? Number.NaN,
    unchecked: placed.filter((i) => (met.get(i) ?? 0) < 2).length,
    diagonal: Math.sqrt(width ** 2 + height ** 2),
  };
}
