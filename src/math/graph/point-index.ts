/** Points in square cells, to be found by place. Coordinates are interleaved, in any unit. */
export class PointIndex {
  readonly #starts: Int32Array;
  readonly #items: Int32Array;
  readonly #columns: number;
  readonly #rows: number;
  readonly #x0: number;
  readonly #y0: number;
  readonly #cell: number;

  constructor(readonly points: Float64Array) {
    const n = points.length / 2;
    let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < n; i++) {
      x0 = Math.min(x0, points[2 * i]!);
      x1 = Math.max(x1, points[2 * i]!);
      y0 = Math.min(y0, points[2 * i + 1]!);
      y1 = Math.max(y1, points[2 * i + 1]!);
    }
    if (n === 0) [x0, y0, x1, y1] = [0, 0, 0, 0];
    // About two points for each cell; a row of points has cells along its length alone.
    const [w, h] = [x1 - x0, y1 - y0];
    const cells = Math.max(1, n / 2);
    this.#cell = Math.max(Math.sqrt((w * h) / cells), Math.max(w, h) / cells, Number.MIN_VALUE) || 1;
    this.#x0 = x0;
    this.#y0 = y0;
    this.#columns = Math.floor(w / this.#cell) + 1;
    this.#rows = Math.floor(h / this.#cell) + 1;
    this.#starts = new Int32Array(this.#columns * this.#rows + 1);
    this.#items = new Int32Array(n);
    const cellOf = new Int32Array(n);
    for (let i = 0; i < n; i++) {
      const column = Math.min(this.#columns - 1, Math.floor((points[2 * i]! - x0) / this.#cell));
      const row = Math.min(this.#rows - 1, Math.floor((points[2 * i + 1]! - y0) / this.#cell));
      cellOf[i] = row * this.#columns + column;
      this.#starts[cellOf[i]! + 1]!++;
    }
    for (let c = 0; c < this.#columns * this.#rows; c++) this.#starts[c + 1]! += this.#starts[c]!;
    const next = this.#starts.slice();
    for (let i = 0; i < n; i++) this.#items[next[cellOf[i]!]!++] = i;
  }

  get count(): number {
    return this.points.length / 2;
  }

  /** The point nearest to a place, among those nearer than `radius`; -1 for none. Of equals the first. */
  nearest(x: number, y: number, radius: number): number {
    const p = this.points;
    const c0 = Math.max(0, Math.floor((x - radius - this.#x0) / this.#cell));
    const c1 = Math.min(this.#columns - 1, Math.floor((x + radius - this.#x0) / this.#cell));
    const r0 = Math.max(0, Math.floor((y - radius - this.#y0) / this.#cell));
    const r1 = Math.min(this.#rows - 1, Math.floor((y + radius - this.#y0) / this.#cell));
    let found = -1;
    let least = radius * radius;
    for (let r = r0; r <= r1; r++) {
      const end = this.#starts[r * this.#columns + c1 + 1]!;
      for (let k = c0 <= c1 ? this.#starts[r * this.#columns + c0]! : end; k < end; k++) {
        const i = this.#items[k]!;
        const dx = p[2 * i]! - x;
        const dy = p[2 * i + 1]! - y;
        const d = dx * dx + dy * dy;
        if (d < least || (d === least && found >= 0 && i < found)) {
          least = d;
          found = i;
        }
      }
    }
    return found;
  }

  /** Squared distance to the nearest point; `radius` bounds the search, and what lies beyond may count as infinite. */
  squaredToNearest(x: number, y: number, radius: number): number {
    const p = this.points;
    const c0 = Math.max(0, Math.floor((x - radius - this.#x0) / this.#cell));
    const c1 = Math.min(this.#columns - 1, Math.floor((x + radius - this.#x0) / this.#cell));
    const r0 = Math.max(0, Math.floor((y - radius - this.#y0) / this.#cell));
    const r1 = Math.min(this.#rows - 1, Math.floor((y + radius - this.#y0) / this.#cell));
    let least = Number.POSITIVE_INFINITY;
    if (c1 < c0) return least;
    for (let r = r0; r <= r1; r++) {
      const end = this.#starts[r * this.#columns + c1 + 1]!;
      for (let k = this.#starts[r * this.#columns + c0]!; k < end; k++) {
        const i = 2 * this.#items[k]!;
        const dx = p[i]! - x;
        const dy = p[i + 1]! - y;
        const d = dx * dx + dy * dy;
        if (d < least) least = d;
      }
    }
    return least;
  }

  /** Calls `visit` with every point nearer to a place than `radius`. */
  within(x: number, y: number, radius: number, visit: (index: number) => void): void {
    const p = this.points;
    const c0 = Math.max(0, Math.floor((x - radius - this.#x0) / this.#cell));
    const c1 = Math.min(this.#columns - 1, Math.floor((x + radius - this.#x0) / this.#cell));
    const r0 = Math.max(0, Math.floor((y - radius - this.#y0) / this.#cell));
    const r1 = Math.min(this.#rows - 1, Math.floor((y + radius - this.#y0) / this.#cell));
    for (let r = r0; r <= r1 && c0 <= c1; r++) {
      const end = this.#starts[r * this.#columns + c1 + 1]!;
      for (let k = this.#starts[r * this.#columns + c0]!; k < end; k++) {
        const i = this.#items[k]!;
        if ((p[2 * i]! - x) ** 2 + (p[2 * i + 1]! - y) ** 2 < radius * radius) visit(i);
      }
    }
  }

  /**
   * The `k` points nearest to a place, the nearest first, with squared distances; fewer where there are fewer points.
   *
   * @param skip  a point that does not count: the one that asks
   */
  nearestFew(x: number, y: number, k: number, skip = -1): { readonly index: number; readonly squared: number }[] {
    const found: { index: number; squared: number }[] = [];
    const cx = Math.floor((x - this.#x0) / this.#cell);
    const cy = Math.floor((y - this.#y0) / this.#cell);
    // Rings of cells around the place; one that lies outside of the index begins where a ring first touches it.
    const first = Math.max(0, -cx, cx - this.#columns + 1, -cy, cy - this.#rows + 1);
    const last = Math.max(Math.abs(cx), Math.abs(cx - this.#columns), Math.abs(cy), Math.abs(cy - this.#rows));
    for (let ring = first; ring <= last; ring++) {
      const inner = (ring - 1) * this.#cell;
      if (found.length === k && ring > 0 && found[k - 1]!.squared <= inner * inner) break;
      for (let r = Math.max(0, cy - ring); r <= Math.min(this.#rows - 1, cy + ring); r++) {
        const whole = Math.abs(r - cy) === ring;
        const step = whole ? 1 : 2 * ring;
        for (
          let c = whole ? Math.max(0, cx - ring) : cx - ring;
          c <= Math.min(this.#columns - 1, cx + ring);
          c += step
        ) {
          if (c >= 0) this.#collect(r * this.#columns + c, x, y, k, skip, found);
        }
      }
    }
    return found;
  }

  #collect(cell: number, x: number, y: number, k: number, skip: number, found: { index: number; squared: number }[]) {
    for (let at = this.#starts[cell]!; at < this.#starts[cell + 1]!; at++) {
      const index = this.#items[at]!;
      if (index === skip) continue;
      const dx = this.points[2 * index]! - x;
      const dy = this.points[2 * index + 1]! - y;
      const squared = dx * dx + dy * dy;
      const after = (o: { index: number; squared: number }) =>
        o.squared < squared || (o.squared === squared && o.index < index);
      if (found.length === k && after(found[k - 1]!)) continue;
      let place = found.length;
      while (place > 0 && !after(found[place - 1]!)) place--;
      found.splice(place, 0, { index, squared });
      if (found.length > k) found.pop();
    }
  }
}

/** The `k` nearest neighbours of every point, nearest first: row i holds those of point i, -1 where there are too few. */
export function neighbourLists(index: PointIndex, k: number): Int32Array {
  const lists = new Int32Array(index.count * k).fill(-1);
  for (let i = 0; i < index.count; i++) {
    const near = index.nearestFew(index.points[2 * i]!, index.points[2 * i + 1]!, k, i);
    near.forEach((one, n) => {
      lists[i * k + n] = one.index;
    });
  }
  return lists;
}

/**
 * Typical distance between neighbours: 1 / sqrt(density) where points lie at random, taken from distances to the third
 * nearest neighbour, so that empty parts of the plane do not count.
 */
export function typicalSpacing(index: PointIndex): number {
  const { points, count } = index;
  if (count < 2) return 0;
  const step = Math.max(1, Math.floor(count / 2000));
  const distances: number[] = [];
  for (let i = 0; i < count; i += step) {
    const near = index.nearestFew(points[2 * i]!, points[2 * i + 1]!, 3, i);
    distances.push(Math.sqrt(near[near.length - 1]!.squared));
  }
  distances.sort((a, b) => a - b);
  // The median distance to the third neighbour among random points of density 1.
  return distances[distances.length >> 1]! / 0.9226;
}
