import { clusteredCovariance } from "../sandwich.js";
import type { Unknown } from "./families.js";
import type { Solved } from "./solve.js";
import type { StripSums } from "./sums.js";

/**
 * Covariance of the unknowns that move the image, from how much the strips disagree: what noise of neighbouring pixels has in
 * common, and what the model does not follow, is in it (the sandwich of H. White, Econometrica 48 (1980), doi:10.2307/1912934,
 * over clusters).
 *
 * @param n  as many of the columns, the first, move the image
 * @returns n × n, row-major; undefined where the strips are too few
 */
export function strayOf(
  strips: StripSums,
  columns: readonly Unknown[],
  n: number,
  metric: "ecc" | "ssd",
  { all, normal, gain }: Solved,
): Float64Array | undefined {
  const size = columns.length;
  const free = metric === "ssd" ? n : size;
  const part = new Float64Array(free * free);
  for (let i = 0; i < free; i++) for (let j = 0; j < free; j++) part[free * i + j] = normal[size * i + j]!;
  const scores: Float64Array[] = [];
  for (let s = 0; s < strips.strips; s++) {
    const sums = strips.of(s);
    const seen = sums.product(columns[size - 1]!, columns[size - 1]!);
    if (!(seen > 0)) continue;
    const score = new Float64Array(free);
    for (let i = 0; i < free; i++) {
      let expected = 0;
      for (let j = 0; j < size; j++) expected += sums.product(columns[i]!, columns[j]!) * all[j]!;
      score[i] = sums.rhs(columns[i]!) - expected;
    }
    scores.push(score);
  }
  const covariance = clusteredCovariance(part, scores, free);
  if (!covariance) return undefined;
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) out[n * i + j] = covariance[free * i + j]! / (gain * gain);
  }
  return out;
}
