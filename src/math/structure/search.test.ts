import { expect, test } from "vitest";
import { memoryImage } from "../../../test/support/image.js";
import { texturedScene, type View, viewImage, viewOf } from "../../../test/support/scene.js";
import { pixelGrid } from "../../core/grid.js";
import type { Image } from "../../core/image.js";
import { invertMatrix3, type Matrix3 } from "../../core/transform.js";
import { kernels } from "../../kernel/lane.js";
import { type Hypothesis, mapDistance } from "./hypotheses.js";
import { structureImage } from "./image.js";
import { type SearchOptions, searchStructure } from "./search.js";

const scene = texturedScene(21);

async function search(
  fixed: Image,
  moving: Image,
  options: SearchOptions & { fixedMask?: Image; movingMask?: Image } = {},
): Promise<Hypothesis[]> {
  using arena = kernels().arena();
  const { fixedMask, movingMask, ...rest } = options;
  const a = await structureImage(arena, fixed, { mask: fixedMask });
  const b = await structureImage(arena, moving, { mask: movingMask });
  return await searchStructure(a, b, rest); // the arena must outlive it
}

/** A turn by degrees with a scale, about (x, y), mirrored on request: fixed pixel to moving pixel. */
function turn(degrees: number, scale: number, about: readonly [number, number], to = about, mirror = 1): Matrix3 {
  const [c, s] = [scale * Math.cos((degrees * Math.PI) / 180), scale * Math.sin((degrees * Math.PI) / 180)];
  const [x, y] = about;
  return [mirror * c, -s, to[0] - mirror * c * x + s * y, mirror * s, c, to[1] - mirror * s * x - c * y, 0, 0, 1];
}

/** The moving image that a map means, of the scene that the fixed image shows as it is. */
const movedView = (map: Matrix3, view: Omit<View, "sceneFromPixel">): View => ({
  ...view,
  sceneFromPixel: invertMatrix3(map),
});

/** How far each hypothesis is from the truth, as a share of the moving image's long side. */
function distances(found: readonly Hypothesis[], truth: Matrix3, fixed: Image, moving: Image): number[] {
  const long = Math.max(moving.grid.width, moving.grid.height);
  return found.map((h) => mapDistance(h.matrix, truth, fixed.grid) / long);
}

/** Half a step of rotation turns a corner by 2 to 3 %, and half a step of scale moves it by as much. */
const NEAR = 0.05;

const fixed = viewImage(scene, { width: 120, height: 96 });

test.each([
  ["as they are", turn(0, 1, [60, 48]), 120, 96],
  ["turned by 37 degrees", turn(37, 1, [60, 48]), 110, 110],
  ["turned by 180 degrees, at 1.6 times the size", turn(180, 1.6, [60, 48], [95, 80]), 190, 150],
  ["much larger, of the same scene", turn(100, 2.5, [60, 48], [110, 150]), 220, 300],
  ["a part, at 0.7 times the size", turn(60, 0.7, [70, 44], [32, 32]), 64, 64],
])("the place is found: %s", async (_, truth, width, height) => {
  const moving = viewImage(scene, movedView(truth, { width, height, noise: 6 }));
  const found = await search(fixed, moving);
  expect(distances(found, truth, fixed, moving)[0]).toBeLessThan(NEAR);
  const scale = Math.sqrt(truth[0] * truth[4] - truth[1] * truth[3]);
  expect(Math.abs(Math.log(found[0]!.scale / scale))).toBeLessThan(0.09);
  expect(Math.cos(found[0]!.rotation - Math.atan2(truth[3], truth[0]))).toBeGreaterThan(0.998);
});

test("contrast that is reversed and bent changes nothing", async () => {
  const truth = turn(-75, 1, [60, 48], [50, 64]);
  const view = viewOf(scene, movedView(truth, { width: 104, height: 120, noise: 4 }));
  const moving = memoryImage(
    view.map((v) => 900 - 600 * Math.sqrt(Math.max(0, v) / 255)),
    pixelGrid(104, 120),
  );
  expect(distances(await search(fixed, moving), truth, fixed, moving)[0]).toBeLessThan(NEAR);
});

test("another spacing and place in the world change no pixel", async () => {
  const view = { width: 60, height: 50 };
  const grid = { ...pixelGrid(60, 50), worldFromPixel: [0.5, 0, 1000, 0, -0.5, 2000] as const };
  expect(await search(fixed, viewImage(scene, { ...view, grid }))).toEqual(await search(fixed, viewImage(scene, view)));
});

test("a frame that both images share does not draw them together", async () => {
  const truth = turn(0, 1, [0, 0], [19, 10]);
  const framed = (values: Float32Array): Image =>
    memoryImage(
      Uint8Array.from(values, (v, i) => {
        const [x, y] = [(i % 120) - 60, Math.floor(i / 120) - 48];
        return x * x + y * y < 47 * 47 ? Math.min(255, Math.max(30, v)) : 0;
      }),
      pixelGrid(120, 96),
    );
  const a = framed(viewOf(scene, { width: 120, height: 96, noise: 25 }));
  const b = framed(viewOf(scene, movedView(truth, { width: 120, height: 96, noise: 25, seed: 2 })));
  const found = await search(a, b);
  expect(distances(found, truth, a, b)[0]).toBeLessThan(NEAR);
  expect(found.some(({ source }) => source === "unmasked")).toBe(true);
});

