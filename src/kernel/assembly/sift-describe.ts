// SIFT orientation and descriptor [Lowe 2004, doi:10.1023/B:VISI.0000029664.99615.94], RootSIFT
// [Arandjelovic and Zisserman 2012, doi:10.1109/CVPR.2012.6248018].
//
// The descriptor reads a lattice of samples that is turned and sized with the keypoint, four samples to a cell: 0.75 scale
// apart, which is fine enough for a level blurred by that scale. Spatial weights are then the same for every keypoint.
import { levelRow } from "./scale-space";
import { turns } from "./turns";

const TAU: f32 = 6.283185307179586;
const BINS = 36;
const MAX_ANGLES = 4;
/** Keypoint as the kernels read it: x f32, y f32, scale f32 (pixels of the octave), level i32. */
const KEY: usize = 16;

/**
 * Dominant gradient directions of keypoints [lo, hi): angles[4 i ...] in radians, from +x towards +y, counts[i] of them.
 *
 * With `folded` not 0, a direction and its opposite count as one, as they do where contrast may be reversed; which of the
 * two is given is told by where most of the gradients lie: on the side that the angle points to. `scratch` is 1 KiB.
 */
export function siftOrientations(
  lo: i32,
  hi: i32,
  keys: usize,
  levels: usize,
  width: i32,
  height: i32,
  stride: i32,
  folded: i32,
  angles: usize,
  counts: usize,
  scratch: usize,
): void {
  const sb = (<usize>stride) << 2;
  const one = f32x4.splat(1);
  const hist = scratch,
    smooth = scratch + 192,
    wx = scratch + 384;
  for (let i = lo; i < hi; i++) {
    const key = keys + <usize>i * KEY;
    const x = load<f32>(key),
      y = load<f32>(key, 4),
      scale = load<f32>(key, 8);
    const level = load<i32>(key, 12);
    const cx = <i32>Mathf.floor(x + 0.5),
      cy = <i32>Mathf.floor(y + 0.5);
    const radius = <i32>Mathf.floor(4.5 * scale + 0.5);
    const k: f32 = -0.5 / (2.25 * scale * scale);
    // Columns without both neighbours weigh nothing; four more zeros end the last vector.
    const x0 = cx - radius;
    const columns = 2 * radius + 1;
    for (let j = 0; j < columns + 4; j++) {
      const xj = x0 + j;
      const d = <f32>xj - x;
      store<f32>(wx + ((<usize>j) << 2), j < columns && xj >= 1 && xj < width - 1 ? Mathf.exp(k * d * d) : 0);
    }
    memory.fill(hist, 0, BINS << 2);
    const yEnd = min(cy + radius, height - 2);
    let towardsX = f32x4.splat(0), towardsY = towardsX;
    for (let yj = max(cy - radius, 1); yj <= yEnd; yj++) {
      const d = <f32>yj - y;
      const wy = f32x4.splat(Mathf.exp(k * d * d));
      const o = (<usize>x0) << 2;
      const row = levelRow(levels, level, yj, sb) + o,
        up = levelRow(levels, level, yj - 1, sb) + o,
        down = levelRow(levels, level, yj + 1, sb) + o;
      for (let j: usize = 0; j < (<usize>columns) << 2; j += 16) {
        const gx = f32x4.sub(v128.load(row + j + 4), v128.load(row + j - 4));
        const gy = f32x4.sub(v128.load(down + j), v128.load(up + j));
        const m = f32x4.mul(
          f32x4.mul(wy, v128.load(wx + j)),
          f32x4.sqrt(f32x4.add(f32x4.mul(gx, gx), f32x4.mul(gy, gy))),
        );
        let turn = turns(gy, gx);
        if (folded) {
          turn = f32x4.add(turn, turn);
          turn = f32x4.sub(turn, v128.and(one, f32x4.ge(turn, one)));
          const across = f32x4.add(f32x4.splat(<f32>(x0 + <i32>(j >> 2)) - x), f32x4(0, 1, 2, 3));
          towardsX = f32x4.add(towardsX, f32x4.mul(m, across));
          towardsY = f32x4.add(towardsY, f32x4.mul(m, f32x4.splat(d)));
        }
        const b = i32x4.trunc_sat_f32x4_s(f32x4.add(f32x4.mul(turn, f32x4.splat(<f32>BINS)), f32x4.splat(0.5)));
        vote(hist, f32x4.extract_lane(m, 0), i32x4.extract_lane(b, 0));
        vote(hist, f32x4.extract_lane(m, 1), i32x4.extract_lane(b, 1));
        vote(hist, f32x4.extract_lane(m, 2), i32x4.extract_lane(b, 2));
        vote(hist, f32x4.extract_lane(m, 3), i32x4.extract_lane(b, 3));
      }
    }
    let top: f32 = 0;
    for (let b = 0; b < BINS; b++) {
      const v: f32 =
        (bin(hist, b - 2) + bin(hist, b + 2)) * 0.0625 +
        (bin(hist, b - 1) + bin(hist, b + 1)) * 0.25 +
        bin(hist, b) * 0.375;
      store<f32>(smooth + ((<usize>b) << 2), v);
      top = max(top, v);
    }
    let count = 0;
    if (top > 0) {
      for (let b = 0; b < BINS && count < MAX_ANGLES; b++) {
        const l = bin(smooth, b - 1),
          c = bin(smooth, b),
          r = bin(smooth, b + 1);
        if (c >= 0.8 * top && c >= l && c > r) {
          let at: f32 = <f32>b + (0.5 * (l - r)) / (l - 2 * c + r);
          if (at < 0) at += <f32>BINS;
          let angle: f32 = at * (TAU / <f32>BINS);
          if (folded) {
            angle *= 0.5;
            if (lanes(towardsX) * Mathf.cos(angle) + lanes(towardsY) * Mathf.sin(angle) < 0) angle += 0.5 * TAU;
          }
          store<f32>(angles + ((<usize>i * MAX_ANGLES + <usize>count) << 2), angle);
          count++;
        }
      }
    }
    store<i32>(counts + ((<usize>i) << 2), count);
  }
}

