// Nonlinear scale space: Perona-Malik diffusion by fast explicit steps [Alcantarilla, Nuevo, Bartoli, BMVC 2013,
// doi:10.5244/C.27.13].
//
// Planes are float32 rows of `stride` elements with MARGIN more on both sides, in which the row's ends repeat: filters read
// there instead of asking where the image ends. Rows beyond the first and last repeat them.

const MARGIN = 16;

/** Address of a row, those beyond the image being its first or last. */
@inline
function rowAt(plane: usize, y: i32, height: i32, strideBytes: usize): usize {
  return plane + <usize>max(0, min(height - 1, y)) * strideBytes;
}

/** Repeats the ends of a row of `width` in its margins. */
function repeatEnds(row: usize, width: i32): void {
  const end = row + ((<usize>width) << 2);
  const left = v128.load32_splat(row), right = v128.load32_splat(end - 4);
  for (let k: usize = 0; k < <usize>MARGIN << 2; k += 16) {
    v128.store(row - 16 - k, left);
    v128.store(end + k, right);
  }
}

/** Fills the margins of rows [lo, hi) of a plane. */
export function marginRows(lo: i32, hi: i32, plane: usize, stride: i32, width: i32): void {
  for (let y = lo; y < hi; y++) repeatEnds(plane + ((<usize>y * <usize>stride) << 2), width);
}

/** Rows [lo, hi) of a plane without margins, into one with them. */
export function copyRows(lo: i32, hi: i32, src: usize, srcStride: i32, dst: usize, stride: i32, width: i32): void {
  for (let y = lo; y < hi; y++) {
    const out = dst + ((<usize>y * <usize>stride) << 2);
    memory.copy(out, src + ((<usize>y * <usize>srcStride) << 2), (<usize>width) << 2);
    repeatEnds(out, width);
  }
}

/** Scharr derivative across: (3, 10, 3) / 16 of half the difference of the two neighbours. */
@inline
function derivative(l0: v128, r0: v128, l1: v128, r1: v128, l2: v128, r2: v128): v128 {
  const outer = f32x4.add(f32x4.sub(r0, l0), f32x4.sub(r2, l2));
  return f32x4.add(f32x4.mul(f32x4.splat(3.0 / 32.0), outer), f32x4.mul(f32x4.splat(10.0 / 32.0), f32x4.sub(r1, l1)));
}

@inline
function squaredGradient(up: usize, row: usize, down: usize): v128 {
  const a = v128.load(up - 4), b = v128.load(up), c = v128.load(up + 4);
  const d = v128.load(row - 4), f = v128.load(row + 4);
  const g = v128.load(down - 4), h = v128.load(down), i = v128.load(down + 4);
  const gx = derivative(a, c, d, f, g, i);
  const gy = derivative(a, g, b, h, c, i);
  return f32x4.add(f32x4.mul(gx, gx), f32x4.mul(gy, gy));
}

/** Squared gradients of rows [lo, hi). */
export function gradientRows(lo: i32, hi: i32, src: usize, dst: usize, stride: i32, width: i32, height: i32): void {
  const sb = (<usize>stride) << 2;
  for (let y = lo; y < hi; y++) {
    const up = rowAt(src, y - 1, height, sb), row = src + <usize>y * sb, down = rowAt(src, y + 1, height, sb);
    const out = dst + <usize>y * sb;
    for (let x: usize = 0; x < (<usize>width) << 2; x += 16) v128.store(out + x, squaredGradient(up + x, row + x, down + x));
    repeatEnds(out, width);
  }
}

/** Conductivity of rows [lo, hi): 1 / (1 + squared gradient / k²), high where the image is even. */
export function conductivityRows(lo: i32, hi: i32, src: usize, dst: usize, stride: i32, width: i32, height: i32,
  inverseSquare: f32): void {
  const sb = (<usize>stride) << 2;
  const one = f32x4.splat(1), k = f32x4.splat(inverseSquare);
  for (let y = lo; y < hi; y++) {
    const up = rowAt(src, y - 1, height, sb), row = src + <usize>y * sb, down = rowAt(src, y + 1, height, sb);
    const out = dst + <usize>y * sb;
    for (let x: usize = 0; x < (<usize>width) << 2; x += 16) {
      const g = squaredGradient(up + x, row + x, down + x);
      v128.store(out + x, f32x4.div(one, f32x4.add(one, f32x4.mul(g, k))));
    }
    repeatEnds(out, width);
  }
}

