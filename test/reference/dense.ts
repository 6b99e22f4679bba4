/** Dense matrices in plain loops, row-major. */

/** x of A x = b by elimination with pivots; A and b are kept. */
export function solveDense(A: Float64Array, b: Float64Array, n: number): Float64Array {
  const M = A.slice();
  const x = b.slice();
  for (let c = 0; c < n; c++) {
    let pivot = c;
    for (let r = c + 1; r < n; r++) if (Math.abs(M[n * r + c]!) > Math.abs(M[n * pivot + c]!)) pivot = r;
    for (let k = 0; k < n; k++) [M[n * c + k], M[n * pivot + k]] = [M[n * pivot + k]!, M[n * c + k]!];
    [x[c], x[pivot]] = [x[pivot]!, x[c]!];
    for (let r = c + 1; r < n; r++) {
      const factor = M[n * r + c]! / M[n * c + c]!;
      for (let k = c; k < n; k++) M[n * r + k] = M[n * r + k]! - factor * M[n * c + k]!;
      x[r] = x[r]! - factor * x[c]!;
    }
  }
  for (let r = n - 1; r >= 0; r--) {
    for (let k = r + 1; k < n; k++) x[r] = x[r]! - M[n * r + k]! * x[k]!;
    x[r] = x[r]! / M[n * r + r]!;
  }
  return x;
}
