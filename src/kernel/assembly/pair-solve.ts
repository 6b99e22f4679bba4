// Small systems of normal equations.

/**
 * Solves symmetric equations by elimination from the last unknown to the first: the first two, the shift, are left with what
 * the others cannot explain.
 *
 * @param m  n x n, upper triangle, rows of n float64; overwritten
 * @param r  right side; overwritten with the solution
 * @param w  the first two rows of the inverse, 2 n float64
 * @returns whether all are determined
 */
export function solveShift(m: usize, r: usize, w: usize, n: i32): bool {
  const row = <usize>n << 3;
  memory.fill(w, 0, 2 * row);
  store<f64>(w, 1);
  store<f64>(w + row + 8, 1);
  for (let k = n - 1; k >= 0; k--) {
    const pivot = load<f64>(m + <usize>k * row + (<usize>k << 3));
    // Of the shift's texture, a small part at least must be left.
    if (!(pivot > 0)) return false;
    for (let i = 0; i < k; i++) {
      const mi = m + <usize>i * row;
      const f = load<f64>(mi + (<usize>k << 3)) / pivot;
      if (f == 0) continue;
      for (let j = i; j < k; j++) {
        const at = mi + (<usize>j << 3);
        store<f64>(at, load<f64>(at) - f * load<f64>(m + <usize>j * row + (<usize>k << 3)));
      }
      for (let s: usize = 0; s < 3; s++) {
        const v = s == 0 ? r : w + (s - 1) * row;
        store<f64>(v + (<usize>i << 3), load<f64>(v + (<usize>i << 3)) - f * load<f64>(v + (<usize>k << 3)));
      }
    }
  }
  for (let s: usize = 0; s < 3; s++) {
    const v = s == 0 ? r : w + (s - 1) * row;
    for (let k = 0; k < n; k++) {
      let sum = load<f64>(v + (<usize>k << 3));
      for (let i = 0; i < k; i++) sum -= load<f64>(m + <usize>i * row + (<usize>k << 3)) * load<f64>(v + (<usize>i << 3));
      store<f64>(v + (<usize>k << 3), sum / load<f64>(m + <usize>k * row + (<usize>k << 3)));
    }
  }
  return true;
}
