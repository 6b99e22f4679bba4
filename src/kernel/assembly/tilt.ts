// A plane seen at a slant: shortened along one direction, after the blur that keeps what is shortened from aliasing.

/**
 * Rows [lo, hi) of a view in which one direction is `tilt` times as short. View pixel (x, y) shows the image at
 * (x + x0, y + y0) + (tilt - 1) d (d . (x + x0, y + y0)), d the unit direction (dx, dy).
 *
 * Each pixel is a weighted sum of linear samples one pixel apart along d, `weights` holding radius + 1 float32, the centre
 * first; beyond its edge the image repeats it. `seen` tells what of the image was observed, one byte per pixel (0 address:
 * all). `out` gets 1 where the view's pixel lies in the image and was observed; elsewhere 0, and `fill` for a value.
 */
export function tiltRows(lo: i32, hi: i32, src: usize, srcStride: i32, srcWidth: i32, srcHeight: i32, seen: usize,
  dst: usize, dstStride: i32, dstWidth: i32, out: usize, x0: f64, y0: f64, dx: f64, dy: f64, tilt: f64,
  weights: usize, radius: i32, fill: f32): void {
  const xMax = <f64>(srcWidth - 1), yMax = <f64>(srcHeight - 1);
  for (let y = lo; y < hi; y++) {
    const v = <f64>y + y0;
    for (let x = 0; x < dstWidth; x++) {
      const u = <f64>x + x0;
      const along = (tilt - 1) * (dx * u + dy * v);
      const px = u + along * dx, py = v + along * dy;
      const to = dst + ((<usize>y * <usize>dstStride + <usize>x) << 2);
      const mark = out + <usize>y * <usize>dstWidth + <usize>x;
      let inside = px >= -0.001 && py >= -0.001 && px <= xMax + 0.001 && py <= yMax + 0.001;
      if (inside && seen != 0) {
        const ix = <i32>(px + 0.5), iy = <i32>(py + 0.5);
        inside = load<u8>(seen + <usize>min(iy, srcHeight - 1) * <usize>srcWidth + <usize>min(ix, srcWidth - 1)) != 0;
      }
      store<u8>(mark, inside ? 1 : 0);
      if (!inside) {
        store<f32>(to, fill);
        continue;
      }
      let sum: f32 = load<f32>(weights) * sample(src, srcStride, px, py, xMax, yMax);
      for (let k = 1; k <= radius; k++) {
        const ox = <f64>k * dx, oy = <f64>k * dy;
        const two = sample(src, srcStride, px + ox, py + oy, xMax, yMax) + sample(src, srcStride, px - ox, py - oy, xMax, yMax);
        sum += load<f32>(weights + (<usize>k << 2)) * two;
      }
      store<f32>(to, sum);
    }
  }
}

/** Linear interpolation; the edge repeats. */
function sample(src: usize, stride: i32, x: f64, y: f64, xMax: f64, yMax: f64): f32 {
  const cx = min(max(x, 0), xMax), cy = min(max(y, 0), yMax);
  const ix = <i32>cx, iy = <i32>cy;
  const fx = <f32>(cx - <f64>ix), fy = <f32>(cy - <f64>iy);
  const p = src + ((<usize>iy * <usize>stride + <usize>ix) << 2);
  const right: usize = <f64>ix < xMax ? 4 : 0;
  const q = <f64>iy < yMax ? p + ((<usize>stride) << 2) : p;
  const a = load<f32>(p), b = load<f32>(q);
  const t = a + fx * (load<f32>(p + right) - a), w = b + fx * (load<f32>(q + right) - b);
  return t + fy * (w - t);
}
