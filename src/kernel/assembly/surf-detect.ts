// SURF's detector: maxima of the determinant of the Hessian, with box filters for derivatives of Gaussians, over place and
// scale [Bay et al. 2008, doi:10.1016/j.cviu.2007.09.014].

/** Sizes of filter in an octave. */
const SIZES = 4;

/** Sums over boxes of the integral image as the lanes of a vector: four neighbouring samples, or one. */
@inline function box4(p: usize, w: usize, h: usize): v128 {
  return i32x4.add(i32x4.sub(v128.load(p + h + w), v128.load(p + h)), i32x4.sub(v128.load(p), v128.load(p + w)));
}

@inline function four(p: usize, step: usize): v128 {
  return i32x4(load<i32>(p), load<i32>(p + step), load<i32>(p + 2 * step), load<i32>(p + 3 * step));
}

@inline function boxFar(p: usize, w: usize, h: usize, step: usize): v128 {
  return i32x4.add(i32x4.sub(four(p + h + w, step), four(p + h, step)), i32x4.sub(four(p, step), four(p + w, step)));
}

/**
 * A row of responses of one filter of `size` pixels (3 lobes of size / 3) at image row y, columns n * step: det / range^2, where
 * the filter lies inside the image; otherwise 0. Four more zeros follow.
 */
function responseRow(image: usize, stride: i32, width: i32, height: i32, y: i32, step: i32, columns: i32, size: i32, out: usize): void {
  const half = size >> 1, lobe = size / 3;
  memory.fill(out, 0, <usize>(columns + 4) << 2);
  if (y < half || y + half >= height) return;
  const sb = <usize>stride << 2;
  const first = (half + step - 1) / step, last = (width - 1 - half) / step;
  const scale = f32x4.splat(1 / (<f32>(size * size) * 255));
  const wide = <usize>size << 2, third = <usize>lobe << 2, far = <usize>step << 2;
  const narrow = <usize>(2 * lobe - 1);
  for (let n = first; n <= last; n += 4) {
    // The integral's sample at the middle pixel's own corner.
    const p = image + ((<usize>(y * stride + n * step)) << 2);
    const xx = p - (<usize>(lobe - 1)) * sb - (<usize>half << 2), yy = p - (<usize>half) * sb - (<usize>(lobe - 1) << 2);
    const up = p - <usize>lobe * sb, down = p + sb;
    const l = <usize>lobe * sb, h = narrow * sb, w = narrow << 2, t = <usize>size * sb;
    let dxx: v128, dyy: v128, dxy: v128;
    if (step == 1) {
      dxx = i32x4.sub(box4(xx, wide, h), i32x4.mul(i32x4.splat(3), box4(xx + third, third, h)));
      dyy = i32x4.sub(box4(yy, w, t), i32x4.mul(i32x4.splat(3), box4(yy + l, w, l)));
      dxy = i32x4.sub(i32x4.add(box4(up - third, third, l), box4(down + 4, third, l)), i32x4.add(box4(up + 4, third, l), box4(down - third, third, l)));
    } else {
      dxx = i32x4.sub(boxFar(xx, wide, h, far), i32x4.mul(i32x4.splat(3), boxFar(xx + third, third, h, far)));
      dyy = i32x4.sub(boxFar(yy, w, t, far), i32x4.mul(i32x4.splat(3), boxFar(yy + l, w, l, far)));
      dxy = i32x4.sub(i32x4.add(boxFar(up - third, third, l, far), boxFar(down + 4, third, l, far)),
        i32x4.add(boxFar(up + 4, third, l, far), boxFar(down - third, third, l, far)));
    }
    const a = f32x4.mul(f32x4.convert_i32x4_s(dxx), scale), b = f32x4.mul(f32x4.convert_i32x4_s(dyy), scale);
    // 0.9 balances the boxes' weights against those of true Gaussians.
    const c = f32x4.mul(f32x4.mul(f32x4.convert_i32x4_s(dxy), scale), f32x4.splat(0.9));
    v128.store(out + (<usize>n << 2), f32x4.sub(f32x4.mul(a, b), f32x4.mul(c, c)));
  }
  memory.fill(out + (<usize>(last + 1) << 2), 0, <usize>(columns + 3 - last) << 2);
}

/**
 * Maxima of rows [lo, hi) of an octave, sampled every `step` pixels, over place and the octave's four filters: `size`,
 * size + gap, ... pixels. Row i writes up to `capacity` records (x, y in pixels of the image, size of filter in pixels, response;
 * float32) at out + 16 i capacity, their number to counts[i]. `ring` is scratch of 12 (width / step + 16) float32.
 */
