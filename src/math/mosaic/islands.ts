/** Groups that links connect, numbered by size: 0 is the largest, ties by the first member. */
export interface Islands {
  /** Number of the group of each member. */
  readonly of: Int32Array;
  readonly sizes: Int32Array;
}

/** @param linked  pairs of members, as two lists of equal length */
export function islands(count: number, a: ArrayLike<number>, b: ArrayLike<number>): Islands {
  const parent = Int32Array.from({ length: count }, (_, i) => i);
  const root = (i: number): number => {
    let at = i;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]!]!;
      at = parent[at]!;
    }
    return at;
  };
  for (let k = 0; k < a.length; k++) {
    const [p, q] = [root(a[k]!), root(b[k]!)];
    // The smaller number leads, so that groups are known by their first member.
    if (p < q) parent[q] = p;
    else parent[p] = q;
  }
  const size = new Int32Array(count);
  for (let i = 0; i < count; i++) size[root(i)] = size[root(i)]! + 1;
  const roots = Array.from({ length: count }, (_, i) => i).filter((i) => root(i) === i);
  roots.sort((p, q) => size[q]! - size[p]! || p - q);
  const number = new Map(roots.map((r, k) => [r, k]));
  return {
    of: Int32Array.from({ length: count }, (_, i) => number.get(root(i))!),
    sizes: Int32Array.from(roots, (r) => size[r]!),
  };
}
