import { describe, expect, test } from "vitest";
import { invertAffine } from "../../core/grid.js";
import { type Points, worldPoints } from "../../core/points.js";
import { seededRandom } from "../../core/random.js";
import { apply, type Transform } from "../../core/transform.js";
import { kernels } from "../../kernel/lane.js";
import { fitMap } from "../fit.js";
import { latticeSmoother } from "./lattice-smoother.js";
import { neighbourhoods } from "./neighbourhoods.js";
import { chooseSmoothing, type Smoother } from "./smoother.js";
import { thinPlateSmoother } from "./thin-plate-smoother.js";

const arena = kernels().arena();
const gauss = (random: () => number) => random() + random() + random() + random() + random() + random() - 3; // variance 1/2

/** Places over 1000 by 800, and where a smooth map of some pixels' bending takes them, with noise. */
function data(seed: number, n: number, noise: number) {
  const random = seededRandom(seed);
  const places = worldPoints(Array.from({ length: 2 * n }, (_, i) => random() * (i % 2 ? 800 : 1000) + 5e5));
  const truth = (x: number, y: number) => {
    const [s, t] = [(x - 5e5) / 1000, (y - 5e5) / 1000];
    return [
      1.02 * x + 0.05 * y + 8 * Math.sin(5 * s) * Math.cos(4 * t),
      -0.04 * x + 0.99 * y + 7 * Math.cos(6 * t + s) + 3 * s * s,
    ] as const;
  };
  const values = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) {
    const [u, v] = truth(places[2 * i]!, places[2 * i + 1]!);
    values[2 * i] = u + noise * Math.SQRT2 * gauss(random);
    values[2 * i + 1] = v + noise * Math.SQRT2 * gauss(random);
  }
  return { places, values, truth, weight: Float64Array.from({ length: n }, () => 0.5 + random()) };
}

const lattice = { width: 17, height: 14, worldFromPixel: [85, 0, 5e5 - 170, 0, 85, 5e5 - 170], crs: "px" } as const;
const made = {
  tps: (places: Float64Array, weight: Float64Array) => thinPlateSmoother(arena, places, weight),
  bspline: (places: Float64Array, weight: Float64Array) => latticeSmoother(places, weight, lattice),
};
const smoother = (kind: keyof typeof made, places: Float64Array, weight: Float64Array): Smoother => {
  const result = made[kind](places, weight);
  if (!result.ok) throw new Error(JSON.stringify(result.diagnostics));
  return result.value;
};

test("a thin-plate spline without smoothing goes through its points, and is affine far away", () => {
  for (const n of [3, 4, 5, 12, 60]) {
    const { places, values, weight } = data(n, n, 0);
    const { transform, freedom } = smoother("tps", places, weight).solve(values, 0);
    const mapped = apply(transform, places);
    for (let i = 0; i < values.length; i++) expect(Math.abs(mapped[i]! - values[i]!)).toBeLessThan(1e-5);
    expect(freedom).toBeCloseTo(n, 6);
    if (transform.type !== "tps") continue;
    for (let k = 0; k < 2; k++) {
      let [sum, first] = [0, 0];
      for (let i = 0; i < n; i++) {
        sum += transform.weights[2 * i + k]!;
        first += transform.weights[2 * i + k]! * (places[2 * i]! - 5e5);
      }
      expect(Math.abs(sum)).toBeLessThan(1e-12);
      expect(Math.abs(first)).toBeLessThan(1e-9);
    }
  }
});

