/** Pixels around a corner, clockwise from the top. */
const circles: Readonly<Record<number, readonly (readonly [number, number])[]>> = {
  16: turns([0, -3], [1, -3], [2, -2], [3, -1]),
  12: turns([0, -3], [1, -2], [2, -1]),
  8: turns([0, -1], [1, -1]),
};

/** A quarter of a circle, and the three that follow. */
function turns(...quarter: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] {
  const next = quarter.map(([x, y]) => [-y, x] as const);
  const half = [...quarter, ...next];
  return [...half, ...half.map(([x, y]) => [-x, -y] as const)];
}

/** Slow twin of the FAST kernel: corners of a byte image that score highest among their neighbours. */
export function fastSlowly(
  data: Uint8Array,
  width: number,
  height: number,
  border: number,
  threshold: number,
  size = 16,
): { x: number; y: number; score: number }[] {
  const score = (x: number, y: number): number => {
    if (x < border || y < border - 1 || x >= width - border || y > height - border) return 0;
    const c = data[y * width + x]!;
    const d = circles[size]!.map(([dx, dy]) => data[(y + dy) * width + x + dx]! - c);
    let best = 0;
    for (let k = 0; k < size; k++) {
      const row = Array.from({ length: size / 2 + 1 }, (_, n) => d[(k + n) % size]!);
      best = Math.max(best, Math.min(...row), -Math.max(...row));
    }
    return best > threshold ? best : 0;
  };
  const found: { x: number; y: number; score: number }[] = [];
  for (let y = border; y < height - border; y++)
    for (let x = border; x < width - border; x++) {
      const c = score(x, y);
      if (c === 0) continue;
      const before = [score(x - 1, y - 1), score(x, y - 1), score(x + 1, y - 1), score(x - 1, y)];
      const after = [score(x + 1, y), score(x - 1, y + 1), score(x, y + 1), score(x + 1, y + 1)];
      if (before.every((v) => v < c) && after.every((v) => v <= c)) found.push({ x, y, score: c });
    }
  return found;
}

/** Slow twin of the byte smoothing: both passes rounded to bytes. */
export function smoothSlowly(data: Uint8Array, width: number, height: number): Uint8Array {
  const weights = [7, 17, 32, 46, 52, 46, 32, 17, 7];
  const pass = (from: Uint8Array, dx: number, dy: number): Uint8Array =>
    from.map((_, i) => {
      const at = (k: number): number => {
        const x = Math.min(width - 1, Math.max(0, (i % width) + k * dx));
        const y = Math.min(height - 1, Math.max(0, Math.floor(i / width) + k * dy));
        return from[y * width + x]!;
      };
      return Math.floor((weights.reduce((sum, w, k) => sum + w * at(k - 4), 0) + 128) / 256);
    });
  return pass(pass(data, 0, 1), 1, 0);
}

/** Slow twin of the steered comparisons. */
export function briefSlowly(
  data: Uint8Array,
  stride: number,
  x: number,
  y: number,
  angle: number,
  pattern: Float32Array,
): Uint8Array {
  const out = new Uint8Array(32);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const sample = (u: number, v: number): number =>
    data[Math.round(y + u * s + v * c) * stride + Math.round(x + u * c - v * s)]!;
  for (let n = 0; n < 256; n++) {
    const [a, b, u, v] = pattern.subarray(4 * n, 4 * n + 4) as unknown as [number, number, number, number];
    if (sample(a, b) < sample(u, v)) out[n >> 3]! |= 1 << (n & 7);
  }
  return out;
}

