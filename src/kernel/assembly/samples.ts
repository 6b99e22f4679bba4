// Samples of every type that images have, four at a time, to and from float32.
//
// In float32, NaN stands for "no observation": nodata, NaN and infinity become NaN when read, and NaN becomes the fill
// value when written. Type codes are those of `sampleType` in src/math/kernel-image.ts.
export const U8: i32 = 0;
export const U16: i32 = 1;
export const I16: i32 = 2;
export const U32: i32 = 3;
export const F32: i32 = 4;

@inline export function nanLanes(): v128 {
  return i32x4.splat(0x7fc00000);
}

/** Four samples from `p` on as float32. `nodata` is a vector of the nodata value, used when `hasNodata`. */
@inline export function load4<T>(p: usize, hasNodata: bool, nodata: v128): v128 {
  if (isFloat<T>()) {
    const v = v128.load(p);
    const zero = f32x4.sub(v, v); // NaN for NaN and for infinity
    let bad = f32x4.ne(zero, zero);
    if (hasNodata) bad = v128.or(bad, f32x4.eq(v, nodata));
    return v128.bitselect(nanLanes(), v, bad);
  }
  let v: v128;
  if (sizeof<T>() == 1) v = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(p)));
  else if (sizeof<T>() == 4) v = v128.load(p);
  else if (isSigned<T>()) v = i32x4.extend_low_i16x8_s(v128.load64_zero(p));
  else v = i32x4.extend_low_i16x8_u(v128.load64_zero(p));
  const f = sizeof<T>() == 4 ? f32x4.convert_i32x4_u(v) : f32x4.convert_i32x4_s(v);
  return hasNodata ? v128.bitselect(nanLanes(), f, i32x4.eq(v, nodata)) : f;
}

/** The nodata value as a vector that `load4<T>` can compare with. */
@inline export function nodataLanes<T>(nodata: f64): v128 {
  return isFloat<T>() ? f32x4.splat(<f32>nodata) : i32x4.splat(<i32>(<i64>nodata));
}

/** The fill value as a vector that `convert4<T>` can select. */
@inline export function fillLanes<T>(fill: f64): v128 {
  return isFloat<T>() ? f32x4.splat(<f32>fill) : i32x4.splat(<i32>(<i64>fill));
}

/** What to add to a valid integer sample that would come out as the fill value: one, towards the inside of the range. */
@inline export function stepLanes<T>(fill: f64, keepClear: bool): v128 {
  if (isFloat<T>() || !keepClear) return i32x4.splat(0);
  const top: f64 = sizeof<T>() == 1 ? 255 : sizeof<T>() == 4 ? 4294967295 : isSigned<T>() ? 32767 : 65535;
  return i32x4.splat(fill >= top ? -1 : 1);
}

/** Rounds half to even and clamps to the range of `T`; NaN becomes `fill`. Result in 32-bit lanes. */
@inline export function convert4<T>(v: v128, fill: v128, step: v128): v128 {
  const hole = f32x4.ne(v, v);
  if (isFloat<T>()) {
    const finite = f32x4.pmin(f32x4.pmax(v, f32x4.splat(-f32.MAX_VALUE)), f32x4.splat(f32.MAX_VALUE));
    return v128.bitselect(fill, finite, hole);
  }
  let n: v128;
  if (sizeof<T>() == 4) n = i32x4.trunc_sat_f32x4_u(f32x4.nearest(v));
  else {
    const low: f32 = isSigned<T>() ? -32768 : 0;
    const high: f32 = sizeof<T>() == 1 ? 255 : isSigned<T>() ? 32767 : 65535;
    // pmin and pmax are one instruction each, min and max many. Next to 1.5 * 2^23 float32 has whole numbers alone, so an
    // addition rounds, half to even, and leaves the integer in the low bits.
    const r = f32x4.pmin(f32x4.pmax(v, f32x4.splat(low)), f32x4.splat(high));
    n = i32x4.sub(f32x4.add(r, f32x4.splat(12582912)), i32x4.splat(0x4b400000));
  }
  n = i32x4.add(n, v128.and(step, i32x4.eq(n, fill)));
  return v128.bitselect(fill, n, hole);
}

/** Stores four samples that `convert4<T>` made. */
@inline export function store4<T>(p: usize, n: v128): void {
  if (sizeof<T>() == 4) v128.store(p, n);
  else if (sizeof<T>() == 2) {
    // Low halves of the lanes: signed and unsigned alike, as the values are in range.
    v128.store64_lane(p, v128.shuffle<i16>(n, n, 0, 2, 4, 6, 0, 2, 4, 6), 0);
  } else {
    const h = v128.shuffle<i8>(n, n, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12);
    v128.store32_lane(p, h, 0);
  }
}

/** Stores the first `count` (0 to 3) of four samples that `convert4<T>` made. */
@inline export function storeSome<T>(p: usize, n: v128, count: i32): void {
  if (count > 0) store<T>(p, <T>(isFloat<T>() ? f32x4.extract_lane(n, 0) : <T>i32x4.extract_lane(n, 0)));
  if (count > 1) store<T>(p + sizeof<T>(), <T>(isFloat<T>() ? f32x4.extract_lane(n, 1) : <T>i32x4.extract_lane(n, 1)));
  if (count > 2) {
    store<T>(p + 2 * sizeof<T>(), <T>(isFloat<T>() ? f32x4.extract_lane(n, 2) : <T>i32x4.extract_lane(n, 2)));
  }
}

/** Stores the first `count` (0 to 3) lanes of a float32 vector. */
@inline export function storeSomeF32(p: usize, v: v128, count: i32): void {
  if (count > 0) store<f32>(p, f32x4.extract_lane(v, 0));
  if (count > 1) store<f32>(p, f32x4.extract_lane(v, 1), 4);
  if (count > 2) store<f32>(p, f32x4.extract_lane(v, 2), 8);
}

function narrowRow<T>(src: usize, dst: usize, width: i32, fill: f64, keepClear: bool): void {
  const f = fillLanes<T>(fill);
  const step = stepLanes<T>(fill, keepClear);
  let x = 0;
  for (; x + 4 <= width; x += 4) {
    store4<T>(dst + <usize>x * sizeof<T>(), convert4<T>(v128.load(src + (<usize>x << 2)), f, step));
  }
  if (x < width) {
    storeSome<T>(dst + <usize>x * sizeof<T>(), convert4<T>(v128.load(src + (<usize>x << 2)), f, step), width - x);
  }
}

/** One row of float32 as samples of a type; see `narrow`. */
@inline export function narrowTo(type: i32, src: usize, dst: usize, width: i32, fill: f64, keepClear: bool): void {
  if (type == U8) narrowRow<u8>(src, dst, width, fill, keepClear);
  else if (type == U16) narrowRow<u16>(src, dst, width, fill, keepClear);
  else if (type == I16) narrowRow<i16>(src, dst, width, fill, keepClear);
  else if (type == F32) narrowRow<f32>(src, dst, width, fill, keepClear);
  else narrowRow<u32>(src, dst, width, fill, keepClear);
}

@inline export function bytesOf(type: i32): usize {
  return type == U8 ? 1 : type == U16 || type == I16 ? 2 : 4;
}
