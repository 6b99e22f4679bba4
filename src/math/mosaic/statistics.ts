/** Middle value; NaN of nothing. */
export function median(values: ArrayLike<number>): number {
  return quantileOf(values, 0.5);
}

/** Value below which a share of the values lies, between neighbours linearly; NaN of nothing. */
export function quantileOf(values: ArrayLike<number>, share: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (at - below) * (sorted[above]! - sorted[below]!);
}

/** Root mean square; NaN of nothing. */
export function rms(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return Math.sqrt(sum / values.length);
}
