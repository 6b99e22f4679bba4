import { applyMatrix3, type Matrix3 } from "../../core/transform.js";

/** Root mean square distance between where two maps send the pixels of an image, on a lattice of 5 × 5 places. */
export function mapDistance(a: Matrix3, b: Matrix3, width: number, height: number): number {
  const places = new Float64Array(50);
  for (let j = 0; j < 5; j++) {
    for (let i = 0; i < 5; i++) {
      places[10 * j + 2 * i] = (i / 4) * (width - 1);
      places[10 * j + 2 * i + 1] = (j / 4) * (height - 1);
    }
  }
  const [p, q] = [applyMatrix3(a, places), applyMatrix3(b, places)];
  let square = 0;
  for (let i = 0; i < p.length; i++) square += (p[i]! - q[i]!) ** 2;
  return Math.sqrt(square / 25);
}
