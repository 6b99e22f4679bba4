/**
 * Solves the symmetric positive definite system A x = b by Cholesky's factorisation. `A` and `b` are left as they are.
 *
 * For the small systems (2 to a few dozen unknowns) of registration.
 *
 * @param A  n × n, row-major; only the upper triangle is read
 * @returns x, or `undefined` when A is not safely positive definite (a pivot below 1e-12 of its diagonal element)
 */
export function choleskySolve(A: ArrayLike<number>, b: ArrayLike<number>, n: number): Float64Array | undefined {
  const L = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = A[n * j + i]!;
      for (let k = 0; k < j; k++) sum -= L[n * i + k]! * L[n * j + k]!;
      if (i === j) {
        if (!(sum > 1e-12 * Math.abs(A[n * i + i]!))) return undefined;
        L[n * i + i] = Math.sqrt(sum);
      } else L[n * i + j] = sum / L[n * j + j]!;
    }
  }
  const x = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= L[n * i + k]! * x[k]!;
    x[i] = sum / L[n * i + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = x[i]!;
    for (let k = i + 1; k < n; k++) sum -= L[n * k + i]! * x[k]!;
    x[i] = sum / L[n * i + i]!;
  }
  return x;
}
