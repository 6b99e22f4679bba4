/** The slow twin of the kernel `tiltRows`: one pixel of a view, or undefined where it shows nothing of the image. */
export function tiltedSlowly(
  image: { readonly width: number; readonly height: number; readonly data: ArrayLike<number> },
  x: number,
  y: number,
  { tilt, angle, sigma }: { readonly tilt: number; readonly angle: number; readonly sigma: number },
): number | undefined {
  const { width, height, data } = image;
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
  const along = (tilt - 1) * (dx * x + dy * y);
  const [px, py] = [x + along * dx, y + along * dy];
  if (px < -0.001 || py < -0.001 || px > width - 1 + 0.001 || py > height - 1 + 0.001) return undefined;
  const at = (i: number, j: number) =>
    data[Math.min(height - 1, Math.max(0, j)) * width + Math.min(width - 1, Math.max(0, i))]!;
  const linear = (u: number, v: number) => {
    const cu = Math.min(width - 1, Math.max(0, u));
    const cv = Math.min(height - 1, Math.max(0, v));
    const [i, j] = [Math.floor(cu), Math.floor(cv)];
    const [f, g] = [cu - i, cv - j];
    return (1 - g) * ((1 - f) * at(i, j) + f * at(i + 1, j)) + g * ((1 - f) * at(i, j + 1) + f * at(i + 1, j + 1));
  };
  const radius = Math.max(1, Math.round(4 * sigma));
  let sum = 0;
  let total = 0;
  for (let k = -radius; k <= radius; k++) {
    const w = Math.exp((-k * k) / (2 * sigma * sigma));
    sum += w * linear(px + k * dx, py + k * dy);
    total += w;
  }
  return sum / total;
}
