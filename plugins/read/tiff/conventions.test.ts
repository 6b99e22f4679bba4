import { deflateSync } from "node:zlib";
import Zstd from "numcodecs/zstd";
import { geoKeys, tiffTags } from "tiepoint/plugin";
import { describe, expect, test } from "vitest";
import { openWith, readWhole, runReader, temporaryFolder } from "../../../test/support/read.js";
import { buildTiff, type Field, simpleFields, type TestPage } from "../../../test/support/tiff.js";
import plugin from "./index.js";

const folder = temporaryFolder();
let count = 0;
const put = (bytes: Uint8Array) => folder.put(`${count++}.tif`, bytes);
const open = (pages: readonly TestPage[], params: object = {}) => openWith(plugin, put(buildTiff(pages)), params);

async function notesOf(pages: readonly TestPage[], params: object = {}): Promise<string[]> {
  const outcome = await runReader(plugin, put(buildTiff(pages)), params);
  if (!outcome.ok) throw new Error(outcome.diagnostics[0]!.message);
  return (outcome.notes ?? []).map((n) => n.code);
}

const page = (value: number, ...more: readonly Field[]): TestPage => ({
  fields: simpleFields({ width: 4, height: 2, bits: 8 }, ...more),
  chunks: [new Uint8Array(8).fill(value)],
});

describe("GeoTIFF", () => {
  const keys = (rasterType: number, ...more: number[][]): Field => {
    const all = [[geoKeys.modelType, 0, 1, 1], [geoKeys.rasterType, 0, 1, rasterType], ...more];
    return [tiffTags.geoKeyDirectory, 3, [1, 1, 0, all.length, ...all.flat()]];
  };
  const utm = [geoKeys.projectedType, 0, 1, 32633];
  const scale: Field = [tiffTags.modelPixelScale, 12, [10, 20, 0]];

  test("area: the tie point is the corner of a pixel, whose centre is half a pixel further", async () => {
    const tie: Field = [tiffTags.modelTiepoint, 12, [0, 0, 0, 500_000, 5_000_000, 0]];
    const { grid } = await open([page(1, scale, tie, keys(1, utm))]);
    expect(grid).toMatchObject({ crs: "EPSG:32633", worldFromPixel: [10, 0, 500_005, 0, -20, 4_999_990] });
  });

  test("point: the tie point is the centre of a pixel, and need not be the first one", async () => {
    const tie: Field = [tiffTags.modelTiepoint, 12, [2, 1, 0, 500_000, 5_000_000, 0]];
    const { grid } = await open([page(1, scale, tie, keys(2, utm))]);
    expect(grid.worldFromPixel).toEqual([10, 0, 499_980, 0, -20, 5_000_020]);
  });

  test("a matrix turns, and degrees are a CRS of their own", async () => {
    const matrix: Field = [tiffTags.modelTransformation, 12, [8, 6, 0, 100, 6, -8, 0, 50, 0, 0, 0, 0, 0, 0, 0, 1]];
    const { grid } = await open([page(1, matrix, keys(1, utm))]);
    expect(grid.worldFromPixel).toEqual([8, 6, 107, 6, -8, 49]);
    const degrees: Field = [
      tiffTags.geoKeyDirectory,
      3,
      [1, 1, 0, 2, geoKeys.modelType, 0, 1, 2, geoKeys.geographicType, 0, 1, 4326],
    ];
    expect((await open([page(1, matrix, degrees)])).grid.crs).toBe("EPSG:4326");
  });

  test("a UTM zone that is described but not named is recognised, and noted", async () => {
    const tie: Field = [tiffTags.modelTiepoint, 12, [0, 0, 0, 0, 0, 0]];
    const unnamed = [geoKeys.projectedType, 0, 1, 32767];
    const described = async (projection: number, ...datum: number[][]) => {
      const pages = [page(1, scale, tie, keys(1, unnamed, [geoKeys.projection, 0, 1, projection], ...datum))];
      return [(await open(pages)).grid.crs, ...(await notesOf(pages))];
    };
    const onWgs84 = [
      [geoKeys.geographicType, 0, 1, 32767],
      [geoKeys.ellipsoid, 0, 1, 7030],
    ];
    expect(await described(16018, ...onWgs84)).toEqual(["EPSG:32618", "crs-recognised"]);
    expect(await described(16160, [geoKeys.geographicType, 0, 1, 4326])).toEqual(["EPSG:32760", "crs-recognised"]);
    expect(await described(16033, [geoKeys.geographicType, 0, 1, 4258])).toEqual(["EPSG:25833", "crs-recognised"]);
    expect(await described(16018)).toEqual(["px", "crs-unknown"]);
    expect(await described(16061, ...onWgs84)).toEqual(["px", "crs-unknown"]);
  });

  test("a place without a code, control points and a singular matrix are noted, and pixels are the world", async () => {
    const tie: Field = [tiffTags.modelTiepoint, 12, [0, 0, 0, 1, 1, 0]];
    const gcps: Field = [tiffTags.modelTiepoint, 12, Array(24).fill(3)];
    const singular: Field = [tiffTags.modelTransformation, 12, Array(16).fill(1)];
    const userDefined = [geoKeys.projectedType, 0, 1, 32767];
    expect(await notesOf([page(1, scale, tie, keys(1, userDefined))])).toEqual(["crs-unknown"]);
    expect(await notesOf([page(1, gcps)])).toEqual(["gcps-ignored"]);
    expect(await notesOf([page(1, singular, keys(1, utm))])).toEqual(["place-damaged"]);
    expect((await open([page(1, singular, keys(1, utm))])).grid.crs).toBe("px");
  });

  test("nodata is kept where samples can hold it, and parts left out are filled with it", async () => {
    const nodata = async (text: string) => (await open([page(1, [tiffTags.gdalNodata, 2, text])])).nodata;
    expect(await nodata("0")).toBe(0);
    expect(await nodata(" 255 ")).toBe(255);
    expect(await nodata("-9999")).toBeUndefined();
    expect(await nodata("0.5")).toBeUndefined();
    expect(await nodata("nan")).toBeUndefined();
    const sparse: Field[] = [
      [tiffTags.gdalNodata, 2, "9"],
      [tiffTags.rowsPerStrip, 3, [1]],
      [tiffTags.stripOffsets, 4, [8, 0]],
      [tiffTags.stripByteCounts, 4, [4, 0]],
    ];
    for (const compression of [1, 8]) {
      const fields = simpleFields({ width: 4, height: 2, bits: 8, compression }, ...sparse.slice(0, 3), [
        tiffTags.stripByteCounts,
        4,
        [compression === 1 ? 4 : 12, 0],
      ]);
      const data = Uint8Array.of(1, 2, 3, 4);
      const image = await open([{ fields, chunks: [compression === 1 ? data : deflateSync(data)] }]);
      expect(await readWhole(image)).toEqual([1, 2, 3, 4, 9, 9, 9, 9]);
    }
  });

  test("GDAL's band descriptions become band names", async () => {
    const xml = '<GDALMetadata><Item name="DESCRIPTION" sample="1" role="description">N&amp;IR</Item></GDALMetadata>';
    const fields = simpleFields({ width: 1, height: 1, bits: 8, samples: 2 }, [tiffTags.gdalMetadata, 2, xml]);
    expect((await open([{ fields, chunks: [new Uint8Array(2)] }])).bands).toEqual(["band 1", "N&IR"]);
  });
});

