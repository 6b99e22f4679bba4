/** Length of the gradient at a pixel of a plane, by differences; see the kernel `edgeStrength`. */
export function edgeStrengthSlowly(
  data: ArrayLike<number>,
  width: number,
  height: number,
  x: number,
  y: number,
): number {
  const at = (u: number, v: number) =>
    data[Math.min(height - 1, Math.max(0, v)) * width + Math.min(width - 1, Math.max(0, u))]!;
  const gx = (at(x + 1, y) - at(x - 1, y)) / 2;
  const gy = (at(x, y + 1) - at(x, y - 1)) / 2;
  return Math.sqrt(gx * gx + gy * gy);
}
