import { deflateSync } from "node:zlib";
import sharp from "sharp";
import { type PixelData, tiffTags } from "tiepoint/plugin";
import { describe, expect, test } from "vitest";
import { openWith, readWhole, temporaryFolder } from "../../../test/support/read.js";
import { buildTiff, simpleFields } from "../../../test/support/tiff.js";
import plugin from "./index.js";

const folder = temporaryFolder();
let count = 0;
const open = (bytes: Uint8Array, params: object = {}, memory?: number) =>
  openWith(plugin, folder.put(`${count++}.tif`, bytes), params, memory);

const width = 37;
const height = 29;

/** Values that use the whole range of a type, smooth enough for predictors to matter. */
function pattern<T extends PixelData | Float64Array | Int8Array | Int32Array>(into: T, scale: number): T {
  for (let i = 0; i < into.length; i++) into[i] = (i % width) * scale + Math.floor(i / width) * 3 * scale;
  return into;
}

const bytesOf = (data: ArrayBufferView): Uint8Array =>
  new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);

function swapped(data: ArrayBufferView & { readonly BYTES_PER_ELEMENT: number }): Uint8Array {
  const out = bytesOf(data).slice();
  for (let i = 0; i < out.length; i += data.BYTES_PER_ELEMENT) out.subarray(i, i + data.BYTES_PER_ELEMENT).reverse();
  return out;
}

const n = width * height;
const types = [
  { name: "uint8", data: pattern(new Uint8Array(n), 5), format: 1, dtype: "uint8" },
  { name: "uint16", data: pattern(new Uint16Array(n), 521), format: 1, dtype: "uint16" },
  { name: "int16", data: pattern(new Int16Array(n), -157), format: 2, dtype: "int16" },
  { name: "uint32", data: pattern(new Uint32Array(n), 34_000_001), format: 1, dtype: "uint32" },
  { name: "float32", data: pattern(new Float32Array(n), -0.37), format: 3, dtype: "float32" },
  { name: "int8", data: pattern(new Int8Array(n), 3), format: 2, dtype: "int16" },
  { name: "int32", data: pattern(new Int32Array(n), -1000), format: 2, dtype: "float32" },
  { name: "float64", data: pattern(new Float64Array(n), 0.1), format: 3, dtype: "float32" },
] as const;

describe.each([
  { order: "little-endian", little: true },
  { order: "big-endian", little: false },
])("$order", ({ little }) => {
  describe.each([
    { kind: "classic", big: false },
    { kind: "BigTIFF", big: true },
  ])("$kind", ({ big }) => {
    test.each(types)("$name is read as $dtype", async ({ data, format, dtype }) => {
      const fields = simpleFields({ width, height, bits: data.BYTES_PER_ELEMENT * 8, format });
      const image = await open(
        buildTiff([{ fields, chunks: [little ? bytesOf(data) : swapped(data)] }], { big, little }),
      );
      expect(image).toMatchObject({ dtype, bands: ["gray"], grid: { width, height, crs: "px" } });
      const expected = dtype === "float32" ? Array.from(data, Math.fround) : Array.from(data);
      expect(await readWhole(image)).toEqual(expected);
      const part = await image.read({ x: 5, y: 6, width: 3, height: 2 });
      expect([...part.data]).toEqual([6, 7].flatMap((y) => expected.slice(y * width + 5, y * width + 8)));
    });
  });

  test.each([1, 7, 29])("strips of %i rows, with deflate and predictor 2", async (rows) => {
    const data = types[1].data;
    const chunks: Uint8Array[] = [];
    for (let y = 0; y < height; y += rows) {
      const strip = data.slice(y * width, Math.min(height, y + rows) * width);
      for (let row = 0; row < strip.length; row += width)
        for (let x = width - 1; x > 0; x--) strip[row + x] = strip[row + x]! - strip[row + x - 1]!;
      chunks.push(deflateSync(little ? bytesOf(strip) : swapped(strip)));
    }
    const fields = simpleFields(
      { width, height, bits: 16, compression: 8 },
      [tiffTags.rowsPerStrip, 3, [rows]],
      [tiffTags.predictor, 3, [2]],
    );
    expect(await readWhole(await open(buildTiff([{ fields, chunks }], { little })))).toEqual([...data]);
  });
});

