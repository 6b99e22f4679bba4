import { readFileSync } from "node:fs";
import { type Image, type PixelData, pixelArray, pixelGrid, type Window } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { memoryImage } from "../../../test/support/image.js";
import { fileRef, openWith, readWhole, temporaryFolder, testContext } from "../../../test/support/read.js";
import reader from "../../read/tiff/index.js";
import plugin from "./index.js";

const folder = temporaryFolder();
let count = 0;
const defaults = { compression: "deflate", layout: "auto", overviews: "auto", bands: "auto", tile: 64 } as const;
type Settings = Partial<Parameters<typeof plugin.run>[1]>;

async function write(image: Image, params: Settings = {}, context: object = {}) {
  const target = folder.path(`${count++}.tif`);
  const outcome = await plugin.run({ in: image }, { ...defaults, ...params }, testContext(1e9, { target, ...context }));
  if (!outcome.ok) throw new Error(outcome.diagnostics[0]!.code);
  const bytes = readFileSync(target);
  return { target, bytes, file: fileRef(target, bytes) };
}

const [width, height] = [90, 70];
const n = width * height;
const names = (prefix: string, n: number) => Array.from({ length: n }, (_, i) => `${prefix}${i}`);
const filled = <T extends PixelData>(data: T): T => {
  for (let i = 0; i < data.length; i++) data[i] = (i * 7 + Math.floor(i / n) * 31) % 251;
  return data;
};
const micrometres = { width, height, worldFromPixel: [0.325, 0, 0, 0, 0.5, 0], crs: "um" } as const;

/** Tags of each directory of the main chain, with the first value of each. */
function pagesOf(bytes: Buffer): Map<number, number>[] {
  const out: Map<number, number>[] = [];
  for (let at = bytes.readUInt32LE(4); at !== 0; ) {
    const entries = bytes.readUInt16LE(at);
    const tags = new Map<number, number>();
    for (let p = at + 2; p < at + 2 + 12 * entries; p += 12)
      tags.set(
        bytes.readUInt16LE(p),
        bytes.readUInt16LE(p + 2) === 3 ? bytes.readUInt16LE(p + 8) : bytes.readUInt32LE(p + 8),
      );
    out.push(tags);
    at = bytes.readUInt32LE(at + 2 + 12 * entries);
  }
  return out;
}

test.each(["uint8", "uint16", "int16", "uint32", "float32"] as const)(
  "slices of %s are pages, and come back",
  async (dtype) => {
    const data = filled(pixelArray(dtype, 5 * n));
    const image = memoryImage(data, pixelGrid(width, height), { bands: names("z", 5) });
    for (const compression of ["none", "deflate", "zstd"] as const) {
      const { bytes, file } = await write(image, { compression });
      expect(pagesOf(bytes).length).toBe(5);
      const read = await openWith(reader, file, { pages: "all" });
      expect(read.dtype).toBe(dtype);
      expect(await readWhole(read)).toEqual([...data]);
    }
  },
);

test("ImageJ is told of slices and times, in strips that it can read, with the size of a pixel", async () => {
  const data = filled(new Uint16Array(6 * n));
  const bands = ["t0 z0", "t0 z1", "t0 z2", "t1 z0", "t1 z1", "t1 z2"];
  const { bytes, file } = await write(memoryImage(data, micrometres, { bands }), { layout: "plain" });
  expect(bytes.includes("ImageJ=1.54f\nimages=6\nslices=3\nframes=2\nhyperstack=true\nunit=um\n")).toBe(true);
  expect(pagesOf(bytes).some((tags) => tags.has(322))).toBe(false);
  const read = await openWith(reader, file, { pages: "all" });
  expect(read.bands).toEqual(bands);
  expect(read.grid.crs).toBe("um");
  expect(read.grid.worldFromPixel[0]).toBeCloseTo(0.325, 8);
  expect(await readWhole(read)).toEqual([...data]);
});

test("floating point for ImageJ has no predictor, which it cannot undo", async () => {
  const image = memoryImage(filled(new Float32Array(2 * n)), pixelGrid(width, height), { bands: names("z", 2) });
  expect(pagesOf((await write(image)).bytes)[0]!.has(317)).toBe(false);
  expect(pagesOf((await write(image, { bands: "channels" })).bytes)[0]!.get(317)).toBe(3);
});

test("OME-TIFF holds slices and times, with overviews in sub-directories", async () => {
  const data = filled(new Uint16Array(4 * n));
  for (const [bands, expected] of [
    [names("z", 4), names("z", 4)],
    [names("t", 4), names("t", 4)],
    [
      ["t0 z0", "t0 z1", "t1 z0", "t1 z1"],
      ["t0 z0", "t0 z1", "t1 z0", "t1 z1"],
    ],
  ] as const) {
    const { file } = await write(memoryImage(data, micrometres, { bands }), { overviews: "yes" });
    const read = await openWith(reader, file, { pages: "all" });
    expect(read.bands).toEqual(expected);
    expect(read.grid).toEqual(micrometres);
    expect(await readWhole(read)).toEqual([...data]);
    expect(read.overviews!.map((o) => o.grid.width)).toEqual([45]);
  }
});

