import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Grid } from "../../core/grid.js";
import type { Image } from "../../core/image.js";
import type { Matches } from "../../core/matches.js";
import type { Context } from "../../core/plugin.js";
import { worldPoints } from "../../core/points.js";
import { seededRandom } from "../../core/random.js";
import { apply } from "../../core/transform.js";
import { type BendingOptions, estimateBending } from "./estimate-bending.js";
import type { BendingModel } from "./grouped-fit.js";

const context = (signal = new AbortController().signal): Context => ({
  ...{ signal, random: seededRandom(1), memory: 1e9, progress() {} },
});
const options: BendingOptions = {
  ...{ inlierDistance: { value: 3, unit: "px" }, smoothing: undefined, outliers: "auto" },
  ...{ maxKnots: 300, reflection: "refuse", confidence: 0.9999 },
};
const models: readonly BendingModel[] = ["tps", "bspline"];

/** A smooth bend of up to 12 px besides an affine map, of a plane of 800 by 600. */
const truth = (x: number, y: number): readonly [number, number] => [
  1.02 * x + 0.05 * y + 4 + 7 * Math.sin(x / 130) * Math.cos(y / 160),
  -0.04 * x + 0.99 * y - 9 + 6 * Math.cos(y / 120 + x / 300) + 5 * Math.sin(x / 200),
];
const grid: Grid = { width: 800, height: 600, worldFromPixel: [1, 0, 0, 0, 1, 0], crs: "px" };

/** Tie points with noise of `sigma` in each coordinate, of which a share is anywhere in the moving plane. */
function ties(seed: number, n: number, sigma: number, wrong = 0): Matches {
  const random = seededRandom(seed);
  const gauss = () => (random() + random() + random() + random() + random() + random() - 3) * Math.SQRT2;
  const [fixed, moving] = [new Float64Array(2 * n), new Float64Array(2 * n)];
  for (let i = 0; i < n; i++) {
    const [x, y] = [random() * 799, random() * 599];
    const [u, v] = i < wrong * n ? [random() * 800, random() * 600] : truth(x, y);
    fixed.set([x, y], 2 * i);
    moving.set([u + sigma * gauss(), v + sigma * gauss()], 2 * i);
  }
  return { fixed: worldPoints(fixed), moving: worldPoints(moving), detected: { fixed: 2 * n, moving: 2 * n } };
}

async function estimate(model: BendingModel, matches: Matches, more: Partial<BendingOptions> = {}) {
  const outcome = await estimateBending(model, matches, { ...options, ...more }, context());
  if (!outcome.ok) throw new Error(outcome.diagnostics[0]!.message);
  return outcome;
}
type Found = Awaited<ReturnType<typeof estimate>>;

const metric = (found: Found, name: string) => found.metrics![name]!.value;
const codes = (found: Found) => found.verdict!.reasons.map((reason) => reason.code);

/** Root mean square distance from the truth, 50 px and more inside of the plane. */
function trueError({ value }: Found): number {
  const places = worldPoints(
    Array.from({ length: 20 * 15 * 2 }, (_, i) => {
      const k = Math.floor(i / 2);
      return i % 2 ? 50 + Math.floor(k / 20) * 35 : 50 + (k % 20) * 36;
    }),
  );
  const mapped = apply(value.transform.transform, places);
  let sum = 0;
  for (let i = 0; i < places.length; i += 2) {
    const [u, v] = truth(places[i]!, places[i + 1]!);
    sum += (mapped[i]! - u) ** 2 + (mapped[i + 1]! - v) ** 2;
  }
  return Math.sqrt(sum / (places.length / 2));
}

