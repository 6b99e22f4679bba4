import type { Features } from "./keypoints.js";
import { FAR, type FeaturePairs, nearest, type PairOptions, pairColumns, pairFeatures } from "./nearest.js";
import { joinViews } from "./tilts.js";

/** Features nearer than that are the same place in another view, pixels; for large features half their scale. */
const SAME_PLACE = 2;

/**
 * Pairs the features of two images that were looked at in several views each. Indices count through the views in order, as
 * in `joinViews`.
 *
 * The ratio compares with the nearest of another place: that a feature's own likeness in the next view is nearly as near
 * says nothing against a pair [1]. A pair is mutual when each is the other's nearest, or shares its place.
 *
 * [1] D. Mishkin, J. Matas, M. Perdoch, "MODS: fast and robust method for two-view matching", CVIU 141 (2015),
 *     doi:10.1016/j.cviu.2015.08.005
 */
export function pairViews(fixed: readonly Features[], moving: readonly Features[], options: PairOptions): FeaturePairs {
  if (fixed.length === 1 && moving.length === 1) return pairFeatures(fixed[0]!, moving[0]!, options);
  const all = joinViews(fixed);
  const other = joinViews(moving);
  const index = new Int32Array(all.count).fill(-1);
  const distance = new Int32Array(all.count).fill(FAR);
  /** Nearest of another place than the nearest's. */
  const rival = new Int32Array(all.count).fill(FAR);
  const back = new Int32Array(other.count).fill(-1);
  let from = 0;
  for (const view of moving) {
    const found = nearest(all, view);
    back.set(found.back, from);
    for (let i = 0; i < all.count; i++) {
      if (found.index[i]! < 0) continue;
      const j = from + found.index[i]!;
      const d = found.distance[i]!;
      // Within one view, the second nearest counts as another place.
      rival[i] = Math.min(rival[i]!, found.second[i]!);
      if (index[i]! < 0) {
        index[i] = j;
        distance[i] = d;
      } else {
        const apart = !samePlace(other, index[i]!, other, j);
        if (apart) rival[i] = Math.min(rival[i]!, Math.max(d, distance[i]!));
        if (d < distance[i]!) {
          index[i] = j;
          distance[i] = d;
        }
      }
    }
    from += view.count;
  }
  const length = all.measure === "euclidean" ? Math.sqrt : (d: number): number => d;
  const pairs = [];
  for (let i = 0; i < all.count; i++) {
    const j = index[i]!;
    if (j < 0) continue;
    if (options.mutual && back[j] !== i && !samePlace(all, i, all, back[j]!)) continue;
    const d = length(distance[i]!);
    const second = length(rival[i]!);
    const ratio = second > 0 && rival[i] !== FAR ? Math.min(1, d / second) : 1;
    if (options.ratio < 1 && !(ratio < options.ratio)) continue;
    if (d > (options.maxDistance ?? Number.POSITIVE_INFINITY)) continue;
    pairs.push({ fixed: i, moving: j, distance: d, ratio });
  }
  return pairColumns(pairs);
}

type Placed = Pick<Features, "x" | "y" | "scale">;

function samePlace(a: Placed, i: number, b: Placed, j: number, least = SAME_PLACE): boolean {
  const reach = Math.max(least, 0.5 * Math.min(a.scale[i]!, b.scale[j]!));
  return (a.x[i]! - b.x[j]!) ** 2 + (a.y[i]! - b.y[j]!) ** 2 < reach * reach;
}

/**
 * Pairs that neither begin nor end in the place of a more trusted one. One place that is found again in ten views is one
 * piece of evidence; the null test would take ten for proof.
 *
 * @param least  in pixels: what is nearer than that is one place, however small it is
 */
export function distinctPlaces(pairs: FeaturePairs, fixed: Placed, moving: Placed, least = SAME_PLACE): number[] {
  const taken = [new Places(fixed, least), new Places(moving, least)] as const;
  const kept: number[] = [];
  for (let n = 0; n < pairs.count; n++) {
    const [i, j] = [pairs.fixed[n]!, pairs.moving[n]!];
    if (taken[0].holds(i) || taken[1].holds(j)) continue;
    taken[0].add(i);
    taken[1].add(j);
    kept.push(n);
  }
  return kept;
}

/** Places by cells of 4 px, so that only near ones are compared. */
class Places {
  readonly #cells = new Map<number, number[]>();

  constructor(
    readonly of: Placed,
    readonly least: number,
  ) {}

  add(i: number): void {
    const key = cellKey(cell(this.of.x[i]!), cell(this.of.y[i]!));
    const list = this.#cells.get(key);
    if (list) list.push(i);
    else this.#cells.set(key, [i]);
  }

  holds(i: number): boolean {
    const [x, y] = [this.of.x[i]!, this.of.y[i]!];
    const reach = Math.max(this.least, 0.5 * this.of.scale[i]!);
    for (let cy = cell(y - reach); cy <= cell(y + reach); cy++) {
      for (let cx = cell(x - reach); cx <= cell(x + reach); cx++) {
        if (this.#cells.get(cellKey(cx, cy))?.some((j) => samePlace(this.of, i, this.of, j, this.least))) return true;
      }
    }
    return false;
  }
}

const cell = (v: number): number => Math.floor(v / 4);
const cellKey = (cx: number, cy: number): number => (cy + 2 ** 24) * 2 ** 26 + cx + 2 ** 24;
