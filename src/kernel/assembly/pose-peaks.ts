// Scores of all shifts of a pose, and the best of them.

/**
 * What a correlation of fields is multiplied with: share^0.75 / sqrt(fixed energy * moving energy), where `share` is the
 * overlap over `area`; 0 where it is less than `least`. In place of the overlap.
 */
export function overlapGain(
  fixedEnergy: usize, movingEnergy: usize, overlap: usize, stride: i32, nx: i32, ny: i32, area: f32, least: f32,
): void {
  const one = f32x4.splat(1);
  const scale = f32x4.splat(1 / area);
  const enough = f32x4.splat(least);
  for (let y = 0; y < ny; y++) {
    const row = (<usize>y * <usize>stride) << 2;
    for (let x = 0; x < nx; x += 4) {
      const at = row + (<usize>x << 2);
      const share = f32x4.mul(v128.load(overlap + at), scale);
      const e = f32x4.mul(f32x4.pmax(v128.load(fixedEnergy + at), one), f32x4.pmax(v128.load(movingEnergy + at), one));
      const root = f32x4.sqrt(share);
      const gain = f32x4.div(f32x4.mul(root, f32x4.sqrt(root)), f32x4.sqrt(e));
      v128.store(overlap + at, v128.and(gain, f32x4.ge(share, enough)));
    }
  }
}

@inline function largest(v: v128): f32 {
  return max(
    max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)), max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)),
  );
}

function rowLargest(row: usize, n: i32): f32 {
  let best = v128.load(row);
  for (let x = 4; x < n; x += 4) best = f32x4.pmax(best, v128.load(row + (<usize>x << 2)));
  return largest(best);
}

/**
 * Multiplies a surface by a gain that is known at every `q`-th shift from `first` on (q = 2 or 4, in x and y alike), linear
 * between, and finds its `count` largest values, each more than 4 from those before.
 *
 * @param first  0, or 1: then gain 1 belongs to shift 1
 * @param line  scratch of nx / q + 4 float32
 * @param rowBest  scratch of ny float32
 * @param out  value, x and y of each as float64; value 0 where there is none above 0
 */
export function bestShifts(
  surface: usize, stride: i32, nx: i32, ny: i32, gain: usize, gainStride: i32, q: i32, first: i32,
  line: usize, rowBest: usize, count: i32, out: usize,
): void {
  const cx = nx / q, cy = ny / q;
  const ramp4 = f32x4(0, 0.25, 0.5, 0.75), ramp2 = f32x4(0, 0.5, 0, 0.5);
  for (let y = 0; y < ny; y++) {
    const from = (y + ny - first) % ny;
    const node = (from / q + first) % cy;
    const part = <f32>(from % q) / <f32>q;
    const upper = gain + ((<usize>node * <usize>gainStride) << 2);
    const lower = gain + ((<usize>((node + 1) % cy) * <usize>gainStride) << 2);
    const share = f32x4.splat(part);
    for (let x = 0; x < cx; x += 4) {
      const a = v128.load(upper + (<usize>x << 2));
      v128.store(line + (<usize>x << 2), f32x4.add(a, f32x4.mul(share, f32x4.sub(v128.load(lower + (<usize>x << 2)), a))));
    }
    v128.store64_lane(line + (<usize>cx << 2), v128.load64_zero(line), 0);
    const row = surface + ((<usize>y * <usize>stride) << 2);
    store<f32>(row + (<usize>nx << 2), load<f32>(row));
    let p = row + (<usize>first << 2);
    let best = f32x4.splat(0);
    let g = line + (<usize>first << 2);
    for (let x = 0; x < nx; x += 4) {
      let here: v128;
      let step: v128;
      if (q == 4) {
        here = v128.load32_splat(g);
        step = f32x4.mul(ramp4, f32x4.sub(v128.load32_splat(g, 4), here));
        g += 4;
      } else {
        const four = v128.load(g);
        here = v128.shuffle<i32>(four, four, 0, 0, 1, 1);
        step = f32x4.mul(ramp2, f32x4.sub(v128.shuffle<i32>(four, four, 1, 1, 2, 2), here));
        g += 8;
      }
      const value = f32x4.mul(v128.load(p), f32x4.add(here, step));
      v128.store(p, value);
      best = f32x4.pmax(best, value);
      p += 16;
    }
    if (first) store<f32>(row, load<f32>(row + (<usize>nx << 2)));
    store<f32>(rowBest + (<usize>y << 2), largest(best));
  }
  for (let n = 0; n < count; n++) {
    const result = out + <usize>n * 24;
    let y = 0;
    let best: f32 = 0;
    for (let v = 0; v < ny; v++) {
      const value = load<f32>(rowBest + (<usize>v << 2));
      if (value > best) {
        best = value;
        y = v;
      }
    }
    store<f64>(result, best);
    if (best == 0) continue;
    const row = surface + ((<usize>y * <usize>stride) << 2);
    let x = 0;
    while (load<f32>(row + (<usize>x << 2)) != best) x++;
    store<f64>(result, x, 8);
    store<f64>(result, y, 16);
    for (let j = -4; j <= 4; j++) {
      const v = (y + j + ny) % ny;
      const near = surface + ((<usize>v * <usize>stride) << 2);
      for (let i = -4; i <= 4; i++) store<f32>(near + (<usize>((x + i + nx) % nx) << 2), 0);
      store<f32>(rowBest + (<usize>v << 2), max<f32>(0, rowLargest(near, nx)));
    }
  }
}
