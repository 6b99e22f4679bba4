import { failed, ok, problem, type Result } from "../../core/diagnostic.js";
import { logarithm } from "../../core/logarithm.js";
import { worldPoints } from "../../core/points.js";
import type { Arena } from "../../kernel/memory.js";
import { meanOf, type Partitions, sumsOver, withoutParts } from "./neighbourhoods.js";
import { type PlateSolution, plateBasis } from "./plate-basis.js";
import type { Smoother, SmoothFit } from "./smoother.js";

/**
 * Thin-plate smoothing splines over given places [1, 2]: minimises the weighted mean square residual plus smoothing times
 * the bending energy (in units in which the places have a mean square distance of 1 from their middle).
 *
 * With K the kernel matrix and T the rows (1, x, y), both scaled by the roots of the weights, coefficients are
 * (K + λ) c + T a = q, Tᵀ c = 0. In a basis in which K is tridiagonal on the complement of T every λ costs n² only, and
 * residuals without a point are c over the diagonal of (K + λ)⁻¹ there: the closed form of leave-one-out.
 *
 * @param arena  holds what the smoother needs; it must outlive the smoother
 * @param places  interleaved, no two the same; at most about 600
 * @param weight  of each place, above 0
 * @param partitions  places that are left out together; each alone when absent
 * @returns `too-few-points` for fewer than 3, `collinear` for points on a line
 *
 * [1] F. Bookstein, "Principal warps", IEEE TPAMI 11 (1989), doi:10.1109/34.24792
 * [2] G. Wahba, "Spline Models for Observational Data", SIAM (1990), doi:10.1137/1.9781611970128
 */
export function thinPlateSmoother(
  arena: Arena,
  places: Float64Array,
  weight: Float64Array,
  partitions?: Partitions,
): Result<Smoother> {
  const n = weight.length;
  if (n < 3) return failed(tooFew(n));
  const unit = normalisation(places);
  if (!unit) return failed(onALine());
  const { x0, y0, scale } = unit;
  const x = Float64Array.from(weight, (_, i) => (places[2 * i]! - x0) * scale);
  const y = Float64Array.from(weight, (_, i) => (places[2 * i + 1]! - y0) * scale);
  let total = 0;
  for (const w of weight) total += w;
  const root = weight.map((w) => Math.sqrt((w * n) / total));

  const H = reflections([root, root.map((r, i) => r * x[i]!), root.map((r, i) => r * y[i]!)]);
  if (!H) return failed(onALine());
  const basis = plateBasis(arena, x, y, root, H.vectors);

  const solved = (values: Float64Array, smoothing: number): PlateSolution =>
    basis.solve(
      values.map((value, i) => root[i >> 1]! * value),
      smoothing * n,
      partitions !== undefined,
    );

  /** Fit without a place, or without its part, less its value there. NaN where the others do not determine it. */
  const heldOut = ({ u, v, diagonal, rows }: PlateSolution): Float64Array[] => {
    const c = Float64Array.from({ length: 2 * n }, (_, i) => (i & 1 ? v : u)[i >> 1]!);
    if (!partitions || !rows)
      return [
        c.map((value, i) => (diagonal[i >> 1]! > 1e-12 ? -value / diagonal[i >> 1]! / root[i >> 1]! : Number.NaN)),
      ];
    const element = (i: number, j: number): number => {
      const [p, q] = [rows[i]!, rows[j]!];
      let sum = 0;
      for (let k = 0; k < p.length; k++) sum += p[k]! * q[k]!;
      return sum;
    };
    return withoutParts(partitions, element, c).map((left) => left.map((value, i) => -value / root[i >> 1]!));
  };

  return ok({
    solve(values, smoothing): SmoothFit {
      const solution = solved(values, smoothing);
      const c = [solution.u, solution.v] as const;
      const isAffine = smoothing === Number.POSITIVE_INFINITY || n === 3;
      // T a = q - (K + λ) c, in the last three rows of the reflected system, where c is 0.
      const rest = c.map((coefficients, k) => {
        const q = Float64Array.from(root, (r, i) => r * values[2 * i + k]!);
        reflect(H, q);
        const tail = [q[n - 1]!, q[n - 2]!, q[n - 3]!] as [number, number, number];
        if (!isAffine) {
          const reflected = coefficients.slice();
          reflect(H, reflected);
          for (let row = 0; row < 3; row++)
            for (let i = 0; i < n; i++) tail[row] = tail[row]! - basis.lastRows[2 - row]![i]! * reflected[i]!;
        }
        return backSubstitute(H, tail);
      }) as [Triple, Triple];
      const affine = rest.flatMap(([one, a, b]) => [a * scale, b * scale, one - (a * x0 + b * y0) * scale]);
      // The trace of what leads from values to the fit: 1 - λ (K + λ)⁻¹ beside the affine part.
      const trace = solution.diagonal.reduce((sum, v) => sum + v, 0);
      const freedom = isAffine ? 3 : n - smoothing * n * trace;
      const left = meanOf(heldOut(solution));
      if (isAffine) return { transform: { type: "affine", matrix: affine as never }, heldOut: left, freedom };
      // In world units: U(s r) = s² (r² log r + r² log s), and Σ wᵢ r² is a constant because Σ wᵢ and Σ wᵢ kᵢ are 0.
      const weights = new Float64Array(2 * n);
      const shift = [0, 0];
      const logScale = logarithm(scale);
      for (let i = 0; i < n; i++) {
        for (let k = 0; k < 2; k++) {
          const w = c[k as 0 | 1][i]! * root[i]!;
          weights[2 * i + k] = w * scale * scale;
          shift[k] = shift[k]! + w * logScale * (x[i]! ** 2 + y[i]! ** 2);
        }
      }
      affine[2] = affine[2]! + shift[0]!;
      affine[5] = affine[5]! + shift[1]!;
      return {
        transform: { type: "tps", affine: affine as never, knots: worldPoints(places), weights },
        ...{ heldOut: left, freedom },
      };
    },
    heldOutSquares(values, smoothing) {
      const squares = heldOut(solved(values, smoothing)).map((left) =>
        root.map((r, i) => (r * r * (left[2 * i]! ** 2 + left[2 * i + 1]! ** 2)) / n),
      );
      return partitions ? sumsOver(partitions, squares) : squares[0]!;
    },
  });
}