const rgbBytes = Uint8Array.from({ length: n * 3 }, (_, i) => (i % 3) * 80 + ((i / 3) % width));
const planes = [0, 1, 2].flatMap((b) => [...rgbBytes].filter((_, i) => i % 3 === b));

test("planar and chunky files give the same bands, whichever are asked for", async () => {
  const shape = { width, height, bits: 8, samples: 3 };
  const chunky = await open(buildTiff([{ fields: simpleFields(shape), chunks: [rgbBytes] }]));
  const planar = await open(
    buildTiff([
      {
        fields: simpleFields(shape, [tiffTags.planarConfiguration, 3, [2]]),
        chunks: [0, 1, 2].map((b) => Uint8Array.from(planes.slice(b * n, (b + 1) * n))),
      },
    ]),
  );
  const window = { x: 30, y: 11, width: 7, height: 3 };
  for (const image of [chunky, planar]) {
    expect(image.bands).toEqual(["red", "green", "blue"]);
    expect(await readWhole(image)).toEqual(planes);
    const { data } = await image.read(window, { bands: [2, 0] });
    const expected = [2, 0].flatMap((b) =>
      [11, 12, 13].flatMap((y) => planes.slice(b * n + y * width + 30, b * n + y * width + 37)),
    );
    expect([...data]).toEqual(expected);
  }
});

describe("files that libtiff wrote", () => {
  const raw = { raw: { width, height, channels: 3 } } as const;
  test.each([
    { compression: "none" },
    { compression: "lzw" },
    { compression: "deflate" },
    { compression: "packbits" },
  ] as const)("$compression, strips and tiles, with and without predictor", async ({ compression }) => {
    for (const tile of [false, true]) {
      for (const predictor of ["none", "horizontal"] as const) {
        const bytes = await sharp(rgbBytes, raw)
          .tiff({ compression, predictor, tile, tileWidth: 16, tileHeight: 32, bigtiff: tile })
          .toBuffer();
        expect(await readWhole(await open(bytes))).toEqual(planes);
      }
    }
  });

  test("JPEG in tiles decodes as sharp decodes it", async () => {
    for (const quality of [60, 95]) {
      const bytes = await sharp(rgbBytes, raw)
        .tiff({ compression: "jpeg", quality, tile: true, tileWidth: 16, tileHeight: 16 })
        .toBuffer();
      const expected = await sharp(bytes).raw().toBuffer();
      const read = await readWhole(await open(bytes));
      const difference = read.map((v, i) => Math.abs(v - expected[(i % n) * 3 + Math.floor(i / n)]!));
      expect(Math.max(...difference)).toBeLessThanOrEqual(2); // libtiff leaves the chroma of edge tiles a little different
    }
  });

  test("one bit per sample", async () => {
    const mask = Uint8Array.from({ length: n }, (_, i) => ((i * i) % 7 < 3 ? 255 : 0));
    const bytes = await sharp(mask, { raw: { width, height, channels: 1 } })
      .toColourspace("b-w")
      .tiff({ compression: "none", bitdepth: 1 })
      .toBuffer();
    const image = await open(bytes, { kind: "mask" });
    expect(image).toMatchObject({ meaning: "mask", dtype: "uint8" });
    expect(await readWhole(image)).toEqual([...mask].map((v) => v / 255));
  });

  test("a pyramid gives overviews in the same world", async () => {
    const gray = Uint8Array.from({ length: 300 * 200 }, (_, i) => (i % 300) / 2);
    const bytes = await sharp(gray, { raw: { width: 300, height: 200, channels: 1 } })
      .toColourspace("b-w")
      .tiff({ compression: "deflate", pyramid: true, tile: true, tileWidth: 64, tileHeight: 64 })
      .toBuffer();
    const image = await open(bytes, { pixelSize: { value: 2, unit: "um" } });
    expect(image.overviews!.map((o) => [o.grid.width, o.grid.height])).toEqual([
      [150, 100],
      [75, 50],
      [37, 25],
    ]);
    expect(image.overviews![1]!.grid.worldFromPixel).toEqual([8, 0, 3, 0, 8, 3]);
    expect((await readWhole(image.overviews![0]!)).length).toBe(150 * 100);
  });
});
