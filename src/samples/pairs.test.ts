import { describe, expect, test } from "vitest";
import { wholeWindow } from "../core/grid.js";
import type { Image } from "../core/image.js";
import { worldPoints } from "../core/points.js";
import { apply } from "../core/transform.js";
import { sampleNames, samplePair } from "./pairs.js";
import { aboutCentre, errorAgainst, truthCsv, truthOf } from "./truth.js";

const digest = (data: ArrayLike<number>) => {
  let h = 2166136261;
  for (let i = 0; i < data.length; i++) h = Math.imul(h ^ data[i]!, 16777619);
  return h >>> 0;
};

const all = async (image: Image) => (await image.read(wholeWindow(image.grid))).data;

/** Linear interpolation of one band, or undefined outside. */
function sampleAt(data: ArrayLike<number>, width: number, height: number, x: number, y: number): number | undefined {
  const i = Math.floor(x);
  const j = Math.floor(y);
  if (i < 0 || j < 0 || i + 1 >= width || j + 1 >= height) return undefined;
  const u = x - i;
  const v = y - j;
  const at = (dx: number, dy: number) => data[(j + dy) * width + i + dx]!;
  return (1 - v) * ((1 - u) * at(0, 0) + u * at(1, 0)) + v * ((1 - u) * at(0, 1) + u * at(1, 1));
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (v: readonly number[]) => v.reduce((s, x) => s + x, 0) / v.length;
  const [ma, mb] = [mean(a), mean(b)];
  const sum = (f: (i: number) => number) => a.reduce((s, _, i) => s + f(i), 0);
  return (
    sum((i) => (a[i]! - ma) * (b[i]! - mb)) / Math.sqrt(sum((i) => (a[i]! - ma) ** 2) * sum((i) => (b[i]! - mb) ** 2))
  );
}

/** How well the fixed image agrees with the moving one, read through a map of positions. */
async function agreement(fixed: Image, moving: Image, map: (x: number, y: number, out: Float64Array) => void) {
  const [f, m] = [await all(fixed), await all(moving)];
  const { width, height } = moving.grid;
  const at = new Float64Array(2);
  const seen: [number[], number[]] = [[], []];
  for (let y = 0; y < fixed.grid.height; y += 2) {
    for (let x = 0; x < fixed.grid.width; x += 2) {
      map(x, y, at);
      const value = sampleAt(m, width, height, at[0]!, at[1]!);
      if (value === undefined) continue;
      seen[0].push(f[y * fixed.grid.width + x]!);
      seen[1].push(value);
    }
  }
  return correlation(...seen);
}

/** Digests of the fixed and the moving image at 96 x 96. When they change, every figure measured on samples changes too. */
const known: Readonly<Record<string, readonly [number, number]>> = {
  stains: [2920354553, 1934070549],
  sections: [935040801, 2411124835],
  cells: [3749089269, 1126645619],
  terrain: [1723759404, 3848077306],
};

describe.each(sampleNames)("sample %s", (name) => {
  const pair = samplePair(name, { size: 224, noise: 0.005 });

  test("shows the same thing where the truth says so, and not two pixels beside", async () => {
    const right = Math.abs(await agreement(pair.fixed, pair.moving, pair.truth.movingFromFixed));
    const beside = Math.abs(
      await agreement(pair.fixed, pair.moving, (x, y, out) => {
        pair.truth.movingFromFixed(x, y, out);
        out[0]! += 2;
      }),
    );
    expect(right).toBeGreaterThan(0.55); // the stains and the seasons differ, so that it is far from 1
    expect(right).toBeGreaterThan(beside + 0.02);
  });

  test("gives the same bytes each time, and other bytes for another seed", async () => {
    const first = digest(await all(pair.moving));
    expect(digest(await all(samplePair(name, { size: 224, noise: 0.005 }).moving))).toBe(first);
    expect(digest(await all(samplePair(name, { size: 224, noise: 0.005, seed: 2 }).moving))).not.toBe(first);
  });

  test("gives the bytes that it has always given, in every engine", async () => {
    const small = samplePair(name, { size: 96 });
    expect([digest(await all(small.fixed)), digest(await all(small.moving))]).toEqual(known[name]);
  });

  test("can be read in windows and by bands", async () => {
    const whole = await pair.moving.read(wholeWindow(pair.moving.grid));
    const last = pair.moving.bands.length - 1;
    const part = await pair.moving.read({ x: 100, y: 61, width: 13, height: 7 }, { bands: [last] });
    for (let y = 0; y < 7; y++) {
      const from = (last * 224 + 61 + y) * 224 + 100;
      expect([...part.data.subarray(y * 13, y * 13 + 13)]).toEqual([...whole.data.subarray(from, from + 13)]);
    }
  });

  test("labels agree between the images where the truth says so", async () => {
    if (!pair.labels) return expect(name).toBe("terrain");
    const [f, m] = [await all(pair.labels.fixed), await all(pair.labels.moving)];
    const at = new Float64Array(2);
    let same = 0;
    let different = 0;
    for (let y = 0; y < 224; y++) {
      for (let x = 0; x < 224; x++) {
        const label = f[y * 224 + x]!;
        pair.truth.movingFromFixed(x, y, at);
        const [i, j] = [Math.round(at[0]!), Math.round(at[1]!)];
        if (label === 0 || i < 0 || j < 0 || i >= 224 || j >= 224) continue;
        if (m[j * 224 + i] === label) same++;
        else different++;
      }
    }
    expect(same).toBeGreaterThan(1000);
    expect(different / same).toBeLessThan(0.15); // rims, by up to half a pixel
  });
});

describe("truth", () => {
  test("the map agrees with the transform", () => {
    const { truth } = samplePair("terrain", { size: 300 });
    const out = new Float64Array(2);
    truth.movingFromFixed(17.25, 201.5, out);
    const mapped = apply(truth.transform!, worldPoints([17.25, 201.5]));
    expect(out[0]).toBeCloseTo(mapped[0]!, 10);
    expect(out[1]).toBeCloseTo(mapped[1]!, 10);
  });

  test("the error of a map that is off by 3 and 4 pixels is 5", () => {
    const truth = truthOf(aboutCentre(100, 100, { turn: 0.1 }));
    const error = errorAgainst(
      truth,
      (x, y, out) => {
        truth.movingFromFixed(x, y, out);
        out[0]! += 3;
        out[1]! -= 4;
      },
      { width: 100, height: 100 },
    );
    expect(error.rms).toBeCloseTo(5, 9);
    expect(error.max).toBeCloseTo(5, 9);
  });

  test("tie points lie inside of both images", () => {
    const pair = samplePair("stains", { size: 200 });
    const rows = truthCsv(pair.truth, pair.fixed.grid, pair.moving.grid).trim().split("\n").slice(2);
    expect(rows.length).toBeGreaterThan(80);
    for (const row of rows) for (const v of row.split(",").map(Number)) expect(v >= 0 && v <= 199, row).toBe(true);
  });
});
