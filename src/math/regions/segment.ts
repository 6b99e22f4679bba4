import type { Arena } from "../../kernel/memory.js";
import { blurPlane } from "../blur.js";
import type { Plane } from "../plane.js";
import { measureRegions } from "./measure.js";
import { connectedRuns, keepRegions, type Runs } from "./runs.js";

export interface SegmentOptions {
  /** How the limit between figure and ground is found: one for the image, one for each neighbourhood, or given. */
  readonly method: "otsu" | "adaptive" | "value";
  /** With `value`: the limit, in intensities of the image. */
  readonly value?: number | undefined;
  /** With `adaptive`: side of the neighbourhood, pixels. */
  readonly window: number;
  /** With `adaptive`: how much a pixel must exceed its neighbourhood's mean, as a share of the image's range. */
  readonly offset: number;
  readonly foreground: "bright" | "dark";
  /** Gaussian blur before, pixels; 0 for none. */
  readonly smooth: number;
  /** Regions below this area are left out, pixels. */
  readonly minArea: number;
  /** Holes up to this area are filled, pixels. */
  readonly maxHole: number;
}

const BINS = 1024;

/** Regions of a plane; NaN is ground. The plane is left as it is. */
export function segmentPlane(arena: Arena, plane: Plane, options: SegmentOptions): Runs {
  const { width, height } = plane;
  const soft = options.smooth > 0 ? blurPlane(arena, plane, options.smooth) : plane;
  const sign = options.foreground === "bright" ? 1 : -1;
  const row = (y: number) => arena.f32(soft.at + 4 * y * soft.stride, width);
  const figure = new Uint8Array(width * height);
  if (options.method === "adaptive") {
    const { low, high } = rangeOf(row, height);
    markAdaptive(row, width, height, options.window, options.offset * (high - low), sign, figure);
  } else {
    const limit = options.method === "value" ? options.value! : otsu(row, height);
    for (let y = 0; y < height; y++) {
      const values = row(y);
      for (let x = 0; x < width; x++) if (sign * values[x]! > sign * limit) figure[y * width + x] = 1;
    }
  }
  if (soft !== plane) arena.free(soft.at);
  return cleanMask(figure, width, height, options.minArea, options.maxHole);
}

/** Connected regions of a mask, without small holes and small regions; `mask` has its holes filled. */
export function cleanMask(mask: Uint8Array, width: number, height: number, minArea: number, maxHole: number): Runs {
  if (maxHole > 0) {
    // Ground that touches at corners only is not connected where figure that does so is.
    const ground = connectedRuns(
      mask.map((v) => (v === 0 ? 1 : 0)),
      width,
      height,
      { eight: false },
    );
    const { area, cut } = measureRegions(ground, width, height);
    for (let k = 0; k < ground.count; k++) {
      const r = ground.region[k]!;
      if (cut[r] || area[r]! > maxHole) continue;
      const base = ground.row[k]! * width;
      mask.fill(1, base + ground.start[k]!, base + ground.end[k]!);
    }
  }
  const runs = connectedRuns(mask, width, height);
  const { area } = measureRegions(runs, width, height);
  return keepRegions(runs, (r) => area[r]! >= minArea);
}

function rangeOf(row: (y: number) => Float32Array, height: number): { low: number; high: number } {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let y = 0; y < height; y++) {
    for (const v of row(y)) {
      if (v < low) low = v;
      if (v > high) high = v;
    }
  }
  return { low, high };
}

/**
 * The limit that parts the values into two classes of least variance [1]; +infinity where all are equal.
 *
 * [1] N. Otsu, IEEE Trans. Syst. Man Cybern. 9 (1979), doi:10.1109/TSMC.1979.4310076
 */
function otsu(row: (y: number) => Float32Array, height: number): number {
  const { low, high } = rangeOf(row, height);
  if (!(high > low)) return Number.POSITIVE_INFINITY;
  const histogram = new Float64Array(BINS);
  const scale = BINS / (high - low);
  let total = 0;
  let sum = 0;
  for (let y = 0; y < height; y++) {
    for (const v of row(y)) {
      if (Number.isNaN(v)) continue;
      const bin = Math.min(BINS - 1, Math.floor((v - low) * scale));
      histogram[bin]!++;
      total++;
      sum += bin;
    }
  }
  let [count, part, best] = [0, 0, -1];
  let [from, to] = [0, 0];
  for (let bin = 0; bin < BINS - 1; bin++) {
    count += histogram[bin]!;
    part += bin * histogram[bin]!;
    if (count === 0 || count === total) continue;
    const difference = part / count - (sum - part) / (total - count);
    const between = count * (total - count) * difference * difference;
    // Between two empty stretches all limits are as good: take the middle.
    if (between > best * (1 + 1e-12)) [best, from, to] = [between, bin, bin];
    else if (between >= best * (1 - 1e-12)) to = bin;
  }
  return low + ((from + to) / 2 + 1) / scale;
}

/** Marks what exceeds the mean of its neighbourhood, from sums over all rows above; pixels without observation do not count. */
function markAdaptive(
  row: (y: number) => Float32Array,
  width: number,
  height: number,
  window: number,
  offset: number,
  sign: number,
  figure: Uint8Array,
): void {
  const half = Math.max(1, Math.floor(window / 2));
  const sums = new Float64Array((width + 1) * (height + 1));
  const counts = new Int32Array((width + 1) * (height + 1));
  for (let y = 0; y < height; y++) {
    const values = row(y);
    let [sum, count] = [0, 0];
    for (let x = 0; x < width; x++) {
      const v = values[x]!;
      if (!Number.isNaN(v)) {
        sum += v;
        count++;
      }
      const at = (y + 1) * (width + 1) + x + 1;
      sums[at] = sums[at - width - 1]! + sum;
      counts[at] = counts[at - width - 1]! + count;
    }
  }
  for (let y = 0; y < height; y++) {
    const values = row(y);
    const top = Math.max(0, y - half) * (width + 1);
    const bottom = Math.min(height, y + half + 1) * (width + 1);
    for (let x = 0; x < width; x++) {
      const left = Math.max(0, x - half);
      const right = Math.min(width, x + half + 1);
      const count = counts[bottom + right]! - counts[bottom + left]! - counts[top + right]! + counts[top + left]!;
      const sum = sums[bottom + right]! - sums[bottom + left]! - sums[top + right]! + sums[top + left]!;
      if (sign * (values[x]! - sum / count) > offset) figure[y * width + x] = 1;
    }
  }
}