describe.each(["tps", "bspline"] as const)("a smoother (%s)", (kind) => {
  test("of infinite smoothing is the affine map of least squares", () => {
    const { places, values, weight } = data(1, 40, 0.3);
    const { transform } = smoother(kind, places, weight).solve(values, Number.POSITIVE_INFINITY);
    const wanted = fitMap("affine", places, values, undefined, weight);
    if (!wanted.ok) throw new Error();
    const matrix = transform.type === "affine" ? transform.matrix : [];
    const corners = worldPoints([5e5, 5e5, 501000, 5e5, 5e5, 500800]);
    const [a, b, c, d, e, f] = wanted.value;
    expect(transform.type).toBe("affine");
    const found = apply({ type: "affine", matrix: matrix as never }, corners);
    apply({ type: "affine", matrix: [a, b, c, d, e, f] }, corners).forEach((v, i) => {
      expect(Math.abs(found[i]! - v)).toBeLessThan(1e-6);
    });
  });

  test("knows without a second fit what a fit without a point would say of it", () => {
    const { places, values, weight } = data(2, 30, 0.3);
    for (const smoothing of [1e-6, 1e-3, 0.1]) {
      const whole = smoother(kind, places, weight).solve(values, smoothing);
      for (const left of [0, 7, 22]) {
        const keep = (p: Float64Array, size: number) => p.filter((_, i) => Math.floor(i / size) !== left);
        const w = keep(weight, 1);
        // Weights are relative to their mean, so the smoothing must be kept relative to it too.
        const sum = (v: Float64Array) => v.reduce((s, x) => s + x, 0);
        const factor = kind === "tps" ? sum(weight) / sum(w) : sum(weight) / sum(w);
        const rest = smoother(kind, keep(places, 2), w).solve(keep(values, 2), smoothing * factor);
        const p = apply(rest.transform, places.slice(2 * left, 2 * left + 2) as Points<"world">);
        const wanted = [p[0]! - values[2 * left]!, p[1]! - values[2 * left + 1]!];
        // The unit of length, and for a B-spline the affine part, are also those of the rest: nearly the same.
        const tolerance = 0.1 + 0.15 * Math.abs(wanted[0]!) + 0.15 * Math.abs(wanted[1]!);
        expect(Math.abs(whole.heldOut[2 * left]! - wanted[0]!)).toBeLessThan(tolerance);
        expect(Math.abs(whole.heldOut[2 * left + 1]! - wanted[1]!)).toBeLessThan(tolerance);
      }
    }
  });

  test("knows what a fit without a whole neighbourhood would say of it", () => {
    const { places, values, weight } = data(2, 90, 0.3);
    const [parts] = neighbourhoods(places, 250);
    const left = parts!.reduce((most, part) => (part.length > most.length ? part : most));
    expect(left.length).toBeGreaterThan(4);
    for (const smoothing of [1e-4, 1e-2, Number.POSITIVE_INFINITY]) {
      const made = {
        tps: () => thinPlateSmoother(arena, places, weight, [parts!]),
        bspline: () => latticeSmoother(places, weight, lattice, [parts!]),
      };
      const whole = made[kind]();
      if (!whole.ok) throw new Error();
      const { heldOut } = whole.value.solve(values, smoothing);
      const keep = (p: Float64Array, size: number) => p.filter((_, i) => !left.includes(Math.floor(i / size)));
      const w = keep(weight, 1);
      const sum = (v: Float64Array) => v.reduce((s, x) => s + x, 0);
      const rest = smoother(kind, keep(places, 2), w).solve(keep(values, 2), (smoothing * sum(weight)) / sum(w));
      for (const i of left) {
        const p = apply(rest.transform, places.slice(2 * i, 2 * i + 2) as Points<"world">);
        for (let c = 0; c < 2; c++) {
          const wanted = p[c]! - values[2 * i + c]!;
          expect(Math.abs(heldOut[2 * i + c]! - wanted)).toBeLessThan(0.2 + 0.2 * Math.abs(wanted));
        }
      }
    }
  });

  test.each([
    [0.1, 0.12],
    [0.5, 0.4],
  ])("of 300 points with %f px of noise in each coordinate errs by less than %f px", (noise, most) => {
    const { places, values, weight, truth } = data(3, 300, noise);
    const s = smoother(kind, places, weight);
    const { transform } = s.solve(values, chooseSmoothing(s, values));
    expect(rmsError(transform, truth)).toBeLessThan(most);
  });

  test("finds no bending where there is none", () => {
    const { places, values, weight } = data(4, 100, 0.3);
    const straight = fitMap("affine", places, values, undefined, weight);
    if (!straight.ok) throw new Error();
    const [a, b, c, d, e, f] = straight.value;
    const random = seededRandom(9);
    const flat = apply({ type: "affine", matrix: [a, b, c, d, e, f] }, places).map((v) => v + 0.3 * gauss(random));
    const s = smoother(kind, places, weight);
    const { transform } = s.solve(flat, chooseSmoothing(s, flat));
    const [i, j, k, l, m, n] = invertAffine([a, b, c, d, e, f]);
    const lattice = grid();
    const back = apply({ type: "affine", matrix: [i, j, k, l, m, n] }, apply(transform, lattice));
    const worst = Math.max(...back.map((v, at) => Math.abs(v - lattice[at]!)));
    expect(worst).toBeLessThan(0.35);
  });
});

test("points on a line, in one place, or too few are told", () => {
  const line = Float64Array.from({ length: 20 }, (_, i) => (i % 2 ? 3 * i : i - 1));
  expect(thinPlateSmoother(arena, line, new Float64Array(10).fill(1))).toMatchObject({
    diagnostics: [{ code: "collinear" }],
  });
  const one = new Float64Array(20).fill(4);
  expect(thinPlateSmoother(arena, one, new Float64Array(10).fill(1))).toMatchObject({
    diagnostics: [{ code: "collinear" }],
  });
  expect(thinPlateSmoother(arena, Float64Array.of(1, 2, 3, 5), Float64Array.of(1, 1))).toMatchObject({
    diagnostics: [{ code: "too-few-points" }],
  });
});

function grid(): Points<"world"> {
  return worldPoints(
    Array.from({ length: 2 * 400 }, (_, i) => {
      const k = Math.floor(i / 2);
      return 5e5 + (i % 2 ? 60 + Math.floor(k / 20) * 35 : 60 + (k % 20) * 45);
    }),
  );
}

function rmsError(transform: Transform, truth: (x: number, y: number) => readonly [number, number]): number {
  const places = grid();
  const mapped = apply(transform, places);
  let sum = 0;
  for (let i = 0; i < places.length; i += 2) {
    const [u, v] = truth(places[i]!, places[i + 1]!);
    sum += ((mapped[i]! - u) ** 2 + (mapped[i + 1]! - v) ** 2) / (places.length / 2);
  }
  return Math.sqrt(sum);
}
