// Samples of a source tile at the positions of a row. NaN in, NaN out: the vector paths then turn to `partial`.
import { Warp } from "./warp-job";

/**
 * Linear interpolation over the valid ones of the four nearest samples, weights scaled to sum 1.
 * NaN when the nearest sample is not valid.
 */
function partial(p: usize, row: usize, fx: f32, fy: f32): f32 {
  const nearest = load<f32>(p + (fx >= 0.5 ? 4 : 0) + (fy >= 0.5 ? row : 0));
  if (nearest != nearest) return nearest;
  let sum: f32 = 0;
  let weight: f32 = 0;
  for (let k = 0; k < 4; k++) {
    const v = load<f32>(p + ((k & 1) != 0 ? 4 : 0) + ((k & 2) != 0 ? row : 0));
    const w: f32 = ((k & 1) != 0 ? fx : <f32>1 - fx) * ((k & 2) != 0 ? fy : <f32>1 - fy);
    if (v == v) {
      sum += w * v;
      weight += w;
    }
  }
  return sum / weight;
}

/** Stores four samples, after `partial` has looked at those that are NaN. */
@inline function settle(job: Warp, out: usize, at: usize, v: v128): void {
  v128.store(out + at, v);
  if (v128.any_true(f32x4.ne(v, v))) mend(job, at);
}

function mend(job: Warp, at: usize): void {
  for (let o = at; o < at + 16; o += 4) {
    const v = load<f32>(job.out + o);
    if (v == v) continue;
    const p = job.tile + load<i32>(job.offsets + o);
    const s = partial(p, <usize>job.tileStride << 2, load<f32>(job.fractionX + o), load<f32>(job.fractionY + o));
    store<f32>(job.out + o, s);
  }
}

export function sampleNearest(job: Warp, count: i32): void {
  const tile = job.tile;
  const offsets = job.offsets;
  const fractionX = job.fractionX;
  const fractionY = job.fractionY;
  const out = job.out;
  const row = <usize>job.tileStride << 2;
  for (let i = 0; i < count; i++) {
    const at = <usize>i << 2;
    const right: usize = load<f32>(fractionX + at) >= 0.5 ? 4 : 0;
    const down: usize = load<f32>(fractionY + at) >= 0.5 ? row : 0;
    store<f32>(out + at, load<f32>(tile + load<i32>(offsets + at) + right + down));
  }
}

export function sampleLinear(job: Warp, count: i32): void {
  const out = job.out;
  const tile = job.tile;
  const offsets = job.offsets;
  const fractionX = job.fractionX;
  const fractionY = job.fractionY;
  const row = <usize>job.tileStride << 2;
  for (let i = 0; i < count; i += 4) {
    const at = <usize>i << 2;
    const fx = v128.load(fractionX + at);
    const fy = v128.load(fractionY + at);
    const p0 = tile + load<i32>(offsets + at);
    const p1 = tile + load<i32>(offsets + at, 4);
    const p2 = tile + load<i32>(offsets + at, 8);
    const p3 = tile + load<i32>(offsets + at, 12);
    const t01 = v128.load64_lane(p1, v128.load64_zero(p0), 1);
    const t23 = v128.load64_lane(p3, v128.load64_zero(p2), 1);
    const u01 = v128.load64_lane(p1 + row, v128.load64_zero(p0 + row), 1);
    const u23 = v128.load64_lane(p3 + row, v128.load64_zero(p2 + row), 1);
    const a = v128.shuffle<f32>(t01, t23, 0, 2, 4, 6);
    const b = v128.shuffle<f32>(t01, t23, 1, 3, 5, 7);
    const c = v128.shuffle<f32>(u01, u23, 0, 2, 4, 6);
    const d = v128.shuffle<f32>(u01, u23, 1, 3, 5, 7);
    const t = f32x4.add(a, f32x4.mul(fx, f32x4.sub(b, a)));
    const u = f32x4.add(c, f32x4.mul(fx, f32x4.sub(d, c)));
    settle(job, out, at, f32x4.add(t, f32x4.mul(fy, f32x4.sub(u, t))));
  }
}

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