describe("OME-TIFF", () => {
  const ome = (pixels: string, body: string): Field => [
    tiffTags.imageDescription,
    2,
    `<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels ID="P" SizeX="4" SizeY="2" Type="uint8" ${pixels}>${body}</Pixels></Image></OME>`,
  ];
  const channels = '<Channel ID="C:0" Name="DAPI &amp; more"/><Channel ID="C:1" Name="CD3"/>';

  test("channels become bands, wherever the order of dimensions puts them, and sizes become micrometres", async () => {
    const size = 'PhysicalSizeX="500" PhysicalSizeXUnit="nm" PhysicalSizeY="0.25"';
    const description = ome(`DimensionOrder="XYZCT" SizeC="2" SizeZ="3" SizeT="1" ${size}`, channels);
    const pages = [0, 1, 2, 3, 4, 5].map((v) => (v === 0 ? page(v, description) : page(v)));
    const image = await open(pages);
    expect(image.bands).toEqual(["DAPI & more", "CD3"]);
    expect(image.grid).toMatchObject({ crs: "um", worldFromPixel: [0.5, 0, 0, 0, 0.25, 0] });
    expect(await readWhole(image)).toEqual([...Array(8).fill(0), ...Array(8).fill(3)]);
    expect(await notesOf(pages)).toEqual(["first-page"]);
    const chosen = await open(pages, { channel: "CD3" });
    expect(await readWhole(chosen)).toEqual(Array(8).fill(3));
    expect(await readWhole(await open(pages, { page: 4 }))).toEqual(Array(8).fill(4));
  });

  test("TiffData says which page holds which channel", async () => {
    const data = '<TiffData IFD="1" FirstC="0" PlaneCount="1"/><TiffData IFD="0" FirstC="1" PlaneCount="1"/>';
    const description = ome('DimensionOrder="XYCZT" SizeC="2" SizeZ="1" SizeT="1"', channels + data);
    const image = await open([page(10, description), page(20)]);
    expect(await readWhole(image)).toEqual([...Array(8).fill(20), ...Array(8).fill(10)]);
  });

  test("overviews of all channels are joined from their sub-directories", async () => {
    const description = ome(
      'DimensionOrder="XYCZT" SizeC="2" SizeZ="1" SizeT="1" PhysicalSizeX="1" PhysicalSizeY="1"',
      channels,
    );
    const small = (v: number): TestPage => ({
      fields: simpleFields({ width: 2, height: 1, bits: 8 }, [tiffTags.newSubfileType, 4, [1]]),
      chunks: [new Uint8Array(2).fill(v)],
    });
    const image = await open([
      { ...page(1, description), subs: [small(11)] },
      { ...page(2), subs: [small(12)] },
    ]);
    expect(image.overviews!.length).toBe(1);
    expect(await readWhole(image.overviews![0]!)).toEqual([11, 11, 12, 12]);
    expect(image.overviews![0]!.grid.worldFromPixel).toEqual([2, 0, 0.5, 0, 2, 0.5]);
  });

  test("missing planes are noted, and the first is read", async () => {
    const description = ome('DimensionOrder="XYCZT" SizeC="3" SizeZ="1" SizeT="1"', channels);
    expect(await notesOf([page(1, description), page(2)])).toContain("channels-missing");
    expect((await open([page(1, description), page(2)])).bands.length).toBe(1);
  });

  test("a description that is no OME-XML, or wild, is left alone", async () => {
    const wild = ome('DimensionOrder="XYCZT" SizeC="999999" SizeZ="999999" SizeT="999999"', "");
    expect((await open([page(1, wild)])).bands).toEqual(["gray"]);
    expect((await open([page(1, [tiffTags.imageDescription, 2, "<OME"])])).grid.crs).toBe("px");
  });
});

