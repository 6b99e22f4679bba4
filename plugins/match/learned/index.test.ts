import { type Grid, type Image, type Points, pixelGrid, toPixel } from "tiepoint/plugin";
import { describe, expect, test } from "vitest";
import { memoryImage } from "../../../test/support/image.js";
import { context, paramsOf } from "../../../test/support/matcher.js";
import { brightestPixels, node, onnxFile, port } from "../../../test/support/onnx.js";
import learned from "./index.js";

const side = 32;
/** Dots on a dark ground, the brightest first. */
function dots(places: readonly (readonly [number, number])[], grid: Grid = pixelGrid(side, side)): Image {
  const data = new Uint8Array(grid.width * grid.height).fill(10);
  places.forEach(([x, y], i) => {
    data[y * grid.width + x] = 250 - 20 * i;
  });
  return memoryImage(data, grid);
}
const here = [
  [4, 5],
  [20, 8],
  [11, 25],
  [28, 30],
] as const;
const there = here.map(([x, y]) => [x - 3, y + 1] as const);

const model = (data: Uint8Array) => ({ format: "onnx", data });
const run = (fixed: Image, moving: Image, data: Uint8Array, changed: Readonly<Record<string, unknown>> = {}) =>
  learned.run({ fixed, moving, model: model(data) }, paramsOf(learned, changed) as never, context());

describe("match/learned", () => {
  const file = brightestPixels(side, side, 4);

  test("gives the pairs of a network with a known answer, the surest first", async () => {
    const outcome = await run(dots(here), dots(there), file);
    if (!outcome.ok) throw new Error(outcome.diagnostics[0]!.message);
    const { matches } = outcome.value;
    expect([...matches.fixed]).toEqual(here.flat());
    expect([...matches.moving]).toEqual(there.flat());
    expect([...matches.weight!]).toEqual([1, 0.875, 0.75, 0.625]);
    expect(outcome.metrics).toEqual({ matches: { value: 4 } });
  });

  test("leaves out what the network is not sure of", async () => {
    const outcome = await run(dots(here), dots(there), file, { minScore: 0.8 });
    expect(outcome.ok && [...outcome.value.matches.fixed]).toEqual(here.slice(0, 2).flat());
  });

  test("answers in the world of images that have one, whatever size the network sees", async () => {
    const grid: Grid = { width: 64, height: 64, worldFromPixel: [0.5, 0, 100, 0, 0.5, -40], crs: "um" };
    const big = (places: readonly (readonly [number, number])[]) => {
      const data = new Uint8Array(64 * 64);
      // Every dot covers the four pixels that become one of the network's.
      places.forEach(([x, y], i) => {
        for (const k of [0, 1, 64, 65]) data[2 * y * 64 + 2 * x + k] = 250 - 20 * i;
      });
      return memoryImage(data, grid);
    };
    const outcome = await run(big(here), big(there), file);
    if (!outcome.ok) throw new Error(outcome.diagnostics[0]!.message);
    const found = toPixel(grid, outcome.value.matches.fixed as Points<"world">);
    expect([...found]).toEqual(here.flat().map((v) => 2 * v + 0.5));
  });

  test("the same inputs give the same bytes", async () => {
    const [a, b] = [await run(dots(here), dots(there), file), await run(dots(here), dots(there), file)];
    expect(a.ok && b.ok && a.value.matches.weight).toEqual(b.ok && b.value.matches.weight);
  });

  test("a model of another kind is refused with what it takes and gives", async () => {
    const other = onnxFile({
      nodes: [node("Relu", ["x"], ["y"])],
      inputs: [port("x", [1, 5, "height", "width"])],
      outputs: [port("y", [1, 5, "height", "width"])],
    });
    const outcome = await run(dots(here), dots(there), other);
    expect(!outcome.ok && outcome.diagnostics[0]).toMatchObject({
      code: "network-convention",
      message: expect.stringContaining(
        "this model takes x float32 [1, 5, height, width], and gives y float32 [1, 5, height, width]",
      ),
      hint: expect.stringContaining("points-fixed"),
    });
  });

  test.each([
    ["no ONNX at all", new Uint8Array(64).fill(7)],
    ["a damaged one", file.slice(0, file.length / 2)],
  ])("%s is refused in words", async (_, data) => {
    const outcome = await run(dots(here), dots(there), data);
    expect(!outcome.ok && outcome.diagnostics[0]!.code).toBe("network-unreadable");
    expect(!outcome.ok && outcome.diagnostics[0]!.hint).toContain("export it again");
  });

  test("a model of ours is no network", async () => {
    const outcome = await learned.run(
      { fixed: dots(here), moving: dots(there), model: { format: "tiepoint/landmarks", data: new Uint8Array(4) } },
      paramsOf(learned) as never,
      context(),
    );
    expect(!outcome.ok && outcome.diagnostics[0]!.code).toBe("not-onnx");
  });
});
