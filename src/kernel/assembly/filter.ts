// Neighbourhood filters on float32 planes. Strides are in elements; outside the plane the nearest sample holds.
import { storeSomeF32 } from "./samples";

@inline function blurred(p: usize, weights: usize, radius: i32): v128 {
  let a = f32x4.mul(v128.load(p), v128.load32_splat(weights));
  for (let k = 1; k <= radius; k++) {
    const o = <usize>k << 2;
    const w = v128.load32_splat(weights + o);
    a = f32x4.add(a, f32x4.mul(w, f32x4.add(v128.load(p - o), v128.load(p + o))));
  }
  return a;
}

/**
 * Separable symmetric blur, such as a Gaussian.
 *
 * @param weights  radius + 1 float32, centre first; the whole kernel should sum to 1
 * @param line  scratch of width + 2 * radius + 32 float32 for each lane
 */
export function blurSeparable(
  lo: i32, hi: i32, src: usize, srcStride: i32, dst: usize, dstStride: i32, width: i32, height: i32,
  weights: usize, radius: i32, line: usize,
): void {
  const rowBytes = <usize>srcStride << 2;
  const w = <usize>width << 2;
  const mid = line + (<usize>radius << 2);
  const last = height - 1;
  for (let y = lo; y < hi; y++) {
    const centre = src + <usize>y * rowBytes;
    for (let x: usize = 0; x < w; x += 64) {
      let weight = v128.load32_splat(weights);
      let p = centre + x;
      let a0 = f32x4.mul(v128.load(p), weight);
      let a1 = f32x4.mul(v128.load(p, 16), weight);
      let a2 = f32x4.mul(v128.load(p, 32), weight);
      let a3 = f32x4.mul(v128.load(p, 48), weight);
      for (let k = 1; k <= radius; k++) {
        const up = src + <usize>max(y - k, 0) * rowBytes + x;
        const down = src + <usize>min(y + k, last) * rowBytes + x;
        weight = v128.load32_splat(weights + (<usize>k << 2));
        a0 = f32x4.add(a0, f32x4.mul(weight, f32x4.add(v128.load(up), v128.load(down))));
        a1 = f32x4.add(a1, f32x4.mul(weight, f32x4.add(v128.load(up, 16), v128.load(down, 16))));
        a2 = f32x4.add(a2, f32x4.mul(weight, f32x4.add(v128.load(up, 32), v128.load(down, 32))));
        a3 = f32x4.add(a3, f32x4.mul(weight, f32x4.add(v128.load(up, 48), v128.load(down, 48))));
      }
      p = mid + x;
      v128.store(p, a0);
      v128.store(p, a1, 16);
      v128.store(p, a2, 32);
      v128.store(p, a3, 48);
    }
    const first = load<f32>(mid);
    const final = load<f32>(mid + w - 4);
    for (let k = 1; k <= radius; k++) {
      store<f32>(mid - (<usize>k << 2), first);
      store<f32>(mid + w + (<usize>(k - 1) << 2), final);
    }
    const out = dst + <usize>y * (<usize>dstStride << 2);
    let x: usize = 0;
    for (; x + 64 <= w; x += 64) {
      let weight = v128.load32_splat(weights);
      let p = mid + x;
      let a0 = f32x4.mul(v128.load(p), weight);
      let a1 = f32x4.mul(v128.load(p, 16), weight);
      let a2 = f32x4.mul(v128.load(p, 32), weight);
      let a3 = f32x4.mul(v128.load(p, 48), weight);
      for (let k = 1; k <= radius; k++) {
        const left = p - (<usize>k << 2);
        const right = p + (<usize>k << 2);
        weight = v128.load32_splat(weights + (<usize>k << 2));
        a0 = f32x4.add(a0, f32x4.mul(weight, f32x4.add(v128.load(left), v128.load(right))));
        a1 = f32x4.add(a1, f32x4.mul(weight, f32x4.add(v128.load(left, 16), v128.load(right, 16))));
        a2 = f32x4.add(a2, f32x4.mul(weight, f32x4.add(v128.load(left, 32), v128.load(right, 32))));
        a3 = f32x4.add(a3, f32x4.mul(weight, f32x4.add(v128.load(left, 48), v128.load(right, 48))));
      }
      p = out + x;
      v128.store(p, a0);
      v128.store(p, a1, 16);
      v128.store(p, a2, 32);
      v128.store(p, a3, 48);
    }
    for (; x + 16 <= w; x += 16) v128.store(out + x, blurred(mid + x, weights, radius));
    if (x < w) storeSomeF32(out + x, blurred(mid + x, weights, radius), <i32>((w - x) >> 2));
  }
}

@inline function smooth3(a: v128, b: v128, c: v128, side: v128, centre: v128): v128 {
  return f32x4.add(f32x4.mul(side, f32x4.add(a, c)), f32x4.mul(centre, b));
}

/**
 * First derivatives per pixel: central differences in one direction, smoothed by (side, centre, side) / 2 across it.
 *
 * Scharr: side 3/16, centre 10/16. Sobel: side 1/4, centre 1/2. `line` is scratch of 2 * (width + 16) float32 per lane.
 */
export function gradient(
  lo: i32, hi: i32, src: usize, srcStride: i32, dx: usize, dy: usize, dstStride: i32, width: i32, height: i32,
  side: f32, centre: f32, line: usize,
): void {
  const w = <usize>width << 2;
  const s = f32x4.splat(side * <f32>0.5);
  const c = f32x4.splat(centre * <f32>0.5);
  const smooth = line + 16;
  const slope = line + w + 64 + 16;
  for (let y = lo; y < hi; y++) {
    const above = src + <usize>max(y - 1, 0) * (<usize>srcStride << 2);
    const here = src + <usize>y * (<usize>srcStride << 2);
    const below = src + <usize>min(y + 1, height - 1) * (<usize>srcStride << 2);
    for (let x: usize = 0; x < w; x += 16) {
      const a = v128.load(above + x);
      const b = v128.load(below + x);
      v128.store(smooth + x, smooth3(a, v128.load(here + x), b, s, c));
      v128.store(slope + x, f32x4.sub(b, a));
    }
    store<f32>(smooth - 4, load<f32>(smooth));
    store<f32>(slope - 4, load<f32>(slope));
    store<f32>(smooth + w, load<f32>(smooth + w - 4));
    store<f32>(slope + w, load<f32>(slope + w - 4));
    const ox = dx + <usize>y * (<usize>dstStride << 2);
    const oy = dy + <usize>y * (<usize>dstStride << 2);
    for (let x: usize = 0; x < w; x += 16) {
      const gx = f32x4.sub(v128.load(smooth + x + 4), v128.load(smooth + x - 4));
      const gy = smooth3(v128.load(slope + x - 4), v128.load(slope + x), v128.load(slope + x + 4), s, c);
      if (x + 16 <= w) {
        v128.store(ox + x, gx);
        v128.store(oy + x, gy);
      } else {
        storeSomeF32(ox + x, gx, <i32>((w - x) >> 2));
        storeSomeF32(oy + x, gy, <i32>((w - x) >> 2));
      }
    }
  }
}
