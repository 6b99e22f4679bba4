import { describe, expect, test } from "vitest";
import { texturedScene, viewImage } from "../../test/support/scene.js";
import { applyAffine, type Grid, pixelGrid } from "../core/grid.js";
import type { Image } from "../core/image.js";
import type { Matches } from "../core/matches.js";
import type { Context } from "../core/plugin.js";
import { type Points, worldPoints } from "../core/points.js";
import { apply, applyMatrix3, asMatrix3, type Matrix3 } from "../core/transform.js";
import { estimateFromMatches } from "./estimate.js";
import type { Family } from "./fit.js";
import { seededRandom } from "./random.js";

const size = 360;
const truths: Readonly<Record<Family, Matrix3>> = {
  translation: [1, 0, 9.4, 0, 1, -6.3, 0, 0, 1],
  rigid: [0.9848, -0.1736, 30, 0.1736, 0.9848, -24, 0, 0, 1],
  similarity: [1.1, -0.3, 20, 0.3, 1.1, -30, 0, 0, 1],
  affine: [1.05, 0.12, -20, -0.08, 0.93, 25, 0, 0, 1],
  projective: [1.02, 0.08, -10, -0.05, 0.97, 15, 2e-4, -1e-4, 1],
};

/** Exact on rotation to the digits that a double has. */
function truthOf(family: Family): Matrix3 {
  const m = truths[family];
  if (family !== "rigid") return m;
  const length = Math.sqrt(m[0] * m[0] + m[3] * m[3]);
  return [m[0] / length, m[1] / length, m[2], m[3] / length, m[4] / length, m[5], 0, 0, 1];
}

interface Case {
  readonly family: Family;
  readonly seed: number;
  readonly grid?: Grid;
  readonly movingScene?: number;
  readonly noise?: number;
}

/** A pair of views of one scene, and tie points of which 40 % are wrong and the others a pixel off. */
function pairOf({ family, seed, grid = pixelGrid(size, size), movingScene = seed, noise = 3 }: Case): Matches {
  const truth = truthOf(family);
  const fixed = viewImage(texturedScene(seed), { width: size, height: size, noise, seed: seed + 1, grid });
  // The moving image shows at pixel T(p) what the fixed one shows at p: sceneFromPixel is the inverse of the truth.
  const inverse = asMatrix3({ type: "inverse", of: { type: "projective", matrix: truth } })!;
  const moving = viewImage(texturedScene(movingScene), {
    width: size,
    height: size,
    sceneFromPixel: inverse,
    noise,
    seed: seed + 2,
    grid,
  });
  const random = seededRandom(seed);
  const points = Float64Array.from({ length: 160 }, () => 20 + random() * (size - 40));
  const mapped = applyMatrix3(truth, points);
  for (let i = 0; i < 80; i++) {
    const wrong = i % 5 < 2;
    mapped[2 * i] = wrong ? random() * size : mapped[2 * i]! + 2 * random() - 1;
    mapped[2 * i + 1] = wrong ? random() * size : mapped[2 * i + 1]! + 2 * random() - 1;
  }
  const toWorld = (p: Float64Array) => applyAffine(grid.worldFromPixel, p) as Points<"world">;
  return { fixed: toWorld(points), moving: toWorld(mapped), images: { fixed, moving } };
}

const context = (seed = 1): Context => ({
  signal: new AbortController().signal,
  random: seededRandom(seed),
  memory: 1e9,
  progress() {},
});
const options = { inlierDistance: { value: 3, unit: "px" }, guided: true, confidence: 0.9999 } as const;

async function estimate(c: Case) {
  const outcome = await estimateFromMatches(c.family, pairOf(c), options, context());
  if (!outcome.ok) throw new Error(outcome.diagnostics[0]!.message);
  return outcome;
}

/** Root mean square distance from the truth over the places of the fixed image that the moving one shows, pixels. */
function trueError(family: Family, found: Awaited<ReturnType<typeof estimate>>): number {
  const truth = truthOf(family);
  let sum = 0;
  let count = 0;
  for (let y = 0; y < size; y += 20) {
    for (let x = 0; x < size; x += 20) {
      const [u, v] = applyMatrix3(truth, Float64Array.from([x, y])) as unknown as [number, number];
      if (!(u > 0 && v > 0 && u < size && v < size)) continue;
      const [a, b] = apply(found.value.transform.transform, worldPoints([x, y])) as unknown as [number, number];
      sum += (a - u) ** 2 + (b - v) ** 2;
      count++;
    }
  }
  return Math.sqrt(sum / count);
}

describe.each(Object.keys(truths) as Family[])("%s", (family) => {
  test.each([1, 2, 3])(
    "the guided pass finds the truth to a thirtieth of a pixel, and says so (seed %i)",
    async (seed) => {
      const found = await estimate({ family, seed });
      const error = trueError(family, found);
      expect(error).toBeLessThan(0.035);
      expect(found.verdict?.status).toBe("accepted");
      const stated = found.metrics!["expected-error"]!.value;
      expect(stated).toBeLessThan(0.1);
      expect(error).toBeLessThan(4 * stated + 0.01);
    },
  );

  test("images that show different scenes are rejected, with reasons and what to try", async () => {
    const matches = pairOf({ family, seed: 7, movingScene: 99 });
    const random = seededRandom(5);
    const chance = { ...matches, moving: matches.moving.map(() => random() * size) as Points<"world"> };
    const outcome = await estimateFromMatches(family, chance, options, context());
    if (!outcome.ok) return;
    expect(outcome.verdict?.status).toBe("rejected");
    expect(outcome.verdict?.reasons.every((r) => r.hint !== undefined)).toBe(true);
  });
});