/** Slow twins of the corner measures: Harris' response, and the direction of the centroid of the disc. */
export function harrisSlowly(data: Uint8Array, width: number, x: number, y: number): number {
  const at = (u: number, v: number): number => data[v * width + u]!;
  let [a, b, c] = [0, 0, 0];
  for (let v = y - 3; v <= y + 3; v++)
    for (let u = x - 3; u <= x + 3; u++) {
      const gx =
        at(u + 1, v - 1) - at(u - 1, v - 1) + 2 * (at(u + 1, v) - at(u - 1, v)) + at(u + 1, v + 1) - at(u - 1, v + 1);
      const gy =
        at(u - 1, v + 1) - at(u - 1, v - 1) + 2 * (at(u, v + 1) - at(u, v - 1)) + at(u + 1, v + 1) - at(u + 1, v - 1);
      a += gx * gx;
      b += gx * gy;
      c += gy * gy;
    }
  const unit = 1 / (4 * 255 * 49);
  return unit * unit * (a * c - b * b - 0.04 * (a + c) ** 2);
}

export function directionSlowly(data: Uint8Array, width: number, x: number, y: number): number {
  let [mx, my] = [0, 0];
  for (let v = -15; v <= 15; v++)
    for (let u = -15; u <= 15; u++) {
      if (u * u + v * v > 240) continue;
      mx += u * data[(y + v) * width + x + u]!;
      my += v * data[(y + v) * width + x + u]!;
    }
  const angle = Math.atan2(my, mx);
  return angle < 0 ? angle + 2 * Math.PI : angle;
}

/** Slow twin of the refinement: the point to which gradients in a tent around it are orthogonal, four times over. */
export function refinedSlowly(data: Uint8Array, width: number, x: number, y: number): readonly [number, number] {
  const at = (u: number, v: number): number => data[(y + v) * width + x + u]!;
  const smooth = (a: number, b: number, c: number): number => a + 2 * b + c;
  let [dx, dy] = [0, 0];
  for (let round = 0; round < 4; round++) {
    let [a, b, c, p, q] = [0, 0, 0, 0, 0];
    for (let v = -7; v <= 7; v++)
      for (let u = -7; u <= 7; u++) {
        const w = Math.max(0, 6 - Math.abs(u - dx)) * Math.max(0, 6 - Math.abs(v - dy));
        if (w === 0) continue;
        const gx = smooth(
          at(u + 1, v - 1) - at(u - 1, v - 1),
          at(u + 1, v) - at(u - 1, v),
          at(u + 1, v + 1) - at(u - 1, v + 1),
        );
        const gy = smooth(
          at(u - 1, v + 1) - at(u - 1, v - 1),
          at(u, v + 1) - at(u, v - 1),
          at(u + 1, v + 1) - at(u + 1, v - 1),
        );
        a += w * gx * gx;
        b += w * gx * gy;
        c += w * gy * gy;
        p += w * gx * (gx * u + gy * v);
        q += w * gy * (gx * u + gy * v);
      }
    const det = a * c - b * b;
    if (!(det > 1e-3 * (a + c) ** 2)) return [x, y];
    const was = [dx, dy] as const;
    dx = (c * p - b * q) / det;
    dy = (a * q - b * p) / det;
    if (!(Math.abs(dx) <= 1.5 && Math.abs(dy) <= 1.5)) return [x, y];
    if (Math.abs(dx - was[0]) + Math.abs(dy - was[1]) < 0.02) break;
  }
  return [x + dx, y + dy];
}

/** Slow twin of the pyramid's steps: linear interpolation by 256ths, areas onto each other. */
export function shrunkSlowly(data: Uint8Array, width: number, height: number, w: number, h: number): Uint8Array {
  const place = (i: number, from: number, to: number): readonly [number, number, number] => {
    const at = Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5));
    return [Math.floor(at), Math.min(from - 1, Math.floor(at) + 1), Math.round((at - Math.floor(at)) * 256)];
  };
  const out = new Uint8Array(w * h);
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++) {
      const [x0, x1, wx] = place(x, width, w);
      const [y0, y1, wy] = place(y, height, h);
      const column = (u: number): number => data[y0 * width + u]! * (256 - wy) + data[y1 * width + u]! * wy;
      out[y * w + x] = (column(x0) * (256 - wx) + column(x1) * wx + 32768) >> 16;
    }
  return out;
}