test("what masks and nodata hide is not looked at", async () => {
  // The left part of the moving image shows the scene somewhere else: alone, it would win.
  const truth = turn(0, 1, [0, 0], [30, -12]);
  const [width, height] = [160, 96];
  const right = viewOf(scene, movedView(truth, { width, height }));
  const left = viewOf(scene, { width, height, sceneFromPixel: [1, 0, 10, 0, 1, 4, 0, 0, 1] });
  const isLeft = (i: number) => i % width < 90;
  const values = Uint8Array.from(right, (v, i) => Math.min(255, Math.max(1, isLeft(i) ? left[i]! : v)));
  const plain = memoryImage(values, pixelGrid(width, height));
  const shown = Uint8Array.from(values, (_, i) => (isLeft(i) ? 0 : 1));
  const mask = memoryImage(shown, pixelGrid(width, height), { meaning: "mask" });
  const holes = values.map((v, i) => (isLeft(i) ? 0 : v));
  const cut = memoryImage(holes, pixelGrid(width, height), { nodata: 0 });
  expect(distances(await search(fixed, plain), truth, fixed, plain)[0]).toBeGreaterThan(NEAR);
  for (const found of [await search(fixed, plain, { movingMask: mask }), await search(fixed, cut)])
    expect(distances(found, truth, fixed, plain)[0]).toBeLessThan(NEAR);
});

test("a mirror image is found on request alone", async () => {
  const truth = turn(50, 1, [60, 48], [54, 54], -1);
  const moving = viewImage(scene, movedView(truth, { width: 108, height: 108 }));
  const both = await search(fixed, moving, { flips: true });
  const plain = both.filter(({ flipped }) => !flipped);
  const mirrored = both.filter(({ flipped }) => flipped);
  expect(Math.min(...distances(plain, truth, fixed, moving))).toBeGreaterThan(0.1);
  expect(distances(mirrored, truth, fixed, moving)[0]).toBeLessThan(NEAR);
  expect(mirrored[0]!.score).toBeGreaterThan(1.5 * plain[0]!.score);
  expect((await search(fixed, moving)).every(({ flipped }) => !flipped)).toBe(true);
});

test("a view from aside is found on request", async () => {
  const truth: Matrix3 = [0.6, 0, 22, 0.1, 1.2, -4, 0, 0, 1];
  const moving = viewImage(scene, movedView(truth, { width: 116, height: 116 }));
  const tilted = (await search(fixed, moving, { tilts: true })).filter(({ source }) => source === "tilted");
  expect(distances(tilted, truth, fixed, moving)[0]).toBeLessThan(0.07); // steps of 1.5 and 45 degrees
  expect(tilted[0]!.tilt).toBe(2);
});

test("a small overlap is found on request", async () => {
  const truth = turn(0, 1, [0, 0], [-97, 0]);
  const moving = viewImage(scene, movedView(truth, { width: 120, height: 96 }));
  const wide = distances(await search(fixed, moving, { minOverlap: 0.1 }), truth, fixed, moving);
  expect(Math.min(...wide)).toBeLessThan(NEAR);
  expect(Math.min(...distances(await search(fixed, moving), truth, fixed, moving))).toBeGreaterThan(0.1);
});

test("scales are looked for as far as asked", async () => {
  const truth = turn(0, 3.2, [60, 48], [64, 64]);
  const moving = viewImage(scene, movedView(truth, { width: 128, height: 128 }));
  const found = await search(fixed, moving, { scales: [2, 4] });
  expect(distances(found, truth, fixed, moving)[0]).toBeLessThan(0.09);
  expect(found.every(({ scale }) => scale > 1.9 && scale < 4.6)).toBe(true);
});

test.each([
  ["blank", memoryImage(new Uint8Array(2500).fill(90), pixelGrid(50, 50))],
  ["of one pixel", memoryImage(Uint8Array.of(3), pixelGrid(1, 1))],
  ["tiny", viewImage(scene, { width: 15, height: 12 })],
  ["a thin strip", viewImage(scene, { width: 400, height: 3 })],
  ["empty", memoryImage(new Float32Array(100 * 100).fill(Number.NaN), pixelGrid(100, 100))],
])("there is nothing to find in an image that is %s", async (_, image) => {
  expect(await search(fixed, image)).toEqual([]);
  expect(await search(image, fixed)).toEqual([]);
  expect(await search(image, image)).toEqual([]);
});

test("progress goes from 0 to 1, and the signal ends the search", async () => {
  const shares: number[] = [];
  await search(fixed, fixed, { progress: (share) => shares.push(share) });
  expect(shares).toEqual([...shares].sort((a, b) => a - b));
  expect(shares.at(-1)).toBe(1);
  const controller = new AbortController();
  const ended = search(fixed, fixed, {
    signal: controller.signal,
    progress: (share) => share > 0.1 && controller.abort(),
  });
  await expect(ended).rejects.toThrow("abort");
});
