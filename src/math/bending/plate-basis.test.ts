import { expect, test } from "vitest";
import { solveDense } from "../../../test/reference/dense.js";
import { thinPlateSpline } from "../../../test/reference/thin-plate.js";
import { attachHelpers, canHelp, endHelpers } from "../../../test/support/lanes.js";
import { worldPoints } from "../../core/points.js";
import { seededRandom } from "../../core/random.js";
import { apply } from "../../core/transform.js";
import { kernels } from "../../kernel/lane.js";
import { thinPlateSmoother } from "./thin-plate-smoother.js";

endHelpers();

function data(seed: number, n: number) {
  const random = seededRandom(seed);
  const places = worldPoints(Array.from({ length: 2 * n }, (_, i) => random() * (i % 2 ? 800 : 1000)));
  const values = places.map(
    (v, i) => v + 6 * Math.sin(places[i & ~1]! / 150) + 4 * Math.cos(places[i | 1]! / 90) + random(),
  );
  return { places, values, weight: Float64Array.from({ length: n }, () => 0.3 + random()) };
}

/** Root mean square distance from the middle: the smoother's unit of length. */
function spread(places: Float64Array): number {
  const n = places.length / 2;
  let [x, y, square] = [0, 0, 0];
  for (let i = 0; i < n; i++) [x, y] = [x + places[2 * i]! / n, y + places[2 * i + 1]! / n];
  for (let i = 0; i < n; i++) square += ((places[2 * i]! - x) ** 2 + (places[2 * i + 1]! - y) ** 2) / n;
  return Math.sqrt(square);
}

test.each([4, 5, 12, 33, 60])("leaving out each of %i points in closed form is fitting without it, to 1e-9", (n) => {
  using arena = kernels().arena();
  const { places, values, weight } = data(n, n);
  const made = thinPlateSmoother(arena, places, weight);
  if (!made.ok) throw new Error();
  const unit = spread(places);
  const total = weight.reduce((sum, w) => sum + w, 0);
  for (const smoothing of [0, 1e-6, 1e-3, 0.1, 10]) {
    const { transform, heldOut } = made.value.solve(values, smoothing);
    const squares = made.value.heldOutSquares(values, smoothing);
    // The fit itself is that of the one dense system.
    const dense = thinPlateSpline(places, values, weight, smoothing, unit);
    const mapped = apply(transform, places);
    for (let i = 0; i < n; i++) {
      const [u, v] = dense(places[2 * i]!, places[2 * i + 1]!);
      expect(Math.abs(mapped[2 * i]! - u)).toBeLessThan(1e-8);
      expect(Math.abs(mapped[2 * i + 1]! - v)).toBeLessThan(1e-8);
      const keep = (p: Float64Array, size: number) => p.filter((_, k) => Math.floor(k / size) !== i);
      // The same weights and the same smoothing beside them, which their sum had been divided by.
      const rest = thinPlateSpline(
        keep(places, 2),
        keep(values, 2),
        keep(weight, 1),
        (smoothing * total) / (total - weight[i]!),
        unit,
      )(places[2 * i]!, places[2 * i + 1]!);
      const scale = Math.max(1, Math.abs(heldOut[2 * i]!), Math.abs(heldOut[2 * i + 1]!));
      let square = 0;
      for (let c = 0; c < 2; c++) {
        const wanted = rest[c]! - values[2 * i + c]!;
        expect(Math.abs(heldOut[2 * i + c]! - wanted)).toBeLessThan(1e-9 * scale);
        square += (weight[i]! * wanted ** 2) / total;
      }
      expect(Math.abs(squares[i]! - square)).toBeLessThan(1e-9 * Math.max(1, square));
    }
  }
});

