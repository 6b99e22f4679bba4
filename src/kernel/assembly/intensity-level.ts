// The finest level of a pyramid for registration by intensity: smoothed a little, and brought to mean 0 and variance 1.

/** Weight of observed neighbours below which a pixel counts as not observed: one hole beside it is filled, an edge is not. */
const ENOUGH: f32 = 0.8;

/** Normalised convolution at one pixel whose own sample is observed; NaN where too little around it is. */
function aroundHoles(src: usize, rowBytes: usize, width: i32, height: i32, x: i32, y: i32, k0: f32, k1: f32, k2: f32): f32 {
  const centre = load<f32>(src + <usize>y * rowBytes + (<usize>x << 2));
  if (centre != centre) return f32.NaN;
  let sum: f32 = 0, weight: f32 = 0;
  for (let j = -2; j <= 2; j++) {
    const wy = j == 0 ? k0 : j == 1 || j == -1 ? k1 : k2;
    const row = src + <usize>min(max(y + j, 0), height - 1) * rowBytes;
    for (let i = -2; i <= 2; i++) {
      const v = load<f32>(row + (<usize>min(max(x + i, 0), width - 1) << 2));
      if (v != v) continue;
      const w = wy * (i == 0 ? k0 : i == 1 || i == -1 ? k1 : k2);
      sum += w * v;
      weight += w;
    }
  }
  return weight >= ENOUGH ? sum / weight : f32.NaN;
}

/**
 * dst = (blur(src) - pivot) * scale for rows [lo, hi), by the separable weights k2 k1 k0 k1 k2; outside, the nearest sample holds.
 *
 * @param line  scratch of width + 32 float32 for each lane
 */
export function intensityLevel(
  lo: i32, hi: i32, src: usize, srcStride: i32, width: i32, height: i32, dst: usize, dstStride: i32,
  centre: f64, near: f64, far: f64, pivot: f64, scale: f64, line: usize,
): void {
  const rowBytes = <usize>srcStride << 2, last = height - 1, mid = line + 16;
  const k0 = <f32>centre, k1 = <f32>near, k2 = <f32>far, p = <f32>pivot, s = <f32>scale;
  const K0 = f32x4.splat(k0), K1 = f32x4.splat(k1), K2 = f32x4.splat(k2), P = f32x4.splat(p), S = f32x4.splat(s);
  for (let y = lo; y < hi; y++) {
    const c = src + <usize>y * rowBytes;
    const up1 = src + <usize>max(y - 1, 0) * rowBytes, up2 = src + <usize>max(y - 2, 0) * rowBytes;
    const down1 = src + <usize>min(y + 1, last) * rowBytes, down2 = src + <usize>min(y + 2, last) * rowBytes;
    const out = dst + <usize>y * (<usize>dstStride << 2);
    for (let x: usize = 0; x < <usize>width << 2; x += 16) {
      // Before the blur, so that sums of large intensities keep their digits.
      const a = f32x4.sub(v128.load(c + x), P);
      const b = f32x4.add(f32x4.sub(v128.load(up1 + x), P), f32x4.sub(v128.load(down1 + x), P));
      const d = f32x4.add(f32x4.sub(v128.load(up2 + x), P), f32x4.sub(v128.load(down2 + x), P));
      v128.store(mid + x, f32x4.add(f32x4.mul(K0, a), f32x4.add(f32x4.mul(K1, b), f32x4.mul(K2, d))));
    }
    const end = mid + (<usize>width << 2), first = load<f32>(mid), lastValue = load<f32>(end - 4);
    store<f32>(mid - 4, first); store<f32>(mid - 8, first);
    store<f32>(end, lastValue); store<f32>(end, lastValue, 4);
    for (let x = 0; x < width; x += 4) {
      const q = mid + (<usize>x << 2);
      const v = f32x4.mul(S, f32x4.add(
        f32x4.mul(K0, v128.load(q)),
        f32x4.add(
          f32x4.mul(K1, f32x4.add(v128.load(q - 4), v128.load(q + 4))),
          f32x4.mul(K2, f32x4.add(v128.load(q - 8), v128.load(q + 8))))));
      v128.store(out + (<usize>x << 2), v);
      if (v128.any_true(f32x4.ne(v, v))) {
        for (let i = x; i < min(x + 4, width); i++) {
          const at = out + (<usize>i << 2), own = load<f32>(at);
          if (own != own) store<f32>(at, (aroundHoles(src, rowBytes, width, height, i, y, k0, k1, k2) - p) * s);
        }
      }
    }
  }
}