/** One explicit step of diffusion of rows [lo, hi): dst = src + step * divergence(conductivity * gradient of src). */
export function diffuseRows(lo: i32, hi: i32, src: usize, conductivity: usize, dst: usize, stride: i32, width: i32,
  height: i32, step: f32): void {
  const sb = (<usize>stride) << 2;
  const half = f32x4.splat(0.5 * step);
  for (let y = lo; y < hi; y++) {
    const up = rowAt(src, y - 1, height, sb), row = src + <usize>y * sb, down = rowAt(src, y + 1, height, sb);
    const cUp = rowAt(conductivity, y - 1, height, sb), cRow = conductivity + <usize>y * sb,
      cDown = rowAt(conductivity, y + 1, height, sb);
    const out = dst + <usize>y * sb;
    for (let x: usize = 0; x < (<usize>width) << 2; x += 16) {
      const l = v128.load(row + x), c = v128.load(cRow + x);
      let sum = f32x4.mul(f32x4.add(c, v128.load(cRow + x + 4)), f32x4.sub(v128.load(row + x + 4), l));
      sum = f32x4.add(sum, f32x4.mul(f32x4.add(c, v128.load(cRow + x - 4)), f32x4.sub(v128.load(row + x - 4), l)));
      sum = f32x4.add(sum, f32x4.mul(f32x4.add(c, v128.load(cDown + x)), f32x4.sub(v128.load(down + x), l)));
      sum = f32x4.add(sum, f32x4.mul(f32x4.add(c, v128.load(cUp + x)), f32x4.sub(v128.load(up + x), l)));
      v128.store(out + x, f32x4.add(l, f32x4.mul(half, sum)));
    }
    repeatEnds(out, width);
  }
}

/**
 * Determinants of the Hessian of rows [lo, hi), times scale to the fourth: second derivatives by Scharr filters whose taps
 * are `s` pixels apart (at most 4), twice. `lines` is scratch of 3 (stride + 32) floats.
 */
export function hessianRows(lo: i32, hi: i32, src: usize, dst: usize, stride: i32, width: i32, height: i32, s: i32,
  lines: usize): void {
  const sb = (<usize>stride) << 2;
  const lineBytes = ((<usize>stride) + 32) << 2;
  const smooth = lines + ((<usize>MARGIN) << 2), first = smooth + lineBytes, second = first + lineBytes;
  const n9 = f32x4.splat(9.0 / 256.0), n60 = f32x4.splat(60.0 / 256.0), n118 = f32x4.splat(118.0 / 256.0);
  const n3 = f32x4.splat(3.0 / 32.0), n10 = f32x4.splat(10.0 / 32.0), quarter = f32x4.splat(0.25);
  const one = (<usize>s) << 2, two = one << 1;
  const from = -(<isize>MARGIN << 2), to = (<isize>width + 8) << 2;
  for (let y = lo; y < hi; y++) {
    const a = rowAt(src, y - 2 * s, height, sb), b = rowAt(src, y - s, height, sb), c = src + <usize>y * sb,
      d = rowAt(src, y + s, height, sb), e = rowAt(src, y + 2 * s, height, sb);
    for (let x = from; x < to; x += 16) {
      const va = v128.load(a + x), vb = v128.load(b + x), vc = v128.load(c + x), vd = v128.load(d + x), ve = v128.load(e + x);
      const ends = f32x4.add(va, ve), mids = f32x4.add(vb, vd);
      v128.store(smooth + x, f32x4.add(f32x4.add(f32x4.mul(n9, ends), f32x4.mul(n60, mids)), f32x4.mul(n118, vc)));
      v128.store(first + x, f32x4.add(f32x4.mul(n3, f32x4.sub(ve, va)), f32x4.mul(n10, f32x4.sub(vd, vb))));
      v128.store(second + x, f32x4.mul(quarter, f32x4.sub(ends, f32x4.add(vc, vc))));
    }
    const out = dst + <usize>y * sb;
    for (let x: usize = 0; x < (<usize>width) << 2; x += 16) {
      let p = smooth + x;
      const vc = v128.load(p);
      const xx = f32x4.mul(quarter, f32x4.sub(f32x4.add(v128.load(p - two), v128.load(p + two)), f32x4.add(vc, vc)));
      p = first + x;
      const xy = f32x4.add(
        f32x4.mul(n3, f32x4.sub(v128.load(p + two), v128.load(p - two))),
        f32x4.mul(n10, f32x4.sub(v128.load(p + one), v128.load(p - one))),
      );
      p = second + x;
      const yy = f32x4.add(
        f32x4.add(
          f32x4.mul(n9, f32x4.add(v128.load(p - two), v128.load(p + two))),
          f32x4.mul(n60, f32x4.add(v128.load(p - one), v128.load(p + one))),
        ),
        f32x4.mul(n118, v128.load(p)),
      );
      v128.store(out + x, f32x4.sub(f32x4.mul(xx, yy), f32x4.mul(xy, xy)));
    }
  }
}

