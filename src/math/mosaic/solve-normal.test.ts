import { expect, test } from "vitest";
import { seededRandom } from "../random.js";
import { conjugateGradients } from "./conjugate-gradients.js";
import { noObservations } from "./edges.js";
import { envelopeOf, factorise, invertFactored, placeOf, solveFactored, tileBlock } from "./envelope.js";
import { normalEquations } from "./normal-equations.js";
import { variances } from "./solve-normal.js";

/** A grid of 3 × 4 tiles with random edges, some with correlated axes, one that knows x alone. */
function example(pull: number) {
  const random = seededRandom(4);
  const [rows, cols] = [3, 4];
  const all = Array.from({ length: rows * cols }, (_, i) => i);
  const right = all.filter((i) => i % cols < cols - 1).map((i) => [i, i + 1] as const);
  const below = all.filter((i) => i < cols * (rows - 1)).map((i) => [i, i + cols] as const);
  const [a, b] = [0, 1].map((end) => Int32Array.from([...right, ...below], (pair) => pair[end]!)) as [
    Int32Array,
    Int32Array,
  ];
  const edges = noObservations(a, b);
  for (let e = 0; e < a.length; e++) {
    edges.dx[e] = 10 * random();
    edges.dy[e] = 10 * random();
    edges.xx[e] = 0.5 + random();
    edges.yy[e] = e === 5 ? Number.POSITIVE_INFINITY : 0.5 + random();
    edges.xy[e] = e === 5 ? 0 : 0.4 * (random() - 0.5);
  }
  const count = rows * cols;
  const weights = new Float64Array(a.length).fill(1);
  const to = Float64Array.from({ length: 2 * count }, () => 20 * random());
  const equations = normalEquations(count, edges, weights, 0.1, { to, weight: [pull, 2 * pull] });
  return { count, equations, order: Int32Array.from({ length: count }, (_, k) => (5 * k) % count) };
}

/** The matrix in full, and its inverse by Gauss and Jordan. */
function dense({ count, a, b, edges, tiles }: ReturnType<typeof example>["equations"]) {
  const n = 2 * count;
  const m = Array.from({ length: n }, () => new Float64Array(n));
  const put = (p: number, q: number, block: ArrayLike<number>, sign: number) => {
    for (let i = 0; i < 2; i++) for (let j = 0; j < 2; j++) m[2 * p + i]![2 * q + j]! += sign * block[i + j]!;
  };
  for (let t = 0; t < count; t++) put(t, t, tiles.subarray(3 * t, 3 * t + 3), 1);
  a.forEach((p, e) => {
    put(p, b[e]!, edges.subarray(3 * e, 3 * e + 3), -1);
    put(b[e]!, p, edges.subarray(3 * e, 3 * e + 3), -1);
  });
  const work = m.map((row, i) => Float64Array.from([...row, ...row.map((_, j) => (i === j ? 1 : 0))]));
  for (let i = 0; i < n; i++) {
    const pivot = work[i]![i]!;
    work[i] = work[i]!.map((v) => v / pivot);
    for (let j = 0; j < n; j++) if (j !== i) work[j] = work[j]!.map((v, k) => v - work[j]![i]! * work[i]![k]!);
  }
  return { m, inverse: work.map((row) => row.slice(n)) };
}

test("the envelope and conjugate gradients solve what the matrix in full says", () => {
  const { count, equations, order } = example(0.3);
  const { m, inverse } = dense(equations);
  const factor = envelopeOf(equations, order);
  expect(factorise(factor)).toBe(true);
  const x = solveFactored(factor, order, equations.right);
  const y = conjugateGradients(equations, new Float64Array(2 * count));
  m.forEach((row, i) => {
    const sum = row.reduce((s, v, j) => s + v * x[j]!, 0);
    expect(sum).toBeCloseTo(equations.right[i]!, 9);
    expect(y[i]).toBeCloseTo(x[i]!, 7);
  });
  const z = invertFactored(factor);
  const place = placeOf(order);
  for (let t = 0; t < count; t++) {
    const [xx, xy, yy] = tileBlock(z, place, t);
    expect(xx).toBeCloseTo(inverse[2 * t]![2 * t]!, 10);
    expect(xy).toBeCloseTo(inverse[2 * t]![2 * t + 1]!, 10);
    expect(yy).toBeCloseTo(inverse[2 * t + 1]![2 * t + 1]!, 10);
  }
});

test("variances are those about the middle of the island, whatever pulls it", () => {
  const loose = 1e-5;
  const { count, equations, order } = example(loose);
  const size = new Int32Array(count).fill(count);
  const found = variances({ ...equations, tiles: equal(equations.tiles, loose) }, order, size, loose);
  const { inverse } = dense({ ...equations, tiles: equal(equations.tiles, loose) });
  for (let t = 0; t < count; t++) {
    for (const axis of [0, 1]) {
      // The middle is the mean over all tiles: var(p − mean) from the whole inverse.
      let [own, all] = [0, 0];
      for (let j = 0; j < count; j++) {
        own += inverse[2 * t + axis]![2 * j + axis]! / count;
        for (let k = 0; k < count; k++) all += inverse[2 * j + axis]![2 * k + axis]! / count ** 2;
      }
      const variance = inverse[2 * t + axis]![2 * t + axis]! - 2 * own + all;
      expect(found[2 * t + axis]! / variance).toBeCloseTo(1, 3);
    }
  }
});

/** `example` pulls twice as hard along y: here it must be the same along both. */
function equal(tiles: Float64Array, loose: number): Float64Array {
  return tiles.map((v, k) => (k % 3 === 2 ? v - loose : v));
}

test("what is not determined is said to be so", () => {
  const { equations, order } = example(0);
  expect(factorise(envelopeOf(equations, order))).toBe(false);
});
