import { expect, test } from "vitest";
import { project, texturedScene, viewOf } from "../../../test/support/scene.js";
import { detectSift } from "./sift.js";
import { describeSift } from "./sift-describe.js";

const scene = texturedScene(7);
const unit = (values: Float32Array): Float32Array => values.map((v) => v / 255);
const view = (width: number, height: number, sceneFromPixel?: readonly number[]) => ({
  width,
  height,
  pixels: unit(viewOf(scene, sceneFromPixel ? { width, height, sceneFromPixel } : { width, height })),
});

/** Mean and count of the differences between keypoints of two images that lie within 0.75 px and a similar scale. */
function offsets(
  a: ReturnType<typeof detectSift>,
  b: ReturnType<typeof detectSift>,
  bFromA: readonly number[],
  zoom: number,
): { dx: number; dy: number; count: number } {
  let dx = 0;
  let dy = 0;
  let count = 0;
  for (let i = 0; i < a.count; i++) {
    const [x, y] = project(bFromA, a.x[i]!, a.y[i]!);
    for (let j = 0; j < b.count; j++) {
      const ex = b.x[j]! - x;
      const ey = b.y[j]! - y;
      const scale = b.scale[j]! / (a.scale[i]! * zoom);
      if (Math.abs(ex) < 0.75 && Math.abs(ey) < 0.75 && scale > 0.8 && scale < 1.25) {
        dx += ex;
        dy += ey;
        count++;
      }
    }
  }
  return { dx: dx / count, dy: dy / count, count };
}

test.each([
  ["at its own size", false, 1, 3.37, -2.61],
  ["enlarged first", true, 1, 3.37, -2.61],
  ["at twice the size", true, 2, 5.25, 1.75],
  ["at half the size", true, 0.5, 0.25, 0.75],
] as const)("keypoints carry no bias: a view %s and the first view agree", (_, upsample, zoom, tx, ty) => {
  const first = detectSift(view(300, 240), { upsample });
  const sceneFromPixel = [1 / zoom, 0, tx, 0, 1 / zoom, ty, 0, 0, 1];
  const other = detectSift(view(300, 240, sceneFromPixel), { upsample });
  const { dx, dy, count } = offsets(first, other, [zoom, 0, -tx * zoom, 0, zoom, -ty * zoom, 0, 0, 1], zoom);
  expect(count).toBeGreaterThan(60);
  expect(Math.abs(dx)).toBeLessThan(0.05);
  expect(Math.abs(dy)).toBeLessThan(0.05);
});

test("a Gaussian blob is found at its centre and in its size", () => {
  const width = 96;
  const pixels = new Float32Array(width * width);
  for (let y = 0, i = 0; y < width; y++)
    for (let x = 0; x < width; x++, i++)
      pixels[i] = 0.2 + 0.6 * Math.exp(-((x - 47.3) ** 2 + (y - 40.6) ** 2) / (2 * 16));
  const found = detectSift({ width, height: width, pixels });
  expect(found.count).toBe(1);
  expect(found.x[0]).toBeCloseTo(47.3, 1);
  expect(found.y[0]).toBeCloseTo(40.6, 1);
  // The difference of Gaussians with ratio k answers a blob of size s most at s / sqrt(k); the camera's blur counts in.
  expect(found.scale[0]).toBeGreaterThan(4 / 1.35);
  expect(found.scale[0]).toBeLessThan(4);
});

test("how rows are banded changes no byte", () => {
  const gray = view(200, 170);
  const whole = detectSift(gray, { bandRows: 400 });
  const banded = detectSift(gray, { bandRows: 23 });
  expect(whole.count).toBeGreaterThan(100);
  expect(banded).toEqual(whole);
  expect(describeSift(gray, whole, { bandRows: 17 })).toEqual(describeSift(gray, whole, { bandRows: 400 }));
});

test("the strongest come first and the limit holds", () => {
  const gray = view(200, 170);
  const all = detectSift(gray);
  const few = detectSift(gray, { maxKeypoints: 50 });
  expect(few.count).toBe(50);
  expect(few.x).toEqual(all.x.slice(0, 50));
  expect(Array.from(all.response)).toEqual(Array.from(all.response).sort((a, b) => b - a));
});

test("spread covers the image more evenly than strength alone", () => {
  const gray = view(300, 240);
  // Dim the right half: strength alone leaves it empty.
  const pixels = gray.pixels.map((v, i) => (i % 300 < 150 ? v : 0.4 + 0.3 * v));
  const right = (spread: number) =>
    detectSift({ ...gray, pixels }, { maxKeypoints: 100, contrastThreshold: 0.01, spread }).x.filter((x) => x >= 150)
      .length;
  expect(right(0.1)).toBeGreaterThan(right(1) + 10);
});

test("keypoints whose support touches unobserved pixels are dropped", () => {
  const gray = view(200, 170);
  const mask = new Uint8Array(200 * 170).fill(1);
  for (let y = 0; y < 170; y++) mask.fill(0, y * 200, y * 200 + 80);
  const kept = detectSift(gray, { mask });
  expect(kept.count).toBeGreaterThan(20);
  for (let i = 0; i < kept.count; i++) expect(kept.x[i]! - 79).toBeGreaterThan(6 * kept.scale[i]! - 1);
});

test.each([
  [1, 1],
  [1, 50],
  [50, 1],
  [9, 9],
  [13, 200],
])("an image of %i x %i pixels is safe", (width, height) => {
  const gray = view(width, height);
  const found = detectSift(gray);
  expect(describeSift(gray, found).descriptors.length % 128).toBe(0);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, -3e38])("%s among the pixels leaves the rest to be found", (odd) => {
  const gray = view(200, 170);
  gray.pixels[40 * 200 + 30] = odd;
  const found = detectSift(gray);
  expect(found.x.some((x) => x > 130)).toBe(true);
  for (const values of [found.x, found.y, found.scale, found.response])
    expect(values.every(Number.isFinite)).toBe(true);
  expect(describeSift(gray, found).count).toBeGreaterThan(0);
});

test("a blank image has no keypoints", () => {
  expect(detectSift({ width: 64, height: 64, pixels: new Float32Array(4096).fill(0.5) }).count).toBe(0);
});

test("a turned image gives the same descriptors, turned angles", () => {
  const size = 201;
  const straight = view(size, size);
  // A quarter turn about the centre moves whole pixels onto whole pixels.
  const pixels = new Float32Array(size * size);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) pixels[x * size + (size - 1 - y)] = straight.pixels[y * size + x]!;
  const turned = { width: size, height: size, pixels };
  const a = describeSift(straight, detectSift(straight, { upsample: false }));
  const b = describeSift(turned, detectSift(turned, { upsample: false }));
  let compared = 0;
  for (let i = 0; i < a.count; i++) {
    for (let j = 0; j < b.count; j++) {
      if (Math.abs(size - 1 - a.y[i]! - b.x[j]!) > 0.01 || Math.abs(a.x[i]! - b.y[j]!) > 0.01) continue;
      const turn = (b.angle[j]! - a.angle[i]! + 2 * Math.PI) % (2 * Math.PI);
      if (Math.abs(turn - Math.PI / 2) > 0.02) continue;
      let d = 0;
      for (let k = 0; k < 128; k++) d += (a.descriptors[128 * i + k]! - b.descriptors[128 * j + k]!) ** 2;
      expect(Math.sqrt(d)).toBeLessThan(40); // of norm 512
      compared++;
    }
  }
  expect(compared).toBeGreaterThan(0.8 * a.count);
});
