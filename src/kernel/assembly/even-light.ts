// Taking uneven light out of samples of any type, in place.
import { convert4, F32, fillLanes, I16, load4, nodataLanes, stepLanes, store4, storeSome, U16, U8 } from "./samples";

@inline function evened(v: v128, light: v128, dark: v128, base: v128): v128 {
  const zero = f32x4.splat(0);
  // No light, or none known: 1.
  const divisor = v128.bitselect(light, f32x4.splat(1), f32x4.gt(light, zero));
  return f32x4.add(f32x4.div(f32x4.sub(v, dark), divisor), base);
}

function evenRow<T>(
  at: usize, light: usize, dark: usize, level: v128, width: i32, base: f32, hasNodata: bool, nodata: v128, fill: v128,
  step: v128,
): void {
  const b = f32x4.splat(base);
  for (let x = 0; x < width; x += 4) {
    const p = at + <usize>x * sizeof<T>();
    const o = <usize>x << 2;
    const d = dark == 0 ? level : v128.load(dark + o);
    const n = convert4<T>(evened(load4<T>(p, hasNodata, nodata), v128.load(light + o), d, b), fill, step);
    if (x + 4 <= width) store4<T>(p, n);
    else storeSome<T>(p, n, width - x);
  }
}

function evenRows<T>(
  lo: i32, hi: i32, at: usize, stride: i32, light: usize, dark: usize, level: f32, planeStride: i32, width: i32,
  base: f32, hasNodata: bool, nodata: f64, fill: f64, keepClear: bool,
): void {
  const n = nodataLanes<T>(nodata);
  const f = fillLanes<T>(fill);
  const s = stepLanes<T>(fill, keepClear);
  const l = f32x4.splat(level);
  for (let y = lo; y < hi; y++) {
    const o = (<usize>y * <usize>planeStride) << 2;
    const row = at + <usize>y * <usize>stride * sizeof<T>();
    evenRow<T>(row, light + o, dark == 0 ? 0 : dark + o, l, width, base, hasNodata, n, f, s);
  }
}

/**
 * v -> (v - dark) / light + base, rounded half to even and held in the type's range. Where light is not above 0, dark alone is taken.
 *
 * @param light, dark  float32 planes of one stride; where dark is 0, it is `level` everywhere
 * @param fill  for samples without observation; with `keepClear`, others that would come out as `fill` move by one
 */
export function evenLight(
  lo: i32, hi: i32, type: i32, at: usize, stride: i32, light: usize, dark: usize, level: f32, planeStride: i32,
  width: i32, base: f32, hasNodata: i32, nodata: f64, fill: f64, keepClear: i32,
): void {
  const h = hasNodata != 0;
  const k = keepClear != 0;
  if (type == U8) evenRows<u8>(lo, hi, at, stride, light, dark, level, planeStride, width, base, h, nodata, fill, k);
  else if (type == U16) evenRows<u16>(lo, hi, at, stride, light, dark, level, planeStride, width, base, h, nodata, fill, k);
  else if (type == I16) evenRows<i16>(lo, hi, at, stride, light, dark, level, planeStride, width, base, h, nodata, fill, k);
  else if (type == F32) evenRows<f32>(lo, hi, at, stride, light, dark, level, planeStride, width, base, h, nodata, fill, k);
  else evenRows<u32>(lo, hi, at, stride, light, dark, level, planeStride, width, base, h, nodata, fill, k);
}
