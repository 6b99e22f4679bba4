// The M-LDB descriptor and the direction of AKAZE [Alcantarilla, Nuevo, Bartoli, BMVC 2013, doi:10.5244/C.27.13]: comparisons
// of mean brightness and mean derivatives between the cells of grids of 2 x 2, 3 x 3 and 4 x 4 around a keypoint.
//
// Both read a lattice of linear samples, turned and sized with the keypoint; derivatives are taken on that lattice.
import { turns } from "./turns";

const TAU: f32 = 6.283185307179586;
/** Keypoint as the kernels read it: x f32, y f32, step f32 (pixels of its level), level i32. */
const KEY: usize = 16;
/** A level: address u32, width i32, height i32, stride i32. */
const LEVEL: usize = 16;
/** Samples along a side for the descriptor: 21, and one more all around for derivatives. */
const SIDE = 23;
/** For the direction: 13, and one more all around. */
const TURN_SIDE = 15;
/** Floats from row to row of a patch. */
const PATCH: usize = 24;
const BINS = 72;
/** Directions within a sixth of a turn count together. */
const WINDOW = 12;

/** Fills `side` rows of linear samples `step` pixels apart; outside of the image its edge repeats. */
function samplePatch(patch: usize, side: i32, key: usize, angle: f32, levels: usize): void {
  const entry = levels + <usize>load<i32>(key, 12) * LEVEL;
  const base = <usize>load<u32>(entry);
  const xMax = <f32>(load<i32>(entry, 4) - 1), yMax = <f32>(load<i32>(entry, 8) - 1);
  const sb = (<usize>load<i32>(entry, 12)) << 2;
  const x = load<f32>(key), y = load<f32>(key, 4), step = load<f32>(key, 8);
  const c = Mathf.cos(angle) * step, s = Mathf.sin(angle) * step;
  const half: f32 = 0.5 * <f32>(side - 1);
  for (let r = 0; r < side; r++) {
    const v = <f32>r - half;
    for (let k = 0; k < side; k++) {
      const u = <f32>k - half;
      const sx = min(max(x + (c * u - s * v), 0), xMax), sy = min(max(y + (s * u + c * v), 0), yMax);
      const ix = <i32>sx, iy = <i32>sy;
      const fx = sx - <f32>ix, fy = sy - <f32>iy;
      const p = base + <usize>iy * sb + ((<usize>ix) << 2);
      const q = <f32>iy < yMax ? p + sb : p;
      const right: usize = <f32>ix < xMax ? 4 : 0;
      const a = load<f32>(p), b = load<f32>(q);
      const t = a + fx * (load<f32>(p + right) - a), w = b + fx * (load<f32>(q + right) - b);
      store<f32>(patch + ((<usize>r * PATCH + <usize>k) << 2), t + fy * (w - t));
    }
  }
}

/** Scharr derivatives at a place of the patch, along the lattice's x and y. */
@inline
function alongX(p: usize): f32 {
  const r = PATCH << 2;
  return 3 * (load<f32>(p - r + 4) - load<f32>(p - r - 4) + load<f32>(p + r + 4) - load<f32>(p + r - 4)) +
    10 * (load<f32>(p + 4) - load<f32>(p - 4));
}
@inline
function alongY(p: usize): f32 {
  const r = PATCH << 2;
  return 3 * (load<f32>(p + r - 4) - load<f32>(p - r - 4) + load<f32>(p + r + 4) - load<f32>(p - r + 4)) +
    10 * (load<f32>(p + r) - load<f32>(p - r));
}

/**
 * Directions of keypoints [lo, hi): of the gradients within six steps, weighted by a Gaussian, the sixth of a turn in which
 * they sum up to most. Radians in [0, 2 pi), from +x towards +y. `window` holds 13 float32 of the Gaussian along a side;
 * `scratch` is 4 KiB.
 */
