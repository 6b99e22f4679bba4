/**
 * Triangles of neighbouring points, with a code of their shape that does not change with shift, rotation and scale.
 *
 * The longest side goes from `a` to `b`, and the third corner `c` is nearer to `a`; the code is c as a complex number in
 * the frame where a is 0 and b is 1. It tells a triangle from its mirror image.
 */
export interface Triangles {
  readonly count: number;
  /** Corners: three indices for each, a, b, c. */
  readonly corners: Int32Array;
  /** Codes: two numbers for each. */
  readonly code: Float64Array;
  /** Length of the longest side. */
  readonly length: Float64Array;
}

/**
 * The triangles of each anchor with two of its `k` nearest neighbours, each once. Thin ones say little, and are left out.
 *
 * @param lists  neighbours of every point (see `neighbourLists`)
 * @param anchors  points whose triangles are wanted; of a triangle with several possible anchors the least is its anchor
 * @param thinnest  least height over the longest side
 */
export function trianglesOf(
  points: Float64Array,
  lists: Int32Array,
  k: number,
  anchors: ArrayLike<number>,
  thinnest: number,
): Triangles {
  const corners: number[] = [];
  const code: number[] = [];
  const length: number[] = [];
  const linked = (from: number, to: number): boolean => {
    for (let n = from * k; n < from * k + k; n++) if (lists[n] === to) return true;
    return false;
  };
  for (let t = 0; t < anchors.length; t++) {
    const p = anchors[t]!;
    for (let m = 1; m < k; m++) {
      const q = lists[p * k + m]!;
      if (q < 0) break;
      for (let n = 0; n < m; n++) {
        const r = lists[p * k + n]!;
        if (q < p && linked(q, p) && linked(q, r)) continue;
        if (r < p && linked(r, p) && linked(r, q)) continue;
        const one = canonical(points, p, q, r);
        if (!one || Math.abs(one.v) < thinnest) continue;
        corners.push(one.a, one.b, one.c);
        code.push(one.u, one.v);
        length.push(one.length);
      }
    }
  }
  return {
    count: length.length,
    corners: Int32Array.from(corners),
    code: Float64Array.from(code),
    length: Float64Array.from(length),
  };
}

function canonical(points: Float64Array, p: number, q: number, r: number) {
  const squared = (i: number, j: number): number => {
    const dx = points[2 * i]! - points[2 * j]!;
    const dy = points[2 * i + 1]! - points[2 * j + 1]!;
    return dx * dx + dy * dy;
  };
  const [pq, qr, rp] = [squared(p, q), squared(q, r), squared(r, p)];
  // a and b at the ends of the longest side; a is the end of the shorter of the two others.
  let [a, b, c] = pq >= qr && pq >= rp ? [p, q, r] : qr >= rp ? [q, r, p] : [r, p, q];
  if (squared(b, c) < squared(a, c)) [a, b] = [b, a];
  const base = squared(a, b);
  if (!(base > 0)) return undefined;
  const [bx, by] = [points[2 * b]! - points[2 * a]!, points[2 * b + 1]! - points[2 * a + 1]!];
  const [cx, cy] = [points[2 * c]! - points[2 * a]!, points[2 * c + 1]! - points[2 * a + 1]!];
  return { a, b, c, u: (cx * bx + cy * by) / base, v: (cy * bx - cx * by) / base, length: Math.sqrt(base) };
}

/** Triangles by code: which of them have a shape like a given one. */
export class ShapeHash {
  readonly #starts: Int32Array;
  readonly #items: Int32Array;
  readonly #cell: number;
  readonly #columns: number;
  readonly #rows: number;

  /** @param cell  side of a cell in the plane of codes: about the tolerance that is asked for */
  constructor(
    readonly triangles: Triangles,
    cell: number,
  ) {
    // u lies in [0, 0.5] and v in [-0.87, 0.87].
    this.#cell = Math.max(cell, 0.005);
    this.#columns = Math.ceil(0.52 / this.#cell) + 1;
    this.#rows = Math.ceil(1.76 / this.#cell) + 1;
    const { code, count } = triangles;
    this.#starts = new Int32Array(this.#columns * this.#rows + 1);
    this.#items = new Int32Array(count);
    const cells = new Int32Array(count);
    for (let t = 0; t < count; t++) {
      cells[t] = this.#row(code[2 * t + 1]!) * this.#columns + this.#column(code[2 * t]!);
      this.#starts[cells[t]! + 1]!++;
    }
    for (let c = 0; c < this.#columns * this.#rows; c++) this.#starts[c + 1]! += this.#starts[c]!;
    const next = this.#starts.slice();
    for (let t = 0; t < count; t++) this.#items[next[cells[t]!]!++] = t;
  }

  #column(u: number): number {
    return Math.max(0, Math.min(this.#columns - 1, Math.floor((u + 0.01) / this.#cell)));
  }
  #row(v: number): number {
    return Math.max(0, Math.min(this.#rows - 1, Math.floor((v + 0.88) / this.#cell)));
  }

  /** Calls `visit` with each triangle whose code lies within `tolerance` of (u, v). */
  each(u: number, v: number, tolerance: number, visit: (triangle: number) => void): void {
    const { code } = this.triangles;
    const [c0, c1] = [this.#column(u - tolerance), this.#column(u + tolerance)];
    for (let r = this.#row(v - tolerance); r <= this.#row(v + tolerance); r++) {
      const end = this.#starts[r * this.#columns + c1 + 1]!;
      for (let k = this.#starts[r * this.#columns + c0]!; k < end; k++) {
        const t = this.#items[k]!;
        const du = code[2 * t]! - u;
        const dv = code[2 * t + 1]! - v;
        if (du * du + dv * dv <= tolerance * tolerance) visit(t);
      }
    }
  }
}
