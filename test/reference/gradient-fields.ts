import { blurAround, blurSeparable, gaussianTaps, gradient } from "./filter.js";
import { doubles, type Plane } from "./plane.js";

/** Mean over the area of each pixel of a smaller plane; NaN where half of it or more is NaN. */
export function shrinkArea(p: Plane, width: number, height: number): Plane {
  const [sx, sy] = [p.width / width, p.height / height];
  const share = (i: number, from: number, to: number) => Math.max(0, Math.min(i + 1, to) - Math.max(i, from));
  return doubles(width, height, (x, y) => {
    let sum = 0;
    let seen = 0;
    for (let v = 0; v < p.height; v++) {
      for (let u = 0; u < p.width; u++) {
        const weight = share(u, x * sx, (x + 1) * sx) * share(v, y * sy, (y + 1) * sy);
        const value = p.data[v * p.width + u]!;
        if (weight === 0 || Number.isNaN(value)) continue;
        sum += weight * value;
        seen += weight;
      }
    }
    return seen > 0.50001 * sx * sy ? sum / seen : Number.NaN;
  });
}

/** Which pixels belong to a flat area that touches the border or a hole and has more than `least` pixels: 1, others 0. */
export function flatBorder(p: Plane, range: number, least: number): Plane {
  const { width, height } = p;
  const at = (x: number, y: number) => p.data[y * width + x]!;
  const around = (x: number, y: number, reach: number) => {
    const out: (readonly [number, number])[] = [];
    for (let v = Math.max(0, y - reach); v <= Math.min(height - 1, y + reach); v++)
      for (let u = Math.max(0, x - reach); u <= Math.min(width - 1, x + reach); u++) out.push([u, v]);
    return out;
  };
  const beside = (x: number, y: number) => around(x, y, 1).filter(([u, v]) => Math.abs(u - x) + Math.abs(v - y) === 1);
  const flat = doubles(width, height, (x, y) => {
    const values = around(x, y, 1).map(([u, v]) => at(u, v));
    const seen = values.filter((v) => !Number.isNaN(v));
    return !Number.isNaN(at(x, y)) && Math.max(...seen) - Math.min(...seen) < range ? 1 : 0;
  });
  const out = doubles(width, height, () => 0);
  const visited = new Set<number>();
  for (let start = 0; start < width * height; start++) {
    if (visited.has(start) || flat.data[start] === 0) continue;
    const area = [start];
    visited.add(start);
    let touches = false;
    for (const i of area) {
      const [x, y] = [i % width, Math.floor(i / width)];
      const near = beside(x, y);
      if (near.length < 4 || near.some(([u, v]) => Number.isNaN(at(u, v)))) touches = true;
      for (const [u, v] of near) {
        const n = v * width + u;
        if (flat.data[n] === 0 || visited.has(n)) continue;
        visited.add(n);
        area.push(n);
      }
    }
    if (touches && area.length > least) for (const i of area) out.data[i] = 1;
  }
  return out;
}

export interface AngleFields {
  readonly re2: Plane;
  readonly im2: Plane;
  readonly re4: Plane;
  readonly im4: Plane;
  readonly valid: Plane;
}

/** Angle fields by their definition, in polar form. */
export function angleFields(channels: readonly Plane[]): AngleFields {
  const { width, height } = channels[0]!;
  const gradients = channels.map((c) => gradient(blurAround(c, gaussianTaps(1, 4)), 3 / 16, 10 / 16));
  const strongest = channels[0]!.data.map((_, i) => {
    let best = 0;
    const length = (g: number) => Math.hypot(gradients[g]!.dx.data[i]!, gradients[g]!.dy.data[i]!);
    for (let g = 1; g < gradients.length; g++) if (length(g) > length(best)) best = g;
    return best;
  });
  const valid = doubles(width, height, (x, y) => {
    for (let v = y - 2; v <= y + 2; v++)
      for (let u = x - 2; u <= x + 2; u++)
        if (u < 0 || v < 0 || u >= width || v >= height || Number.isNaN(channels[0]!.data[v * width + u]!)) return 0;
    return 1;
  });
  const part = (axis: "dx" | "dy") =>
    doubles(width, height, (x, y) => {
      const i = y * width + x;
      return valid.data[i] === 1 ? gradients[strongest[i]!]![axis].data[i]! : 0;
    });
  const [gx, gy] = [part("dx"), part("dy")];
  const energy = doubles(width, height, (x, y) => gx.data[y * width + x]! ** 2 + gy.data[y * width + x]! ** 2);
  const total = (p: Plane) => p.data.reduce((a, b) => a + b, 0);
  const floor = 0.5 * Math.sqrt(total(energy) / Math.max(1, total(valid))) + 0.3;
  const near = blurSeparable(energy, gaussianTaps(6, 24));
  const share = blurSeparable(valid, gaussianTaps(6, 24));
  const field = (k: number, of: (angle: number) => number) =>
    doubles(width, height, (x, y) => {
      const i = y * width + x;
      const m = Math.sqrt(energy.data[i]!);
      const w = Math.min(2, m / (Math.sqrt(near.data[i]! / Math.max(0.05, share.data[i]!)) + floor));
      return w * of(k * Math.atan2(gy.data[i]!, gx.data[i]!));
    });
  return {
    ...{ re2: field(2, Math.cos), im2: field(2, Math.sin), re4: field(4, Math.cos), im4: field(4, Math.sin) },
    valid,
  };
}
