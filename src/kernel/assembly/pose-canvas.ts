// Fields laid out for correlation: interleaved by pixel to be rotated, on canvases with zeros around to be transformed.

/** re2, im2, re4, im4 of each pixel side by side, pixels of a row without gaps. */
export function interleaveFields(
  lo: i32, hi: i32, re2: usize, im2: usize, re4: usize, im4: usize, stride: i32, width: i32, dst: usize,
): void {
  for (let y = lo; y < hi; y++) {
    const row = (<usize>y * <usize>stride) << 2;
    let to = dst + ((<usize>y * <usize>width) << 4);
    for (let x = 0; x < width; x++) {
      const at = row + (<usize>x << 2);
      store<f32>(to, load<f32>(re2 + at));
      store<f32>(to, load<f32>(im2 + at), 4);
      store<f32>(to, load<f32>(re4 + at), 8);
      store<f32>(to, load<f32>(im4 + at), 12);
      to += 16;
    }
  }
}

/** One byte per pixel, without gaps: whether it and its neighbours to the right, below, and both are valid. */
export function validSquares(lo: i32, hi: i32, valid: usize, stride: i32, width: i32, height: i32, dst: usize): void {
  for (let y = lo; y < hi; y++) {
    const row = valid + ((<usize>y * <usize>stride) << 2);
    const below = row + (<usize>stride << 2);
    const to = dst + <usize>y * <usize>width;
    for (let x = 0; x < width; x++) {
      const at = <usize>x << 2;
      const whole = y + 1 < height && x + 1 < width && load<f32>(row + at) > 0 && load<f32>(row + at, 4) > 0 &&
        load<f32>(below + at) > 0 && load<f32>(below + at, 4) > 0;
      store<u8>(to + <usize>x, whole ? 1 : 0);
    }
  }
}

/** First and last pixel of each row that is at least `least` (not NaN), and how many are, as int32; 0, -1, 0 where none is. */
export function rowExtents(lo: i32, hi: i32, src: usize, stride: i32, width: i32, least: f32, out: usize): void {
  for (let y = lo; y < hi; y++) {
    const row = src + ((<usize>y * <usize>stride) << 2);
    let first = 0;
    let last = -1;
    let count = 0;
    for (let x = 0; x < width; x++) {
      if (!(load<f32>(row + (<usize>x << 2)) >= least)) continue;
      if (count == 0) first = x;
      last = x;
      count++;
    }
    const to = out + <usize>y * 12;
    store<i32>(to, first);
    store<i32>(to, last, 4);
    store<i32>(to, count, 8);
  }
}

/** Rows of a canvas: `gain` times the plane, zeros to the right of it and below. */
export function placeOnCanvas(
  lo: i32, hi: i32, src: usize, stride: i32, width: i32, height: i32, gain: f32, dst: usize, dstStride: i32,
): void {
  for (let y = lo; y < hi; y++) {
    const to = dst + ((<usize>y * <usize>dstStride) << 2);
    memory.fill(to, 0, <usize>dstStride << 2);
    if (y >= height) continue;
    const from = src + ((<usize>y * <usize>stride) << 2);
    for (let x = 0; x < width; x++) store<f32>(to + (<usize>x << 2), gain * load<f32>(from + (<usize>x << 2)));
  }
}

/**
 * Rows of two canvases of cells of `q` by `q` pixels: sums of re^2 + im^2 and of `valid`, times `gain`; zeros beyond.
 */
export function cellsOnCanvas(
  lo: i32, hi: i32, re: usize, im: usize, valid: usize, stride: i32, width: i32, height: i32, q: i32, gain: f32,
  energy: usize, share: usize, dstStride: i32,
): void {
  for (let y = lo; y < hi; y++) {
    const row = (<usize>y * <usize>dstStride) << 2;
    memory.fill(energy + row, 0, <usize>dstStride << 2);
    memory.fill(share + row, 0, <usize>dstStride << 2);
    for (let v = y * q; v < min(height, (y + 1) * q); v++) {
      const from = (<usize>v * <usize>stride) << 2;
      for (let x = 0; x < width; x++) {
        const at = from + (<usize>x << 2);
        const cell = row + (<usize>(x / q) << 2);
        const a = load<f32>(re + at);
        const b = load<f32>(im + at);
        store<f32>(energy + cell, load<f32>(energy + cell) + gain * (a * a + b * b));
        store<f32>(share + cell, load<f32>(share + cell) + gain * load<f32>(valid + at));
      }
    }
  }
}

