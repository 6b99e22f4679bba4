import { DiagnosticError } from "../../core/diagnostic.js";
import { type Affine2, composeAffine, invertAffine } from "../../core/grid.js";
import type { Context } from "../../core/plugin.js";
import { isBlank, type SliceFigures } from "./figures.js";
import { largeMove } from "./large-move.js";
import { likeness } from "./look.js";
import { identityMap, nearestOf, relative, type SliceFamily, scaleMap } from "./maps.js";
import { fitPair } from "./pair-fit.js";
import { type Compared, type PreparedSlice, prepareSlice, release } from "./prepared.js";
import { RunningMedian } from "./running.js";
import type { Slice } from "./slices.js";
import type { PairMap } from "./solve.js";

export type Matcher = "auto" | "intensity" | "features";

/** A pair that was compared. Maps and errors in pixels of the slices themselves. */
export interface SeenPair extends PairMap {
  /** Normalised correlation of the grey values, and that of the looks (`likeness`). */
  readonly ncc: number;
  readonly score: number;
  /** Whether its score is beyond what chance gives. */
  readonly told: boolean;
  /** Compared over a long way along the stack. */
  readonly far: boolean;
}

export interface Sweep {
  readonly pairs: readonly SeenPair[];
  /** By slice; none for one that cannot be read. */
  readonly figures: readonly (SliceFigures | undefined)[];
  /** First guess of each slice's place, pixels of the slices. */
  readonly start: readonly Affine2[];
  /** Score that pairs without correspondence stay below. */
  readonly chance: number;
  /** Why slices cannot be read. */
  readonly unreadable: ReadonlyMap<number, string>;
}

export interface SweepOptions {
  readonly family: SliceFamily;
  readonly matcher: Matcher;
  readonly compare: Compared;
  /** Slices before it that each is compared with. */
  readonly range: number;
  /** Slice that all are compared with, in place of those before. */
  readonly against?: number;
  /** Compare over long ways too. */
  readonly far: boolean;
  /** Slices are compared at a level this many times coarser. */
  readonly factor: number;
}

/** So many values of chance are gathered from every pair, later fewer. */
const CHANCES = 384;
/** Far pairs lie 4, 16, 64, … slices apart, in units of the range. */
const FAR_STEP = 4;

/**
 * Goes through a stack once and compares each slice with those before it, from where these predict it. Slices are read one
 * after the other, each once; a few are held. Where the prediction leads nowhere, features and structure look everywhere.
 */
export async function sweepStack(slices: readonly Slice[], options: SweepOptions, context: Context): Promise<Sweep> {
  const sweeper = new Sweeper(slices, options, context);
  try {
    return await sweeper.run();
  } finally {
    sweeper.dispose();
  }
}

class Sweeper {
  readonly pairs: SeenPair[] = [];
  readonly figures: (SliceFigures | undefined)[] = [];
  readonly unreadable = new Map<number, string>();
  /** In pixels of the level. */
  readonly frames: Affine2[] = [];
  /** The latest slices that were placed, the last first. */
  placed: PreparedSlice[] = [];
  /** The latest that were not placed since. */
  loose: PreparedSlice[] = [];
  /** Those that the stack was at before it went on elsewhere. */
  former: PreparedSlice[] = [];
  /** Where far pairs begin: the first slice, and by length of way the latest that ended one. */
  first: PreparedSlice | undefined;
  keys: PreparedSlice[] = [];
  readonly chances = new RunningMedian(4096);
  readonly scores = new RunningMedian(512);

  constructor(
    readonly slices: readonly Slice[],
    readonly options: SweepOptions,
    readonly context: Context,
  ) {}

  async run(): Promise<Sweep> {
    const { slices, options, context } = this;
    const { against, factor } = options;
    const order = slices.map((_, i) => i);
    if (against !== undefined) order.unshift(...order.splice(against, 1));
    for (const [n, i] of order.entries()) {
      context.signal.throwIfAborted();
      const slice = await this.open(i);
      if (slice) await this.take(slice);
      context.progress(n / order.length);
      if (n % 16 === 15) await new Promise(setImmediate); // lets a signal arrive
    }
    const start = slices.map((_, i) => scaleMap(this.frames[i] ?? identityMap, [factor, factor]));
    const { pairs, figures, unreadable } = this;
    return { pairs, figures, start, unreadable, chance: this.threshold(0) };
  }

  async open(i: number): Promise<PreparedSlice | undefined> {
    try {
      const { slice, figures } = await prepareSlice(this.slices, i, this.options, this.context.signal);
      this.figures[i] = figures;
      if (!isBlank(figures)) return slice;
      release(slice);
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error;
      this.unreadable.set(i, error.diagnostics[0]?.message ?? error.message);
      this.figures[i] = undefined;
    }
    this.frames[i] = this.placed[0] ? this.frames[this.placed[0].index]! : identityMap;
    return undefined;
  }

