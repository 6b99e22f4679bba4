/** Connected regions by flood fill, slow and obvious: the label of each pixel from 1 in reading order, 0 for ground. */
export function floodFill(values: ArrayLike<number>, width: number, height: number, eight: boolean): Int32Array {
  const label = new Int32Array(width * height);
  let next = 0;
  for (let i = 0; i < label.length; i++) {
    if (values[i] === 0 || label[i] !== 0) continue;
    next++;
    const open = [i];
    label[i] = next;
    while (open.length > 0) {
      const p = open.pop()!;
      const [x, y] = [p % width, Math.floor(p / width)];
      for (let v = y - 1; v <= y + 1; v++) {
        for (let u = x - 1; u <= x + 1; u++) {
          if (u < 0 || v < 0 || u >= width || v >= height || (!eight && u !== x && v !== y)) continue;
          const q = v * width + u;
          if (label[q] !== 0 || values[q] !== values[i]) continue;
          label[q] = next;
          open.push(q);
        }
      }
    }
  }
  return label;
}

/** Area, centroid and central second moments of the pixels with a label, pixel by pixel. */
export function momentsOf(label: Int32Array, width: number, which: number) {
  const at = Array.from(label.keys()).filter((i) => label[i] === which);
  const mean = (f: (x: number, y: number) => number) =>
    at.reduce((sum, i) => sum + f(i % width, Math.floor(i / width)), 0) / at.length;
  const [x, y] = [mean((u) => u), mean((_, v) => v)];
  return {
    ...{ area: at.length, x, y },
    xx: mean((u) => (u - x) ** 2) + 1 / 12,
    xy: mean((u, v) => (u - x) * (v - y)),
    yy: mean((_, v) => (v - y) ** 2) + 1 / 12,
  };
}

/** The limit of least variance within the two classes, tried at every value. */
export function bestLimit(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  const variance = (part: Float64Array) => {
    const mean = part.reduce((a, b) => a + b, 0) / part.length;
    return part.reduce((a, b) => a + (b - mean) ** 2, 0);
  };
  let best = Number.POSITIVE_INFINITY;
  let limit = sorted[0]!;
  for (let k = 1; k < sorted.length; k++) {
    if (sorted[k] === sorted[k - 1]) continue;
    const within = variance(sorted.subarray(0, k)) + variance(sorted.subarray(k));
    if (within < best) [best, limit] = [within, (sorted[k - 1]! + sorted[k]!) / 2];
  }
  return limit;
}
