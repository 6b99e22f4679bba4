/** Tie points gathered into few places. */
export interface Groups {
  /** Middles of the groups, interleaved fixed points. */
  readonly places: Float64Array;
  /** Sum of the weights. */
  readonly weight: Float64Array;
  /** Group of each tie point, in the order of `use`. */
  readonly of: Int32Array;
}

/**
 * Gathers tie points into at most `most` groups that are spread over the plane: the widest group is cut in two at its
 * median, along its longer side, until there are enough or every group is one place. Points nearer than `same` to each
 * other may stay together.
 *
 * @param fixed  interleaved
 * @param use  which tie points, by index
 * @param weight  of every tie point
 */
export function gather(fixed: Float64Array, use: Int32Array, weight: Float64Array, most: number, same: number): Groups {
  interface Part {
    readonly members: Int32Array;
    readonly size: number;
    readonly axis: 0 | 1;
  }
  const part = (members: Int32Array): Part => {
    let [x0, y0, x1, y1] = [
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ];
    for (const k of members) {
      const x = fixed[2 * use[k]!]!;
      const y = fixed[2 * use[k]! + 1]!;
      if (x < x0) x0 = x;
      if (x > x1) x1 = x;
      if (y < y0) y0 = y;
      if (y > y1) y1 = y;
    }
    return { members, size: Math.max(x1 - x0, y1 - y0), axis: x1 - x0 >= y1 - y0 ? 0 : 1 };
  };
  const parts: Part[] = [part(Int32Array.from(use, (_, k) => k))];
  while (parts.length < Math.floor(most)) {
    let widest = 0;
    for (let i = 1; i < parts.length; i++) if (parts[i]!.size > parts[widest]!.size) widest = i;
    const { members, size, axis } = parts[widest]!;
    if (!(size > same)) break;
    const sorted = members.slice().sort((i, j) => fixed[2 * use[i]! + axis]! - fixed[2 * use[j]! + axis]! || i - j);
    // At the median, or beside it where equal points would be parted.
    const at = (k: number) => fixed[2 * use[sorted[k]!]! + axis]!;
    let cut = sorted.length >> 1;
    while (cut > 0 && at(cut) - at(cut - 1) <= same / 2) cut--;
    if (cut === 0) {
      cut = sorted.length >> 1;
      while (cut < sorted.length && at(cut) - at(cut - 1) <= same / 2) cut++;
    }
    if (cut === sorted.length) cut = sorted.length >> 1;
    parts.splice(widest, 1, part(sorted.slice(0, cut)), part(sorted.slice(cut)));
  }
  const places = new Float64Array(2 * parts.length);
  const sums = new Float64Array(parts.length);
  const of = new Int32Array(use.length);
  for (const [g, { members }] of parts.entries()) {
    for (const k of members) {
      const w = weight[use[k]!]!;
      places[2 * g] = places[2 * g]! + w * fixed[2 * use[k]!]!;
      places[2 * g + 1] = places[2 * g + 1]! + w * fixed[2 * use[k]! + 1]!;
      sums[g] = sums[g]! + w;
      of[k] = g;
    }
    places[2 * g] = places[2 * g]! / sums[g]!;
    places[2 * g + 1] = places[2 * g + 1]! / sums[g]!;
  }
  return { places, weight: sums, of };
}
