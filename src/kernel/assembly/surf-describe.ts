// SURF's direction and descriptor: sums of Haar wavelets from an integral image [Bay et al. 2008, doi:10.1016/j.cviu.2007.09.014].
import { turns } from "./turns";

const TAU: f32 = 6.283185307179586;

/** Haar wavelets of the square of side 2 half around corner (x, y): right less left, below less above. Beyond the image is nothing. */
@inline function haar(image: usize, stride: i32, width: i32, height: i32, x: i32, y: i32, half: i32, out: usize): void {
  const x0 = min(max(x - half, 0), width), x1 = min(max(x, 0), width), x2 = min(max(x + half, 0), width);
  const y0 = min(max(y - half, 0), height), y1 = min(max(y, 0), height), y2 = min(max(y + half, 0), height);
  const p = image + ((<usize>(y0 * stride)) << 2), q = image + ((<usize>(y1 * stride)) << 2), r = image + ((<usize>(y2 * stride)) << 2);
  const a = <usize>x0 << 2, b = <usize>x1 << 2, c = <usize>x2 << 2;
  const pa = load<i32>(p + a), pb = load<i32>(p + b), pc = load<i32>(p + c);
  const qa = load<i32>(q + a), qc = load<i32>(q + c);
  const ra = load<i32>(r + a), rb = load<i32>(r + b), rc = load<i32>(r + c);
  const unit: f32 = 1 / <f32>(half * half);
  store<f32>(out, <f32>((rc - rb - pc + pb) - (rb - ra - pb + pa)) * unit);
  store<f32>(out, <f32>((rc - ra - qc + qa) - (qc - qa - pc + pa)) * unit, 4);
}

/** Samples around a keypoint that give its direction, at most; and the bins of the circle, ten to the window of 60 degrees. */
const SAMPLES = 116;
const BINS = 60;
const WINDOW = 10;

/**
 * Directions (radians in [0, 2 pi)) of keypoints [lo, hi) (float32 x, y, scale): that of the greatest sum of wavelets, 4 scales
 * wide, over a window of 60 degrees. `disc` lists `count` samples (x, y in scales, weight; float32), a multiple of four, of
 * which the last may weigh 0. `scratch` is 2 KiB.
 */
export function surfDirections(lo: i32, hi: i32, keys: usize, image: usize, stride: i32, width: i32, height: i32,
  disc: usize, count: i32, out: usize, scratch: usize): void {
  const gx = scratch, gy = scratch + (SAMPLES << 2), sums = gy + (SAMPLES << 2), one = sums + (BINS << 3);
  for (let i = lo; i < hi; i++) {
    const key = keys + <usize>i * 12;
    const x = load<f32>(key), y = load<f32>(key, 4), s = load<f32>(key, 8);
    const half = max(1, <i32>Mathf.floor(2 * s + 0.5));
    for (let n: usize = 0; n < <usize>count; n++) {
      const p = disc + n * 12;
      const cx = <i32>Mathf.floor(x + s * load<f32>(p) + 1), cy = <i32>Mathf.floor(y + s * load<f32>(p, 4) + 1);
      haar(image, stride, width, height, cx, cy, half, one);
      store<f32>(gx + (n << 2), load<f32>(one) * load<f32>(p, 8));
      store<f32>(gy + (n << 2), load<f32>(one, 4) * load<f32>(p, 8));
    }
    memory.fill(sums, 0, BINS << 3);
    for (let n: usize = 0; n < <usize>count << 2; n += 16) {
      const b = i32x4.trunc_sat_f32x4_s(f32x4.mul(turns(v128.load(gy + n), v128.load(gx + n)), f32x4.splat(<f32>BINS)));
      vote(sums, i32x4.extract_lane(b, 0), gx + n, gy + n);
      vote(sums, i32x4.extract_lane(b, 1), gx + n + 4, gy + n + 4);
      vote(sums, i32x4.extract_lane(b, 2), gx + n + 8, gy + n + 8);
      vote(sums, i32x4.extract_lane(b, 3), gx + n + 12, gy + n + 12);
    }
    let best: f32 = -1, bx: f32 = 1, by: f32 = 0;
    for (let b = 0; b < BINS; b++) {
      let sx: f32 = 0, sy: f32 = 0;
      for (let w = 0; w < WINDOW; w++) {
        const at = sums + ((<usize>((b + w) % BINS)) << 3);
        sx += load<f32>(at);
        sy += load<f32>(at, 4);
      }
      const length = sx * sx + sy * sy;
      if (length > best) { best = length; bx = sx; by = sy; }
    }
    const angle = Math.atan2(<f64>by, <f64>bx);
    store<f32>(out + (<usize>i << 2), <f32>(angle < 0 ? angle + <f64>TAU : angle));
  }
}

