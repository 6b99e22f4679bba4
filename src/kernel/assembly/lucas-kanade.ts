// Sub-pixel refinement of tie points by symmetric Lucas-Kanade, and the corners at which it is well determined.
//
// Images are f32, row-major, `stride` in elements. Pixels without observation are NaN: whatever touches them fails.

const SIDE: i32 = 16; // patch of SIDE x SIDE samples, centred on the point
const PAD: i32 = 18; // with one more on every side, for central differences
const ROW: i32 = 20; // row length of a sampled patch, whole vectors

/**
 * Samples an 18 x 18 patch by separable Catmull-Rom (Keys, a = -0.5), first sample at (x0, y0), unit steps.
 * The fraction is the same for the whole patch, so that the weights are constants.
 */
function samplePatch(image: usize, stride: i32, width: i32, height: i32, x0: f64, y0: f64, line: usize, out: usize): bool {
  const ix = <i32>Math.floor(x0), iy = <i32>Math.floor(y0);
  if (ix < 1 || iy < 1 || ix + ROW + 3 > width || iy + PAD + 3 > height) return false;
  const t = <f32>(x0 - Math.floor(x0)), v = <f32>(y0 - Math.floor(y0));
  const wx0 = f32x4.splat(((-0.5 * t + 1) * t - 0.5) * t), wx1 = f32x4.splat((1.5 * t - 2.5) * t * t + 1);
  const wx2 = f32x4.splat(((-1.5 * t + 2) * t + 0.5) * t), wx3 = f32x4.splat((0.5 * t - 0.5) * t * t);
  const wy0 = f32x4.splat(((-0.5 * v + 1) * v - 0.5) * v), wy1 = f32x4.splat((1.5 * v - 2.5) * v * v + 1);
  const wy2 = f32x4.splat(((-1.5 * v + 2) * v + 0.5) * v), wy3 = f32x4.splat((0.5 * v - 0.5) * v * v);
  for (let j = 0; j < PAD + 3; j++) {
    const p = image + ((<usize>(iy - 1 + j) * <usize>stride + <usize>(ix - 1)) << 2);
    const q = line + (<usize>(j * ROW) << 2);
    for (let i: usize = 0; i < <usize>(ROW << 2); i += 16) {
      const s = f32x4.add(
        f32x4.add(f32x4.mul(v128.load(p + i), wx0), f32x4.mul(v128.load(p + i, 4), wx1)),
        f32x4.add(f32x4.mul(v128.load(p + i, 8), wx2), f32x4.mul(v128.load(p + i, 12), wx3)));
      v128.store(q + i, s);
    }
  }
  for (let j = 0; j < PAD; j++) {
    const p = line + (<usize>(j * ROW) << 2);
    const q = out + (<usize>(j * ROW) << 2);
    for (let i: usize = 0; i < <usize>(ROW << 2); i += 16) {
      const s = f32x4.add(
        f32x4.add(f32x4.mul(v128.load(p + i), wy0), f32x4.mul(v128.load(p + i, 80), wy1)),
        f32x4.add(f32x4.mul(v128.load(p + i, 160), wy2), f32x4.mul(v128.load(p + i, 240), wy3)));
      v128.store(q + i, s);
    }
  }
  return true;
}

@inline function sum4(v: v128): f32 {
  return (f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1)) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

/** Weighted mean and inverse standard deviation of the inner 16 x 16 samples, to stats[0] and stats[1]. */
function normalise(patch: usize, weights: usize, stats: usize): bool {
  let s = f32x4.splat(0), ss = f32x4.splat(0);
  const shift = f32x4.splat(load<f32>(patch + ((8 * ROW + 8) << 2))); // near the mean: keeps digits in the variance
  for (let j = 0; j < SIDE; j++) {
    const p = patch + (<usize>((j + 1) * ROW + 1) << 2);
    const w = weights + (<usize>(j * SIDE) << 2);
    for (let i: usize = 0; i < <usize>(SIDE << 2); i += 16) {
      const x = f32x4.sub(v128.load(p + i), shift);
      const wx = f32x4.mul(v128.load(w + i), x);
      s = f32x4.add(s, wx);
      ss = f32x4.add(ss, f32x4.mul(wx, x));
    }
  }
  const mean = sum4(s), square = sum4(ss);
  const variance = square - mean * mean;
  if (!(variance > 1e-12)) return false; // constant, or NaN
  store<f32>(stats, mean + f32x4.extract_lane(shift, 0));
  store<f32>(stats, 1 / Mathf.sqrt(variance), 4);
  return true;
}