export function surfMaxima(lo: i32, hi: i32, image: usize, stride: i32, width: i32, height: i32, step: i32, size: i32, gap: i32,
  least: f32, ring: usize, counts: usize, out: usize, capacity: i32): void {
  const columns = (width - 1) / step + 1, rows = (height - 1) / step + 1;
  const line = <usize>((columns + 11) & ~3) << 2;
  const rowBytes = line * SIZES;
  let ready = i32.MIN_VALUE;
  for (let i = lo; i < hi; i++) {
    let count = 0;
    if (i >= 1 && i < rows - 1) {
      for (let r = max(ready + 1, i - 1); r <= i + 1; r++) {
        for (let k = 0; k < SIZES; k++) {
          responseRow(image, stride, width, height, r * step, step, columns, size + k * gap, ring + <usize>(r % 3) * rowBytes + <usize>k * line);
        }
      }
      ready = i + 1;
      const up = ring + <usize>((i + 2) % 3) * rowBytes, row = ring + <usize>(i % 3) * rowBytes, down = ring + <usize>((i + 1) % 3) * rowBytes;
      for (let k = 1; k < SIZES - 1; k++) {
        // The largest of the three filters must fit.
        const half = (size + (k + 1) * gap) >> 1;
        if (i * step < half + step || i * step + half + step >= height) continue;
        const first = (half + step - 1) / step + 1, last = (width - 1 - half) / step - 1;
        const o = <usize>k * line;
        for (let x = first; x <= last; x += 4) {
          const p = o + (<usize>x << 2);
          const c = v128.load(row + p);
          const strong = f32x4.gt(c, f32x4.splat(least));
          if (!v128.any_true(strong)) continue;
          // Of equal neighbours the first wins: by scale, row, column.
          const u = up + p, m = row + p, d = down + p;
          const before = f32x4.max(f32x4.max(around(u - line), around(m - line)),
            f32x4.max(around(d - line), f32x4.max(around(u), v128.load(m - 4))));
          const after = f32x4.max(f32x4.max(around(u + line), around(m + line)),
            f32x4.max(around(d + line), f32x4.max(around(d), v128.load(m + 4))));
          let bits = i32x4.bitmask(v128.and(strong, v128.and(f32x4.gt(c, before), f32x4.ge(c, after))));
          while (bits) {
            const j = ctz(bits);
            bits &= bits - 1;
            if (x + j > last || count >= capacity) continue;
            const at = (<usize>j) << 2;
            if (refine(u + at, m + at, d + at, line, x + j, i, step, size + k * gap, gap, out + ((<usize>(i * capacity + count)) << 4))) count++;
          }
        }
      }
    }
    store<i32>(counts + (<usize>i << 2), count);
  }
}

@inline function around(p: usize): v128 {
  return f32x4.max(f32x4.max(v128.load(p - 4), v128.load(p)), v128.load(p + 4));
}

/** Fits a quadric to the 3 x 3 x 3 responses; stores its top unless that lies beyond the neighbours. */
function refine(u: usize, m: usize, d: usize, line: usize, x: i32, y: i32, step: i32, size: i32, gap: i32, out: usize): bool {
  const c = <f64>load<f32>(m);
  const gx = 0.5 * (<f64>load<f32>(m + 4) - <f64>load<f32>(m - 4));
  const gy = 0.5 * (<f64>load<f32>(d) - <f64>load<f32>(u));
  const gs = 0.5 * (<f64>load<f32>(m + line) - <f64>load<f32>(m - line));
  const xx = <f64>load<f32>(m + 4) + <f64>load<f32>(m - 4) - 2 * c;
  const yy = <f64>load<f32>(d) + <f64>load<f32>(u) - 2 * c;
  const ss = <f64>load<f32>(m + line) + <f64>load<f32>(m - line) - 2 * c;
  const xy = 0.25 * (<f64>load<f32>(d + 4) - <f64>load<f32>(d - 4) - <f64>load<f32>(u + 4) + <f64>load<f32>(u - 4));
  const xs = 0.25 * (<f64>load<f32>(m + line + 4) - <f64>load<f32>(m + line - 4) - <f64>load<f32>(m - line + 4) + <f64>load<f32>(m - line - 4));
  const ys = 0.25 * (<f64>load<f32>(d + line) - <f64>load<f32>(u + line) - <f64>load<f32>(d - line) + <f64>load<f32>(u - line));
  const a = yy * ss - ys * ys, b = xs * ys - xy * ss, e = xy * ys - xs * yy;
  const det = xx * a + xy * b + xs * e;
  if (det == 0) return false;
  const f = xx * ss - xs * xs, g = xy * xs - xx * ys, h = xx * yy - xy * xy;
  const dx = -(a * gx + b * gy + e * gs) / det, dy = -(b * gx + f * gy + g * gs) / det, ds = -(e * gx + g * gy + h * gs) / det;
  if (!(Math.abs(dx) <= 1 && Math.abs(dy) <= 1 && Math.abs(ds) <= 1)) return false;
  store<f32>(out, <f32>((<f64>x + dx) * <f64>step));
  store<f32>(out, <f32>((<f64>y + dy) * <f64>step), 4);
  store<f32>(out, <f32>(<f64>size + ds * <f64>gap), 8);
  store<f32>(out, <f32>(c + 0.5 * (gx * dx + gy * dy + gs * ds)), 12);
  return true;
}
