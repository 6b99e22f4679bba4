/** Slow twin of the matching kernels: all distances, one at a time. */
export function nearestSlowly(
  a: Uint8Array,
  b: Uint8Array,
  bytes: number,
): { index: number[]; distance: number[]; second: number[]; back: number[] } {
  const far = 0x3fffffff;
  const countA = a.length / bytes;
  const countB = b.length / bytes;
  const distance = (i: number, j: number): number => {
    let sum = 0;
    for (let k = 0; k < bytes; k++) {
      const u = a[i * bytes + k]!;
      const v = b[j * bytes + k]!;
      sum += bytes === 32 || bytes === 64 ? (u ^ v).toString(2).replaceAll("0", "").length : (u - v) ** 2;
    }
    return sum;
  };
  const all = Array.from({ length: countA }, (_, i) => Array.from({ length: countB }, (_, j) => distance(i, j)));
  const least = (row: number[]): number => row.indexOf(Math.min(...row));
  return {
    index: all.map(least),
    distance: all.map((row) => Math.min(...row)),
    second: all.map((row) => [...row.sort((x, y) => x - y), far][1]!),
    back: Array.from({ length: countB }, (_, j) => least(Array.from({ length: countA }, (_, i) => distance(i, j)))),
  };
}
