// Directions without branches.

const TAU: f32 = 6.283185307179586;

/** atan2 in turns, [0, 1): minimax polynomial, error below 2e-6 turns; 0 for (0, 0). */
@inline export function turns(y: v128, x: v128): v128 {
  const ax = f32x4.abs(x),
    ay = f32x4.abs(y);
  const big = f32x4.max(ax, ay),
    small = f32x4.min(ax, ay);
  const t = f32x4.div(small, f32x4.max(big, f32x4.splat(1e-30)));
  const q = f32x4.mul(t, t);
  let p = f32x4.splat(-0.0117212);
  p = f32x4.add(f32x4.mul(p, q), f32x4.splat(0.05265332));
  p = f32x4.add(f32x4.mul(p, q), f32x4.splat(-0.11643287));
  p = f32x4.add(f32x4.mul(p, q), f32x4.splat(0.19354346));
  p = f32x4.add(f32x4.mul(p, q), f32x4.splat(-0.33262347));
  p = f32x4.add(f32x4.mul(p, q), f32x4.splat(0.99997726));
  let r = f32x4.mul(f32x4.mul(p, t), f32x4.splat(1 / TAU));
  r = v128.bitselect(f32x4.sub(f32x4.splat(0.25), r), r, f32x4.gt(ay, ax));
  r = v128.bitselect(f32x4.sub(f32x4.splat(0.5), r), r, f32x4.lt(x, f32x4.splat(0)));
  r = v128.bitselect(f32x4.sub(f32x4.splat(1), r), r, f32x4.lt(y, f32x4.splat(0)));
  return v128.bitselect(f32x4.splat(0), r, f32x4.ge(r, f32x4.splat(1)));
}
