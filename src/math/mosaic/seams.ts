import { failed, problem, type Result } from "../../core/diagnostic.js";
import type { Window } from "../../core/grid.js";
import type { Image } from "../../core/image.js";
import type { TilePlaces, TileSeams } from "../../core/tile-tables.js";
import type { Metrics } from "../../core/verdict.js";
import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { readGray } from "../read-plane.js";

/** Side of the squares whose brightness is compared, pixels: small enough to see a slope, large enough for noise to cancel. */
const SQUARE = 48;
/** Overlaps less wide or high than this tell nothing. */
const SIDE_MIN = 4;
/** Longest side of an overlap that is read: the middle of longer ones. */
const LENGTH_MAX = 2048;

/** Two tiles that overlap, by index. */
export interface Overlap {
  readonly a: number;
  readonly b: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Tiles that overlap by at least `SIDE_MIN` pixels, not counting those that touch at corners alone; in the order of the tiles. */
export function overlapsOf({ tiles, x, y, width, height }: TilePlaces): Overlap[] {
  const order = tiles.map((_, i) => i).sort((i, j) => x[i]! - x[j]! || i - j);
  const found: Overlap[] = [];
  order.forEach((i, k) => {
    for (let n = k + 1; n < order.length; n++) {
      const j = order[n]!;
      if (x[j]! >= x[i]! + width[i]!) break;
      const left = x[j]!;
      const right = Math.min(x[i]! + width[i]!, x[j]! + width[j]!);
      const top = Math.max(y[i]!, y[j]!);
      const bottom = Math.min(y[i]! + height[i]!, y[j]! + height[j]!);
      const [w, h] = [right - left, bottom - top];
      const corner = w < width[i]! / 2 && h < height[i]! / 2;
      if (w < SIDE_MIN || h < SIDE_MIN || corner) continue;
      found.push({ a: Math.min(i, j), b: Math.max(i, j), x: left, y: top, width: w, height: h });
    }
  });
  return found.sort((p, q) => p.a - q.a || p.b - q.b);
}

/**
 * How brightness steps from tile to tile where they overlap. Placed to whole pixels; colours in gray.
 *
 * @param most  overlaps that are looked at, spread evenly over all
 */
export async function measureSeams(
  tiles: ReadonlyMap<string, Image>,
  places: TilePlaces,
  most: number,
  context: { readonly signal: AbortSignal; progress(fraction: number): void },
): Promise<Result<{ readonly seams: TileSeams; readonly metrics: Metrics }>> {
  const missing = places.tiles.find((id) => !tiles.has(id));
  if (missing !== undefined) {
    return failed(problem("tile-not-given", `The positions name the tile ${missing}, but it is not among the tiles`));
  }
  const all = overlapsOf(places);
  const count = Math.min(most, all.length);
  const chosen = Array.from({ length: count }, (_, k) => all[Math.floor(((k + 0.5) * all.length) / count)]!);
  const rows: { overlap: Overlap; step: number; gain: number; ncc: number }[] = [];
  for (const [k, overlap] of chosen.entries()) {
    context.signal.throwIfAborted();
    const seen = await compare(tiles, places, overlap, context.signal);
    if (seen) rows.push({ overlap, ...seen });
    context.progress((k + 1) / count);
  }
  const column = (of: (row: (typeof rows)[number]) => number) => Float64Array.from(rows, of);
  const seams: TileSeams = {
    a: rows.map(({ overlap }) => places.tiles[overlap.a]!),
    b: rows.map(({ overlap }) => places.tiles[overlap.b]!),
    x: column(({ overlap }) => overlap.x),
    y: column(({ overlap }) => overlap.y),
    width: column(({ overlap }) => overlap.width),
    height: column(({ overlap }) => overlap.height),
    step: column(({ step }) => step),
    gain: column(({ gain }) => gain),
    ncc: column(({ ncc }) => ncc),
  };
  return { ok: true, value: { seams, metrics: metricsOf(seams) } };
}

function metricsOf({ step, ncc }: TileSeams): Metrics {
  const sorted = [...step].sort((a, b) => a - b);
  const mean = (of: readonly number[]) => of.reduce((sum, v) => sum + v, 0) / of.length;
  const correlations = [...ncc].filter((v) => !Number.isNaN(v));
  const percent = (value: number) => ({ value: 100 * value, unit: "%" });
  return {
    seams: { value: step.length },
    ...(sorted.length > 0
      ? {
          "seam-step": percent(mean(sorted)),
          "seam-step-95": percent(sorted[Math.ceil(0.95 * sorted.length) - 1]!),
        }
      : {}),
    ...(correlations.length > 0 ? { "overlap-ncc": { value: mean(correlations) } } : {}),
  };
}

async function compare(tiles: ReadonlyMap<string, Image>, places: TilePlaces, overlap: Overlap, signal: AbortSignal) {
  using arena = kernels().arena();
  const { a, b } = overlap;
  // b's first pixel in pixels of a, whole.
  const dx = Math.round(places.x[b]! - places.x[a]!);
  const dy = Math.round(places.y[b]! - places.y[a]!);
  const span = (d: number, first: number, second: number): readonly [from: number, length: number] => {
    const from = Math.max(0, d);
    const length = Math.min(first, d + second) - from;
    return length <= LENGTH_MAX ? [from, length] : [from + ((length - LENGTH_MAX) >> 1), LENGTH_MAX];
  };
  const [x, width] = span(dx, places.width[a]!, places.width[b]!);
  const [y, height] = span(dy, places.height[a]!, places.height[b]!);
  if (width < SIDE_MIN || height < SIDE_MIN) return undefined;
  const values = (of: number, window: Window) => readDense(arena, tiles.get(places.tiles[of]!)!, window, signal);
  const first = await values(a, { x, y, width, height });
  const second = await values(b, { x: x - dx, y: y - dy, width, height });
  return differences(first, second, width, height);
}

async function readDense(arena: Arena, image: Image, window: Window, signal: AbortSignal): Promise<Float32Array> {
  const plane = await readGray(arena, image, window, { signal });
  const out = new Float32Array(window.width * window.height);
  for (let y = 0; y < window.height; y++)
    out.set(arena.f32(plane.at + 4 * y * plane.stride, window.width), y * window.width);
  arena.free(plane.at);
  return out;
}

/** @returns `undefined` where the two have no pixel in common that both observed */
export function differences(
  a: Float32Array,
  b: Float32Array,
  width: number,
  height: number,
): { readonly step: number; readonly gain: number; readonly ncc: number } | undefined {
  const across = Math.max(1, Math.round(width / SQUARE));
  const down = Math.max(1, Math.round(height / SQUARE));
  const sums = new Float64Array(3 * across * down);
  let [n, sa, sb, saa, sbb, sab] = [0, 0, 0, 0, 0, 0];
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * down) / height) * across;
    for (let x = 0; x < width; x++) {
      const p = a[y * width + x]!;
      const q = b[y * width + x]!;
      if (Number.isNaN(p) || Number.isNaN(q)) continue;
      const cell = 3 * (row + Math.floor((x * across) / width));
      sums[cell] = sums[cell]! + 1;
      sums[cell + 1] = sums[cell + 1]! + p;
      sums[cell + 2] = sums[cell + 2]! + q;
      n++;
      sa += p;
      sb += q;
      saa += p * p;
      sbb += q * q;
      sab += p * q;
    }
  }
  if (n === 0) return undefined;
  let [step, squares] = [0, 0];
  for (let cell = 0; cell < sums.length; cell += 3) {
    const level = (sums[cell + 1]! + sums[cell + 2]!) / 2;
    // Squares that are mostly unobserved, and those without light, have no step to speak of.
    if (sums[cell]! < 16 || !(level > 0)) continue;
    step += Math.abs(sums[cell + 1]! - sums[cell + 2]!) / level;
    squares++;
  }
  const va = saa - (sa * sa) / n;
  const vb = sbb - (sb * sb) / n;
  return {
    step: squares > 0 ? step / squares : 0,
    gain: sa > 0 ? sb / sa - 1 : 0,
    ncc: va > 0 && vb > 0 ? (sab - (sa * sb) / n) / Math.sqrt(va * vb) : Number.NaN,
  };
}