test("a symmetric matrix comes apart into a basis and three diagonals, and solves as it would in one piece", () => {
  const k = kernels();
  for (const m of [1, 2, 3, 8, 41, 64]) {
    using arena = k.arena();
    const random = seededRandom(m);
    const stride = m + (m & 1);
    const A = new Float64Array(m * m);
    for (let i = 0; i < m; i++) for (let j = 0; j <= i; j++) A[m * i + j] = A[m * j + i] = random() - 0.5;
    if (m === 8) for (let j = 0; j < m; j++) A[m * 2 + j] = A[m * j + 2] = 0; // a coordinate of its own
    for (let i = 0; i < m; i++) A[m * i + i] = A[m * i + i]! + m;
    const matrix = arena.bytes(8 * m * stride);
    for (let i = 0; i < m; i++) arena.f64(matrix + 8 * i * stride, m).set(A.subarray(m * i, m * i + m));
    const [d, e, beta] = [0, 1, 2].map(() => arena.put(new Float64Array(m))) as [number, number, number];
    k.call("tridiagonal", matrix, stride, m, d, e, beta, arena.bytes(24 * (m + 2)));
    const basis = arena.bytes(8 * m * stride);
    k.rows("tridiagonalBasis", m, [matrix, stride, m, beta, basis], 3);
    const at = (i: number, j: number) => arena.f64(basis + 8 * (i * stride + j), 1)[0]!;
    const [diagonal, below] = [arena.f64(d, m), arena.f64(e, m)];
    for (let i = 0; i < m; i++)
      for (let j = 0; j < m; j++) {
        let [whole, dot] = [0, 0];
        for (let r = 0; r < m; r++) {
          whole += at(r, i) * diagonal[r]! * at(r, j);
          if (r > 0) whole += below[r]! * (at(r, i) * at(r - 1, j) + at(r - 1, i) * at(r, j));
          dot += at(r, i) * at(r, j);
        }
        expect(Math.abs(whole - A[m * i + j]!)).toBeLessThan(1e-12 * m);
        expect(Math.abs(dot - (i === j ? 1 : 0))).toBeLessThan(1e-13 * m);
      }
    // Element (i, i) of the inverse by way of L D Lᵀ, beside a dense solution.
    const [under, inverse] = [new Float64Array(m), new Float64Array(m)];
    for (let r = 0; r < m; r++) {
      under[r] = r === 0 ? 0 : below[r]! * inverse[r - 1]!;
      inverse[r] = 1 / (diagonal[r]! - (r === 0 ? 0 : below[r]! * under[r]!));
    }
    const out = arena.bytes(24 * stride);
    const half = arena.bytes(8 * m * stride);
    const ones = arena.put(new Float64Array(2 * m).fill(1));
    k.rows("plateDiagonal", stride / 2, [
      ...[basis, stride, m, arena.put(under), arena.put(inverse), ones],
      ...[out, out + 8 * stride, out + 16 * stride, half, k.scratch(arena, 8 * stride)],
    ]);
    for (let i = 0; i < m; i++) {
      const unit = new Float64Array(m);
      unit[i] = 1;
      const column = solveDense(A, unit, m);
      expect(Math.abs(arena.f64(out + 8 * (2 * stride + i), 1)[0]! - column[i]!)).toBeLessThan(1e-13);
      let [sum, own] = [0, 0];
      for (let r = 0; r < m; r++) {
        sum += at(r, i);
        own += arena.f64(half + 8 * (r * stride + i), 1)[0]! * arena.f64(half + 8 * r * stride, 1)[0]!;
      }
      expect(Math.abs(arena.f64(out + 8 * i, 1)[0]! - sum)).toBeLessThan(1e-12);
      expect(Math.abs(own - column[0]!)).toBeLessThan(1e-13);
    }
  }
});

test.skipIf(!canHelp)("one lane and three choose and fit alike, to the last bit (needs a build)", async () => {
  const { places, values, weight } = data(7, 90);
  const all = () => {
    using arena = kernels().arena();
    const made = thinPlateSmoother(arena, places, weight);
    if (!made.ok) throw new Error();
    return [made.value.heldOutSquares(values, 1e-3), made.value.solve(values, 1e-4)];
  };
  const alone = all();
  await attachHelpers(2);
  expect(all()).toEqual(alone);
});
