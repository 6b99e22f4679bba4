// Two strips, sampled half way towards each other: what Lucas-Kanade passes over.

/** float64 numbers of a view, then four times four float32 weights. */
export const X0: usize = 0, X1: usize = 8, Y0: usize = 16, Y1: usize = 24; // samples, pixels of a
export const FIRST_A: usize = 32, FIRST_B: usize = 40; // addresses of the first taps of the first row
const WEIGHTS_A: usize = 64, WEIGHTS_B: usize = 96; // along x, along y
export const VIEW_BYTES: usize = 128;
/** Samples to each side of a pixel that its slope is made of. */
export const MARGIN: i32 = 2;

/** Cubic B-spline weights of four samples at fraction t, to four float32. */
function splineWeights(t: f64, out: usize): void {
  const u = 1 - t;
  store<f32>(out, <f32>((u * u * u) / 6));
  store<f32>(out, <f32>((3 * t * t * t - 6 * t * t + 4) / 6), 4);
  store<f32>(out, <f32>((3 * u * u * u - 6 * u * u + 4) / 6), 8);
  store<f32>(out, <f32>((t * t * t) / 6), 12);
}

/**
 * The view of the overlap at a shift: `whole` pixels, and a rest of which each strip takes half.
 *
 * @returns whether there is any overlap
 */
export function openView(
  a: usize, aBytes: usize, wa: i32, ha: i32, b: usize, bBytes: usize, wb: i32, hb: i32,
  dx: f64, dy: f64, wholeX: f64, wholeY: f64, view: usize,
): bool {
  const ix = <i32>wholeX, iy = <i32>wholeY;
  const hx = 0.5 * (dx - wholeX), hy = 0.5 * (dy - wholeY);
  // Taps reach two pixels to the side.
  const x0 = max(0, ix) + 2, x1 = min(wa, wb + ix) - 2, y0 = max(0, iy) + 2, y1 = min(ha, hb + iy) - 2;
  store<f64>(view, <f64>x0, X0);
  store<f64>(view, <f64>x1, X1);
  store<f64>(view, <f64>y0, Y0);
  store<f64>(view, <f64>y1, Y1);
  if (x1 - x0 < 4 + 2 * MARGIN || y1 - y0 < 4 + 2 * MARGIN) return false;
  // The first tap is one before the sample, or two where the fraction is negative.
  const ax = x0 - (hx < 0 ? 2 : 1), ay = y0 - (hy < 0 ? 2 : 1);
  const bx = x0 - ix - (hx > 0 ? 2 : 1), by = y0 - iy - (hy > 0 ? 2 : 1);
  store<f64>(view, <f64>(a + <usize>ay * aBytes + (<usize>ax << 2)), FIRST_A);
  store<f64>(view, <f64>(b + <usize>by * bBytes + (<usize>bx << 2)), FIRST_B);
  splineWeights(hx < 0 ? hx + 1 : hx, view + WEIGHTS_A);
  splineWeights(hy < 0 ? hy + 1 : hy, view + WEIGHTS_A + 16);
  splineWeights(hx > 0 ? 1 - hx : -hx, view + WEIGHTS_B);
  splineWeights(hy > 0 ? 1 - hy : -hy, view + WEIGHTS_B + 16);
  return true;
}

/** One row of samples, less `ref`: weighted along columns, then along rows. */
@inline function sampleRow(p: usize, bytes: usize, columns: i32, w: usize, ref: f32, line: usize, out: usize): void {
  const q = p + bytes, r = q + bytes, s = r + bytes;
  const y0 = v128.load32_splat(w, 16), y1 = v128.load32_splat(w, 20), y2 = v128.load32_splat(w, 24);
  const y3 = v128.load32_splat(w, 28);
  for (let x: usize = 0; x < <usize>(columns + 4) << 2; x += 16) {
    const inner = f32x4.add(f32x4.mul(v128.load(q + x), y1), f32x4.mul(v128.load(r + x), y2));
    const outer = f32x4.add(f32x4.mul(v128.load(p + x), y0), f32x4.mul(v128.load(s + x), y3));
    v128.store(line + x, f32x4.add(inner, outer));
  }
  const x0 = v128.load32_splat(w), x1 = v128.load32_splat(w, 4), x2 = v128.load32_splat(w, 8);
  const x3 = v128.load32_splat(w, 12), less = f32x4.splat(ref);
  for (let x: usize = 0; x < <usize>columns << 2; x += 16) {
    const l = line + x;
    const inner = f32x4.add(f32x4.mul(v128.load(l, 4), x1), f32x4.mul(v128.load(l, 8), x2));
    const outer = f32x4.add(f32x4.mul(v128.load(l), x0), f32x4.mul(v128.load(l, 12), x3));
    v128.store(out + x, f32x4.sub(f32x4.add(inner, outer), less));
  }
}

/** Row `row` of the view of both strips, into rings of five rows; see `ringRow`. */
export function sampleRows(view: usize, row: i32, aBytes: usize, bBytes: usize, refA: f32, refB: f32): void {
  const columns = <i32>(load<f64>(view, X1) - load<f64>(view, X0));
  const line = view + VIEW_BYTES, down = <usize>row;
  sampleRow(
    <usize>load<f64>(view, FIRST_A) + down * aBytes, aBytes, columns, view + WEIGHTS_A, refA, line,
    ringRow(view, columns, 0, row),
  );
  sampleRow(
    <usize>load<f64>(view, FIRST_B) + down * bBytes, bBytes, columns, view + WEIGHTS_B, refB, line,
    ringRow(view, columns, 1, row),
  );
}

@inline function rowBytes(columns: i32): usize {
  return <usize>(columns + 16) << 2;
}

/** Where a row of samples lies: of a (side 0) or b (side 1), the last five of each are kept. */
@inline export function ringRow(view: usize, columns: i32, side: i32, row: i32): usize {
  return view + VIEW_BYTES + <usize>(1 + 5 * side + row % 5) * rowBytes(columns);
}

/**
 * Slope between samples `bytes` apart, to fourth order, from samples alone: slopes of the spline itself would follow the
 * noise, which the spline smooths more between pixels than on them, and pull the result away from whole pixels.
 */
@inline export function slope(before2: v128, before: v128, after: v128, after2: v128): v128 {
  const near = f32x4.mul(f32x4.splat(<f32>0.6666667), f32x4.sub(after, before));
  return f32x4.sub(near, f32x4.mul(f32x4.splat(<f32>0.083333336), f32x4.sub(after2, before2)));
}

/** Sum of four float32. */
@inline export function sum4(v: v128): f64 {
  return (
    <f64>f32x4.extract_lane(v, 0) + <f64>f32x4.extract_lane(v, 1) +
    (<f64>f32x4.extract_lane(v, 2) + <f64>f32x4.extract_lane(v, 3))
  );
}