describe("ImageJ", () => {
  const description = (lines: string): Field => [tiffTags.imageDescription, 2, `ImageJ=1.53t\n${lines}`];
  const resolution: Field[] = [
    [tiffTags.xResolution, 5, [4]],
    [tiffTags.yResolution, 5, [2]],
  ];

  test("its unit and resolution give micrometres; those of other programs do not", async () => {
    for (const unit of ["micron", "um", "\\u00B5m"]) {
      const { grid } = await open([page(1, description(`unit=${unit}`), ...resolution)]);
      expect(grid).toMatchObject({ crs: "um", worldFromPixel: [0.25, 0, 0, 0, 0.5, 0] });
    }
    expect((await open([page(1, description("unit=inch"), ...resolution)])).grid.worldFromPixel[0]).toBe(6350);
    expect((await open([page(1, description("unit=pixel"), ...resolution)])).grid.crs).toBe("px");
    expect((await open([page(1, ...resolution)])).grid.crs).toBe("px");
  });

  test("channels of a hyperstack become bands", async () => {
    const pages = [1, 2, 3, 4].map((v) =>
      v === 1 ? page(v, description("images=4\nchannels=2\nslices=2\nhyperstack=true")) : page(v),
    );
    const image = await open(pages);
    expect(image.bands).toEqual(["channel 0", "channel 1"]);
    expect(await readWhole(image)).toEqual([...Array(8).fill(1), ...Array(8).fill(2)]);
  });

  test("planes of a large stack follow each other without directories", async () => {
    const fields = simpleFields({ width: 4, height: 2, bits: 8 }, description("images=2\nchannels=2"), [
      tiffTags.stripByteCounts,
      4,
      [8],
    ]);
    const planes = Uint8Array.from({ length: 16 }, (_, i) => i);
    expect(await readWhole(await open([{ fields, chunks: [planes] }]))).toEqual([...planes]);
  });
});

test("an Aperio slide gives its micrometres per pixel", async () => {
  const text = (more: string): Field => [
    tiffTags.imageDescription,
    2,
    `Aperio Image Library v11\r\n4x2 (4x2)|AppMag = 20${more}`,
  ];
  expect((await open([page(1, text("|MPP = 0.4990|Left = 25"))])).grid).toMatchObject({
    crs: "um",
    worldFromPixel: [0.499, 0, 0, 0, 0.499, 0],
  });
  expect((await open([page(1, text("|Left = 25"))])).grid.crs).toBe("px");
});

