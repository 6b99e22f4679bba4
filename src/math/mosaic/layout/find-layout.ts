import { type Diagnostic, failed, ok, problem, type Result, warning } from "../../../core/diagnostic.js";
import type { Image } from "../../../core/image.js";
import type { Arena } from "../../../kernel/memory.js";
import { mostCommon } from "../../most-common.js";
import { cellsOf } from "./cells.js";
import { type Decision, decideGrid, decidePlaces, decideSequence, type Looking } from "./decide.js";
import { median } from "./lattice.js";
import type { LayoutOutcome } from "./outcome.js";
import type { LayoutRequest, Source } from "./request.js";
import { someOf, sourcesOf } from "./sources.js";
import { trialTiles } from "./trial-tiles.js";
import { agreeing, asked } from "./words.js";

/** Tiles nearer to each other than this share of their side are at one place. */
const SAME_PLACE = 0.02;

/**
 * Where the tiles are: the first source that says something, checked and put right by trial pairs.
 *
 * @param arena  holds the small tiles of the trial; freed by the caller
 * @param memory  bytes that may be held
 */
export async function findLayout(
  arena: Arena,
  request: LayoutRequest,
  { memory, signal }: { readonly memory: number; readonly signal?: AbortSignal },
): Promise<Result<LayoutOutcome>> {
  const { ids, images } = request;
  const alike = tilesAlike(ids, images);
  if (!alike.ok) return alike;
  const sources = sourcesOf(request);
  if (!sources.ok) return sources;
  const tiles = trialTiles(arena, images, signal);
  const looking: Looking = { tiles, size: usualSize(images), bytes: 0.4 * memory };
  let last: Result<LayoutOutcome> | undefined;
  for (const [n, source] of sources.value.entries()) {
    const whole = complete(source, sources.value.slice(n + 1), ids);
    if (!whole.ok) return whole;
    const double = whole.value.kind === "places" ? samePlace(whole.value, ids, looking.size) : undefined;
    if (double && (n > 0 || !request.positions) && n + 1 < sources.value.length) continue;
    if (double) return failed(double);
    const decided = await decide(whole.value, sources.value.slice(n + 1), request, looking);
    if (!decided.ok) {
      last ??= decided;
      continue;
    }
    const notes = [...alike.value, ...whole.value.notes];
    const unread = unreadTiles(tiles, ids);
    if (unread) notes.push(unread);
    const blank = [...tiles.blank].filter((i) => !tiles.unread.has(i));
    if (blank.length > 0) {
      const names = blank.sort((a, b) => a - b).map((i) => ids[i]!);
      notes.push(
        warning(
          "tiles-blank",
          `${names.length === 1 ? "One tile holds" : `${names.length} tiles hold`} one value alone: ${someOf(names)}`,
        ),
      );
    }
    const outcome = finish(decided.value, source.words, request, looking, notes);
    // What the overlaps contradict may be told right by another source.
    if (decided.value.status !== "rejected")
      return last === undefined || !last.ok ? ok(outcome) : ok(instead(outcome, last.value));
    last ??= ok(outcome);
  }
  const unread = unreadTiles(tiles, ids);
  return last!.ok || !unread ? last! : failed(...last!.diagnostics, { ...unread, severity: "error" });
}

/** Tiles that the trial wanted and could not read. Whether to go on without them is for `stitch/align` to say. */
function unreadTiles({ unread }: Looking["tiles"], ids: readonly string[]): Diagnostic | undefined {
  if (unread.size === 0) return undefined;
  const order = [...unread].sort(([a], [b]) => a - b);
  const [, why] = order[0]!;
  const names = someOf(order.map(([i]) => ids[i]!));
  return warning("tile-unreadable", `${names} cannot be read: ${why.message}`, why.hint);
}

const decide = async (
  source: Source,
  others: readonly Source[],
  request: LayoutRequest,
  looking: Looking,
): Promise<Result<Decision>> =>
  source.kind === "places"
    ? ok(await decidePlaces(source, others, looking))
    : source.kind === "grid"
      ? decideGrid(source, request, looking)
      : decideSequence(source, request, looking);

/** A layout by another source than the first, which the overlaps contradict. */
function instead(outcome: LayoutOutcome, first: LayoutOutcome): LayoutOutcome {
  const why = first.verdict.reasons[0]!;
  const note = warning(
    "layout-corrected",
    `${why.message}. ${outcome.words.source} fit: they were taken instead`,
    why.hint,
  );
  return { ...outcome, notes: [note, ...outcome.notes] };
}

function usualSize(images: readonly Image[]): { width: number; height: number } {
  return { width: median(images.map(({ grid }) => grid.width)), height: median(images.map(({ grid }) => grid.height)) };
}

