import { choleskySolve } from "./least-squares.js";

/**
 * Covariance of the unknowns of a fit, from how much clusters of observations disagree: what noise of neighbours has in common,
 * and what the model does not follow, is in it (the sandwich of H. White, Econometrica 48 (1980), doi:10.2307/1912934, over
 * clusters).
 *
 * Clusters are joined two by two, four by four and so on as long as there are enough of them, and the largest covariance
 * stands: what neighbours have in common may reach over many.
 *
 * @param normal  n × n, row-major: curvature of the whole
 * @param scores  of each cluster, in order, the slope along each unknown
 * @param size  which of two covariances is larger; the variance of the first unknown decides when absent
 * @returns n × n, row-major; undefined where the unknowns are not determined, or there is no cluster
 */
export function clusteredCovariance(
  normal: Float64Array,
  scores: readonly Float64Array[],
  n: number,
  size: (covariance: Float64Array) => number = (covariance) => covariance[0]!,
): Float64Array | undefined {
  const inverse = invert(normal, n);
  if (!inverse) return undefined;
  let worst: Float64Array | undefined;
  for (let group = 1; scores.length / group >= 2 * n || group === 1; group *= 2) {
    const covariance = sandwich(inverse, spreadOf(scores, group, n), n);
    if (!worst || size(covariance) > size(worst)) worst = covariance;
  }
  return worst;
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
