import { expect, test } from "vitest";
import { maxDifference, noise } from "../../test/reference/plane.js";
import * as reference from "../../test/reference/warp.js";
import { memoryImage } from "../../test/support/image.js";
import { texturedScene } from "../../test/support/scene.js";
import { type Grid, pixelGrid, type Window } from "../core/grid.js";
import type { Image } from "../core/image.js";
import { interpolations } from "../core/interpolation.js";
import { identity, type Matrix3, sequence, type Transform } from "../core/transform.js";
import { warpImage } from "./resample.js";

const all = (image: Image) => image.read({ x: 0, y: 0, width: image.grid.width, height: image.grid.height });
const affine = (...matrix: [number, number, number, number, number, number]): Transform => ({ type: "affine", matrix });

/** Notes every window that is read. */
function watched(image: Image): { image: Image; windows: Window[] } {
  const windows: Window[] = [];
  return {
    windows,
    image: {
      ...image,
      read(window, options) {
        windows.push(window);
        return image.read(window, options);
      },
    },
  };
}

test("the identity gives the samples back", async () => {
  const source = noise(1, 70, 50, { high: 65536, whole: true });
  const image = memoryImage(Uint16Array.from(source.data), pixelGrid(70, 50));
  expect([...(await all(warpImage(image, identity, image.grid))).data]).toEqual([...source.data]);
});

test("a scene that is known everywhere is recovered from its warped view", async () => {
  const scene = texturedScene(4);
  const size = 160;
  // The moving view looks at scene position (0.97 x + 0.1 y - 4, -0.1 x + 0.97 y + 6), and has pixels of 0.5 world units.
  const grid: Grid = { ...pixelGrid(size * 2, size * 2), worldFromPixel: [0.5, 0, 10, 0, 0.5, -20], crs: "um" };
  const view = new Float32Array(4 * size * size);
  for (let y = 0; y < 2 * size; y++)
    for (let x = 0; x < 2 * size; x++) view[y * 2 * size + x] = scene.at(10 + x / 2, -20 + y / 2);
  const movingFromFixed = affine(0.97, 0.1, 14, -0.1, 0.97, -5);
  const out = warpImage(
    memoryImage(view, grid),
    movingFromFixed,
    { ...pixelGrid(120, 100), crs: "um" },
    { antialias: false },
  );
  const { data } = await all(out);
  let worst = 0;
  let seen = 0;
  for (let y = 0; y < 100; y++) {
    for (let x = 0; x < 120; x++) {
      const v = data[y * 120 + x]!;
      if (Number.isNaN(v)) continue;
      seen++;
      worst = Math.max(worst, Math.abs(v - scene.at(0.97 * x + 0.1 * y + 14, -0.1 * x + 0.97 * y - 5)));
    }
  }
  expect(seen).toBeGreaterThan(10_000);
  expect(worst).toBeLessThan(6); // cubic interpolation at edges two pixels wide, of a range of 255
});

test("a chain of linear maps is composed before the one warp", async () => {
  const image = memoryImage(Float32Array.from(noise(2, 60, 60).data), pixelGrid(60, 60));
  const there = affine(1.1, 0.3, 5, -0.2, 0.9, 3);
  const chain = sequence(there, { type: "inverse", of: there }, affine(1, 0, 2, 0, 1, 1));
  const shifted = await all(warpImage(image, chain, image.grid));
  const wanted = await all(warpImage(image, affine(1, 0, 2, 0, 1, 1), image.grid));
  expect(maxDifference(shifted.data, wanted.data)).toBeLessThan(1e-2);
});

test.each([
  ["a quarter turn", [0, 1, 0, -1, 0, 299, 0, 0, 1]],
  ["a turn and a shift", [0.8, 0.6, -40, -0.6, 0.8, 100, 0, 0, 1]],
  ["a perspective", [1, 0.1, -20, 0, 1.1, -10, 5e-4, 1e-3, 1]],
  ["a reduction", [2.6, 0.3, 0, -0.3, 2.6, 20, 0, 0, 1]],
] as const)("windows have the bits of the whole (%s)", async (_, m) => {
  const image = memoryImage(Float32Array.from(noise(3, 300, 300, { holes: 0.002 }).data), pixelGrid(300, 300));
  for (const interpolation of ["cubic", "bspline3"] as const) {
    const map: Transform = { type: "projective", matrix: m as unknown as Matrix3 };
    const out = warpImage(image, map, pixelGrid(250, 230), { interpolation });
    const whole = await all(out);
    expect(whole.data.some((v) => !Number.isNaN(v))).toBe(true);
    for (const window of [
      { x: 0, y: 0, width: 97, height: 230 },
      { x: 97, y: 31, width: 64, height: 64 },
      { x: 249, y: 0, width: 1, height: 230 },
    ]) {
      const { data } = await out.read(window);
      for (let y = 0; y < window.height; y++) {
        const from = (window.y + y) * 250 + window.x;
        expect(data.subarray(y * window.width, (y + 1) * window.width)).toEqual(
          whole.data.subarray(from, from + window.width),
        );
      }
    }
  }
});

