import type { VoteMaps } from "./forest.js";
import { COARSE_RADIUS } from "./planes.js";
import { angleOf, fitPose, type Pose, type PoseSpread, place, type Shape, scaleOf } from "./shape.js";

/** A pose of the mean shape in the coarse plane, and the votes that its points have on average. */
export interface Candidate {
  readonly pose: Pose;
  readonly votes: number;
}

/** Peaks that are kept for each point, and how far apart they lie. */
const PEAKS = 5;
const APART = 4;
/** Pairs of points that poses are made of, at most. */
const PAIRS = 60;

/**
 * Poses of the mean shape that have the votes of all points behind them, best first: made from peaks of two points each,
 * weighed by the votes at all points, and drawn to the peaks near by.
 */
export function candidatePoses(maps: VoteMaps, mean: Shape, spread: PoseSpread, most: number): Candidate[] {
  const points = mean.length / 2;
  const blurred = Array.from({ length: points }, (_, k) => smooth(maps, k));
  const peaks = blurred.map((map) => peaksOf(map, maps.width, maps.height));
  const votesAt = (pose: Pose): number => {
    const shape = place(pose, mean);
    let sum = 0;
    for (let k = 0; k < points; k++) sum += at(blurred[k]!, maps, shape[2 * k]!, shape[2 * k + 1]!);
    return sum / points;
  };
  const found: Candidate[] = [];
  for (const [k, l] of pairs(mean)) {
    for (const p of peaks[k]!) {
      for (const q of peaks[l]!) {
        const two = new Float64Array(mean.length).fill(Number.NaN);
        two.set([p.x, p.y], 2 * k);
        two.set([q.x, q.y], 2 * l);
        const pose = fitPose(mean, two);
        if (pose && isLikely(pose, spread)) found.push({ pose, votes: votesAt(pose) });
      }
    }
  }
  found.sort((a, b) => b.votes - a.votes);
  const kept: Candidate[] = [];
  for (const { pose } of found.slice(0, 60)) {
    const drawn = drawToPeaks(pose);
    const shape = place(drawn, mean);
    if (kept.some((other) => distance(place(other.pose, mean), shape) < COARSE_RADIUS / 3)) continue;
    kept.push({ pose: drawn, votes: votesAt(drawn) });
    if (kept.length === 2 * most) break;
  }
  return kept.sort((a, b) => b.votes - a.votes).slice(0, most);

  /** Moves each point to where its votes are most near by, and fits the shape to that. */
  function drawToPeaks(start: Pose): Pose {
    let pose = start;
    for (let round = 0; round < 2; round++) {
      const shape = place(pose, mean);
      const weight = new Float64Array(points);
      for (let k = 0; k < points; k++) {
        let best = at(blurred[k]!, maps, shape[2 * k]!, shape[2 * k + 1]!);
        const [cx, cy] = [Math.round(shape[2 * k]!), Math.round(shape[2 * k + 1]!)];
        for (let y = cy - 3; y <= cy + 3; y++) {
          for (let x = cx - 3; x <= cx + 3; x++) {
            const v = at(blurred[k]!, maps, x, y);
            if (v > best) {
              best = v;
              shape.set([x, y], 2 * k);
            }
          }
        }
        weight[k] = best + 1e-9;
      }
      const next = fitPose(mean, shape, weight);
      if (!next || !isLikely(next, spread)) break;
      pose = next;
    }
    return pose;
  }
}

/** Whether training shapes stood like that, or almost. */
function isLikely(pose: Pose, spread: PoseSpread): boolean {
  const factor = scaleOf(pose) / COARSE_RADIUS;
  const most = spread.factor * 1.15;
  return factor < most && factor * most > 1 && Math.abs(angleOf(pose)) <= spread.angle + 0.1;
}

/** Pairs of points, those furthest apart first. */
function pairs(mean: Shape): readonly (readonly [number, number])[] {
  const all: { readonly pair: readonly [number, number]; readonly length: number }[] = [];
  for (let k = 0; k < mean.length / 2; k++) {
    for (let l = 0; l < k; l++) {
      const length = (mean[2 * k]! - mean[2 * l]!) ** 2 + (mean[2 * k + 1]! - mean[2 * l + 1]!) ** 2;
      all.push({ pair: [l, k], length });
    }
  }
  all.sort((a, b) => b.length - a.length);
  return all.slice(0, PAIRS).map(({ pair }) => pair);
}

function distance(a: Shape, b: Shape): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 2) sum += (a[i]! - b[i]!) ** 2 + (a[i + 1]! - b[i + 1]!) ** 2;
  return Math.sqrt((2 * sum) / a.length);
}

/** The map at a place in the plane: nearest pixel, 0 outside the margin. */
function at(map: Float32Array, { width, height, margin }: VoteMaps, x: number, y: number): number {
  const column = Math.round(x) + margin;
  const row = Math.round(y) + margin;
  return column < 0 || row < 0 || column >= width || row >= height ? 0 : map[row * width + column]!;
}

const TAPS = [1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16] as const;

/** A map blurred twice by binomial weights, with a standard deviation of 1.4 pixels. */
function smooth({ data, width, height }: VoteMaps, k: number): Float32Array {
  let from = data.slice(k * width * height, (k + 1) * width * height);
  for (let round = 0; round < 2; round++) {
    for (const step of [1, width]) {
      const to = new Float32Array(from.length);
      const [length, lines, stride] = step === 1 ? [width, height, width] : [height, width, 1];
      for (let line = 0; line < lines; line++) {
        for (let i = 0; i < length; i++) {
          let sum = 0;
          for (let t = -2; t <= 2; t++) {
            if (i + t >= 0 && i + t < length) sum += TAPS[t + 2]! * from[line * stride + (i + t) * step]!;
          }
          to[line * stride + i * step] = sum;
        }
      }
      from = to;
    }
  }
  return from;
}

interface Peak {
  readonly x: number;
  readonly y: number;
  readonly votes: number;
}

/** The highest peaks of a map, in pixels of the plane. */
function peaksOf(map: Float32Array, width: number, height: number): Peak[] {
  const all: Peak[] = [];
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const v = map[y * width + x]!;
      if (v <= 0) continue;
      let isTop = true;
      for (let dy = -1; dy <= 1 && isTop; dy++)
        for (let dx = -1; dx <= 1; dx++) if (map[(y + dy) * width + x + dx]! > v) isTop = false;
      if (isTop) all.push({ x: x - COARSE_RADIUS, y: y - COARSE_RADIUS, votes: v });
    }
  }
  all.sort((a, b) => b.votes - a.votes);
  const kept: Peak[] = [];
  for (const peak of all) {
    if (kept.some((p) => (p.x - peak.x) ** 2 + (p.y - peak.y) ** 2 < APART * APART)) continue;
    kept.push(peak);
    if (kept.length === PEAKS) break;
  }
  return kept;
}
