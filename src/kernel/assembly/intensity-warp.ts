// A stretch of a row of the moving plane, as the fixed plane's pixels see it.

/** Whole numbers of small floats: next to 1.5 * 2^23 float32 has whole numbers alone. A conversion costs twice as much. */
@inline
export function whole(v: v128): v128 {
  return i32x4.sub(f32x4.add(v, f32x4.splat(12582912)), i32x4.splat(0x4b400000));
}

@inline
export function pair(p: usize, q: usize): v128 {
  return v128.load64_lane(q, v128.load64_zero(p), 1);
}

/** Bilinear samples at four places, relative to `base`. */
@inline function sample4(base: usize, rowBytes: usize, stride: v128, px: v128, py: v128): v128 {
  const xf = f32x4.floor(px), yf = f32x4.floor(py), fx = f32x4.sub(px, xf), fy = f32x4.sub(py, yf);
  const at = i32x4.shl(i32x4.add(i32x4.mul(whole(yf), stride), whole(xf)), 2);
  const p0 = base + <usize>i32x4.extract_lane(at, 0);
  let a: v128, b: v128, c: v128, d: v128;
  if (i32x4.all_true(i32x4.eq(at, i32x4.add(i32x4.splat(i32x4.extract_lane(at, 0)), i32x4(0, 4, 8, 12))))) {
    // Side by side, as they mostly are where there is little turn and no change of scale.
    a = v128.load(p0); b = v128.load(p0, 4);
    c = v128.load(p0 + rowBytes); d = v128.load(p0 + rowBytes, 4);
  } else {
    const p1 = base + <usize>i32x4.extract_lane(at, 1), p2 = base + <usize>i32x4.extract_lane(at, 2), p3 = base + <usize>i32x4.extract_lane(at, 3);
    const t = pair(p0, p1), u = pair(p2, p3), v = pair(p0 + rowBytes, p1 + rowBytes), w = pair(p2 + rowBytes, p3 + rowBytes);
    a = v128.shuffle<f32>(t, u, 0, 2, 4, 6); b = v128.shuffle<f32>(t, u, 1, 3, 5, 7);
    c = v128.shuffle<f32>(v, w, 0, 2, 4, 6); d = v128.shuffle<f32>(v, w, 1, 3, 5, 7);
  }
  const top = f32x4.add(a, f32x4.mul(fx, f32x4.sub(b, a))), bottom = f32x4.add(c, f32x4.mul(fx, f32x4.sub(d, c)));
  return f32x4.add(top, f32x4.mul(fy, f32x4.sub(bottom, top)));
}

/**
 * line[i] = moving(matrix(x + i, y)) for i in [0, n), n a multiple of 4, bilinear; all of it must lie in the plane.
 *
 * Places are float32 relative to the first one's whole pixel, so that they are as exact in a large image as in a small one.
 */
export function warpLinear(moving: usize, movingStride: i32, m: usize, x: i32, y: i32, n: i32, line: usize): void {
  const rowBytes = <usize>movingStride << 2, stride = i32x4.splat(movingStride);
  const X = <f64>x, Y = <f64>y;
  const u = load<f64>(m) * X + load<f64>(m, 8) * Y + load<f64>(m, 16);
  const v = load<f64>(m, 24) * X + load<f64>(m, 32) * Y + load<f64>(m, 40);
  const w = load<f64>(m, 48) * X + load<f64>(m, 56) * Y + load<f64>(m, 64);
  const left = Math.floor(u / w), top = Math.floor(v / w);
  const base = moving + ((<usize>(<i32>top * movingStride + <i32>left)) << 2);
  // (u + m0 i) / (w + m6 i) - left = ((u - left w) + (m0 - left m6) i) / (w + m6 i)
  const U = f32x4.splat(<f32>(u - left * w)), V = f32x4.splat(<f32>(v - top * w));
  const DU = f32x4.splat(<f32>(load<f64>(m) - left * load<f64>(m, 48))), DV = f32x4.splat(<f32>(load<f64>(m, 24) - top * load<f64>(m, 48)));
  const W = f32x4.splat(<f32>w), DW = f32x4.splat(<f32>load<f64>(m, 48));
  const four = f32x4.splat(4);
  let i = f32x4(0, 1, 2, 3);
  // Rows lie a page apart, so that the processor fetches nothing ahead where a stretch climbs from row to row: one load of each
  // cache line, all at once, in place of waiting for one after the other.
  let touched: f32 = 0;
  for (let k = 0; k < n; k += 16) {
    const t = <f32>k, d: f32 = <f32>1 / (f32x4.extract_lane(W, 0) + f32x4.extract_lane(DW, 0) * t);
    const column = <i32>((f32x4.extract_lane(U, 0) + f32x4.extract_lane(DU, 0) * t) * d);
    const below = <i32>((f32x4.extract_lane(V, 0) + f32x4.extract_lane(DV, 0) * t) * d) + 1;
    touched += load<f32>(base + (<usize>(below * movingStride + column) << 2));
  }
  store<f32>(line, touched);
  if (load<f64>(m, 48) == 0 && w == 1) {
    for (let k: usize = 0; k < <usize>n << 2; k += 16) {
      v128.store(line + k, sample4(base, rowBytes, stride, f32x4.add(U, f32x4.mul(DU, i)), f32x4.add(V, f32x4.mul(DV, i))));
      i = f32x4.add(i, four);
    }
  } else {
    for (let k: usize = 0; k < <usize>n << 2; k += 16) {
      const d = f32x4.add(W, f32x4.mul(DW, i));
      const px = f32x4.div(f32x4.add(U, f32x4.mul(DU, i)), d), py = f32x4.div(f32x4.add(V, f32x4.mul(DV, i)), d);
      v128.store(line + k, sample4(base, rowBytes, stride, px, py));
      i = f32x4.add(i, four);
    }
  }
}
