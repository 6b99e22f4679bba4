/** Slow twin of means over squares: pixels that a square covers in part count in part. Pixel (0, 0) covers [-0.5, 0.5)^2. */
export function boxMeanSlowly(data: Uint8Array, width: number, x: number, y: number, half: number): number {
  const part = (i: number, from: number, to: number): number =>
    Math.max(0, Math.min(i + 0.5, to) - Math.max(i - 0.5, from));
  let sum = 0;
  for (let v = Math.floor(y - half); v <= Math.ceil(y + half); v++)
    for (let u = Math.floor(x - half); u <= Math.ceil(x + half); u++) {
      const weight = part(u, x - half, x + half) * part(v, y - half, y + half);
      if (weight > 0) sum += weight * data[v * width + u]!;
    }
  return sum / (4 * half * half);
}

/** Sum of the bytes of columns [x0, x1) and rows [y0, y1), as far as the image has them. */
export function boxSumSlowly(
  { data, width, height }: { readonly data: Uint8Array; readonly width: number; readonly height: number },
  x0: number,
  y0: number,
  x1: number,
  y1: number,
): number {
  let sum = 0;
  for (let y = Math.max(0, y0); y < Math.min(height, y1); y++)
    for (let x = Math.max(0, x0); x < Math.min(width, x1); x++) sum += data[y * width + x]!;
  return sum;
}