/** What tiles do not share: sizes and types are told, pixel sizes must agree. */
function tilesAlike(ids: readonly string[], images: readonly Image[]): Result<Diagnostic[]> {
  const notes: Diagnostic[] = [];
  if (images.length < 2) {
    return failed(problem("too-few-tiles", `Expected two tiles or more, but found ${images.length}`));
  }
  const usual = usualSize(images);
  const first = images[mostCommon(images.map(({ dtype, bands }) => `${dtype} ${bands.length}`))]!;
  const odd = (differs: (image: Image) => boolean) => ids.filter((_, i) => differs(images[i]!));
  const sizes = odd(({ grid }) => grid.width !== usual.width || grid.height !== usual.height);
  if (sizes.length > 0) {
    notes.push(
      warning(
        "tile-sizes-differ",
        `${sizes.length} of ${ids.length} tiles are not ${usual.width} x ${usual.height} px: ${someOf(sizes)}`,
      ),
    );
  }
  const types = odd((image) => image.dtype !== first.dtype || image.bands.length !== first.bands.length);
  if (types.length > 0) {
    notes.push(
      warning(
        "tile-types-differ",
        `${types.length} of ${ids.length} tiles are not ${first.dtype} with ${first.bands.length} bands: ${someOf(types)}`,
      ),
    );
  }
  const pixel = ({ grid }: Image) =>
    Math.sqrt(
      Math.abs(grid.worldFromPixel[0] * grid.worldFromPixel[4] - grid.worldFromPixel[1] * grid.worldFromPixel[3]),
    );
  const scales = odd((image) => image.grid.crs === first.grid.crs && Math.abs(pixel(image) / pixel(first) - 1) > 1e-3);
  if (scales.length > 0) {
    return failed(
      problem(
        "pixel-sizes-differ",
        `Expected tiles of one pixel size, but ${someOf(scales)} differ from ${ids[images.indexOf(first)]}`,
        "Rescale them first, or take them out.",
      ),
    );
  }
  return ok(notes);
}

/** Gives tiles without a place the one that their row and column say, or refuses. */
function complete(source: Source, others: readonly Source[], ids: readonly string[]): Result<Source> {
  if (source.kind !== "places") return ok(source);
  const without = ids.flatMap((_, i) => (Number.isNaN(source.x[i]!) ? [i] : []));
  if (without.length === 0) return ok(source);
  const names = someOf(without.map((i) => ids[i]!));
  const grid = others.find((s) => s.kind === "grid");
  const filled = grid && byCells(source, grid, without);
  if (filled) {
    const note = warning(
      "tile-without-place",
      `${source.words} name no place of ${names}: ${without.length === 1 ? "it was" : "they were"} put where row and column say`,
    );
    return ok({ ...source, ...filled, notes: [...source.notes, note] });
  }
  return failed(
    problem(
      "tile-without-place",
      `${without.length} of ${ids.length} tiles have no place in ${source.words}: ${names}`,
      "Add them to the positions, or take the files out of tiles:.",
    ),
  );
}

/** Places as a linear map of row and column, by least squares over the tiles that have both. */
function byCells(
  { x, y }: Extract<Source, { kind: "places" }>,
  grid: Extract<Source, { kind: "grid" }>,
  without: readonly number[],
): { x: Float64Array; y: Float64Array } | undefined {
  const known = Array.from(x, (_, i) => i).filter((i) => !Number.isNaN(x[i]!));
  const mean = (v: ArrayLike<number>) => known.reduce((sum, i) => sum + v[i]!, 0) / known.length;
  const [mu, mv, mx, my] = [mean(grid.x), mean(grid.y), mean(x), mean(y)];
  let [uu, uv, vv, ux, vx, uy, vy] = [0, 0, 0, 0, 0, 0, 0];
  for (const i of known) {
    const [u, v, p, q] = [grid.x[i]! - mu, grid.y[i]! - mv, x[i]! - mx, y[i]! - my];
    uu += u * u;
    uv += u * v;
    vv += v * v;
    ux += u * p;
    vx += v * p;
    uy += u * q;
    vy += v * q;
  }
  const det = uu * vv - uv * uv;
  if (!(det > 1e-9)) return undefined;
  const [a, b] = [(ux * vv - vx * uv) / det, (vx * uu - ux * uv) / det];
  const [c, d] = [(uy * vv - vy * uv) / det, (vy * uu - uy * uv) / det];
  const [outX, outY] = [x.slice(), y.slice()];
  for (const i of without) {
    const [u, v] = [grid.x[i]! - mu, grid.y[i]! - mv];
    outX[i] = mx + a * u + b * v;
    outY[i] = my + c * u + d * v;
  }
  return { x: outX, y: outY };
}

