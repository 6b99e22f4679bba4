// Which way an image's lines and edges run, whatever their sign: energies of steerable quadrature filters [Freeman and
// Adelson 1991, doi:10.1109/34.93808], and histograms of the strongest orientation, as RIFT has them [Li, Hu, Ai 2020,
// doi:10.1109/TIP.2019.2959244].

const ORIENTATIONS = 6;
/** Floats left and right of a line in which its ends repeat: the largest radius, in whole vectors. */
const MARGIN = 32;
/** Bytes of one function's taps, and of one scale's (radius, then five functions). */
const TAPS: usize = 32 << 2;
const SCALE: usize = 16 + 5 * TAPS;

/** Weights along a column, even functions: sum of w_k (row -k + row +k). */
@inline
function even(up: v128, down: v128, sum: v128, w: usize): v128 {
  return f32x4.add(sum, f32x4.mul(v128.load32_splat(w), f32x4.add(up, down)));
}
@inline
function odd(up: v128, down: v128, sum: v128, w: usize): v128 {
  return f32x4.add(sum, f32x4.mul(v128.load32_splat(w), f32x4.sub(down, up)));
}

/** A line filtered at x by an even or odd function. */
@inline
function evenAt(line: usize, w: usize, radius: usize): v128 {
  let sum = f32x4.mul(v128.load32_splat(w), v128.load(line));
  for (let k: usize = 4; k <= radius << 2; k += 4) sum = even(v128.load(line - k), v128.load(line + k), sum, w + k);
  return sum;
}
@inline
function oddAt(line: usize, w: usize, radius: usize): v128 {
  let sum = f32x4.splat(0);
  for (let k: usize = 4; k <= radius << 2; k += 4) sum = odd(v128.load(line - k), v128.load(line + k), sum, w + k);
  return sum;
}

/**
 * Rows [lo, hi): which of six orientations has the most energy, summed over scales. Orientation n is that of an edge whose
 * gradient points 30 n degrees from +x towards +y, or the opposite way. One byte each at out + y * width; 255 where there
 * is less energy than `least`.
 *
 * `taps` holds for each scale 4 float32 (radius, at most 31, and three unused) and 32 float32 of each of the functions
 * e, x e, (2 x² - 1) e, (x² - 0.7515) e and (x³ - 2.254 x) e from x = 0 on, e being exp(-x²). `turned` holds for each
 * orientation 3 weights of the even and 4 of the odd filter, and one unused. `lines` is scratch of 11 (stride + 64) floats.
 */
export function orientationRows(lo: i32, hi: i32, src: usize, stride: i32, width: i32, height: i32, taps: usize, scales: i32,
  turned: usize, least: f32, out: usize, lines: usize): void {
  const sb = (<usize>stride) << 2;
  const lineBytes = ((<usize>stride) + 64) << 2;
  const l0 = lines + ((<usize>MARGIN) << 2), l1 = l0 + lineBytes, l2 = l1 + lineBytes, l3 = l2 + lineBytes, l4 = l3 + lineBytes;
  const sums = l4 + lineBytes;
  const span = (<usize>((width + 3) & ~3)) << 2;
  for (let y = lo; y < hi; y++) {
    for (let n: usize = 0; n < <usize>ORIENTATIONS; n++) memory.fill(sums + n * lineBytes, 0, span);
    for (let s = 0; s < scales; s++) {
      const table = taps + <usize>s * SCALE;
      const radius = <i32>load<f32>(table);
      const e = table + 16, x1 = e + TAPS, x2 = x1 + TAPS, h2 = x2 + TAPS, x3 = h2 + TAPS;
      const row = src + <usize>y * sb;
      for (let x: usize = 0; x < span; x += 16) {
        const c = v128.load(row + x);
        let a0 = f32x4.mul(c, v128.load32_splat(e)), a1 = f32x4.splat(0), a2 = f32x4.mul(c, v128.load32_splat(x2)),
          a3 = f32x4.mul(c, v128.load32_splat(h2)), a4 = f32x4.splat(0);
        for (let k = 1; k <= radius; k++) {
          const up = v128.load(src + <usize>max(0, y - k) * sb + x), down = v128.load(src + <usize>min(height - 1, y + k) * sb + x);
          const w = (<usize>k) << 2;
          a0 = even(up, down, a0, e + w);
          a1 = odd(up, down, a1, x1 + w);
          a2 = even(up, down, a2, x2 + w);
          a3 = even(up, down, a3, h2 + w);
          a4 = odd(up, down, a4, x3 + w);
        }
        v128.store(l0 + x, a0);
        v128.store(l1 + x, a1);
        v128.store(l2 + x, a2);
        v128.store(l3 + x, a3);
        v128.store(l4 + x, a4);
      }
      for (let n: usize = 0; n < 5; n++) repeatEnds(l0 + n * lineBytes, width);
      const r = <usize>radius;
      for (let x: usize = 0; x < span; x += 16) {
        // Even filters a, b, c and odd filters a, b, c, d of the paper's tables.
        const ga = evenAt(l0 + x, x2, r), gb = oddAt(l1 + x, x1, r), gc = evenAt(l2 + x, e, r);
        const ha = oddAt(l0 + x, x3, r), hb = evenAt(l1 + x, h2, r), hc = oddAt(l3 + x, x1, r), hd = evenAt(l4 + x, e, r);
        for (let n: usize = 0; n < <usize>ORIENTATIONS; n++) {
          const w = turned + (n << 5);
          const g = f32x4.add(
            f32x4.add(f32x4.mul(v128.load32_splat(w), ga), f32x4.mul(v128.load32_splat(w, 4), gb)),
            f32x4.mul(v128.load32_splat(w, 8), gc),
          );
          const h = f32x4.add(
            f32x4.add(f32x4.mul(v128.load32_splat(w, 12), ha), f32x4.mul(v128.load32_splat(w, 16), hb)),
            f32x4.add(f32x4.mul(v128.load32_splat(w, 20), hc), f32x4.mul(v128.load32_splat(w, 24), hd)),
          );
          const at = sums + n * lineBytes + x;
          v128.store(at, f32x4.add(v128.load(at), f32x4.sqrt(f32x4.add(f32x4.mul(g, g), f32x4.mul(h, h)))));
        }
      }
    }
    const to = out + <usize>y * <usize>width;
    for (let x: usize = 0; x < <usize>width; x++) {
      let best: f32 = least;
      let which = 255;
      for (let n: usize = 0; n < <usize>ORIENTATIONS; n++) {
        const v = load<f32>(sums + n * lineBytes + (x << 2));
        if (v > best) {
          best = v;
          which = <i32>n;
        }
      }
      store<u8>(to + x, <u8>which);
    }
  }
}

