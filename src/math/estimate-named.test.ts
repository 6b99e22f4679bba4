import { describe, expect, test } from "vitest";
import type { Matches } from "../core/matches.js";
import { worldPoints } from "../core/points.js";
import type { Registration } from "../core/registration.js";
import { apply } from "../core/transform.js";
import type { Metrics } from "../core/verdict.js";
import { estimateFromMatches } from "./estimate.js";
import { findMisfits, jackknife, leaveOneOut } from "./leave-out.js";
import { seededRandom } from "./random.js";

const affine = [0.9, -0.3, 40, 0.35, 1.05, -12] as const;
const at = ([a, b, c, d, e, f]: readonly number[], x: number, y: number) => [
  a! * x + b! * y + c!,
  d! * x + e! * y + f!,
];

/** Points over 400 x 300 with noise (standard deviation about `noise`) on the moving side. */
function landmarks(n: number, { seed = 1, noise = 1, map = affine as readonly number[] } = {}): Matches {
  const random = seededRandom(seed);
  const fixed: number[] = [];
  const moving: number[] = [];
  const wobble = () => noise * (random() + random() + random() - 1.5) * 2;
  for (let i = 0; i < n; i++) {
    // Spread out, so that no draw is degenerate.
    const [x, y] = [((i % 4) + random()) * 100, (Math.floor((i % 12) / 4) + random()) * 100];
    const [u, v] = at(map, x, y);
    fixed.push(x, y);
    moving.push(u! + wobble(), v! + wobble());
  }
  const names = Array.from({ length: n }, (_, i) => `p${i}`);
  return { fixed: worldPoints(fixed), moving: worldPoints(moving), names };
}

const context = () => ({
  signal: new AbortController().signal,
  random: seededRandom(1),
  memory: 1e9,
  progress: () => {},
});
const options = { inlierDistance: { value: 3, unit: "px" }, guided: true, confidence: 0.9999 } as const;
interface Ran {
  readonly status: string;
  readonly codes: readonly string[];
  readonly transform?: Registration;
  readonly matches?: Matches;
  readonly metrics?: Metrics;
}
async function run(family: Parameters<typeof estimateFromMatches>[0], matches: Matches, more = {}): Promise<Ran> {
  const outcome = await estimateFromMatches(family, matches, { ...options, ...more }, context());
  if (!outcome.ok) return { status: "failed", codes: outcome.diagnostics.map((d) => d.code) };
  const { verdict, value } = outcome;
  return { status: verdict!.status, codes: verdict!.reasons.map((r) => r.code), ...value, metrics: verdict!.metrics };
}

describe("few points with names", () => {
  test.each([
    ["similarity", 3],
    ["similarity", 4],
    ["affine", 5],
    ["affine", 12],
    ["projective", 12],
  ] as const)("%s from %i points is accepted", async (family, n) => {
    const map = family === "similarity" ? [0.8, -0.5, 10, 0.5, 0.8, -3] : affine;
    const { status, codes } = await run(family, landmarks(n, { map }));
    expect({ status, codes }).toEqual({ status: "accepted", codes: [] });
  });

  test.each([
    ["similarity", 2],
    ["affine", 3],
    ["projective", 4],
  ] as const)("%s from %i points is suspect: nothing tells the error", async (family, n) => {
    const { status, codes } = await run(family, landmarks(n));
    expect({ status, codes }).toEqual({ status: "suspect", codes: ["no-point-to-spare", "error-unknown"] });
  });

  test("fewer than the map needs are refused", async () => {
    expect((await run("affine", landmarks(2))).codes).toEqual(["too-few-matches"]);
  });

  test("points that disagree are refused, whatever their number", async () => {
    const { fixed, moving, names } = landmarks(12);
    const turned = Float64Array.from(moving, (_, k) => moving[(k + 10) % 24]!);
    const { status, codes } = await run("affine", { fixed, moving: worldPoints(turned), names: names! });
    expect(status).toBe("rejected");
    expect(codes).toContain("points-disagree");
  });

  test("confidence is weight", async () => {
    const good = landmarks(8);
    const moving = worldPoints(good.moving);
    moving[0]! += 25;
    const weight = new Float64Array(8).fill(1);
    weight[0] = 1e-4;
    const [even, weighed] = [
      await run("affine", { ...good, moving }),
      await run("affine", { ...good, moving, weight }),
    ];
    expect(weighed.metrics!["held-out-rmse"]!.value).toBeLessThan(4);
    expect(even.codes).not.toEqual([]);
  });

  test("auto takes the stiffest that predicts points left out", async () => {
    const similar = await run("auto", landmarks(8, { map: [0.8, -0.5, 10, 0.5, 0.8, -3] }));
    const [a, b, , d, e] = (similar.transform!.transform as { matrix: readonly number[] }).matrix;
    expect([a! - e!, b! + d!].map(Math.abs).every((v) => v < 1e-9)).toBe(true);
    const sheared = await run("auto", landmarks(8));
    expect(sheared.metrics!["held-out-rmse"]!.value).toBeLessThan(5);
  });
});