@inline function vote(sums: usize, bin: i32, gx: usize, gy: usize): void {
  const at = sums + (<usize>min(bin, BINS - 1) << 3);
  store<f32>(at, load<f32>(at) + load<f32>(gx));
  store<f32>(at, load<f32>(at, 4) + load<f32>(gy), 4);
}

/** Samples along a side, one scale apart; five to a cell. */
const SIDE = 20;
/** 6 x 6 cells of 4 sums: a margin all around, so that no sample has to look where it falls. */
const SUMS: usize = 6 * 6 * 4;

/**
 * Descriptors of keypoints [lo, hi) (float32 x, y, scale, angle): in 4 x 4 cells the sums of wavelets, 2 scales wide, along and
 * across the direction, and of their sizes: 64 bytes, 128 being 0, of a vector of length 256.
 *
 * A sample counts in the cells around it by its distance from their centres. `window` holds the 20 float32 weights along a side.
 * `scratch` is 1 KiB.
 */
export function surfDescriptors(lo: i32, hi: i32, keys: usize, image: usize, stride: i32, width: i32, height: i32, window: usize,
  out: usize, scratch: usize): void {
  const one = scratch + (SUMS << 2);
  for (let i = lo; i < hi; i++) {
    const key = keys + (<usize>i << 4);
    const x = load<f32>(key), y = load<f32>(key, 4), s = load<f32>(key, 8), angle = <f64>load<f32>(key, 12);
    const c = <f32>Math.cos(angle), n = <f32>Math.sin(angle);
    const half = max(1, <i32>Mathf.floor(s + 0.5));
    memory.fill(scratch, 0, SUMS << 2);
    for (let v = 0; v < SIDE; v++) {
      const fv = (<f32>v - 9.5) * s;
      const rowAt: f32 = (<f32>v + 0.5) * 0.2 + 0.5;
      const row0 = <i32>rowAt;
      const fr = rowAt - <f32>row0;
      const wv = load<f32>(window + (<usize>v << 2));
      for (let u = 0; u < SIDE; u++) {
        const fu = (<f32>u - 9.5) * s;
        const cx = <i32>Mathf.floor(x + (fu * c - fv * n) + 1), cy = <i32>Mathf.floor(y + (fu * n + fv * c) + 1);
        haar(image, stride, width, height, cx, cy, half, one);
        const w = wv * load<f32>(window + (<usize>u << 2));
        const gx = load<f32>(one) * w, gy = load<f32>(one, 4) * w;
        const along = gx * c + gy * n, across = gy * c - gx * n;
        const four = f32x4(along, across, Mathf.abs(along), Mathf.abs(across));
        const columnAt: f32 = (<f32>u + 0.5) * 0.2 + 0.5;
        const column0 = <i32>columnAt;
        const fc = columnAt - <f32>column0;
        const at = scratch + ((<usize>(row0 * 6 + column0)) << 4);
        const low = f32x4.mul(four, f32x4.splat(1 - fr)), high = f32x4.mul(four, f32x4.splat(fr));
        const l = f32x4.splat(1 - fc), r = f32x4.splat(fc);
        v128.store(at, f32x4.add(v128.load(at), f32x4.mul(low, l)));
        v128.store(at, f32x4.add(v128.load(at, 16), f32x4.mul(low, r)), 16);
        v128.store(at, f32x4.add(v128.load(at, 96), f32x4.mul(high, l)), 96);
        v128.store(at, f32x4.add(v128.load(at, 112), f32x4.mul(high, r)), 112);
      }
    }
    finish(scratch, out + (<usize>i << 6));
  }
}

/** Normalises the inner 4 x 4 cells and stores them as bytes around 128. */
function finish(sums: usize, out: usize): void {
  let squares = f32x4.splat(0);
  for (let r: usize = 1; r <= 4; r++) {
    for (let k: usize = 1; k <= 4; k++) {
      const v = v128.load(sums + ((r * 6 + k) << 4));
      squares = f32x4.add(squares, f32x4.mul(v, v));
    }
  }
  const total = (f32x4.extract_lane(squares, 0) + f32x4.extract_lane(squares, 1)) + (f32x4.extract_lane(squares, 2) + f32x4.extract_lane(squares, 3));
  const scale = f32x4.splat(256 / max(Mathf.sqrt(total), 1e-12));
  for (let r: usize = 1; r <= 4; r++) {
    for (let k: usize = 1; k <= 4; k++) {
      const v = i32x4.add(i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(scale, v128.load(sums + ((r * 6 + k) << 4))))), i32x4.splat(128));
      const b = i16x8.narrow_i32x4_s(v, v);
      v128.store32_lane(out + (((r - 1) * 4 + k - 1) << 2), i8x16.narrow_i16x8_u(b, b), 0);
    }
  }
}