export function mldbDirections(lo: i32, hi: i32, keys: usize, levels: usize, window: usize, angles: usize, scratch: usize): void {
  const patch = scratch, xs = scratch + ((PATCH * <usize>TURN_SIDE) << 2), ys = xs + ((<usize>BINS) << 2);
  for (let i = lo; i < hi; i++) {
    samplePatch(patch, TURN_SIDE, keys + <usize>i * KEY, 0, levels);
    memory.fill(xs, 0, (<usize>BINS) << 3);
    for (let r = 0; r < 13; r++) {
      for (let k = 0; k < 13; k++) {
        if ((r - 6) * (r - 6) + (k - 6) * (k - 6) > 36) continue;
        const p = patch + ((<usize>(r + 1) * PATCH + <usize>(k + 1)) << 2);
        const w = load<f32>(window + ((<usize>r) << 2)) * load<f32>(window + ((<usize>k) << 2));
        const gx = alongX(p) * w, gy = alongY(p) * w;
        const turn = f32x4.extract_lane(turns(f32x4.splat(gy), f32x4.splat(gx)), 0);
        const bin = (<usize>min(<i32>(turn * <f32>BINS), BINS - 1)) << 2;
        store<f32>(xs + bin, load<f32>(xs + bin) + gx);
        store<f32>(ys + bin, load<f32>(ys + bin) + gy);
      }
    }
    let most: f32 = -1, bx: f32 = 1, by: f32 = 0;
    for (let b = 0; b < BINS; b++) {
      let sx: f32 = 0, sy: f32 = 0;
      for (let k = 0; k < WINDOW; k++) {
        const at = (<usize>(b + k < BINS ? b + k : b + k - BINS)) << 2;
        sx += load<f32>(xs + at);
        sy += load<f32>(ys + at);
      }
      const length = sx * sx + sy * sy;
      if (length > most) {
        most = length;
        bx = sx;
        by = sy;
      }
    }
    const turn = f32x4.extract_lane(turns(f32x4.splat(by), f32x4.splat(bx)), 0);
    store<f32>(angles + ((<usize>i) << 2), turn * TAU);
  }
}

/** Derivatives of a patch of SIDE rows along the lattice, in patches of their own. */
function derive(patch: usize, xs: usize, ys: usize): void {
  const row = PATCH << 2;
  const three = f32x4.splat(3), ten = f32x4.splat(10);
  for (let r: usize = 1; r < <usize>SIDE - 1; r++) {
    // The lattice ends at SIDE; the last vector reads on into the next row, and its last lanes are not used.
    for (let k: usize = 1; k < <usize>SIDE - 1; k += 4) {
      const o = (r * PATCH + k) << 2;
      const p = patch + o;
      const a = v128.load(p - row - 4), b = v128.load(p - row), c = v128.load(p - row + 4);
      const d = v128.load(p - 4), f = v128.load(p + 4);
      const g = v128.load(p + row - 4), h = v128.load(p + row), i = v128.load(p + row + 4);
      const ac = f32x4.add(f32x4.sub(c, a), f32x4.sub(i, g));
      const ag = f32x4.add(f32x4.sub(g, a), f32x4.sub(i, c));
      v128.store(xs + o, f32x4.add(f32x4.mul(three, ac), f32x4.mul(ten, f32x4.sub(f, d))));
      v128.store(ys + o, f32x4.add(f32x4.mul(three, ag), f32x4.mul(ten, f32x4.sub(h, b))));
    }
  }
}

/** Descriptors of keypoints [lo, hi) with their angles (float32 each): 486 bits in 64 bytes each. `scratch` is 8 KiB. */
export function mldbDescriptors(lo: i32, hi: i32, keys: usize, angles: usize, levels: usize, out: usize, scratch: usize): void {
  const patch = scratch, xs = patch + 2240, ys = xs + 2240, cells = ys + 2240;
  for (let i = lo; i < hi; i++) {
    samplePatch(patch, SIDE, keys + <usize>i * KEY, load<f32>(angles + ((<usize>i) << 2)), levels);
    derive(patch, xs, ys);
    const to = out + ((<usize>i) << 6);
    memory.fill(to, 0, 64);
    let bit = 0;
    for (let grid = 2; grid <= 4; grid++) {
      const side = grid == 2 ? 10 : grid == 3 ? 7 : 5; // samples along a side of a cell
      const count = grid * grid;
      for (let r = 0; r < grid; r++) {
        for (let c = 0; c < grid; c++) {
          let l: f32 = 0, dx: f32 = 0, dy: f32 = 0;
          for (let y = 0; y < side; y++) {
            let o = (<usize>(r * side + y + 1) * PATCH + <usize>(c * side + 1)) << 2;
            for (let x = 0; x < side; x++, o += 4) {
              l += load<f32>(patch + o);
              dx += load<f32>(xs + o);
              dy += load<f32>(ys + o);
            }
          }
          const cell = cells + ((<usize>(r * grid + c)) << 2);
          store<f32>(cell, l);
          store<f32>(cell, dx, 64);
          store<f32>(cell, dy, 128);
        }
      }
      for (let channel = 0; channel < 3; channel++) {
        const values = cells + ((<usize>channel) << 6);
        for (let a = 0; a < count; a++) {
          const va = load<f32>(values + (<usize>a << 2));
          for (let b = a + 1; b < count; b++, bit++) {
            const vb = load<f32>(values + (<usize>b << 2));
            const at = to + <usize>(bit >> 3);
            store<u8>(at, <u8>(<i32>load<u8>(at) | (i32(va > vb) << (bit & 7))));
          }
        }
      }
    }
  }
}
