import { composeAffine, type Grid } from "../../core/grid.js";
import type { Transform } from "../../core/transform.js";

/** A lattice of displacements over a plane, as `registerFreeForm` gives it; pixels of the plane. */
export interface PlaneLattice {
  readonly lattice: {
    readonly columns: number;
    readonly rows: number;
    readonly spacing: number;
    readonly origin: readonly [x: number, y: number];
  };
  /** Interleaved x, y, row by row. */
  readonly coefficients: Float64Array;
}

/** The lattice as a map of the world of the grid that its plane lies on. */
export function latticeMap({ lattice, coefficients }: PlaneLattice, grid: Grid): Transform {
  const { columns, rows, spacing, origin } = lattice;
  const [a, b, , d, e] = grid.worldFromPixel;
  const world = new Float64Array(coefficients.length);
  for (let i = 0; i < world.length; i += 2) {
    const [u, v] = [coefficients[i]!, coefficients[i + 1]!];
    world[i] = a * u + b * v;
    world[i + 1] = d * u + e * v;
  }
  const step = [spacing, 0, origin[0], 0, spacing, origin[1]] as const;
  return {
    type: "bspline",
    lattice: { width: columns, height: rows, worldFromPixel: composeAffine(step, grid.worldFromPixel), crs: grid.crs },
    coefficients: world,
  };
}
