// Double-angle gradient fields: edges by direction modulo 180 degrees, normalised by their surroundings, whatever the
// modality or sign of contrast. All planes have one stride, in elements.

/** Where the gradient (dx, dy) is longer than (bestX, bestY), it takes its place. */
export function strongerGradient(
  lo: i32, hi: i32, dx: usize, dy: usize, bestX: usize, bestY: usize, stride: i32, width: i32,
): void {
  for (let y = lo; y < hi; y++) {
    const row = (<usize>y * <usize>stride) << 2;
    for (let x = 0; x < width; x += 4) {
      const at = row + (<usize>x << 2);
      const gx = v128.load(dx + at), gy = v128.load(dy + at);
      const hx = v128.load(bestX + at), hy = v128.load(bestY + at);
      const g = f32x4.add(f32x4.mul(gx, gx), f32x4.mul(gy, gy));
      const h = f32x4.add(f32x4.mul(hx, hx), f32x4.mul(hy, hy));
      const stronger = f32x4.gt(g, h);
      v128.store(bestX + at, v128.bitselect(gx, hx, stronger));
      v128.store(bestY + at, v128.bitselect(gy, hy, stronger));
    }
  }
}

/**
 * Where all of the 5 by 5 neighbourhood in `src` lies inside and was observed, valid = 1 and energy = the squared length
 * of the gradient; elsewhere both are 0, as in the padding of the rows. sums[2 row] and sums[2 row + 1] (float64) are the
 * row's energy and its valid pixels.
 */
export function gradientEnergy(
  lo: i32, hi: i32, src: usize, dx: usize, dy: usize, energy: usize, valid: usize, stride: i32, width: i32, height: i32,
  sums: usize,
): void {
  const bytes = <usize>stride << 2;
  const one = f32x4.splat(1);
  const none = f32x4.splat(0);
  for (let y = lo; y < hi; y++) {
    const row = <usize>y * bytes;
    const inside = y >= 2 && y < height - 2;
    let sum: f64 = 0;
    let count: f64 = 0;
    for (let x = 0; x < stride; x += 4) {
      const at = row + (<usize>x << 2);
      let ok = none;
      if (inside && x < width - 2) {
        const left = i32x4.add(i32x4.splat(x), i32x4(0, 1, 2, 3));
        ok = v128.and(i32x4.ge_s(left, i32x4.splat(2)), i32x4.lt_s(left, i32x4.splat(width - 2)));
        for (let j = -2; j <= 2; j++) {
          const p = src + at + <usize>j * bytes;
          for (let i = -2; i <= 2; i++) {
            const v = v128.load(p + <usize>(i << 2));
            ok = v128.and(ok, f32x4.eq(v, v));
          }
        }
      }
      const gx = v128.load(dx + at), gy = v128.load(dy + at);
      const e = v128.and(ok, f32x4.add(f32x4.mul(gx, gx), f32x4.mul(gy, gy)));
      const v = v128.and(ok, one);
      v128.store(energy + at, e);
      v128.store(valid + at, v);
      sum += <f64>f32x4.extract_lane(e, 0) + <f64>f32x4.extract_lane(e, 1);
      sum += <f64>f32x4.extract_lane(e, 2) + <f64>f32x4.extract_lane(e, 3);
      count += <f64>(f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1));
      count += <f64>(f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
    }
    store<f64>(sums + (<usize>y << 4), sum);
    store<f64>(sums + (<usize>y << 4), count, 8);
  }
}

/**
 * The fields w u^2 and w u^4, where u = (dx + i dy) / |(dx, dy)| and w = |(dx, dy)| / (local + floor), at most `most`;
 * local = the root of nearEnergy / nearValid. Zero where `valid` is 0 and in the padding of the rows.
 *
 * @param nearEnergy  blurred energy
 * @param nearValid  blurred valid
 */
export function angleFields(
  lo: i32, hi: i32, dx: usize, dy: usize, nearEnergy: usize, nearValid: usize, valid: usize,
  re2: usize, im2: usize, re4: usize, im4: usize, stride: i32, floor: f32, most: f32,
): void {
  const least = f32x4.splat(0.05);
  const tiny = f32x4.splat(1e-6);
  const none = f32x4.splat(0);
  for (let y = lo; y < hi; y++) {
    const row = (<usize>y * <usize>stride) << 2;
    for (let x = 0; x < stride; x += 4) {
      const at = row + (<usize>x << 2);
      const ok = f32x4.gt(v128.load(valid + at), none);
      const gx = v128.and(ok, v128.load(dx + at));
      const gy = v128.and(ok, v128.load(dy + at));
      const m = f32x4.sqrt(f32x4.add(f32x4.mul(gx, gx), f32x4.mul(gy, gy)));
      const local = f32x4.sqrt(f32x4.div(v128.load(nearEnergy + at), f32x4.pmax(v128.load(nearValid + at), least)));
      let w = f32x4.pmin(f32x4.div(m, f32x4.add(local, f32x4.splat(floor))), f32x4.splat(most));
      w = v128.and(ok, w);
      const length = f32x4.pmax(m, tiny);
      const ux = f32x4.div(gx, length), uy = f32x4.div(gy, length);
      const c2 = f32x4.sub(f32x4.mul(ux, ux), f32x4.mul(uy, uy));
      const xy = f32x4.mul(ux, uy);
      const s2 = f32x4.add(xy, xy);
      const cs = f32x4.mul(c2, s2);
      v128.store(re2 + at, f32x4.mul(w, c2));
      v128.store(im2 + at, f32x4.mul(w, s2));
      v128.store(re4 + at, f32x4.mul(w, f32x4.sub(f32x4.mul(c2, c2), f32x4.mul(s2, s2))));
      v128.store(im4 + at, f32x4.mul(w, f32x4.add(cs, cs)));
    }
  }
}
