import { describe, expect, test } from "vitest";
import { memoryImage } from "../../test/support/image.js";
import { constant, node, onnxFile, port } from "../../test/support/onnx.js";
import { type Grid, pixelGrid } from "../core/grid.js";
import type { Image } from "../core/image.js";
import { type HeatMapOptions, heatMapPoints } from "./heat-maps.js";
import { openNetwork } from "./network.js";

/** Cells of 4 by 4 pixels: their mean, and its negative; offsets that point one pixel right and two down. */
const blocks = (channelsLast = false): Uint8Array =>
  onnxFile({
    nodes: [
      node("AveragePool", ["image"], ["mean"], { kernel_shape: [4, 4], strides: [4, 4] }),
      node("Conv", ["mean", "signs"], [channelsLast ? "raw" : "heat"]),
      ...(channelsLast ? [node("Transpose", ["raw"], ["heat"], { perm: [0, 2, 3, 1] })] : []),
      node("Conv", ["mean", "nothing", "ahead"], ["offsets"]),
    ],
    constants: [
      constant("signs", [2, 1, 1, 1], Float32Array.of(1, -1)),
      constant("nothing", [4, 1, 1, 1], new Float32Array(4)),
      constant("ahead", [4], Float32Array.of(0.5, 1, 0.5, 1)),
    ],
    inputs: [port("image", [1, 1, "height", "width"])],
    outputs: [port("heat", channelsLast ? [1, "h", "w", 2] : [1, 2, "h", "w"]), port("offsets", [1, 4, "h", "w"])],
  });

/** Grey, with one bright and one dark square on whole cells. */
function squares(grid: Grid = pixelGrid(48, 32)): Image {
  const data = new Uint8Array(grid.width * grid.height).fill(128);
  const fill = (x0: number, y0: number, value: number) => {
    for (let y = y0; y < y0 + 4; y++) for (let x = x0; x < x0 + 4; x++) data[y * grid.width + x] = value;
  };
  fill(8, 20, 230);
  fill(32, 4, 20);
  return memoryImage(data, grid);
}

const options: HeatMapOptions = {
  ...{ names: ["bright", "dark"], offsetScale: 2, activation: "none" },
  ...{ maxSide: 64, multiple: 4, range: "0..1" },
};

async function find(file: Uint8Array, image: Image, changed: Partial<HeatMapOptions> = {}) {
  const network = await openNetwork({ format: "onnx", data: file });
  if (!network.ok) throw new Error(network.diagnostics[0]!.message);
  const found = await heatMapPoints(network.value, image, { ...options, ...changed }, new AbortController().signal);
  await network.value.close();
  return found;
}

describe("heat maps", () => {
  test.each([false, true])("give each point where its map is highest (channels last: %s)", async (last) => {
    const found = await find(blocks(last), squares(), last ? {} : { heatMaps: "heat" });
    if (!found.ok) throw new Error(found.diagnostics[0]!.message);
    expect(found.value.names).toEqual(["bright", "dark"]);
    expect([...found.value.points]).toEqual([9.5, 21.5, 33.5, 5.5]);
    expect(found.value.confidence![0]).toBeCloseTo(230 / 255, 6);
  });

  test("offsets of the network are added, in pixels of what it sees", async () => {
    const found = await find(blocks(), squares(), { offsets: "offsets" });
    expect(found.ok && [...found.value.points]).toEqual([10.5, 23.5, 34.5, 7.5]);
  });

  test("points are in the world of the image", async () => {
    const grid: Grid = { width: 48, height: 32, worldFromPixel: [2, 0, 10, 0, 2, -5], crs: "um" };
    const found = await find(blocks(), squares(grid));
    expect(found.ok && [...found.value.points]).toEqual([29, 38, 77, 6]);
  });

  test("logits become confidence by the sigmoid", async () => {
    const found = await find(blocks(), squares(), { activation: "sigmoid" });
    expect(found.ok && found.value.confidence![0]).toBeCloseTo(1 / (1 + Math.exp(-230 / 255)), 6);
  });

  test("a network with another number of maps is refused with what it gives", async () => {
    const found = await find(blocks(), squares(), { names: ["a", "b", "c"] });
    expect(!found.ok && found.diagnostics[0]).toMatchObject({
      code: "network-convention",
      message: expect.stringContaining("gives heat float32 [1, 2, h, w]; offsets float32 [1, 4, h, w]"),
    });
  });

  test("offsets of another size are refused", async () => {
    const found = await find(blocks(), squares(), { offsets: "heat" });
    expect(!found.ok && found.diagnostics[0]!.code).toBe("network-output");
  });
});