test("moving the world moves the answer with it", async () => {
  const here = await estimate({ family: "affine", seed: 4 });
  const grid: Grid = { width: size, height: size, worldFromPixel: [0.5, 0, 1000, 0, 0.5, -2000], crs: "um" };
  const there = await estimate({ family: "affine", seed: 4, grid });
  const corner = Float64Array.from([17, 33]);
  const a = apply(here.value.transform.transform, worldPoints(corner));
  const b = apply(there.value.transform.transform, worldPoints(applyAffine(grid.worldFromPixel, corner)));
  // To a two-hundredth of a pixel: the neighbourhoods that share weight lie on a lattice of the world, which has moved.
  expect(b[0]).toBeCloseTo(0.5 * a[0]! + 1000, 2);
  expect(b[1]).toBeCloseTo(0.5 * a[1]! - 2000, 2);
});

test("the same inputs and seed give the same bytes", async () => {
  const once = await estimate({ family: "affine", seed: 3 });
  const twice = await estimate({ family: "affine", seed: 3 });
  expect(twice.value.transform).toEqual(once.value.transform);
  expect(twice.value.matches.fixed).toEqual(once.value.matches.fixed);
});

test("too few tie points are a failure with a reason", async () => {
  const outcome = await estimateFromMatches(
    "affine",
    { fixed: worldPoints([1, 2]), moving: worldPoints([3, 4]) },
    options,
    context(),
  );
  expect(!outcome.ok && outcome.diagnostics[0]!.code).toBe("too-few-matches");
});

test("a coordinate that is not finite is a failure with a reason", async () => {
  const bad = worldPoints([1, 2, Number.NaN, 4, 5, 6, 7, 8]);
  const outcome = await estimateFromMatches("affine", { fixed: bad, moving: bad }, options, context());
  expect(!outcome.ok && outcome.diagnostics[0]!.code).toBe("matches-not-finite");
});

test("tie points without images are fitted and judged too", async () => {
  const { fixed, moving } = pairOf({ family: "affine", seed: 2 });
  const outcome = await estimateFromMatches("affine", { fixed, moving }, options, context());
  expect(outcome.ok && outcome.verdict?.status).toBe("accepted");
  expect(outcome.ok && outcome.metrics?.overlap).toBeUndefined();
});

test("different scenes that share a caption are not accepted", async () => {
  const width = 480;
  const caption = texturedScene(77);
  const view = (seed: number): Image => {
    const scene = texturedScene(seed);
    // The lower eighth is the same in both, as a scale bar with text would be.
    const both = { at: (x: number, y: number) => (y > 0.875 * width ? caption.at(x, y) : scene.at(x, y)) };
    return viewImage(both, { width, height: width, noise: 2, seed });
  };
  const random = seededRandom(3);
  // A matcher finds the caption: 60 tie points in it, right to half a pixel, and 20 strays.
  const points = Float64Array.from({ length: 160 }, (_, i) =>
    i % 2 ? 0.885 * width + random() * 0.1 * width : random() * width,
  );
  const there = points.map((v, i) => (i < 120 ? v + random() - 0.5 : random() * width));
  const matches: Matches = {
    fixed: worldPoints(points),
    moving: worldPoints(there),
    images: { fixed: view(1), moving: view(2) },
  };
  const outcome = await estimateFromMatches("affine", matches, options, context());
  expect(outcome.ok && outcome.verdict?.status).not.toBe("accepted");
  expect(outcome.ok && outcome.verdict?.reasons.map((r) => r.code)).toContain("small-agreement");
});

describe("auto", () => {
  test.each(["similarity", "affine", "projective"] as const)(
    "takes the stiffest model that does: %s",
    async (family) => {
      for (const seed of [1, 2]) {
        const outcome = await estimateFromMatches("auto", pairOf({ family, seed }), options, context());
        if (!outcome.ok) throw new Error(outcome.diagnostics[0]!.message);
        expect(outcome.verdict?.status).toBe("accepted");
        expect(trueError(family, outcome)).toBeLessThan(0.035);
        const { transform } = outcome.value.transform;
        expect(transform.type).toBe(family === "projective" ? "projective" : "affine");
        const [a, b, , d, e] = (transform as { matrix: readonly number[] }).matrix;
        if (family === "similarity") expect([e, d]).toEqual([a, -b!]);
        else expect(Math.abs(a! - e!) + Math.abs(b! + d!)).toBeGreaterThan(0.02);
      }
    },
  );

  test("few tie points are met by a stiff map, not bent to", async () => {
    const { fixed, moving } = pairOf({ family: "rigid", seed: 5 });
    const outcome = await estimateFromMatches(
      "auto",
      { fixed: fixed.slice(0, 30) as Points<"world">, moving: moving.slice(0, 30) as Points<"world"> },
      options,
      context(),
    );
    if (!outcome.ok) throw new Error(outcome.diagnostics[0]!.message);
    const { transform } = outcome.value.transform;
    expect(transform.type === "affine" && transform.matrix[0]).toBe(transform.type === "affine" && transform.matrix[4]);
  });
});
