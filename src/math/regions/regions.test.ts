import { describe, expect, test } from "vitest";
import { bestLimit, floodFill, momentsOf } from "../../../test/reference/regions.js";
import { kernels } from "../../kernel/lane.js";
import { emptyPlane } from "../plane.js";
import { seededRandom } from "../random.js";
import { measureRegions, roundness } from "./measure.js";
import { connectedRuns, keepRegions, type Runs } from "./runs.js";
import { cleanMask, type SegmentOptions, segmentPlane } from "./segment.js";

const labelsOf = (runs: Runs, width: number, height: number): Int32Array => {
  const out = new Int32Array(width * height);
  for (let k = 0; k < runs.count; k++)
    out.fill(runs.region[k]! + 1, runs.row[k]! * width + runs.start[k]!, runs.row[k]! * width + runs.end[k]!);
  return out;
};

/** Pixels at random, from sparse to dense, of up to three values. */
function speckled(seed: number) {
  const random = seededRandom(seed);
  const [width, height] = [1 + Math.floor(60 * random()), 1 + Math.floor(40 * random())];
  const density = 0.2 + 0.6 * random();
  const most = 1 + Math.floor(3 * random());
  const values = Uint8Array.from({ length: width * height }, () =>
    random() < density ? 1 + Math.floor(most * random()) : 0,
  );
  return { values, width, height };
}

describe.each([true, false])("connected regions, corners count: %s", (eight) => {
  test.each(Array.from({ length: 12 }, (_, k) => k + 1))("are those of a flood fill (seed %i)", (seed) => {
    const { values, width, height } = speckled(seed);
    const runs = connectedRuns(values, width, height, { eight });
    expect(labelsOf(runs, width, height)).toEqual(floodFill(values, width, height, eight));
  });
});

test("a spiral and a comb are one region each", () => {
  const comb = Uint8Array.from({ length: 21 * 9 }, (_, i) =>
    i % 2 === (Math.floor(i / 21) * 21) % 2 || i >= 21 * 8 ? 1 : 0,
  );
  expect(labelsOf(connectedRuns(comb, 21, 9, { eight: false }), 21, 9)).toEqual(floodFill(comb, 21, 9, false));
  const rows = [
    "#########",
    "........#",
    "#######.#",
    "#.....#.#",
    "#.###.#.#",
    "#.#...#.#",
    "#.#####.#",
    "#.......#",
    "#########",
  ];
  const spiral = Uint8Array.from(rows.join(""), (c) => (c === "#" ? 1 : 0));
  expect(connectedRuns(spiral, 9, 9, { eight: false }).regions).toBe(1);
});

test("pixels of one value are one region wherever they are, for labels", () => {
  const values = Uint16Array.of(7, 0, 3, 0, 7, 0, 3, 3, 0, 7);
  const runs = connectedRuns(values, 5, 2, { byValue: true });
  expect(runs.regions).toBe(2);
  expect(Array.from(labelsOf(runs, 5, 2))).toEqual([1, 0, 2, 0, 1, 0, 2, 2, 0, 1]);
});

test.each([1, 2, 3, 4])("moments are those of the pixels, one by one (seed %i)", (seed) => {
  const { values, width, height } = speckled(seed + 40);
  const runs = connectedRuns(values, width, height);
  const labels = labelsOf(runs, width, height);
  const regions = measureRegions(runs, width, height);
  for (let r = 0; r < regions.count; r++) {
    const truth = momentsOf(labels, width, r + 1);
    expect(regions.area[r]).toBe(truth.area);
    for (const key of ["x", "y", "xx", "xy", "yy"] as const) expect(regions[key][r]).toBeCloseTo(truth[key], 8);
    expect(roundness(regions, r)).toBeGreaterThanOrEqual(0);
    expect(roundness(regions, r)).toBeLessThanOrEqual(1);
  }
});

