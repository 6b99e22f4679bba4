import { expect, test } from "vitest";
import { seededRandom } from "../random.js";
import { type EdgeObservations, noObservations } from "./edges.js";
import { neighbours, type Rectangles } from "./neighbours.js";
import { solvePlaces } from "./solve.js";
import { stageTerms } from "./stage-model.js";

/** A grid of tiles of 100 px, a stage that skews and jitters, and edges that see the truth with the given error. */
function example(rows: number, cols: number, { jitter = 3, error = 0.05, backlash = 0, seed = 1 } = {}) {
  const random = seededRandom(seed);
  const noise = () => random() + random() + random() + random() - 2; // standard deviation 0.577
  const normal = () => noise() / 0.5773502691896258;
  const count = rows * cols;
  const nominal = Float64Array.from(
    { length: 2 * count },
    (_, n) => 90 * (n % 2 === 0 ? (n >> 1) % cols : Math.floor((n >> 1) / cols)),
  );
  const truth = Float64Array.from(nominal, (v, n) => {
    const [x, y] = [nominal[n & ~1]!, nominal[n | 1]!];
    const row = Math.floor((n >> 1) / cols);
    return v + (n % 2 === 0 ? 0.004 * y + backlash * (row % 2) : -0.004 * x) + jitter * normal();
  });
  const tiles: Rectangles = {
    x: nominal.filter((_, n) => n % 2 === 0),
    y: nominal.filter((_, n) => n % 2 === 1),
    width: new Float64Array(count).fill(100),
    height: new Float64Array(count).fill(100),
  };
  const { a, b } = neighbours(tiles);
  const edges = noObservations(a, b);
  for (let e = 0; e < a.length; e++) {
    const [p, q] = [2 * a[e]!, 2 * b[e]!];
    edges.dx[e] = truth[q]! - truth[p]! + error * normal();
    edges.dy[e] = truth[q + 1]! - truth[p + 1]! + error * normal();
    edges.xx[e] = error * error;
    edges.yy[e] = error * error;
    edges.xy[e] = 0;
  }
  const terms = stageTerms(
    nominal,
    Int32Array.from({ length: count }, (_, i) => Math.floor(i / cols)),
    Int32Array.from({ length: count }, (_, i) => i % cols),
  );
  const solve = (real = new Uint8Array(a.length).fill(1)) => solvePlaces(tiles, terms, edges, { real, reach: 20 });
  return { count, tiles, edges, truth, solve, random };
}

/** Distances from the truth after one common shift, of some tiles. */
function errors(places: Float64Array, truth: Float64Array, of: readonly number[]): number[] {
  const off = [0, 1].map(
    (axis) => of.reduce((s, i) => s + places[2 * i + axis]! - truth[2 * i + axis]!, 0) / of.length,
  );
  return of.map((i) =>
    Math.hypot(places[2 * i]! - truth[2 * i]! - off[0]!, places[2 * i + 1]! - truth[2 * i + 1]! - off[1]!),
  );
}
const rms = (values: readonly number[]) => Math.sqrt(values.reduce((s, v) => s + v * v, 0) / values.length);
const all = (count: number) => Array.from({ length: count }, (_, i) => i);
const edgeOf = ({ a, b }: EdgeObservations, p: number, q: number) => a.findIndex((v, e) => v === p && b[e] === q);

test.each([1, 2, 3])("tiles are placed as well as their edges tell, and the error is known (seed %i)", (seed) => {
  const { count, truth, solve } = example(7, 8, { seed });
  const { places, sigma, islands, outlier, floor } = solve();
  const found = rms(errors(places, truth, all(count)));
  const stated = rms(all(count).map((i) => Math.hypot(sigma[2 * i]!, sigma[2 * i + 1]!)));
  expect(islands.sizes).toEqual(Int32Array.of(count));
  expect(outlier.every((o) => o === 0)).toBe(true);
  expect(floor).toBeLessThan(0.05);
  expect(found).toBeLessThan(0.08);
  expect(found / stated).toBeGreaterThan(0.6);
  expect(found / stated).toBeLessThan(1.6);
});