describe("samples", () => {
  test("a palette becomes RGB, or stays indices for labels", async () => {
    const colours: Field = [tiffTags.colorMap, 3, [...Array(768).keys()].map((i) => (i % 256) * 257)];
    const fields = simpleFields({ width: 3, height: 1, bits: 8, photometric: 3 }, colours);
    const pages = [{ fields, chunks: [Uint8Array.of(0, 7, 255)] }];
    const image = await open(pages);
    expect(image).toMatchObject({ bands: ["red", "green", "blue"], dtype: "uint8" });
    expect(await readWhole(image)).toEqual([0, 7, 255, 0, 7, 255, 0, 7, 255]);
    const labels = await open(pages, { kind: "labels" });
    expect(labels.bands).toEqual(["gray"]);
    expect(await readWhole(labels)).toEqual([0, 7, 255]);
  });

  test("0 is white is turned around, in bits, bytes and 16 bits, but not in floating point", async () => {
    const inverted = async (bits: number, format: 1 | 3, bytes: Uint8Array) =>
      readWhole(
        await open([{ fields: simpleFields({ width: 2, height: 1, bits, format, photometric: 0 }), chunks: [bytes] }]),
      );
    expect(await inverted(1, 1, Uint8Array.of(0b0100_0000))).toEqual([1, 0]);
    expect(await inverted(8, 1, Uint8Array.of(0, 200))).toEqual([255, 55]);
    expect(await inverted(16, 1, new Uint8Array(Uint16Array.of(0, 65000).buffer))).toEqual([65535, 535]);
    expect(await inverted(32, 3, new Uint8Array(Float32Array.of(0, 2).buffer))).toEqual([0, 2]);
  });

  test("4 and 12 bits are unpacked, each row from a whole byte", async () => {
    const four = simpleFields({ width: 3, height: 2, bits: 4 });
    expect(await readWhole(await open([{ fields: four, chunks: [Uint8Array.of(0x12, 0x30, 0x45, 0x60)] }]))).toEqual([
      1, 2, 3, 4, 5, 6,
    ]);
    const twelve = simpleFields({ width: 3, height: 1, bits: 12 });
    const image = await open([{ fields: twelve, chunks: [Uint8Array.of(0x12, 0x34, 0x56, 0xab, 0xc0)] }]);
    expect(image.dtype).toBe("uint16");
    expect(await readWhole(image)).toEqual([0x123, 0x456, 0xabc]);
  });

  test("half precision, and a note for 64 bits", async () => {
    const half = simpleFields({ width: 4, height: 1, bits: 16, format: 3 });
    const bytes = new Uint8Array(Uint16Array.of(0x3c00, 0xc000, 0x7c00, 0x0001).buffer);
    expect(await readWhole(await open([{ fields: half, chunks: [bytes] }]))).toEqual([1, -2, Infinity, 2 ** -24]);
    const double = simpleFields({ width: 1, height: 1, bits: 64, format: 3 });
    expect(await notesOf([{ fields: double, chunks: [new Uint8Array(8)] }])).toEqual(["converted-to-float32"]);
  });

  test.each([true, false])("predictor 3 of floating point (little-endian: %s)", async (little) => {
    const values = Float32Array.of(1.5, -2.25, 1e20, 0, 3.75, -1e-20);
    const bytes = new Uint8Array(values.buffer);
    const rows: number[] = [];
    for (let y = 0; y < 2; y++) {
      const row = [3, 2, 1, 0].flatMap((b) => [0, 1, 2].map((x) => bytes[(y * 3 + x) * 4 + b]!));
      rows.push(...row.map((v, i) => (v - (row[i - 1] ?? 0)) & 255));
    }
    const fields = simpleFields({ width: 3, height: 2, bits: 32, format: 3, compression: 8 }, [
      tiffTags.predictor,
      3,
      [3],
    ]);
    const file = buildTiff([{ fields, chunks: [deflateSync(Uint8Array.from(rows))] }], { little });
    expect(await readWhole(await openWith(plugin, put(file)))).toEqual([...values]);
  });

  test("Zstandard", async () => {
    const data = Uint8Array.from({ length: 600 }, (_, i) => i % 50);
    const fields = simpleFields({ width: 30, height: 20, bits: 8, compression: 50_000 });
    const packed = await new Zstd(3).encode(data);
    expect(await readWhole(await open([{ fields, chunks: [packed] }]))).toEqual([...data]);
  });

  test("rows narrow in a wide file are read alone", async () => {
    const [width, height] = [2000, 3];
    const data = Uint16Array.from({ length: width * height }, (_, i) => i);
    const fields = simpleFields({ width, height, bits: 16 });
    const image = await open([{ fields, chunks: [new Uint8Array(data.buffer)] }]);
    const { data: part } = await image.read({ x: 1500, y: 1, width: 2, height: 2 });
    expect([...part]).toEqual([3500, 3501, 5500, 5501]);
  });

  test("reading fills the array that is given, in shared memory too", async () => {
    const image = await open([page(7)]);
    const into = new Uint8Array(new SharedArrayBuffer(64), 8, 8);
    const { data } = await image.read({ x: 0, y: 0, width: 4, height: 2 }, { into });
    expect(data).toBe(into);
    expect([...into]).toEqual(Array(8).fill(7));
  });
});
