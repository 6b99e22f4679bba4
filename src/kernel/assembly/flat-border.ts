// Flat areas at the border of an image: frames, margins, empty glass. They are no part of the scene.

const STRUCTURED: u8 = 0;
const FLAT: u8 = 1;
const HOLE: u8 = 2;
const OUTSIDE: u8 = 3;
const SMALL: u8 = 4;

/**
 * One byte per pixel, without gaps: 2 for NaN, 1 where the 3 by 3 neighbourhood varies by less than `range`, 0 elsewhere.
 */
export function flatAreas(
  lo: i32, hi: i32, src: usize, stride: i32, width: i32, height: i32, range: f32, dst: usize,
): void {
  for (let y = lo; y < hi; y++) {
    for (let x = 0; x < width; x++) {
      let low: f32 = f32.MAX_VALUE;
      let high: f32 = -f32.MAX_VALUE;
      for (let v = max(y - 1, 0); v <= min(y + 1, height - 1); v++) {
        const row = src + ((<usize>v * <usize>stride) << 2);
        for (let u = max(x - 1, 0); u <= min(x + 1, width - 1); u++) {
          const value = load<f32>(row + (<usize>u << 2));
          if (value < low) low = value;
          if (value > high) high = value;
        }
      }
      const here = load<f32>(src + ((<usize>y * <usize>stride + <usize>x) << 2));
      store<u8>(dst + <usize>(y * width + x), !(here == here) ? HOLE : high - low < range ? FLAT : STRUCTURED);
    }
  }
}

@inline function atRim(kinds: usize, x: i32, y: i32, width: i32, height: i32): bool {
  if (x == 0 || y == 0 || x == width - 1 || y == height - 1) return true;
  const at = kinds + <usize>(y * width + x);
  const w = <usize>width;
  return load<u8>(at - 1) == HOLE || load<u8>(at + 1) == HOLE || load<u8>(at - w) == HOLE || load<u8>(at + w) == HOLE;
}

/**
 * Turns flat areas (see `flatAreas`) that touch the border or a hole, and have more than `least` pixels, into 3. Not cut
 * into rows: call it once.
 *
 * @param queue  4 bytes for each pixel
 * @returns how many pixels became 3
 */
export function flatBorder(kinds: usize, width: i32, height: i32, least: i32, queue: usize): i32 {
  let total = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const seed = y * width + x;
      if (load<u8>(kinds + <usize>seed) != FLAT || !atRim(kinds, x, y, width, height)) continue;
      store<u8>(kinds + <usize>seed, SMALL);
      store<i32>(queue, seed);
      let tail = queue + 4;
      for (let head = queue; head < tail; head += 4) {
        const i = load<i32>(head);
        const u = i % width;
        if (u > 0) tail = visit(kinds, i - 1, tail);
        if (u < width - 1) tail = visit(kinds, i + 1, tail);
        if (i >= width) tail = visit(kinds, i - width, tail);
        if (i < width * (height - 1)) tail = visit(kinds, i + width, tail);
      }
      const area = <i32>((tail - queue) >> 2);
      if (area <= least) continue;
      total += area;
      for (let head = queue; head < tail; head += 4) store<u8>(kinds + <usize>load<i32>(head), OUTSIDE);
    }
  }
  return total;
}

@inline function visit(kinds: usize, i: i32, tail: usize): usize {
  if (load<u8>(kinds + <usize>i) != FLAT) return tail;
  store<u8>(kinds + <usize>i, SMALL);
  store<i32>(tail, i);
  return tail + 4;
}

/** A copy of a plane with NaN wherever a pixel of the 3 by 3 neighbourhood is 3 in `kinds`. Both planes have one stride. */
export function cutFlatBorder(
  lo: i32, hi: i32, src: usize, dst: usize, stride: i32, width: i32, height: i32, kinds: usize,
): void {
  for (let y = lo; y < hi; y++) {
    const row = (<usize>y * <usize>stride) << 2;
    for (let x = 0; x < width; x++) {
      let outside = false;
      for (let v = max(y - 1, 0); v <= min(y + 1, height - 1); v++)
        for (let u = max(x - 1, 0); u <= min(x + 1, width - 1); u++)
          outside = outside || load<u8>(kinds + <usize>(v * width + u)) == OUTSIDE;
      const at = row + (<usize>x << 2);
      store<f32>(dst + at, outside ? f32.NaN : load<f32>(src + at));
    }
  }
}