describe("slips", () => {
  test("one point far off is named and left out", async () => {
    const matches = landmarks(10);
    const moving = worldPoints(matches.moving);
    moving[6]! += 90;
    const found = await run("affine", { ...matches, moving });
    expect(found.codes).toEqual(["point-out-of-line"]);
    expect(found.matches!.inlier![3]).toBe(0);
    const [x, y] = apply(found.transform!.transform, worldPoints([200, 150]));
    const [u, v] = at(affine, 200, 150);
    expect(Math.hypot(x! - u!, y! - v!)).toBeLessThan(2);
  });

  test("two points that were taken for each other are named", async () => {
    const matches = landmarks(9);
    const moving = worldPoints(matches.moving);
    moving.copyWithin(4, 12, 14);
    moving.set(matches.moving.subarray(4, 6), 12);
    const found = await run("affine", { ...matches, moving });
    expect(found.codes).toEqual(["points-swapped"]);
    expect(found.matches!.inlier!.indexOf(0)).toBe(2);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])("points as people set them are left alone (seed %i)", (seed) => {
    const { fixed, moving } = landmarks(10, { seed, noise: 3 });
    const weight = new Float64Array(10).fill(1);
    const mean = (p: Float64Array, use: Int32Array, axis: number) =>
      use.reduce((sum, i) => sum + p[2 * i + axis]!, 0) / use.length;
    const shift = (from: Float64Array, to: Float64Array) => (use: Int32Array) => {
      const [dx, dy] = [0, 1].map((axis) => mean(to, use, axis) - mean(from, use, axis));
      return { ok: true as const, value: (p: Float64Array) => p.map((v, k) => v + (k % 2 ? dy! : dx!)) };
    };
    expect(findMisfits(shift, fixed, moving, weight, 1)).toEqual({ odd: [], swapped: [] });
  });
});

test("a mirror image is refused unless it is allowed", async () => {
  const over = landmarks(8, { map: [-0.8, 0.1, 400, 0.1, 0.8, 0] });
  for (const family of ["similarity", "affine"] as const) {
    expect((await run(family, over)).status).toBe("rejected");
    expect(await run(family, over, { reflection: "allow" })).toMatchObject({ status: "accepted", codes: [] });
  }
  // Allowed does not mean wanted.
  const plain = await run("similarity", landmarks(8, { map: [0.8, 0.1, 0, -0.1, 0.8, 0] }), { reflection: "allow" });
  expect(plain.status).toBe("accepted");
  const { names: _, ...unnamed } = over;
  expect((await run("affine", unnamed, { reflection: "allow" })).codes).toEqual(["reflection-needs-names"]);
});

test.each([1, 2, 3, 4, 5, 6])("the expected error is near the true one (seed %i)", async (seed) => {
  const found = await run("affine", landmarks(12, { seed, noise: 2 }));
  let sum = 0;
  for (let k = 0; k < 100; k++) {
    const [x, y] = [(k % 10) * 40, Math.floor(k / 10) * 30];
    const [u, v] = apply(found.transform!.transform, worldPoints([x, y]));
    const [tu, tv] = at(affine, x, y);
    sum += (u! - tu!) ** 2 + (v! - tv!) ** 2;
  }
  const truth = Math.sqrt(sum / 100);
  const expected = found.metrics!["expected-error"]!.value;
  // It counts what one landmark is off besides, since the tissue between landmarks may be as far off as they are.
  expect(expected / truth).toBeGreaterThan(0.9);
  expect(expected / truth).toBeLessThan(6);
});

test("leaving out tells the same as fitting again by hand, and the jackknife of a mean is its standard error", () => {
  const fixed = Float64Array.of(0, 0, 0, 0, 0, 0, 0, 0);
  const moving = Float64Array.of(1, 0, 3, 0, 5, 0, 7, 0);
  const mean = (use: Int32Array) => {
    const x = use.reduce((sum, i) => sum + moving[2 * i]!, 0) / use.length;
    return { ok: true as const, value: (p: Float64Array) => p.map((_, k) => (k % 2 ? 0 : x)) };
  };
  const left = leaveOneOut(mean, fixed, moving, Int32Array.of(0, 1, 2, 3), new Float64Array(4).fill(1));
  expect([...left.residual].map((r) => Number(r.toFixed(9)))).toEqual(
    [4, 4 / 3, 4 / 3, 4].map((r) => Number(r.toFixed(9))),
  );
  // Standard deviation of 1, 3, 5, 7 is √(20/3); its standard error, that by two.
  expect(jackknife(left.maps, Float64Array.of(9, 9))).toBeCloseTo(Math.sqrt(20 / 3) / 2, 12);
});
