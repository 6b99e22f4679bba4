import { expect, test } from "vitest";
import { kernels } from "../../src/kernel/lane.js";
import { describeRift, orientationMap } from "../../src/math/features/rift.js";
import { ImageViews } from "../../src/math/features/views.js";
import { energySlowly, orientationHistogramSlowly } from "../reference/rift.js";
import { texturedScene, viewOf } from "../support/scene.js";

const [width, height] = [133, 117];
const pixels = viewOf(texturedScene(6), { width, height, noise: 2 }).map((v) => v / 255);
const spacings = [0.67, 0.42, 0.26];

const mapOf = (image: Float32Array, mask?: Uint8Array): Uint8Array => {
  using arena = kernels().arena();
  const views = new ImageViews(arena, { width, height, pixels: image }, mask, 7);
  return arena.u8(orientationMap(views), width * height).slice();
};

test("the strongest orientation is that of its slow twin, up to the edges", () => {
  const map = mapOf(pixels);
  let seen = 0;
  for (let y = 0; y < height; y += 6) {
    for (let x = y % 5; x < width; x += 5) {
      const energies = Array.from({ length: 6 }, (_, n) =>
        energySlowly({ width, height, data: pixels }, x, y, (n * Math.PI) / 6, spacings),
      );
      const got = map[y * width + x]!;
      // The filters' separable tables have four digits: what is nearly as strong may win.
      expect(energies[got]!).toBeGreaterThan(0.98 * Math.max(...energies));
      seen++;
    }
  }
  expect(seen).toBeGreaterThan(400);
});

test("neither a reversed nor a weaker contrast changes an orientation; an even image has none", () => {
  const map = mapOf(pixels);
  const other = mapOf(pixels.map((v) => 0.8 - 0.3 * v));
  let same = 0;
  for (let i = 0; i < map.length; i++) if (map[i] === other[i]) same++;
  expect(same / map.length).toBeGreaterThan(0.999);
  expect(new Set(mapOf(new Float32Array(width * height).fill(0.4)))).toEqual(new Set([255]));
});

test("where nothing was observed, and a little around, there is no orientation", () => {
  const mask = new Uint8Array(width * height).fill(1);
  for (let y = 0; y < height; y++) mask.fill(0, y * width, y * width + 30);
  const map = mapOf(pixels, mask);
  for (let y = 0; y < height; y++) for (let x = 0; x < 36; x++) expect(map[y * width + x]).toBe(255);
  expect(map.subarray(60 * width + 40, 61 * width).some((v) => v < 6)).toBe(true);
});

test("descriptors agree with their slow twin", () => {
  using arena = kernels().arena();
  const views = new ImageViews(arena, { width, height, pixels }, undefined, 3);
  const places = [
    [66, 58, 0],
    [50.3, 48.8, 0.7],
    [80, 66, 2.9],
    [70.5, 60, 4.4],
    [30, 60, 0], // its window leaves the image
  ] as const;
  const of = (column: 0 | 1 | 2) => places.map((p) => p[column]);
  const features = describeRift(views, {
    ...{ count: places.length, x: Float64Array.from(of(0)), y: Float64Array.from(of(1)) },
    ...{ angle: Float32Array.from(of(2)), scale: new Float64Array(5).fill(2), response: new Float32Array(5) },
    ...{ octave: new Int8Array(5), level: new Int8Array(5) },
  });
  const map = { width, height, data: arena.u8(orientationMap(views), width * height).slice() };
  expect(features.count).toBe(4);
  places.slice(0, 4).forEach(([x, y, angle], i) => {
    const cells = orientationHistogramSlowly(map, x, y, angle, 2);
    const total = cells.reduce((a, b) => a + b, 0);
    const got = features.descriptors.subarray(224 * i, 224 * (i + 1));
    const differences = cells.map((v, n) => Math.abs(Math.min(255, 512 * Math.sqrt(v / total)) - got[n]!));
    // A lattice point on the border of two pixels may fall on either side in float32.
    expect(Math.max(...differences)).toBeLessThan(4);
    expect(differences.reduce((a, b) => a + b, 0) / 216).toBeLessThan(0.5);
    expect(Array.from(got.subarray(216))).toEqual(new Array(8).fill(0));
  });
});
