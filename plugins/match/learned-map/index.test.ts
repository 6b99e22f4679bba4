import { apply, type Grid, type Image, type Points, pixelGrid, type Registration } from "tiepoint/plugin";
import { describe, expect, test } from "vitest";
import { memoryImage } from "../../../test/support/image.js";
import { context, paramsOf } from "../../../test/support/matcher.js";
import { constant, node, onnxFile, port } from "../../../test/support/onnx.js";
import { project, texturedScene, viewImage, viewOf } from "../../../test/support/scene.js";
import learnedMap from "./index.js";

const size = { width: 160, height: 128 };
const scene = texturedScene(11);
const shifted = (dx: number, dy: number) => [1, 0, -dx, 0, 1, -dy, 0, 0, 1];
const fixed = viewImage(scene, { ...size, noise: 2, seed: 1 });
/** What lies at (x, y) in the fixed image lies at (x + 7, y - 4) here. */
const moving = viewImage(scene, { ...size, noise: 2, seed: 2, sceneFromPixel: shifted(7, -4) });

const twoImages = (names: readonly [string, string] = ["moving", "fixed"]) =>
  names.map((name) => port(name, [1, 1, "height", "width"]));

/** A network that gives the same array whatever it sees. */
const saying = (dims: readonly number[], data: Float32Array, names?: readonly [string, string]): Uint8Array =>
  onnxFile({
    nodes: [node("Identity", ["known"], ["answer"])],
    constants: [constant("known", dims, data)],
    inputs: twoImages(names),
    outputs: [port("answer", dims)],
  });

/** A displacement by channel, from what it is at each sample. */
function field(
  of: (x: number, y: number) => readonly [dx: number, dy: number],
  { width, height } = size,
  { order = "yx", last = false } = {},
): Uint8Array {
  const n = width * height;
  const data = new Float32Array(2 * n);
  for (let i = 0; i < n; i++) {
    const [dx, dy] = of(i % width, Math.floor(i / width));
    const pair = order === "yx" ? [dy, dx] : [dx, dy];
    for (let c = 0; c < 2; c++) data[last ? 2 * i + c : c * n + i] = pair[c]!;
  }
  return saying(last ? [1, height, width, 2] : [1, 2, height, width], data);
}

const run = (images: { fixed: Image; moving: Image }, data: Uint8Array, changed: Readonly<Record<string, unknown>>) =>
  learnedMap.run({ ...images, model: { format: "onnx", data } }, paramsOf(learnedMap, changed) as never, context());

async function register(
  data: Uint8Array,
  changed: Readonly<Record<string, unknown>> = { gives: "displacement" },
  images = { fixed, moving },
): Promise<Registration & { verdict: NonNullable<Registration["verdict"]> }> {
  const outcome = await run(images, data, changed);
  if (!outcome.ok) throw new Error(outcome.diagnostics[0]!.message);
  return outcome.value.transform as never;
}
const codes = ({ verdict }: Registration) => verdict!.reasons.map((r) => r.code);
/** Longest distance between a transform and the truth, at places of the fixed world. */
function farthest(
  { transform }: Registration,
  places: readonly number[],
  truth: (x: number, y: number) => readonly number[],
) {
  const mapped = apply(transform, Float64Array.from(places) as Points<"world">);
  let most = 0;
  for (let k = 0; k < places.length; k += 2) {
    const [x, y] = truth(places[k]!, places[k + 1]!);
    most = Math.max(most, Math.hypot(mapped[k]! - x!, mapped[k + 1]! - y!));
  }
  return most;
}
const corners = [0, 0, 159, 0, 0, 127, 159, 127, 80.3, 60.7];