/** The sum of the four lanes. */
function lanes(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

function vote(hist: usize, weight: f32, bin: i32): void {
  if (weight > 0) {
    const at = hist + ((<usize>(bin >= BINS ? bin - BINS : bin)) << 2);
    store<f32>(at, load<f32>(at) + weight);
  }
}

function bin(hist: usize, b: i32): f32 {
  return load<f32>(hist + ((<usize>(b < 0 ? b + BINS : b >= BINS ? b - BINS : b)) << 2));
}

/** Samples along a side of the patch: five cells of four (half a cell is blended in on each side), and one more for gradients. */
const SIDE = 22;
/** Floats from row to row of the patch. */
const PATCH: usize = 24;
/** The histogram has a cell of margin all around, so that no vote has to look where it falls: 6 x 6 cells of 8 directions. */
const CELLS: usize = 6 * 6 * 8;

/**
 * Descriptors of keypoints [lo, hi) with their angles (float32 each): 128 bytes each, cells row by row, 8 directions each.
 *
 * `window` holds the 20 float32 weights of the Gaussian window along a side. `root`: 1 for RootSIFT. `directions`: how many
 * there are in a full turn: 8, or 16 to count a direction and its opposite as one. `scratch` is 4 KiB.
 */
export function siftDescriptors(
  lo: i32,
  hi: i32,
  keys: usize,
  angles: usize,
  levels: usize,
  width: i32,
  height: i32,
  stride: i32,
  window: usize,
  root: i32,
  directions: f32,
  out: usize,
  scratch: usize,
): void {
  const patch = scratch,
    hist = scratch + ((PATCH * <usize>SIDE) << 2),
    line = hist + (CELLS << 2);
  for (let i = lo; i < hi; i++) {
    const key = keys + <usize>i * KEY;
    samplePatch(
      patch,
      load<f32>(key),
      load<f32>(key, 4),
      load<f32>(key, 8),
      load<i32>(key, 12),
      load<f32>(angles + ((<usize>i) << 2)),
      levels,
      width,
      height,
      stride,
    );
    memory.fill(hist, 0, CELLS << 2);
    for (let r = 0; r < 20; r++) {
      const p = patch + ((<usize>(r + 1) * PATCH + 1) << 2);
      const wr = v128.load32_splat(window + ((<usize>r) << 2));
      for (let c: usize = 0; c < 80; c += 16) {
        const gx = f32x4.sub(v128.load(p + c + 4), v128.load(p + c - 4));
        const gy = f32x4.sub(v128.load(p + c + (PATCH << 2)), v128.load(p + c - (PATCH << 2)));
        const m = f32x4.sqrt(f32x4.add(f32x4.mul(gx, gx), f32x4.mul(gy, gy)));
        v128.store(line + c, f32x4.mul(m, f32x4.mul(wr, v128.load(window + c))));
        v128.store(line + c, f32x4.mul(turns(gy, gx), f32x4.splat(directions)), 80);
      }
      // Cell centres lie at -1.5, -0.5, 0.5, 1.5 cells; sample r at (r - 9.5) / 4; the margin adds one.
      const rowAt: f32 = <f32>(r - 10) * 0.25 + 2.625;
      const row0 = <i32>rowAt;
      const fr = rowAt - <f32>row0;
      for (let c = 0; c < 20; c++) {
        const o = line + ((<usize>c) << 2);
        const m = load<f32>(o),
          t = load<f32>(o, 80);
        const columnAt: f32 = <f32>(c - 10) * 0.25 + 2.625;
        const column0 = <i32>columnAt;
        const fc = columnAt - <f32>column0;
        const d0 = <i32>t;
        const fd = t - <f32>d0;
        const at = hist + ((<usize>((row0 * 6 + column0) * 8)) << 2);
        const b0 = (<usize>(d0 & 7)) << 2,
          b1 = (<usize>((d0 + 1) & 7)) << 2;
        const m1 = m * fr,
          m0 = m - m1;
        const m01 = m0 * fc,
          m00 = m0 - m01,
          m11 = m1 * fc,
          m10 = m1 - m11;
        spread(at + b0, at + b1, m00, fd);
        spread(at + b0 + 32, at + b1 + 32, m01, fd);
        spread(at + b0 + 192, at + b1 + 192, m10, fd);
        spread(at + b0 + 224, at + b1 + 224, m11, fd);
      }
    }
    finish(hist, out + ((<usize>i) << 7), root);
  }
}

function spread(a: usize, b: usize, m: f32, f: f32): void {
  const v = m * f;
  store<f32>(a, load<f32>(a) + (m - v));
  store<f32>(b, load<f32>(b) + v);
}

/** Fills the patch with linear samples on the keypoint's own lattice; outside of the image its edge repeats. */
function samplePatch(
  patch: usize,
  x: f32,
  y: f32,
  scale: f32,
  level: i32,
  angle: f32,
  levels: usize,
  width: i32,
  height: i32,
  stride: i32,
): void {
  const sb = (<usize>stride) << 2;
  const step: f32 = 0.75 * scale;
  const c = Mathf.cos(angle) * step,
    s = Mathf.sin(angle) * step;
  const half: f32 = 0.5 * <f32>(SIDE - 1);
  const entry = levels + ((<usize>level) << 3);
  const base = <usize>load<u32>(entry);
  const row0 = load<i32>(entry, 4);
  const xMax = <f32>(width - 1),
    yMax = <f32>(height - 1);
  for (let r = 0; r < SIDE; r++) {
    const v = <f32>r - half;
    for (let k = 0; k < SIDE; k++) {
      const u = <f32>k - half;
      const sx = min(max(x + (c * u - s * v), 0), xMax);
      const sy = min(max(y + (s * u + c * v), 0), yMax);
      const ix = <i32>sx,
        iy = <i32>sy;
      const fx = sx - <f32>ix,
        fy = sy - <f32>iy;
      const p = base + <usize>(iy - row0) * sb + ((<usize>ix) << 2);
      const q = iy < height - 1 ? p + sb : p;
      const right: usize = ix < width - 1 ? 4 : 0;
      const a = load<f32>(p),
        b = load<f32>(q);
      const t = a + fx * (load<f32>(p + right) - a),
        w = b + fx * (load<f32>(q + right) - b);
      store<f32>(patch + ((<usize>r * PATCH + <usize>k) << 2), t + fy * (w - t));
    }
  }
}

/** Normalises, clips at 0.2, normalises again, and stores 128 bytes. */
function finish(hist: usize, out: usize, root: i32): void {
  let sum: f32 = 0;
  for (let r: usize = 1; r <= 4; r++) {
    for (let k: usize = 0; k < 128; k += 4) {
      const v = load<f32>(hist + r * 192 + 32 + k);
      sum += v * v;
    }
  }
  const limit: f32 = 0.2 * Mathf.sqrt(sum);
  let squares: f32 = 0,
    total: f32 = 0;
  for (let r: usize = 1; r <= 4; r++) {
    for (let k: usize = 0; k < 128; k += 4) {
      const at = hist + r * 192 + 32 + k;
      const v = min(load<f32>(at), limit);
      store<f32>(at, v);
      squares += v * v;
      total += v;
    }
  }
  const scale: f32 = root ? (512 * 512) / max(total, 1e-20) : 512 / max(Mathf.sqrt(squares), 1e-20);
  for (let r: usize = 1; r <= 4; r++) {
    for (let k: usize = 0; k < 128; k += 4) {
      const v = load<f32>(hist + r * 192 + 32 + k) * scale;
      store<u8>(out + (r - 1) * 32 + (k >> 2), <u8>min(Mathf.floor((root ? Mathf.sqrt(v) : v) + 0.5), 255));
    }
  }
}
