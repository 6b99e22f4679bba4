import type { Diagnostic } from "../../core/diagnostic.js";
import { DiagnosticError, failed, problem } from "../../core/diagnostic.js";
import { wholeWindow } from "../../core/grid.js";
import type { Image } from "../../core/image.js";
import type { TileEdges, TileLayout, TilePositions } from "../../core/tile-tables.js";
import type { Verdict } from "../../core/verdict.js";
import type { Arena } from "../../kernel/memory.js";
import { chanceScore } from "../pairs/null-score.js";
import type { Plane } from "../plane.js";
import { readFloat, readGray } from "../read-plane.js";
import { edgesOf, notesOf, positionsOf } from "./aligned-tables.js";
import { type EdgeObservations, noObservations } from "./edges.js";
import { judgeMosaic } from "./mosaic-verdict.js";
import { neighbours, type TilePairs } from "./neighbours.js";
import { observeEdges, UNREFINED } from "./observe.js";
import { type Placement, solvePlaces } from "./solve.js";
import { type StageTerms, stageTerms } from "./stage-model.js";
import { median } from "./statistics.js";
import { sweepEdges } from "./sweep.js";

export interface AlignOptions {
  /** Band to look at; luminance, or the mean of all bands, when absent. */
  readonly band?: number;
  /** How far a tile may be from where the layout puts it, pixels. */
  readonly reach: number;
  /** Look again farther, where tiles may lie farther off. */
  readonly widen: boolean;
  /** What to do with a tile that cannot be read. */
  readonly damaged: "fail" | "leave-out";
  readonly random: () => number;
  readonly signal: AbortSignal;
  progress(fraction: number): void;
}

export interface AlignedTiles {
  readonly positions: TilePositions;
  readonly edges: TileEdges;
  readonly verdict: Verdict;
  readonly notes: readonly Diagnostic[];
}

/** Pairs that cannot correspond: so many at least, and so many for each edge. */
const NULLS = { least: 64, perEdge: 0.25 };
/** Share of pairs that cannot correspond which may pass for real. */
const ALPHA = 0.01;

/**
 * Places tiles by their overlaps.
 *
 * @param images  by item id; the layout may name more tiles, which then are missing
 */
export async function alignTiles(
  images: ReadonlyMap<string, Image>,
  layout: TileLayout,
  options: AlignOptions,
): Promise<
  | { readonly ok: true; readonly value: AlignedTiles }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] }
> {
  const pairs = neighbours(layout);
  const expected = Float64Array.from({ length: 2 * pairs.a.length }, (_, n) => {
    const of = n % 2 === 0 ? layout.x : layout.y;
    return of[pairs.b[n >> 1]!]! - of[pairs.a[n >> 1]!]!;
  });
  const nominal = Float64Array.from(
    { length: 2 * layout.x.length },
    (_, n) => (n % 2 === 0 ? layout.x : layout.y)[n >> 1]!,
  );
  const terms = stageTerms(nominal, layout.row, layout.col);
  let reach = options.reach;
  let seen = await look(images, layout, pairs, expected, reach, options, [0, 0.98]);
  let solved = solve(layout, terms, expected, reach, seen);
  if (options.widen && solved.widen) {
    reach *= 2.5;
    seen = await look(images, layout, pairs, expected, reach, options, [0.5, 0.98]);
    solved = solve(layout, terms, expected, reach, seen);
  }
  const { edges, damaged, blank } = seen;
  const { placement, real, threshold, atBorder } = solved;
  const first = [...damaged][0];
  if (first && options.damaged === "fail") {
    return failed(
      problem(
        "tile-unreadable",
        `Tile ${layout.tiles[first[0]]} cannot be read: ${first[1].message}`,
        "Replace the file, or say damaged-tiles: leave-out to go on without it (--set damaged-tiles=leave-out in the shipped pipeline).",
      ),
    );
  }
  const verdict = judgeMosaic({
    placement,
    tiles: layout.tiles.length - damaged.size,
    real: real.reduce((n, r) => n + r, 0),
    deformed: deformed(edges, placement),
    threshold,
    edges: pairs.a.length,
    atBorder,
    reach,
    side: Math.max(...layout.width),
  });
  return {
    ok: true,
    value: {
      positions: positionsOf(layout, placement, damaged),
      edges: edgesOf(layout, pairs, edges, placement, real, damaged, blank),
      verdict,
      notes: notesOf(layout, placement, edges, damaged, blank),
    },
  };
}

/** What one sweep over all tiles saw. */
interface Seen {
  readonly edges: EdgeObservations;
  readonly nulls: { readonly score: number[] };
  readonly damaged: ReadonlyMap<number, Diagnostic>;
  readonly blank: ReadonlySet<number>;
}

