import { pixelGrid, type Registration } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { memoryImage } from "../../../test/support/image.js";
import { testContext } from "../../../test/support/read.js";
import { samplesOf } from "../../../test/support/step.js";
import warp from "./index.js";

const context = testContext();
const shift: Registration = {
  transform: { type: "affine", matrix: [1, 0, 2, 0, 1, 1] },
  fixed: pixelGrid(6, 5),
  moving: pixelGrid(8, 8),
};
const moving = memoryImage(
  Uint8Array.from({ length: 64 }, (_, i) => i + 1),
  pixelGrid(8, 8),
);
const plain = { interpolation: undefined, fill: undefined, antialias: true };

test("the moving image comes onto the fixed grid, or onto that of like", async () => {
  const result = await warp.run({ in: moving, transform: shift, like: undefined }, plain, context);
  if (!result.ok) throw new Error("expected an image");
  expect(result.value.image.grid).toEqual(pixelGrid(6, 5));
  expect((await samplesOf(result.value.image)).slice(0, 6)).toEqual([11, 12, 13, 14, 15, 16]);
  const like = memoryImage(new Uint8Array(2), { ...pixelGrid(2, 1), worldFromPixel: [1, 0, 3, 0, 1, 2] });
  const other = await warp.run({ in: moving, transform: shift, like }, plain, context);
  expect(other.ok && (await samplesOf(other.value.image))).toEqual([30, 31]);
});

test("labels take the nearest pixel, and a note says so to who asked for another", async () => {
  const labels = memoryImage(Uint8Array.of(1, 9, 1, 9), pixelGrid(2, 2), { meaning: "labels" });
  const half: Registration = { ...shift, transform: { type: "affine", matrix: [0.5, 0, 0.1, 0, 0.5, 0.1] } };
  const like = memoryImage(new Uint8Array(16), pixelGrid(4, 4));
  const asked = await warp.run({ in: labels, transform: half, like }, { ...plain, interpolation: "cubic" }, context);
  if (!asked.ok) throw new Error("expected an image");
  expect(asked.notes?.map((note) => note.code)).toEqual(["labels-take-nearest"]);
  expect(new Set(await samplesOf(asked.value.image))).toEqual(new Set([0, 1, 9]));
  const silent = await warp.run({ in: labels, transform: half, like }, plain, context);
  expect(silent.ok && silent.notes).toEqual([]);
});

test("the fill value is nodata of the result", async () => {
  const result = await warp.run({ in: moving, transform: shift, like: moving }, { ...plain, fill: 255 }, context);
  if (!result.ok) throw new Error("expected an image");
  expect(result.value.image.nodata).toBe(255);
  expect((await samplesOf(result.value.image)).at(-1)).toBe(255);
});

test.each([
  ["grid-unknown", { transform: { transform: shift.transform } }, {}],
  ["fill-out-of-range", {}, { fill: 256 }],
  ["fill-out-of-range", {}, { fill: 0.5 }],
  ["unit-differs", { transform: { ...shift, moving: { ...pixelGrid(8, 8), crs: "um" as const } } }, {}],
  ["singular-grid", { in: { ...moving, grid: { ...moving.grid, worldFromPixel: [0, 0, 0, 0, 0, 0] as const } } }, {}],
])("%s is told, not thrown", async (code, inputs, params) => {
  const result = await warp.run(
    { in: moving, transform: shift, like: undefined, ...inputs },
    { ...plain, ...params },
    context,
  );
  expect(!result.ok && result.diagnostics[0]?.code).toBe(code);
});

test("a rejected transform still warps, with a warning", async () => {
  const verdict = { status: "rejected", reasons: [], metrics: {}, stopped: "converged" } as const;
  const result = await warp.run({ in: moving, transform: { ...shift, verdict }, like: undefined }, plain, context);
  expect(result.ok && result.notes?.[0]?.code).toBe("warped-by-rejected-transform");
});
