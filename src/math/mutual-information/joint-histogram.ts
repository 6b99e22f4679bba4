import type { Matrix3 } from "../../core/transform.js";
import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { log } from "../elementary.js";
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
  /**
   * Regions of the fixed plane that have a histogram of their own: 1, 4, 16 or 64; fewer in a tiny plane. The information is then
   * that given the region, so that light may differ from place to place (D. Loeckx et al., IEEE TMI 29 (2010),
   * doi:10.1109/TMI.2009.2021843).
   */
  readonly regions?: number;
}

/** Tiles of a side, at most: clusters of scores, and regions, are made of them. They do not depend on the number of threads. */
const TILES = 8;
/** Cells of a tile's side, at least, as far as there are any. */
const LEAST_TILE = 7;
const STRIP_SUMS = 27;
const REGION_SUMS = 5;
/** Bins of the moving side that only the spline's ends reach. */
const MARGIN_BINS = 4;

/** The joint histogram of two planes: samples drawn once, looked up under one map after the other. */
export class JointHistogram {
  /** Cells that have a sample, observed or not. */
  readonly cells: number;
  readonly #tile: number;
  readonly #tiles: number;
  readonly #chunk: number;
  readonly #chunks: number;
  readonly #regions: number;
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
  readonly #margins: number;
  readonly #tables: number;
  readonly #entropies: number;
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
    const [across, down] = [Math.ceil((width - 1) / step), Math.ceil((height - 1) / step)];
    this.cells = across * down;
    let side = TILES;
    while (side > 1 && Math.min(across, down) < LEAST_TILE * side) side /= 2;
    const columns = (Math.ceil(across / side) + 3) & ~3;
    const rows = Math.ceil(down / side);
    this.#tile = columns * rows;
    this.#tiles = this.#tile > 0 ? side * side : 0;
    this.#regions = Math.max(1, Math.min(options.regions ?? 1, this.#tiles));
    // Few chunks where one would do: each has a histogram to be added.
    this.#chunk = this.#tile * Math.ceil(this.#tiles / Math.max(this.#regions, Math.min(4, this.#tiles)));
    this.#chunks = this.#tile > 0 ? (this.#tile * this.#tiles) / this.#chunk : 0;
    this.#bins = bins;
    // Never a multiple of a large power of two, which would crowd a few cache sets.
    this.#row = ((bins + 3) & ~3) + 8;
    const size = (bins + 1) * this.#row;
    this.#low = movingRange.low;
    this.#scale = movingRange.high > movingRange.low ? (bins - MARGIN_BINS) / (movingRange.high - movingRange.low) : 0;
    const own = (bytes: number) => {
      const at = arena.bytes(bytes);
      this.#owned.push(at);
      return at;
    };
    [this.#xs, this.#ys, this.#bases, this.#places, this.#gxs, this.#gys] = Array.from({ length: 6 }, () =>
      own(4 * this.#tile * this.#tiles),
    ) as [number, number, number, number, number, number];
    this.#matrix = own(48);
    this.#histograms = own(4 * size * Math.max(this.#chunks, this.#regions));
    this.#tables = own(4 * size * this.#regions);
    this.#margins = own(8 * this.#row * this.#regions);
    this.#entropies = own(8 * REGION_SUMS * this.#regions);
    this.#sums = own(8 * STRIP_SUMS * this.#tiles);
    this.#scratch = kernels().scratch(arena, 16 * size);
    this.#owned.push(this.#scratch.base);
    if (this.#tiles === 0) arena.f32(this.#histograms, size * this.#regions).fill(0);
    const spread = fixedRange.high - fixedRange.low;
    kernels().rows(
      "informationSamples",
      rows * this.#tiles,
      [
        ...[fixed.at, fixed.stride, width, height, step, seed | 0, rows, columns],
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
        ...[moving.at, moving.stride, moving.width, moving.height, this.#matrix, this.#xs, this.#ys, this.#bases],
        ...[this.#tile * this.#tiles, this.#chunk, this.#low, this.#scale, this.#bins, this.#row],
        ...[this.#places, this.#gxs, this.#gys, this.#histograms, this.#scratch],
      ],
      1,
    );
    const shape = [this.#bins, this.#row] as const;
    const chunks = Math.max(1, this.#chunks / this.#regions);
    kernels().rows(
      "informationEntropies",
      this.#regions,
      [this.#histograms, chunks, ...shape, this.#tables, this.#margins, this.#entropies],
      1,
    );
    const found = informationOf(arena.f64(this.#entropies, REGION_SUMS * this.#regions));
    const part = this.options.metric === "normalised" ? 1 / found.normalised : 1;
    kernels().rows(
      "informationWorth",
      this.#regions,
      [...shape, part, this.#tables, this.#margins, this.#entropies],
      1,
    );
    return found;
  }

  /** How the information changes at the map that was looked at last. */
  slopes(): Slopes {
    kernels().rows(
      "informationScores",
      this.#tiles,
      [
        ...[this.#tables, 4 * (this.#bins + 1) * this.#row, Math.max(1, this.#tiles / this.#regions)],
        ...[this.#xs, this.#ys, this.#places, this.#gxs, this.#gys, this.#tile * this.#tiles, this.#tile],
        ...[this.#scale, this.#sums],
      ],
      1,
    );
    const table = this.arena.f64(this.#sums, STRIP_SUMS * this.#tiles);
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

/** Information from what the entropies of all regions are made of; see `informationEntropies`. */
export function informationOf(sums: ArrayLike<number>): Information {
  let [samples, fixed, moving, joint, occupied] = [0, 0, 0, 0, 0];
  for (let i = 0; i < sums.length; i += REGION_SUMS) {
    const n = sums[i]!;
    if (!(n > 0.5)) continue;
    // n H = n log n - sum v log v
    const all = n * log(n);
    samples += n;
    joint += all - sums[i + 1]!;
    fixed += all - sums[i + 2]!;
    moving += all - sums[i + 3]!;
    occupied += sums[i + 4]!;
  }
  if (samples === 0) return { information: 0, normalised: 1, samples: 0, occupied: 0 };
  const information = Math.max(0, (fixed + moving - joint) / samples);
  // Where everything is alike there is nothing to tell: float32 leaves a few millionths.
  const normalised = joint > 1e-5 * samples ? Math.max(1, (fixed + moving) / joint) : 1;
  return { information: information > 1e-5 ? information : 0, normalised, samples, occupied };
}

/** Bins that so many samples fill: two for each cube root (the rule of Rice), at least 8 and at most `most`. */
export function binsFor(samples: number, most: number): number {
  let bins = 8;
  while (bins < most && ((bins + 1) / 2) ** 3 <= samples) bins++;
  return bins;
}

/** Samples of a region, at least: with fewer, chance tells as much as the planes do. */
const REGION_SAMPLES = 4096;

/** Regions that so many samples are enough for: 1, 4, 16 or 64. */
export function regionsFor(samples: number): number {
  let regions = 1;
  while (regions < TILES * TILES && samples >= 4 * regions * REGION_SAMPLES * 0.9) regions *= 4;
  return regions;
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
