// Solving the matrix of free-form registration: tiles of the lattice by banded Cholesky factors, and its product with a vector.

/** i32 of a tile: first row and end, first column and end, 1 where numbers run down columns, first f32 of its factor, unused x 2. */
const TILE_INTS: usize = 8;

@inline
function dot(a: usize, b: usize, n: i32): f32 {
  let s = f32x4.splat(0), t = s, i = 0;
  for (; i + 8 <= n; i += 8) {
    s = f32x4.add(s, f32x4.mul(v128.load(a), v128.load(b)));
    t = f32x4.add(t, f32x4.mul(v128.load(a, 16), v128.load(b, 16)));
    a += 32; b += 32;
  }
  s = f32x4.add(s, t);
  let sum = (f32x4.extract_lane(s, 0) + f32x4.extract_lane(s, 1)) + (f32x4.extract_lane(s, 2) + f32x4.extract_lane(s, 3));
  for (; i < n; i++) {
    sum += load<f32>(a) * load<f32>(b);
    a += 4; b += 4;
  }
  return sum;
}

/** In place of a banded matrix's lower rows, [i][band - (i - j)], its Cholesky factor; the diagonal is kept as its reciprocal. */
function factor(m: usize, n: i32, band: i32): bool {
  const rowBytes = <usize>(band + 1) << 2;
  for (let i = 0; i < n; i++) {
    const r = m + <usize>i * rowBytes, first = max(0, i - band);
    for (let j = first; j < i; j++) {
      const q = m + <usize>j * rowBytes, from = max(first, j - band), at = r + ((<usize>(band - (i - j))) << 2);
      const sum = dot(r + ((<usize>(band - (i - from))) << 2), q + ((<usize>(band - (j - from))) << 2), j - from);
      store<f32>(at, (load<f32>(at) - sum) * load<f32>(q + (<usize>band << 2)));
    }
    const row = r + ((<usize>(band - (i - first))) << 2), diagonal = r + (<usize>band << 2);
    const d = load<f32>(diagonal) - dot(row, row, i - first);
    if (!(d > 0)) return false;
    store<f32>(diagonal, <f32>1 / sqrt<f32>(d));
  }
  return true;
}

/** Tiles [lo, hi): their part of the matrix (see `freeFormStencil`), factored. @param done  i32 for each: 1, or 0 where it is not positive definite */
export function freeFormFactor(
  lo: i32, hi: i32, tiles: usize, stencil: usize, plane: i32, columns: i32, factors: usize, done: usize,
): void {
  for (let t = lo; t < hi; t++) {
    const tile = tiles + (<usize>t * TILE_INTS << 2);
    const i0 = load<i32>(tile), i1 = load<i32>(tile, 4), j0 = load<i32>(tile, 8), j1 = load<i32>(tile, 12), turned = load<i32>(tile, 16) != 0;
    const side = turned ? i1 - i0 : j1 - j0, n = 2 * (i1 - i0) * (j1 - j0), band = 6 * side + 7;
    const m = factors + (<usize>load<u32>(tile, 20) << 2), rowBytes = <usize>(band + 1) << 2;
    memory.fill(m, 0, <usize>n * rowBytes);
    for (let i = i0; i < i1; i++) {
      for (let j = j0; j < j1; j++) {
        const p = turned ? (j - j0) * side + i - i0 : (i - i0) * side + j - j0;
        for (let o = 0; o < 25; o++) {
          const i2 = o < 4 ? i : i + (o - 4) / 7 + 1, j2 = o < 4 ? j + o : j + (o - 4) % 7 - 3;
          if (i2 >= i1 || j2 < j0 || j2 >= j1) continue;
          const q = turned ? (j2 - j0) * side + i2 - i0 : (i2 - i0) * side + j2 - j0;
          const at = stencil + ((<usize>(3 * o * plane + i * columns + j)) << 2);
          const xx = load<f32>(at), xy = load<f32>(at + (<usize>plane << 2)), yy = load<f32>(at + (<usize>plane << 3));
          const row = 2 * max(p, q), column = 2 * min(p, q);
          const upper = m + <usize>row * rowBytes + ((<usize>(band - (row - column))) << 2);
          store<f32>(upper, xx);
          if (o > 0) store<f32>(upper, xy, 4);
          store<f32>(upper + rowBytes - 4, xy);
          store<f32>(upper + rowBytes, yy);
        }
      }
    }
    store<i32>(done + (<usize>t << 2), factor(m, n, band) ? 1 : 0);
  }
}

/**
 * Tiles [lo, hi): solved by their factors.
 *
 * @param right  f32, right-hand side of all nodes: in x, then in y, planes of `plane` elements
 * @param out  f32, for each tile 2 x its nodes at 2 x `first` of its nodes, interleaved in the tile's own order
 */