async function look(
  images: ReadonlyMap<string, Image>,
  layout: TileLayout,
  pairs: TilePairs,
  expected: Float64Array,
  reach: number,
  options: AlignOptions,
  [from, to]: readonly [number, number],
): Promise<Seen> {
  const edges = noObservations(pairs.a, pairs.b);
  const nulls = { score: [] as number[] };
  const damaged = new Map<number, Diagnostic>();
  const blank = new Set<number>();
  const perEdge = Math.max(NULLS.perEdge, NULLS.least / Math.max(1, pairs.a.length));
  await sweepEdges({
    tiles: layout,
    pairs,
    expected,
    reach: [reach, reach],
    read: async (tile, arena) => {
      const read = await readTile(arena, images.get(layout.tiles[tile]!)!, options);
      if ("severity" in read) damaged.set(tile, read);
      else if (isBlank(arena, read)) blank.add(tile);
      else return read;
      return undefined;
    },
    take: (jobs) => observeEdges(layout, pairs, jobs, edges, nulls, Math.ceil(perEdge * jobs.length), options.random),
    progress: (count) => options.progress(from + ((to - from) * count) / layout.tiles.length),
  });
  return { edges, nulls, damaged, blank };
}

interface Solved {
  readonly placement: Placement;
  readonly real: Uint8Array;
  readonly threshold: number;
  /** Edges that lie near the end of the reach. */
  readonly atBorder: number;
  /** Whether tiles may lie farther off than was looked. */
  readonly widen: boolean;
}

function solve(
  layout: TileLayout,
  terms: StageTerms,
  expected: Float64Array,
  reach: number,
  { edges, nulls, damaged }: Seen,
): Solved {
  const threshold = thresholdOf(nulls.score);
  const real = Uint8Array.from(edges.a, (_, e) => (isReal(edges, e, threshold) ? 1 : 0));
  const placement = solvePlaces(layout, terms, edges, { real, reach });
  const used = [...real.keys()].filter((e) => placement.weights[e]! > 0);
  const off = (e: number) =>
    Math.max(Math.abs(edges.dx[e]! - expected[2 * e]!), Math.abs(edges.dy[e]! - expected[2 * e + 1]!));
  const atBorder = used.filter((e) => off(e) > 0.85 * reach).length;
  // Steps along x and along y may be off alone.
  const few = [false, true].some((across) => {
    const kin = [...edges.a.keys()].filter(
      (e) =>
        Math.abs(expected[2 * e]!) > Math.abs(expected[2 * e + 1]!) === across &&
        !damaged.has(edges.a[e]!) &&
        !damaged.has(edges.b[e]!),
    );
    return kin.filter((e) => placement.weights[e]! > 0).length < 0.4 * kin.length;
  });
  const widen = few || atBorder > 0.02 * used.length;
  return { placement, real, threshold, atBorder, widen };
}

/** Overlaps that were left out though they fit as well as half of the others: no wrong peak does. */
function deformed(
  { ncc }: EdgeObservations,
  { weights, outlier, residual }: Placement,
): { count: number; most: number } {
  const typical = median([...weights.keys()].filter((e) => weights[e]! > 0).map((e) => ncc[e]!));
  const which = [...outlier.keys()].filter(
    (e) => outlier[e] && 1 - ncc[e]! <= 1.25 * (1 - typical) && residual[e]! > 2,
  );
  return { count: which.length, most: Math.max(0, ...which.map((e) => residual[e]!)) };
}

async function readTile(arena: Arena, image: Image, { band, signal }: AlignOptions): Promise<Plane | Diagnostic> {
  try {
    const window = wholeWindow(image.grid);
    return await (band === undefined
      ? readGray(arena, image, window, { signal })
      : readFloat(arena, image, window, band, { signal }));
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics[0]!;
    throw error;
  }
}

/** Nothing observed, or one value everywhere. */
function isBlank(arena: Arena, { at, width, height, stride }: Plane): boolean {
  const values = arena.f32(at, stride * height);
  let seen = Number.NaN;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const v = values[y * stride + x]!;
      if (Number.isNaN(v)) continue;
      if (Number.isNaN(seen)) seen = v;
      else if (v !== seen) return false;
    }
  }
  return true;
}

const thresholdOf = (scores: readonly number[]): number =>
  scores.length > 0 ? Math.max(LEAST_SCORE, chanceScore(scores, ALPHA)) : UNKNOWN_SCORE;
/** No score below this is believed, however low those of chance are; and what is asked where none can be had. */
const LEAST_SCORE = 0.03;
const UNKNOWN_SCORE = 0.2;

/** Beyond chance; and, where it could not be refined, without a rival that may be meant. */
const isReal = ({ score, rival, dx, xx }: EdgeObservations, e: number, threshold: number): boolean =>
  score[e]! > threshold && Number.isFinite(dx[e]!) && (xx[e]! < UNREFINED || score[e]! > 1.25 * rival[e]!);
