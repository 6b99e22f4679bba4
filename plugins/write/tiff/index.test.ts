import { readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import sharp from "sharp";
import {
  type Affine2,
  bytesPerSample,
  type Crs,
  type Image,
  type PixelData,
  pixelArray,
  pixelGrid,
} from "tiepoint/plugin";
import { describe, expect, test } from "vitest";
import { memoryImage } from "../../../test/support/image.js";
import { fileRef, openWith, readWhole, temporaryFolder, testContext } from "../../../test/support/read.js";
import reader from "../../read/tiff/index.js";
import plugin from "./index.js";

const folder = temporaryFolder();
let count = 0;

const defaults = { compression: "deflate", layout: "auto", overviews: "auto", bands: "auto", tile: 64 } as const;
type Settings = Partial<Parameters<typeof plugin.run>[1]>;

/** Writes an image and gives the file's path, bytes and notes. */
async function write(image: Image, params: Settings = {}, context: object = {}, name = `${count++}.tif`) {
  const target = folder.path(name);
  const outcome = await plugin.run({ in: image }, { ...defaults, ...params }, testContext(1e9, { target, ...context }));
  if (!outcome.ok) throw new Error(outcome.diagnostics[0]!.code);
  return { target, bytes: readFileSync(target), notes: (outcome.notes ?? []).map((n) => n.code) };
}

async function throughFile(image: Image, params: Settings = {}, name?: string): Promise<Image> {
  const { target, bytes } = await write(image, params, {}, name);
  return openWith(reader, fileRef(target, bytes));
}

const [width, height] = [141, 95];
const n = width * height;

function filled<T extends PixelData>(data: T, scale: number): T {
  for (let i = 0; i < data.length; i++)
    data[i] = ((i % width) * 31 + Math.floor(i / width) * 7 + (i % 13) - 300) * scale;
  return data;
}

const places: Readonly<Record<string, { readonly worldFromPixel: Affine2; readonly crs: Crs }>> = {
  pixels: { worldFromPixel: [1, 0, 0, 0, 1, 0], crs: "px" },
  micrometres: { worldFromPixel: [0.25, 0, 0, 0, 0.5, 0], crs: "um" },
  "a place on the stage": { worldFromPixel: [0.25, 0, 1200.5, 0, 0.5, -80], crs: "um" },
  "a map": { worldFromPixel: [10, 0, 500_005, 0, -10, 4_999_995], crs: "EPSG:32633" },
  "a turned map": { worldFromPixel: [8, 6, 500_005, 6, -8, 4_999_995], crs: "EPSG:32633" },
  degrees: { worldFromPixel: [0.5, 0, 10.25, 0, -0.5, 49.75], crs: "EPSG:4326" },
};

describe.each(Object.keys(places))("an image in %s", (place) => {
  const grid = { width, height, ...places[place]! };
  test.each(["uint8", "uint16", "int16", "uint32", "float32"] as const)("%s", async (dtype) => {
    for (const [bands, compression, overviews] of [
      [1, "none", "no"],
      [1, "deflate", "yes"],
      [3, "zstd", "yes"],
      [3, "deflate", "no"],
      [5, "none", "yes"],
    ] as const) {
      const data = filled(pixelArray(dtype, n * bands), dtype === "float32" ? 0.37 : 1);
      const image = await throughFile(memoryImage(data, grid), { compression, overviews });
      expect(image).toMatchObject({ dtype, grid });
      expect(image.bands.length).toBe(bands);
      const { data: read } = await image.read({ x: 0, y: 0, width, height });
      expect(Buffer.from(read.buffer).equals(Buffer.from(data.buffer))).toBe(true);
      const sizes = [
        [71, 48],
        [36, 24],
      ];
      expect(image.overviews?.map((o) => [o.grid.width, o.grid.height])).toEqual(
        overviews === "no" ? undefined : sizes,
      );
    }
  });
});

test("libtiff reads the same pixels", async () => {
  for (const [bands, Type] of [
    [1, Uint8Array],
    [3, Uint8Array],
    [1, Uint16Array],
    [3, Uint16Array],
  ] as const) {
    const data = filled(new Type(n * bands), 1);
    for (const compression of ["none", "deflate"] as const) {
      const { bytes } = await write(memoryImage(data, pixelGrid(width, height)), { compression });
      const wide = Type === Uint16Array;
      const space = bands === 1 ? (wide ? "grey16" : "b-w") : wide ? "rgb16" : "srgb";
      const raw = await sharp(bytes)
        .toColourspace(space)
        .raw({ depth: wide ? "ushort" : "uchar" })
        .toBuffer();
      const found = new Type(raw.buffer as ArrayBuffer, raw.byteOffset, n * bands);
      expect([...found]).toEqual(
        Array.from({ length: n * bands }, (_, i) => data[(i % bands) * n + Math.floor(i / bands)]),
      );
    }
  }
});

test("band names come back, as channels or as descriptions", async () => {
  const bands = ["DAPI", 'CD3 & "CD8"', "γ-actin"];
  const data = filled(new Uint16Array(3 * n), 1);
  for (const place of ["micrometres", "a map"]) {
    const image = await throughFile(memoryImage(data, { width, height, ...places[place]! }, { bands }));
    expect(image.bands).toEqual(bands);
    expect(await readWhole(image)).toEqual([...data]);
  }
});

test("the alpha band and the nodata value come back", async () => {
  const options = { bands: ["red", "green", "blue", "alpha"], nodata: 7 };
  const image = await throughFile(memoryImage(new Uint8Array(4 * n), pixelGrid(width, height), options));
  expect(image).toMatchObject(options);
});

test("the same pixels give the same bytes, however little memory there is", async () => {
  const data = filled(new Uint16Array(3 * n), 1);
  for (const place of Object.keys(places)) {
    const image = memoryImage(data, { width, height, ...places[place]! });
    const roomy = await write(image, { overviews: "yes" });
    const tight = await write(image, { overviews: "yes" }, { memory: 8 * 64 * 64 * 6 });
    expect(tight.bytes.equals(roomy.bytes)).toBe(true);
  }
});

test.each(["none", "deflate"] as const)(
  "the image is read once, in blocks that fit the memory (%s)",
  async (compression) => {
    const image = memoryImage(filled(new Uint16Array(n), 1), pixelGrid(width, height));
    let pixels = 0;
    let largest = 0;
    let under = 0;
    const watched: Image = {
      ...image,
      async read(window, options) {
        pixels += window.width * window.height;
        largest = Math.max(largest, ++under * window.width * window.height * 2);
        const result = await image.read(window, options);
        under--;
        return result;
      },
    };
    const memory = 8 * 64 * 141 * 2;
    const fractions: number[] = [];
    await write(watched, { compression }, { memory, progress: (f: number) => fractions.push(f) });
    expect(pixels).toBe(n);
    // Strips are never cut: their size belongs to the file, which must not depend on the memory.
    expect(largest).toBeLessThanOrEqual(compression === "none" ? 256 * 1024 : memory / 8);
    expect(fractions.at(-1)).toBe(1);
  },
);

/** Where the tiles of each directory begin, in the order of directories. */
function firstTiles(bytes: Buffer): { at: number; tile: number }[] {
  const out: { at: number; tile: number }[] = [];
  for (let at = bytes.readUInt32LE(4); at !== 0; ) {
    const entries = bytes.readUInt16LE(at);
    for (let p = at + 2; p < at + 2 + 12 * entries; p += 12) {
      if (bytes.readUInt16LE(p) !== 324) continue;
      const single = bytes.readUInt32LE(p + 4) === 1;
      out.push({ at, tile: single ? bytes.readUInt32LE(p + 8) : bytes.readUInt32LE(bytes.readUInt32LE(p + 8)) });
    }
    at = bytes.readUInt32LE(at + 2 + 12 * entries);
  }
  return out;
}

test.each(["none", "deflate"] as const)("a file for maps is cloud optimized (%s)", async (compression) => {
  const grid = { width, height, ...places["a map"]! };
  const { bytes, target } = await write(memoryImage(new Uint8Array(n), grid), { compression, overviews: "yes" });
  const directories = firstTiles(bytes);
  expect(directories.length).toBe(3);
  const tiles = directories.map((d) => d.tile);
  expect(tiles).toEqual([...tiles].sort((a, b) => b - a)); // the smallest version's data come first
  expect(Math.max(...directories.map((d) => d.at))).toBeLessThan(Math.min(...tiles));
  expect(bytes.subarray(8, 8 + 29).toString()).toBe("GDAL_STRUCTURAL_METADATA_SIZE");
  expect(readdirSync(dirname(target)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("a failure while reading leaves no spool files behind", async () => {
  const image = memoryImage(new Uint8Array(n), { width, height, ...places["a map"]! });
  const failing: Image = { ...image, read: () => Promise.reject(new Error("no pixels today")) };
  await expect(write(failing)).rejects.toThrow("no pixels today");
  expect(readdirSync(dirname(folder.path("x"))).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("an abort is heeded between blocks", async () => {
  const stop = new AbortController();
  const image = memoryImage(new Uint8Array(n), pixelGrid(width, height));
  let reads = 0;
  const watched: Image = {
    ...image,
    read(window, options) {
      if (++reads === 2) stop.abort();
      return image.read(window, options);
    },
  };
  await expect(write(watched, {}, { signal: stop.signal, memory: 8 * 64 * 64 })).rejects.toThrow();
  expect(reads).toBeLessThanOrEqual(3);
});

test("a note says when the place of an image is not kept", async () => {
  const image = (place: object) => memoryImage(new Uint8Array(n), { width, height, ...places.micrometres!, ...place });
  expect((await write(image({}))).notes).toEqual([]);
  expect((await write(image({ worldFromPixel: [0.25, 0, 9, 0, 0.25, 0] }))).notes).toEqual([]);
  expect((await write(image({ worldFromPixel: [0.25, 0.1, 0, -0.1, 0.25, 0] }))).notes).toEqual(["not-stored"]);
  expect((await write(image({}), { layout: "plain" })).notes).toEqual(["not-stored"]);
  expect((await write(image({ crs: "EPSG:3857" }))).notes).toEqual([]);
});

test("a file that may pass 4 GB is a BigTIFF", async () => {
  const { planFile } = await import("./plan.js");
  const image = (side: number) => ({
    ...memoryImage(new Uint16Array(1), pixelGrid(1, 1)),
    grid: pixelGrid(side, side),
  });
  const options = { compression: "none", layout: "auto", overviews: "no", bands: "auto", tile: 512 } as const;
  expect(planFile(image(46_000), options).big).toBe(false);
  expect(planFile(image(46_400), options).big).toBe(true);
});

test("BigTIFF files are right too", async () => {
  const { planFile } = await import("./plan.js");
  const { writeFile } = await import("./write.js");
  const data = filled(new Uint16Array(2 * n), 1);
  for (const layout of ["plain", "cog", "ome"] as const) {
    const image = memoryImage(data, { width, height, ...places["a map"]! });
    const plan = planFile(image, { compression: "deflate", layout, overviews: "yes", bands: "auto", tile: 64 });
    const target = folder.path(`big-${layout}.tif`);
    await writeFile(image, { ...plan, big: true }, target, testContext());
    const bytes = readFileSync(target);
    expect(bytes.readUInt16LE(2)).toBe(43);
    const read = await openWith(reader, fileRef(target, bytes));
    expect(await readWhole(read)).toEqual([...data]);
    expect(read.overviews!.length).toBe(2);
  }
});

test.each([
  [1, 1],
  [1, 200],
  [200, 1],
  [64, 64],
  [65, 128],
])("odd sizes come back: %i x %i", async (w, h) => {
  const data = Float32Array.from({ length: w * h }, (_, i) => i / 3);
  const image = memoryImage(data, { ...pixelGrid(w, h), ...places["a map"]! });
  for (const compression of ["none", "deflate"] as const) {
    const read = await throughFile(image, { compression, overviews: "yes" });
    expect(await readWhole(read)).toEqual([...data]);
    expect(bytesPerSample(read.dtype)).toBe(4);
  }
});
