import { failed, ok, problem, type Result } from "../../core/diagnostic.js";
import { logarithm } from "../../core/logarithm.js";
import { worldPoints } from "../../core/points.js";
import { meanOf, type Partitions, sumsOver, withoutParts } from "./neighbourhoods.js";
import type { Smoother, SmoothFit } from "./smoother.js";
import { type Eigen, symmetricEigen } from "./symmetric-eigen.js";

/**
 * Thin-plate smoothing splines over given places [1, 2]: minimises the weighted mean square residual plus smoothing times
 * the bending energy (in units in which the places have a mean square distance of 1 from their middle).
 *
 * With K the kernel matrix and T the rows (1, x, y), both scaled by the roots of the weights, coefficients are
 * (K + λ) c + T a = q, Tᵀ c = 0. In the eigenbasis of K on the complement of T every λ costs n² only, and residuals
 * without a point are c over the diagonal of (K + λ)⁻¹ there: the closed form of leave-one-out.
 *
 * @param places  interleaved, no two the same; at most about 600
 * @param weight  of each place, above 0
 * @param partitions  places that are left out together; each alone when absent
 * @returns `too-few-points` for fewer than 3, `collinear` for points on a line
 *
 * [1] F. Bookstein, "Principal warps", IEEE TPAMI 11 (1989), doi:10.1109/34.24792
 * [2] G. Wahba, "Spline Models for Observational Data", SIAM (1990), doi:10.1137/1.9781611970128
 */
