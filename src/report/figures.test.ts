import { expect, test } from "vitest";
import { type Grid, pixelGrid } from "../core/grid.js";
import { type DType, type Image, type PixelData, pixelArray } from "../core/image.js";
import { grayOf, initialPlacement, overlay, picturePixels, place, thumbnail, validShare } from "./figures.js";

interface Options {
  readonly dtype?: DType;
  readonly bands?: readonly string[];
  readonly meaning?: Image["meaning"];
  readonly nodata?: number;
  readonly overviews?: readonly Image[];
}

/** An image whose samples are a function of place; counts the samples of its largest read. */
function imageOf(grid: Grid, value: (x: number, y: number, band: number) => number, options: Options = {}) {
  const { dtype = "float32", bands = ["gray"], meaning = "intensity", nodata, overviews } = options;
  const log = { reads: 0, largest: 0, total: 0 };
  const image: Image = {
    grid,
    dtype,
    bands,
    meaning,
    tile: { width: 256, height: 256 },
    ...(nodata === undefined ? {} : { nodata }),
    ...(overviews ? { overviews } : {}),
    async read(window, { bands: wanted = bands.map((_, i) => i) } = {}) {
      const { x, y, width, height } = window;
      expect(x >= 0 && y >= 0 && x + width <= grid.width && y + height <= grid.height).toBe(true);
      const data: PixelData = pixelArray(dtype, width * height * wanted.length);
      wanted.forEach((band, b) => {
        for (let v = 0; v < height; v++)
          for (let u = 0; u < width; u++) data[(b * height + v) * width + u] = value(x + u, y + v, band);
      });
      log.reads++;
      log.largest = Math.max(log.largest, data.length);
      log.total += data.length;
      return { data, width, height, bands: wanted.length };
    },
  };
  return { image, log };
}

test("a thumbnail averages whole blocks of pixels and keeps the place in the world", async () => {
  const { image } = imageOf(pixelGrid(40, 20), (x) => Math.floor(x / 10) * 50);
  const small = await thumbnail(image, 4);
  expect([small.grid.width, small.grid.height]).toEqual([4, 2]);
  expect(small.grid.worldFromPixel).toEqual([10, 0, 4.5, 0, 10, 4.5]);
  const [a, b, c, d] = small.data;
  expect([a, d]).toEqual([0, 255]);
  expect(Math.abs(b! - 85)).toBeLessThanOrEqual(1);
  expect(Math.abs(c! - 170)).toBeLessThanOrEqual(1);
});

test("a large image is read in bounded blocks, each pixel once", async () => {
  const { image, log } = imageOf(pixelGrid(6000, 3000), (x, y) => x + y);
  const small = await thumbnail(image, 100);
  expect(small.grid.width).toBe(100);
  expect(log.largest).toBeLessThanOrEqual(1 << 22);
  expect(log.total).toBe(6000 * 3000);
  expect(log.reads).toBeGreaterThan(1);
});

test("an overview that is fine enough spares the full image", async () => {
  const coarse = imageOf({ width: 300, height: 150, worldFromPixel: [10, 0, 4.5, 0, 10, 4.5], crs: "px" }, (x) => x);
  const full = imageOf(pixelGrid(3000, 1500), (x) => x, { overviews: [coarse.image] });
  await thumbnail(full.image, 200);
  expect(full.log.reads).toBe(0);
  expect(coarse.log.total).toBe(300 * 150);
});

test("nodata, NaN and transparent pixels are left out", async () => {
  const hole = imageOf(pixelGrid(8, 8), (x, y) => (x < 4 ? -9999 : y < 4 ? Number.NaN : x), { nodata: -9999 });
  expect(validShare(await thumbnail(hole.image, 8))).toBe(0.25);
  const clear = imageOf(pixelGrid(8, 8), (x, _, band) => (band === 1 ? (x < 2 ? 0 : 255) : x), {
    dtype: "uint8",
    bands: ["gray", "alpha"],
  });
  expect(validShare(await thumbnail(clear.image, 8))).toBe(0.75);
});

