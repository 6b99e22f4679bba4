// Slow twins of the nonlinear scale space, the determinant of the Hessian, and M-LDB: one pixel or keypoint at a time.

export interface Gray {
  readonly width: number;
  readonly height: number;
  readonly data: ArrayLike<number>;
}

/** The pixel, or the edge's nearest to it. */
export const pixel = ({ width, height, data }: Gray, x: number, y: number): number =>
  data[Math.min(height - 1, Math.max(0, y)) * width + Math.min(width - 1, Math.max(0, x))]!;

export function conductivitySlowly(g: Gray, x: number, y: number, k: number): number {
  const across = (dx: number, dy: number): number => {
    let sum = 0;
    for (const [t, w] of [
      [-1, 3],
      [0, 10],
      [1, 3],
    ] as const)
      sum += w * (pixel(g, x + dx + t * dy, y + dy + t * dx) - pixel(g, x - dx + t * dy, y - dy + t * dx));
    return sum / 32;
  };
  return 1 / (1 + (across(1, 0) ** 2 + across(0, 1) ** 2) / (k * k));
}

export function diffusedSlowly(g: Gray, conductivity: Gray, x: number, y: number, step: number): number {
  const here = pixel(g, x, y);
  let sum = 0;
  for (const [dx, dy] of [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ] as const) {
    const c = (pixel(conductivity, x, y) + pixel(conductivity, x + dx, y + dy)) / 2;
    sum += c * (pixel(g, x + dx, y + dy) - here);
  }
  return here + step * sum;
}

/** The determinant of second derivatives, each two Scharr filters with taps `s` apart, one after the other. */
export function determinantSlowly(g: Gray, x: number, y: number, s: number): number {
  type Field = (x: number, y: number) => number;
  // Filters read what the edge repeats, so that derivatives beyond it are those of the repeated edge.
  const along =
    (f: Field, dx: number, dy: number): Field =>
    (u, v) => {
      const at = (n: number, t: number) => f(u + s * (n * dx + t * dy), v + s * (n * dy + t * dx));
      return [-1, 0, 1].reduce((sum, t) => sum + ((t === 0 ? 10 : 3) / 32) * (at(1, t) - at(-1, t)), 0);
    };
  const image: Field = (u, v) => pixel(g, u, v);
  const gx = along(image, 1, 0);
  const gy = along(image, 0, 1);
  return along(gx, 1, 0)(x, y) * along(gy, 0, 1)(x, y) - along(gx, 0, 1)(x, y) ** 2;
}

/** Samples of the lattice around a keypoint, and the derivatives along it (to a factor that comparisons do not see). */
function lattice(g: Gray, x: number, y: number, step: number, angle: number) {
  const at = (u: number, v: number): number => {
    const sx = Math.min(g.width - 1, Math.max(0, x + step * (Math.cos(angle) * u - Math.sin(angle) * v)));
    const sy = Math.min(g.height - 1, Math.max(0, y + step * (Math.sin(angle) * u + Math.cos(angle) * v)));
    const [i, j] = [Math.floor(sx), Math.floor(sy)];
    const [f, h] = [sx - i, sy - j];
    return (
      (1 - h) * ((1 - f) * pixel(g, i, j) + f * pixel(g, i + 1, j)) +
      h * ((1 - f) * pixel(g, i, j + 1) + f * pixel(g, i + 1, j + 1))
    );
  };
  const weights = [3, 10, 3];
  const along = (u: number, v: number, dx: number, dy: number): number =>
    weights.reduce((sum, w, k) => {
      const t = k - 1;
      return sum + w * (at(u + dx + t * dy, v + dy + t * dx) - at(u - dx + t * dy, v - dy + t * dx));
    }, 0);
  return { at, gx: (u: number, v: number) => along(u, v, 1, 0), gy: (u: number, v: number) => along(u, v, 0, 1) };
}

/** The difference that decides each of the 486 bits: the bit is 1 where it is above 0. */
export function mldbSlowly(g: Gray, x: number, y: number, step: number, angle: number): number[] {
  const { at, gx, gy } = lattice(g, x, y, step, angle);
  const out: number[] = [];
  for (const [grid, side] of [
    [2, 10],
    [3, 7],
    [4, 5],
  ] as const) {
    for (const channel of [at, gx, gy]) {
      const cells: number[] = [];
      for (let r = 0; r < grid; r++)
        for (let c = 0; c < grid; c++) {
          let sum = 0;
          for (let j = 0; j < side; j++)
            for (let i = 0; i < side; i++) sum += channel(c * side + i - 10, r * side + j - 10);
          cells.push(sum);
        }
      for (let a = 0; a < cells.length; a++) for (let b = a + 1; b < cells.length; b++) out.push(cells[a]! - cells[b]!);
    }
  }
  return out;
}

/** Direction of the sixth of a turn with the most gradient, in windows that start every 5 degrees. */
export function sectorSlowly(g: Gray, x: number, y: number, step: number): number {
  const { gx, gy } = lattice(g, x, y, step, 0);
  const bins = Array.from({ length: 72 }, () => [0, 0] as [number, number]);
  for (let v = -6; v <= 6; v++)
    for (let u = -6; u <= 6; u++) {
      if (u * u + v * v > 36) continue;
      const w = Math.exp(-(u * u + v * v) / (2 * 2.5 * 2.5));
      const [a, b] = [w * gx(u, v), w * gy(u, v)];
      const turn = (Math.atan2(b, a) / (2 * Math.PI) + 1) % 1;
      const bin = bins[Math.floor(turn * 72) % 72]!;
      bin[0] += a;
      bin[1] += b;
    }
  const sums = bins.map((_, b) => {
    let [sx, sy] = [0, 0];
    for (let k = 0; k < 12; k++) {
      sx += bins[(b + k) % 72]![0];
      sy += bins[(b + k) % 72]![1];
    }
    return [sx, sy] as const;
  });
  const [sx, sy] = sums.reduce((a, b) => (b[0] ** 2 + b[1] ** 2 > a[0] ** 2 + a[1] ** 2 ? b : a));
  return (Math.atan2(sy, sx) + 2 * Math.PI) % (2 * Math.PI);
}
