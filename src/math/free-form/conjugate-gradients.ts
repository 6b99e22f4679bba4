/** Ends at this share of the first residual, as the preconditioner measures it, or after so many steps. */
const ENOUGH = 1e-2;
const MOST_STEPS = 40;

/**
 * Solves A x = b for a symmetric positive definite A, roughly: a step of Gauss-Newton makes up for what the one before has left.
 *
 * @param multiply  A times a vector
 * @param precondition  an approximate solution, symmetric and positive definite too
 */
export function conjugateGradients(
  b: Float64Array,
  multiply: (v: Float64Array) => Float64Array,
  precondition: (v: Float64Array) => Float64Array,
): Float64Array {
  const n = b.length;
  const dot = (u: Float64Array, v: Float64Array) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += u[i]! * v[i]!;
    return sum;
  };
  const x = new Float64Array(n);
  const r = b.slice();
  const p = precondition(r);
  let rz = dot(r, p);
  const enough = rz * ENOUGH ** 2;
  for (let step = 0; step < MOST_STEPS && rz > enough; step++) {
    const q = multiply(p);
    const pq = dot(p, q);
    if (!(pq > 0)) break;
    const alpha = rz / pq;
    for (let i = 0; i < n; i++) {
      x[i] = x[i]! + alpha * p[i]!;
      r[i] = r[i]! - alpha * q[i]!;
    }
    const z = precondition(r);
    const next = dot(r, z);
    const beta = next / rz;
    rz = next;
    for (let i = 0; i < n; i++) p[i] = z[i]! + beta * p[i]!;
  }
  return x;
}
