import type { Arena } from "../../kernel/memory.js";
import type { Plane } from "../plane.js";
import type { Pieces, StageGeometry } from "./tables.js";
import type { View } from "./view.js";

/** Rows of pixels that are summed at a time where planes are made band by band. */
const BAND = 512;

/** Displacements of the nodes as the kernels read them: f32, pixels of the level, in x, then in y. @param coefficients  see `Descent` */
export function putLattice(arena: Arena, coefficients: Float64Array, level: number): number {
  const nodes = coefficients.length / 2;
  const at = arena.bytes(4 * coefficients.length);
  const planes = arena.f32(at, 2 * nodes);
  const scale = 2 ** -level;
  for (let i = 0; i < nodes; i++) {
    planes[i] = scale * coefficients[2 * i]!;
    planes[nodes + i] = scale * coefficients[2 * i + 1]!;
  }
  return at;
}

/**
 * Calls `sum` for pieces that follow each other, all at once where both planes are in memory, with what of the planes they need:
 * of the moving one rows [top, end), which is all that the lattice may carry a pixel of them to.
 */
export function overBands(
  { level, lattice: { columns } }: StageGeometry,
  { from, to, nodeRow }: Pieces,
  fixed: View,
  moving: View,
  coefficients: Float64Array,
  sum: (fixed: Plane, moving: Plane, top: number, end: number, first: number, count: number) => void,
): void {
  const whole = fixed.whole && moving.whole;
  const most = whole ? Number.POSITIVE_INFINITY : BAND;
  for (let first = 0; first < from.length; ) {
    let next = first + 1;
    while (next < from.length && to[next]! - from[first]! <= most) next++;
    const [a, b] = [from[first]!, to[next - 1]!];
    const [up, down] = rangeDown(coefficients, columns, nodeRow[first]!, nodeRow[next - 1]! + 4, 2 ** -level);
    const { height } = moving;
    const top = whole ? 0 : Math.min(Math.max(0, a + Math.floor(up)), Math.max(0, height - 2));
    const end = whole ? height : Math.max(Math.min(height, b + Math.floor(down) + 2), Math.min(top + 2, height));
    fixed.rows(a - 1, b + 1, (f) => moving.rows(top, end, (m) => sum(f, m, top, end, first, next - first)));
    first = next;
  }
}

/** Least and most displacement down that some rows of nodes can make, pixels of the level. */
function rangeDown(
  coefficients: Float64Array,
  columns: number,
  from: number,
  to: number,
  scale: number,
): readonly [number, number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 2 * from * columns + 1; i < 2 * to * columns; i += 2) {
    least = Math.min(least, coefficients[i]!);
    most = Math.max(most, coefficients[i]!);
  }
  // What float32 rounds is less than this.
  return [scale * least - 0.01, scale * most + 0.01];
}