export function freeFormSolve(
  lo: i32, hi: i32, tiles: usize, factors: usize, right: usize, plane: i32, columns: i32, out: usize,
): void {
  for (let t = lo; t < hi; t++) {
    const tile = tiles + (<usize>t * TILE_INTS << 2);
    const i0 = load<i32>(tile), i1 = load<i32>(tile, 4), j0 = load<i32>(tile, 8), j1 = load<i32>(tile, 12), turned = load<i32>(tile, 16) != 0;
    const side = turned ? i1 - i0 : j1 - j0, n = 2 * (i1 - i0) * (j1 - j0), band = 6 * side + 7;
    const m = factors + (<usize>load<u32>(tile, 20) << 2), rowBytes = <usize>(band + 1) << 2, b = out + (<usize>load<u32>(tile, 24) << 3);
    for (let i = i0; i < i1; i++) {
      for (let j = j0; j < j1; j++) {
        const p = turned ? (j - j0) * side + i - i0 : (i - i0) * side + j - j0;
        const from = right + ((<usize>(i * columns + j)) << 2);
        store<f32>(b + (<usize>p << 3), load<f32>(from));
        store<f32>(b + (<usize>p << 3), load<f32>(from + (<usize>plane << 2)), 4);
      }
    }
    for (let i = 0; i < n; i++) {
      const first = max(0, i - band), r = m + <usize>i * rowBytes, at = b + (<usize>i << 2);
      const sum = dot(r + ((<usize>(band - (i - first))) << 2), b + (<usize>first << 2), i - first);
      store<f32>(at, (load<f32>(at) - sum) * load<f32>(r + (<usize>band << 2)));
    }
    for (let i = n - 1; i >= 0; i--) {
      const first = max(0, i - band), r = m + <usize>i * rowBytes, at = b + (<usize>i << 2);
      const v = load<f32>(at) * load<f32>(r + (<usize>band << 2));
      store<f32>(at, v);
      let row = r + ((<usize>(band - (i - first))) << 2), x = b + (<usize>first << 2), left = i - first;
      const V = f32x4.splat(v);
      for (; left >= 4; left -= 4) {
        v128.store(x, f32x4.sub(v128.load(x), f32x4.mul(V, v128.load(row))));
        x += 16; row += 16;
      }
      for (; left > 0; left--) {
        store<f32>(x, load<f32>(x) - v * load<f32>(row));
        x += 4; row += 4;
      }
    }
  }
}

/**
 * Rows of nodes [lo, hi) of the matrix times a vector: planes in x and in y, f32, of `plane` elements, with at least
 * 3 (columns + 1) zeros before the first node and after the last.
 */
export function freeFormProduct(
  lo: i32, hi: i32, stencil: usize, plane: i32, columns: i32, rows: i32, vector: usize, vectorPlane: i32, out: usize,
): void {
  const bytes = <usize>plane << 2, vectorBytes = <usize>vectorPlane << 2;
  for (let i = lo; i < hi; i++) {
    const row = i * columns;
    for (let j = 0; j < columns; j += 4) {
      let x = f32x4.splat(0), y = x;
      for (let o = 0; o < 25; o++) {
        const di = o < 4 ? 0 : (o - 4) / 7 + 1, dj = o < 4 ? o : (o - 4) % 7 - 3;
        const step = <usize>(di * columns + dj) << 2, v = vector + ((<usize>(row + j)) << 2);
        const s = stencil + ((<usize>(3 * o * plane + row + j)) << 2);
        if (i + di < rows) {
          const xy = v128.load(s + bytes), a = v128.load(v + step), b = v128.load(v + step + vectorBytes);
          x = f32x4.add(x, f32x4.add(f32x4.mul(v128.load(s), a), f32x4.mul(xy, b)));
          y = f32x4.add(y, f32x4.add(f32x4.mul(xy, a), f32x4.mul(v128.load(s + 2 * bytes), b)));
        }
        if (o > 0 && i >= di && row + j >= dj) {
          const q = s - step, xy = v128.load(q + bytes), a = v128.load(v - step), b = v128.load(v - step + vectorBytes);
          x = f32x4.add(x, f32x4.add(f32x4.mul(v128.load(q), a), f32x4.mul(xy, b)));
          y = f32x4.add(y, f32x4.add(f32x4.mul(xy, a), f32x4.mul(v128.load(q + 2 * bytes), b)));
        }
      }
      const n = min(4, columns - j);
      for (let k = 0; k < n; k++) {
        const at = out + ((<usize>(row + j + k)) << 2);
        store<f32>(at, k == 0 ? f32x4.extract_lane(x, 0) : k == 1 ? f32x4.extract_lane(x, 1) : k == 2 ? f32x4.extract_lane(x, 2) : f32x4.extract_lane(x, 3));
        store<f32>(at + bytes, k == 0 ? f32x4.extract_lane(y, 0) : k == 1 ? f32x4.extract_lane(y, 1) : k == 2 ? f32x4.extract_lane(y, 2) : f32x4.extract_lane(y, 3));
      }
    }
  }
}
