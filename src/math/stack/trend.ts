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
  const slow = frames.map((_, i) => nearestOf(family, sizes[i]!, localLine(frames, known, i, length)));
  // The reference slice's own jitter is corrected too; the frame goes with it, so that the reference stays as it is.
  const jitter = (i: number) => composeAffine(frames[i]!, invertAffine(slow[i]!));
  const back = invertAffine(jitter(reference));
  return frames.map((_, i) => composeAffine(jitter(i), back));
}

/** The value at slice i of the line through the maps around it, number by number. */
function localLine(frames: readonly Affine2[], known: readonly boolean[], i: number, length: number): Affine2 {
  const reach = Math.ceil(3 * length);
  let [s0, s1, s2] = [0, 0, 0];
  const t0 = new Float64Array(6);
  const t1 = new Float64Array(6);
  for (let j = Math.max(0, i - reach); j <= Math.min(frames.length - 1, i + reach); j++) {
    if (!known[j]) continue;
    const d = j - i;
    const w = exp((-d * d) / (2 * length * length));
    s0 += w;
    s1 += w * d;
    s2 += w * d * d;
    for (let c = 0; c < 6; c++) {
      t0[c] = t0[c]! + w * frames[j]![c]!;
      t1[c] = t1[c]! + w * d * frames[j]![c]!;
    }
  }
  const det = s0 * s2 - s1 * s1;
  if (!(s0 > 0)) return frames[i]!;
  const at = (c: number) => (det > 1e-9 * s0 * s2 ? (s2 * t0[c]! - s1 * t1[c]!) / det : t0[c]! / s0);
  return [at(0), at(1), at(2), at(3), at(4), at(5)];
}
