// Corner measures and steered BRIEF, as ORB combines them [Rublee et al. 2011, doi:10.1109/ICCV.2011.6126544].

/** Half the side of Harris' window. */
const WINDOW = 3;
/** Reach of the refinement's window, in pixels from the point; how often it is set anew; how far it may lead. */
const REFINE = 6;
const ROUNDS = 4;
const FURTHEST: f64 = 1.5;
/** It is there when a round moves it by less. */
const STILL: f64 = 0.02;
/** Radius of the disc that gives the direction. */
const DISC = 15;

@inline function sobelX(p: usize, s: usize): i32 {
  return <i32>load<u8>(p - s + 1) - <i32>load<u8>(p - s - 1) + 2 * (<i32>load<u8>(p + 1) - <i32>load<u8>(p - 1))
    + <i32>load<u8>(p + s + 1) - <i32>load<u8>(p + s - 1);
}

@inline function sobelY(p: usize, s: usize): i32 {
  return <i32>load<u8>(p + s - 1) - <i32>load<u8>(p - s - 1) + 2 * (<i32>load<u8>(p + s) - <i32>load<u8>(p - s))
    + <i32>load<u8>(p + s + 1) - <i32>load<u8>(p - s + 1);
}

/**
 * Measures corners [lo, hi) (int32 x, y) of a byte image: writes Harris response, refined x, refined y and direction
 * (radians, from +x towards +y), float32 each. Corners lie at least 17 pixels inside.
 */
export function cornerMeasures(lo: i32, hi: i32, corners: usize, src: usize, stride: i32, out: usize): void {
  const s = <usize>stride;
  for (let i = lo; i < hi; i++) {
    const x = load<i32>(corners + (<usize>i << 3)), y = load<i32>(corners + (<usize>i << 3), 4);
    const centre = src + <usize>y * s + <usize>x;
    const o = out + (<usize>i << 4);
    let a = 0, b = 0, c = 0;
    for (let v = -WINDOW; v <= WINDOW; v++) {
      for (let u = -WINDOW; u <= WINDOW; u++) {
        const p = centre + <usize>(v * stride + u);
        const gx = sobelX(p, s), gy = sobelY(p, s);
        a += gx * gx;
        b += gx * gy;
        c += gy * gy;
      }
    }
    const unit: f64 = 1.0 / (4.0 * 255.0 * 49.0);
    const da = <f64>a * unit, db = <f64>b * unit, dc = <f64>c * unit;
    store<f32>(o, <f32>(da * dc - db * db - 0.04 * (da + dc) * (da + dc)));
    refine(centre, x, y, s, o);
    store<f32>(o, direction(centre, s), 12);
  }
}

/**
 * The point to which the gradients around it are orthogonal [Förstner and Gülch 1987]: stores x and y at o + 4, o + 8.
 *
 * The window, a tent, moves with the point, so that it does not matter at which pixel the corner was found. Where that
 * leads away (an edge, a second corner), the pixel stays.
 */
function refine(centre: usize, x: i32, y: i32, s: usize, o: usize): void {
  let dx: f64 = 0, dy: f64 = 0;
  for (let round = 0; round < ROUNDS; round++) {
    let a: f64 = 0, b: f64 = 0, c: f64 = 0, p: f64 = 0, q: f64 = 0;
    for (let v = -REFINE - 1; v <= REFINE + 1; v++) {
      const wv = <f64>REFINE - Math.abs(<f64>v - dy);
      if (wv <= 0) continue;
      for (let u = -REFINE - 1; u <= REFINE + 1; u++) {
        const wu = <f64>REFINE - Math.abs(<f64>u - dx);
        if (wu <= 0) continue;
        const at = centre + <usize>(v * <i32>s + u);
        const gx = sobelX(at, s), gy = sobelY(at, s);
        const w = wu * wv;
        const xx = w * <f64>(gx * gx), xy = w * <f64>(gx * gy), yy = w * <f64>(gy * gy);
        a += xx;
        b += xy;
        c += yy;
        p += xx * <f64>u + xy * <f64>v;
        q += xy * <f64>u + yy * <f64>v;
      }
    }
    const det = a * c - b * b;
    if (!(det > 1e-3 * (a + c) * (a + c))) { dx = 0; dy = 0; break; }
    const wasX = dx, wasY = dy;
    dx = (c * p - b * q) / det;
    dy = (a * q - b * p) / det;
    if (!(Math.abs(dx) <= FURTHEST && Math.abs(dy) <= FURTHEST)) { dx = 0; dy = 0; break; }
    if (Math.abs(dx - wasX) + Math.abs(dy - wasY) < STILL) break;
  }
  store<f32>(o, <f32>(<f64>x + dx), 4);
  store<f32>(o, <f32>(<f64>y + dy), 8);
}

/** Direction from the centre to the centroid of brightness of the disc around it. */
function direction(centre: usize, stride: usize): f32 {
  let mx = 0, my = 0;
  for (let v = -DISC; v <= DISC; v++) {
    const row = centre + <usize>(v * <i32>stride);
    const reach = <i32>Math.sqrt(<f64>(DISC * DISC + DISC - v * v));
    let sum = 0;
    for (let u = -reach; u <= reach; u++) {
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
