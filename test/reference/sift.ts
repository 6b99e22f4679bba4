import { gaussianWeights } from "../../src/math/gaussian.js";

/** Slow twin of the SIFT kernels: whole levels in float64, plain loops, JavaScript's own functions. */

export interface Level {
  readonly width: number;
  readonly height: number;
  readonly data: Float64Array;
}

export function blurSlowly({ width, height, data }: Level, sigma: number): Level {
  const weights = gaussianWeights(sigma);
  const pass = (from: Float64Array, dx: number, dy: number): Float64Array =>
    from.map((_, i) => {
      const x = i % width;
      const y = Math.floor(i / width);
      let sum = 0;
      for (let k = 1 - weights.length; k < weights.length; k++) {
        const u = Math.min(width - 1, Math.max(0, x + k * dx));
        const v = Math.min(height - 1, Math.max(0, y + k * dy));
        sum += weights[Math.abs(k)]! * from[v * width + u]!;
      }
      return sum;
    });
  return { width, height, data: pass(pass(data, 0, 1), 1, 0) };
}

export function doubleSlowly({ width, height, data }: Level): Level {
  const out = new Float64Array(4 * width * height);
  for (let y = 0; y < 2 * height; y++) {
    for (let x = 0; x < 2 * width; x++) {
      const at = (u: number, v: number): number => data[Math.min(height - 1, v) * width + Math.min(width - 1, u)]!;
      const u = x >> 1;
      const v = y >> 1;
      out[y * 2 * width + x] = (at(u, v) + at(u + (x & 1), v) + at(u, v + (y & 1)) + at(u + (x & 1), v + (y & 1))) / 4;
    }
  }
  return { width: 2 * width, height: 2 * height, data: out };
}

/** Six levels of each octave. */
export function scaleSpaceSlowly(image: Level, upsample: boolean): Level[][] {
  const octaves: Level[][] = [];
  let base = upsample ? doubleSlowly(image) : image;
  base = blurSlowly(base, Math.sqrt(1.6 ** 2 - (upsample ? 1 : 0.25)));
  while (Math.min(base.width, base.height) >= 12) {
    const levels = [base];
    for (let k = 1; k < 6; k++) {
      const from = 1.6 * 2 ** ((k - 1) / 3);
      levels.push(blurSlowly(levels[k - 1]!, from * Math.sqrt(2 ** (2 / 3) - 1)));
    }
    octaves.push(levels);
    const { width, height, data } = levels[3]!;
    const half = { width: Math.ceil(width / 2), height: Math.ceil(height / 2) };
    base = {
      ...half,
      data: Float64Array.from({ length: half.width * half.height }, (_, i) => {
        const y = Math.floor(i / half.width);
        return data[2 * y * width + 2 * (i % half.width)]!;
      }),
    };
  }
  return octaves;
}

export interface SlowKeypoint {
  readonly octave: number;
  readonly level: number;
  /** Pixels of the octave. */
  readonly x: number;
  readonly y: number;
  readonly scale: number;
  readonly response: number;
}

export function extremaSlowly(octaves: Level[][], contrast: number, edge: number): SlowKeypoint[] {
  const found: SlowKeypoint[] = [];
  octaves.forEach((levels, octave) => {
    const { width, height } = levels[0]!;
    const d = (s: number, x: number, y: number): number =>
      levels[s + 1]!.data[y * width + x]! - levels[s]!.data[y * width + x]!;
    for (let y = 5; y < height - 5; y++)
      for (let s = 1; s <= 3; s++)
        for (let x = 5; x < width - 5; x++) {
          if (!isExtremum(d, s, x, y, contrast / 2)) continue;
          const refined = refineSlowly(d, s, x, y, width, height, contrast, edge);
          if (refined) found.push({ octave, ...refined });
        }
  });
  return found;
}

type Difference = (s: number, x: number, y: number) => number;

