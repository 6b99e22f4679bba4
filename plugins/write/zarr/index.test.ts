import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Image, type PixelData, pixelArray, pixelGrid } from "tiepoint/plugin";
import { describe, expect, test } from "vitest";
import { memoryImage } from "../../../test/support/image.js";
import { temporaryFolder, testContext } from "../../../test/support/read.js";
import { jsonOf, readZarr } from "../../../test/support/zarr.js";
import { crc32c } from "./crc32c.js";
import plugin from "./index.js";

const folder = temporaryFolder();
let count = 0;
const defaults = {
  version: "0.4",
  compression: "zstd",
  overviews: "yes",
  chunk: 32,
  shard: 64,
  bands: "auto",
} as const;
type Settings = Partial<Parameters<typeof plugin.run>[1]>;

async function write(image: Image, params: Settings = {}, context: object = {}) {
  const target = folder.path(`${count++}.ome.zarr`);
  const outcome = await plugin.run({ in: image }, { ...defaults, ...params }, testContext(1e9, { target, ...context }));
  if (!outcome.ok) throw new Error(outcome.diagnostics[0]!.code);
  return { target, notes: (outcome.notes ?? []).map((note) => note.code) };
}

const [width, height] = [141, 95];
const n = width * height;
const filled = <T extends PixelData>(data: T): T => {
  for (let i = 0; i < data.length; i++) data[i] = (i * 7 + Math.floor(i / n) * 31 + Math.floor(i / width)) % 251;
  return data;
};
const attributesOf = (target: string) =>
  existsSync(join(target, "zarr.json")) ? jsonOf(target, "zarr.json").attributes.ome : jsonOf(target, ".zattrs");

const same = (a: ArrayLike<number>, b: ArrayLike<number>): boolean =>
  a.length === b.length && Array.prototype.every.call(a, (v, i) => Object.is(v, b[i]));

/** Every file with its bytes. */
const filesOf = (target: string): Map<string, string> =>
  new Map(
    readdirSync(target, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path): [string, string] => [path.slice(target.length), readFileSync(path, "latin1")])
      .sort(),
  );

describe.each(["0.4", "0.5"] as const)("version %s", (version) => {
  test.each(["uint8", "uint16", "int16", "uint32", "float32"] as const)("%s comes back", async (dtype) => {
    for (const compression of ["zstd", "gzip", "none"] as const) {
      const data = filled(pixelArray(dtype, 2 * n));
      const { target } = await write(memoryImage(data, pixelGrid(width, height), { bands: ["A", "B"] }), {
        version,
        compression,
      });
      const { shape, chunks, data: read } = await readZarr(target, 0);
      expect(shape).toEqual([2, height, width]);
      expect(chunks).toEqual([1, 32, 32]);
      expect(same(read, data)).toBe(true);
    }
  });

  test("smaller versions are means of two by two, with their scales and places", async () => {
    const grid = { width, height, worldFromPixel: [0.5, 0, 100, 0, 0.25, -7] as const, crs: "um" as const };
    const data = filled(new Uint16Array(n));
    const { target, notes } = await write(memoryImage(data, grid), { version });
    expect(notes).toEqual([]);
    const half = await readZarr(target, 1);
    expect(half.shape).toEqual([1, 48, 71]);
    const at = (x: number, y: number) => data[y * width + x]!;
    expect(half.data[5 * 71 + 3]).toBe(Math.floor((at(6, 10) + at(7, 10) + at(6, 11) + at(7, 11) + 2) / 4));
    expect((await readZarr(target, 3)).shape).toEqual([1, 12, 18]);
    expect(existsSync(join(target, "4"))).toBe(false);
    const [{ axes, datasets }] = attributesOf(target).multiscales;
    expect(axes).toEqual([
      { name: "c", type: "channel" },
      { name: "y", type: "space", unit: "micrometer" },
      { name: "x", type: "space", unit: "micrometer" },
    ]);
    expect(datasets.map((d: { path: string }) => d.path)).toEqual(["0", "1", "2", "3"]);
    expect(datasets[0].coordinateTransformations).toEqual([
      { type: "scale", scale: [1, 0.25, 0.5] },
      { type: "translation", translation: [0, -7, 100] },
    ]);
    expect(datasets[1].coordinateTransformations).toEqual([
      { type: "scale", scale: [1, 0.5, 1] },
      { type: "translation", translation: [0, -6.875, 100.25] },
    ]);
  });

  test("channels have names and spans, colours their own", async () => {
    const data = filled(new Uint16Array(2 * n));
    data[n + 5000] = 900;
    const { target } = await write(memoryImage(data, pixelGrid(width, height), { bands: ["DAPI", "CD3"] }), {
      version,
      overviews: "no",
    });
    const { channels } = attributesOf(target).omero;
    expect(channels.map((c: { label: string }) => c.label)).toEqual(["DAPI", "CD3"]);
    expect(channels[1].window).toEqual({ min: 0, max: 65535, start: 0, end: 900 });
    const rgb = await write(memoryImage(filled(new Uint8Array(3 * n)), pixelGrid(width, height)), { version });
    expect(attributesOf(rgb.target).omero.channels.map((c: { color: string }) => c.color)).toEqual([
      "FF0000",
      "00FF00",
      "0000FF",
    ]);
  });

  test("slices and times are axes", async () => {
    const bands = ["t0 z0", "t0 z1", "t0 z2", "t1 z0", "t1 z1", "t1 z2"];
    const data = filled(new Uint8Array(6 * n));
    const both = await write(memoryImage(data, pixelGrid(width, height), { bands }), { version });
    const { shape, data: read } = await readZarr(both.target, 0);
    expect(shape).toEqual([2, 3, height, width]);
    expect(read).toEqual([...data]);
    const times = await write(memoryImage(data, pixelGrid(width, height), { bands }), { version, bands: "times" });
    expect((await readZarr(times.target, 0)).shape).toEqual([6, height, width]);
    expect(attributesOf(times.target).multiscales[0].axes[0]).toEqual({ name: "t", type: "time" });
  });

  test("chunks that hold the fill value alone are left out", async () => {
    for (const nodata of [undefined, 7]) {
      const data = new Uint16Array(n).fill(nodata ?? 0);
      data[40 * width + 40] = 99;
      const { target } = await write(
        memoryImage(data, pixelGrid(width, height), nodata === undefined ? {} : { nodata }),
        { version, overviews: "no" },
      );
      expect([...filesOf(target).keys()].filter((name) => /\d$/.test(name)).length).toBe(1);
      expect((await readZarr(target, 0)).data).toEqual([...data]);
    }
    const holes = new Float32Array(n).fill(Number.NaN);
    holes[5] = 1.5;
    const { target } = await write(memoryImage(holes, pixelGrid(width, height), { nodata: Number.NaN }), { version });
    expect((await readZarr(target, 0)).data).toEqual([...holes]);
  });

  test("labels keep their values, and are no channels for a viewer", async () => {
    const data = Uint16Array.from({ length: n }, (_, i) => (i % 3 === 0 ? 40_000 : 7));
    const { target } = await write(memoryImage(data, pixelGrid(width, height), { meaning: "labels" }), { version });
    const half = await readZarr(target, 1);
    expect(new Set(half.data)).toEqual(new Set([40_000, 7]));
    expect(attributesOf(target).omero).toBeUndefined();
    expect(attributesOf(target).multiscales[0].type).toBe("mode");
  });

  test("the same pixels give the same bytes, however little memory there is", async () => {
    const image = memoryImage(filled(new Uint16Array(3 * n)), pixelGrid(width, height), { bands: ["A", "B", "C"] });
    const roomy = await write(image, { version });
    const tight = await write(image, { version }, { memory: 8 * 32 * 32 * 2 });
    expect(filesOf(tight.target)).toEqual(filesOf(roomy.target));
  });

  test("it tells where the image comes from", async () => {
    const provenance = { tiepoint: "1", pipeline: "p", inputs: [], steps: [{ step: "s", plugin: "a/b", params: {} }] };
    const { target } = await write(
      memoryImage(new Uint8Array(n), pixelGrid(width, height)),
      { version },
      { provenance },
    );
    const told =
      version === "0.4" ? jsonOf(target, ".zattrs").tiepoint : jsonOf(target, "zarr.json").attributes.tiepoint;
    expect(told).toEqual(provenance);
  });
});

