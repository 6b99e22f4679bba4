import { log } from "../elementary.js";
import { isBlank, type SliceFigures } from "./figures.js";
import { median, spread } from "./running.js";
import type { SeenPair } from "./sweep.js";

/** Why a slice is not used. */
export type SliceFault = "unreadable" | "blank" | "unlike" | "out-of-focus";

/** Slices on either side that a slice is compared with. */
const NEAR = 15;
/** A fault lies so many standard deviations of the stack's own spread off, and at least so far. */
const BEYOND = 6;
const LEAST_LOSS = 0.3;
/** Least loss of fine detail against coarse: to a third. */
const LEAST_BLUR = 1.1;

/**
 * Slices that do not belong: their best pair is worse than what pairs of the same distance are nearby, beyond the stack's own
 * spread, or less than chance may give; or fine detail is missing and the pairs are worse for it.
 */
export function badSlices(
  count: number,
  pairs: readonly SeenPair[],
  figures: readonly (SliceFigures | undefined)[],
): ReadonlyMap<number, SliceFault> {
  const bad = new Map<number, SliceFault>();
  for (let i = 0; i < count; i++) {
    const f = figures[i];
    if (!f) bad.set(i, "unreadable");
    else if (isBlank(f)) bad.set(i, "blank");
  }
  const quality = sliceQuality(count, pairs);
  const sharp = sharpness(figures);
  for (let i = 0; i < count; i++) {
    if (bad.has(i)) continue;
    const around = (of: readonly number[]) => near(of, i, bad);
    const own = quality[i]!;
    const others = around(quality);
    const loss = median(others) - own;
    const usual = spread(others);
    if (!(own > 0) || loss > Math.max(LEAST_LOSS, BEYOND * usual)) {
      bad.set(i, "unlike");
      continue;
    }
    const details = around(sharp);
    const blur = median(details) - sharp[i]!;
    if (blur > Math.max(LEAST_BLUR, BEYOND * spread(details)) && loss > Math.max(0.03, 3 * usual))
      bad.set(i, "out-of-focus");
  }
  return bad;
}

/** The score of each slice's best pair, relative to pairs of the same distance nearby; 0 where no pair is better than chance. */
function sliceQuality(count: number, pairs: readonly SeenPair[]): number[] {
  const near = pairs.filter((p) => !p.far);
  const byDistance = new Map<number, SeenPair[]>();
  for (const p of near) {
    const d = Math.abs(p.b - p.a);
    const list = byDistance.get(d) ?? [];
    list.push(p);
    byDistance.set(d, list);
  }
  const best = new Array<number>(count).fill(0);
  for (const list of byDistance.values()) {
    list.sort((p, q) => p.a - q.a);
    list.forEach((p, n) => {
      if (!p.told) return;
      const usual = median(list.slice(Math.max(0, n - NEAR), n + NEAR + 1).map((q) => q.score));
      const relative = usual > 0 ? p.score / usual : 1;
      for (const i of [p.a, p.b]) best[i] = Math.max(best[i]!, relative);
    });
  }
  return best;
}

/** How much of the brightness' changes is fine, as a logarithm. */
const sharpness = (figures: readonly (SliceFigures | undefined)[]): number[] =>
  figures.map((f) => {
    const d = f?.detail ?? [];
    const [fine, coarse] = [d[0] ?? 0, d[Math.min(2, d.length - 1)] ?? 0];
    return fine > 0 && coarse > 0 ? log(fine / coarse) : Number.NaN;
  });

function near(of: readonly number[], i: number, bad: ReadonlyMap<number, SliceFault>): number[] {
  const out: number[] = [];
  for (let j = Math.max(0, i - NEAR); j <= Math.min(of.length - 1, i + NEAR); j++)
    if (j !== i && !bad.has(j) && !Number.isNaN(of[j]!)) out.push(of[j]!);
  return out;
}
