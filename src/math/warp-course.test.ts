import { expect, test } from "vitest";
import { maxDifference, noise } from "../../test/reference/plane.js";
import { type Method, sampleAt } from "../../test/reference/warp.js";
import { memoryImage } from "../../test/support/image.js";
import { type Grid, pixelGrid, toPixel, toWorld, type Window } from "../core/grid.js";
import type { Image } from "../core/image.js";
import { interpolations } from "../core/interpolation.js";
import { pixelPoints, worldPoints } from "../core/points.js";
import { seededRandom } from "../core/random.js";
import { apply, invert, sequence, type Transform } from "../core/transform.js";
import { kernels } from "../kernel/lane.js";
import { mapPoints } from "./map-points.js";
import { blockPositions, pixelMapping } from "./positions.js";
import { warpImage } from "./resample.js";

const all = (image: Image) => image.read({ x: 0, y: 0, width: image.grid.width, height: image.grid.height });

/** Maps that bend by some pixels over an image of 300 by 260, through every kind of transform. */
function bends(seed: number): Record<string, Transform> {
  const random = seededRandom(seed);
  const r = (half: number) => (2 * random() - 1) * half;
  const knots: number[] = [];
  const weights: number[] = [];
  for (let k = 0; k < 10; k++) {
    const [x, y, u, v] = [random() * 300, random() * 260, r(4e-4), r(4e-4)];
    for (const [at, share] of [
      [-40, 1],
      [0, -2],
      [40, 1],
    ] as const) {
      knots.push(x + at, y - at);
      weights.push(share * u, share * v);
    }
  }
  const tps: Transform = {
    ...{ type: "tps", affine: [0.97, 0.08, -4, -0.06, 1.02, 7] },
    ...{ knots: worldPoints(knots), weights: Float64Array.from(weights) },
  };
  const lattice: Grid = { width: 9, height: 8, worldFromPixel: [50, 4, -60, -3, 48, -50], crs: "px" };
  const bspline: Transform = {
    type: "bspline",
    lattice,
    coefficients: Float64Array.from({ length: 144 }, () => r(15)),
  };
  const grid: Grid = { width: 21, height: 18, worldFromPixel: [14, 0, 5, 0, 14, 3], crs: "px" };
  const offsets = Float32Array.from({ length: 756 }, (_, i) => (i >= 300 && i < 304 ? Number.NaN : r(3)));
  const displacement: Transform = { type: "displacement", grid, offsets };
  return {
    ...{ tps, bspline, displacement, inverse: invert(tps) },
    chain: sequence(bspline, { type: "affine", matrix: [0.9, 0.1, 3, -0.1, 0.9, 20] }, invert(bspline), tps),
  };
}

const kinds = ["tps", "bspline", "displacement", "inverse", "chain"] as const;
const onto: Grid = { width: 300, height: 260, worldFromPixel: [1, 0.02, 1, 0, 0.98, 2], crs: "px" };

test.each(kinds)("points are mapped in kernels as in the core, to the bit (%s)", (kind) => {
  const random = seededRandom(3);
  for (const count of [0, 1, 2, 77]) {
    const points = worldPoints(Array.from({ length: 2 * count }, () => random() * 400 - 50));
    if (count > 5) points.set([Number.NaN, 5, 1e308, -1e308, Number.POSITIVE_INFINITY, 0], 4);
    if (count > 5) points.set((bends(1).tps as { knots: Float64Array }).knots.subarray(0, 2), 20); // a knot itself
    expect(mapPoints(bends(1)[kind]!, points)).toEqual(apply(bends(1)[kind]!, points));
  }
});

test.each(kinds)("positions are good to a hundredth of a pixel (%s)", (kind) => {
  for (const seed of [1, 2]) {
    const source: Grid = { width: 300, height: 260, worldFromPixel: [0.5, 0, 3, 0, 0.5, -2], crs: "px" };
    using arena = kernels().arena();
    const block = { x: 37, y: 11, width: 251, height: 240 };
    const at = blockPositions(arena, pixelMapping(bends(seed)[kind]!, onto, source), block);
    const dense = arena.f64(at, 2 * block.width * block.height);
    const found: number[] = [];
    const pixels: number[] = [];
    for (let i = 0; i < block.width * block.height; i += 7) {
      found.push(dense[2 * i]!, dense[2 * i + 1]!);
      pixels.push(block.x + (i % block.width), block.y + Math.floor(i / block.width));
    }
    const wanted = toPixel(source, apply(bends(seed)[kind]!, toWorld(onto, pixelPoints(pixels))));
    expect(maxDifference(found, wanted)).toBeLessThan(0.01);
    expect(found.filter(Number.isNaN).length).toBeLessThan(found.length * (kind === "displacement" ? 0.2 : 0.05));
  }
});

