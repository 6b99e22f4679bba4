import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";

/** What a smoothing makes of the values at the places; see `PlateBasis.solve`. */
export interface PlateSolution {
  /** Coefficients of the plate's kernel at the places, scaled by the roots of the weights; u then v. */
  readonly u: Float64Array;
  readonly v: Float64Array;
  /** Diagonal of B (K + λ)⁻¹ Bᵀ, one number for each place. */
  readonly diagonal: Float64Array;
  /** Row i · row j is element (i, j) of that matrix; where asked for. */
  readonly rows?: readonly Float64Array[];
}

/**
 * The kernel matrix of a thin-plate spline in a basis of what no affine map can be, brought to tridiagonal form: then every
 * smoothing costs n² alone. K = B T Bᵀ there, T = L D Lᵀ for every λ in turn.
 */
export interface PlateBasis {
  /**
   * @param lambda  what is added to the diagonal of K; infinite for no plate at all, (K + λ)⁻¹ then counting as 1
   * @param q  values times the roots of the weights, interleaved
   */
  solve(q: Float64Array, lambda: number, withRows?: boolean): PlateSolution;
  /** Rows n-3 to n-1 of K in the reflected coordinates. */
  readonly lastRows: readonly Float64Array[];
}

/** Pivots below this share of the largest element of T are taken for it: places that all but coincide. */
const FLOOR = 1e-14;

/**
 * @param arena  holds the basis; it must outlive it
 * @param x, y  places, in units of their spread
 * @param root  of each place's weight
 * @param reflections  three vectors v, whose I − v vᵀ send what is affine in the places to the last three coordinates
 */
export function plateBasis(
  arena: Arena,
  x: Float64Array,
  y: Float64Array,
  root: Float64Array,
  reflections: readonly Float64Array[],
): PlateBasis {
  const k = kernels();
  const n = root.length;
  const m = n - 3;
  const stride = n + (n & 1);
  const padded = (v: Float64Array) => {
    const at = arena.bytes(8 * stride);
    const view = arena.f64(at, stride);
    view.fill(0);
    view.set(v);
    return at;
  };
  const matrix = arena.bytes(8 * n * stride);
  k.rows("plateMatrix", n, [padded(x), padded(y), padded(root), matrix, n, stride], 32);
  const work = arena.bytes(8 * 4 * (stride + 2));
  const mirrors = reflections.map(padded);
  for (const v of mirrors) k.call("reflectSymmetric", matrix, stride, n, v, work);
  const element = (i: number, j: number) => arena.f64(matrix + 8 * (Math.max(i, j) * stride + Math.min(i, j)), 1)[0]!;
  const lastRows = [n - 3, n - 2, n - 1].map((i) => Float64Array.from({ length: n }, (_, j) => element(i, j)));
  const [diagonal, below, beta] = [0, 1, 2].map(() => padded(new Float64Array(n))) as [number, number, number];
  k.call("tridiagonal", matrix, stride, m, diagonal, below, beta, work);
  const basis = arena.bytes(8 * Math.max(1, m) * stride);
  if (m > 0) {
    k.rows("tridiagonalBasis", m, [matrix, stride, m, beta, basis], 16);
    for (const v of mirrors.toReversed()) k.rows("reflectRows", m, [basis, stride, v, n]);
  }
  arena.free(matrix);
  const d = arena.f64(diagonal, m).slice();
  const e = arena.f64(below, m).slice();
  const floor = d.reduce((most, v) => Math.max(most, v), Number.MIN_VALUE) * FLOOR;

  const solve = (q: Float64Array, lambda: number, withRows = false): PlateSolution => {
    using inner = kernels().arena();
    const pairs = inner.put(q);
    const products = inner.bytes(16 * Math.max(1, m));
    k.rows("rowProducts", m, [basis, stride, n, pairs, products]);
    const { under, inverse } = factors(d, e, lambda, floor);
    solveTridiagonal(inner.f64(products, 2 * m), under, inverse);
    const out = inner.bytes(3 * 8 * stride);
    const half = withRows ? inner.bytes(8 * Math.max(1, m) * stride) : 0;
    k.rows(
      "plateDiagonal",
      stride / 2,
      [
        ...[basis, stride, m, inner.put(under), inner.put(inverse), products],
        ...[out, out + 8 * stride, out + 16 * stride, half, k.scratch(inner, 8 * stride)],
      ],
      64,
    );
    const numbers = inner.f64(out, 3 * stride);
    const part = (at: number) => numbers.slice(at * stride, at * stride + n);
    const solution = { u: part(0), v: part(1), diagonal: part(2) };
    if (!half) return solution;
    const columns = inner.f64(half, m * stride);
    const rows = Array.from({ length: n }, (_, i) =>
      Float64Array.from({ length: m }, (_, j) => columns[j * stride + i]!),
    );
    return { ...solution, rows };
  };
  return { solve, lastRows };
}

/** T + λ as L D Lᵀ: what lies under the diagonal of L, the first number 0, and 1 / D. */
function factors(d: Float64Array, e: Float64Array, lambda: number, floor: number) {
  const under = new Float64Array(d.length);
  const inverse = new Float64Array(d.length).fill(1);
  if (lambda === Number.POSITIVE_INFINITY) return { under, inverse };
  for (let k = 0; k < d.length; k++) {
    under[k] = k === 0 ? 0 : e[k]! * inverse[k - 1]!;
    inverse[k] = 1 / Math.max(d[k]! + lambda - (k === 0 ? 0 : e[k]! * under[k]!), floor);
  }
  return { under, inverse };
}

/** Solves L D Lᵀ s = u in place, for pairs of numbers. */
function solveTridiagonal(s: Float64Array, under: Float64Array, inverse: Float64Array): void {
  const m = under.length;
  for (let c = 0; c < 2; c++) {
    for (let k = 1; k < m; k++) s[2 * k + c] = s[2 * k + c]! - under[k]! * s[2 * k - 2 + c]!;
    for (let k = m - 1; k >= 0; k--) {
      const above = k + 1 < m ? under[k + 1]! * s[2 * k + 2 + c]! : 0;
      s[2 * k + c] = s[2 * k + c]! * inverse[k]! - above;
    }
  }
}
