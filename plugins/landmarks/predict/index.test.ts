import { type Image, type Model, type PointSet, pixelGrid, pixelPoints, seededRandom, toWorld } from "tiepoint/plugin";
import { beforeAll, expect, test } from "vitest";
import { memoryImage } from "../../../test/support/image.js";
import { paramsOf } from "../../../test/support/matcher.js";
import { constant, node, onnxFile, port } from "../../../test/support/onnx.js";
import { texturedScene, viewImage } from "../../../test/support/scene.js";
import { context, imagesOf, meanError, pointsOf, trained, wings } from "../../../test/support/wings.js";
import plugin from "./index.js";

const known = await wings(1, 14);
const fresh = await wings(101, 3);
let model: Model;
beforeAll(async () => {
  model = (await trained(imagesOf(known), pointsOf(known), { folds: 3 })).value.model;
});

const run = (image: Image, mirror = false, of = model) =>
  plugin.run({ in: image, model: of }, { ...paramsOf(plugin), mirror } as never, context());
const found = async (image: Image, mirror = false) => {
  const outcome = await run(image, mirror);
  if (!outcome.ok) throw new Error(outcome.diagnostics.map((d) => d.message).join("\n"));
  return outcome;
};

/** The image elsewhere in the world. */
const moved = (image: Image, worldFromPixel: Image["grid"]["worldFromPixel"], crs: "px" | "um"): Image => ({
  ...image,
  grid: { ...image.grid, worldFromPixel, crs },
});

/** Another picture made of an image: pixel (x, y) shows what `from` says. */
async function redrawn(image: Image, width: number, height: number, from: (x: number, y: number) => [number, number]) {
  const { data } = await image.read({ x: 0, y: 0, width: image.grid.width, height: image.grid.height });
  const out = Uint8Array.from({ length: width * height }, (_, i) => {
    const [x, y] = from(i % width, Math.floor(i / width));
    return data[y * image.grid.width + x]!;
  });
  return memoryImage(out, pixelGrid(width, height));
}

test("points of unseen images are found, by name, with confidence", async () => {
  for (const { image, landmarks } of fresh.values()) {
    const { value, metrics, notes } = await found(image);
    expect(value.points.names).toEqual(landmarks.names);
    expect(meanError(value.points.points, landmarks.points)).toBeLessThan(2.5); // of 160 pixels
    expect(metrics!.confidence!.value).toBeGreaterThan(0.6);
    expect(notes).toEqual([]);
  }
});

test("the same image gives the same points, whatever the seed", async () => {
  const { image } = fresh.get("wing 101")!;
  const other = await plugin.run({ in: image, model }, { ...paramsOf(plugin), mirror: false } as never, context(77));
  expect(other).toEqual(await run(image));
});

test.each<[string, (image: Image) => Promise<Image>]>([
  ["a landscape of other things", async () => viewImage(texturedScene(3), { width: 160, height: 120, noise: 2 })],
  ["a blank image", async () => memoryImage(new Uint8Array(160 * 120).fill(90), pixelGrid(160, 120))],
  ["nothing observed", async () => memoryImage(new Float32Array(160 * 120).fill(NaN), pixelGrid(160, 120))],
  ["a wing upside down", (image) => redrawn(image, 160, 120, (x, y) => [159 - x, 119 - y])],
])("%s comes with low confidence or is refused", async (_, make) => {
  const outcome = await run(await make(fresh.get("wing 101")!.image));
  if (!outcome.ok) expect(outcome.diagnostics[0]!.code).toBe("nothing-found");
  else {
    expect(outcome.metrics!.confidence!.value).toBeLessThan(0.2);
    expect(outcome.notes?.map((n) => n.code)).toEqual(["low-confidence"]);
  }
});

test.each([1, 3])("an image of %i px is taken without a crash", async (side) => {
  const outcome = await run(memoryImage(new Uint8Array(side * side).fill(9), pixelGrid(side, side)));
  if (outcome.ok) expect(outcome.metrics!.confidence!.value).toBeLessThan(0.2);
  else expect(["nothing-found", "shape-too-small"]).toContain(outcome.diagnostics[0]!.code);
});

test("points move with the world: a crop and a coarser grid change nothing of what is found", async () => {
  const { image, landmarks } = fresh.get("wing 102")!;
  const here = moved(image, [1, 0, 500, 0, 1, -70], "px");
  const right = toWorld(here.grid, pixelPoints(landmarks.points));
  expect(meanError((await found(here)).value.points.points, right)).toBeLessThan(2.5);
  const half = await redrawn(image, 80, 60, (x, y) => [2 * x, 2 * y]);
  const coarse = moved(half, [2, 0, 0, 0, 2, 0], "px");
  expect(meanError((await found(coarse)).value.points.points, landmarks.points)).toBeLessThan(4);
});

