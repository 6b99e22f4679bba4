import { existsSync, readFileSync } from "node:fs";
import sharp from "sharp";
import { type Image, type PixelData, pixelGrid } from "tiepoint/plugin";
import { describe, expect, test } from "vitest";
import { memoryImage } from "../../../test/support/image.js";
import { temporaryFolder, testContext } from "../../../test/support/read.js";
import plugin from "./index.js";

const folder = temporaryFolder();
const [width, height] = [53, 41];
const n = width * height;

const write = (image: Image, name: string, params: object = {}, context: object = {}) =>
  plugin.run(
    { in: image },
    { quality: 90, lossless: false, ...params },
    testContext(1e9, { target: folder.path(name), ...context }),
  );

function smooth<T extends PixelData>(data: T, scale: number): T {
  for (let i = 0; i < data.length; i++) data[i] = ((i % width) * 3 + Math.floor(i / width) + (i >= n ? 40 : 0)) * scale;
  return data;
}

const names = [["gray"], ["gray", "alpha"], ["red", "green", "blue"], ["red", "green", "blue", "alpha"]];

describe.each([1, 2, 3, 4])("PNG with %i bands", (count) => {
  test.each([8, 16])("%i bits come back exactly from another decoder", async (bits) => {
    const data = bits === 8 ? smooth(new Uint8Array(n * count), 1) : smooth(new Uint16Array(n * count), 217);
    const image = memoryImage(data, pixelGrid(width, height), { bands: names[count - 1]! });
    const name = `${count}x${bits}.png`;
    expect(await write(image, name)).toMatchObject({ ok: true, notes: [] });
    const space = bits === 8 ? "srgb" : count < 3 ? "grey16" : "rgb16";
    const decoder = sharp(folder.path(name)).toColourspace(space);
    const { data: raw, info } = await decoder
      .raw({ depth: bits === 8 ? "uchar" : "ushort" })
      .toBuffer({ resolveWithObject: true });
    const found = bits === 8 ? raw : new Uint16Array(raw.buffer, raw.byteOffset, raw.length / 2);
    const take = info.channels === count ? names[count - 1]!.map((_, b) => b) : count === 1 ? [0] : [0, 3];
    const planar = take.flatMap((b) => Array.from({ length: n }, (_, i) => found[i * info.channels + b]!));
    expect(planar).toEqual([...data]);
  });
});

test("a PNG is read in bands of rows that fit the memory, each row once", async () => {
  const image = memoryImage(smooth(new Uint8Array(n), 1), pixelGrid(width, height));
  const windows: number[][] = [];
  const watched: Image = {
    ...image,
    tile: { width, height: 4 },
    read: (window, options) => {
      windows.push([window.y, window.height]);
      return image.read(window, options);
    },
  };
  const fractions: number[] = [];
  await write(watched, "bands.png", {}, { memory: 8 * 10 * width, progress: (f: number) => fractions.push(f) });
  expect(windows).toEqual([0, 8, 16, 24, 32, 40].map((y) => [y, Math.min(8, height - y)]));
  expect(fractions.at(-1)).toBe(1);
});

test("the same pixels give the same bytes", async () => {
  const image = memoryImage(smooth(new Uint16Array(n), 300), pixelGrid(width, height));
  await write(image, "one.png");
  await write(image, "two.png", {}, { memory: 8 * 10 * width });
  expect(readFileSync(folder.path("one.png")).equals(readFileSync(folder.path("two.png")))).toBe(true);
});

test("JPEG comes near the pixels, and lossless WebP is exact", async () => {
  const data = smooth(new Uint8Array(n * 3), 0.5);
  const image = memoryImage(data, pixelGrid(width, height));
  await write(image, "a.jpg");
  await write(image, "a.webp", { lossless: true });
  const decode = async (name: string) => {
    const raw = await sharp(folder.path(name)).raw().toBuffer();
    return [0, 1, 2].flatMap((b) => Array.from({ length: n }, (_, i) => raw[i * 3 + b]!));
  };
  const jpeg = await decode("a.jpg");
  expect(Math.max(...jpeg.map((v, i) => Math.abs(v - data[i]!)))).toBeLessThan(12);
  expect(await decode("a.webp")).toEqual([...data]);
});

const codeOf = async (image: Image, name: string, context: object = {}) => {
  const outcome = await write(image, name, {}, context);
  return outcome.ok ? undefined : outcome.diagnostics[0]!.code;
};

test("what a format cannot hold is refused, and no file is left", async () => {
  const grid = pixelGrid(width, height);
  expect(await codeOf(memoryImage(new Float32Array(n), grid), "f.png")).toBe("dtype-not-storable");
  expect(await codeOf(memoryImage(new Uint16Array(n), grid), "u16.jpg")).toBe("dtype-not-storable");
  expect(await codeOf(memoryImage(new Uint8Array(n * 5), grid), "five.png")).toBe("bands-not-storable");
  const nir = { bands: ["red", "green", "blue", "nir"] };
  expect(await codeOf(memoryImage(new Uint8Array(n * 4), grid, nir), "nir.png")).toBe("bands-not-storable");
  expect(await codeOf(memoryImage(new Uint8Array(n), grid, { meaning: "labels" }), "l.jpg")).toBe(
    "labels-need-lossless",
  );
  expect(await codeOf(memoryImage(new Uint8Array(16_384), pixelGrid(16_384, 1)), "wide.webp")).toBe("image-too-large");
  expect(await codeOf(memoryImage(new Uint8Array(n), grid), "m.jpg", { memory: 2 * n })).toBe("image-too-large");
  expect(existsSync(folder.path("f.png"))).toBe(false);
});

test("a note tells what is lost", async () => {
  const grid = { ...pixelGrid(width, height), crs: "EPSG:32633" as const };
  const outcome = await write(memoryImage(new Uint8Array(n), grid, { nodata: 0 }), "n.png");
  expect(outcome.ok && outcome.notes![0]!.message).toBe(
    "The format does not hold the place on the map (EPSG:32633) and the nodata value 0",
  );
});

test("an abort is heeded", async () => {
  const stop = new AbortController();
  stop.abort();
  const image = memoryImage(new Uint8Array(n), pixelGrid(width, height));
  await expect(write(image, "s.png", {}, { signal: stop.signal })).rejects.toThrow();
});
