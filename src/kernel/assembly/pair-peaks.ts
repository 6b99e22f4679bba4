// From a correlation surface to the best place, its score, and its best rival.

/** Places looked at closely, and float64 numbers of each: score, x, y. */
const PLACES: usize = 6;
/** Width of the rim where whitened images are not known. */
const RIM = 2;

/** Sums of squares above and to the left of every pixel: (width + 1) by (height + 1) float64. */
function squareSums(p: usize, strideBytes: usize, width: i32, height: i32, out: usize): void {
  const row = <usize>(width + 1) << 3;
  memory.fill(out, 0, row);
  for (let y = 0; y < height; y++) {
    const from = p + <usize>y * strideBytes;
    const above = out + <usize>y * row;
    const here = above + row;
    store<f64>(here, 0);
    let sum: f64 = 0;
    for (let x = 0; x < width; x++) {
      const v = load<f32>(from + (<usize>x << 2));
      sum += <f64>(v * v);
      store<f64>(here + (<usize>(x + 1) << 3), load<f64>(above + (<usize>(x + 1) << 3)) + sum);
    }
  }
}

@inline function boxSum(sums: usize, width: i32, x0: i32, y0: i32, x1: i32, y1: i32): f64 {
  const row = <usize>(width + 1) << 3;
  const top = sums + <usize>y0 * row, bottom = sums + <usize>y1 * row;
  const l = <usize>x0 << 3, r = <usize>x1 << 3;
  return load<f64>(bottom + r) - load<f64>(bottom + l) - load<f64>(top + r) + load<f64>(top + l);
}

/** Pixels that both show at a shift, at most `area`, from the correlation of what is known. */
@inline function shown(at: usize, strideBytes: usize, nx: i32, ny: i32, dx: i32, dy: i32, area: i32, scale: f64): f64 {
  const row = <usize>(dy < 0 ? dy + ny : dy) * strideBytes;
  const count = <f64>load<f32>(at + row + (<usize>(dx < 0 ? dx + nx : dx) << 2)) * scale;
  return Math.min(<f64>area, Math.floor(count + 0.5));
}

/** The top of a parabola through three values, relative to the middle one's place. */
@inline function vertex(before: f64, here: f64, after: f64): f64 {
  const bend = 2 * here - before - after;
  if (!(bend > 0)) return 0;
  return Math.max(-0.5, Math.min(0.5, (after - before) / (2 * bend)));
}

/** How much a parabola rises from its middle value to its top. */
@inline function rise(before: f64, here: f64, after: f64): f64 {
  const bend = 2 * here - before - after;
  if (!(bend > 0)) return 0;
  return Math.min(0.25 * bend, ((after - before) * (after - before)) / (8 * bend));
}

/**
 * The best place of one job, see `capturePairs`.
 *
 * A place's score is its correlation, times the root of its overlap as a share of the largest one within reach: chance
 * then reaches the same everywhere. Shifts at which both are rather each other's negative score 0.
 *
 * @param surfaces  correlation; where there are holes, energies of a and of b, and pixels that both show; `bytes` apart
 * @param scratch  what remains of the lane's memory
 */
