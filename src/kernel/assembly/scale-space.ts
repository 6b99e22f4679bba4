// Scale space for feature detectors, in row bands.
//
// A level is a buffer of float32 rows of `stride` elements, the first of which is row `row0` of the image. Rows are
// counted in image coordinates everywhere, and rows outside of the image repeat its edge, so that a band gives the same
// bytes as the whole image would.

/** Address of row y of level k in a table of (address u32, row0 i32). */
export function levelRow(levels: usize, k: i32, y: i32, strideBytes: usize): usize {
  const entry = levels + ((<usize>k) << 3);
  return <usize>load<u32>(entry) + <usize>(y - load<i32>(entry, 4)) * strideBytes;
}

/**
 * Separable Gaussian of rows first + [lo, hi): `weights` holds radius + 1 float32, the centre first.
 * `line` is scratch of stride + 2 radius + 32 floats.
 */
export function blurRows(
  lo: i32,
  hi: i32,
  src: usize,
  srcRow0: i32,
  dst: usize,
  dstRow0: i32,
  first: i32,
  width: i32,
  height: i32,
  stride: i32,
  weights: usize,
  radius: i32,
  line: usize,
): void {
  const strideBytes = (<usize>stride) << 2;
  const mid = line + ((<usize>((radius + 3) & ~3)) << 2);
  const span = (<usize>((width + 15) & ~15)) << 2;
  const last = height - 1;
  for (let y = first + lo; y < first + hi; y++) {
    const centre = src + <usize>(y - srcRow0) * strideBytes;
    for (let x: usize = 0; x < span; x += 64) {
      const wc = v128.load32_splat(weights);
      const p = centre + x;
      let a0 = f32x4.mul(v128.load(p), wc);
      let a1 = f32x4.mul(v128.load(p, 16), wc);
      let a2 = f32x4.mul(v128.load(p, 32), wc);
      let a3 = f32x4.mul(v128.load(p, 48), wc);
      let up = centre + x;
      let down = up;
      for (let k = 1; k <= radius; k++) {
        if (y - k >= 0) up -= strideBytes;
        if (y + k <= last) down += strideBytes;
        const wk = v128.load32_splat(weights + ((<usize>k) << 2));
        a0 = f32x4.add(a0, f32x4.mul(wk, f32x4.add(v128.load(up), v128.load(down))));
        a1 = f32x4.add(a1, f32x4.mul(wk, f32x4.add(v128.load(up, 16), v128.load(down, 16))));
        a2 = f32x4.add(a2, f32x4.mul(wk, f32x4.add(v128.load(up, 32), v128.load(down, 32))));
        a3 = f32x4.add(a3, f32x4.mul(wk, f32x4.add(v128.load(up, 48), v128.load(down, 48))));
      }
      const q = mid + x;
      v128.store(q, a0);
      v128.store(q, a1, 16);
      v128.store(q, a2, 32);
      v128.store(q, a3, 48);
    }
    repeatEdges(mid, width, radius);
    const out = dst + <usize>(y - dstRow0) * strideBytes;
    for (let x: usize = 0; x < span; x += 64) {
      const wc = v128.load32_splat(weights);
      const p = mid + x;
      let a0 = f32x4.mul(v128.load(p), wc);
      let a1 = f32x4.mul(v128.load(p, 16), wc);
      let a2 = f32x4.mul(v128.load(p, 32), wc);
      let a3 = f32x4.mul(v128.load(p, 48), wc);
      for (let k: usize = 1; k <= <usize>radius; k++) {
        const left = p - (k << 2),
          right = p + (k << 2);
        const wk = v128.load32_splat(weights + (k << 2));
        a0 = f32x4.add(a0, f32x4.mul(wk, f32x4.add(v128.load(left), v128.load(right))));
        a1 = f32x4.add(a1, f32x4.mul(wk, f32x4.add(v128.load(left, 16), v128.load(right, 16))));
        a2 = f32x4.add(a2, f32x4.mul(wk, f32x4.add(v128.load(left, 32), v128.load(right, 32))));
        a3 = f32x4.add(a3, f32x4.mul(wk, f32x4.add(v128.load(left, 48), v128.load(right, 48))));
      }
      const q = out + x;
      v128.store(q, a0);
      v128.store(q, a1, 16);
      v128.store(q, a2, 32);
      v128.store(q, a3, 48);
    }
  }
}

/** Repeats the first and last of `width` floats on both sides, as far as a filter of this radius reads in steps of 16. */
function repeatEdges(mid: usize, width: i32, radius: i32): void {
  const end = mid + ((<usize>width) << 2);
  const left = load<f32>(mid),
    right = load<f32>(end - 4);
  for (let k: usize = 1; k <= <usize>radius; k++) store<f32>(mid - (k << 2), left);
  for (let k: usize = 0; k < <usize>(radius + 16); k++) store<f32>(end + (k << 2), right);
}

/** Rows first + [lo, hi) of the image at twice the size: sample (2x, 2y) is sample (x, y), those between are linear. */
export function doubleRows(
  lo: i32,
  hi: i32,
  src: usize,
  srcStride: i32,
  srcWidth: i32,
  srcHeight: i32,
  dst: usize,
  dstRow0: i32,
  dstStride: i32,
  first: i32,
): void {
  for (let y = first + lo; y < first + hi; y++) {
    const a = src + ((<usize>(y >> 1) * <usize>srcStride) << 2);
    const b = src + ((<usize>min((y + 1) >> 1, srcHeight - 1) * <usize>srcStride) << 2);
    const out = dst + ((<usize>(y - dstRow0) * <usize>dstStride) << 2);
    let here: f32 = 0.5 * (load<f32>(a) + load<f32>(b));
    for (let x = 0; x < srcWidth; x++) {
      const next = (<usize>min(x + 1, srcWidth - 1)) << 2;
      const there: f32 = 0.5 * (load<f32>(a + next) + load<f32>(b + next));
      const q = out + ((<usize>x) << 3);
      store<f32>(q, here);
      store<f32>(q, 0.5 * (here + there), 4);
      here = there;
    }
  }
}

/** Every second sample of every second row: rows first + [lo, hi) of the smaller image, which is `width` wide. */
export function halveRows(
  lo: i32,
  hi: i32,
  src: usize,
  srcRow0: i32,
  srcStride: i32,
  dst: usize,
  dstStride: i32,
  width: i32,
  first: i32,
): void {
  for (let y = first + lo; y < first + hi; y++) {
    const a = src + ((<usize>(2 * y - srcRow0) * <usize>srcStride) << 2);
    const out = dst + ((<usize>y * <usize>dstStride) << 2);
    for (let x = 0; x < width; x += 4) {
      const p = a + ((<usize>x) << 3);
      v128.store(out + ((<usize>x) << 2), v128.shuffle<f32>(v128.load(p), v128.load(p, 16), 0, 2, 4, 6));
    }
  }
}