/** Tie points on a lattice, 20 px apart, whose errors are alike within about 80 px: noise averaged over as much. */
function alike(seed: number, sigma: number): Matches {
  const random = seededRandom(seed);
  const gauss = () => (random() + random() + random() + random() + random() + random() - 3) * Math.SQRT2;
  const [columns, rows, wide] = [40, 30, 4];
  const noise = Float64Array.from({ length: 2 * (columns + wide) * (rows + wide) }, gauss);
  const [fixed, moving] = [[] as number[], [] as number[]];
  for (let row = 0; row < rows; row += 2) {
    for (let column = 0; column < columns; column += 2) {
      const [x, y] = [20 * column, 20 * row];
      const [u, v] = truth(x, y);
      const error = [0, 0];
      for (let j = 0; j < wide; j++)
        for (let i = 0; i < wide; i++)
          for (let c = 0; c < 2; c++)
            error[c] = error[c]! + (sigma / wide) * noise[2 * ((row + j) * (columns + wide) + column + i) + c]!;
      fixed.push(x, y);
      moving.push(u + error[0]!, v + error[1]!);
    }
  }
  return { fixed: worldPoints(fixed), moving: worldPoints(moving), correlation: { length: 80, sharedError: 0 } };
}

describe.each(models)("%s", (model) => {
  test("tells the error of tie points whose errors are alike nearby", async () => {
    for (const seed of [1, 2, 3]) {
      const found = await estimate(model, alike(seed, 2));
      const ratio = metric(found, "expected-error") / trueError(found);
      expect(ratio).toBeGreaterThan(1 / 3);
      expect(ratio).toBeLessThan(3);
    }
  });

  test("follows a smooth bend to a fraction of the noise, and tells its error", async () => {
    for (const [n, sigma, most] of [
      [400, 0.1, 0.1],
      [1500, 0.5, 0.2],
    ] as const) {
      const found = await estimate(model, ties(1, n, sigma));
      expect(found.verdict!.status).toBe("accepted");
      const error = trueError(found);
      expect(error).toBeLessThan(most);
      expect(metric(found, "expected-error")).toBeGreaterThan(error / 3);
      expect(metric(found, "expected-error")).toBeLessThan(3 * error);
      expect(metric(found, "held-out-rmse")).toBeLessThan(2.2 * sigma); // √2 sigma is noise alone
      expect(metric(found, "folded")).toBe(0);
    }
  });

  test("throws out a third of wrong tie points, and hardly any right one", async () => {
    const matches = ties(2, 900, 0.3, 1 / 3);
    const found = await estimate(model, matches);
    expect(found.verdict!.status).toBe("accepted");
    expect(trueError(found)).toBeLessThan(0.25);
    const { inlier, residual } = found.value.matches;
    let [kept, letIn] = [0, 0];
    for (let i = 0; i < 900; i++) {
      if (i >= 300) kept += inlier![i]!;
      else if (inlier![i]! && residual![i]! > 3) letIn++;
    }
    expect(kept).toBeGreaterThan(570);
    expect(letIn).toBe(0);
  });

  test("refuses tie points that have nothing to do with each other", async () => {
    const outcome = await estimateBending(model, ties(3, 300, 0, 1), options, context());
    if (outcome.ok) expect(outcome.verdict!.status).toBe("rejected");
    else expect(outcome.diagnostics[0]!.code).toBe("no-consensus");
  });

  test("doubts tie points of a second look that lie anywhere near its map", async () => {
    const random = seededRandom(8);
    const fixed = worldPoints(Array.from({ length: 600 }, (_, i) => random() * (i % 2 ? 599 : 799)));
    const moving = worldPoints(fixed.map((v) => v + 24 * random() - 12));
    const inlier = Uint8Array.from({ length: 300 }, () => (random() < 0.5 ? 1 : 0));
    const found = await estimate(model, { fixed, moving, inlier, detected: { fixed: 600, moving: 600 } });
    expect(found.verdict!.status).not.toBe("accepted");
  });

  test("is the affine map where nothing bends", async () => {
    const matches = ties(4, 300, 0.3);
    const random = seededRandom(5);
    const moving = matches.fixed.map((v, i) => v * 1.01 + (i % 2 ? 3 : -7) + (random() - 0.5));
    const found = await estimate(model, { ...matches, moving: worldPoints(moving) });
    expect(metric(found, "freedom")).toBeLessThan(20);
    expect(metric(found, "expected-error")).toBeLessThan(0.15);
  });

  test("gives the same in a world of other units, moved with it", async () => {
    const matches = ties(6, 200, 0.2);
    const world: Grid = { ...grid, crs: "EPSG:32633", worldFromPixel: [30, 0, 5e5, 0, -30, 4e6] };
    const image = (g: Grid): Image => ({
      ...{ grid: g, dtype: "uint8", bands: ["gray"], meaning: "intensity", tile: { width: 64, height: 64 } },
      read: async ({ width, height }) => ({ data: new Uint8Array(width * height), width, height, bands: 1 }),
    });
    const there = (p: Float64Array) => worldPoints(p.map((v, i) => (i % 2 ? 4e6 - 30 * v : 5e5 + 30 * v)));
    const plain = await estimate(model, { ...matches, images: { fixed: image(grid), moving: image(grid) } });
    const moved = await estimate(model, {
      ...{ fixed: there(matches.fixed), moving: there(matches.moving), detected: matches.detected! },
      images: { fixed: image(world), moving: image(world) },
    });
    const places = worldPoints([100, 100, 400, 300, 700, 550]);
    const a = apply(plain.value.transform.transform, places);
    const b = apply(moved.value.transform.transform, there(places));
    for (const [i, v] of there(a).entries()) expect(Math.abs(b[i]! - v)).toBeLessThan(3); // a tenth of a pixel
    expect(metric(moved, "expected-error")).toBeCloseTo(metric(plain, "expected-error"), 1);
  });
});

