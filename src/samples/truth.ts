import type { Affine2 } from "../core/grid.js";
import { asMatrix3, identity, invertMatrix3, type Matrix3, type Transform } from "../core/transform.js";
import type { PositionMap } from "./camera.js";
import { noise } from "./noise.js";

/** What is true of a pair: where each place of the fixed image lies in the moving image. Pixel coordinates of both. */
export interface Truth {
  /** Present when the map is linear. */
  readonly transform?: Transform;
  /** Fixed to moving, exact everywhere. */
  readonly movingFromFixed: PositionMap;
}

/** A smooth bending of the plane: both parts of the displacement swing between plus and minus `amplitude` over about `period`. */
export interface Bend {
  readonly amplitude: number;
  readonly period: number;
  readonly seed: number;
}

/** Fixed to moving by a matrix alone, or by a smooth bend of the fixed image's plane and then the matrix. */
export function truthOf(transform: Transform, bend?: Bend): Truth {
  const linear = matrixMap(asMatrix3(transform) ?? missing());
  if (!bend) return { transform, movingFromFixed: linear };
  const { amplitude, period, seed } = bend;
  const u = noise(seed);
  const v = noise(seed + 1);
  return {
    movingFromFixed: (x, y, out) =>
      linear(x + amplitude * u(x / period, y / period), y + amplitude * v(x / period, y / period), out),
  };
}

function missing(): never {
  throw new Error("Internal error: the truth of a sample is a linear transform, with a bend at most");
}

function matrixMap(m: Matrix3): PositionMap {
  return (x, y, out) => {
    const w = m[6] * x + m[7] * y + m[8];
    out[0] = (m[0] * x + m[1] * y + m[2]) / w;
    out[1] = (m[3] * x + m[4] * y + m[5]) / w;
  };
}

/** The reverse of a linear transform, as a map of positions. */
export const reverseMap = (transform: Transform): PositionMap =>
  matrixMap(invertMatrix3(asMatrix3(transform) ?? missing()));

/**
 * A similarity or affine map that leaves the centre of an image near its place: turned by `turn` (tangent of half the angle,
 * so that no engine's sine is asked), scaled, sheared, then shifted.
 */
export function aboutCentre(
  width: number,
  height: number,
  how: {
    readonly turn?: number;
    readonly scaleX?: number;
    readonly scaleY?: number;
    readonly shear?: number;
    readonly shift?: readonly [number, number];
  },
): Transform {
  const { turn = 0, scaleX = 1, scaleY = scaleX, shear = 0, shift = [0, 0] } = how;
  if (turn === 0 && scaleX === 1 && scaleY === 1 && shear === 0 && shift[0] === 0 && shift[1] === 0) return identity;
  const cos = (1 - turn * turn) / (1 + turn * turn);
  const sin = (2 * turn) / (1 + turn * turn);
  const a = cos * scaleX;
  const b = cos * shear - sin * scaleY;
  const d = sin * scaleX;
  const e = sin * shear + cos * scaleY;
  const cx = (width - 1) / 2;
  const cy = (height - 1) / 2;
  const matrix: Affine2 = [a, b, cx - a * cx - b * cy + shift[0], d, e, cy - d * cx - e * cy + shift[1]];
  return { type: "affine", matrix };
}

/** The largest and the root of the mean squared distance between a found map and the truth, over a lattice of the fixed image. */
export function errorAgainst(
  truth: Truth,
  found: PositionMap,
  fixed: { readonly width: number; readonly height: number },
  points = 21,
): { readonly rms: number; readonly max: number } {
  const a = new Float64Array(2);
  const b = new Float64Array(2);
  let sum = 0;
  let max = 0;
  for (let j = 0; j < points; j++) {
    for (let i = 0; i < points; i++) {
      const x = (i * (fixed.width - 1)) / (points - 1);
      const y = (j * (fixed.height - 1)) / (points - 1);
      truth.movingFromFixed(x, y, a);
      found(x, y, b);
      const d = (a[0]! - b[0]!) * (a[0]! - b[0]!) + (a[1]! - b[1]!) * (a[1]! - b[1]!);
      sum += d;
      max = Number.isNaN(d) ? Number.POSITIVE_INFINITY : Math.max(max, d);
    }
  }
  return { rms: Math.sqrt(sum / (points * points)), max: Math.sqrt(max) };
}

/** True tie points on a lattice of the fixed image, where they also lie inside of the moving one, as a matches file. */
export function truthCsv(
  truth: Truth,
  fixed: { readonly width: number; readonly height: number },
  moving: { readonly width: number; readonly height: number },
  points = 12,
): string {
  const lines = [
    "# tie points; pixel coordinates, x before y, the centre of the first pixel is (0, 0); exact by construction",
    "fixed_x,fixed_y,moving_x,moving_y",
  ];
  const at = new Float64Array(2);
  for (let j = 0; j < points; j++) {
    for (let i = 0; i < points; i++) {
      const x = Math.round(((i + 0.5) * fixed.width) / points);
      const y = Math.round(((j + 0.5) * fixed.height) / points);
      truth.movingFromFixed(x, y, at);
      const inside = at[0]! >= 0 && at[1]! >= 0 && at[0]! <= moving.width - 1 && at[1]! <= moving.height - 1;
      if (inside) lines.push(`${x},${y},${at[0]},${at[1]}`);
    }
  }
  return `${lines.join("\n")}\n`;
}
