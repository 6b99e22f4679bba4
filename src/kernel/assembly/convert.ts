// Between the sample types of images and the float32 that kernels compute in.
import { bytesOf, F32, I16, load4, narrowTo, nodataLanes, storeSomeF32, U8, U16 } from "./samples";

@inline function widenRow<T>(
  src: usize, dst: usize, width: i32, gain: v128, adds: bool, hasNodata: bool, nodata: v128,
): void {
  let x = 0;
  for (; x + 4 <= width; x += 4) {
    const at = dst + (<usize>x << 2);
    let v = f32x4.mul(gain, load4<T>(src + <usize>x * sizeof<T>(), hasNodata, nodata));
    if (adds) v = f32x4.add(v128.load(at), v);
    v128.store(at, v);
  }
  if (x < width) {
    const at = dst + (<usize>x << 2);
    let v = f32x4.mul(gain, load4<T>(src + <usize>x * sizeof<T>(), hasNodata, nodata));
    if (adds) v = f32x4.add(v128.load(at), v);
    storeSomeF32(at, v, width - x);
  }
}

function widenRows<T>(
  lo: i32, hi: i32, src: usize, srcStride: i32, dst: usize, dstStride: i32, width: i32,
  gain: f32, adds: bool, hasNodata: bool, nodata: f64,
): void {
  const g = f32x4.splat(gain);
  const n = nodataLanes<T>(nodata);
  for (let y = lo; y < hi; y++) {
    const s = src + <usize>y * <usize>srcStride * sizeof<T>();
    const d = dst + ((<usize>y * <usize>dstStride) << 2);
    if (hasNodata) widenRow<T>(s, d, width, g, adds, true, n);
    else widenRow<T>(s, d, width, g, adds, false, n);
  }
}

/**
 * Samples of any type as float32, times `gain`; with `adds`, added to what `dst` holds (a weighted sum of bands).
 *
 * NaN, infinity and, when `hasNodata`, the nodata value become NaN. Strides in elements.
 */
export function widen(
  lo: i32, hi: i32, type: i32, src: usize, srcStride: i32, dst: usize, dstStride: i32, width: i32,
  gain: f32, adds: i32, hasNodata: i32, nodata: f64,
): void {
  const a = adds != 0;
  const h = hasNodata != 0;
  if (type == U8) widenRows<u8>(lo, hi, src, srcStride, dst, dstStride, width, gain, a, h, nodata);
  else if (type == U16) widenRows<u16>(lo, hi, src, srcStride, dst, dstStride, width, gain, a, h, nodata);
  else if (type == I16) widenRows<i16>(lo, hi, src, srcStride, dst, dstStride, width, gain, a, h, nodata);
  else if (type == F32) widenRows<f32>(lo, hi, src, srcStride, dst, dstStride, width, gain, a, h, nodata);
  else widenRows<u32>(lo, hi, src, srcStride, dst, dstStride, width, gain, a, h, nodata);
}

/**
 * Float32 as samples of a type: rounded half to even, clamped, NaN as `fill`.
 *
 * With `keepClear`, a valid sample of an integer type that would come out as `fill` moves by one, so that it stays valid.
 */
export function narrow(
  lo: i32, hi: i32, type: i32, src: usize, srcStride: i32, dst: usize, dstStride: i32, width: i32,
  fill: f64, keepClear: i32,
): void {
  const bytes = bytesOf(type);
  for (let y = lo; y < hi; y++) {
    const s = src + ((<usize>y * <usize>srcStride) << 2);
    narrowTo(type, s, dst + <usize>y * <usize>dstStride * bytes, width, fill, keepClear != 0);
  }
}