/**
 * Refines tie points [lo, hi): finds for each the shift d at which the moving patch looks most like the fixed one.
 *
 * Both patches are brought to mean 0 and variance 1 (so that gain and offset do not matter) and compared with Gaussian
 * weights; steps use the mean of both gradients (efficient second-order minimisation, Malis 2004).
 *
 * @param points  f64 quadruples: fixed x, y; moving x, y where the search starts; pixels of either image
 * @param out  f32 sextuples: dx, dy (added to the moving point), correlation (-2 when it failed), and the upper triangle of
 *   the information matrix per unit of noise variance
 * @param weights  16 x 16 f32, sum 1
 * @param limit  longest shift allowed, pixels
 * @param scratch  bytes of this lane: 12288
 */
export function lucasKanade(
  lo: i32, hi: i32,
  fixed: usize, fixedStride: i32, fixedWidth: i32, fixedHeight: i32,
  moving: usize, movingStride: i32, movingWidth: i32, movingHeight: i32,
  points: usize, out: usize, weights: usize, limit: f64, iterations: i32, scratch: usize): void {
  const line = scratch, pf = scratch + 2048, pm = scratch + 4096, stats = scratch + 6144;
  const half = f32x4.splat(0.25); // half for the central difference, half for the mean of both gradients
  for (let k = lo; k < hi; k++) {
    const p = points + (<usize>k << 5);
    const o = out + <usize>k * 24;
    store<f32>(o, 0); store<f32>(o, 0, 4); store<f32>(o, -2, 8);
    store<f32>(o, 0, 12); store<f32>(o, 0, 16); store<f32>(o, 0, 20);
    const fx = load<f64>(p) - 8.5, fy = load<f64>(p, 8) - 8.5;
    const mx = load<f64>(p, 16) - 8.5, my = load<f64>(p, 24) - 8.5;
    if (!samplePatch(fixed, fixedStride, fixedWidth, fixedHeight, fx, fy, line, pf)) continue;
    if (!normalise(pf, weights, stats)) continue;
    const meanF = f32x4.splat(load<f32>(stats)), scaleF = f32x4.splat(load<f32>(stats, 4));
    let dx: f64 = 0, dy: f64 = 0;
    let settled = false;
    let correlation: f32 = -2, hxx: f32 = 0, hxy: f32 = 0, hyy: f32 = 0;
    for (let round = 0; round <= iterations; round++) {
      if (!samplePatch(moving, movingStride, movingWidth, movingHeight, mx + dx, my + dy, line, pm)) { settled = false; break; }
      if (!normalise(pm, weights, stats)) { settled = false; break; }
      const meanM = f32x4.splat(load<f32>(stats)), scaleM = f32x4.splat(load<f32>(stats, 4));
      let sxx = f32x4.splat(0), sxy = sxx, syy = sxx, sxe = sxx, sye = sxx, sfm = sxx;
      for (let j = 0; j < SIDE; j++) {
        const a = pf + (<usize>((j + 1) * ROW + 1) << 2);
        const b = pm + (<usize>((j + 1) * ROW + 1) << 2);
        const w = weights + (<usize>(j * SIDE) << 2);
        for (let i: usize = 0; i < <usize>(SIDE << 2); i += 16) {
          const weight = v128.load(w + i);
          const f = f32x4.mul(f32x4.sub(v128.load(a + i), meanF), scaleF);
          const m = f32x4.mul(f32x4.sub(v128.load(b + i), meanM), scaleM);
          const gx = f32x4.mul(half, f32x4.add(
            f32x4.mul(scaleF, f32x4.sub(v128.load(a + i, 4), v128.load(a + i - 4))),
            f32x4.mul(scaleM, f32x4.sub(v128.load(b + i, 4), v128.load(b + i - 4)))));
          const gy = f32x4.mul(half, f32x4.add(
            f32x4.mul(scaleF, f32x4.sub(v128.load(a + i, 80), v128.load(a + i - 80))),
            f32x4.mul(scaleM, f32x4.sub(v128.load(b + i, 80), v128.load(b + i - 80)))));
          const e = f32x4.sub(f, m);
          const wgx = f32x4.mul(weight, gx), wgy = f32x4.mul(weight, gy);
          sxx = f32x4.add(sxx, f32x4.mul(wgx, gx)); sxy = f32x4.add(sxy, f32x4.mul(wgx, gy)); syy = f32x4.add(syy, f32x4.mul(wgy, gy));
          sxe = f32x4.add(sxe, f32x4.mul(wgx, e)); sye = f32x4.add(sye, f32x4.mul(wgy, e));
          sfm = f32x4.add(sfm, f32x4.mul(weight, f32x4.mul(f, m)));
        }
      }
      hxx = sum4(sxx); hxy = sum4(sxy); hyy = sum4(syy);
      correlation = sum4(sfm);
      if (settled || round == iterations) { settled = true; break; }
      const det = <f64>hxx * <f64>hyy - <f64>hxy * <f64>hxy;
      if (!(det > 1e-7 * <f64>(hxx + hyy) * <f64>(hxx + hyy))) { settled = false; break; }
      const ex = <f64>sum4(sxe), ey = <f64>sum4(sye);
      let ux = (<f64>hyy * ex - <f64>hxy * ey) / det, uy = (<f64>hxx * ey - <f64>hxy * ex) / det;
      const size = Math.sqrt(ux * ux + uy * uy);
      if (size > 1.5) { ux *= 1.5 / size; uy *= 1.5 / size; } // linear only nearby
      dx += ux; dy += uy;
      if (!(dx * dx + dy * dy <= limit * limit)) { settled = false; break; }
      if (size < 0.005) settled = true; // one more round measures the correlation where it ended
    }
    if (!settled) continue;
    store<f32>(o, <f32>dx); store<f32>(o, <f32>dy, 4); store<f32>(o, correlation, 8);
    store<f32>(o, hxx, 12); store<f32>(o, hxy, 16); store<f32>(o, hyy, 20);
  }
}

