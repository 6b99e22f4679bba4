import type { Matrix3 } from "../../core/transform.js";
import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import type { Plane } from "../plane.js";
import { type CentredMap, centredMap } from "./families.js";
import { type IntensityRange, intensityRange } from "./levels.js";

/** What two planes have in common under a map. */
export interface Information {
  /** Mutual information, nats. */
  readonly information: number;
  /** (H(F) + H(M)) / H(F, M): 1 for planes without relation, 2 where each tells the other. */
  readonly normalised: number;
  /** Samples that count. */
  readonly samples: number;
  /** Cells of the joint histogram that hold at least half a sample. */
  readonly occupied: number;
}

/** How the information changes with the six numbers of a map. */
export interface Slopes {
  /** Sum of the samples' scores. */
  readonly gradient: Float64Array;
  /** Sum of their outer products, 6 × 6, row-major. */
  readonly outer: Float64Array;
  /** Sums of scores of one strip each. */
  readonly strips: readonly Float64Array[];
}

export interface JointHistogramOptions {
  readonly bins: number;
  /** Sides of the cells that have a sample each, pixels. */
  readonly step: number;
  readonly seed: number;
  readonly metric: "mattes" | "normalised";
}

/** Sides of strips do not depend on the number of threads; nor do chunks of about so many samples. */
const STRIPS = 64;
const CHUNK = 16384;
const STRIP_SUMS = 27;
/** Bins of the moving side that only the spline's ends reach. */
const MARGIN_BINS = 4;

/** The joint histogram of two planes: samples drawn once, looked up under one map after the other. */
export class JointHistogram {
  /** Cells that have a sample, observed or not. */
  readonly cells: number;
  readonly #cellsOfHistogram: number;
  readonly #columns: number;
  readonly #rows: number;
  readonly #total: number;
  readonly #strip: number;
  readonly #strips: number;
  readonly #chunk: number;
  readonly #chunks: number;
  readonly #bins: number;
  readonly #row: number;
  readonly #low: number;
  readonly #scale: number;
  readonly #owned: number[] = [];
  readonly #xs: number;
  readonly #ys: number;
  readonly #places: number;
  readonly #gxs: number;
  readonly #gys: number;
  readonly #bases: number;
  readonly #matrix: number;
  readonly #histograms: number;
  readonly #work: number;
  readonly #table: number;
  readonly #out: number;
  readonly #sums: number;
  readonly #scratch: ReturnType<ReturnType<typeof kernels>["scratch"]>;