test("shards hold many chunks, with a checksum over their index", async () => {
  const { target } = await write(memoryImage(filled(new Uint8Array(n)), pixelGrid(width, height)), { version: "0.5" });
  const shards = [...filesOf(target).keys()].filter((name) => name.startsWith(`${join("/0", "c")}`));
  expect(shards.length).toBe(3 * 2);
  const bytes = readFileSync(join(target, shards[0]!));
  const index = bytes.subarray(bytes.length - 4 * 16 - 4);
  expect(index.readUInt32LE(4 * 16)).toBe(crc32c(index.subarray(0, 4 * 16)));
  const single = await write(memoryImage(new Uint8Array(n).fill(1), pixelGrid(width, height)), {
    version: "0.5",
    shard: 0,
  });
  expect([...filesOf(single.target).keys()].filter((name) => name.startsWith(join("/0", "c"))).length).toBe(5 * 3);
});

test("CRC-32C is that of the standard's example", () => {
  expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
});

test("a map and a turned image say that their place is not kept", async () => {
  const map = { width, height, worldFromPixel: [10, 0, 5e5, 0, -10, 5e6] as const, crs: "EPSG:32633" as const };
  expect((await write(memoryImage(new Uint8Array(n), map))).notes).toEqual(["not-stored"]);
  const turned = { width, height, worldFromPixel: [3, 4, 0, -4, 3, 0] as const, crs: "um" as const };
  const { target, notes } = await write(memoryImage(new Uint8Array(n), turned));
  expect(notes).toEqual(["not-stored"]);
  expect(attributesOf(target).multiscales[0].datasets[0].coordinateTransformations).toEqual([
    { type: "scale", scale: [1, 5, 5] },
  ]);
});

test("an odd side of a chunk is refused", async () => {
  await expect(write(memoryImage(new Uint8Array(n), pixelGrid(width, height)), { chunk: 33 })).rejects.toThrow(
    "odd-chunk",
  );
});

test("a failure while reading is told, and no file stays open", async () => {
  const image = memoryImage(new Uint8Array(n).fill(1), pixelGrid(width, height));
  let reads = 0;
  const failing: Image = {
    ...image,
    read: (window, options) =>
      ++reads > 1 ? Promise.reject(new Error("no pixels today")) : image.read(window, options),
  };
  for (const version of ["0.4", "0.5"] as const) {
    reads = 0;
    const target = folder.path(`${count++}.zarr`);
    const context = testContext(8 * 32 * 32, { target });
    await expect(plugin.run({ in: failing }, { ...defaults, version }, context)).rejects.toThrow("no pixels today");
    rmSync(target, { recursive: true });
  }
});