test("labels are picked and never averaged", async () => {
  const labels = imageOf(pixelGrid(30, 30), (x) => (x % 3 === 1 ? 7 : 200), { dtype: "uint16", meaning: "labels" });
  const small = await thumbnail(labels.image, 10);
  const colours = new Set<string>();
  for (let i = 0; i < 100; i++) colours.add([small.data[i], small.data[100 + i], small.data[200 + i]].join());
  expect(colours.size).toBe(1);
});

test("blank, one-pixel and all-nodata images give pictures, not crashes", async () => {
  for (const value of [0, 5, Number.NaN, Number.POSITIVE_INFINITY]) {
    for (const [w, h] of [
      [1, 1],
      [1, 500],
      [500, 1],
    ] as const) {
      const small = await thumbnail(imageOf(pixelGrid(w, h), () => value).image, 64);
      expect(small.data.length).toBe(small.grid.width * small.grid.height);
      expect(small.grid.width * small.grid.height).toBeGreaterThan(0);
    }
  }
});

test("the moving picture is put where the transform says", async () => {
  const scene = (x: number, y: number) => 100 + 80 * Math.sin(x / 9) * Math.cos(y / 7);
  const fixed = await thumbnail(imageOf(pixelGrid(96, 80), scene).image, 96);
  const moving = await thumbnail(imageOf(pixelGrid(96, 80), (x, y) => scene(x - 12, y + 5)).image, 96);
  const right = place(moving, fixed.grid, { type: "affine", matrix: [1, 0, 12, 0, 1, -5] });
  const wrong = place(moving, fixed.grid, { type: "affine", matrix: [1, 0, -12, 0, 1, 5] });
  const difference = (p: typeof right) => {
    let sum = 0;
    let n = 0;
    p.valid.forEach((v, i) => {
      if (v) {
        sum += Math.abs(p.data[i]! - fixed.data[i]!);
        n++;
      }
    });
    return sum / n;
  };
  expect(difference(right)).toBeLessThan(4);
  expect(difference(wrong)).toBeGreaterThan(20);
  expect(validShare(right)).toBeCloseTo((84 * 75) / (96 * 80), 2);
});

test("a transform that is undefined everywhere leaves nothing, and nothing breaks", async () => {
  const { image } = imageOf(pixelGrid(16, 16), (x) => x);
  const picture = await thumbnail(image, 16);
  const nowhere = place(picture, picture.grid, { type: "projective", matrix: [1, 0, 0, 0, 1, 0, 0, 0, -1] });
  expect(validShare(nowhere)).toBe(0);
});

test("the overlay is gray where pictures agree, magenta where only the fixed one has light", async () => {
  const fixed = await thumbnail(imageOf(pixelGrid(4, 1), (x) => x).image, 4);
  const { data } = overlay(fixed, { ...fixed, valid: Uint8Array.from([1, 1, 1, 0]) });
  expect([data[1], data[5], data[9]]).toEqual([fixed.data[1], fixed.data[1], fixed.data[1]]);
  expect([data[3], data[7], data[11]]).toEqual([255, 0, 255]);
  expect(picturePixels(fixed, true).bands).toBe(4);
  expect(grayOf(fixed)).toBe(fixed.data);
});

test("images that do not overlap in the world are first shown centre on centre", () => {
  const here = pixelGrid(100, 100);
  const there: Grid = { ...pixelGrid(50, 50), worldFromPixel: [1, 0, 5000, 0, 1, 5000] };
  expect(initialPlacement(here, pixelGrid(120, 90)).how).toBe("file");
  const placed = initialPlacement(here, there);
  expect(placed.how).toBe("centre");
  expect(placed.transform).toEqual({ type: "affine", matrix: [1, 0, 4975, 0, 1, 4975] });
});