export function thinPlateSmoother(
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

  const K = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const square = (x[i]! - x[j]!) ** 2 + (y[i]! - y[j]!) ** 2;
      const value = square > 0 ? 0.5 * square * logarithm(square) * root[i]! * root[j]! : 0;
      K[n * i + j] = value;
      K[n * j + i] = value;
    }
  }
  const H = reflections([root, root.map((r, i) => r * x[i]!), root.map((r, i) => r * y[i]!)]);
  if (!H) return failed(onALine());
  // K in the basis whose first three directions are T: rows, then columns.
  for (let i = 0; i < n; i++) reflect(H, K.subarray(n * i, n * i + n));
  transpose(K, n);
  for (let i = 0; i < n; i++) reflect(H, K.subarray(n * i, n * i + n));
  const m = n - 3;
  const inner = new Float64Array(m * m);
  for (let i = 0; i < m; i++) inner.set(K.subarray(n * (i + 3) + 3, n * (i + 4)), m * i);
  const { values: D, vectors }: Eigen = symmetricEigen(inner, m);
  // Rows: places; columns: eigenvectors, led back to the places.
  const G = new Float64Array(n * m);
  const column = new Float64Array(n);
  for (let k = 0; k < m; k++) {
    column.fill(0, 0, 3);
    for (let i = 0; i < m; i++) column[i + 3] = vectors[m * i + k]!;
    reflectBack(H, column);
    for (let i = 0; i < n; i++) G[m * i + k] = column[i]!;
  }
  const floor = m > 0 ? Math.max(1e-300, D[m - 1]! * 1e-14) : 1;
  const gains = (smoothing: number): Float64Array =>
    D.map((d) => (smoothing === Number.POSITIVE_INFINITY ? 1 : 1 / (Math.max(d, floor) + smoothing * n)));

  /** Scaled coefficients c of both coordinates (all divided by λ for the affine map), and the diagonal that goes with them. */
  const solved = (values: Float64Array, smoothing: number) => {
    const gain = gains(smoothing);
    const c = new Float64Array(2 * n);
    const u = new Float64Array(m);
    const v = new Float64Array(m);
    for (let i = 0; i < n; i++) {
      const qu = root[i]! * values[2 * i]!;
      const qv = root[i]! * values[2 * i + 1]!;
      const row = m * i;
      for (let k = 0; k < m; k++) {
        u[k] = u[k]! + G[row + k]! * qu;
        v[k] = v[k]! + G[row + k]! * qv;
      }
    }
    for (let k = 0; k < m; k++) {
      u[k] = u[k]! * gain[k]!;
      v[k] = v[k]! * gain[k]!;
    }
    const diagonal = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const row = m * i;
      let [cu, cv, sum] = [0, 0, 0];
      for (let k = 0; k < m; k++) {
        const g = G[row + k]!;
        cu += g * u[k]!;
        cv += g * v[k]!;
        sum += g * g * gain[k]!;
      }
      c[2 * i] = cu;
      c[2 * i + 1] = cv;
      diagonal[i] = sum;
    }
    return { c, diagonal, gain };
  };

  /** Fit without a place, or without its part, less its value there. NaN where the others do not determine it. */
  const heldOut = (c: Float64Array, diagonal: Float64Array, gain: Float64Array): Float64Array[] => {
    if (!partitions)
      return [
        c.map((value, i) => (diagonal[i >> 1]! > 1e-12 ? -value / diagonal[i >> 1]! / root[i >> 1]! : Number.NaN)),
      ];
    const element = (i: number, j: number): number => {
      let sum = 0;
      for (let k = 0; k < m; k++) sum += G[m * i + k]! * G[m * j + k]! * gain[k]!;
      return sum;
    };
    return withoutParts(partitions, element, c).map((left) => left.map((value, i) => -value / root[i >> 1]!));
  };

  return ok({
    solve(values, smoothing): SmoothFit {
      const { c, diagonal, gain } = solved(values, smoothing);
      const isAffine = smoothing === Number.POSITIVE_INFINITY || m === 0;
      // T a = q - (K + λ) c, in the first three rows of the reflected system.
      const rest = [0, 1].map((k) => {
        const q = Float64Array.from(root, (r, i) => r * values[2 * i + k]!);
        reflect(H, q);
        if (!isAffine) {
          const reflected = Float64Array.from(root, (_, i) => c[2 * i + k]!);
          reflect(H, reflected);
          for (let row = 0; row < 3; row++)
            for (let i = 0; i < n; i++) q[row] = q[row]! - K[n * row + i]! * reflected[i]!;
        }
        return backSubstitute(H, q);
      }) as [Triple, Triple];
      const affine = rest.flatMap(([one, a, b]) => [a * scale, b * scale, one - (a * x0 + b * y0) * scale]);
      const freedom = 3 + (isAffine ? 0 : D.reduce((sum, d, k) => sum + Math.max(d, floor) * gain[k]!, 0));
      const left = meanOf(heldOut(c, diagonal, gain));
      if (isAffine) return { transform: { type: "affine", matrix: affine as never }, heldOut: left, freedom };
      // In world units: U(s r) = s² (r² log r + r² log s), and Σ wᵢ r² is a constant because Σ wᵢ and Σ wᵢ kᵢ are 0.
      const weights = new Float64Array(2 * n);
      const shift = [0, 0];
      const logScale = logarithm(scale);
      for (let i = 0; i < n; i++) {
        for (let k = 0; k < 2; k++) {
          const w = c[2 * i + k]! * root[i]!;
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
      const { c, diagonal, gain } = solved(values, smoothing);
      const squares = heldOut(c, diagonal, gain).map((left) =>
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

/** QR of three columns by reflections. */
interface Reflections {
  readonly vectors: readonly Float64Array[];
  /** Upper triangle: r[i][j]. */
  readonly r: readonly (readonly number[])[];
}

/** @returns undefined when the columns are (nearly) dependent */
function reflections(columns: readonly Float64Array[]): Reflections | undefined {
  const vectors: Float64Array[] = [];
  const r: number[][] = [];
  const left = columns.map((c) => Float64Array.from(c));
  for (let k = 0; k < 3; k++) {
    const c = left[k]!;
    let norm = 0;
    let whole = 0;
    for (let i = 0; i < c.length; i++) {
      whole += c[i]! ** 2;
      if (i >= k) norm += c[i]! ** 2;
    }
    if (!(norm > 1e-12 * whole)) return undefined;
    norm = Math.sqrt(norm) * (c[k]! > 0 ? -1 : 1);
    const v = c.map((value, i) => (i < k ? 0 : i === k ? value - norm : value));
    const length = Math.sqrt(2 * norm * (norm - c[k]!));
    vectors.push(v.map((value) => (value * Math.SQRT2) / length)); // H = I - v vᵀ
    for (const other of left) reflectBy(vectors[k]!, other);
    r.push(left.map((other) => other[k]!));
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

function reflectBack({ vectors }: Reflections, x: Float64Array): void {
  for (let k = vectors.length - 1; k >= 0; k--) reflectBy(vectors[k]!, x);
}

function backSubstitute({ r }: Reflections, q: Float64Array): Triple {
  const c = q[2]! / r[2]![2]!;
  const b = (q[1]! - r[1]![2]! * c) / r[1]![1]!;
  const a = (q[0]! - r[0]![1]! * b - r[0]![2]! * c) / r[0]![0]!;
  return [a, b, c];
}

function transpose(A: Float64Array, n: number): void {
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) {
      const swap = A[n * i + j]!;
      A[n * i + j] = A[n * j + i]!;
      A[n * j + i] = swap;
    }
}
