// Corner measures and steered BRIEF, as ORB combines them [Rublee et al. 2011, doi:10.1109/ICCV.2011.6126544].

/** Half the side of the window of corner measures, and the radius of the disc that gives the direction. */
const WINDOW = 3;
const REFINE = 5;
const DISC = 15;

/**
 * Measures corners [lo, hi) (int32 x, y) of a byte image: writes Harris response, refined x, refined y and direction
 * (radians, from +x towards +y), float32 each. Corners lie at least 17 pixels inside.
 *
 * Refinement: the point to which the gradients around are orthogonal [Förstner and Gülch 1987], if it lies within a pixel.
 */
export function cornerMeasures(lo: i32, hi: i32, corners: usize, src: usize, stride: i32, out: usize): void {
  const s = <usize>stride;
  for (let i = lo; i < hi; i++) {
    const x = load<i32>(corners + (<usize>i << 3)), y = load<i32>(corners + (<usize>i << 3), 4);
    const centre = src + <usize>y * s + <usize>x;
    let a: i64 = 0, b: i64 = 0, c: i64 = 0;
    let fa: f64 = 0, fb: f64 = 0, fc: f64 = 0, fx: f64 = 0, fy: f64 = 0;
    for (let v = -REFINE; v <= REFINE; v++) {
      for (let u = -REFINE; u <= REFINE; u++) {
        const p = centre + <usize>(v * stride + u);
        const nw = <i32>load<u8>(p - s - 1), n = <i32>load<u8>(p - s), ne = <i32>load<u8>(p - s + 1);
        const sw = <i32>load<u8>(p + s - 1), so = <i32>load<u8>(p + s), se = <i32>load<u8>(p + s + 1);
        const gx = ne - nw + 2 * (<i32>load<u8>(p + 1) - <i32>load<u8>(p - 1)) + se - sw;
        const gy = sw - nw + 2 * (so - n) + se - ne;
        if (abs(u) <= WINDOW && abs(v) <= WINDOW) {
          a += gx * gx;
          b += gx * gy;
          c += gy * gy;
        }
        // A tent is near enough to a Gaussian here, and exact in every engine.
        const w = <f64>((REFINE + 1 - abs(u)) * (REFINE + 1 - abs(v)));
        const xx = w * <f64>(gx * gx), xy = w * <f64>(gx * gy), yy = w * <f64>(gy * gy);
        fa += xx; fb += xy; fc += yy;
        fx += xx * <f64>u + xy * <f64>v;
        fy += xy * <f64>u + yy * <f64>v;
      }
    }
    const o = out + (<usize>i << 4);
    const unit: f64 = 1.0 / (4.0 * 255.0 * 49.0);
    const da = <f64>a * unit, db = <f64>b * unit, dc = <f64>c * unit;
    store<f32>(o, <f32>(da * dc - db * db - 0.04 * (da + dc) * (da + dc)));
    const det = fa * fc - fb * fb;
    let dx: f64 = 0, dy: f64 = 0;
    if (det > 1e-6 * (fa + fc) * (fa + fc)) {
      dx = (fc * fx - fb * fy) / det;
      dy = (fa * fy - fb * fx) / det;
      if (!(dx * dx + dy * dy <= 1)) { dx = 0; dy = 0; }
    }
    store<f32>(o, <f32>(<f64>x + dx), 4);
    store<f32>(o, <f32>(<f64>y + dy), 8);
    store<f32>(o, direction(centre, s), 12);
  }
}

/** Direction from the centre to the centroid of brightness of the disc around it. */
function direction(centre: usize, stride: usize): f32 {
  let mx = 0, my = 0;
  for (let v = -DISC; v <= DISC; v++) {
    const row = centre + <usize>(v * <i32>stride);
    let sum = 0;
    for (let u = -DISC; u <= DISC; u++) {
      if (u * u + v * v > DISC * DISC + DISC) continue;
      const value = <i32>load<u8>(row + <usize>u);
      sum += value;
      mx += u * value;
    }
    my += v * sum;
  }
  const angle = Math.atan2(<f64>my, <f64>mx);
  return <f32>(angle < 0 ? angle + 6.283185307179586 : angle);
}

/**
 * 256 comparisons of two samples each around corners [lo, hi) (float32 x, y, angle), in a smoothed byte image.
 *
 * `pattern`: x, y of the first and of the second sample (float32), turned with the corner; no further out than 15.
 */
export function briefDescriptors(lo: i32, hi: i32, corners: usize, src: usize, stride: i32, pattern: usize, out: usize): void {
  for (let i = lo; i < hi; i++) {
    const key = corners + <usize>i * 12;
    const angle = <f64>load<f32>(key, 8);
    const c = <f32>Math.cos(angle), s = <f32>Math.sin(angle);
    const cc = f32x4(c, c, c, c), ss = f32x4(-s, s, -s, s);
    const at = f32x4(load<f32>(key), load<f32>(key, 4), load<f32>(key), load<f32>(key, 4));
    for (let byte: usize = 0; byte < 32; byte++) {
      let bits = 0;
      for (let k: usize = 0; k < 8; k++) {
        const p = v128.load(pattern + (((byte << 3) + k) << 4));
        // (x, y, x', y') turned: x c - y s, y c + x s
        const turned = f32x4.add(at, f32x4.add(f32x4.mul(p, cc), f32x4.mul(v128.shuffle<f32>(p, p, 1, 0, 3, 2), ss)));
        const q = i32x4.trunc_sat_f32x4_s(f32x4.nearest(turned));
        const a = load<u8>(src + <usize>(i32x4.extract_lane(q, 1) * stride + i32x4.extract_lane(q, 0)));
        const b = load<u8>(src + <usize>(i32x4.extract_lane(q, 3) * stride + i32x4.extract_lane(q, 2)));
        bits |= <i32>(a < b) << <i32>k;
      }
      store<u8>(out + (<usize>i << 5) + byte, <u8>bits);
    }
  }
}
