import type { Runs } from "./runs.js";

/** What is measured of regions, one number for each; lengths in pixels. */
export interface Regions {
  readonly count: number;
  readonly area: Float64Array;
  /** Centroid. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Central second moments over the area. */
  readonly xx: Float64Array;
  readonly xy: Float64Array;
  readonly yy: Float64Array;
  /** 1 where a region touches the border of the image, and so may go on beyond it. */
  readonly cut: Uint8Array;
}

/** Areas, centroids and second moments, summed exactly over runs. */
export function measureRegions(runs: Runs, width: number, height: number): Regions {
  const n = runs.regions;
  const make = () => new Float64Array(n);
  const [area, x, y, xx, xy, yy] = [make(), make(), make(), make(), make(), make()];
  const cut = new Uint8Array(n);
  for (let k = 0; k < runs.count; k++) {
    const r = runs.region[k]!;
    const from = runs.start[k]!;
    const to = runs.end[k]!;
    const v = runs.row[k]!;
    const length = to - from;
    const sum = (length * (from + to - 1)) / 2;
    area[r]! += length;
    x[r]! += sum;
    y[r]! += length * v;
    xy[r]! += sum * v;
    yy[r]! += length * v * v;
    xx[r]! += squares(to - 1) - squares(from - 1);
    if (from === 0 || to === width || v === 0 || v === height - 1) cut[r] = 1;
  }
  for (let r = 0; r < n; r++) {
    const a = area[r]!;
    const [cx, cy] = [x[r]! / a, y[r]! / a];
    x[r] = cx;
    y[r] = cy;
    // A pixel is a square, whose own second moment is a twelfth.
    xx[r] = xx[r]! / a - cx * cx + 1 / 12;
    xy[r] = xy[r]! / a - cx * cy;
    yy[r] = yy[r]! / a - cy * cy + 1 / 12;
  }
  return { count: n, area, x, y, xx, xy, yy, cut };
}

/** 1² + 2² + … + m². */
const squares = (m: number): number => (m * (m + 1) * (2 * m + 1)) / 6;

/** Ratio of the axes of the ellipse with a region's second moments, 0 to 1: 1 for round ones. Does not change with a turn or size. */
export function roundness({ xx, xy, yy }: Regions, r: number): number {
  const mean = (xx[r]! + yy[r]!) / 2;
  const spread = Math.sqrt(((xx[r]! - yy[r]!) / 2) ** 2 + xy[r]! ** 2);
  return Math.sqrt(Math.max(0, (mean - spread) / (mean + spread)));
}
