import type { Interpolation } from "../core/interpolation.js";

/**
 * B and C of the kernels of four taps in the family of Mitchell and Netravali, "Reconstruction filters in computer
 * graphics", SIGGRAPH 1988, doi:10.1145/54852.378514. With B = 0 they run through the samples and are those of Keys, a = -C,
 * IEEE TASSP 29 (1981), doi:10.1109/TASSP.1981.1163711.
 */
const family = {
  cubic: { b: 0, c: 0.5 },
  "cubic-sharp": { b: 0, c: 0.75 },
  mitchell: { b: 1 / 3, c: 1 / 3 },
  "cubic-smooth": { b: 1, c: 0 },
  /** On coefficients in place of samples. */
  bspline3: { b: 1, c: 0 },
} as const satisfies Partial<Record<Interpolation, { b: number; c: number }>>;

export type FourTaps = keyof typeof family;
export const isFourTaps = (name: Interpolation): name is FourTaps => Object.hasOwn(family, name);

/** Powers 3 to 0 of the distance |x| in the kernel: for |x| below 1, and from 1 to 2. */
function pieces(name: FourTaps): { near: readonly number[]; far: readonly number[] } {
  const { b, c } = family[name];
  return {
    near: [2 - 1.5 * b - c, -3 + 2 * b + c, 0, 1 - b / 3],
    far: [-b / 6 - c, b + 5 * c, -2 * b - 8 * c, (4 / 3) * b + 4 * c],
  };
}

/** The kernel at a distance from the sample, in pixels. */
export function fourTapKernel(name: FourTaps, x: number): number {
  const d = Math.abs(x);
  if (d >= 2) return 0;
  const { near, far } = pieces(name);
  const [p3, p2, p1, p0] = (d < 1 ? near : far) as [number, number, number, number];
  return ((p3 * d + p2) * d + p1) * d + p0;
}

/** Weights of the taps -1 to 2 as powers 3 to 0 of the fraction, from 0 to below 1: four numbers for each tap. */
export function fourTapTable(name: FourTaps): Float32Array {
  const { near, far } = pieces(name);
  return Float32Array.from([...shifted(far, 1, 1), ...near, ...shifted(near, 1, -1), ...shifted(far, 2, -1)]);
}

/** Powers of t of a cubic in (at + sign * t). */
function shifted(cubic: readonly number[], at: number, sign: 1 | -1): number[] {
  const [p3, p2, p1, p0] = cubic as [number, number, number, number];
  return [
    sign * p3,
    3 * p3 * at + p2,
    sign * (3 * p3 * at * at + 2 * p2 * at + p1),
    p3 * at ** 3 + p2 * at ** 2 + p1 * at + p0,
  ];
}
