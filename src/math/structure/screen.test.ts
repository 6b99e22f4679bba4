import { expect, test } from "vitest";
import { texturedScene, viewImage } from "../../../test/support/scene.js";
import type { Image } from "../../core/image.js";
import { applyMatrix3, type Matrix3 } from "../../core/transform.js";
import { kernels } from "../../kernel/lane.js";
import { seededRandom } from "../random.js";
import { structureImage } from "./image.js";
import { StructurePair } from "./refine.js";
import { climb, type Start, screen } from "./screen.js";

const size = { width: 260, height: 200 };
const scene = texturedScene(12);
/** Moving pixel to fixed pixel: a turn of 20 degrees, slightly larger, with shear. */
const sceneFromMoving = [0.92, -0.36, 40, 0.34, 0.98, -30, 0, 0, 1];
const truth = (points: Float64Array): Float64Array => {
  const [a, b, c, d, e, f] = sceneFromMoving as [number, number, number, number, number, number];
  const det = a * e - b * d;
  return applyMatrix3(
    [e / det, -b / det, (b * f - c * e) / det, -d / det, a / det, (c * d - a * f) / det, 0, 0, 1],
    points,
  );
};
/** Another modality: each gray value stands for another, and some of the order is lost. */
const otherwise = (image: Image): Image => ({
  ...image,
  async read(window, options) {
    const pixels = await image.read(window, options);
    return { ...pixels, data: pixels.data.map((v) => (v > 190 ? v - 60 : 255 - v)) };
  },
});

const options = () => ({ model: "affine", random: seededRandom(3), signal: new AbortController().signal }) as const;

/** A similarity that is off by about `px` everywhere. */
const near = (px: number): Matrix3 => {
  const angle = (-20.5 / 180) * Math.PI;
  const [c, s] = [1.02 * Math.cos(angle), 1.02 * Math.sin(angle)];
  const at = truth(Float64Array.of(130, 100));
  return [c, -s, at[0]! - c * 130 + s * 100 + px, s, c, at[1]! - s * 130 - c * 100 - px, 0, 0, 1];
};

const wrong = (seed: number): Matrix3 => {
  const random = seededRandom(seed);
  const angle = 6.28 * random();
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return [c, -s, 130 - 130 * c + 100 * s + 40 * random(), s, c, 100 - 130 * s - 100 * c + 40 * random(), 0, 0, 1];
};

const starts = (maps: readonly Matrix3[]): Start[] =>
  maps.map((matrix) => ({ matrix, flipped: false, source: "test" }));

async function refine(moving: Image, maps: readonly Matrix3[]) {
  using arena = kernels().arena();
  const fixed = await structureImage(arena, viewImage(scene, { ...size, noise: 2, seed: 1 }));
  const pair = new StructurePair(arena, fixed, await structureImage(arena, moving));
  const found = screen(pair, starts(maps), options());
  if (!found) return undefined;
  return { found, ...climb(pair, found.candidates[0]!, options()) };
}

const view = () =>
  viewImage(scene, { ...size, sceneFromPixel: sceneFromMoving, dtype: "float32", noise: 2, seed: 2 } as const);

function errorOf(matrix: Matrix3): number {
  const points = Float64Array.from({ length: 60 }, (_, i) => (i & 1 ? 40 + 4 * i : 30 + 3.3 * i) % (i & 1 ? 190 : 250));
  const a = applyMatrix3(matrix, points);
  const b = truth(points);
  let worst = 0;
  for (let i = 0; i < points.length; i += 2) worst = Math.max(worst, Math.hypot(a[i]! - b[i]!, a[i + 1]! - b[i + 1]!));
  return worst;
}

test("of many maps the right one is found and made exact, in another modality", async () => {
  const maps = [...Array.from({ length: 9 }, (_, i) => wrong(i + 1)), near(3), wrong(20)];
  const result = (await refine(otherwise(view()), maps))!;
  // The whole image, though the truth shears and the start did not.
  expect(errorOf(result.finest.matrix)).toBeLessThan(0.8);
  const { candidates, rival } = result.found;
  expect(candidates[0]!.score / rival).toBeGreaterThan(2);
  expect(candidates[0]!.consistency).toBeGreaterThan(0.5);
  expect(result.finest.halves).toBeLessThan(1);
  expect(result.steps[0]).toMatchObject({ longSide: 320, taken: true });
});

test("images of different scenes stay without a margin", async () => {
  const maps = Array.from({ length: 12 }, (_, i) => wrong(i + 1));
  const result = (await refine(viewImage(texturedScene(31), size), maps))!;
  const [best] = result.found.candidates;
  expect(best!.score / result.found.rival).toBeLessThan(1.4);
  expect(best!.consistency).toBeLessThan(0.25);
});

test("the same starts give the same bits", async () => {
  const maps = [near(2), wrong(1), wrong(2)];
  const [a, b] = [await refine(view(), maps), await refine(view(), maps)];
  expect(a).toEqual(b);
});

test("blank images give nothing", async () => {
  const blank = { ...view(), read: async () => ({ data: new Float32Array(52000), ...size, bands: 1 }) };
  expect(await refine(blank, [near(0), wrong(1)])).toBeUndefined();
});
