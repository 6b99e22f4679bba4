// Thin-plate splines at many points. Step by step as src/core/bending/thin-plate.ts and src/core/logarithm.ts have it, two
// points at a time, so that both give the same bits.

/** The natural logarithm of two positive numbers, neither subnormal nor infinite (fdlibm, e_log.c). */
@inline export function logarithms(x: v128): v128 {
  const bits = i64x2.add(x, i64x2.splat(0x00095f6200000000)); // 0x3ff00000 - 0x3fe6a09e, in the high words
  const exponents = i64x2.shr_u(bits, 52);
  const low = i32x4.sub(i8x16.shuffle(exponents, exponents, 0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11), i32x4.splat(0x3ff));
  const k = f64x2.convert_low_i32x4_s(low);
  const reduced = i64x2.add(v128.and(bits, i64x2.splat(0x000fffffffffffff)), i64x2.splat(0x3fe6a09e00000000));
  const f = f64x2.sub(reduced, f64x2.splat(1));
  const s = f64x2.div(f, f64x2.add(f64x2.splat(2), f));
  const z = f64x2.mul(s, s);
  const w = f64x2.mul(z, z);
  const even = f64x2.mul(w, f64x2.add(f64x2.splat(0.3999999999940942), f64x2.mul(w, f64x2.add(f64x2.splat(0.22222198432149784), f64x2.mul(w, f64x2.splat(0.15313837699209373))))));
  const odd = f64x2.mul(z, f64x2.add(f64x2.splat(0.6666666666666735), f64x2.mul(w, f64x2.add(f64x2.splat(0.2857142874366239), f64x2.mul(w, f64x2.add(f64x2.splat(0.1818357216161805), f64x2.mul(w, f64x2.splat(0.14798198605116586))))))));
  const half = f64x2.mul(f64x2.mul(f64x2.splat(0.5), f), f);
  const sum = f64x2.add(f64x2.mul(s, f64x2.add(half, f64x2.add(odd, even))), f64x2.mul(k, f64x2.splat(1.9082149292705877e-10)));
  return f64x2.add(f64x2.add(f64x2.sub(sum, half), f), f64x2.mul(k, f64x2.splat(0.6931471803691238)));
}

@inline function finite(v: v128): v128 {
  return v128.bitselect(v, f64x2.splat(NaN), f64x2.lt(f64x2.abs(v), f64x2.splat(Infinity)));
}

/**
 * Points [lo, hi) through A p + Σ wᵢ U(|p − kᵢ|), U(r) = r² log r.
 *
 * @param points  f64 pairs
 * @param out  f64 pairs (u, v); with `jets`, sixes (u, v, ∂u/∂x, ∂u/∂y, ∂v/∂x, ∂v/∂y)
 * @param affine  six f64, row-major
 * @param knots, weights  f64 pairs, `count` of them
 */
export function thinPlate(lo: i32, hi: i32, points: usize, out: usize, jets: i32, affine: usize, knots: usize, weights: usize, count: i32): void {
  const a = f64x2.splat(load<f64>(affine));
  const b = f64x2.splat(load<f64>(affine, 8));
  const c = f64x2.splat(load<f64>(affine, 16));
  const d = f64x2.splat(load<f64>(affine, 24));
  const e = f64x2.splat(load<f64>(affine, 32));
  const f = f64x2.splat(load<f64>(affine, 40));
  const zero = f64x2.splat(0);
  const end = <usize>count << 4;
  for (let i = lo; i < hi; i += 2) {
    const p = v128.load(points + (<usize>i << 4));
    const q = v128.load(points + (<usize>min(i + 1, hi - 1) << 4));
    const x = v128.shuffle<f64>(p, q, 0, 2);
    const y = v128.shuffle<f64>(p, q, 1, 3);
    let u = zero, v = zero, ux = zero, uy = zero, vx = zero, vy = zero;
    for (let k: usize = 0; k < end; k += 16) {
      const dx = f64x2.sub(x, f64x2.splat(load<f64>(knots + k)));
      const dy = f64x2.sub(y, f64x2.splat(load<f64>(knots + k, 8)));
      const square = f64x2.add(f64x2.mul(dx, dx), f64x2.mul(dy, dy));
      const apart = f64x2.gt(square, f64x2.splat(1e-300)); // U and its derivatives are 0 at the knot
      const log = logarithms(square);
      const bend = v128.and(f64x2.mul(f64x2.mul(f64x2.splat(0.5), square), log), apart);
      const wu = f64x2.splat(load<f64>(weights + k));
      const wv = f64x2.splat(load<f64>(weights + k, 8));
      u = f64x2.add(u, f64x2.mul(wu, bend));
      v = f64x2.add(v, f64x2.mul(wv, bend));
      if (jets == 0) continue;
      const steep = f64x2.add(log, f64x2.splat(1));
      const slopeX = v128.and(f64x2.mul(dx, steep), apart);
      const slopeY = v128.and(f64x2.mul(dy, steep), apart);
      ux = f64x2.add(ux, f64x2.mul(wu, slopeX));
      uy = f64x2.add(uy, f64x2.mul(wu, slopeY));
      vx = f64x2.add(vx, f64x2.mul(wv, slopeX));
      vy = f64x2.add(vy, f64x2.mul(wv, slopeY));
    }
    u = finite(f64x2.add(f64x2.add(f64x2.add(f64x2.mul(a, x), f64x2.mul(b, y)), c), u));
    v = finite(f64x2.add(f64x2.add(f64x2.add(f64x2.mul(d, x), f64x2.mul(e, y)), f), v));
    const size: usize = jets != 0 ? 48 : 16;
    let o = out + <usize>i * size;
    v128.store(o, v128.shuffle<f64>(u, v, 0, 2));
    if (i + 1 < hi) v128.store(o + size, v128.shuffle<f64>(u, v, 1, 3));
    if (jets == 0) continue;
    ux = f64x2.add(a, ux);
    uy = f64x2.add(b, uy);
    vx = f64x2.add(d, vx);
    vy = f64x2.add(e, vy);
    v128.store(o, v128.shuffle<f64>(ux, uy, 0, 2), 16);
    v128.store(o, v128.shuffle<f64>(vx, vy, 0, 2), 32);
    if (i + 1 >= hi) continue;
    o += size;
    v128.store(o, v128.shuffle<f64>(ux, uy, 1, 3), 16);
    v128.store(o, v128.shuffle<f64>(vx, vy, 1, 3), 32);
  }
}