test.each([1, 2, 3, 4])("one wrong peak in eight is found by the loops that they open (seed %i)", (seed) => {
  const { count, edges, truth, solve, random } = example(6, 6, { seed });
  const wrong = new Set<number>();
  while (wrong.size < edges.a.length / 8) wrong.add(Math.floor(random() * edges.a.length));
  for (const e of wrong) {
    edges.dx[e]! += 15 * (random() < 0.5 ? -1 : 1) * (0.3 + random());
    edges.dy[e]! += 30 * (random() - 0.5);
    edges.xx[e] = 1e-4; // a wrong peak can be sharp
    edges.yy[e] = 1e-4;
  }
  const { places, outlier, islands } = solve();
  const found = [...outlier.keys()].filter((e) => outlier[e]);
  expect(found).toEqual(expect.arrayContaining([...wrong]));
  // A tile at the rim with one right edge and one wrong one may lose both.
  expect(found.length).toBeLessThanOrEqual(wrong.size + 2);
  const main = all(count).filter((i) => islands.of[i] === 0);
  expect(main.length).toBeGreaterThan(0.9 * count);
  expect(rms(errors(places, truth, main))).toBeLessThan(0.1);
});

test("tiles that nothing connects lie where the stage would have them, and say how far off that may be", () => {
  const { count, edges, truth, solve } = example(8, 8, { jitter: 2, seed: 5 });
  const real = new Uint8Array(edges.a.length).fill(1);
  const lone = [9, 30, 54, 55]; // 54 and 55 hold together
  edges.a.forEach((a, e) => {
    if (lone.includes(a) !== lone.includes(edges.b[e]!)) real[e] = 0;
  });
  const { places, sigma, islands, stage } = solve(real);
  expect([...islands.sizes]).toEqual([60, 2, 1, 1]);
  expect([9, 30, 54, 55].map((i) => islands.of[i])).toEqual([2, 3, 1, 1]);
  for (const jitter of stage.jitter) expect(Math.abs(jitter - 2)).toBeLessThan(0.6);
  const shift = [0, 1].map((axis) => {
    const main = all(count).filter((i) => islands.of[i] === 0);
    return main.reduce((s, i) => s + places[2 * i + axis]! - truth[2 * i + axis]!, 0) / main.length;
  });
  for (const i of lone) {
    for (const axis of [0, 1] as const) {
      const off = places[2 * i + axis]! - truth[2 * i + axis]! - shift[axis]!;
      expect(Math.abs(off)).toBeLessThan(3.5 * sigma[2 * i + axis]!);
      expect(sigma[2 * i + axis]).toBeGreaterThan(1);
    }
  }
});

test("a step between lines scanned in opposite directions is no jitter", () => {
  const { solve } = example(8, 8, { jitter: 0.5, backlash: 6, seed: 6 });
  for (const jitter of solve().stage.jitter) expect(jitter).toBeLessThan(0.8);
});

test("a step of the stage that no loop checks is not believed when it is far out of line", () => {
  const { edges, solve } = example(6, 6, { jitter: 0.5, seed: 7 });
  const real = new Uint8Array(edges.a.length).fill(1);
  const last = edgeOf(edges, 34, 35);
  real[edgeOf(edges, 29, 35)] = 0;
  edges.dx[last]! += 12;
  const { outlier, islands } = solve(real);
  expect(outlier[last]).toBe(1);
  expect(islands.of[35]).toBe(1);
});

test("one tile, two tiles, and tiles without any edge are placed", () => {
  const one = example(1, 1).solve();
  expect([...one.places]).toEqual([0, 0]);
  const two = example(1, 2, { jitter: 4 });
  const { places } = two.solve();
  expect(places[2]! - places[0]!).toBeCloseTo(two.edges.dx[0]!, 2);
  expect(places[3]! - places[1]!).toBeCloseTo(two.edges.dy[0]!, 2);
  const none = example(2, 2);
  const { islands, sigma } = none.solve(new Uint8Array(4));
  expect([...islands.sizes]).toEqual([1, 1, 1, 1]);
  expect(sigma.every((s) => s > 1)).toBe(true);
});

test("what all edges err beyond their covariance is told by the loops", () => {
  const { edges, solve, random } = example(7, 7, { error: 0.01, seed: 8 });
  for (let e = 0; e < edges.a.length; e++) {
    edges.dx[e]! += 1.5 * (random() + random() - 1);
    edges.dy[e]! += 1.5 * (random() + random() - 1);
  }
  const { floor, outlier } = solve(); // standard deviation 0.61
  expect(floor).toBeGreaterThan(0.45);
  expect(floor).toBeLessThan(0.8);
  expect(outlier.reduce((n, o) => n + o, 0)).toBeLessThan(2);
});
