/**
 * A control lattice over a plane: node (0, 0) lies at `origin`, its neighbours `spacing` pixels apart, one node outside of the
 * plane on the left and at the top, and at least two beyond the last pixel: every pixel has four nodes around it either way.
 */
export interface LatticeShape {
  readonly columns: number;
  readonly rows: number;
  /** Pixels of the plane. */
  readonly spacing: number;
  readonly origin: readonly [x: number, y: number];
}

/** @param spacing  pixels, at least 1 */
export function latticeOver(width: number, height: number, spacing: number): LatticeShape {
  const nodes = (n: number) => Math.floor((n - 1) / spacing) + 4;
  return { columns: nodes(width), rows: nodes(height), spacing, origin: [-spacing, -spacing] };
}

/**
 * The same displacement on a lattice of half the spacing over the same plane: exact, as cubic B-splines are sums of finer ones.
 *
 * Node i of the finer lattice lies on node (i + 1) / 2 of the coarser one, or between two.
 */
export function refineLattice(coefficients: Float64Array, from: LatticeShape, to: LatticeShape): Float64Array {
  const across = new Float64Array(2 * from.rows * to.columns);
  halveSteps(coefficients, from.columns, across, to.columns, 2, from.rows, 2 * from.columns, 2 * to.columns);
  const out = new Float64Array(2 * to.rows * to.columns);
  halveSteps(across, from.rows, out, to.rows, 2 * to.columns, to.columns, 2, 2);
  return out;
}

/** Along one direction: nodes `step` apart, lines `fromLine` and `toLine` apart. */
function halveSteps(
  from: Float64Array,
  fromCount: number,
  to: Float64Array,
  toCount: number,
  step: number,
  lines: number,
  fromLine: number,
  toLine: number,
): void {
  for (let line = 0; line < lines; line++) {
    for (let c = 0; c < 2; c++) {
      const at = (j: number) => from[line * fromLine + step * Math.min(j, fromCount - 1) + c]!;
      for (let i = 0; i < toCount; i++) {
        const j = (i + (i & 1)) / 2;
        to[line * toLine + step * i + c] = i & 1 ? (at(j - 1) + 6 * at(j) + at(j + 1)) / 8 : (at(j) + at(j + 1)) / 2;
      }
    }
  }
}
