// Correlation surfaces of the tie grid: for each block of the fixed image, how well its structure agrees with the moving
// image at each of 17 x 17 whole shifts.
//
// Fields are packed: four int16 per pixel (cos 2t, sin 2t, cos 4t, sin 4t, times weight and UNIT), so that eight products
// fall to one instruction and sums are exact: how the work is cut cannot change a bit. Squared weights ("energy") and
// observation (0 or 1) lie in int16 planes beside. Moving planes have a rim of zeros that the shifts may reach into.

/** A weight of 1 in packed fields; weights are at most 2, so that blocks of 48 x 48 stay within int32. */
const UNIT: f32 = 256;
/** Energies are in units of 1 / 4096: the square of packed weights, shifted by this. */
const ENERGY_SHIFT: i32 = 4;
/** Shifts reach this far on each side; surfaces are SIDE x SIDE. */
const REACH: i32 = 8;
const SIDE: i32 = 2 * REACH + 1;
const SURFACE: i32 = SIDE * SIDE;

/**
 * Packs the fields of rows [lo, hi).
 *
 * @param cos2, sin2, cos4, sin4  f32 planes, `stride` in elements
 * @param seen  f32 plane, above 0 where the fields hold
 * @param out, energy, observed  packed planes; rows and columns shifted by `rim`; `outStride` in pixels
 * @param weight4  how much the fourfold angle counts against the twofold one
 */
export function packFields(
  lo: i32, hi: i32, cos2: usize, sin2: usize, cos4: usize, sin4: usize, seen: usize, stride: i32, width: i32,
  out: usize, energy: usize, observed: usize, outStride: i32, rim: i32, weight4: f32): void {
  for (let y = lo; y < hi; y++) {
    const row = (<usize>y * <usize>stride) << 2;
    const to = <usize>(y + rim) * <usize>outStride + <usize>rim;
    for (let x = 0; x < width; x++) {
      const i = row + (<usize>x << 2);
      const at = to + <usize>x;
      const a = packed(load<f32>(cos2 + i)), b = packed(load<f32>(sin2 + i));
      const v = load<f32>(seen + i) > 0;
      store<i16>(out + (at << 3), v ? a : 0);
      store<i16>(out + (at << 3), v ? b : 0, 2);
      store<i16>(out + (at << 3), v ? packed(load<f32>(cos4 + i) * weight4) : 0, 4);
      store<i16>(out + (at << 3), v ? packed(load<f32>(sin4 + i) * weight4) : 0, 6);
      store<i16>(energy + (at << 1), v ? <i16>((a * a + b * b) >> ENERGY_SHIFT) : 0);
      store<i16>(observed + (at << 1), v ? 1 : 0);
    }
  }
}

@inline function packed(value: f32): i32 {
  return <i32>nearest<f32>(value * UNIT);
}

@inline function sum4(v: v128): i32 {
  return (i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1)) + (i32x4.extract_lane(v, 2) + i32x4.extract_lane(v, 3));
}

/** Sums of products of `rows` rows of `bytes` bytes of int16, `b` at six places `step` bytes apart. */
@inline function dots6(a: usize, rowA: usize, b: usize, rowB: usize, rows: i32, bytes: usize, step: usize, out: usize): void {
  let s0 = i32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0;
  for (let y = 0; y < rows; y++) {
    let p = a, q = b;
    const end = a + bytes;
    for (; p < end; p += 16, q += 16) {
      const f = v128.load(p);
      s0 = i32x4.add(s0, i32x4.dot_i16x8_s(f, v128.load(q)));
      s1 = i32x4.add(s1, i32x4.dot_i16x8_s(f, v128.load(q + step)));
      s2 = i32x4.add(s2, i32x4.dot_i16x8_s(f, v128.load(q + 2 * step)));
      s3 = i32x4.add(s3, i32x4.dot_i16x8_s(f, v128.load(q + 3 * step)));
      s4 = i32x4.add(s4, i32x4.dot_i16x8_s(f, v128.load(q + 4 * step)));
      s5 = i32x4.add(s5, i32x4.dot_i16x8_s(f, v128.load(q + 5 * step)));
    }
    a += rowA;
    b += rowB;
  }
  store<i32>(out, sum4(s0)); store<i32>(out, sum4(s1), 4); store<i32>(out, sum4(s2), 8);
  store<i32>(out, sum4(s3), 12); store<i32>(out, sum4(s4), 16); store<i32>(out, sum4(s5), 20);
}