export function bestPlaces(
  job: usize, a: usize, b: usize, wa: i32, ha: i32, wb: i32, hb: i32, surfaces: usize, bytes: usize, nx: i32, ny: i32,
  holes: bool, scratch: usize, out: usize,
): void {
  const strideBytes = <usize>(nx + 16) << 2;
  const xLo = <i32>load<f64>(job, 96), xHi = <i32>load<f64>(job, 104);
  const yLo = <i32>load<f64>(job, 112), yHi = <i32>load<f64>(job, 120);
  const avoidX = load<f64>(job, 176), avoidY = load<f64>(job, 184), avoid = load<f64>(job, 192);
  const sumsA = scratch;
  const sumsB = sumsA + (<usize>(wa + 1) * <usize>(ha + 1) << 3);
  const scores = sumsB + (<usize>(wb + 1) * <usize>(hb + 1) << 3);
  const columns = xHi - xLo + 1, lines = yHi - yLo + 1;
  const rowBytes = <usize>columns << 3;
  const places = scores + <usize>lines * rowBytes;
  squareSums(a, strideBytes, wa, ha, sumsA);
  squareSums(b, strideBytes, wb, hb, sumsB);
  const scale = 1 / (<f64>nx * <f64>ny);
  // The largest number of pixels that both show within reach.
  let most: f64 = 0;
  for (let dy = yLo; dy <= yHi; dy++) {
    const h = max(0, min(ha, hb + dy) - max(0, dy) - 2 * RIM);
    for (let dx = xLo; dx <= xHi; dx++) {
      const w = max(0, min(wa, wb + dx) - max(0, dx) - 2 * RIM);
      most = Math.max(most, holes ? shown(surfaces + 3 * bytes, strideBytes, nx, ny, dx, dy, w * h, scale) : <f64>(w * h));
    }
  }
  const least = Math.max(32, most / 16);
  // Energies count from a small share of the mean on: less is what rounding leaves.
  const floor = (holes ? 1e-3 : 1e-6) * Math.sqrt(
    boxSum(sumsA, wa, 0, 0, wa, ha) / <f64>(wa * ha) * (boxSum(sumsB, wb, 0, 0, wb, hb) / <f64>(wb * hb)),
  );
  for (let dy = yLo; dy <= yHi; dy++) {
    const y0 = max(0, dy) + RIM, y1 = min(ha, hb + dy) - RIM;
    const from = surfaces + <usize>(dy < 0 ? dy + ny : dy) * strideBytes;
    const to = scores + <usize>(dy - yLo) * rowBytes;
    for (let dx = xLo; dx <= xHi; dx++) {
      const x0 = max(0, dx) + RIM, x1 = min(wa, wb + dx) - RIM;
      let count = x1 > x0 && y1 > y0 ? <f64>((x1 - x0) * (y1 - y0)) : 0;
      if (holes) count = shown(surfaces + 3 * bytes, strideBytes, nx, ny, dx, dy, <i32>count, scale);
      let score: f64 = -2;
      if (count >= least) {
        const at = from + (<usize>(dx < 0 ? dx + nx : dx) << 2);
        const value = <f64>load<f32>(at) * scale;
        score = 0;
        if (value > 0) {
          let energyA: f64, energyB: f64;
          if (holes) {
            energyA = <f64>load<f32>(at + bytes) * scale;
            energyB = <f64>load<f32>(at + 2 * bytes) * scale;
          } else {
            energyA = boxSum(sumsA, wa, x0, y0, x1, y1);
            energyB = boxSum(sumsB, wb, x0 - dx, y0 - dy, x1 - dx, y1 - dy);
          }
          const enough = floor * count;
          if (energyA > 0 && energyB > 0 && energyA * energyB > enough * enough) {
            score = value * Math.sqrt(count / (most * energyA * energyB));
          }
        }
        const ax = <f64>dx - avoidX, ay = <f64>dy - avoidY;
        if (ax * ax + ay * ay <= avoid * avoid) score = -3;
      }
      store<f64>(to + (<usize>(dx - xLo) << 3), score);
    }
  }
  // Local maxima, best first.
  for (let n: usize = 0; n < PLACES; n++) store<f64>(places + n * 24, -2);
  for (let r = 0; r < lines; r++) {
    for (let c = 0; c < columns; c++) {
      const at = scores + <usize>r * rowBytes + (<usize>c << 3);
      const score = load<f64>(at);
      if (!(score > load<f64>(places + (PLACES - 1) * 24))) continue;
      let top = true;
      for (let v = max(0, r - 1); v <= min(lines - 1, r + 1) && top; v++) {
        for (let u = max(0, c - 1); u <= min(columns - 1, c + 1); u++) {
          const other = load<f64>(scores + <usize>v * rowBytes + (<usize>u << 3));
          // Of equals the first counts; what leans on a place that must not win does not count.
          if (other > score || other == -3 || (other == score && (v < r || (v == r && u < c)))) {
            top = false;
            break;
          }
        }
      }
      if (!top) continue;
      let n: usize = PLACES - 1;
      for (; n > 0 && score > load<f64>(places + (n - 1) * 24); n--) memory.copy(places + n * 24, places + (n - 1) * 24, 24);
      store<f64>(places + n * 24, score);
      store<f64>(places + n * 24, <f64>c, 8);
      store<f64>(places + n * 24, <f64>r, 16);
    }
  }
  let best: f64 = -2, bestX: f64 = NaN, bestY: f64 = NaN, overlap: f64 = 0;
  for (let n: usize = 0; n < PLACES; n++) {
    const place = places + n * 24;
    let score = load<f64>(place);
    if (!(score > -2)) break;
    const c = <i32>load<f64>(place, 8), r = <i32>load<f64>(place, 16);
    const dx = xLo + c, dy = yLo + r;
    let x = <f64>dx, y = <f64>dy;
    const at = scores + <usize>r * rowBytes + (<usize>c << 3);
    let gain: f64 = 0;
    if (c > 0 && c < columns - 1 && load<f64>(at - 8) > -2 && load<f64>(at, 8) > -2) {
      x += vertex(load<f64>(at - 8), score, load<f64>(at, 8));
      gain += rise(load<f64>(at - 8), score, load<f64>(at, 8));
    }
    if (r > 0 && r < lines - 1 && load<f64>(at - rowBytes) > -2 && load<f64>(at + rowBytes) > -2) {
      y += vertex(load<f64>(at - rowBytes), score, load<f64>(at + rowBytes));
      gain += rise(load<f64>(at - rowBytes), score, load<f64>(at + rowBytes));
    }
    score = Math.min(1, score + gain);
    store<f64>(place, score);
    store<f64>(place, x, 8);
    store<f64>(place, y, 16);
    if (score > best) {
      best = score;
      bestX = x;
      bestY = y;
      const w = min(wa, wb + dx) - max(0, dx) - 2 * RIM, h = min(ha, hb + dy) - max(0, dy) - 2 * RIM;
      overlap = holes ? shown(surfaces + 3 * bytes, strideBytes, nx, ny, dx, dy, w * h, scale) : <f64>(w * h);
    }
  }
  let rival: f64 = -1;
  for (let n: usize = 0; n < PLACES; n++) {
    const place = places + n * 24;
    const score = load<f64>(place);
    if (!(score > -2)) break;
    const dx = load<f64>(place, 8) - bestX, dy = load<f64>(place, 16) - bestY;
    if (dx * dx + dy * dy > 12) rival = Math.max(rival, score);
  }
  store<f64>(out, bestX);
  store<f64>(out, bestY, 8);
  store<f64>(out, best > -2 ? best : 0, 16);
  store<f64>(out, rival, 24);
  store<f64>(out, overlap, 32);
}