function isExtremum(d: Difference, s: number, x: number, y: number, least: number): boolean {
  const c = d(s, x, y);
  if (!(Math.abs(c) > least)) return false;
  const sign = Math.sign(c);
  for (const ds of [-1, 0, 1])
    for (const dy of [-1, 0, 1])
      for (const dx of [-1, 0, 1]) if ((ds || dy || dx) && sign * d(s + ds, x + dx, y + dy) >= sign * c) return false;
  return true;
}

function refineSlowly(
  d: Difference,
  s0: number,
  x0: number,
  y0: number,
  width: number,
  height: number,
  contrast: number,
  edge: number,
): Omit<SlowKeypoint, "octave"> | undefined {
  let [s, x, y] = [s0, x0, y0];
  for (let step = 0; step < 5; step++) {
    const at = (ds: number, dx: number, dy: number): number => d(s + ds, x + dx, y + dy);
    const g = [
      (at(0, 1, 0) - at(0, -1, 0)) / 2,
      (at(0, 0, 1) - at(0, 0, -1)) / 2,
      (at(1, 0, 0) - at(-1, 0, 0)) / 2,
    ] as const;
    const axis = [
      [0, 1, 0],
      [0, 0, 1],
      [1, 0, 0],
    ] as const;
    const h = axis.map((a) =>
      axis.map((b) => {
        if (a === b) return at(a[0], a[1], a[2]) + at(-a[0], -a[1], -a[2]) - 2 * at(0, 0, 0);
        const sum = (p: number, q: number): number => at(p * a[0] + q * b[0], p * a[1] + q * b[1], p * a[2] + q * b[2]);
        return (sum(1, 1) - sum(1, -1) - sum(-1, 1) + sum(-1, -1)) / 4;
      }),
    );
    const [ox, oy, os] = solve3(
      h,
      g.map((v) => -v),
    ) as [number, number, number];
    if (Math.max(Math.abs(ox), Math.abs(oy), Math.abs(os)) < 0.5) {
      const response = Math.abs(at(0, 0, 0) + 0.5 * (g[0] * ox + g[1] * oy + g[2] * os));
      const trace = h[0]![0]! + h[1]![1]!;
      const det = h[0]![0]! * h[1]![1]! - h[0]![1]! ** 2;
      if (response < contrast || det <= 0 || trace ** 2 / det >= (edge + 1) ** 2 / edge) return undefined;
      return { level: s, x: x + ox, y: y + oy, scale: 1.6 * 2 ** ((s + os) / 3), response };
    }
    x += Math.floor(ox + 0.5);
    y += Math.floor(oy + 0.5);
    s += Math.floor(os + 0.5);
    const inside = x >= 5 && y >= 5 && x < width - 5 && y < height - 5 && s >= 1 && s <= 3;
    if (!inside || Math.abs(y - y0) > 5) return undefined;
  }
  return undefined;
}

/** Cramer's rule. */
function solve3(m: number[][], b: number[]): number[] {
  const det = (a: number[][]): number =>
    a[0]![0]! * (a[1]![1]! * a[2]![2]! - a[1]![2]! * a[2]![1]!) -
    a[0]![1]! * (a[1]![0]! * a[2]![2]! - a[1]![2]! * a[2]![0]!) +
    a[0]![2]! * (a[1]![0]! * a[2]![1]! - a[1]![1]! * a[2]![0]!);
  return b.map((_, k) => det(m.map((row, i) => row.map((v, j) => (j === k ? b[i]! : v)))) / det(m));
}

const turn = (a: number): number => ((a % (2 * Math.PI)) + 2 * Math.PI) % (2 * Math.PI);

