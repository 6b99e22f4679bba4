import { boxMeanSlowly } from "./integral.js";

/** Slow twin of BRISK's comparisons: 512 bits of means over squares of a turned and sized pattern. */
export function briskSlowly(
  data: Uint8Array,
  width: number,
  key: { readonly x: number; readonly y: number; readonly size: number; readonly angle: number },
  points: Float32Array,
  pairs: Uint32Array,
): Uint8Array {
  const [c, s] = [Math.cos(key.angle), Math.sin(key.angle)];
  const means = Array.from({ length: points.length / 3 }, (_, n) => {
    const [u, v, half] = points.subarray(3 * n, 3 * n + 3).map((p) => p * key.size) as unknown as [
      number,
      number,
      number,
    ];
    return boxMeanSlowly(data, width, key.x + u * c - v * s, key.y + u * s + v * c, Math.max(0.5, half));
  });
  const out = new Uint8Array(pairs.length / 16);
  for (let n = 0; n < pairs.length / 2; n++)
    if (means[pairs[2 * n]!]! > means[pairs[2 * n + 1]!]!) out[n >> 3]! |= 1 << (n & 7);
  return out;
}

/** Slow twin of the search over layers: places whose score beats their neighbours' in three layers, as "x y". */
export function briskMaximaSlowly(
  layers: readonly { readonly scores: Uint8Array; readonly width: number; readonly height: number }[],
  border: number,
  threshold: number,
): string[] {
  const [below, layer, above] = layers as [(typeof layers)[0], (typeof layers)[0], (typeof layers)[0]];
  const at = (l: (typeof layers)[0], x: number, y: number) => l.scores[y * l.width + x]!;
  const best = (l: (typeof layers)[0], x: number, y: number): number => {
    const clamp = (v: number, from: number, to: number) =>
      Math.min(to - 3, Math.max(2, Math.floor(((v + 0.5) * to) / from)));
    const [cx, cy] = [clamp(x, layer.width, l.width), clamp(y, layer.height, l.height)];
    return Math.max(...[-1, 0, 1].flatMap((v) => [-1, 0, 1].map((u) => at(l, cx + u, cy + v))));
  };
  const found: string[] = [];
  for (let y = border; y < layer.height - border; y++)
    for (let x = border; x < layer.width - border; x++) {
      const c = at(layer, x, y);
      if (c <= threshold) continue;
      const ring = [-1, 0, 1].flatMap((v) => [-1, 0, 1].map((u) => at(layer, x + u, y + v)));
      if (!ring.slice(0, 4).every((v) => v < c) || !ring.slice(5).every((v) => v <= c)) continue;
      if (best(below, x, y) <= c && best(above, x, y) < c) found.push(`${x} ${y}`);
    }
  return found;
}