/** Sums of products at all shifts; `b` points at the shift (-REACH, -REACH). */
function correlate(a: usize, rowA: usize, b: usize, rowB: usize, rows: i32, bytes: usize, step: usize, out: usize): void {
  for (let dy = 0; dy < SIDE; dy++) {
    dots6(a, rowA, b, rowB, rows, bytes, step, out);
    dots6(a, rowA, b + 6 * step, rowB, rows, bytes, step, out + 24);
    dots6(a, rowA, b + 11 * step, rowB, rows, bytes, step, out + 44);
    b += rowB;
    out += SIDE << 2;
  }
}

/** Sums of a block of `side` x `side` int16 at all shifts, by running sums. `line` holds side + 2 * REACH int32. */
function boxSums(b: usize, rowB: usize, side: i32, line: usize, out: usize): void {
  const columns = side + 2 * REACH;
  for (let x = 0; x < columns; x++) {
    let s = 0;
    for (let y = 0; y < side; y++) s += <i32>load<i16>(b + <usize>y * rowB + (<usize>x << 1));
    store<i32>(line + (<usize>x << 2), s);
  }
  for (let dy = 0; dy < SIDE; dy++) {
    let s = 0;
    for (let x = 0; x < side; x++) s += load<i32>(line + (<usize>x << 2));
    for (let dx = 0; dx < SIDE; dx++) {
      store<i32>(out + (<usize>(dy * SIDE + dx) << 2), s);
      if (dx + 1 < SIDE) s += load<i32>(line + (<usize>(dx + side) << 2)) - load<i32>(line + (<usize>dx << 2));
    }
    if (dy + 1 < SIDE) {
      const top = b + <usize>dy * rowB, below = b + <usize>(dy + side) * rowB;
      for (let x: usize = 0; x < <usize>columns; x++)
        store<i32>(line + (x << 2), load<i32>(line + (x << 2)) + <i32>load<i16>(below + (x << 1)) - <i32>load<i16>(top + (x << 1)));
    }
  }
}

/** Sum over a rectangle of int16. */
function total(p: usize, row: usize, width: i32, height: i32): i32 {
  let s = 0;
  for (let y = 0; y < height; y++) {
    for (let x: usize = 0; x < <usize>width; x++) s += <i32>load<i16>(p + (x << 1));
    p += row;
  }
  return s;
}

/** Separable blur of a surface with zeros around it; `line` holds a surface. */
function blurSurface(surface: usize, weights: usize, radius: i32, line: usize): void {
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      let s: f32 = 0;
      for (let k = max(-radius, -x); k <= min(radius, SIDE - 1 - x); k++)
        s += load<f32>(weights + (<usize>abs(k) << 2)) * load<f32>(surface + (<usize>(y * SIDE + x + k) << 2));
      store<f32>(line + (<usize>(y * SIDE + x) << 2), s);
    }
  }
  for (let y = 0; y < SIDE; y++) {
    const first = max(-radius, -y), last = min(radius, SIDE - 1 - y);
    const row = surface + (<usize>(y * SIDE) << 2);
    for (let x = 0; x < SIDE; x++) store<f32>(row + (<usize>x << 2), 0);
    for (let k = first; k <= last; k++) {
      const w = load<f32>(weights + (<usize>abs(k) << 2));
      const from = line + (<usize>((y + k) * SIDE) << 2);
      for (let x: usize = 0; x < <usize>SIDE << 2; x += 4) store<f32>(row + x, load<f32>(row + x) + w * load<f32>(from + x));
    }
  }
}

