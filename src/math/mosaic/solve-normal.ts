import { conjugateGradients } from "./conjugate-gradients.js";
import { envelopeOf, envelopeSize, factorise, invertFactored, placeOf, solveFactored, tileBlock } from "./envelope.js";
import type { NormalEquations } from "./normal-equations.js";

/** Numbers that a factor may take: 128 MB, which a square grid of 20,000 tiles needs. */
const LARGEST_FACTOR = 16e6;

/** Solves by a factor where it fits, else by conjugate gradients. @returns x, y of each tile */
export function solveNormal(equations: NormalEquations, order: Int32Array, start: Float64Array): Float64Array {
  if (envelopeSize(equations, order) > LARGEST_FACTOR) return conjugateGradients(equations, start);
  const factor = envelopeOf(equations, order);
  return factorise(factor) ? solveFactored(factor, order, equations.right) : conjugateGradients(equations, start);
}

/**
 * Variances of each tile's place relative to the middle of its island: x, y.
 *
 * The equations must hold edges alone and a pull so weak (`loose`) that it only keeps islands from drifting; what it leaves to an
 * island as a whole is taken out. Where the factor does not fit, the variance is that of a tile between neighbours that are known.
 */
export function variances(
  equations: NormalEquations,
  order: Int32Array,
  islandSize: ArrayLike<number>,
  loose: number,
): Float64Array {
  const out = new Float64Array(2 * equations.count);
  const factor = envelopeSize(equations, order) > LARGEST_FACTOR ? undefined : envelopeOf(equations, order);
  const inverse = factor && factorise(factor) ? invertFactored(factor) : undefined;
  const place = placeOf(order);
  for (let i = 0; i < equations.count; i++) {
    if (islandSize[i] === 1) continue;
    if (inverse) {
      const [xx, , yy] = tileBlock(inverse, place, i);
      const common = 1 / (loose * islandSize[i]!);
      out[2 * i] = Math.max(0, xx - common);
      out[2 * i + 1] = Math.max(0, yy - common);
    } else {
      const [xx, xy, yy] = equations.tiles.subarray(3 * i, 3 * i + 3) as unknown as [number, number, number];
      const det = xx * yy - xy * xy;
      out[2 * i] = yy / det;
      out[2 * i + 1] = xx / det;
    }
  }
  return out;
}
