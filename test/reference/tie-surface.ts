/** Fields of a plane as the tie grid packs them: whole numbers. */
export interface PackedFields {
  readonly width: number;
  readonly height: number;
  /** Four per pixel. */
  readonly products: Int16Array;
  readonly energy: Int16Array;
  readonly seen: Uint8Array;
}

const at = (p: PackedFields, x: number, y: number) =>
  x < 0 || y < 0 || x >= p.width || y >= p.height ? -1 : y * p.width + x;

/** @param values  cos2, sin2, cos4, sin4 of each pixel */
export function packSlowly(
  values: readonly (readonly number[])[],
  seen: readonly boolean[],
  width: number,
  height: number,
  weight4: number,
): PackedFields {
  const even = (v: number) => {
    const r = Math.round(v);
    return Math.abs(v - Math.trunc(v)) === 0.5 ? 2 * Math.round(v / 2) : r;
  };
  const rows = values.map(([a, b, c, d], i) =>
    seen[i]
      ? [256 * a!, 256 * b!, 256 * Math.fround(c! * Math.fround(weight4)), 256 * Math.fround(d! * Math.fround(weight4))]
      : [0, 0, 0, 0],
  );
  return {
    width,
    height,
    products: Int16Array.from(rows.flat(), even),
    energy: Int16Array.from(rows, ([a, b]) => (even(a!) ** 2 + even(b!) ** 2) >> 4),
    seen: Uint8Array.from(seen, Number),
  };
}

/** A block's surface before blur, in double precision: correlation at shifts -8 to 8, row by row, negative ones 0. */
export function surfaceSlowly(
  fixed: PackedFields,
  moving: PackedFields,
  x0: number,
  y0: number,
  side: number,
  gain: number,
): number[] {
  const out: number[] = [];
  for (let dy = -8; dy <= 8; dy++) {
    for (let dx = -8; dx <= 8; dx++) {
      let [c, a, b] = [0, 0, 0];
      for (let y = y0; y < y0 + side; y++) {
        for (let x = x0; x < x0 + side; x++) {
          const f = at(fixed, x, y);
          const m = at(moving, x + dx, y + dy);
          if (m < 0) continue;
          for (let k = 0; k < 4; k++) c += fixed.products[4 * f + k]! * moving.products[4 * m + k]!;
          a += fixed.energy[f]! * moving.seen[m]!;
          b += moving.energy[m]! * fixed.seen[f]!;
        }
      }
      const norm = Math.sqrt(Math.max(a, 16384) * Math.max(b, 16384));
      out.push(Math.max(0, c / 16 / (gain * norm)));
    }
  }
  return out;
}

/** Blur with zeros around, then the median taken off. */
export function settleSlowly(surface: readonly number[], weights: ArrayLike<number>): number[] {
  const w = (k: number) => weights[Math.abs(k)] ?? 0;
  const r = weights.length - 1;
  const blurred = surface.map((_, i) => {
    const [x, y] = [i % 17, Math.floor(i / 17)];
    let sum = 0;
    for (let j = -r; j <= r; j++)
      for (let k = -r; k <= r; k++)
        if (x + k >= 0 && x + k < 17 && y + j >= 0 && y + j < 17) sum += w(j) * w(k) * surface[(y + j) * 17 + x + k]!;
    return sum;
  });
  const middle = [...blurred].sort((a, b) => a - b)[144]!;
  return blurred.map((v) => v - middle);
}
