import type { Window } from "../../../core/grid.js";
import { type Image, pixelView } from "../../../core/image.js";
import { kernels } from "../../../kernel/lane.js";
import type { Arena } from "../../../kernel/memory.js";
import type { BlockTarget } from "../../lazy.js";
import { emptyPlane, type Plane } from "../../plane.js";
import { blockPositions } from "../../positions.js";
import { writeSamples } from "../../read-plane.js";
import type { MosaicFrame } from "./frame.js";
import { chooseLabels } from "./warped-labels.js";
import type { Layers, WarpedTiles } from "./warped-tiles.js";

/** Sides of the squares of a block whose positions are looked at together. */
const SQUARE = 64;

/** Lays the tiles of one block together, band by band. */
export async function fuseWarped(
  mosaic: WarpedTiles,
  gains: readonly number[],
  block: Window,
  bands: readonly number[],
  out: BlockTarget,
  signal?: AbortSignal,
): Promise<void> {
  const { frame, mapping } = mosaic;
  using arena = kernels().arena();
  const at = blockPositions(arena, mapping, block);
  const squares = squaresOf(arena.f64(at, 2 * block.width * block.height), block);
  const parts = touched(frame, squares).flatMap((n) => {
    const part = partOf(squares, frame.tiles[n]!.covers);
    return part ? [{ tile: frame.tiles[n]!, gain: gains[n] ?? 1, part }] : [];
  });
  for (const [i, band] of bands.entries()) {
    const to = { ...out, from: out.from + i * out.plane };
    const layers = { block, band, parts, positions: at, ...(signal ? { signal } : {}) };
    if (mosaic.categorical) await chooseLabels(mosaic, layers, to);
    else await addUp(mosaic, layers, to);
  }
}

async function addUp(mosaic: WarpedTiles, { block, band, parts, positions, signal }: Layers, out: BlockTarget) {
  const k = kernels();
  using arena = k.arena();
  const sums = emptyPlane(arena, block.width, block.height);
  const weights = emptyPlane(arena, block.width, block.height);
  const none = mosaic.blend === "none";
  k.rows("fillRows", block.height, [sums.at, sums.stride, none ? Number.NaN : 0]);
  k.rows("fillRows", block.height, [weights.at, weights.stride, 0]);
  for (const { tile, gain, part } of parts) {
    using inner = k.arena();
    const image = mosaic.warped(tile, "float");
    const values = await readPart(inner, image, part, part, band, gain, signal);
    const offset = (part.y - block.y) * sums.stride + part.x - block.x;
    const first = (part.y - block.y) * block.width + part.x - block.x;
    k.rows("fuseAlong", part.height, [
      ...[values.at, values.stride, part.width, positions + 16 * first, block.width],
      ...[tile.left - tile.fractionX, tile.top - tile.fractionY, tile.image.grid.width, tile.image.grid.height],
      ...[none ? 0 : 1, sums.at + 4 * offset, weights.at + 4 * offset, sums.stride],
    ]);
  }
  if (!none) k.rows("fuseDivide", block.height, [sums.at, weights.at, sums.stride, block.width]);
  const whole = { left: 0, top: 0, width: block.width, height: block.height };
  writeSamples(arena, sums, whole, outType(mosaic), mosaic, out);
}

const outType = ({ frame }: WarpedTiles) => frame.tiles[0]!.image.dtype;

/** Part of a warped tile times a gain, as rows of whole vectors; of it only what is `shown` is read, and NaN elsewhere. */
export async function readPart(
  arena: Arena,
  image: Image,
  part: Window,
  shown: Window,
  band: number,
  gain: number,
  signal?: AbortSignal,
): Promise<Plane> {
  const plane = emptyPlane(arena, part.width, part.height);
  kernels().rows("fillRows", part.height, [plane.at, plane.stride, Number.NaN]);
  const { data } = await image.read(shown, { bands: [band], ...(signal ? { signal } : {}) });
  const to = pixelView("float32", kernels().heap.memory.buffer, plane.at, plane.stride * part.height);
  for (let y = 0, n = 0; y < shown.height; y++) {
    const row = (shown.y - part.y + y) * plane.stride + shown.x - part.x;
    for (let x = row; x < row + shown.width; x++, n++) to[x] = gain * data[n]!;
  }
  return plane;
}

export interface Square {
  readonly window: Window;
  /** Bounds of the mosaic pixels that it pulls. */
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/** Squares of a block that pull something, with what they pull. */
export function squaresOf(positions: Float64Array, block: Window): Square[] {
  const squares: Square[] = [];
  for (let y = 0; y < block.height; y += SQUARE) {
    for (let x = 0; x < block.width; x += SQUARE) {
      const width = Math.min(SQUARE, block.width - x);
      const height = Math.min(SQUARE, block.height - y);
      let [x0, y0, x1, y1] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, -1e300, -1e300];
      for (let j = y; j < y + height; j++) {
        for (let i = 2 * (j * block.width + x), end = i + 2 * width; i < end; i += 2) {
          const [px, py] = [positions[i]!, positions[i + 1]!];
          if (px < x0) x0 = px;
          if (px > x1) x1 = px;
          if (py < y0) y0 = py;
          if (py > y1) y1 = py;
        }
      }
      if (x1 >= x0 && y1 >= y0)
        squares.push({ window: { x: block.x + x, y: block.y + y, width, height }, x0, y0, x1, y1 });
    }
  }
  return squares;
}

/** Numbers of the tiles that may show something on these squares. */
export function touched({ index }: MosaicFrame, squares: readonly Square[]): number[] {
  const reach = bounds(squares);
  return reach ? index.touching(reach) : [];
}

/** A pixel more than the positions say, for their rounding. */
function bounds(squares: readonly Square[]): Window | undefined {
  if (squares.length === 0) return undefined;
  const least = (pick: (s: Square) => number) => squares.reduce((low, s) => Math.min(low, pick(s)), 1e9);
  const x = Math.max(-1e9, Math.floor(least((s) => s.x0)) - 1);
  const y = Math.max(-1e9, Math.floor(least((s) => s.y0)) - 1);
  const right = Math.min(1e9, Math.ceil(-least((s) => -s.x1)) + 2);
  const bottom = Math.min(1e9, Math.ceil(-least((s) => -s.y1)) + 2);
  return { x, y, width: Math.max(1, right - x), height: Math.max(1, bottom - y) };
}

/** The part of a block that can show a tile: whole squares. */
export function partOf(squares: readonly Square[], covers: Window): Window | undefined {
  const touching = squares.filter(
    (s) =>
      s.x1 >= covers.x - 1 &&
      s.y1 >= covers.y - 1 &&
      s.x0 <= covers.x + covers.width &&
      s.y0 <= covers.y + covers.height,
  );
  if (touching.length === 0) return undefined;
  const x = Math.min(...touching.map((s) => s.window.x));
  const y = Math.min(...touching.map((s) => s.window.y));
  const right = Math.max(...touching.map((s) => s.window.x + s.window.width));
  const bottom = Math.max(...touching.map((s) => s.window.y + s.window.height));
  return { x, y, width: right - x, height: bottom - y };
}