describe("landmarks", () => {
  const marks = (n: number, sigma = 0.5): Matches => {
    const { detected: _, ...matches } = ties(11, n, sigma);
    return matches;
  };

  test("are all kept, and smoothing: 0 goes through each", async () => {
    const matches = marks(14);
    matches.moving[5] = matches.moving[5]! + 9;
    const found = await estimate("tps", matches, { smoothing: 0 });
    expect(Math.max(...found.value.matches.residual!)).toBeLessThan(1e-6);
    expect([...found.value.matches.inlier!].every((v) => v === 1)).toBe(true);
    expect(metric(found, "freedom")).toBeCloseTo(14, 6);
    expect(found.verdict!.status).toBe("accepted");
  });

  test("of a mirrored wing are refused, unless that was asked for", async () => {
    const matches = marks(12);
    const moving = worldPoints(matches.moving.map((v, i) => (i % 2 ? v : 800 - v)));
    const found = await estimate("tps", { ...matches, moving });
    expect(codes(found)).toContain("reflected");
    const asked = await estimate("tps", { ...matches, moving }, { reflection: "allow" });
    expect(asked.verdict!.reasons).toEqual([]);
    expect(metric(asked, "folded")).toBe(0);
  });

  test("with names need not beat chance: they are held against each other", async () => {
    const names = Array.from({ length: 6 }, (_, i) => `p${i}`);
    const six = await estimate("tps", { ...marks(6), names });
    expect(six.verdict!.status).toBe("accepted");
    const random = seededRandom(3);
    const astray = worldPoints(Array.from({ length: 12 }, () => 700 * random()));
    const codesOf = codes(await estimate("tps", { ...marks(6), moving: astray, names }));
    expect(codesOf).toContain("points-disagree");
  });

  test("that are few are suspect, and too few or on a line are told", async () => {
    expect(codes(await estimate("tps", marks(5)))).toContain("few-points");
    const three = await estimate("tps", marks(3));
    expect(three.verdict!.status).toBe("suspect");
    for (const [points, code] of [
      [marks(2), "too-few-points"],
      [{ ...marks(6), fixed: worldPoints(Array.from({ length: 12 }, (_, i) => 3 * i)) }, "collinear"],
      [{ ...marks(6), fixed: worldPoints(new Float64Array(12)) }, "collinear"],
      [{ ...marks(6), moving: worldPoints(new Float64Array(12).fill(Number.NaN)) }, "matches-not-finite"],
    ] as const) {
      const outcome = await estimateBending("tps", points, options, context());
      expect(outcome.ok ? "ok" : outcome.diagnostics[0]!.code).toBe(code);
    }
  });

  test("that were marked twice count as one, at their middle", async () => {
    const matches = marks(10);
    const fixed = worldPoints([...matches.fixed, ...matches.fixed.subarray(0, 2)]);
    const moving = worldPoints([...matches.moving, matches.moving[0]! + 4, matches.moving[1]!]);
    const found = await estimate("tps", { fixed, moving }, { smoothing: 0 });
    const [u, v] = apply(found.value.transform.transform, worldPoints(matches.fixed.subarray(0, 2)));
    expect(u).toBeCloseTo(matches.moving[0]! + 2, 5);
    expect(v).toBeCloseTo(matches.moving[1]!, 5);
  });

  test("that cross over fold the map, which is refused", async () => {
    const matches = marks(20, 0);
    matches.fixed.set([300, 300, 330, 300], 0);
    matches.moving.set([...truth(330, 300), ...truth(300, 300)], 0);
    const found = await estimate("tps", matches, { smoothing: 0 });
    expect(codes(found)).toContain("folds");
    expect(found.verdict!.status).toBe("rejected");
    expect(metric(found, "folded-inside")).toBeGreaterThan(0);
  });

  test("taken out by whoever marked them do not count", async () => {
    const matches = marks(12, 0);
    matches.moving[0] = 700;
    const inlier = new Uint8Array(12).fill(1);
    inlier[0] = 0;
    const found = await estimate("tps", { ...matches, inlier });
    expect(found.value.matches.inlier![0]).toBe(0);
    expect(trueError(found)).toBeLessThan(6);
  });
});