/** The middle one of a surface's values, all at least 0: their bits are in the order of the values, and are found bit by bit. */
function median(surface: usize): f32 {
  let low = 0;
  for (let bit: i32 = 1 << 30; bit > 0; bit >>= 1) {
    const probe = low | bit; // the median's bits are at least this when at most half of the values lie below
    const limit = i32x4.splat(probe);
    let below = i32x4.splat(0);
    let i = 0;
    for (; i + 4 <= SURFACE; i += 4) below = i32x4.sub(below, i32x4.lt_s(v128.load(surface + (<usize>i << 2)), limit));
    let n = sum4(below);
    for (; i < SURFACE; i++) if (load<i32>(surface + (<usize>i << 2)) < probe) n++;
    if (n <= SURFACE >> 1) low = probe;
  }
  return reinterpret<f32>(low);
}

/**
 * Surfaces of blocks [lo, hi): normalised correlation at each shift of the moving image, negative ones set to 0, blurred,
 * and lowered by their median. Of the energies only what the other image observes counts (Padfield 2012).
 *
 * @param fixed, fixedEnergy, fixedSeen  packed planes without rim, `fixedStride` in pixels
 * @param moving, movingEnergy, movingSeen  packed planes with a rim of REACH pixels, `movingStride` in pixels
 * @param corners  int32 pairs: first pixel of each block; the block must lie in the fixed plane
 * @param side  of a block, pixels: a multiple of 8, at most 48
 * @param weights  of the blur, centre first: radius + 1 f32
 * @param gain  what the correlation of identical fields is divided by: 1 + the weight of the fourfold angle
 * @param out  17 x 17 f32 per block, row-major: shift (x - 8, y - 8) at 17 * y + x
 * @param peaks  per block: int32 x and y of the highest value, f32 its height above the median
 * @param scratch  of each lane: 8192 bytes
 */
export function tieSurfaces(
  lo: i32, hi: i32, fixed: usize, fixedEnergy: usize, fixedSeen: usize, fixedStride: i32,
  moving: usize, movingEnergy: usize, movingSeen: usize, movingStride: i32,
  corners: usize, side: i32, weights: usize, radius: i32, gain: f32, out: usize, peaks: usize, scratch: usize): void {
  const rowF = <usize>fixedStride, rowM = <usize>movingStride;
  const products = scratch, energyF = scratch + 1280, energyM = scratch + 2560, line = scratch + 3840;
  const window = side + 2 * REACH;
  for (let n = lo; n < hi; n++) {
    const x = load<i32>(corners + (<usize>n << 3)), y = load<i32>(corners + (<usize>n << 3), 4);
    const f = <usize>y * rowF + <usize>x;
    const m = <usize>y * rowM + <usize>x; // the rim stands for the shift of -REACH
    correlate(fixed + (f << 3), rowF << 3, moving + (m << 3), rowM << 3, side, <usize>side << 3, 8, products);
    if (total(movingSeen + (m << 1), rowM << 1, window, window) == window * window) {
      const whole = total(fixedEnergy + (f << 1), rowF << 1, side, side);
      for (let i = 0; i < SURFACE; i++) store<i32>(energyF + (<usize>i << 2), whole);
    } else correlate(fixedEnergy + (f << 1), rowF << 1, movingSeen + (m << 1), rowM << 1, side, <usize>side << 1, 2, energyF);
    if (total(fixedSeen + (f << 1), rowF << 1, side, side) == side * side)
      boxSums(movingEnergy + (m << 1), rowM << 1, side, line, energyM);
    else correlate(fixedSeen + (f << 1), rowF << 1, movingEnergy + (m << 1), rowM << 1, side, <usize>side << 1, 2, energyM);

    const surface = out + <usize>n * <usize>(SURFACE << 2);
    for (let i: usize = 0; i < <usize>SURFACE << 2; i += 4) {
      const a = <f32>max(load<i32>(energyF + i), 4 * 4096), b = <f32>max(load<i32>(energyM + i), 4 * 4096);
      // Products are in units of UNIT², energies in units of UNIT² / 16.
      const c = <f32>load<i32>(products + i) * <f32>0.0625 / (gain * sqrt<f32>(a * b));
      store<f32>(surface + i, max<f32>(c, 0));
    }
    blurSurface(surface, weights, radius, line);
    const middle = median(surface);
    let best: f32 = -1, at = 0;
    for (let i = 0; i < SURFACE; i++) {
      const p = surface + (<usize>i << 2);
      const v = load<f32>(p);
      if (v > best) { best = v; at = i; }
      store<f32>(p, v - middle);
    }
    const peak = peaks + <usize>n * 12;
    store<i32>(peak, at % SIDE); store<i32>(peak, at / SIDE, 4); store<f32>(peak, best - middle, 8);
  }
}