test.each(interpolations)(
  "images agree with the reference, holes and borders included (%s)",
  async (method: Method) => {
    const source = noise(1, 280, 250, { high: 60, holes: 0.002 });
    for (const kind of kinds) {
      const transform = bends(2)[kind]!;
      const image = memoryImage(Float32Array.from(source.data), pixelGrid(280, 250));
      const { data } = await all(warpImage(image, transform, onto, { interpolation: method, antialias: false }));
      const some = Array.from({ length: 10_000 }, (_, k) => k * 7 + (k % 5));
      const p = mapPoints(transform, toWorld(onto, pixelPoints(some.flatMap((i) => [i % 300, Math.floor(i / 300)]))));
      let seen = 0;
      for (const [k, i] of some.entries()) {
        const [x, y] = [p[2 * k]!, p[2 * k + 1]!];
        // A hundredth of a pixel decides which sample is nearest: such places are left out.
        const near = (v: number) => Math.abs(v - Math.floor(v) - 0.5) < 0.011;
        if (near(x) || near(y)) continue;
        const wanted = Number.isNaN(x) ? x : sampleAt(source, method, x, y);
        expect(Number.isNaN(data[i]!)).toBe(Number.isNaN(wanted));
        if (Number.isNaN(wanted)) continue;
        seen++;
        // Neighbours differ by up to 60 and cubics are steeper: 0.01 px of it, and then some.
        if (!(Math.abs(data[i]! - wanted) < 2.5)) expect(data[i]).toBe(wanted);
      }
      expect(seen).toBeGreaterThan(2000);
    }
  },
);

test.each(kinds)("windows have the bits of the whole (%s)", async (kind) => {
  const image = memoryImage(Float32Array.from(noise(3, 300, 300, { holes: 0.002 }).data), pixelGrid(300, 300));
  const out = warpImage(image, bends(4)[kind]!, onto);
  const whole = await all(out);
  for (const window of [
    { x: 0, y: 0, width: 97, height: 230 },
    { x: 97, y: 31, width: 64, height: 64 },
    { x: 299, y: 0, width: 1, height: 260 },
    { x: 0, y: 255, width: 300, height: 5 },
  ]) {
    const { data } = await out.read(window);
    for (let y = 0; y < window.height; y++) {
      const from = (window.y + y) * 300 + window.x;
      expect(data.subarray(y * window.width, (y + 1) * window.width)).toEqual(
        whole.data.subarray(from, from + window.width),
      );
    }
  }
});

test("labels and masks are copied from the nearest pixel, and holes take the fill value", async () => {
  const data = Uint16Array.from(noise(5, 280, 250, { low: 1, high: 60000, whole: true }).data);
  const labels = memoryImage(data, pixelGrid(280, 250), { meaning: "labels" });
  const known = new Set([...data, 0]);
  for (const kind of kinds) {
    const found = (await all(warpImage(labels, bends(5)[kind]!, onto, { interpolation: "cubic" }))).data;
    for (const label of found) if (!known.has(label)) expect(known).toContain(label);
    const filled = warpImage({ ...labels, meaning: "intensity" }, bends(5)[kind]!, onto, { fill: 0 });
    expect(filled.nodata).toBe(0);
  }
});

test("a chain of a map and its inverse gives the image back, sampled once", async () => {
  const source = noise(6, 200, 180, { high: 255 });
  const image = memoryImage(Float32Array.from(source.data), pixelGrid(200, 180));
  const tps = bends(6).tps!;
  const { data } = await all(warpImage(image, sequence(tps, invert(tps)), image.grid, { interpolation: "linear" }));
  expect(maxDifference(data.subarray(200, 35000), source.data.subarray(200, 35000))).toBeLessThan(0.01 * 255);
});

test("a reduction is blurred first, and a read pulls the moving window alone", async () => {
  const windows: Window[] = [];
  const wide: Image = {
    ...memoryImage(new Uint8Array(1), pixelGrid(1, 1)),
    grid: pixelGrid(12_000, 12_000),
    tile: { width: 512, height: 512 },
    async read(window) {
      windows.push(window);
      const data = Uint8Array.from({ length: window.width * window.height }, (_, i) => (i % 2 ? 200 : 100));
      return { data, width: window.width, height: window.height, bands: 1 };
    },
  };
  const lattice: Grid = { width: 7, height: 7, worldFromPixel: [2400, 0, -1200, 0, 2400, -1200], crs: "px" };
  const random = seededRandom(1);
  const bend: Transform = {
    type: "bspline",
    lattice,
    coefficients: Float64Array.from({ length: 98 }, () => random() * 200),
  };
  const { data } = await warpImage(wide, bend, wide.grid).read({ x: 3000, y: 5000, width: 1500, height: 700 });
  expect(data.length).toBe(1500 * 700);
  expect(windows.reduce((sum, w) => sum + w.width * w.height, 0)).toBeLessThan(1.6 * 1500 * 700);
  expect(Math.max(...windows.map((w) => w.width * w.height))).toBeLessThan(4.1e6);
  const small: Grid = { ...pixelGrid(100, 100), worldFromPixel: [4, 0, 2000, 0, 4, 2000] };
  const shrunk = (await all(warpImage(wide, bend, small))).data;
  expect(Math.max(...shrunk) - Math.min(...shrunk)).toBeLessThanOrEqual(10); // of 100
});

test("a grid without area is told", () => {
  const image = memoryImage(new Uint8Array(4), { ...pixelGrid(2, 2), worldFromPixel: [0, 0, 0, 0, 0, 0] });
  expect(() => warpImage(image, bends(1).tps!, onto)).toThrow("singular-grid");
});
