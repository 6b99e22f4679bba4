import { type Affine2, composeAffine, invertAffine } from "../../core/grid.js";
import { exp } from "../elementary.js";
import { nearestOf, type Size, type SliceFamily } from "./maps.js";

/**
 * Takes back what changes slowly along the stack, so that only jitter from slice to slice is corrected: structures that run
 * aslant keep their slant, which an alignment of each slice to the next would straighten (the banana effect).
 *
 * The slow part is a straight line fitted around each slice, with Gaussian weights; lines are kept exactly, up to the ends.
 *
 * @param length  slices within which jitter averages out: standard deviation of the weights
 * @param known  false for slices whose places are not known of themselves
 */
export function keepTrend(
  frames: readonly Affine2[],
  known: readonly boolean[],
  sizes: readonly Size[],
  { family, length, reference }: { readonly family: SliceFamily; readonly length: number; readonly reference: number },
): readonly Affine2[] {
  const slow = frames.map((_, i) => nearestOf(family, sizes[i]!, asMap(localLine(frames, known, i, length))));
  // The reference slice's own jitter is corrected too; the frame goes with it, so that the reference stays as it is.
  const jitter = (i: number) => composeAffine(frames[i]!, invertAffine(slow[i]!));
  const back = invertAffine(jitter(reference));
  return frames.map((_, i) => composeAffine(jitter(i), back));
}

const asMap = (m: ArrayLike<number>): Affine2 => [m[0]!, m[1]!, m[2]!, m[3]!, m[4]!, m[5]!];

/** The value at slice i of the line through the values around it, number by number, with Gaussian weights. */
export function localLine(
  values: readonly ArrayLike<number>[],
  known: readonly boolean[],
  i: number,
  length: number,
): ArrayLike<number> {
  const reach = Math.ceil(3 * length);
  const size = values[i]!.length;
  let [s0, s1, s2] = [0, 0, 0];
  const t0 = new Float64Array(size);
  const t1 = new Float64Array(size);
  for (let j = Math.max(0, i - reach); j <= Math.min(values.length - 1, i + reach); j++) {
    if (!known[j]) continue;
    const d = j - i;
    const w = exp((-d * d) / (2 * length * length));
    s0 += w;
    s1 += w * d;
    s2 += w * d * d;
    const v = values[j]!;
    for (let c = 0; c < size; c++) {
      t0[c] = t0[c]! + w * v[c]!;
      t1[c] = t1[c]! + w * d * v[c]!;
    }
  }
  const det = s0 * s2 - s1 * s1;
  if (!(s0 > 0)) return values[i]!;
  return t0.map((t, c) => (det > 1e-9 * s0 * s2 ? (s2 * t - s1 * t1[c]!) / det : t / s0));
}
