/** Which ellipses may touch a point: their indices, by square bins of the plane, in rows that follow each other. */
export interface Bins {
  readonly size: number;
  readonly columns: number;
  readonly rows: number;
  readonly x0: number;
  readonly y0: number;
  /** Indices of bin b are `items[starts[b]] … items[starts[b + 1] - 1]`, in rising order. */
  readonly starts: Int32Array;
  readonly items: Int32Array;
}

export interface Extent {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/** Sorts discs (x, y, radius) into bins of the extent; what lies outside of it is in no bin. */
export function binDiscs(
  extent: Extent,
  size: number,
  x: readonly number[],
  y: readonly number[],
  radius: readonly number[],
): Bins {
  const { x0, y0 } = extent;
  const columns = Math.max(1, Math.ceil((extent.x1 - x0) / size));
  const rows = Math.max(1, Math.ceil((extent.y1 - y0) / size));
  const each = (visit: (bin: number, item: number) => void) => {
    for (let k = 0; k < x.length; k++) {
      const left = Math.max(0, Math.floor((x[k]! - radius[k]! - x0) / size));
      const right = Math.min(columns - 1, Math.floor((x[k]! + radius[k]! - x0) / size));
      const top = Math.max(0, Math.floor((y[k]! - radius[k]! - y0) / size));
      const bottom = Math.min(rows - 1, Math.floor((y[k]! + radius[k]! - y0) / size));
      for (let j = top; j <= bottom; j++) for (let i = left; i <= right; i++) visit(j * columns + i, k);
    }
  };
  const starts = new Int32Array(columns * rows + 1);
  each((bin) => starts[bin + 1]!++);
  for (let b = 0; b < columns * rows; b++) starts[b + 1]! += starts[b]!;
  const items = new Int32Array(starts[columns * rows]!);
  const next = starts.slice();
  each((bin, item) => {
    items[next[bin]!++] = item;
  });
  return { size, columns, rows, x0, y0, starts, items };
}

/** The bin of a point, or -1 outside of the extent. */
export function binAt(bins: Bins, x: number, y: number): number {
  const i = Math.floor((x - bins.x0) / bins.size);
  const j = Math.floor((y - bins.y0) / bins.size);
  return i < 0 || j < 0 || i >= bins.columns || j >= bins.rows ? -1 : j * bins.columns + i;
}
