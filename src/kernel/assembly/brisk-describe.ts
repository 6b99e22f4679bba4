// BRISK's descriptor: comparisons of means around a keypoint on concentric rings [Leutenegger et al. 2011,
// doi:10.1109/ICCV.2011.6126542]. Means are exact over squares of any size, from an integral image.
import { boxMean } from "./box-mean";

/** Points of the pattern: x, y and half the side of their square (float32), all at size 1. */
const POINTS: usize = 60;

/** Means at the points of the pattern, sized and turned, into `values` (float32). */
function sample(image: usize, stride: i32, x: f32, y: f32, size: f32, c: f32, s: f32, pattern: usize, values: usize): void {
  for (let n: usize = 0; n < POINTS; n++) {
    const p = pattern + n * 12;
    const u = load<f32>(p) * size, v = load<f32>(p, 4) * size;
    store<f32>(values + (n << 2), boxMean(image, stride, x + u * c - v * s, y + u * s + v * c, max(0.5, load<f32>(p, 8) * size)));
  }
}

/**
 * Directions (radians in [0, 2 pi)) of keypoints [lo, hi) (float32 x, y, size): the mean gradient over `pairs` of far points,
 * (first, second uint32; their difference over its squared length, float32 x, y). `scratch` is 256 bytes.
 */
export function briskDirections(lo: i32, hi: i32, keys: usize, image: usize, stride: i32, pattern: usize, pairs: usize, pairCount: i32,
  out: usize, scratch: usize): void {
  for (let i = lo; i < hi; i++) {
    const key = keys + <usize>i * 12;
    sample(image, stride, load<f32>(key), load<f32>(key, 4), load<f32>(key, 8), 1, 0, pattern, scratch);
    let gx: f32 = 0, gy: f32 = 0;
    for (let n = 0; n < pairCount; n++) {
      const p = pairs + (<usize>n << 4);
      const d = load<f32>(scratch + (<usize>load<u32>(p, 4) << 2)) - load<f32>(scratch + (<usize>load<u32>(p) << 2));
      gx += d * load<f32>(p, 8);
      gy += d * load<f32>(p, 12);
    }
    const angle = Math.atan2(<f64>gy, <f64>gx);
    store<f32>(out + (<usize>i << 2), <f32>(angle < 0 ? angle + 6.283185307179586 : angle));
  }
}

/** 512 bits for each of keypoints [lo, hi) (float32 x, y, size, angle): whether the first of two near points is the brighter. */
export function briskDescriptors(lo: i32, hi: i32, keys: usize, image: usize, stride: i32, pattern: usize, pairs: usize,
  out: usize, scratch: usize): void {
  for (let i = lo; i < hi; i++) {
    const key = keys + (<usize>i << 4);
    const angle = <f64>load<f32>(key, 12);
    sample(image, stride, load<f32>(key), load<f32>(key, 4), load<f32>(key, 8), <f32>Math.cos(angle), <f32>Math.sin(angle), pattern, scratch);
    for (let byte: usize = 0; byte < 64; byte++) {
      let bits = 0;
      for (let k: usize = 0; k < 8; k++) {
        const p = pairs + (((byte << 3) + k) << 3);
        const a = load<f32>(scratch + (<usize>load<u32>(p) << 2)), b = load<f32>(scratch + (<usize>load<u32>(p, 4) << 2));
        bits |= <i32>(a > b) << <i32>k;
      }
      store<u8>(out + (<usize>i << 6) + byte, <u8>bits);
    }
  }
}
