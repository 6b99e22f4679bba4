// Four taps along each axis, their weights cubics in the fraction: Keys' kernel by itself, for its speed, and any other.
import { Warp } from "./warp-job";
import { settle } from "./warp-samplers";

// Keys' kernel with a = -0.5 at the four taps -1, 0, 1, 2, for four positions at once.
@inline function outerLeft(t: v128, t2: v128): v128 {
  const half = f32x4.splat(0.5);
  return f32x4.sub(t2, f32x4.mul(half, f32x4.add(f32x4.mul(t2, t), t)));
}
@inline function innerLeft(t: v128, t2: v128): v128 {
  return f32x4.add(f32x4.mul(t2, f32x4.add(f32x4.mul(f32x4.splat(1.5), t), f32x4.splat(-2.5))), f32x4.splat(1));
}
@inline function innerRight(t: v128, t2: v128): v128 {
  const cubic = f32x4.mul(t2, f32x4.add(f32x4.mul(f32x4.splat(-1.5), t), f32x4.splat(2)));
  return f32x4.add(cubic, f32x4.mul(f32x4.splat(0.5), t));
}
@inline function outerRight(t: v128, t2: v128): v128 {
  return f32x4.mul(f32x4.mul(f32x4.splat(0.5), t2), f32x4.sub(t, f32x4.splat(1)));
}

/** Weight of a tap: of Keys' kernel, or from a table of four float32 for each tap, the highest power first. */
@inline function weightOf(tap: i32, t: v128, t2: v128, keys: bool, table: usize): v128 {
  if (keys) {
    if (tap == 0) return outerLeft(t, t2);
    if (tap == 1) return innerLeft(t, t2);
    if (tap == 2) return innerRight(t, t2);
    return outerRight(t, t2);
  }
  const row = table + <usize>(tap << 4);
  const high = f32x4.add(f32x4.mul(v128.load32_splat(row), t), v128.load32_splat(row, 4));
  const low = f32x4.add(f32x4.mul(v128.load32_splat(row, 8), t), v128.load32_splat(row, 12));
  return f32x4.add(f32x4.mul(high, t2), low);
}

/** Four rows of four samples at `p`, weighted by row. */
@inline function columns(p: usize, row: usize, y0: v128, y1: v128, y2: v128, y3: v128): v128 {
  return f32x4.add(
    f32x4.add(f32x4.mul(v128.load(p), y0), f32x4.mul(v128.load(p + row), y1)),
    f32x4.add(f32x4.mul(v128.load(p + 2 * row), y2), f32x4.mul(v128.load(p + 3 * row), y3)),
  );
}

@inline function fourTaps(job: Warp, count: i32, keys: bool, mend: bool): void {
  const table = job.table;
  const out = job.out;
  const tile = job.tile;
  const offsets = job.offsets;
  const fractionX = job.fractionX;
  const fractionY = job.fractionY;
  const row = <usize>job.tileStride << 2;
  const base = tile - row - 4;
  for (let i = 0; i < count; i += 4) {
    const at = <usize>i << 2;
    const v = v128.load(fractionY + at);
    const v2 = f32x4.mul(v, v);
    const y0 = weightOf(0, v, v2, keys, table);
    const y1 = weightOf(1, v, v2, keys, table);
    const y2 = weightOf(2, v, v2, keys, table);
    const y3 = weightOf(3, v, v2, keys, table);
    const h0 = columns(
      base + load<i32>(offsets + at), row,
      v128.shuffle<f32>(y0, y0, 0, 0, 0, 0), v128.shuffle<f32>(y1, y1, 0, 0, 0, 0),
      v128.shuffle<f32>(y2, y2, 0, 0, 0, 0), v128.shuffle<f32>(y3, y3, 0, 0, 0, 0),
    );
    const h1 = columns(
      base + load<i32>(offsets + at, 4), row,
      v128.shuffle<f32>(y0, y0, 1, 1, 1, 1), v128.shuffle<f32>(y1, y1, 1, 1, 1, 1),
      v128.shuffle<f32>(y2, y2, 1, 1, 1, 1), v128.shuffle<f32>(y3, y3, 1, 1, 1, 1),
    );
    const h2 = columns(
      base + load<i32>(offsets + at, 8), row,
      v128.shuffle<f32>(y0, y0, 2, 2, 2, 2), v128.shuffle<f32>(y1, y1, 2, 2, 2, 2),
      v128.shuffle<f32>(y2, y2, 2, 2, 2, 2), v128.shuffle<f32>(y3, y3, 2, 2, 2, 2),
    );
    const h3 = columns(
      base + load<i32>(offsets + at, 12), row,
      v128.shuffle<f32>(y0, y0, 3, 3, 3, 3), v128.shuffle<f32>(y1, y1, 3, 3, 3, 3),
      v128.shuffle<f32>(y2, y2, 3, 3, 3, 3), v128.shuffle<f32>(y3, y3, 3, 3, 3, 3),
    );
    // Transposed, so that one vector holds the same tap of four pixels.
    const a01 = v128.shuffle<f32>(h0, h1, 0, 4, 1, 5);
    const b01 = v128.shuffle<f32>(h0, h1, 2, 6, 3, 7);
    const a23 = v128.shuffle<f32>(h2, h3, 0, 4, 1, 5);
    const b23 = v128.shuffle<f32>(h2, h3, 2, 6, 3, 7);
    const t = v128.load(fractionX + at);
    const t2 = f32x4.mul(t, t);
    const left = f32x4.add(
      f32x4.mul(v128.shuffle<f64>(a01, a23, 0, 2), weightOf(0, t, t2, keys, table)),
      f32x4.mul(v128.shuffle<f64>(a01, a23, 1, 3), weightOf(1, t, t2, keys, table)),
    );
    const right = f32x4.add(
      f32x4.mul(v128.shuffle<f64>(b01, b23, 0, 2), weightOf(2, t, t2, keys, table)),
      f32x4.mul(v128.shuffle<f64>(b01, b23, 1, 3), weightOf(3, t, t2, keys, table)),
    );
    if (mend) settle(job, out, at, f32x4.add(left, right));
    else v128.store(out + at, f32x4.add(left, right));
  }
}

export function sampleCubic(job: Warp, count: i32): void {
  fourTaps(job, count, true, true);
}

export function sampleFourTaps(job: Warp, count: i32): void {
  fourTaps(job, count, false, true);
}

/** As `sampleFourTaps`, but NaN stays wherever a tap is NaN. */
export function sampleFourTapsBare(job: Warp, count: i32): void {
  fourTaps(job, count, false, false);
}