test("a perspective agrees with the reference up to its horizon", async () => {
  const source = noise(4, 80, 80);
  const image = memoryImage(Float32Array.from(source.data), pixelGrid(80, 80));
  const matrix: Matrix3 = [1, 0.2, 5, 0, 1.5, -3, -0.012, -0.001, 1];
  for (const out of [pixelGrid(120, 90), pixelGrid(300, 200)]) {
    const warped = warpImage(image, { type: "projective", matrix }, out, { antialias: false });
    const wanted = reference.warp(source, "cubic", matrix, { x: 0, y: 0, ...out });
    expect(maxDifference((await all(warped)).data, wanted.data)).toBeLessThan(0.05);
  }
  // A grid whose first pixel lies behind the horizon still shows what lies before it.
  const behind: Grid = { ...pixelGrid(200, 60), worldFromPixel: [-1, 0, 190, 0, 1, 0] };
  const { data } = await all(warpImage(image, { type: "projective", matrix }, behind, { antialias: false }));
  const wanted = reference.warp(source, "cubic", matrix, { x: 0, y: 0, width: 191, height: 60 }).data;
  for (let y = 0; y < 60; y += 7)
    for (let x = 0; x <= 190; x += 3) {
      const [found, exact] = [data[y * 200 + 190 - x]!, wanted[y * 191 + x]!];
      expect(Number.isNaN(found)).toBe(Number.isNaN(exact));
      if (!Number.isNaN(exact)) expect(Math.abs(found - exact)).toBeLessThan(0.05);
    }
});

test("a reduction is blurred first, unless told otherwise", async () => {
  const checker = Uint8Array.from({ length: 120 * 120 }, (_, i) => (((i % 120) + Math.floor(i / 120)) % 2 ? 200 : 100));
  const image = memoryImage(checker, pixelGrid(120, 120));
  const onto: Grid = { ...pixelGrid(48, 48), worldFromPixel: [2.5, 0, 0.7, 0, 2.5, 0.7] };
  const spread = ({ data }: { data: ArrayLike<number> }) =>
    Math.max(...Array.from(data)) - Math.min(...Array.from(data));
  expect(spread(await all(warpImage(image, identity, onto)))).toBeLessThanOrEqual(12);
  expect(spread(await all(warpImage(image, identity, onto, { antialias: false })))).toBeGreaterThan(60);
});

test("labels are copied from the nearest pixel, whatever is asked", async () => {
  const data = Uint16Array.from(noise(5, 40, 40, { high: 60000, whole: true }).data);
  const labels = memoryImage(data, pixelGrid(40, 40), { meaning: "labels" });
  const known = new Set([...data, 0]);
  const out = warpImage(labels, affine(3.3, 0.2, 1, 0.1, 2.7, -2), pixelGrid(20, 20), { interpolation: "cubic" });
  for (const label of (await all(out)).data) expect(known.has(label)).toBe(true);
});

test("nodata is told, and never mixed in", async () => {
  const data = new Uint16Array(40 * 40).fill(1000);
  for (let y = 10; y < 20; y++) data.fill(0, y * 40 + 10, y * 40 + 20);
  const image = memoryImage(data, pixelGrid(40, 40), { nodata: 0 });
  for (const interpolation of interpolations) {
    const out = warpImage(image, affine(0.9, 0.1, 0.3, -0.1, 0.9, 3.4), image.grid, { interpolation });
    expect(out.nodata).toBe(0);
    const { data: found } = await all(out);
    expect(new Set(found)).toEqual(new Set([0, 1000]));
  }
  const float = warpImage(image, identity, pixelGrid(50, 40), { dtype: "float32" });
  expect(float.nodata).toBeUndefined();
  const { data: found } = await all(float);
  expect(Number.isNaN(found[45]!)).toBe(true);
  expect(Number.isNaN(found[15 * 50 + 15]!)).toBe(true);
  expect(found[5]).toBe(1000);
  const filled = warpImage(memoryImage(data, pixelGrid(40, 40)), affine(1, 0, -5, 0, 1, 0), image.grid, { fill: 7 });
  expect(filled.nodata).toBe(7);
  expect((await all(filled)).data[0]).toBe(7);
});

test("every band is warped, in the order asked for", async () => {
  const planes = [1, 2, 3].flatMap((band) => Array.from({ length: 400 }, (_, i) => band * 50 + (i % 20)));
  const image = memoryImage(Uint8Array.from(planes), pixelGrid(20, 20));
  const out = warpImage(image, affine(1, 0, 1, 0, 1, 0), image.grid);
  const { data, bands } = await out.read({ x: 2, y: 3, width: 4, height: 2 }, { bands: [2, 0] });
  expect(bands).toBe(2);
  expect([...data]).toEqual([153, 154, 155, 156, 153, 154, 155, 156, 53, 54, 55, 56, 53, 54, 55, 56]);
});

test("a read pulls little more than what it shows, even of a turned image", async () => {
  const wide: Image = {
    ...memoryImage(new Uint8Array(1), pixelGrid(1, 1)),
    grid: pixelGrid(20_000, 20_000),
    tile: { width: 20_000, height: 16 },
    read: async (window) => ({
      data: new Uint8Array(window.width * window.height).fill(3),
      width: window.width,
      height: window.height,
      bands: 1,
    }),
  };
  const { image, windows } = watched(wide);
  const turned = warpImage(image, affine(0, 1, 0, -1, 0, 19_999), image.grid);
  const { data } = await turned.read({ x: 0, y: 5000, width: 20_000, height: 300 });
  expect(data.every((v) => v === 3)).toBe(true);
  expect(Math.max(...windows.map((w) => w.width * w.height))).toBeLessThan(4.1e6);
  expect(windows.reduce((sum, w) => sum + w.width * w.height, 0)).toBeLessThan(1.1 * 20_000 * 300);
});
