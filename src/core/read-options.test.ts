import { expect, test } from "vitest";
import { memoryImage } from "../../test/support/image.js";
import { coarsen, type Grid, pixelGrid } from "./grid.js";
import type { Image } from "./image.js";
import { applyReadOptions } from "./read-options.js";

const rgb = memoryImage(Uint8Array.from([1, 2, 3, 4, 5, 6]), pixelGrid(2, 1));
const gray = memoryImage(new Uint8Array(12), pixelGrid(4, 3));
const intensity = { kind: "intensity" as const, channel: undefined, pixelSize: undefined, nodata: undefined };

const applied = (image: Image, params: Partial<typeof intensity> | object, like?: Image) => {
  const result = applyReadOptions(image, { ...intensity, ...params }, like);
  if (!result.ok) throw new Error(result.diagnostics[0]!.code);
  return result.value;
};

test.each(["green", "Green", "1"])("a channel is found by its name or number: %s", async (channel) => {
  const { image } = applied(rgb, { channel });
  expect(image.bands).toEqual(["green"]);
  expect([...(await image.read({ x: 0, y: 0, width: 2, height: 1 })).data]).toEqual([3, 4]);
  expect([...(await image.read({ x: 1, y: 0, width: 1, height: 1 }, { bands: [0] })).data]).toEqual([4]);
});

test.each(["nir", "3", "-1"])("a channel that is not there is refused with the ones that are: %s", (channel) => {
  const result = applyReadOptions(rgb, { ...intensity, channel });
  expect(!result.ok && result.diagnostics[0]).toMatchObject({
    code: "no-such-channel",
    message: `The image has no channel "${channel}"; it has 0 (red), 1 (green), 2 (blue)`,
  });
});

test("labels need one band", () => {
  const result = applyReadOptions(rgb, { ...intensity, kind: "labels" });
  expect(!result.ok && result.diagnostics[0]!.code).toBe("labels-need-one-band");
  expect(applied(rgb, { kind: "labels", channel: "red" }).image.meaning).toBe("labels");
});

test("a pixel size places the image and its overviews in micrometres", () => {
  const image = { ...gray, overviews: [{ ...gray, grid: coarsen(gray.grid, 2) }] };
  const { image: sized, notes } = applied(image, { pixelSize: { value: 0.5, unit: "um" } });
  expect(sized.grid).toMatchObject({ crs: "um", worldFromPixel: [0.5, 0, 0, 0, 0.5, 0] });
  expect(sized.overviews![0]!.grid).toMatchObject({ crs: "um", worldFromPixel: [1, 0, 0.25, 0, 1, 0.25] });
  expect(notes).toEqual([]);
});

test("a pixel size in pixels is refused, and one that replaces a map's says so", () => {
  const result = applyReadOptions(gray, { ...intensity, pixelSize: { value: 2, unit: "px" } });
  expect(!result.ok && result.diagnostics[0]!.code).toBe("pixel-size-unit");
  const map = { ...gray, grid: { ...gray.grid, crs: "EPSG:32633" as const } };
  expect(applied(map, { pixelSize: { value: 2, unit: "um" } }).notes[0]!.code).toBe("pixel-size-replaced");
});

test("same-grid-as takes the place of the other image over, and checks the size", () => {
  const grid: Grid = { width: 4, height: 3, worldFromPixel: [10, 0, 500, 0, -10, 900], crs: "EPSG:32633" };
  expect(applied(gray, { kind: "labels" }, { ...gray, grid }).image.grid).toEqual(grid);
  const result = applyReadOptions(gray, intensity, rgb);
  expect(!result.ok && result.diagnostics[0]).toMatchObject({
    code: "grid-size-differs",
    message: "Expected 2 x 1 px, as same-grid-as says, but the file has 4 x 3 px",
  });
});

test("nodata is replaced on every level", () => {
  const { image } = applied({ ...gray, nodata: 1, overviews: [gray] }, { nodata: 7 });
  expect([image.nodata, image.overviews![0]!.nodata]).toEqual([7, 7]);
});