/** Four rows of four samples at `p`, weighted by row. */
@inline function columns(p: usize, row: usize, y0: v128, y1: v128, y2: v128, y3: v128): v128 {
  return f32x4.add(
    f32x4.add(f32x4.mul(v128.load(p), y0), f32x4.mul(v128.load(p + row), y1)),
    f32x4.add(f32x4.mul(v128.load(p + 2 * row), y2), f32x4.mul(v128.load(p + 3 * row), y3)),
  );
}

export function sampleCubic(job: Warp, count: i32): void {
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
    const y0 = outerLeft(v, v2);
    const y1 = innerLeft(v, v2);
    const y2 = innerRight(v, v2);
    const y3 = outerRight(v, v2);
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
      f32x4.mul(v128.shuffle<f64>(a01, a23, 0, 2), outerLeft(t, t2)),
      f32x4.mul(v128.shuffle<f64>(a01, a23, 1, 3), innerLeft(t, t2)),
    );
    const right = f32x4.add(
      f32x4.mul(v128.shuffle<f64>(b01, b23, 0, 2), innerRight(t, t2)),
      f32x4.mul(v128.shuffle<f64>(b01, b23, 1, 3), outerRight(t, t2)),
    );
    settle(job, out, at, f32x4.add(left, right));
  }
}

/** Weights of the six taps at a fraction, from the table: four in one vector, or the last two. */
@inline function phase(table: usize, fraction: f32, at: usize): v128 {
  const f = fraction * <f32>1024;
  const k = <i32>f;
  const entry = table + (<usize>k << 5) + at;
  const a = v128.load(entry);
  return f32x4.add(a, f32x4.mul(f32x4.splat(f - <f32>k), f32x4.sub(v128.load(entry, 32), a)));
}

export function sampleLanczos(job: Warp, count: i32): void {
  const tile = job.tile;
  const offsets = job.offsets;
  const fractionX = job.fractionX;
  const fractionY = job.fractionY;
  const out = job.out;
  const table = job.table;
  const row = <usize>job.tileStride << 2;
  const base = tile - 2 * row - 8;
  for (let i = 0; i < count; i += 4) {
    const at = <usize>i << 2;
    for (let k: usize = 0; k < 16; k += 4) {
      const fx = load<f32>(fractionX + at + k);
      const fy = load<f32>(fractionY + at + k);
      const p = base + load<i32>(offsets + at + k);
      const y = phase(table, fy, 0);
      const z = phase(table, fy, 16);
      let a = f32x4.mul(v128.shuffle<f32>(y, y, 0, 0, 0, 0), v128.load(p));
      let b = f32x4.mul(v128.shuffle<f32>(y, y, 0, 0, 0, 0), v128.load64_zero(p + 16));
      let q = p + row;
      let w = v128.shuffle<f32>(y, y, 1, 1, 1, 1);
      a = f32x4.add(a, f32x4.mul(w, v128.load(q)));
      b = f32x4.add(b, f32x4.mul(w, v128.load64_zero(q + 16)));
      q += row;
      w = v128.shuffle<f32>(y, y, 2, 2, 2, 2);
      a = f32x4.add(a, f32x4.mul(w, v128.load(q)));
      b = f32x4.add(b, f32x4.mul(w, v128.load64_zero(q + 16)));
      q += row;
      w = v128.shuffle<f32>(y, y, 3, 3, 3, 3);
      a = f32x4.add(a, f32x4.mul(w, v128.load(q)));
      b = f32x4.add(b, f32x4.mul(w, v128.load64_zero(q + 16)));
      q += row;
      w = v128.shuffle<f32>(z, z, 0, 0, 0, 0);
      a = f32x4.add(a, f32x4.mul(w, v128.load(q)));
      b = f32x4.add(b, f32x4.mul(w, v128.load64_zero(q + 16)));
      q += row;
      w = v128.shuffle<f32>(z, z, 1, 1, 1, 1);
      a = f32x4.add(a, f32x4.mul(w, v128.load(q)));
      b = f32x4.add(b, f32x4.mul(w, v128.load64_zero(q + 16)));
      const s = f32x4.add(f32x4.mul(a, phase(table, fx, 0)), f32x4.mul(b, phase(table, fx, 16)));
      const r = f32x4.add(s, v128.shuffle<f32>(s, s, 2, 3, 0, 1));
      store<f32>(out + at + k, f32x4.extract_lane(r, 0) + f32x4.extract_lane(r, 1));
    }
    settle(job, out, at, v128.load(out + at));
  }
}
