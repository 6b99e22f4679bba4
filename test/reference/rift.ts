import { type Gray, pixel } from "./akaze.js";

/**
 * Energy of lines and edges whose gradient points `angle` radians from +x towards +y or the opposite way: quadrature filters
 * of Freeman and Adelson as two-dimensional functions, summed over spacings.
 */
export function energySlowly(g: Gray, x: number, y: number, angle: number, spacings: readonly number[]): number {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  let sum = 0;
  for (const spacing of spacings) {
    const radius = Math.ceil(3.1 / spacing);
    let [even, odd] = [0, 0];
    for (let j = -radius; j <= radius; j++)
      for (let i = -radius; i <= radius; i++) {
        const [u, v] = [i * spacing, j * spacing];
        const e = Math.exp(-u * u - v * v) * spacing * spacing;
        const value = pixel(g, x + i, y + j);
        // Turned by the angle, the filters depend on the coordinate along the gradient alone (times the Gaussian).
        const t = c * u + s * v;
        even += value * 0.9213 * (2 * t * t - 1) * e;
        odd += value * 0.978 * (t * t * t - 2.254 * t) * e;
      }
    sum += Math.hypot(even, odd);
  }
  return sum;
}

/** Shares of orientations in 6 x 6 cells of a turned lattice, before roots: what `orientationDescriptors` counts. */
export function orientationHistogramSlowly(
  map: { readonly width: number; readonly height: number; readonly data: Uint8Array },
  x: number,
  y: number,
  angle: number,
  step: number,
): number[] {
  const cells = new Float64Array(216);
  const near = (t: number): number => Math.max(0, 1 - Math.abs(t));
  for (let r = 0; r < 48; r++)
    for (let k = 0; k < 48; k++) {
      const [u, v] = [(k - 23.5) * step, (r - 23.5) * step];
      const px = Math.floor(x + Math.cos(angle) * u - Math.sin(angle) * v + 0.5);
      const py = Math.floor(y + Math.sin(angle) * u + Math.cos(angle) * v + 0.5);
      if (px < 0 || py < 0 || px >= map.width || py >= map.height) continue;
      const which = map.data[py * map.width + px]!;
      if (which === 255) continue;
      const o = (((which - (angle * 6) / Math.PI) % 6) + 6) % 6;
      for (let row = 0; row < 6; row++)
        for (let column = 0; column < 6; column++)
          for (let b = 0; b < 6; b++) {
            const away = Math.abs(o - b);
            const weight = near((r + 0.5) / 8 - 0.5 - row) * near((k + 0.5) / 8 - 0.5 - column);
            cells[(row * 6 + column) * 6 + b]! += weight * near(Math.min(away, 6 - away));
          }
    }
  return Array.from(cells);
}