/**
 * Draws a rotated view of interleaved fields on four canvases, linear between pixels, and the cells of its energy and of
 * its valid pixels. What lies outside or has an invalid neighbour is 0.
 *
 * @param pose  float64: canvas to field pixel (a b c d e f), then cos and sin of 2 phi and of 4 phi, by which the fields'
 *   angles fall; width and height of the canvas
 * @param canvas  four canvases, `planeBytes` apart; `rows` rows of `stride` elements
 * @param cells  two canvases of cells, `cellBytes` apart; `cellRows` rows of `cellStride` elements
 */
export function drawPose(
  fields: usize, squares: usize, width: i32, height: i32, pose: usize, canvas: usize, planeBytes: usize, stride: i32,
  rows: i32, cells: usize, cellBytes: usize, cellStride: i32, cellRows: i32, shift: i32,
): void {
  const a = <f32>load<f64>(pose), b = <f32>load<f64>(pose, 8), c = <f32>load<f64>(pose, 16);
  const d = <f32>load<f64>(pose, 24), e = <f32>load<f64>(pose, 32), f = <f32>load<f64>(pose, 40);
  const c2 = <f32>load<f64>(pose, 48), s2 = <f32>load<f64>(pose, 56);
  const c4 = <f32>load<f64>(pose, 64), s4 = <f32>load<f64>(pose, 72);
  const across = <i32>load<f64>(pose, 80), down = <i32>load<f64>(pose, 88);
  let turn = f32x4.splat(c2), lean = f32x4.splat(s2);
  turn = f32x4.replace_lane(f32x4.replace_lane(turn, 2, c4), 3, c4);
  lean = f32x4.replace_lane(f32x4.replace_lane(f32x4.replace_lane(lean, 1, -s2), 2, s4), 3, -s4);
  for (let i: usize = 0; i < 4; i++) {
    const bytes = ((<usize>across + 3) & ~3) << 2;
    for (let y = 0; y < rows; y++) memory.fill(canvas + i * planeBytes + ((<usize>y * <usize>stride) << 2), 0, bytes);
  }
  memory.fill(cells, 0, (<usize>cellRows * <usize>cellStride) << 2);
  memory.fill(cells + cellBytes, 0, (<usize>cellRows * <usize>cellStride) << 2);
  const wide = <u32>(width - 1), high = <u32>(height - 1);
  const lineBytes = <usize>width << 4;
  for (let y = 0; y < down; y++) {
    const row = canvas + ((<usize>y * <usize>stride) << 2);
    const cellRow = cells + ((<usize>(y >> shift) * <usize>cellStride) << 2);
    const u0 = b * <f32>y + c, v0 = e * <f32>y + f;
    for (let x = 0; x < across; x++) {
      const u = a * <f32>x + u0, v = d * <f32>x + v0;
      if (u < 0 || v < 0) continue;
      const i = <i32>u, j = <i32>v;
      if (<u32>i >= wide || <u32>j >= high || !load<u8>(squares + <usize>(j * width + i))) continue;
      const s = f32x4.splat(u - <f32>i), t = f32x4.splat(v - <f32>j);
      const p = fields + ((<usize>(j * width + i)) << 4);
      const top = v128.load(p), bottom = v128.load(p + lineBytes);
      const upper = f32x4.add(top, f32x4.mul(s, f32x4.sub(v128.load(p, 16), top)));
      const lower = f32x4.add(bottom, f32x4.mul(s, f32x4.sub(v128.load(p + lineBytes, 16), bottom)));
      const z = f32x4.add(upper, f32x4.mul(t, f32x4.sub(lower, upper)));
      const swapped = v128.shuffle<i32>(z, z, 1, 0, 3, 2);
      const turned = f32x4.add(f32x4.mul(z, turn), f32x4.mul(swapped, lean));
      const to = row + (<usize>x << 2);
      v128.store32_lane(to, turned, 0);
      v128.store32_lane(to + planeBytes, turned, 1);
      v128.store32_lane(to + 2 * planeBytes, turned, 2);
      v128.store32_lane(to + 3 * planeBytes, turned, 3);
      const square = f32x4.mul(z, z);
      const cell = cellRow + (<usize>(x >> shift) << 2);
      store<f32>(cell, load<f32>(cell) + (f32x4.extract_lane(square, 0) + f32x4.extract_lane(square, 1)));
      store<f32>(cell + cellBytes, load<f32>(cell + cellBytes) + 1);
    }
  }
}
