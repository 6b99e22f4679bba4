/** Tiles' places in steps of a grid, or in any unit that both axes share. */
export interface Places {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
}

/** Two tiles that lie side by side along one axis of the places: b comes after a. */
export interface Neighbours {
  readonly a: number;
  readonly b: number;
  readonly axis: 0 | 1;
  /** Place of b minus place of a. */
  readonly dx: number;
  readonly dy: number;
}

/** What lies at most this many times farther along an axis than the median neighbour still counts as one. */
const FARTHEST = 1.5;
/** How far aside a neighbour may lie, as a share of the distance along the axis. */
const ASIDE = 0.4;

/**
 * The next tile along x and along y of each tile, wherever there is one: the grid may have holes, and need be none.
 *
 * @returns pairs of axis 0 by tile, then pairs of axis 1
 */
export function neighboursOf({ x, y }: Places): Neighbours[] {
  const count = x.length;
  const cell = cellSize(x, y);
  const bucketOf = (i: number) => `${Math.floor(x[i]! / cell)},${Math.floor(y[i]! / cell)}`;
  const buckets = new Map<string, number[]>();
  for (let i = 0; i < count; i++) {
    const key = bucketOf(i);
    const bucket = buckets.get(key);
    if (bucket) bucket.push(i);
    else buckets.set(key, [i]);
  }
  const out: Neighbours[] = [];
  for (const axis of [0, 1] as const) {
    const found: Neighbours[] = [];
    for (let i = 0; i < count; i++) {
      const [bx, by] = [Math.floor(x[i]! / cell), Math.floor(y[i]! / cell)];
      let best: Neighbours | undefined;
      for (let v = -2; v <= 2; v++) {
        for (let u = -2; u <= 2; u++) {
          for (const j of buckets.get(`${bx + u},${by + v}`) ?? []) {
            const [dx, dy] = [x[j]! - x[i]!, y[j]! - y[i]!];
            const [along, aside] = axis === 0 ? [dx, dy] : [dy, dx];
            if (j === i || along <= 0 || Math.abs(aside) > ASIDE * along) continue;
            if (!best || along < (axis === 0 ? best.dx : best.dy)) best = { a: i, b: j, axis, dx, dy };
          }
        }
      }
      if (best) found.push(best);
    }
    const along = ({ dx, dy }: Neighbours) => (axis === 0 ? dx : dy);
    const usual = median(found.map(along));
    out.push(...found.filter((pair) => along(pair) <= FARTHEST * usual));
  }
  return out;
}

/**
 * Puts pairs in the order in which they are tried: squares of four tiles first, which give four pairs of four tiles, spread
 * over the mosaic; then the others. Any beginning of the list is a fair sample of both axes.
 */
export function trialOrder(pairs: readonly Neighbours[]): Neighbours[] {
  const after = [new Map<number, Neighbours>(), new Map<number, Neighbours>()] as const;
  for (const pair of pairs) after[pair.axis].set(pair.a, pair);
  const squares: Neighbours[][] = [];
  for (const across of after[0].values()) {
    const down = after[1].get(across.a);
    const downRight = after[1].get(across.b);
    const acrossBelow = down && after[0].get(down.b);
    if (down && downRight && acrossBelow && downRight.b === acrossBelow.b) {
      squares.push([across, down, acrossBelow, downRight]);
    }
  }
  const seen = new Set<Neighbours>();
  const out: Neighbours[] = [];
  const take = (pair: Neighbours) => {
    if (seen.has(pair)) return;
    seen.add(pair);
    out.push(pair);
  };
  for (const square of spread(squares)) square.forEach(take);
  // What is left, one axis after the other in turn.
  const rest = [0, 1].map((axis) => spread(pairs.filter((pair) => pair.axis === axis && !seen.has(pair))));
  for (let i = 0; i < Math.max(rest[0]!.length, rest[1]!.length); i++)
    for (const list of rest) if (list[i]) take(list[i]!);
  return out;
}

/** The list in an order in which neighbours are far apart: steps of the golden ratio. */
function spread<T>(list: readonly T[]): T[] {
  const n = list.length;
  let step = Math.max(1, Math.round(n * 0.381966));
  while (gcd(step, n) !== 1) step++;
  return Array.from({ length: n }, (_, i) => list[(i * step) % n]!);
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** About the distance of neighbours: the side of a square that each place has for itself. */
function cellSize(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < x.length; i++) {
    [left, right] = [Math.min(left, x[i]!), Math.max(right, x[i]!)];
    [top, bottom] = [Math.min(top, y[i]!), Math.max(bottom, y[i]!)];
  }
  const [width, height] = [right - left, bottom - top];
  const area = Math.sqrt(((width || height) * (height || width)) / x.length);
  const line = Math.max(width, height) / x.length;
  return Math.max(area, 1.2 * line) || 1;
}

/** The median; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
