import type { Plane } from "./plane.js";
import type { Method } from "./warp.js";

/** A tile whose first pixel's centre is at (x, y) of the mosaic. */
export interface Tile extends Plane {
  readonly x: number;
  readonly y: number;
}

const sinc = (t: number): number => (t === 0 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t));

function keys(t: number): number {
  const x = Math.abs(t);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

function weight(method: Method, t: number): number {
  if (method === "cubic") return keys(t);
  if (method === "lanczos3") return Math.abs(t) < 3 ? sinc(t) * sinc(t / 3) : 0;
  return Math.max(0, 1 - Math.abs(t));
}

/** Samples that count at a position, and their shares; those of no weight do not count. */
function taps(method: Method, s: number): { at: number; share: number }[] {
  const list = [-3, -2, -1, 0, 1, 2, 3]
    .map((k) => Math.floor(s) + k)
    .map((at) => ({ at, share: weight(method, s - at) }));
  const used = list.filter(({ share, at }) => share !== 0 && (s % 1 !== 0 || at === s));
  const sum = used.reduce((total, { share }) => total + share, 0);
  return used.map(({ at, share }) => ({ at, share: share / sum }));
}

/** The tile's sample at a place of the mosaic; NaN where its nearest one does not exist. */
export function tileAt(tile: Tile, method: Method, x: number, y: number): number {
  const at = (i: number, j: number) =>
    i >= 0 && j >= 0 && i < tile.width && j < tile.height ? tile.data[j * tile.width + i]! : Number.NaN;
  const [u, v] = [x - tile.x, y - tile.y];
  const nearest = at(Math.floor(u + 0.5), Math.floor(v + 0.5));
  if (method === "nearest" || Number.isNaN(nearest)) return nearest;
  let whole = 0;
  for (const j of taps(method, v)) for (const i of taps(method, u)) whole += i.share * j.share * at(i.at, j.at);
  if (!Number.isNaN(whole)) return whole;
  let [sum, total] = [0, 0];
  for (const j of taps("linear", v)) {
    for (const i of taps("linear", u)) {
      if (Number.isNaN(at(i.at, j.at))) continue;
      sum += i.share * j.share * at(i.at, j.at);
      total += i.share * j.share;
    }
  }
  return sum / total;
}

/** Distances from the edges along x and y, where a pixel next to the outside has 1. */
const distances = (tile: Tile, x: number, y: number): [number, number] => {
  const [u, v] = [x - tile.x, y - tile.y];
  return [Math.min(u + 1, tile.width - u), Math.min(v + 1, tile.height - v)];
};

/** The mosaic's sample at (x, y): see the kernel `fuse`. */
export function fuseAt(tiles: readonly Tile[], method: Method, blend: "none" | "linear", x: number, y: number): number {
  const seen = tiles
    .map((tile) => ({ value: tileAt(tile, method, x, y), from: distances(tile, x, y) }))
    .filter(({ value }) => !Number.isNaN(value));
  if (seen.length === 0) return Number.NaN;
  if (blend === "none") {
    return seen.reduce((best, one) => (one.from[0] * one.from[1] > best.from[0] * best.from[1] ? one : best)).value;
  }
  const total = seen.reduce((sum, { from }) => sum + from[0] * from[1], 0);
  return seen.reduce((sum, { value, from }) => sum + value * from[0] * from[1], 0) / total;
}

/** What a tile weighs at (x, y). */
export const weightAt = (tile: Tile, x: number, y: number): number => {
  const [u, v] = distances(tile, x, y);
  return u * v;
};