test("regions that are left out leave the others in their order", () => {
  const { values, width, height } = speckled(3);
  const runs = connectedRuns(values, width, height);
  const { area } = measureRegions(runs, width, height);
  const kept = keepRegions(runs, (r) => area[r]! > 2);
  expect(Array.from(measureRegions(kept, width, height).area)).toEqual(Array.from(area).filter((a) => a > 2));
});

test("holes up to a size are filled, bays are not, and small regions go", () => {
  const rows = [
    "########..",
    "#.#....#..",
    "#.#.##.###",
    "###.##.#.#",
    "#......###",
    "########..",
    "..........",
    ".......#..",
  ];
  const mask = Uint8Array.from(rows.join(""), (c) => (c === "#" ? 1 : 0));
  const filled = labelsOf(cleanMask(mask.slice(), 10, 8, 2, 2), 10, 8);
  const shown = (labels: Int32Array) =>
    Array.from({ length: 8 }, (_, y) =>
      Array.from(labels.subarray(10 * y, 10 * y + 10), (v) => (v ? v : ".")).join(""),
    );
  // The hole of two pixels and that of one are gone, the large one stays, with the island in it; the last pixel is too small.
  expect(shown(filled)).toEqual([
    "11111111..",
    "111....1..",
    "111.22.111",
    "111.22.111",
    "1......111",
    "11111111..",
    "..........",
    "..........",
  ]);
});

const plain: SegmentOptions = {
  ...{ method: "otsu", window: 15, offset: 0.1, foreground: "bright", smooth: 0, minArea: 1, maxHole: 0 },
};
function segment(values: Float32Array, width: number, height: number, options: Partial<SegmentOptions>) {
  using arena = kernels().arena();
  const plane = emptyPlane(arena, width, height);
  for (let y = 0; y < height; y++)
    arena.f32(plane.at + 4 * y * plane.stride, width).set(values.subarray(y * width, (y + 1) * width));
  return labelsOf(segmentPlane(arena, plane, { ...plain, ...options }), width, height);
}

test.each([1, 2, 3])("Otsu's limit parts values as trying all of them does (seed %i)", (seed) => {
  const random = seededRandom(seed);
  const values = Float32Array.from({ length: 600 }, () => (random() < 0.3 ? 50 + 8 * random() : 20 + 12 * random()));
  const limit = bestLimit(values);
  const labels = segment(values, 30, 20, {});
  values.forEach((v, i) => {
    expect(labels[i]! > 0).toBe(v > limit);
  });
});

test("a limit for each neighbourhood finds spots on uneven ground, bright or dark, and NaN is ground", () => {
  const spot = (x: number, y: number) => x % 16 > 5 && x % 16 < 10 && y % 16 > 5 && y % 16 < 10;
  const values = (sign: number) =>
    Float32Array.from({ length: 96 * 64 }, (_, i) => {
      const [x, y] = [i % 96, Math.floor(i / 96)];
      return x < 3 ? Number.NaN : 4 * x + (spot(x, y) ? 60 * sign : 0);
    });
  for (const [sign, foreground] of [
    [1, "bright"],
    [-1, "dark"],
  ] as const) {
    const labels = segment(values(sign), 96, 64, { method: "adaptive", foreground, minArea: 8 });
    labels.forEach((l, i) => {
      const [x, y] = [i % 96, Math.floor(i / 96)];
      if (x > 8 && x < 88) expect(l > 0).toBe(spot(x, y));
    });
  }
});

test("a given limit holds, and a blank image has no regions", () => {
  expect(segment(Float32Array.of(1, 5, 6, 2), 4, 1, { method: "value", value: 5 })).toEqual(Int32Array.of(0, 0, 1, 0));
  expect(segment(new Float32Array(12).fill(3), 4, 3, {})).toEqual(new Int32Array(12));
  expect(segment(new Float32Array(12).fill(Number.NaN), 4, 3, { smooth: 1 })).toEqual(new Int32Array(12));
});