export function orientationsSlowly(level: Level, x: number, y: number, scale: number): number[] {
  const { width, height, data } = level;
  const histogram = new Float64Array(36);
  const radius = Math.floor(4.5 * scale + 0.5);
  const [cx, cy] = [Math.floor(x + 0.5), Math.floor(y + 0.5)];
  for (let v = cy - radius; v <= cy + radius; v++)
    for (let u = cx - radius; u <= cx + radius; u++) {
      if (u < 1 || v < 1 || u > width - 2 || v > height - 2) continue;
      const gx = data[v * width + u + 1]! - data[v * width + u - 1]!;
      const gy = data[(v + 1) * width + u]! - data[(v - 1) * width + u]!;
      const weight = Math.exp(-((u - x) ** 2 + (v - y) ** 2) / (2 * (1.5 * scale) ** 2));
      histogram[Math.floor((turn(Math.atan2(gy, gx)) * 36) / (2 * Math.PI) + 0.5) % 36]! += weight * Math.hypot(gx, gy);
    }
  const smooth = histogram.map((_, b) =>
    [1, 4, 6, 4, 1].reduce((sum, w, k) => sum + (w / 16) * histogram[(b + k - 2 + 36) % 36]!, 0),
  );
  const top = Math.max(...smooth);
  const angles: number[] = [];
  smooth.forEach((c, b) => {
    const l = smooth[(b + 35) % 36]!;
    const r = smooth[(b + 1) % 36]!;
    if (c >= 0.8 * top && c > l && c > r)
      angles.push((((b + (0.5 * (l - r)) / (l - 2 * c + r) + 36) % 36) * 2 * Math.PI) / 36);
  });
  return angles;
}

export function descriptorSlowly(
  level: Level,
  x: number,
  y: number,
  scale: number,
  angle: number,
  root: boolean,
  /** Directions in a whole turn: 8, or 16 where a gradient and its opposite are the same. */
  directions = 8,
): number[] {
  const { width, height, data } = level;
  const sample = (i: number, j: number): number => {
    const u = (j - 9.5) * 0.75 * scale;
    const v = (i - 9.5) * 0.75 * scale;
    const sx = Math.min(width - 1, Math.max(0, x + Math.cos(angle) * u - Math.sin(angle) * v));
    const sy = Math.min(height - 1, Math.max(0, y + Math.sin(angle) * u + Math.cos(angle) * v));
    const [ix, iy] = [Math.floor(sx), Math.floor(sy)];
    const at = (p: number, q: number): number => data[Math.min(height - 1, q) * width + Math.min(width - 1, p)]!;
    const [fx, fy] = [sx - ix, sy - iy];
    return (
      (1 - fy) * ((1 - fx) * at(ix, iy) + fx * at(ix + 1, iy)) +
      fy * ((1 - fx) * at(ix, iy + 1) + fx * at(ix + 1, iy + 1))
    );
  };
  const cells = new Float64Array(128);
  for (let i = 0; i < 20; i++)
    for (let j = 0; j < 20; j++) {
      const gx = sample(i, j + 1) - sample(i, j - 1);
      const gy = sample(i + 1, j) - sample(i - 1, j);
      const [u, v] = [(j - 9.5) / 4, (i - 9.5) / 4];
      const weight = Math.hypot(gx, gy) * Math.exp(-(u * u + v * v) / 8);
      const direction = ((turn(Math.atan2(gy, gx)) * directions) / (2 * Math.PI)) % 8;
      for (let r = 0; r < 4; r++)
        for (let c = 0; c < 4; c++)
          for (let b = 0; b < 8; b++) {
            const away = Math.abs(direction - b);
            const near = (t: number): number => Math.max(0, 1 - t);
            cells[(r * 4 + c) * 8 + b]! +=
              weight * near(Math.abs(v + 1.5 - r)) * near(Math.abs(u + 1.5 - c)) * near(Math.min(away, 8 - away));
          }
    }
  const limit = 0.2 * Math.hypot(...cells);
  const clipped = Array.from(cells, (v) => Math.min(v, limit));
  const norm = root ? clipped.reduce((a, b) => a + b, 0) : Math.hypot(...clipped);
  return clipped.map((v) => Math.min(255, Math.round(512 * (root ? Math.sqrt(v / norm) : v / norm))));
}