test("cancelling is heeded", async () => {
  await expect(estimateBending("tps", ties(1, 100, 0.1), options, context(AbortSignal.abort()))).rejects.toThrow(
    /abort/i,
  );
});

const wings = new URL("../../../../shared/data/landmarks-wing-to-model/", import.meta.url);
const isThere = existsSync(wings);

/** Mean distance of each landmark from where a map of the others puts it, pixels of the wing. */
async function leaveOneOut(matches: Matches, more: Partial<BendingOptions>): Promise<number> {
  const n = matches.fixed.length / 2;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const keep = (p: Float64Array) => worldPoints(p.filter((_, k) => k >> 1 !== i));
    const found = await estimate("tps", { fixed: keep(matches.fixed), moving: keep(matches.moving) }, more);
    const [u, v] = apply(found.value.transform.transform, worldPoints(matches.fixed.subarray(2 * i, 2 * i + 2)));
    sum += Math.sqrt((u! - matches.moving[2 * i]!) ** 2 + (v! - matches.moving[2 * i + 1]!) ** 2);
  }
  return sum / n;
}

test.skipIf(!isThere)(
  "four wings by 12 landmarks: each, left out, is found about as well as by an affine map",
  async () => {
    for (let k = 1; k <= 4; k++) {
      const rows = readFileSync(new URL(`points_wing_${k}.csv`, wings), "utf8")
        .trim()
        .split("\n")
        .slice(1);
      const cells = rows.map((row) => row.split(",").map(Number));
      const fixed = worldPoints(cells.flatMap((row) => row.slice(0, 2)));
      const moving = worldPoints(cells.flatMap((row) => row.slice(2)));
      const tps = await leaveOneOut({ fixed, moving }, { reflection: "allow" });
      const affine = await leaveOneOut({ fixed, moving }, { reflection: "allow", smoothing: 1e9 });
      if (process.env.TIEPOINT_FIGURES)
        console.log(`wing ${k}: tps ${tps.toFixed(2)} px, affine ${affine.toFixed(2)} px`);
      expect(tps).toBeLessThan(1.2 * affine); // these wings hardly bend, and eleven points say little about how much
      expect((await estimate("tps", { fixed, moving }, { reflection: "allow" })).verdict!.status).toBe("accepted");
    }
  },
);