function repeatEnds(row: usize, width: i32): void {
  const end = row + ((<usize>width) << 2);
  const left = v128.load32_splat(row), right = v128.load32_splat(end - 4);
  for (let k: usize = 0; k < <usize>MARGIN << 2; k += 16) {
    v128.store(row - 16 - k, left);
    v128.store(end + k, right);
  }
}

/** Cells along a side of a descriptor, samples along a side of a cell, and the whole lattice. */
const GRID = 6;
const CELL = 8;
const SAMPLES = GRID * CELL;
/** Bytes of a descriptor: 216, and 8 that stay 0. */
const BYTES: usize = 224;
/** The histogram with a cell of margin all around. */
const HIST = 8 * 8 * ORIENTATIONS;

/**
 * Descriptors of keypoints [lo, hi) (x f32, y f32, angle f32, step f32): how often each orientation is the strongest in each
 * of 6 x 6 cells of 8 x 8 samples, `step` pixels apart, of a lattice that is turned with the keypoint. Roots, as RootSIFT.
 * `scratch` is 2 KiB.
 */
export function orientationDescriptors(lo: i32, hi: i32, keys: usize, map: usize, width: i32, height: i32, out: usize,
  scratch: usize): void {
  for (let i = lo; i < hi; i++) {
    const key = keys + ((<usize>i) << 4);
    const x = load<f32>(key), y = load<f32>(key, 4), angle = load<f32>(key, 8), step = load<f32>(key, 12);
    const c = Mathf.cos(angle) * step, s = Mathf.sin(angle) * step;
    // How far the lattice is turned, in orientations.
    const turn = angle * <f32>(6.0 / 3.141592653589793);
    memory.fill(scratch, 0, HIST << 2);
    for (let r = 0; r < SAMPLES; r++) {
      const v = <f32>r - 0.5 * <f32>(SAMPLES - 1);
      const rowAt: f32 = (<f32>r + 0.5) / <f32>CELL + 0.5;
      const row0 = <i32>rowAt;
      const fr = rowAt - <f32>row0;
      for (let k = 0; k < SAMPLES; k++) {
        const u = <f32>k - 0.5 * <f32>(SAMPLES - 1);
        const px = <i32>Mathf.floor(x + (c * u - s * v) + 0.5), py = <i32>Mathf.floor(y + (s * u + c * v) + 0.5);
        if (px < 0 || py < 0 || px >= width || py >= height) continue;
        const which = <i32>load<u8>(map + <usize>py * <usize>width + <usize>px);
        if (which == 255) continue;
        let o: f32 = <f32>which - turn;
        while (o < 0) o += <f32>ORIENTATIONS;
        const o0 = <i32>o;
        const fo = o - <f32>o0;
        const b0 = (<usize>(o0 % ORIENTATIONS)) << 2, b1 = (<usize>((o0 + 1) % ORIENTATIONS)) << 2;
        const columnAt: f32 = (<f32>k + 0.5) / <f32>CELL + 0.5;
        const column0 = <i32>columnAt;
        const fc = columnAt - <f32>column0;
        const at = scratch + ((<usize>((row0 * 8 + column0) * ORIENTATIONS)) << 2);
        const right: usize = ORIENTATIONS << 2, below: usize = (8 * ORIENTATIONS) << 2;
        spread(at + b0, at + b1, (1 - fr) * (1 - fc), fo);
        spread(at + right + b0, at + right + b1, (1 - fr) * fc, fo);
        spread(at + below + b0, at + below + b1, fr * (1 - fc), fo);
        spread(at + below + right + b0, at + below + right + b1, fr * fc, fo);
      }
    }
    const to = out + <usize>i * BYTES;
    memory.fill(to, 0, BYTES);
    let total: f32 = 0;
    for (let r = 1; r <= GRID; r++) {
      for (let k = ORIENTATIONS; k < (GRID + 1) * ORIENTATIONS; k++) total += load<f32>(scratch + ((<usize>(r * 8 * ORIENTATIONS + k)) << 2));
    }
    const scale: f32 = (512 * 512) / max<f32>(total, 1e-20);
    let n = 0;
    for (let r = 1; r <= GRID; r++) {
      for (let k = ORIENTATIONS; k < (GRID + 1) * ORIENTATIONS; k++, n++) {
        const v = load<f32>(scratch + ((<usize>(r * 8 * ORIENTATIONS + k)) << 2)) * scale;
        store<u8>(to + <usize>n, <u8>min<f32>(Mathf.floor(Mathf.sqrt(v) + 0.5), 255));
      }
    }
  }
}

function spread(a: usize, b: usize, m: f32, f: f32): void {
  const v = m * f;
  store<f32>(a, load<f32>(a) + (m - v));
  store<f32>(b, load<f32>(b) + v);
}
