import { boundsOf } from "../bounds.js";

/** Fewer neighbourhoods along a side leave holes that no map can bridge. */
const LEAST_ALONG = 3;

/** Each partition has every place in one of its parts; a part is a list of places by index. */
export type Partitions = readonly (readonly Int32Array[])[];

/**
 * Cuts places into neighbourhoods, to be left out as one: the errors of places in one are alike, and a place that is left
 * out alone would be told by those beside it. Cut twice, into as many along each side as are no shorter than the length,
 * and into one more, so that no lay-out decides alone.
 *
 * @param places  interleaved
 * @param length  how far apart places are whose errors have nothing in common, in units of the places
 * @returns two partitions; the places of each part by index
 */
export function neighbourhoods(places: Float64Array, length: number): Partitions {
  const { x0, y0, x1, y1 } = boundsOf(places);
  const count = (side: number) => Math.max(LEAST_ALONG, Math.floor(side / length));
  const [columns, rows] = [count(x1 - x0), count(y1 - y0)];
  const cell = (v: number, from: number, to: number, cells: number) =>
    Math.min(cells - 1, Math.floor(((v - from) / (to - from || 1)) * cells));
  return [0, 1].map((more) => {
    const members = new Map<number, number[]>();
    for (let i = 0; i < places.length / 2; i++) {
      const column = cell(places[2 * i]!, x0, x1, columns + more);
      const row = cell(places[2 * i + 1]!, y0, y1, rows + more);
      const key = (columns + more) * row + column;
      const list = members.get(key);
      if (list) list.push(i);
      else members.set(key, [i]);
    }
    return [...members.keys()].sort((a, b) => a - b).map((key) => Int32Array.from(members.get(key)!));
  });
}

/**
 * Residuals at places that a linear smoother is not shown, from those of the fit to all: (I - A)_BB⁻¹ r_B for each part B
 * that is left out as one, with A what leads from values to the fit; likewise S_BB⁻¹ c_B where r = D c and I - A = D S.
 *
 * @param partitions  the places of each part; each place is in one part of each partition
 * @param element  of the symmetric positive definite matrix; called for places of one part
 * @param right  interleaved, two values per place
 * @returns interleaved, for each partition; NaN where the other parts do not determine the fit
 */
export function withoutParts(
  partitions: Partitions,
  element: (i: number, j: number) => number,
  right: Float64Array,
): Float64Array[] {
  return partitions.map((parts) => {
    const out = new Float64Array(right.length);
    for (const part of parts) {
      const b = part.length;
      const L = new Float64Array(b * b);
      let isSound = true;
      for (let i = 0; i < b; i++) {
        for (let j = 0; j <= i; j++) {
          const whole = element(part[i]!, part[j]!);
          let sum = whole;
          for (let k = 0; k < j; k++) sum -= L[b * i + k]! * L[b * j + k]!;
          if (i !== j) L[b * i + j] = sum / L[b * j + j]!;
          else {
            if (!(sum > 1e-12)) isSound = false;
            L[b * i + i] = Math.sqrt(Math.max(sum, 1e-12));
          }
        }
      }
      for (let c = 0; c < 2; c++) {
        const x = Float64Array.from(part, (p) => right[2 * p + c]!);
        for (let i = 0; i < b; i++) {
          for (let k = 0; k < i; k++) x[i] = x[i]! - L[b * i + k]! * x[k]!;
          x[i] = x[i]! / L[b * i + i]!;
        }
        for (let i = b - 1; i >= 0; i--) {
          for (let k = i + 1; k < b; k++) x[i] = x[i]! - L[b * k + i]! * x[k]!;
          x[i] = x[i]! / L[b * i + i]!;
        }
        for (let i = 0; i < b; i++) out[2 * part[i]! + c] = isSound ? x[i]! : Number.NaN;
      }
    }
    return out;
  });
}

/** Sums over the parts of each partition, divided among the partitions. */
export const sumsOver = (partitions: Partitions, values: readonly Float64Array[]): Float64Array =>
  Float64Array.from(
    partitions.flatMap((parts, p) =>
      parts.map((part) => part.reduce((sum, i) => sum + values[p]![i]!, 0) / partitions.length),
    ),
  );

export const meanOf = (values: readonly Float64Array[]): Float64Array =>
  values[0]!.map((_, i) => values.reduce((sum, v) => sum + v[i]!, 0) / values.length);
