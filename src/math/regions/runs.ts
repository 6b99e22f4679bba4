/**
 * The foreground of an image as runs: stretches of one row that belong to one region.
 *
 * Run k covers the columns [start[k], end[k]) of row[k] and belongs to region[k], counted from 0 in reading order.
 */
export interface Runs {
  readonly count: number;
  readonly row: Int32Array;
  readonly start: Int32Array;
  readonly end: Int32Array;
  readonly region: Int32Array;
  readonly regions: number;
}

/**
 * Connected regions of the pixels that are not 0; pixels of different values are never connected. Runs of each row are joined
 * with those of the row above by union and find, so that the image is read once, row by row [1].
 *
 * @param eight  whether pixels touch at their corners too
 * @param byValue  take all pixels of one value for one region, wherever they are: for images of labels
 *
 * [1] L. He, Y. Chao, K. Suzuki, IEEE Trans. Image Process. 17 (2008), doi:10.1109/TIP.2008.919369
 */
export function connectedRuns(
  values: ArrayLike<number>,
  width: number,
  height: number,
  { eight = true, byValue = false }: { readonly eight?: boolean; readonly byValue?: boolean } = {},
): Runs {
  let capacity = 1 << 14;
  let row = new Int32Array(capacity);
  let start = new Int32Array(capacity);
  let end = new Int32Array(capacity);
  let parent = new Int32Array(capacity);
  let count = 0;
  const larger = (a: Int32Array): Int32Array<ArrayBuffer> => {
    const b = new Int32Array(2 * a.length);
    b.set(a);
    return b;
  };
  const find = (k: number): number => {
    let root = k;
    while (parent[root] !== root) root = parent[root]!;
    while (parent[k] !== root) {
      const next = parent[k]!;
      parent[k] = root;
      k = next;
    }
    return root;
  };
  const reach = eight ? 1 : 0;
  const firstOf = new Map<number, number>();
  let above = 0;
  for (let y = 0; y < height; y++) {
    const first = count;
    const base = y * width;
    for (let x = 0; x < width; ) {
      const v = values[base + x]!;
      if (v === 0) {
        x++;
        continue;
      }
      let to = x + 1;
      while (to < width && values[base + to] === v) to++;
      if (count === capacity) {
        capacity *= 2;
        [row, start, end, parent] = [larger(row), larger(start), larger(end), larger(parent)];
      }
      row[count] = y;
      start[count] = x;
      end[count] = to;
      parent[count] = count;
      if (byValue) {
        const known = firstOf.get(v);
        if (known === undefined) firstOf.set(v, count);
        else parent[count] = known;
      } else {
        // Runs above end before this one's reach for good once they end before its start.
        while (above < first && end[above]! + reach <= x) above++;
        for (let k = above; k < first && start[k]! < to + reach; k++) {
          if (values[base - width + start[k]!] !== v) continue;
          const a = find(k);
          const b = find(count);
          if (a < b) parent[b] = a;
          else parent[a] = b;
        }
      }
      count++;
      x = to;
    }
    above = first;
  }
  const region = new Int32Array(count);
  let regions = 0;
  for (let k = 0; k < count; k++) {
    const root = find(k);
    region[k] = root === k ? regions++ : region[root]!;
  }
  const cut = (a: Int32Array) => a.slice(0, count);
  return { count, row: cut(row), start: cut(start), end: cut(end), region, regions };
}

/** Only the regions for which `keep` holds, counted anew in their order. */
export function keepRegions(runs: Runs, keep: (region: number) => boolean): Runs {
  const name = new Int32Array(runs.regions).fill(-1);
  let regions = 0;
  for (let r = 0; r < runs.regions; r++) if (keep(r)) name[r] = regions++;
  const kept: number[] = [];
  for (let k = 0; k < runs.count; k++) if (name[runs.region[k]!]! >= 0) kept.push(k);
  return {
    count: kept.length,
    row: Int32Array.from(kept, (k) => runs.row[k]!),
    start: Int32Array.from(kept, (k) => runs.start[k]!),
    end: Int32Array.from(kept, (k) => runs.end[k]!),
    region: Int32Array.from(kept, (k) => name[runs.region[k]!]!),
    regions,
  };
}
