import type { EdgeObservations } from "./edges.js";
import { median, quantileOf } from "./statistics.js";

/** A way around through three or four tiles: edges, and +1 where one is walked from a to b, −1 where from b to a. */
export interface Loop {
  readonly edges: readonly number[];
  readonly signs: readonly number[];
}

/** All triangles of edges, and all squares that no edge cuts into triangles. */
export function loopsOf(count: number, a: ArrayLike<number>, b: ArrayLike<number>): Loop[] {
  const next = Array.from({ length: count }, () => new Map<number, number>());
  for (let e = 0; e < a.length; e++) {
    next[a[e]!]!.set(b[e]!, e);
    next[b[e]!]!.set(a[e]!, e);
  }
  const loop = (...tiles: number[]): Loop => {
    const edges = tiles.map((t, i) => next[t]!.get(tiles[(i + 1) % tiles.length]!)!);
    return { edges, signs: edges.map((e, i) => (a[e] === tiles[i] ? 1 : -1)) };
  };
  const loops: Loop[] = [];
  for (let u = 0; u < count; u++) {
    const around = [...next[u]!.keys()].sort((p, q) => p - q);
    for (const [i, v] of around.entries()) {
      for (const w of around.slice(i + 1)) {
        if (next[v]!.has(w)) {
          if (u < v) loops.push(loop(u, v, w));
          continue;
        }
        for (const x of next[v]!.keys()) {
          if (x > u && u < v && u < w && next[w]!.has(x) && !next[u]!.has(x)) loops.push(loop(u, v, x, w));
        }
      }
    }
  }
  return loops;
}

/** By how much the steps of a loop miss its beginning: x, y. */
export function closure({ edges, signs }: Loop, { dx, dy }: Pick<EdgeObservations, "dx" | "dy">): [number, number] {
  let [x, y] = [0, 0];
  edges.forEach((e, i) => {
    x += signs[i]! * dx[e]!;
    y += signs[i]! * dy[e]!;
  });
  return [x, y];
}

export interface LoopEvidence {
  /** Loops of each edge that close, and that do not. */
  readonly closed: Int32Array;
  readonly open: Int32Array;
  /** Variance of an edge along one axis beyond its own covariance, px²; undefined where too few loops tell. */
  readonly floor?: number;
  /** Root mean square miss of the loops that close, pixels; NaN without any. */
  readonly rms: number;
  readonly count: number;
}

/**
 * What loops say of their edges. A wrong peak opens every loop that it is part of, and a right edge closes all those whose
 * other edges are right.
 *
 * A quarter of the loops at least must be free of wrong peaks: their misses tell what edges err together.
 *
 * @param most  a loop that misses by more than this, in pixels, is open whatever the others do
 */
export function loopEvidence(loops: readonly Loop[], edges: EdgeObservations, most: number): LoopEvidence {
  const misses = loops.map((loop) => closure(loop, edges));
  const own = loops.map(({ edges: through }) => {
    let [xx, yy] = [0, 0];
    for (const e of through) {
      xx += finite(edges.xx[e]!, most * most);
      yy += finite(edges.yy[e]!, most * most);
    }
    return [xx, yy] as const;
  });
  const excess = misses.flatMap(([x, y], i) => {
    const length = loops[i]!.edges.length;
    return [
      { miss: Math.abs(x), own: own[i]![0], length },
      { miss: Math.abs(y), own: own[i]![1], length },
    ];
  });
  const floor = floorOf(excess, most);
  const closed = new Int32Array(edges.a.length);
  const open = new Int32Array(edges.a.length);
  let [sum, count] = [0, 0];
  misses.forEach(([x, y], i) => {
    const through = loops[i]!.edges;
    const share = (floor ?? 0.01) * through.length;
    const distance = Math.sqrt(x * x + y * y);
    const far = (x * x) / (own[i]![0] + share) + (y * y) / (own[i]![1] + share);
    // 5 standard deviations, and never so narrow that a tenth of a pixel counts.
    const closes = distance <= most && (far <= 25 || distance < 0.25);
    for (const e of through) (closes ? closed : open)[e]! += 1;
    if (closes) {
      sum += distance * distance;
      count++;
    }
  });
  const rms = count > 0 ? Math.sqrt(sum / count) : Number.NaN;
  return { closed, open, ...(floor === undefined ? {} : { floor }), rms, count: loops.length };
}

/** From the least quarter of the misses: where a fifth of the edges is wrong, six loops of ten are open. */
function floorOf(
  excess: readonly { readonly miss: number; readonly own: number; readonly length: number }[],
  most: number,
): number | undefined {
  if (excess.length < 2) return undefined;
  // Few loops say little in their least quarter.
  const share = Math.min(0.75, 0.25 + 0.5 / Math.sqrt(excess.length / 2));
  const least = quantileOf(
    excess.map(({ miss }) => miss),
    share,
  );
  const spread = (least / halfNormal(share)) ** 2;
  const own = median(excess.map((e) => e.own));
  const length = median(excess.map((e) => e.length));
  return Math.min(most * most, Math.max(0, (spread - own) / length));
}

/** Value below which a share of 0.25 to 0.75 of the absolute values of a normal distribution lies, nearly. */
const halfNormal = (share: number): number =>
  share < 0.5 ? 0.3186 + ((share - 0.25) / 0.25) * 0.3559 : 0.6745 + ((share - 0.5) / 0.25) * 0.4759;

const finite = (v: number, otherwise: number): number => (Number.isFinite(v) ? v : otherwise);