describe("match/learned-map", () => {
  test.each([
    ["channels first, y first", {}, {}],
    ["channels last, x first", { order: "xy", last: true }, { order: "xy" }],
  ])("reads a displacement, %s, and the pixels confirm it", async (_, layout, params) => {
    const found = await register(
      field(() => [7, -4], size, layout),
      { gives: "displacement", ...params },
    );
    expect(farthest(found, corners, (x, y) => [x + 7, y - 4])).toBeLessThan(1e-5);
    expect(found.verdict).toMatchObject({ status: "accepted", reasons: [] });
    expect(found.verdict.metrics["expected-error"]!.value).toBeLessThan(0.2);
    expect(found.verdict.metrics.agreement!.value).toBeGreaterThan(90);
  });

  test("a bend that is right is accepted", async () => {
    const bend = (x: number, y: number) => [3 * Math.sin(y / 25), 2 * Math.cos(x / 30)] as const;
    // The fixed image shows the scene at p + bend(p), so the map to an unmoved view is the bend itself.
    const values = Uint8Array.from({ length: size.width * size.height }, (_, i) => {
      const [x, y] = [i % size.width, Math.floor(i / size.width)];
      const [dx, dy] = bend(x, y);
      return Math.round(scene.at(x + dx, y + dy));
    });
    const bent = memoryImage(values, pixelGrid(size.width, size.height));
    const found = await register(field(bend), undefined, { fixed: bent, moving: viewImage(scene, size) });
    expect(found.verdict.status).toBe("accepted");
    expect(found.verdict.metrics["expected-error"]!.value).toBeLessThan(0.2);
  });

  test.each([
    ["affine", [1, 2, 3], [0.998, -0.05, 6, 0.05, 0.998, -4]],
    ["affine", [1, 6], [0.998, -0.05, 6, 0.05, 0.998, -4]],
    ["homography", [1, 3, 3], [-0.998, 0.05, -6, -0.05, -0.998, 4, -0.0004, -0.0001, -1]],
  ])("reads an %s of shape %j", async (gives, dims, numbers) => {
    const matrix = numbers.length === 6 ? [...numbers, 0, 0, 1] : numbers;
    // What the moving image shows at H p is what the fixed one shows at p.
    const seen = viewImage(scene, { ...size, sceneFromPixel: matrix });
    const found = await register(
      saying(dims, Float32Array.from(numbers)),
      { gives, order: "xy" },
      {
        fixed: seen,
        moving: viewImage(scene, size),
      },
    );
    expect(farthest(found, corners, (x, y) => project(matrix, x, y))).toBeLessThan(1e-3);
    expect(found.verdict.status).toBe("accepted");
    expect(found.verdict.metrics["expected-error"]!.value).toBeLessThan(0.2);
  });

  test("order, unit, ends and direction mean what they say", async () => {
    const shift = (dx: number, dy: number) => Float32Array.of(1, 0, dx, 0, 1, dy);
    const cases = [
      [shift(-4, 7), { order: "yx" }],
      [shift(-7, 4), { order: "xy", direction: "moving-to-fixed" }],
      [shift(7 / 80, -4 / 64), { order: "xy", unit: "normalised" }],
      [shift(7 / 79.5, -4 / 63.5), { order: "xy", unit: "normalised", ends: "centres" }],
    ] as const;
    for (const [numbers, params] of cases) {
      const found = await register(saying([1, 6], numbers), { gives: "affine", ...params });
      expect(farthest(found, corners, (x, y) => [x + 7, y - 4])).toBeLessThan(1e-4);
    }
    // Half as large about the middle, in normalised coordinates: the middle of the pixels stays where it is.
    const half = await register(saying([1, 6], Float32Array.of(0.5, 0, 0, 0, 0.5, 0)), {
      ...{ gives: "affine", order: "xy", unit: "normalised" },
    });
    expect(farthest(half, corners, (x, y) => [79.5 + (x - 79.5) / 2, 63.5 + (y - 63.5) / 2])).toBeLessThan(1e-4);
    const back = await register(
      field(() => [-7, 4]),
      { gives: "displacement", direction: "moving-to-fixed" },
    );
    expect(farthest(back, [20, 20, 100, 90, 130, 30], (x, y) => [x + 7, y - 4])).toBeLessThan(1e-5);
    const parts = await register(
      field(() => [7 / 80, -4 / 64]),
      { gives: "displacement", unit: "normalised" },
    );
    expect(farthest(parts, corners, (x, y) => [x + 7, y - 4])).toBeLessThan(1e-4);
  });

  test("is right in the world of images that differ in spacing, place and size", async () => {
    // The same scene on finer and coarser pixels: 320 x 256 of 0.5 um, and 80 x 64 of 2 um, each at a place of its own.
    const fine: Grid = { width: 320, height: 256, worldFromPixel: [0.5, 0, 100, 0, 0.5, -40], crs: "um" };
    const coarse: Grid = { width: 80, height: 64, worldFromPixel: [2, 0, -30, 0, 2, 500], crs: "um" };
    const images = {
      fixed: viewImage(scene, {
        width: 320,
        height: 256,
        grid: fine,
        sceneFromPixel: [0.5, 0, -0.25, 0, 0.5, -0.25, 0, 0, 1],
      }),
      moving: viewImage(scene, {
        width: 80,
        height: 64,
        grid: coarse,
        sceneFromPixel: [2, 0, 0.5 - 7, 0, 2, 0.5 + 4, 0, 0, 1],
      }),
    };
    const onto = (x: number, y: number) => [
      // World to scene, seven right and four up in the scene, and to the other world.
      ((x - 100) / 0.5) * 0.5 - 0.25 + 7 - 0.5 - 30,
      ((y + 40) / 0.5) * 0.5 - 0.25 - 4 - 0.5 + 500,
    ];
    const places = [100, -40, 259, -40, 100, 87, 259, 87, 180.3, 10.7];
    const params = { maxSide: 160, gives: "displacement" };
    const found = await register(
      field(() => [7, -4]),
      params,
      images,
    );
    expect(farthest(found, places, onto)).toBeLessThan(1e-4);
    expect(found.verdict.metrics["expected-error"]!.value).toBeLessThan(0.5);
    expect(codes(found)).toEqual([]);
    // A field of a quarter of the samples covers the same area, and keeps its unit.
    const few = await register(
      field(() => [7, -4], { width: 40, height: 32 }),
      params,
      images,
    );
    expect(farthest(few, places, onto)).toBeLessThan(1e-4);
    const back = { ...params, direction: "moving-to-fixed", gives: "affine", order: "xy" };
    const matrix = await register(saying([1, 6], Float32Array.of(1, 0, -7, 0, 1, 4)), back, images);
    expect(farthest(matrix, places, onto)).toBeLessThan(1e-4);
  });

  test("gives what the network makes of the images, with the fixed one where it belongs", async () => {
    // How far apart the centres of brightness are: right for a patch of a scene on black.
    const patch = (dx: number, dy: number, seed: number) => {
      const values = viewOf(scene, { ...size, sceneFromPixel: shifted(dx, dy), noise: 1, seed });
      const data = values.map((v, i) => {
        const [x, y] = [(i % size.width) - dx - 80, Math.floor(i / size.width) - dy - 64];
        return v * Math.min(1, Math.max(0, (48 - Math.hypot(x, y)) / 8));
      });
      return memoryImage(Uint8Array.from(data, Math.round), pixelGrid(size.width, size.height));
    };
    const numbers = (...n: number[]) => BigInt64Array.from(n, BigInt);
    const places = new Float32Array(2 * size.width * size.height).map((_, i) => {
      const [c, k] = [Math.floor(i / (size.width * size.height)), i % (size.width * size.height)];
      return c === 0 ? Math.floor(k / size.width) : k % size.width;
    });
    const centre = (side: string) => [
      node("Mul", [side, "places"], [`${side}-moment`]),
      node("ReduceSum", [`${side}-moment`, "axes"], [`${side}-first`]),
      node("ReduceSum", [side, "axes"], [`${side}-mass`]),
      node("Div", [`${side}-first`, `${side}-mass`], [`${side}-centre`]),
    ];
    const file = onnxFile({
      nodes: [
        ...centre("source"),
        ...centre("target"),
        node("Sub", ["source-centre", "target-centre"], ["shift"]),
        node("Expand", ["shift", "whole"], ["flow"]),
        node("Identity", ["source"], ["moved"]),
      ],
      constants: [
        constant("places", [1, 2, size.height, size.width], places),
        constant("axes", [2], numbers(2, 3)),
        constant("whole", [4], numbers(1, 2, size.height, size.width)),
      ],
      inputs: twoImages(["source", "target"]),
      outputs: [port("moved", [1, 1, "height", "width"]), port("flow", [1, 2, "height", "width"])],
    });
    const images = { fixed: patch(0, 0, 1), moving: patch(9, 5, 2) };
    const found = await register(file, undefined, images);
    expect(farthest(found, corners, (x, y) => [x + 9, y + 5])).toBeLessThan(0.2);
    expect(found.verdict.status).toBe("accepted");
    const again = await register(file, undefined, images);
    expect(again).toEqual(found);
  });

  test("a map that is a little off says by how much", async () => {
    const found = await register(field(() => [7 + 1.6, -4 + 1.2]));
    expect(found.verdict.metrics["expected-error"]!.value).toBeGreaterThan(1.9);
    expect(found.verdict.metrics["expected-error"]!.value).toBeLessThan(2.1);
  });

  test.each([
    ["twice as far as it should be", () => [14, -8] as const],
    ["the wrong way", () => [-7, 4] as const],
    ["not at all", () => [0, 0] as const],
    ["far away", () => [30, 25] as const],
  ])("a map that leads %s is not accepted", async (_, of) => {
    const found = await register(field(of));
    expect(found.verdict.status).toBe("suspect");
    expect(codes(found)).toEqual(expect.arrayContaining(["not-confirmed", "error-unknown"]));
    expect(found.verdict.metrics).not.toHaveProperty("expected-error");
  });

  test.each([1, 2, 3, 4])("images of different scenes confirm nothing (seed %i)", async (seed) => {
    const other = viewImage(texturedScene(90 + seed), { ...size, noise: 2, seed: 3 });
    const found = await register(
      field(() => [0, 0]),
      undefined,
      { fixed, moving: other },
    );
    expect(found.verdict.status).not.toBe("accepted");
    expect(codes(found)).toContain("not-confirmed");
  });

  test("a map that folds is rejected", async () => {
    const found = await register(
      field((x) => [7 - 14 * Math.exp(-(((x - 80) / 6) ** 2)) * Math.sin((x - 80) / 4), -4]),
    );
    expect(found.verdict.status).toBe("rejected");
    expect(codes(found)).toContain("folds");
  });

  test("a map that leads off the moving image is rejected", async () => {
    const found = await register(field(() => [500, 0]));
    expect(found.verdict.status).toBe("rejected");
    expect(codes(found)).toContain("no-overlap");
  });

  test("a network that turns the picture over is not believed", async () => {
    const numbers = Float32Array.of(-1, 0, 0, 0, 1, 0);
    const found = await register(saying([1, 6], numbers), { gives: "affine", order: "xy", unit: "normalised" });
    expect(found.verdict.status).toBe("rejected");
    expect(codes(found)).toContain("reflected");
  });

  test("rows that run up in one world and down in the other turn nothing over", async () => {
    const up: Grid = { ...size, worldFromPixel: [1, 0, 0, 0, -1, 300], crs: "EPSG:32632" };
    const north = viewImage(scene, { ...size, grid: up, noise: 2, seed: 2, sceneFromPixel: shifted(7, -4) });
    const found = await register(
      field(() => [7, -4]),
      undefined,
      { fixed, moving: north },
    );
    expect(farthest(found, corners, (x, y) => [x + 7, 300 - (y - 4)])).toBeLessThan(1e-4);
    expect(found.verdict.status).toBe("accepted");
  });

  test.each([
    ["of one pixel", memoryImage(Float32Array.of(3), pixelGrid(1, 1))],
    ["without any observation", memoryImage(new Float32Array(96 * 80).fill(-1), pixelGrid(96, 80), { nodata: -1 })],
  ])("an image %s is not accepted, on either side", async (_, odd) => {
    const file = saying([1, 6], Float32Array.of(1, 0, 0, 0, 1, 0));
    const params = { gives: "affine", unit: "normalised" };
    for (const images of [
      { fixed: odd, moving },
      { fixed, moving: odd },
      { fixed: odd, moving: odd },
    ]) {
      const outcome = await run(images, file, params);
      if (outcome.ok) expect(outcome.value.transform.verdict!.status).not.toBe("accepted");
    }
  });

  test("stops when it is told to", async () => {
    const file = saying([1, 6], Float32Array.of(1, 0, 0, 0, 1, 0));
    const inputs = { fixed, moving, model: { format: "onnx", data: file } };
    const told = context(AbortSignal.abort());
    await expect(learnedMap.run(inputs, paramsOf(learnedMap, { gives: "affine" }) as never, told)).rejects.toThrow();
  });

  test("blank images confirm nothing", async () => {
    const blank = memoryImage(new Uint8Array(160 * 128).fill(90), pixelGrid(160, 128));
    const found = await register(
      field(() => [0, 0]),
      undefined,
      { fixed: blank, moving: blank },
    );
    expect(found.verdict.status).toBe("suspect");
    expect(codes(found)).toContain("not-confirmed");
  });

  test("inputs that do not say which they are must be named", async () => {
    const file = saying([1, 6], Float32Array.of(1, 0, 7, 0, 1, -4), ["a", "b"]);
    const outcome = await run({ fixed, moving }, file, { gives: "affine", order: "xy" });
    expect(!outcome.ok && outcome.diagnostics[0]).toMatchObject({
      code: "network-convention",
      message: expect.stringContaining(
        "this model takes a float32 [1, 1, height, width]; b float32 [1, 1, height, width], and gives answer float32 [1, 6]",
      ),
      hint: expect.stringContaining("input-fixed"),
    });
    const named = await register(file, { gives: "affine", order: "xy", inputMoving: "b" });
    expect(named.verdict.status).toBe("accepted");
  });

  test.each([
    ["an output of another shape", { gives: "homography" }, "network-convention"],
    ["an output that does not exist", { gives: "affine", output: "flow" }, "network-convention"],
    ["an output that is named but no such map", { gives: "displacement", output: "answer" }, "network-output"],
    ["a map without an inverse", { gives: "affine" }, "network-output"],
  ])("%s is refused", async (_, params, code) => {
    const outcome = await run({ fixed, moving }, saying([1, 6], new Float32Array(6)), params);
    expect(!outcome.ok && outcome.diagnostics[0]!.code).toBe(code);
  });

  test("of several outputs that may be the map one must be named", async () => {
    const forth = Float32Array.of(1, 0, 7, 0, 1, -4);
    const file = onnxFile({
      nodes: [node("Identity", ["known"], ["forth"]), node("Neg", ["known"], ["back"])],
      constants: [constant("known", [1, 2, 3], forth)],
      inputs: twoImages(),
      outputs: [port("back", [1, 2, 3]), port("forth", [1, 2, 3])],
    });
    const outcome = await run({ fixed, moving }, file, { gives: "affine", order: "xy" });
    expect(!outcome.ok && outcome.diagnostics[0]).toMatchObject({
      code: "network-convention",
      hint: "Several outputs may be the map: name it in output.",
    });
    const named = await register(file, { gives: "affine", order: "xy", output: "forth" });
    expect(named.verdict.status).toBe("accepted");
  });

  test("inputs of two sizes are refused", async () => {
    const file = onnxFile({
      nodes: [node("Identity", ["known"], ["answer"])],
      constants: [constant("known", [1, 6], new Float32Array(6))],
      inputs: [port("moving", [1, 1, 64, 64]), port("fixed", [1, 1, 64, 32])],
      outputs: [port("answer", [1, 6])],
    });
    const outcome = await run({ fixed, moving }, file, { gives: "affine" });
    expect(!outcome.ok && outcome.diagnostics[0]!.code).toBe("network-convention");
  });

  test("numbers that are not finite are refused", async () => {
    const outcome = await run(
      { fixed, moving },
      field(() => [Number.NaN, 0]),
      { gives: "displacement" },
    );
    expect(!outcome.ok && outcome.diagnostics[0]!.code).toBe("network-output");
  });
});