test("an image of twice the size is tried by its frame too, and so is one in another unit", async () => {
  const { image, landmarks } = fresh.get("wing 103")!;
  const large = await redrawn(image, 320, 240, (x, y) => [x >> 1, y >> 1]);
  const double = landmarks.points.map((v) => 2 * v + 0.5);
  expect(meanError((await found(large)).value.points.points, double)).toBeLessThan(5);
  const { value, notes } = await found(moved(image, [0.5, 0, 0, 0, 0.5, 0], "um"));
  expect(
    meanError(
      value.points.points,
      landmarks.points.map((v) => 0.5 * v),
    ),
  ).toBeLessThan(1.3);
  expect(notes?.map((n) => n.code)).toEqual(["unit-differs"]);
});

test("a mirror image is found when it is asked for", async () => {
  const { image, landmarks } = fresh.get("wing 101")!;
  const flipped = await redrawn(image, 160, 120, (x, y) => [159 - x, y]);
  const right = landmarks.points.map((v, i) => (i % 2 ? v : 159 - v));
  const { value, metrics } = await found(flipped, true);
  expect(metrics!.mirrored!.value).toBe(1);
  expect(meanError(value.points.points, right)).toBeLessThan(2.5);
  const without = await found(flipped);
  expect(without.metrics!.confidence!.value).toBeLessThan(0.2);
  expect((await found(image, true)).metrics!.mirrored!.value).toBe(0);
});

test("what is no model of landmarks is refused; so is a step with too little memory", async () => {
  const { image } = fresh.get("wing 101")!;
  expect(await run(image, false, { format: "trained elsewhere", data: Uint8Array.of(8) })).toMatchObject({
    ok: false,
    diagnostics: [{ code: "not-a-landmark-model" }],
  });
  const outcome = await plugin.run({ in: image, model }, { ...paramsOf(plugin), mirror: false } as never, {
    ...context(),
    memory: 1000,
  });
  expect(outcome).toMatchObject({ ok: false, diagnostics: [{ code: "memory-too-small" }] });
});

test.each([1, 2, 3])(
  "a model whose numbers were spoiled is refused or gives points, and never fails (seed %i)",
  async (seed) => {
    const random = seededRandom(seed);
    for (let n = 0; n < 12; n++) {
      const data = model.data.slice();
      for (let k = 0; k < 40; k++)
        data[Math.floor(4000 + random() * (data.length - 4000))] = Math.floor(256 * random());
      const outcome = await run(fresh.get("wing 101")!.image, false, { ...model, data });
      if (outcome.ok) for (const v of outcome.value.points.points) expect(Number.isFinite(v)).toBe(true);
      else expect(["model-damaged", "nothing-found"]).toContain(outcome.diagnostics[0]!.code);
    }
  },
);

test("images of 16 bits and of float give what those of 8 bits give, whatever their range", async () => {
  const { image } = fresh.get("wing 102")!;
  const base = (await found(image)).value.points.points;
  const { data } = await image.read({ x: 0, y: 0, width: 160, height: 120 });
  const points = async (of: Image): Promise<PointSet["points"]> => (await found(of)).value.points.points;
  const wide = memoryImage(
    Uint16Array.from(data, (v) => 1000 + 100 * v),
    image.grid,
  );
  expect(meanError(await points(wide), base)).toBeLessThan(0.2);
  const real = memoryImage(
    Float32Array.from(data, (v) => v / 1000 - 3),
    image.grid,
  );
  expect(meanError(await points(real), base)).toBeLessThan(0.2);
});

/** A network whose two heat maps are the image and its negative. */
const network: Model = {
  format: "onnx",
  data: onnxFile({
    nodes: [node("Conv", ["image", "signs"], ["heat"])],
    constants: [constant("signs", [2, 1, 1, 1], Float32Array.of(1, -1))],
    inputs: [port("image", [1, 1, "height", "width"])],
    outputs: [port("heat", [1, 2, "height", "width"])],
  }),
};

test("a network of the user's own gives the points that its heat maps show", async () => {
  const data = new Uint8Array(40 * 32).fill(90);
  data[40 * 20 + 11] = 255;
  data[40 * 6 + 30] = 0;
  const params = { ...paramsOf(plugin), names: ["bright", "dark"] } as never;
  const outcome = await plugin.run({ in: memoryImage(data, pixelGrid(40, 32)), model: network }, params, context());
  if (!outcome.ok) throw new Error(outcome.diagnostics[0]!.message);
  expect([...outcome.value.points.points]).toEqual([11, 20, 30, 6]);
  expect(outcome.value.points.names).toEqual(["bright", "dark"]);
  expect(outcome.metrics).toMatchObject({ "lowest-confidence": { value: 0 } });
});

test("a network without names is refused with what to write", async () => {
  const outcome = await run(memoryImage(new Uint8Array(64), pixelGrid(8, 8)), false, network);
  expect(!outcome.ok && outcome.diagnostics[0]).toMatchObject({
    code: "names-missing",
    hint: expect.stringContaining("names: ["),
  });
});
