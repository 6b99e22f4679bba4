import type { Affine2 } from "../../core/grid.js";
import type { Context } from "../../core/plugin.js";
import type { SlicePairState, SlicePairs, SliceState, SliceTransforms } from "../../core/slice-tables.js";
import { badSlices, type SliceFault } from "./bad-slices.js";
import { bridgeSlices, connectedSlices } from "./bridge.js";
import type { SliceFamily } from "./maps.js";
import { reductionOf, type Slice } from "./slices.js";
import { type PairMap, type StackSolution, solveStack } from "./solve.js";
import { type Matcher, type SeenPair, type Sweep, sweepStack } from "./sweep.js";
import { keepTrend } from "./trend.js";

export interface StackOptions {
  readonly family: SliceFamily;
  readonly matcher: Matcher;
  /** What each slice is compared with. */
  readonly against: "previous" | "first" | "range";
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
  const { family, against, matcher, reference } = options;
  const sweep = await sweepStack(
    slices,
    {
      ...{ family, matcher, range: against === "range" ? options.range : 1, far: against === "range" },
      ...(against === "first" ? { against: reference } : {}),
      factor: reductionOf(slices, options.maxSide),
    },
    context,
  );
  return placeSlices(slices, sweep, options);
}

function placeSlices(slices: readonly Slice[], sweep: Sweep, options: StackOptions): StackAlignment {
  const { family, reference } = options;
  const sizes = slices.map(({ image: { grid } }) => ({ width: grid.width, height: grid.height }));
  const faults = new Map(badSlices(slices.length, sweep.pairs, sweep.figures));
  const good = (p: PairMap) => !faults.has(p.a) && !faults.has(p.b);
  const counted = sweep.pairs.filter((p) => p.told && good(p));
  const anchor = anchorOf(slices.length, counted, reference, faults);
  const solution = solveStack(counted, { family, reference: anchor, sizes, start: sweep.start });
  const held = counted.filter((_, n) => solution.weight[n]! >= OUTLIER);
  const groups = connectedSlices(
    slices.length,
    held.map(({ a, b }) => [a, b] as const),
  );
  const main = groups.findIndex((set) => set.includes(anchor));
  const ordered = [groups[main]!, ...groups.filter((_, n) => n !== main)];
  const bridged = bridgeSlices(solution.frameFromSlice, ordered, sizes, family);
  const placed = new Set(ordered[0]);
  const known = slices.map((_, i) => placed.has(i));
  const frames =
    options.keepTrend === undefined
      ? bridged.frames
      : keepTrend(bridged.frames, known, sizes, { family, length: options.keepTrend, reference });
  const state = slices.map(
    (_, i): SliceState => (placed.has(i) ? "used" : bridged.between.has(i) ? "bridged" : "lost"),
  );
  const sigma = Float64Array.from(slices, (_, i) =>
    placed.has(i) ? solution.sigma[i]! : state[i] === "bridged" ? bridged.error : Number.NaN,
  );
  const names = slices.map((s) => s.name);
  return {
    transforms: { slices: names, frameFromSlice: frames, sigma, state },
    pairs: pairsOf(names, sweep.pairs, counted, solution, faults),
    faults,
    evidence: evidenceOf(slices, sweep, { counted, solution, groups: ordered, faults, sigma }),
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

function pairsOf(
  names: readonly string[],
  seen: readonly SeenPair[],
  counted: readonly SeenPair[],
  { residual, weight }: StackSolution,
  faults: ReadonlyMap<number, SliceFault>,
): SlicePairs {
  const place = new Map(counted.map((p, n) => [p, n]));
  const at = (p: SeenPair): number | undefined => place.get(p);
  return {
    a: seen.map((p) => names[p.a]!),
    b: seen.map((p) => names[p.b]!),
    bFromA: seen.map((p): Affine2 => p.bFromA),
    sigma: Float64Array.from(seen, (p) => p.sigma),
    ncc: Float64Array.from(seen, (p) => p.ncc),
    residual: Float64Array.from(seen, (p) => (at(p) === undefined ? Number.NaN : residual[at(p)!]!)),
    state: seen.map((p): SlicePairState => {
      const n = at(p);
      if (n !== undefined) return weight[n]! >= OUTLIER ? "used" : "outlier";
      return faults.has(p.a) || faults.has(p.b) ? "bad" : "weak";
    }),
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