test("names do not matter when the bands are said to be slices, channels stay together when they are said to be", async () => {
  const image = memoryImage(filled(new Uint8Array(3 * n)), pixelGrid(width, height), {
    bands: ["a.tif", "b.tif", "c.tif"],
  });
  expect(pagesOf((await write(image)).bytes).length).toBe(1);
  expect(pagesOf((await write(image, { bands: "slices" })).bytes).length).toBe(3);
  const slices = { ...image, bands: names("z", 3) };
  expect(pagesOf((await write(slices, { bands: "channels" })).bytes).length).toBe(1);
});

test("a map of slices keeps its place on every page", async () => {
  const grid = { width, height, worldFromPixel: [10, 0, 500_005, 0, -10, 4_999_995], crs: "EPSG:32633" } as const;
  const image = memoryImage(filled(new Uint8Array(3 * n)), grid);
  const { bytes, file } = await write(image, { bands: "times" });
  expect(pagesOf(bytes).every((tags) => tags.has(34735))).toBe(true);
  expect((await openWith(reader, file, { pages: "all" })).grid).toEqual(grid);
});

/** Notes what is read of an image. */
function watched(image: Image): { image: Image; reads: { bands: readonly number[]; window: Window; bytes: number }[] } {
  const reads: { bands: readonly number[]; window: Window; bytes: number }[] = [];
  return {
    reads,
    image: {
      ...image,
      read(window, options) {
        const bands = options?.bands ?? image.bands.map((_, b) => b);
        reads.push({ bands, window, bytes: window.width * window.height * bands.length * 2 });
        return image.read(window, options);
      },
    },
  };
}

test.each(["none", "deflate"] as const)(
  "each slice is read once, a few at a time, as the memory allows (%s)",
  async (compression) => {
    const data = filled(new Uint16Array(20 * n));
    const image = memoryImage(data, pixelGrid(width, height), { bands: names("z", 20) });
    const roomy = watched(image);
    const all = await write(roomy.image, { compression });
    expect(roomy.reads.length).toBe(1);
    for (const memory of [8 * n * 2 * 3, 8 * n * 2, 8 * 4000]) {
      const { image: slow, reads } = watched(image);
      const { bytes } = await write(slow, { compression }, { memory });
      expect(bytes.equals(all.bytes)).toBe(true);
      // A strip is the least that can be read.
      expect(Math.max(...reads.map((r) => r.bytes))).toBeLessThanOrEqual(Math.max(memory / 8, n * 2));
      const seen = new Uint8Array(20 * n);
      for (const { bands, window } of reads)
        for (const band of bands)
          for (let y = 0; y < window.height; y++) {
            const at = band * n + (window.y + y) * width + window.x;
            for (let x = 0; x < window.width; x++) seen[at + x]!++;
          }
      expect(seen.every((times) => times === 1)).toBe(true);
    }
  },
);

test("channels on pages of their own give the same bytes whatever the memory", async () => {
  const image = memoryImage(filled(new Uint16Array(3 * n)), micrometres, { bands: ["A", "B", "C"] });
  const roomy = await write(image, { overviews: "yes" });
  const tight = await write(image, { overviews: "yes" }, { memory: 8 * 64 * 64 * 2 });
  expect(tight.bytes.equals(roomy.bytes)).toBe(true);
});

test("an OME-TIFF says where its first pixel is and what it came from", async () => {
  const grid = { ...micrometres, worldFromPixel: [0.325, 0, 1200.5, 0, 0.5, -80] as const };
  const provenance = {
    tiepoint: "1.0.0",
    pipeline: "grid",
    inputs: Array.from({ length: 502 }, (_, i) => ({ name: "tiles", file: `${i}.tif`, sha256: "00" })),
    steps: [{ step: "mosaic", plugin: "stitch/fuse", params: { blend: "linear & <more>" } }],
  };
  const { bytes } = await write(memoryImage(new Uint8Array(n), grid), {}, { provenance });
  const xml = /<OME[\s\S]*<\/OME>/.exec(bytes.toString("utf8"))![0];
  expect(xml).toContain('PositionX="1200.5" PositionXUnit="µm" PositionY="-80"');
  const text = /<Value>([^<]*)<\/Value>/
    .exec(xml)![1]!
    .replace(/&quot;/g, '"')
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&amp;/g, "&");
  const value = JSON.parse(text);
  expect(value.steps).toEqual(provenance.steps);
  expect(value.inputs.length).toBe(500);
  expect(value.inputsLeftOut).toBe(2);
});