const tooFew = (n: number) =>
  problem(
    "too-few-points",
    `A thin-plate spline needs at least 3 tie points at different places, but there are ${n}`,
    "Mark more points, or use estimate/similarity or estimate/translation.",
  );

const onALine = () =>
  problem(
    "collinear",
    "All tie points lie on a line, so nothing is known beside it",
    "Mark points spread over the image, or use estimate/similarity.",
  );

/** Middle of the places, and what makes their mean square distance from it 1; none where all coincide. */
function normalisation(places: Float64Array): { x0: number; y0: number; scale: number } | undefined {
  const n = places.length / 2;
  let [x0, y0] = [0, 0];
  for (let i = 0; i < n; i++) [x0, y0] = [x0 + places[2 * i]! / n, y0 + places[2 * i + 1]! / n];
  let square = 0;
  for (let i = 0; i < n; i++) square += ((places[2 * i]! - x0) ** 2 + (places[2 * i + 1]! - y0) ** 2) / n;
  return square > 0 ? { x0, y0, scale: 1 / Math.sqrt(square) } : undefined;
}

type Triple = readonly [number, number, number];

/** Three columns brought to the last three coordinates by reflections: the first to the last coordinate, and so on. */
interface Reflections {
  /** Each v of I − v vᵀ. */
  readonly vectors: readonly Float64Array[];
  /** r[i][j] is what is left of column j in coordinate n - 1 - i; 0 for i > j. */
  readonly r: readonly (readonly number[])[];
}

/** @returns undefined when the columns are (nearly) dependent */
function reflections(columns: readonly Float64Array[]): Reflections | undefined {
  const vectors: Float64Array[] = [];
  const r: number[][] = [];
  const left = columns.map((c) => Float64Array.from(c));
  for (let k = 0; k < 3; k++) {
    const c = left[k]!;
    const last = c.length - 1 - k;
    let norm = 0;
    let whole = 0;
    for (let i = 0; i < c.length; i++) {
      whole += c[i]! ** 2;
      if (i <= last) norm += c[i]! ** 2;
    }
    if (!(norm > 1e-12 * whole)) return undefined;
    norm = Math.sqrt(norm) * (c[last]! > 0 ? -1 : 1);
    const v = c.map((value, i) => (i > last ? 0 : i === last ? value - norm : value));
    const length = Math.sqrt(2 * norm * (norm - c[last]!));
    vectors.push(v.map((value) => (value * Math.SQRT2) / length)); // H = I - v vᵀ
    for (const other of left) reflectBy(vectors[k]!, other);
    r.push(left.map((other) => other[last]!));
  }
  return { vectors, r };
}

function reflectBy(v: Float64Array, x: Float64Array): void {
  let dot = 0;
  for (let i = 0; i < v.length; i++) dot += v[i]! * x[i]!;
  for (let i = 0; i < v.length; i++) x[i] = x[i]! - dot * v[i]!;
}

function reflect({ vectors }: Reflections, x: Float64Array): void {
  for (const v of vectors) reflectBy(v, x);
}

function backSubstitute({ r }: Reflections, q: Triple): Triple {
  const c = q[2] / r[2]![2]!;
  const b = (q[1] - r[1]![2]! * c) / r[1]![1]!;
  const a = (q[0] - r[0]![1]! * b - r[0]![2]! * c) / r[0]![0]!;
  return [a, b, c];
}
