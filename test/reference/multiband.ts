import { type Tile, tileAt, weightAt } from "./fuse.js";
import { doubles, type Plane } from "./plane.js";
import type { Method } from "./warp.js";

/** A plane that goes on with NaN, and its sample 0 is the mosaic's pixel -margin of its level. */
const at = (p: Plane, x: number, y: number): number =>
  x >= 0 && y >= 0 && x < p.width && y < p.height ? p.data[y * p.width + x]! : Number.NaN;

/** Mean over taps that have a value. */
function mean(p: Plane, xs: readonly Tap[], ys: readonly Tap[]): number {
  let [sum, total] = [0, 0];
  for (const y of ys) {
    for (const x of xs) {
      const v = at(p, x.at, y.at);
      if (Number.isNaN(v)) continue;
      sum += x.share * y.share * v;
      total += x.share * y.share;
    }
  }
  return sum / total;
}

interface Tap {
  readonly at: number;
  readonly share: number;
}

const below = (k: number): Tap[] => [1, 4, 6, 4, 1].map((share, i) => ({ at: 2 * k + i - 2, share }));
const above = (k: number): Tap[] =>
  k % 2 === 0
    ? [1, 6, 1].map((share, i) => ({ at: k / 2 + i - 1, share }))
    : [4, 4].map((share, i) => ({ at: (k - 1) / 2 + i, share }));

const reduce = (p: Plane): Plane => doubles(p.width / 2, p.height / 2, (x, y) => mean(p, below(x), below(y)));
const expand = (p: Plane): Plane => doubles(2 * p.width, 2 * p.height, (x, y) => mean(p, above(x), above(y)));

function pyramid(p: Plane, levels: number): Plane[] {
  const list = [p];
  for (let l = 0; l < levels; l++) list.push(reduce(list[l]!));
  return list;
}

/** Burt and Adelson's spline on the whole mosaic at one time; see `fuseBands`. */
export function blendBands(
  tiles: readonly Tile[],
  method: Method,
  levels: number,
  width: number,
  height: number,
): Float64Array {
  const unit = 2 ** levels;
  const margin = 8 * unit;
  const side = (n: number) => Math.ceil(n / unit) * unit + 2 * margin;
  const canvas = (f: (x: number, y: number) => number) =>
    doubles(side(width), side(height), (x, y) => f(x - margin, y - margin));
  const values = tiles.map((tile) => canvas((x, y) => tileAt(tile, method, x, y)));
  const weights = tiles.map((tile, t) =>
    canvas((x, y) => (Number.isNaN(at(values[t]!, x + margin, y + margin)) ? 0 : weightAt(tile, x, y))),
  );
  const best = canvas((x, y) => Math.max(...weights.map((w) => at(w, x + margin, y + margin))));
  const sums: { sum: Float64Array; weight: Float64Array }[] = [];
  values.forEach((value, t) => {
    const mask = doubles(value.width, value.height, (x, y) =>
      at(weights[t]!, x, y) > 0 && at(weights[t]!, x, y) === at(best, x, y) ? 1 : 0,
    );
    const masks = pyramid(mask, levels);
    pyramid(value, levels).forEach((level, l, all) => {
      const coarse = all[l + 1] && expand(all[l + 1]!);
      sums[l] ??= { sum: new Float64Array(level.data.length), weight: new Float64Array(level.data.length) };
      level.data.forEach((v, k) => {
        const m = masks[l]!.data[k]!;
        if (Number.isNaN(v) || m === 0) return;
        sums[l]!.sum[k]! += m * (v - (coarse?.data[k] ?? 0));
        sums[l]!.weight[k]! += m;
      });
    });
  });
  let joined: Plane | undefined;
  for (let l = levels; l >= 0; l--) {
    const coarse = joined && expand(joined);
    const { sum, weight } = sums[l]!;
    joined = {
      width: side(width) / 2 ** l,
      height: side(height) / 2 ** l,
      data: sum.map((s, k) => {
        if (weight[k] === 0) return l === 0 ? Number.NaN : (coarse?.data[k] ?? Number.NaN);
        return s / weight[k]! + (coarse?.data[k] ?? 0);
      }),
    };
  }
  return Float64Array.from({ length: width * height }, (_, k) =>
    at(joined!, margin + (k % width), margin + Math.floor(k / width)),
  );
}
