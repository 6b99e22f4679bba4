import { kernels } from "../kernel/lane.js";
import type { Plane } from "./plane.js";

/** Changes a plane in place: v becomes gain * (v - from), held between `low` and `high`; NaN stays. */
export function mapLinear(
  plane: Plane,
  from: number,
  gain: number,
  low = Number.NEGATIVE_INFINITY,
  high = Number.POSITIVE_INFINITY,
): Plane {
  const { at, stride, width, height } = plane;
  kernels().rows("linearMap", height, [at, stride, at, stride, width, from, gain, low, high]);
  return plane;
}
