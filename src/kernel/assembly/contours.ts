// Edges of float32 planes: gradient magnitude, Laplacian, and Canny's thin lines.
import { storeSomeF32 } from "./samples";

/** Length of the gradient; `dst` may be one of the two. All rows have one stride. */
export function gradientLength(lo: i32, hi: i32, dx: usize, dy: usize, dst: usize, stride: i32, width: i32): void {
  for (let y = lo; y < hi; y++) {
    const row = (<usize>y * <usize>stride) << 2;
    for (let x = 0; x < width; x += 4) {
      const at = row + (<usize>x << 2);
      const gx = v128.load(dx + at);
      const gy = v128.load(dy + at);
      const v = f32x4.sqrt(f32x4.add(f32x4.mul(gx, gx), f32x4.mul(gy, gy)));
      if (x + 4 <= width) v128.store(dst + at, v);
      else storeSomeF32(dst + at, v, width - x);
    }
  }
}

/** Sum of the second differences along x and y; beyond the plane the nearest sample counts. */
export function laplacian(
  lo: i32, hi: i32, src: usize, srcStride: i32, dst: usize, dstStride: i32, width: i32, height: i32,
): void {
  for (let y = lo; y < hi; y++) {
    const above = src + ((<usize>max(y - 1, 0) * <usize>srcStride) << 2);
    const here = src + ((<usize>y * <usize>srcStride) << 2);
    const below = src + ((<usize>min(y + 1, height - 1) * <usize>srcStride) << 2);
    const out = dst + ((<usize>y * <usize>dstStride) << 2);
    for (let x = 0; x < width; x++) {
      const at = <usize>x << 2;
      const v = load<f32>(here + at);
      const left = load<f32>(here + (<usize>max(x - 1, 0) << 2));
      const right = load<f32>(here + (<usize>min(x + 1, width - 1) << 2));
      store<f32>(out + at, load<f32>(above + at) + load<f32>(below + at) + (left + right) - 4 * v);
    }
  }
}

/**
 * Canny's thinning and thresholds: 2 where the gradient is a maximum along its own direction and at least `high`, 1 where
 * it is one and at least `low`, 0 elsewhere. The neighbours along the direction are interpolated.
 *
 * @param dst  bytes, `dstStride` from row to row
 */
export function thinEdges(
  lo: i32, hi: i32, dx: usize, dy: usize, magnitude: usize, stride: i32, dst: usize, dstStride: i32,
  width: i32, height: i32, low: f32, high: f32,
): void {
  for (let y = lo; y < hi; y++) {
    for (let x = 0; x < width; x++) {
      const at = (<usize>y * <usize>stride + <usize>x) << 2;
      const m = load<f32>(magnitude + at);
      const out = dst + <usize>y * <usize>dstStride + <usize>x;
      store<u8>(out, 0);
      if (!(m >= low) || m == 0 || x == 0 || y == 0 || x == width - 1 || y == height - 1) continue;
      const gx = load<f32>(dx + at);
      const gy = load<f32>(dy + at);
      const steep = abs(gy) > abs(gx);
      const share = steep ? abs(gx) / abs(gy) : abs(gy) / abs(gx);
      const sx = gx < 0 ? -1 : 1;
      const sy = gy < 0 ? -1 : 1;
      const straightX = steep ? 0 : sx;
      const straightY = steep ? sy : 0;
      const ahead = between(magnitude + at, stride, straightX, straightY, sx, sy, share);
      const behind = between(magnitude + at, stride, -straightX, -straightY, -sx, -sy, share);
      if (!(m > behind && m >= ahead)) continue;
      store<u8>(out, m >= high ? 2 : 1);
    }
  }
}

/** Between the straight and the diagonal neighbour. */
@inline function between(at: usize, stride: i32, straightX: i32, straightY: i32, x: i32, y: i32, share: f32): f32 {
  const a = load<f32>(at + ((straightY * stride + straightX) << 2));
  const b = load<f32>(at + ((y * stride + x) << 2));
  return a + share * (b - a);
}

/**
 * Follows weak edges (1) from strong ones (2), in steps to any of eight neighbours, `steps` at most. In the end strong and
 * reached pixels are 255 and the others 0. Not cut into rows: call it once.
 *
 * @param queue  4 bytes for each pixel
 */
export function followEdges(edges: usize, width: i32, height: i32, queue: usize, steps: i32): void {
  let tail: usize = queue;
  const size = width * height;
  for (let i = 0; i < size; i++) {
    if (load<u8>(edges + <usize>i) == 2) {
      store<u8>(edges + <usize>i, 255);
      store<i32>(tail, i);
      tail += 4;
    }
  }
  let head: usize = queue;
  for (let step = 0; step < steps && head < tail; step++) {
    const end = tail;
    for (; head < end; head += 4) {
      const i = load<i32>(head);
      const x = i % width;
      const y = i / width;
      for (let v = max(y - 1, 0); v <= min(y + 1, height - 1); v++) {
        for (let u = max(x - 1, 0); u <= min(x + 1, width - 1); u++) {
          const k = v * width + u;
          if (load<u8>(edges + <usize>k) != 1) continue;
          store<u8>(edges + <usize>k, 255);
          store<i32>(tail, k);
          tail += 4;
        }
      }
    }
  }
  for (let i = 0; i < size; i++) {
    if (load<u8>(edges + <usize>i) == 1) store<u8>(edges + <usize>i, 0);
  }
}