function samePlace(
  { x, y, words }: { readonly x: Float64Array; readonly y: Float64Array; readonly words: string },
  ids: readonly string[],
  size: { readonly width: number; readonly height: number },
): Diagnostic | undefined {
  const order = Array.from(ids.keys()).sort((i, j) => x[i]! - x[j]!);
  const near = SAME_PLACE * Math.min(size.width, size.height);
  // Positions in a unit of their own may lie close: a place is the same only if it is near in their own steps, too.
  const reach = Math.max(...[x, y].map(spanOf));
  const limit = Math.min(near, (SAME_PLACE * reach) / Math.sqrt(ids.length));
  const pairs: string[] = [];
  for (const [n, i] of order.entries()) {
    for (let m = n + 1; m < order.length && x[order[m]!]! - x[i]! <= limit; m++) {
      const j = order[m]!;
      if (Math.abs(y[j]! - y[i]!) <= limit) pairs.push(`${ids[Math.min(i, j)]} and ${ids[Math.max(i, j)]}`);
    }
  }
  if (pairs.length === 0) return undefined;
  return problem(
    "same-place",
    `${words[0]!.toUpperCase()}${words.slice(1)} put ${someOf(pairs, 3)} at one place`,
    "Give one image of each place: the others may be repeats, channels, or focus planes.",
  );
}

const spanOf = (values: Float64Array): number => {
  const [least, most] = values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
  return most - least;
};

function finish(
  decision: Decision,
  source: string,
  { ids, images }: LayoutRequest,
  { size, tiles }: Looking,
  notes: readonly Diagnostic[],
): LayoutOutcome {
  const fromZero = (values: Float64Array) => {
    const least = values.reduce((m, v) => Math.min(m, v), Number.POSITIVE_INFINITY);
    return values.map((v) => v - least);
  };
  const [x, y] = [fromZero(decision.x), fromZero(decision.y)];
  const cells = decision.row && decision.col ? { row: decision.row, col: decision.col } : cellsOf(x, y, size);
  const layout = {
    tiles: ids,
    ...{ x, y },
    width: Float64Array.from(images, ({ grid }) => grid.width),
    height: Float64Array.from(images, ({ grid }) => grid.height),
    row: cells?.row ?? new Int32Array(ids.length).fill(-1),
    col: cells?.col ?? new Int32Array(ids.length).fill(-1),
  };
  const all = [...notes, ...decision.notes];
  const holes = cells ? emptyCells(layout) : [];
  if (holes.length > 0) {
    all.push(
      warning(
        "cells-empty",
        `${holes.length === 1 ? "One cell of the grid has" : `${holes.length} cells of the grid have`} no tile: ${someOf(holes)}`,
        "The mosaic has holes there, unless neighbours cover them.",
      ),
    );
  }
  const { trial } = decision;
  const overlap = trial?.fit && sizeOverlap(layout, size);
  const metrics = {
    tiles: { value: ids.length },
    ...(cells
      ? {
          rows: { value: 1 + maxOf(layout.row) },
          columns: { value: 1 + maxOf(layout.col) },
          "missing-tiles": { value: holes.length },
        }
      : {}),
    ...(overlap
      ? { "overlap-x": { value: 100 * overlap[0], unit: "%" }, "overlap-y": { value: 100 * overlap[1], unit: "%" } }
      : {}),
    ...(trial ? { "trial-pairs": { value: asked(trial) }, "agreeing-pairs": { value: agreeing(trial) } } : {}),
    ...(trial?.fit ? { "stage-error": { value: trial.fit.rmse, unit: "px" } } : {}),
    "tiles-read": { value: tiles.planes.size },
  };
  const verdict = { status: decision.status, reasons: decision.reasons, metrics, stopped: decision.checked };
  const words = { source, checked: decision.checked, ...(decision.order ? { order: decision.order } : {}) };
  return { layout, verdict, metrics, notes: all, words };
}

const maxOf = (values: Int32Array): number => values.reduce((m, v) => Math.max(m, v), -1);

/** Median overlap of tiles that lie side by side, as shares of width and height. */
function sizeOverlap(
  { x, y, row, col }: { x: Float64Array; y: Float64Array; row: Int32Array; col: Int32Array },
  size: Looking["size"],
): readonly [number, number] | undefined {
  if (row.some((v) => v < 0)) return undefined;
  const at = new Map(Array.from(row, (r, i) => [`${r},${col[i]}`, i]));
  const next = (dr: number, dc: number, of: Float64Array) =>
    Array.from(row, (r, i) => {
      const j = at.get(`${r + dr},${col[i]! + dc}`);
      return j === undefined ? [] : [of[j]! - of[i]!];
    }).flat();
  const share = (steps: number[], side: number) => (steps.length > 0 ? 1 - median(steps) / side : Number.NaN);
  const out = [share(next(0, 1, x), size.width), share(next(1, 0, y), size.height)] as const;
  return out;
}

function emptyCells({ row, col }: { readonly row: Int32Array; readonly col: Int32Array }): string[] {
  const have = new Set(Array.from(row, (r, i) => `${r},${col[i]}`));
  const [rows, cols] = [maxOf(row) + 1, maxOf(col) + 1];
  if (rows * cols > 4 * row.length + 100) return [];
  const out: string[] = [];
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < cols; c++) if (!have.has(`${r},${c}`)) out.push(`row ${r} col ${c}`);
  return out;
}
