import { expect, test } from "vitest";
import { detectSift } from "../../src/math/features/sift.js";
import { describeSift } from "../../src/math/features/sift-describe.js";
import { descriptorSlowly, extremaSlowly, orientationsSlowly, scaleSpaceSlowly } from "../reference/sift.js";
import { texturedScene, viewOf } from "../support/scene.js";

const [width, height] = [131, 96]; // no multiple of a vector's length
const pixels = viewOf(texturedScene(12), { width, height, noise: 2 }).map((v) => v / 255);
const image = { width, height, data: Float64Array.from(pixels) };
const contrast = 0.02;

test.each([true, false])("keypoints agree with the slow twin's (enlarged: %s)", (upsample) => {
  const slow = extremaSlowly(scaleSpaceSlowly(image, upsample), contrast / 3, 10);
  const fast = detectSift({ width, height, pixels }, { contrastThreshold: contrast, upsample });
  const place = (octave: number) => (upsample ? 2 ** (octave - 1) : 2 ** octave);
  const expected = slow.map((k) => ({
    ...k,
    x: k.x * place(k.octave),
    y: k.y * place(k.octave),
    scale: k.scale * place(k.octave),
  }));
  expect(expected.length).toBeGreaterThan(40);
  let met = 0;
  for (let i = 0; i < fast.count; i++) {
    const twin = expected.find(
      (k) =>
        Math.abs(k.x - fast.x[i]!) < 0.002 &&
        Math.abs(k.y - fast.y[i]!) < 0.002 &&
        Math.abs(k.scale / fast.scale[i]! - 1) < 0.001,
    );
    if (!twin) continue;
    expect(twin.response).toBeCloseTo(fast.response[i]!, 5);
    expect(twin.level).toBe(fast.level[i]);
    met++;
  }
  // A value at a threshold may fall on either side in float32.
  expect(met).toBeGreaterThanOrEqual(fast.count - 1);
  expect(met).toBeGreaterThanOrEqual(expected.length - 1);
});

test.each(["rootsift", "sift"] as const)("directions and descriptors agree with the slow twin's (%s)", (descriptor) => {
  const octaves = scaleSpaceSlowly(image, false);
  const keypoints = detectSift({ width, height, pixels }, { contrastThreshold: contrast, upsample: false });
  const features = describeSift({ width, height, pixels }, keypoints, { descriptor });
  let angles = 0;
  for (let i = 0; i < features.count; i++) {
    const step = 2 ** features.octave[i]!;
    const level = octaves[features.octave[i]!]![features.level[i]!]!;
    const [x, y, scale] = [features.x[i]! / step, features.y[i]! / step, features.scale[i]! / step];
    const near = orientationsSlowly(level, x, y, scale).some((a) => Math.abs(a - features.angle[i]!) < 0.005);
    if (near) angles++;
    const slow = descriptorSlowly(level, x, y, scale, features.angle[i]!, descriptor === "rootsift");
    const differences = slow.map((v, k) => Math.abs(v - features.descriptors[128 * i + k]!));
    expect(differences.reduce((a, b) => a + b, 0) / 128).toBeLessThan(0.2);
    expect(Math.max(...differences)).toBeLessThan(descriptor === "rootsift" ? 6 : 2); // the root is steep at 0
  }
  expect(features.count).toBeGreaterThanOrEqual(keypoints.count);
  // A gradient between two bins may fall into either, which can move a peak a little.
  expect(angles).toBeGreaterThanOrEqual(0.95 * features.count);
});

test("folded descriptors agree with the slow twin's", () => {
  const octaves = scaleSpaceSlowly(image, false);
  const keypoints = detectSift({ width, height, pixels }, { contrastThreshold: contrast, upsample: false });
  const features = describeSift({ width, height, pixels }, keypoints, { folded: true });
  expect(features.count).toBeGreaterThanOrEqual(keypoints.count);
  for (let i = 0; i < features.count; i++) {
    const step = 2 ** features.octave[i]!;
    const level = octaves[features.octave[i]!]![features.level[i]!]!;
    const [x, y, scale] = [features.x[i]! / step, features.y[i]! / step, features.scale[i]! / step];
    const slow = descriptorSlowly(level, x, y, scale, features.angle[i]!, true, 16);
    const differences = slow.map((v, k) => Math.abs(v - features.descriptors[128 * i + k]!));
    expect(differences.reduce((a, b) => a + b, 0) / 128).toBeLessThan(0.2);
    expect(Math.max(...differences)).toBeLessThan(6);
  }
});

test("folded features are the same where contrast is reversed", () => {
  const negative = { width, height, pixels: pixels.map((v) => 1 - v) };
  const keypoints = detectSift({ width, height, pixels }, { contrastThreshold: contrast, upsample: false });
  const plain = describeSift({ width, height, pixels }, keypoints, { folded: true });
  const reversed = describeSift(negative, keypoints, { folded: true });
  expect(reversed.count).toBe(plain.count);
  let same = 0;
  for (let i = 0; i < plain.count; i++) {
    expect(Math.abs(reversed.angle[i]! - plain.angle[i]!)).toBeLessThan(0.02);
    const rows = [plain, reversed].map((f) => f.descriptors.subarray(128 * i, 128 * (i + 1)));
    if (rows[0]!.every((v, k) => Math.abs(v - rows[1]![k]!) <= 6)) same++;
  }
  expect(same / plain.count).toBeGreaterThan(0.98);
});
