import { solveDense } from "./dense.js";

/**
 * The thin-plate spline that minimises Σ wᵢ |f(pᵢ) − vᵢ|² / Σ w + smoothing times its bending, lengths counted in `unit`: one
 * dense system (K + λ W⁻¹, T; Tᵀ, 0).
 *
 * @returns the spline's two coordinates at a point
 */
export function thinPlateSpline(
  places: Float64Array,
  values: Float64Array,
  weight: Float64Array,
  smoothing: number,
  unit: number,
): (x: number, y: number) => readonly [number, number] {
  const n = weight.length;
  const size = n + 3;
  const total = weight.reduce((sum, w) => sum + w, 0);
  const [x0, y0] = [places[0]!, places[1]!];
  const X = Float64Array.from({ length: n }, (_, i) => (places[2 * i]! - x0) / unit);
  const Y = Float64Array.from({ length: n }, (_, i) => (places[2 * i + 1]! - y0) / unit);
  const U = (dx: number, dy: number) => {
    const square = dx * dx + dy * dy;
    return square > 0 ? 0.5 * square * Math.log(square) : 0;
  };
  const A = new Float64Array(size * size);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) A[size * i + j] = U(X[i]! - X[j]!, Y[i]! - Y[j]!);
    A[size * i + i] = (smoothing * total) / weight[i]!;
    for (const [k, v] of [1, X[i]!, Y[i]!].entries()) {
      A[size * i + n + k] = v;
      A[size * (n + k) + i] = v;
    }
  }
  const solved = [0, 1].map((c) => {
    const b = new Float64Array(size);
    for (let i = 0; i < n; i++) b[i] = values[2 * i + c]!;
    return solveDense(A, b, size);
  });
  return (px, py) => {
    const [x, y] = [(px - x0) / unit, (py - y0) / unit];
    const [u, v] = solved.map((s) => {
      let sum = s[n]! + s[n + 1]! * x + s[n + 2]! * y;
      for (let i = 0; i < n; i++) sum += s[i]! * U(x - X[i]!, y - Y[i]!);
      return sum;
    });
    return [u!, v!];
  };
}