  constructor(
    readonly arena: Arena,
    readonly fixed: Plane,
    readonly moving: Plane,
    fixedRange: IntensityRange,
    movingRange: IntensityRange,
    readonly options: JointHistogramOptions,
  ) {
    const { bins, step, seed } = options;
    const { width, height } = fixed;
    const across = Math.ceil((width - 1) / step);
    this.#rows = Math.ceil((height - 1) / step);
    this.#columns = (across + 3) & ~3;
    this.cells = across * this.#rows;
    this.#total = this.#columns * this.#rows;
    const stripRows = Math.max(1, Math.ceil(this.#rows / STRIPS));
    this.#strip = stripRows * this.#columns;
    this.#strips = Math.ceil(this.#rows / stripRows);
    this.#chunk = this.#strip * Math.max(1, Math.ceil(CHUNK / Math.max(1, this.#strip)));
    this.#chunks = Math.ceil(this.#total / Math.max(1, this.#chunk));
    this.#bins = bins;
    // Never a multiple of a power of two, which would crowd a few cache sets.
    this.#row = ((bins + 3) & ~3) + 8;
    const size = (bins + 1) * this.#row;
    this.#cellsOfHistogram = size;
    this.#low = movingRange.low;
    this.#scale = movingRange.high > movingRange.low ? (bins - MARGIN_BINS) / (movingRange.high - movingRange.low) : 0;
    const own = (bytes: number) => {
      const at = arena.bytes(bytes);
      this.#owned.push(at);
      return at;
    };
    [this.#xs, this.#ys, this.#bases, this.#places, this.#gxs, this.#gys] = Array.from({ length: 6 }, () =>
      own(4 * this.#total),
    ) as [number, number, number, number, number, number];
    this.#matrix = own(48);
    this.#histograms = own(4 * size * this.#chunks);
    this.#work = own(8 * size);
    this.#table = own(4 * size);
    this.#out = own(56);
    this.#sums = own(8 * STRIP_SUMS * this.#strips);
    this.#scratch = kernels().scratch(arena, 16 * size);
    this.#owned.push(this.#scratch.base);
    const spread = fixedRange.high - fixedRange.low;
    kernels().rows(
      "informationSamples",
      this.#rows,
      [
        ...[fixed.at, fixed.stride, width, height, step, seed | 0, this.#columns],
        ...[fixedRange.low, spread > 0 ? bins / spread : 0, bins, this.#row, this.#xs, this.#ys, this.#bases],
      ],
      16,
    );
  }

  free(): void {
    for (const at of this.#owned) this.arena.free(at);
    this.#owned.length = 0;
  }

  /** What the planes have in common under a map. */
  at(map: CentredMap): Information {
    const { moving, arena } = this;
    arena.f64(this.#matrix, 6).set(map);
    kernels().rows(
      "informationHistogram",
      this.#chunks,
      [
        ...[moving.at, moving.stride, moving.width, moving.height, this.#matrix],
        ...[this.#xs, this.#ys, this.#bases, this.#total, this.#chunk, this.#low, this.#scale, this.#bins, this.#row],
        ...[this.#places, this.#gxs, this.#gys, this.#histograms, this.#scratch],
      ],
      1,
    );
    const wanted = this.options.metric === "normalised" ? 1 : 0;
    kernels().call(
      "informationTable",
      ...[this.#histograms, this.#chunks, this.#bins, this.#row, wanted, this.#work, this.#table, this.#out],
    );
    const [information, normalised, samples, , , , occupied] = arena.f64(this.#out, 7);
    return { information: information!, normalised: normalised!, samples: samples!, occupied: occupied! };
  }

  /** How the information changes at the map that was looked at last. */
  slopes(): Slopes {
    kernels().rows(
      "informationScores",
      this.#strips,
      [
        ...[this.#table, this.#xs, this.#ys, this.#places, this.#gxs, this.#gys, this.#total, this.#strip],
        ...[this.#scale, this.#sums],
      ],
      1,
    );
    const table = this.arena.f64(this.#sums, STRIP_SUMS * this.#strips);
    const sums = new Float64Array(STRIP_SUMS);
    const strips: Float64Array[] = [];
    for (let from = 0; from < table.length; from += STRIP_SUMS) {
      strips.push(table.slice(from, from + 6));
      for (let i = 0; i < STRIP_SUMS; i++) sums[i] = sums[i]! + table[from + i]!;
    }
    const outer = new Float64Array(36);
    for (let i = 0, k = 6; i < 6; i++) for (let j = i; j < 6; j++, k++) outer[6 * i + j] = outer[6 * j + i] = sums[k]!;
    return { gradient: sums.slice(0, 6), outer, strips };
  }
}

/** Bins that so many samples fill: two for each cube root (the rule of Rice), at least 8 and at most `most`. */
export function binsFor(samples: number, most: number): number {
  let bins = 8;
  while (bins < most && ((bins + 1) / 2) ** 3 <= samples) bins++;
  return bins;
}

/** Samples at most where nothing else is asked for. */
const LOOK = 65536;

/**
 * What two planes have in common under a map, without looking for a better one.
 *
 * @param map  pixels of fixed to pixels of moving; affine
 * @param bins  at most; fewer where samples are few
 */
export function informationAt(arena: Arena, fixed: Plane, moving: Plane, map: Matrix3, bins = 32): Information {
  const { width, height } = fixed;
  const step = Math.max(1, Math.sqrt((width * height) / LOOK));
  const joint = new JointHistogram(arena, fixed, moving, intensityRange(arena, fixed), intensityRange(arena, moving), {
    bins: binsFor((width * height) / step ** 2, bins),
    step,
    seed: 1,
    metric: "mattes",
  });
  const found = joint.at(centredMap(map, width, height));
  joint.free();
  return found;
}