/**
 * For rows [lo, hi) of square cells: the place in each cell where a patch is best determined in its worse direction (the
 * smaller eigenvalue of the structure tensor over 9 x 9 pixels, Shi & Tomasi 1994), probed at every second pixel.
 *
 * @param out  f32 triples per cell: x, y, eigenvalue; the eigenvalue is -1 where the cell has no observed place
 * @param margin  pixels kept free at the image's edges
 */
export function bestCorners(lo: i32, hi: i32, image: usize, stride: i32, width: i32, height: i32, cell: i32, columns: i32, margin: i32, out: usize): void {
  const s = <usize>stride << 2;
  for (let cy = lo; cy < hi; cy++) {
    for (let cx = 0; cx < columns; cx++) {
      let best: f32 = -1, bx = 0, by = 0;
      const yEnd = min(height - margin, (cy + 1) * cell), xEnd = min(width - margin, (cx + 1) * cell);
      for (let y = max(margin, cy * cell); y < yEnd; y += 2) {
        for (let x = max(margin, cx * cell); x < xEnd; x += 2) {
          let sxx = f32x4.splat(0), sxy = sxx, syy = sxx;
          for (let j = -4; j <= 4; j += 2) {
            const p = image + ((<usize>(y + j) * <usize>stride + <usize>(x - 4)) << 2);
            for (let i: usize = 0; i < 32; i += 16) {
              const gx = f32x4.sub(v128.load(p + i, 4), v128.load(p + i - 4));
              const gy = f32x4.sub(v128.load(p + i + s), v128.load(p + i - s));
              sxx = f32x4.add(sxx, f32x4.mul(gx, gx)); sxy = f32x4.add(sxy, f32x4.mul(gx, gy)); syy = f32x4.add(syy, f32x4.mul(gy, gy));
            }
          }
          const a = sum4(sxx), b = sum4(sxy), c = sum4(syy);
          const least: f32 = 0.5 * (a + c - Mathf.sqrt((a - c) * (a - c) + 4 * b * b));
          if (least > best) { best = least; bx = x; by = y; } // false for NaN
        }
      }
      const o = out + <usize>(cy * columns + cx) * 12;
      store<f32>(o, <f32>bx); store<f32>(o, <f32>by, 4); store<f32>(o, best, 8);
    }
  }
}
