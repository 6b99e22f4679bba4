// Maps of single samples on float32 planes, four at a time. NaN stays NaN. `dst` may be `src`.
import { storeSomeF32 } from "./samples";

/** v -> gain * (v - from), held between low and high; the subtraction first, as it is exact for values near `from`. */
export function linearMap(
  lo: i32, hi: i32, src: usize, srcStride: i32, dst: usize, dstStride: i32, width: i32,
  from: f32, gain: f32, low: f32, high: f32,
): void {
  const g = f32x4.splat(gain);
  const base = f32x4.splat(from);
  const least = f32x4.splat(low);
  const most = f32x4.splat(high);
  for (let y = lo; y < hi; y++) {
    const source = src + ((<usize>y * <usize>srcStride) << 2);
    const to = dst + ((<usize>y * <usize>dstStride) << 2);
    for (let x = 0; x < width; x += 4) {
      const at = <usize>x << 2;
      const v = f32x4.mul(g, f32x4.sub(v128.load(source + at), base));
      const r = f32x4.pmin(f32x4.pmax(v, least), most);
      if (x + 4 <= width) v128.store(to + at, r);
      else storeSomeF32(to + at, r, width - x);
    }
  }
}

/**
 * v -> the value of a table at (v - first) * scale, linear between its entries, held beyond its ends.
 *
 * @param table  `count` float32, at least 2
 */
export function tableMap(
  lo: i32, hi: i32, src: usize, srcStride: i32, dst: usize, dstStride: i32, width: i32,
  first: f32, scale: f32, table: usize, count: i32,
): void {
  const last = <f32>(count - 1);
  for (let y = lo; y < hi; y++) {
    const from = src + ((<usize>y * <usize>srcStride) << 2);
    const to = dst + ((<usize>y * <usize>dstStride) << 2);
    for (let x = 0; x < width; x++) {
      const v = load<f32>(from + (<usize>x << 2));
      store<f32>(to + (<usize>x << 2), v == v ? lookUp((v - first) * scale, last, table) : v);
    }
  }
}

@inline export function lookUp(position: f32, last: f32, table: usize): f32 {
  const p = min(max(position, 0), last);
  const k = min(<i32>p, <i32>last - 1);
  const at = table + (<usize>k << 2);
  const a = load<f32>(at);
  return a + (p - <f32>k) * (load<f32>(at, 4) - a);
}

/**
 * Light that would come through with one stain alone: `full` times the product of one table entry for each colour.
 *
 * @param type  0 uint8, 1 uint16: samples index the tables
 * @param tables  three tables of float32 (red, green, blue) of `entries` each
 */
export function stainLight(
  lo: i32, hi: i32, type: i32, red: usize, green: usize, blue: usize, srcStride: i32, dst: usize, dstStride: i32,
  width: i32, tables: usize, entries: i32, full: f32, hasNodata: i32, nodata: i32,
): void {
  const second = tables + (<usize>entries << 2);
  const third = second + (<usize>entries << 2);
  for (let y = lo; y < hi; y++) {
    const row = <usize>y * <usize>srcStride;
    const to = dst + ((<usize>y * <usize>dstStride) << 2);
    for (let x = 0; x < width; x++) {
      const at = row + <usize>x;
      const r = type == 0 ? <i32>load<u8>(red + at) : <i32>load<u16>(red + (at << 1));
      const g = type == 0 ? <i32>load<u8>(green + at) : <i32>load<u16>(green + (at << 1));
      const b = type == 0 ? <i32>load<u8>(blue + at) : <i32>load<u16>(blue + (at << 1));
      const light =
        load<f32>(tables + (<usize>r << 2)) * load<f32>(second + (<usize>g << 2)) * load<f32>(third + (<usize>b << 2));
      const hole = hasNodata != 0 && (r == nodata || g == nodata || b == nodata);
      store<f32>(to + (<usize>x << 2), hole ? f32.NaN : full * min(light, <f32>1));
    }
  }
}

/** Copies rows with `margin` more columns on both sides, which repeat the first and the last sample. */
export function padColumns(
  lo: i32, hi: i32, src: usize, srcStride: i32, dst: usize, dstStride: i32, width: i32, margin: i32,
): void {
  for (let y = lo; y < hi; y++) {
    const from = src + ((<usize>y * <usize>srcStride) << 2);
    const to = dst + ((<usize>y * <usize>dstStride) << 2);
    memory.copy(to + (<usize>margin << 2), from, <usize>width << 2);
    const first = load<f32>(from);
    const last = load<f32>(from + (<usize>(width - 1) << 2));
    for (let k = 0; k < margin; k++) {
      store<f32>(to + (<usize>k << 2), first);
      store<f32>(to + (<usize>(margin + width + k) << 2), last);
    }
  }
}

/**
 * Takes uneven light out of a plane, in place: v -> (v - dark) * mean / (light - dark), or v - light + mean when `subtracts`.
 * A sample stays where `light` tells nothing: where it is NaN, or not above `dark` in a division.
 *
 * @param dark  0 for none; all planes have one stride
 */
export function flatten(
  lo: i32, hi: i32, at: usize, light: usize, dark: usize, stride: i32, width: i32, mean: f32, subtracts: i32,
): void {
  for (let y = lo; y < hi; y++) {
    const row = (<usize>y * <usize>stride) << 2;
    for (let x = 0; x < width; x++) {
      const o = row + (<usize>x << 2);
      const v = load<f32>(at + o);
      const d = dark == 0 ? <f32>0 : load<f32>(dark + o);
      const l = load<f32>(light + o) - d;
      const r = subtracts != 0 ? v - l + mean : ((v - d) * mean) / l;
      const told = subtracts != 0 ? l == l : l > 0;
      store<f32>(at + o, told ? r : v);
    }
  }
}

/** Makes samples NaN where a mask is 0 (or, when `outside`, where it is not). The planes have one stride. */
export function maskOut(lo: i32, hi: i32, at: usize, mask: usize, stride: i32, width: i32, outside: i32): void {
  for (let y = lo; y < hi; y++) {
    const row = (<usize>y * <usize>stride) << 2;
    for (let x = 0; x < width; x++) {
      const o = row + (<usize>x << 2);
      const m = load<f32>(mask + o);
      const set = m == m && m != 0;
      if (set == (outside != 0)) store<f32>(at + o, f32.NaN);
    }
  }
}
