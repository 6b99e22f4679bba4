/** Index of the first of the values that occur most often; −1 of none. */
export function mostCommon(values: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return values.findIndex((value) => counts.get(value) === most);
}