  async take(slice: PreparedSlice): Promise<void> {
    const { range, against } = this.options;
    const last = this.placed[0];
    if (!last) {
      this.frames[slice.index] = identityMap;
      this.placed = [slice];
      this.first = slice;
      return;
    }
    if (await this.place(slice)) {
      if (against !== undefined) return release(slice);
      for (const other of this.loose) this.compare(other, slice);
      this.compareFar(slice);
      this.placed.unshift(slice);
      for (const old of this.placed.splice(range)) this.letGo(old);
      this.dropLoose(slice.index);
      return;
    }
    // Not placed: it may be bad, or the stack may go on elsewhere.
    this.frames[slice.index] = this.frames[last.index]!;
    if (against !== undefined) return release(slice);
    this.loose.unshift(slice);
    for (const old of this.loose.splice(Math.max(2, range))) this.letGo(old);
    this.goOnElsewhere();
  }

  /** Compares a slice with those that were placed. @returns whether it could be placed */
  async place(slice: PreparedSlice): Promise<boolean> {
    const { matcher, family, factor } = this.options;
    const i = slice.index;
    const last = this.placed[0]!;
    let found = matcher === "features" ? undefined : this.firstOf(slice, [...this.placed, ...this.former]);
    if (!found && matcher !== "intensity") {
      const move = await largeMove(this.slices[last.index]!, this.slices[i]!, family, this.context);
      if (move) found = this.try(last, slice, nearestOf(family, last.size, scaleMap(move, [1 / factor, 1 / factor])));
    }
    if (!found) return false;
    if (this.former.includes(found.with)) [this.placed, this.former] = [this.former, this.placed];
    this.frames[i] = composeAffine(invertAffine(found.map), this.frames[found.with.index]!);
    for (const other of this.placed) if (other !== found.with) this.compare(other, slice);
    return true;
  }

  /** The nearest slice that leads somewhere, as slices were taken where they lie. */
  firstOf(slice: PreparedSlice, others: readonly PreparedSlice[]) {
    for (const other of others) {
      const found = this.try(other, slice, identityMap);
      if (found) return found;
    }
    return undefined;
  }

  /** Registers two slices from a start. @returns what was found, where it is better than chance */
  try(a: PreparedSlice, b: PreparedSlice, start: Affine2) {
    const pair = this.seen(a, b, start, { near: false, far: false });
    this.pairs.push(this.scaled(pair));
    return pair.told ? { with: a, map: pair.bFromA } : undefined;
  }

  /** Compares two slices of which the places are known. */
  compare(a: PreparedSlice, b: PreparedSlice, far = false): void {
    const start = relative(this.frames[a.index]!, this.frames[b.index]!);
    this.pairs.push(this.scaled(this.seen(a, b, start, { near: true, far })));
  }

  seen(
    a: PreparedSlice,
    b: PreparedSlice,
    start: Affine2,
    { near, far }: { readonly near: boolean; readonly far: boolean },
  ): SeenPair {
    const { bFromA, sigma, ncc } = fitPair(a, b, start, this.options.family, near);
    // What chance gives is soon known.
    const asks = this.chances.count < CHANCES || this.pairs.length % 16 === 0;
    const { score, chance } = likeness(a.look, b.look, bFromA, asks);
    for (const c of chance) this.chances.add(Math.abs(c));
    const told = score > this.threshold(far ? 0.6 : 0.4) && Number.isFinite(sigma);
    if (told && !far) this.scores.add(score);
    return { a: a.index, b: b.index, bFromA, sigma, ncc, score, told, far };
  }

  scaled(pair: SeenPair): SeenPair {
    const { factor } = this.options;
    return { ...pair, bFromA: scaleMap(pair.bFromA, [factor, factor]), sigma: pair.sigma * factor };
  }

  /** Five times the spread of chance, or a share of what good pairs have. */
  threshold(share: number): number {
    return Math.max(0.04, 5 * 1.48 * this.chances.median(), share * this.scores.median());
  }

  /** Ways of 4, 16, 64, … ranges along the stack, from end to end. */
  compareFar(slice: PreparedSlice): void {
    const { range, far } = this.options;
    for (let l = 0, step = FAR_STEP * range; far; l++, step *= FAR_STEP) {
      const key = this.keys[l] ?? this.first!;
      if (slice.index - key.index < step) return;
      this.compare(key, slice, true);
      this.keys[l] = slice;
      this.letGo(key);
    }
  }

  /** Where slices that could not be placed agree among themselves, the stack goes on with them. */
  goOnElsewhere(): void {
    const [slice, before] = this.loose;
    if (!slice || !before) return;
    const found = this.try(before, slice, identityMap);
    if (!found) return;
    this.frames[slice.index] = composeAffine(invertAffine(found.map), this.frames[before.index]!);
    const old = [...this.former, ...this.keys, this.first!];
    [this.former, this.placed, this.loose, this.keys] = [this.placed, this.loose, [], []];
    this.first = this.placed.at(-1);
    for (const one of new Set(old)) this.letGo(one);
  }

  /** Forgets slices that could not be placed once those at hand lie beyond the range. */
  dropLoose(index: number): void {
    const old = this.loose.filter((one) => index - one.index >= this.options.range);
    this.loose = this.loose.filter((one) => !old.includes(one));
    for (const one of old) this.letGo(one);
  }

  held(): PreparedSlice[] {
    return [...this.placed, ...this.loose, ...this.former, ...this.keys, ...(this.first ? [this.first] : [])];
  }

  letGo(slice: PreparedSlice): void {
    if (!this.held().includes(slice)) release(slice);
  }

  dispose(): void {
    for (const slice of new Set(this.held())) release(slice);
  }
}
