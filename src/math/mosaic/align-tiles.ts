import type { Diagnostic } from "../../core/diagnostic.js";
import { DiagnosticError, failed, problem, warning } from "../../core/diagnostic.js";
import { wholeWindow } from "../../core/grid.js";
import type { Image } from "../../core/image.js";
import type { TileEdgeState, TileEdges, TileLayout, TilePositions } from "../../core/tile-tables.js";
import type { Verdict } from "../../core/verdict.js";
import type { Arena } from "../../kernel/memory.js";
import { chanceScore } from "../pairs/null-score.js";
import type { Plane } from "../plane.js";
import { readFloat, readGray } from "../read-plane.js";
import { type EdgeObservations, noObservations } from "./edges.js";
import { judgeMosaic } from "./mosaic-verdict.js";
import { neighbours, type TilePairs } from "./neighbours.js";
import { observeEdges, UNREFINED } from "./observe.js";
import { type Placement, solvePlaces } from "./solve.js";
import { stageTerms } from "./stage-model.js";
import { median } from "./statistics.js";
import { sweepEdges } from "./sweep.js";

export interface AlignOptions {
  /** Band to look at; luminance, or the mean of all bands, when absent. */
  readonly band?: number;
  /** How far a tile may be from where the layout puts it, pixels. */
  readonly reach: number;
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
  const edges = noObservations(pairs.a, pairs.b);
  const nulls = { score: [] as number[] };
  const damaged = new Map<number, Diagnostic>();
  const blank = new Set<number>();
  const expected = Float64Array.from({ length: 2 * pairs.a.length }, (_, n) => {
    const of = n % 2 === 0 ? layout.x : layout.y;
    return of[pairs.b[n >> 1]!]! - of[pairs.a[n >> 1]!]!;
  });
  const perEdge = Math.max(NULLS.perEdge, NULLS.least / Math.max(1, pairs.a.length));
  await sweepEdges({
    tiles: layout,
    pairs,
    expected,
    reach: [options.reach, options.reach],
    read: async (tile, arena) => {
      const read = await readTile(arena, images.get(layout.tiles[tile]!)!, options);
      if ("severity" in read) damaged.set(tile, read);
      else if (isBlank(arena, read)) blank.add(tile);
      else return read;
      return undefined;
    },
    take: (jobs) => observeEdges(layout, pairs, jobs, edges, nulls, Math.ceil(perEdge * jobs.length), options.random),
    progress: (count) => options.progress((0.98 * count) / layout.tiles.length),
  });
  const first = [...damaged][0];
  if (first && options.damaged === "fail") {
    return failed(
      problem(
        "tile-unreadable",
        `Tile ${layout.tiles[first[0]]} cannot be read: ${first[1].message}`,
        "Replace the file, or write damaged-tiles: leave-out to go on without it.",
      ),
    );
  }
  const threshold = thresholdOf(nulls.score);
  const real = Uint8Array.from(pairs.a, (_, e) => (isReal(edges, e, threshold) ? 1 : 0));
  const nominal = Float64Array.from(
    { length: 2 * layout.x.length },
    (_, n) => (n % 2 === 0 ? layout.x : layout.y)[n >> 1]!,
  );
  const terms = stageTerms(nominal, layout.row, layout.col);
  const placement = solvePlaces(layout, terms, edges, { real, reach: options.reach });
  const near = [...real.keys()].filter(
    (e) =>
      placement.weights[e]! > 0 &&
      Math.max(Math.abs(edges.dx[e]! - expected[2 * e]!), Math.abs(edges.dy[e]! - expected[2 * e + 1]!)) >
        0.85 * options.reach,
  );
  const verdict = judgeMosaic({
    placement,
    tiles: layout.tiles.length - damaged.size,
    real: real.reduce((n, r) => n + r, 0),
    deformed: deformed(edges, placement),
    threshold,
    edges: pairs.a.length,
    atBorder: near.length,
    reach: options.reach,
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

function positionsOf(layout: TileLayout, placement: Placement, damaged: ReadonlyMap<number, unknown>): TilePositions {
  const kept = layout.tiles.map((_, i) => i).filter((i) => !damaged.has(i));
  const least = (axis: 0 | 1) =>
    kept.reduce((v, i) => Math.min(v, placement.places[2 * i + axis]!), Number.POSITIVE_INFINITY);
  const [left, top] = [least(0), least(1)];
  const pick = (of: (i: number) => number) => Float64Array.from(kept, of);
  return {
    tiles: kept.map((i) => layout.tiles[i]!),
    x: pick((i) => placement.places[2 * i]! - left),
    y: pick((i) => placement.places[2 * i + 1]! - top),
    width: pick((i) => layout.width[i]!),
    height: pick((i) => layout.height[i]!),
    sigmaX: pick((i) => placement.sigma[2 * i]!),
    sigmaY: pick((i) => placement.sigma[2 * i + 1]!),
    island: Int32Array.from(kept, (i) => placement.islands.of[i]!),
  };
}

function edgesOf(
  layout: TileLayout,
  { a, b }: TilePairs,
  seen: EdgeObservations,
  { weights, outlier, residual }: Placement,
  real: Uint8Array,
  damaged: ReadonlyMap<number, unknown>,
  blank: ReadonlySet<number>,
): TileEdges {
  const state = (e: number): TileEdgeState => {
    if (damaged.has(a[e]!) || damaged.has(b[e]!)) return "unreadable";
    if (blank.has(a[e]!) || blank.has(b[e]!) || !(seen.score[e]! > 0)) return "empty";
    if (weights[e]! > 0) return "used";
    return real[e] || outlier[e] ? "outlier" : "weak";
  };
  return {
    a: Array.from(a, (i) => layout.tiles[i]!),
    b: Array.from(b, (i) => layout.tiles[i]!),
    dx: seen.dx,
    dy: seen.dy,
    sigmaX: seen.xx.map(Math.sqrt),
    sigmaY: seen.yy.map(Math.sqrt),
    ncc: seen.ncc,
    residual,
    state: Array.from(a, (_, e) => state(e)),
  };
}

function notesOf(
  layout: TileLayout,
  { outlier, islands, joined }: Placement,
  { a, b }: EdgeObservations,
  damaged: ReadonlyMap<number, Diagnostic>,
  blank: ReadonlySet<number>,
): Diagnostic[] {
  const notes: Diagnostic[] = [];
  const name = (i: number) => layout.tiles[i]!;
  if (damaged.size > 0) {
    const [of, why] = [...damaged][0]!;
    notes.push(
      warning(
        "tiles-left-out",
        `${listed([...damaged.keys()].map(name))} cannot be read and ${damaged.size > 1 ? "are" : "is"} left out (${name(of)}: ${why.message})`,
      ),
    );
  }
  if (blank.size > 0) {
    notes.push(
      warning(
        "tiles-blank",
        `${listed([...blank].map(name))} ${blank.size > 1 ? "show" : "shows"} nothing: placed where the stage would have ${blank.size > 1 ? "them" : "it"}`,
      ),
    );
  }
  const wrong = [...outlier.keys()].filter((e) => outlier[e]);
  if (wrong.length > 0) {
    notes.push(
      warning(
        "edges-left-out",
        `Overlaps that the others contradict are left out: ${listed(wrong.map((e) => `${name(a[e]!)} with ${name(b[e]!)}`))}`,
      ),
    );
  }
  const others = [...islands.of.keys()].filter((i) => islands.of[i] !== 0 && !blank.has(i) && !damaged.has(i));
  const main = joined.of[islands.of.indexOf(0)];
  const rough = others.filter((i) => joined.of[i] === main);
  if (rough.length > 0) {
    notes.push(
      warning("tiles-held-roughly", `What overlaps show places ${listed(rough.map(name))} to about half a pixel only`),
    );
  }
  const lone = others.filter((i) => joined.of[i] !== main);
  if (lone.length > 0) {
    notes.push(
      warning(
        "tiles-by-stage",
        `No overlap connects ${listed(lone.map(name))} with the others: placed where the stage would have ${lone.length > 1 ? "them" : "it"}`,
      ),
    );
  }
  return notes;
}

/** Names in words, the first few of many. */
function listed(names: readonly string[]): string {
  const most = 8;
  if (names.length > most) return `${names.slice(0, most - 1).join(", ")} and ${names.length - most + 1} more`;
  return names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : names[0]!;
}