/** A maximum's record: x, y, response (float32). */
const RECORD: usize = 12;

/**
 * Maxima of rows [lo, hi) among their eight neighbours, refined by a parabola each way; of equals the first in reading
 * order. Row i writes up to `capacity` records at out + i * capacity, their number to counts[i].
 */
export function maximaRows(lo: i32, hi: i32, src: usize, stride: i32, width: i32, height: i32, border: i32, threshold: f32,
  counts: usize, out: usize, capacity: i32): void {
  const sb = (<usize>stride) << 2;
  const least = f32x4.splat(threshold);
  const ramp = i32x4(0, 1, 2, 3);
  const x1 = width - border;
  for (let y = lo; y < hi; y++) {
    let count = 0;
    const records = out + <usize>y * <usize>capacity * RECORD;
    if (y >= border && y < height - border) {
      const row = src + <usize>y * sb;
      for (let x = border; x < x1; x += 4) {
        const p = row + ((<usize>x) << 2);
        const c = v128.load(p);
        let top = f32x4.gt(c, least);
        if (!v128.any_true(top)) continue;
        top = v128.and(top, v128.and(f32x4.ge(c, v128.load(p - 4)), f32x4.gt(c, v128.load(p + 4))));
        if (!v128.any_true(top)) continue;
        const u = p - sb, d = p + sb;
        top = v128.and(top, v128.and(f32x4.ge(c, v128.load(u)), v128.and(f32x4.ge(c, v128.load(u - 4)), f32x4.ge(c, v128.load(u + 4)))));
        top = v128.and(top, v128.and(f32x4.gt(c, v128.load(d)), v128.and(f32x4.gt(c, v128.load(d - 4)), f32x4.gt(c, v128.load(d + 4)))));
        top = v128.and(top, i32x4.lt_s(i32x4.add(i32x4.splat(x), ramp), i32x4.splat(x1)));
        const bits = i32x4.bitmask(top);
        if (bits == 0) continue;
        for (let j = 0; j < 4; j++) {
          if (((bits >> j) & 1) == 0 || count >= capacity) continue;
          const q = p + ((<usize>j) << 2);
          const record = records + <usize>count * RECORD;
          const here = load<f32>(q);
          store<f32>(record, <f32>(x + j) + peak(load<f32>(q - 4), here, load<f32>(q + 4)));
          store<f32>(record, <f32>y + peak(load<f32>(q - sb), here, load<f32>(q + sb)), 4);
          store<f32>(record, here, 8);
          count++;
        }
      }
    }
    store<i32>(counts + ((<usize>y) << 2), count);
  }
}

/** Where a parabola through three values has its top, from the middle one, which is the largest. */
@inline
function peak(l: f32, c: f32, r: f32): f32 {
  const bend = l - 2 * c + r;
  return bend < 0 ? min<f32>(0.5, max<f32>(-0.5, (0.5 * (l - r)) / bend)) : 0;
}
