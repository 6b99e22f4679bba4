import type { Matrix3 } from "../core/transform.js";

/** What a map does near a point: how it stretches, and whether it turns the plane over. */
export interface LocalStretch {
  /** Square root of the area's magnification. */
  readonly scale: number;
  /** Longest over shortest stretch; 1 for a similarity. */
  readonly anisotropy: number;
  readonly reflected: boolean;
}

export function localStretch(m: Matrix3, x: number, y: number): LocalStretch {
  const w = m[6] * x + m[7] * y + m[8];
  const u = (m[0] * x + m[1] * y + m[2]) / w;
  const v = (m[3] * x + m[4] * y + m[5]) / w;
  const a = (m[0] - u * m[6]) / w;
  const b = (m[1] - u * m[7]) / w;
  const d = (m[3] - v * m[6]) / w;
  const e = (m[4] - v * m[7]) / w;
  return stretchOf(a, b, d, e);
}

/** What a map with the derivatives [[a, b], [d, e]] does. */
export function stretchOf(a: number, b: number, d: number, e: number): LocalStretch {
  const det = a * e - b * d;
  // Singular values from the sums and differences of a rotation-scaling and a reflection-scaling part.
  const p = Math.sqrt((a + e) * (a + e) + (d - b) * (d - b)) / 2;
  const q = Math.sqrt((a - e) * (a - e) + (d + b) * (d + b)) / 2;
  const long = p + q;
  const short = Math.abs(p - q);
  return {
    scale: Math.sqrt(Math.abs(det)),
    anisotropy: short > 0 ? long / short : Number.POSITIVE_INFINITY,
    reflected: det < 0,
  };
}

export interface Plausibility {
  readonly scale: number;
  readonly anisotropy: number;
  readonly reflected: boolean;
  /** Largest over smallest scale among the places: 1 for an affine map, large when a perspective is extreme. */
  readonly scaleSpread: number;
}

/** The worst that a map does over the given places (interleaved fixed points); scale is the median place's. */
export function plausibility(m: Matrix3, places: Float64Array): Plausibility {
  const scales: number[] = [];
  let anisotropy = 1;
  let reflected = false;
  for (let k = 0; k < places.length; k += 2) {
    const local = localStretch(m, places[k]!, places[k + 1]!);
    scales.push(local.scale);
    anisotropy = Math.max(anisotropy, local.anisotropy);
    reflected ||= local.reflected;
  }
  scales.sort((a, b) => a - b);
  if (scales.length === 0)
    return { scale: Number.NaN, anisotropy: Number.NaN, reflected: false, scaleSpread: Number.NaN };
  return {
    scale: scales[scales.length >> 1]!,
    anisotropy,
    reflected,
    scaleSpread: scales[scales.length - 1]! / scales[0]!,
  };
}
