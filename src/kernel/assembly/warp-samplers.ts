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
@inline export function settle(job: Warp, out: usize, at: usize, v: v128): void {
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
