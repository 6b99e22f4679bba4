import { type Affine2, composeAffine, invertAffine } from "../../core/grid.js";
import { mapDistance, nearestOf, type Size, type SliceFamily } from "./maps.js";

/** Numbers of slices that pairs connect, the largest set first; of equals the one that begins first. */
export function connectedSlices(
  count: number,
  edges: Iterable<readonly [number, number]>,
): readonly (readonly number[])[] {
  const parent = Int32Array.from({ length: count }, (_, i) => i);
  const root = (i: number): number => {
    let r = i;
    while (parent[r]! !== r) r = parent[r]!;
    for (let at = i; parent[at]! !== r; ) {
      const next = parent[at]!;
      parent[at] = r;
      at = next;
    }
    return r;
  };
  for (const [a, b] of edges) {
    const [u, v] = [root(a), root(b)];
    parent[Math.max(u, v)] = Math.min(u, v);
  }
  const sets = new Map<number, number[]>();
  for (let i = 0; i < count; i++) {
    const set = sets.get(root(i));
    if (set) set.push(i);
    else sets.set(root(i), [i]);
  }
  return [...sets.values()].sort((p, q) => q.length - p.length || p[0]! - q[0]!);
}

export interface Bridged {
  readonly frames: readonly Affine2[];
  /** Slices that lie between placed ones; the other slices outside of `placed` have none on one side. */
  readonly between: ReadonlySet<number>;
  /** Error that a slice between others has, as placed slices left out would have had, pixels. */
  readonly error: number;
}

/**
 * Places what nothing places: a slice, or a group of slices that hang together, goes between its neighbours in the stack; at an
 * end it goes with the nearest.
 *
 * @param groups  sets of slices; the first is the one that is placed
 */
export function bridgeSlices(
  frames: readonly Affine2[],
  groups: readonly (readonly number[])[],
  sizes: readonly Size[],
  family: SliceFamily,
): Bridged {
  const [placed = [], ...rest] = groups;
  const fixed = new Set(placed);
  const out = [...frames];
  const between = new Set<number>();
  for (const group of rest) {
    const middle = group[group.length >> 1]!;
    const [low, high] = neighbours(fixed, middle, frames.length);
    const at = betweenFrames(frames, middle, low, high, sizes, family);
    const move = composeAffine(invertAffine(frames[middle]!), at);
    for (const i of group) {
      out[i] = composeAffine(frames[i]!, move);
      if (low !== undefined && high !== undefined) between.add(i);
    }
  }
  return { frames: out, between, error: interpolationError(frames, placed, sizes, family) };
}

function neighbours(
  placed: ReadonlySet<number>,
  i: number,
  count: number,
): readonly [number | undefined, number | undefined] {
  let [low, high] = [i - 1, i + 1];
  while (low >= 0 && !placed.has(low)) low--;
  while (high < count && !placed.has(high)) high++;
  return [low < 0 ? undefined : low, high >= count ? undefined : high];
}

function betweenFrames(
  frames: readonly Affine2[],
  i: number,
  low: number | undefined,
  high: number | undefined,
  sizes: readonly Size[],
  family: SliceFamily,
): Affine2 {
  if (low === undefined || high === undefined) return frames[low ?? high ?? i]!;
  const t = (i - low) / (high - low);
  const mix = frames[low]!.map((v, c) => v + t * (frames[high]![c]! - v)) as unknown as Affine2;
  return nearestOf(family, sizes[i]!, mix);
}

/** Root mean square distance of placed slices from where their neighbours would have put them. */
function interpolationError(
  frames: readonly Affine2[],
  placed: readonly number[],
  sizes: readonly Size[],
  family: SliceFamily,
): number {
  let sum = 0;
  for (let n = 1; n + 1 < placed.length; n++) {
    const i = placed[n]!;
    sum +=
      mapDistance(frames[i]!, betweenFrames(frames, i, placed[n - 1]!, placed[n + 1]!, sizes, family), sizes[i]!) ** 2;
  }
  return placed.length > 2 ? Math.sqrt(sum / (placed.length - 2)) : Number.NaN;
}
