import { arctangent2 } from "../core/arctangent.js";
import { invertMatrix3, type Matrix3, multiplyMatrix3 } from "../core/transform.js";
import type { Departure } from "../core/verdict.js";
import { localStretch } from "./plausibility.js";

/**
 * How far a map lies from another, about the middle of the fixed plane.
 *
 * @param start, found  pixels of the fixed plane to pixels of the moving one
 * @param width, height  of the fixed plane, pixels
 */
export function departureFrom(start: Matrix3, found: Matrix3, width: number, height: number): Departure | undefined {
  const m = multiplyMatrix3(invertMatrix3(start), found);
  const [x, y] = [(width - 1) / 2, (height - 1) / 2];
  const w = m[6] * x + m[7] * y + m[8];
  const u = (m[0] * x + m[1] * y + m[2]) / w;
  const v = (m[3] * x + m[4] * y + m[5]) / w;
  // Of the map's derivative, the turn that comes nearest to it.
  const [a, b] = [(m[0] - u * m[6]) / w, (m[1] - u * m[7]) / w];
  const [d, e] = [(m[3] - v * m[6]) / w, (m[4] - v * m[7]) / w];
  const departure = {
    rotation: arctangent2(d - b, a + e),
    scale: localStretch(m, x, y).scale,
    shift: Math.sqrt((u - x) ** 2 + (v - y) ** 2) / Math.max(width, height),
  };
  return Object.values(departure).every(Number.isFinite) ? departure : undefined;
}
