// How strongly brightness changes at each pixel.

/**
 * Length of the gradient, by differences of the neighbours on either side; at the border a pixel stands for its missing
 * neighbour. NaN where a neighbour is NaN.
 */
export function edgeStrength(
  lo: i32, hi: i32, src: usize, srcStride: i32, dst: usize, dstStride: i32, width: i32, height: i32,
): void {
  const half = f32x4.splat(0.5);
  for (let y = lo; y < hi; y++) {
    const row = src + ((<usize>y * <usize>srcStride) << 2);
    const up = src + ((<usize>max(y - 1, 0) * <usize>srcStride) << 2);
    const down = src + ((<usize>min(y + 1, height - 1) * <usize>srcStride) << 2);
    const to = dst + ((<usize>y * <usize>dstStride) << 2);
    store<f32>(to, strength(row, up, down, 0, width));
    let x = 1;
    for (; x + 4 < width; x += 4) {
      const o = <usize>x << 2;
      const gx = f32x4.mul(half, f32x4.sub(v128.load(row + o + 4), v128.load(row + o - 4)));
      const gy = f32x4.mul(half, f32x4.sub(v128.load(down + o), v128.load(up + o)));
      v128.store(to + o, f32x4.sqrt(f32x4.add(f32x4.mul(gx, gx), f32x4.mul(gy, gy))));
    }
    for (; x < width; x++) store<f32>(to + (<usize>x << 2), strength(row, up, down, x, width));
  }
}

function strength(row: usize, up: usize, down: usize, x: i32, width: i32): f32 {
  const o = <usize>x << 2;
  const right = load<f32>(row + (<usize>min(x + 1, width - 1) << 2));
  const left = load<f32>(row + (<usize>max(x - 1, 0) << 2));
  const gx = <f32>0.5 * (right - left);
  const gy = <f32>0.5 * (load<f32>(down + o) - load<f32>(up + o));
  return sqrt<f32>(gx * gx + gy * gy);
}
