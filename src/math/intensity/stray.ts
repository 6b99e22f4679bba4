import { choleskySolve } from "../least-squares.js";
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
  const inverse = invert(part, free);
  if (!inverse) return undefined;
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
  let worst: Float64Array | undefined;
  for (let group = 1; scores.length / group >= 2 * free || group === 1; group *= 2) {
    const meat = spreadOf(scores, group, free);
    const covariance = sandwich(inverse, meat, free);
    if (!worst || covariance[0]! > worst[0]!) worst = covariance;
  }
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) out[n * i + j] = worst![free * i + j]! / (gain * gain);
  }
  return out;
}

/** Sum of outer products of the scores of `group` neighbouring strips. */
function spreadOf(scores: readonly Float64Array[], group: number, size: number): Float64Array {
  const out = new Float64Array(size * size);
  const groups = Math.ceil(scores.length / group);
  // A fit leaves less than there was: as many directions as there are unknowns are gone.
  const factor = groups / Math.max(1, groups - 0.5 * size);
  for (let g = 0; g < scores.length; g += group) {
    const sum = new Float64Array(size);
    for (const score of scores.slice(g, g + group)) for (let i = 0; i < size; i++) sum[i] = sum[i]! + score[i]!;
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) out[size * i + j] = out[size * i + j]! + factor * sum[i]! * sum[j]!;
  }
  return out;
}

function invert(A: Float64Array, n: number): Float64Array | undefined {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const unit = new Float64Array(n);
    unit[i] = 1;
    const column = choleskySolve(A, unit, n);
    if (!column) return undefined;
    for (let j = 0; j < n; j++) out[n * j + i] = column[j]!;
  }
  return out;
}

function sandwich(bread: Float64Array, meat: Float64Array, n: number): Float64Array {
  const product = (a: Float64Array, b: Float64Array) => {
    const out = new Float64Array(n * n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let k = 0; k < n; k++) sum += a[n * i + k]! * b[n * k + j]!;
        out[n * i + j] = sum;
      }
    return out;
  };
  return product(bread, product(meat, bread));
}