/**
 * Scores displacement maps [lo, hi): the sum over all blocks of the surface value at the shift that the map predicts; a
 * shift beyond the surface counts nothing.
 *
 * @param maps  six f64 per map: dx = m0 x + m1 y + m2, dy = m3 x + m4 y + m5
 * @param centres  f64 pairs, as the maps take them
 * @param out  one f64 per map
 */
export function scoreShifts(lo: i32, hi: i32, maps: usize, centres: usize, count: i32, surfaces: usize, out: usize): void {
  for (let k = lo; k < hi; k++) {
    const m = maps + <usize>k * 48;
    const m0 = load<f64>(m), m1 = load<f64>(m, 8), m2 = load<f64>(m, 16);
    const m3 = load<f64>(m, 24), m4 = load<f64>(m, 32), m5 = load<f64>(m, 40);
    let sum: f64 = 0;
    for (let n = 0; n < count; n++) {
      const x = load<f64>(centres + (<usize>n << 4)), y = load<f64>(centres + (<usize>n << 4), 8);
      const u = nearest<f64>(m0 * x + m1 * y + m2) + REACH, v = nearest<f64>(m3 * x + m4 * y + m5) + REACH;
      if (!(u >= 0 && v >= 0 && u < SIDE && v < SIDE)) continue;
      sum += <f64>load<f32>(surfaces + (<usize>(n * SURFACE + <i32>v * SIDE + <i32>u) << 2));
    }
    store<f64>(out + (<usize>k << 3), sum);
  }
}

/**
 * What blocks [lo, hi) hold, for a choice among them: int32 triples of pixels that both images observe, the fixed image's
 * energy where the moving image observes, and the moving image's energy. Arguments as in `tieSurfaces`.
 */
export function tieBlocks(
  lo: i32, hi: i32, fixedEnergy: usize, fixedSeen: usize, fixedStride: i32,
  movingEnergy: usize, movingSeen: usize, movingStride: i32, corners: usize, side: i32, out: usize): void {
  const width = <usize>side << 1;
  for (let n = lo; n < hi; n++) {
    const x = load<i32>(corners + (<usize>n << 3)), y = load<i32>(corners + (<usize>n << 3), 4);
    let both = i32x4.splat(0), energyF = both, energyM = both;
    const ones = i16x8.splat(1);
    for (let j = 0; j < side; j++) {
      const f = (<usize>(y + j) * <usize>fixedStride + <usize>x) << 1;
      const m = (<usize>(y + j + REACH) * <usize>movingStride + <usize>(x + REACH)) << 1;
      for (let i: usize = 0; i < width; i += 16) {
        const seen = v128.load(movingSeen + m + i);
        both = i32x4.add(both, i32x4.dot_i16x8_s(v128.load(fixedSeen + f + i), seen));
        energyF = i32x4.add(energyF, i32x4.dot_i16x8_s(v128.load(fixedEnergy + f + i), seen));
        energyM = i32x4.add(energyM, i32x4.dot_i16x8_s(v128.load(movingEnergy + m + i), ones));
      }
    }
    const o = out + <usize>n * 12;
    store<i32>(o, sum4(both)); store<i32>(o, sum4(energyF), 4); store<i32>(o, sum4(energyM), 8);
  }
}
