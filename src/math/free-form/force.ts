import type { DataMatrix } from "./data-matrix.js";

/** What the pixels ask of the lattice where it stands, whatever the measure. */
export interface Force {
  /** Whether there is anything to compare. */
  readonly isTelling: boolean;
  readonly pixels: number;
  /** Half the gradient of energy · pixels in the coefficients, pixels of the level; interleaved. */
  readonly right: Float64Array;
  /** What is made smaller, per pixel. */
  readonly energy: number;
  /** Mean square of what the lattice cannot explain, in the energy's units. */
  readonly residual: number;
  /** The measure as the course shows it. */
  readonly value: number;
  /** Half the curvature of energy · pixels. */
  readonly matrix: DataMatrix;
}

/** A measure at one level. */
export interface Measure {
  force(coefficients: Float64Array): Force;
  /** The measure alone, and what it was taken from, by a look at some of the rows. */
  look(coefficients: Float64Array, rowStep: number): { readonly value: number; readonly pixels: number };
  /** Whether each force has a matrix of its own, which it takes back at the next. */
  readonly isCurved: boolean;
  free(): void;
}
