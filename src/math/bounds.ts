/** The smallest box around points, interleaved; inverted infinite for none. */
export interface Bounds {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

export function boundsOf(points: Float64Array): Bounds {
  let x0 = Number.POSITIVE_INFINITY;
  let y0 = Number.POSITIVE_INFINITY;
  let x1 = Number.NEGATIVE_INFINITY;
  let y1 = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < points.length; k += 2) {
    x0 = Math.min(x0, points[k]!);
    x1 = Math.max(x1, points[k]!);
    y0 = Math.min(y0, points[k + 1]!);
    y1 = Math.max(y1, points[k + 1]!);
  }
  return { x0, y0, x1, y1 };
}

/** Area of the box around points, never 0. */
export function boundingArea(points: Float64Array): number {
  const { x0, y0, x1, y1 } = boundsOf(points);
  return Math.max(1, (x1 - x0) * (y1 - y0));
}

/** Longer side of the box around points, never 0. */
export function boundingSide(points: Float64Array): number {
  const { x0, y0, x1, y1 } = boundsOf(points);
  return Math.max(x1 - x0, y1 - y0, 1e-9);
}
