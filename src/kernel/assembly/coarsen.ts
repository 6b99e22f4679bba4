// Coarser planes: the mean over blocks of pixels. NaN is no observation and does not count.
import { storeSomeF32 } from "./samples";

function blockMean(src: usize, rowBytes: usize, columns: i32, rows: i32): f32 {
  let sum: f64 = 0;
  let count = 0;
  for (let y = 0; y < rows; y++) {
    const row = src + <usize>y * rowBytes;
    for (let x = 0; x < columns; x++) {
      const v = load<f32>(row + ((<usize>x) << 2));
      if (v == v) {
        sum += v;
        count++;
      }
    }
  }
  return count > 0 ? <f32>(sum / <f64>count) : f32.NaN;
}

// The same operations in the same order as the vector path below, so that a sample does not depend on its place in the row.
function quadMean(p: usize, rowBytes: usize): f32 {
  const even = load<f32>(p) + load<f32>(p + rowBytes);
  const odd = load<f32>(p, 4) + load<f32>(p + rowBytes, 4);
  const mean = <f32>0.25 * (even + odd);
  return mean == mean ? mean : blockMean(p, rowBytes, 2, 2);
}

/**
 * Mean over blocks of `factor` by `factor` pixels; blocks at the right and bottom end may be cut short.
 *
 * Rows [lo, hi) are rows of the result, which is ceil(width / factor) wide. NaN where a block has no valid sample.
 */
export function coarsen(
  lo: i32,
  hi: i32,
  src: usize,
  srcStride: i32,
  width: i32,
  height: i32,
  dst: usize,
  dstStride: i32,
  factor: i32,
): void {
  const rowBytes = (<usize>srcStride) << 2;
  const outWidth = (width + factor - 1) / factor;
  const quarter = f32x4.splat(0.25);
  for (let y = lo; y < hi; y++) {
    const top = src + <usize>(y * factor) * rowBytes;
    const rows = min(factor, height - y * factor);
    const out = dst + <usize>y * ((<usize>dstStride) << 2);
    let x = 0;
    if (factor == 2 && rows == 2) {
      for (; 2 * x + 8 <= width; x += 4) {
        const p = top + ((<usize>x) << 3);
        const a = f32x4.add(v128.load(p), v128.load(p + rowBytes));
        const b = f32x4.add(v128.load(p, 16), v128.load(p + rowBytes, 16));
        const even = v128.shuffle<f32>(a, b, 0, 2, 4, 6);
        const odd = v128.shuffle<f32>(a, b, 1, 3, 5, 7);
        const mean = f32x4.mul(quarter, f32x4.add(even, odd));
        if (v128.any_true(f32x4.ne(mean, mean))) {
          for (let i = 0; i < 4; i++)
            store<f32>(out + ((<usize>(x + i)) << 2), quadMean(p + ((<usize>i) << 3), rowBytes));
        } else v128.store(out + ((<usize>x) << 2), mean);
      }
    }
    for (; x < outWidth; x++) {
      const p = top + ((<usize>(x * factor)) << 2);
      const columns = min(factor, width - x * factor);
      const pair = factor == 2 && rows == 2 && columns == 2;
      store<f32>(out + ((<usize>x) << 2), pair ? quadMean(p, rowBytes) : blockMean(p, rowBytes, columns, rows));
    }
  }
}
