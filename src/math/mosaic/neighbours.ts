/** Upright rectangles: first pixel centre and size, pixels of the tiles. */
export interface Rectangles {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  readonly width: ArrayLike<number>;
  readonly height: ArrayLike<number>;
}

/** Pairs of tiles, by number: a < b in each, in the order of a, then of b. */
export interface TilePairs {
  readonly a: Int32Array;
  readonly b: Int32Array;
}

export interface NeighbourOptions {
  /** An overlap shorter than this in one direction is none, pixels. */
  readonly least?: number;
  /** Corners that meet must share at least this part of the largest overlap that either tile has. */
  readonly share?: number;
}

/**
 * Pairs of tiles that overlap where the layout puts them, whatever its shape. Corners that meet diagonally count when they
 * show enough: at 10 % overlap they are a tenth of a side and tell little that the sides do not.
 */
export function neighbours(tiles: Rectangles, { least = 8, share = 0.25 }: NeighbourOptions = {}): TilePairs {
  const found = overlaps(tiles, least);
  const largest = new Float64Array(tiles.x.length);
  for (const { a, b, area } of found) {
    largest[a] = Math.max(largest[a]!, area);
    largest[b] = Math.max(largest[b]!, area);
  }
  const kept = found.filter(({ a, b, area, side }) => side || area >= share * Math.max(largest[a]!, largest[b]!));
  kept.sort((p, q) => p.a - q.a || p.b - q.b);
  return { a: Int32Array.from(kept, ({ a }) => a), b: Int32Array.from(kept, ({ b }) => b) };
}

interface Overlap {
  readonly a: number;
  readonly b: number;
  readonly area: number;
  /** They lie side by side: half a side and more is shared. */
  readonly side: boolean;
}

/** All overlaps, by sorting the tiles into cells of the largest tile's size: time in proportion to their number. */
function overlaps(tiles: Rectangles, least: number): Overlap[] {
  const count = tiles.x.length;
  const side = Math.max(1, greatest(tiles.width), greatest(tiles.height));
  const cellOf = (v: number) => Math.floor(v / side);
  const cells = new Map<string, number[]>();
  for (let i = 0; i < count; i++) {
    const key = `${cellOf(tiles.x[i]!)},${cellOf(tiles.y[i]!)}`;
    const there = cells.get(key);
    if (there) there.push(i);
    else cells.set(key, [i]);
  }
  const found: Overlap[] = [];
  for (let a = 0; a < count; a++) {
    const [cx, cy] = [cellOf(tiles.x[a]!), cellOf(tiles.y[a]!)];
    for (let v = cy - 1; v <= cy + 1; v++) {
      for (let u = cx - 1; u <= cx + 1; u++) {
        for (const b of cells.get(`${u},${v}`) ?? []) {
          if (b <= a) continue;
          const [w, h] = overlapOf(tiles, a, b);
          if (w < least || h < least) continue;
          const half = (of: ArrayLike<number>) => Math.min(of[a]!, of[b]!) / 2;
          found.push({ a, b, area: w * h, side: w >= half(tiles.width) || h >= half(tiles.height) });
        }
      }
    }
  }
  return found;
}

/** Width and height of what two tiles share; not positive where they share nothing. */
export function overlapOf({ x, y, width, height }: Rectangles, a: number, b: number): readonly [number, number] {
  return [
    Math.min(x[a]! + width[a]!, x[b]! + width[b]!) - Math.max(x[a]!, x[b]!),
    Math.min(y[a]! + height[a]!, y[b]! + height[b]!) - Math.max(y[a]!, y[b]!),
  ];
}

function greatest(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, values[i]!);
  return most;
}
