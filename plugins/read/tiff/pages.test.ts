import { deflateSync } from "node:zlib";
import { tiffTags } from "tiepoint/plugin";
import { describe, expect, test } from "vitest";
import { openingCode, openWith, readWhole, runReader, temporaryFolder } from "../../../test/support/read.js";
import { buildTiff, type Field, simpleFields, type TestPage } from "../../../test/support/tiff.js";
import plugin from "./index.js";

const folder = temporaryFolder();
let count = 0;
const put = (bytes: Uint8Array) => folder.put(`${count++}.tif`, bytes);
const open = (pages: readonly TestPage[], params: object = {}) =>
  openWith(plugin, put(buildTiff(pages)), { pages: "all", ...params });
const code = (pages: readonly TestPage[], params: object = {}) =>
  openingCode(plugin, put(buildTiff(pages)), { pages: "all", ...params });

const page = (value: number, ...more: readonly Field[]): TestPage => ({
  fields: simpleFields({ width: 4, height: 2, bits: 8 }, ...more),
  chunks: [new Uint8Array(8).fill(value)],
});
const described = (text: string): Field => [tiffTags.imageDescription, 2, text];
const stack = (count: number, text?: string): TestPage[] =>
  Array.from({ length: count }, (_, i) => (i === 0 && text !== undefined ? page(i, described(text)) : page(i)));
/** First sample of every band, by which the pages above are known. */
const firsts = async (pages: readonly TestPage[], params: object = {}): Promise<[string[], number[]]> => {
  const image = await open(pages, params);
  const { data } = await image.read({ x: 0, y: 0, width: 1, height: 1 });
  return [[...image.bands], [...data]];
};

describe("plain files", () => {
  test("every page is a band; masks and reduced versions are none", async () => {
    const reduced = page(90, [tiffTags.newSubfileType, 4, [1]]);
    const [names, values] = await firsts([page(5), reduced, page(6), page(7)]);
    expect(names).toEqual(["page 0", "page 1", "page 2"]);
    expect(values).toEqual([5, 6, 7]);
  });

  test("a file of one page is read as ever", async () => {
    const rgb = {
      fields: simpleFields({ width: 1, height: 1, bits: 8, samples: 3 }),
      chunks: [Uint8Array.of(1, 2, 3)],
    };
    expect((await open([rgb])).bands).toEqual(["red", "green", "blue"]);
    expect((await open([rgb], { channel: "green" })).bands).toEqual(["green"]);
  });

  test("of pages in colour one sample is read, and all of them are refused", async () => {
    const rgb = (v: number): TestPage => ({
      fields: simpleFields({ width: 2, height: 1, bits: 8, samples: 3 }),
      chunks: [Uint8Array.of(v, v + 1, v + 2, v + 3, v + 4, v + 5)],
    });
    expect(await readWhole(await open([rgb(0), rgb(10)], { channel: "green" }))).toEqual([1, 4, 11, 14]);
    expect(await code([rgb(0), rgb(10)])).toBe("pages-with-bands");
    expect(await code([rgb(0), rgb(10)], { channel: "infrared" })).toBe("no-such-channel");
  });

  test("pages that differ in size or type are refused by name", async () => {
    const wide = { fields: simpleFields({ width: 5, height: 2, bits: 8 }), chunks: [new Uint8Array(10)] };
    const outcome = await runReader(plugin, put(buildTiff([page(1), page(2), wide])), { pages: "all" });
    expect(outcome.ok ? undefined : outcome.diagnostics[0]).toMatchObject({
      code: "pages-differ",
      message: expect.stringContaining("page 0 is 4 x 2 px of 8 bits, unsigned, and page 2 is 5 x 2 px"),
    });
    const deep = { fields: simpleFields({ width: 4, height: 2, bits: 16 }), chunks: [new Uint8Array(16)] };
    expect(await code([page(1), deep])).toBe("pages-differ");
  });

  test("one page and all pages contradict each other", async () => {
    expect(await code(stack(2), { page: 1 })).toBe("page-and-pages");
  });

  test("ten thousand pages are opened, and reading one of them touches no other", async () => {
    const pages = Array.from({ length: 10_000 }, (_, i): TestPage => {
      const fields = simpleFields({ width: 2, height: 1, bits: 8, compression: 8 });
      // Only this page can be unpacked.
      return { fields, chunks: [i === 7777 ? deflateSync(Uint8Array.of(3, 4)) : Uint8Array.of(1)] };
    });
    const image = await open(pages);
    expect(image.bands.length).toBe(10_000);
    const window = { x: 0, y: 0, width: 2, height: 1 };
    expect([...(await image.read(window, { bands: [7777] })).data]).toEqual([3, 4]);
    await expect(image.read(window, { bands: [7778] })).rejects.toMatchObject({
      diagnostics: [{ code: "image-damaged" }],
    });
  });
});

describe("ImageJ", () => {
  const lines = (text: string) => `ImageJ=1.54f\n${text}`;

  test("slices, frames and both", async () => {
    expect((await firsts(stack(3, lines("images=3\nslices=3"))))[0]).toEqual(["z0", "z1", "z2"]);
    expect((await firsts(stack(3, lines("images=3"))))[0]).toEqual(["z0", "z1", "z2"]);
    expect((await firsts(stack(3, lines("images=3\nslices=1\nframes=3"))))[0]).toEqual(["t0", "t1", "t2"]);
    const [names, values] = await firsts(stack(6, lines("images=6\nslices=3\nframes=2")));
    expect(names).toEqual(["t0 z0", "t0 z1", "t0 z2", "t1 z0", "t1 z1", "t1 z2"]);
    expect(values).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test("of several channels one is chosen", async () => {
    const pages = stack(6, lines("images=6\nchannels=2\nframes=3"));
    expect(await firsts(pages, { channel: "1" })).toEqual([
      ["t0", "t1", "t2"],
      [1, 3, 5],
    ]);
    expect(await code(pages)).toBe("pages-with-bands");
    expect(await code(pages, { channel: "2" })).toBe("no-such-channel");
  });

  test("channels alone are read as ever", async () => {
    expect((await firsts(stack(2, lines("images=2\nchannels=2"))))[0]).toEqual(["channel 0", "channel 1"]);
  });

  test("slices without directories of their own are found, as far as the file goes", async () => {
    const planes = Uint8Array.from({ length: 40 }, (_, i) => i);
    const file = (slices: number): TestPage[] => [
      {
        fields: simpleFields({ width: 4, height: 2, bits: 8 }, described(lines(`images=${slices}\nslices=${slices}`)), [
          tiffTags.stripByteCounts,
          4,
          [8],
        ]),
        chunks: [planes],
      },
    ];
    const image = await open(file(5));
    expect(image.bands).toEqual(["z0", "z1", "z2", "z3", "z4"]);
    expect(await readWhole(image)).toEqual([...planes]);
    expect(await code(file(100))).toBe("image-damaged");
    expect(await code(file(900_000))).toBe("image-damaged");
  });

  test("a palette is left aside", async () => {
    const colours: Field = [tiffTags.colorMap, 3, Array(768).fill(5)];
    const pages = stack(2, lines("images=2\nslices=2")).map((p) => ({
      ...p,
      fields: [...p.fields.filter(([tag]) => tag !== tiffTags.photometric), [tiffTags.photometric, 3, [3]], colours],
    })) as TestPage[];
    expect(await firsts(pages)).toEqual([
      ["z0", "z1"],
      [0, 1],
    ]);
  });
});

describe("OME-TIFF", () => {
  const ome = (pixels: string, body = "", root = "") =>
    `<OME ${root} xmlns="x"><Image ID="I"><Pixels ID="P" SizeX="4" SizeY="2" Type="uint8" ${pixels}><Channel ID="C:0" Name="A"/><Channel ID="C:1" Name="B"/>${body}</Pixels></Image></OME>`;

  test("slices of one channel, in the order of time and depth, wherever they lie", async () => {
    const pages = stack(12, ome('DimensionOrder="XYTCZ" SizeC="2" SizeZ="2" SizeT="3"'));
    expect(await firsts(pages, { channel: "B" })).toEqual([
      ["t0 z0", "t0 z1", "t1 z0", "t1 z1", "t2 z0", "t2 z1"],
      [3, 9, 4, 10, 5, 11],
    ]);
    expect(await code(pages)).toBe("pages-with-bands");
  });

  test("TiffData may name planes one by one or in runs", async () => {
    const data =
      '<TiffData IFD="4" FirstC="0" FirstZ="0" PlaneCount="2"/><TiffData IFD="0" FirstC="1" FirstZ="0" PlaneCount="1"/><TiffData IFD="1" FirstC="1" FirstZ="1"/>';
    const pages = stack(6, ome('DimensionOrder="XYZCT" SizeC="2" SizeZ="2" SizeT="1"', data));
    expect((await firsts(pages, { channel: "A" }))[1]).toEqual([4, 5]);
    expect((await firsts(pages, { channel: "B" }))[1]).toEqual([0, 1]);
  });

  test("planes in other files are not taken for those of this one", async () => {
    const data =
      '<TiffData IFD="0" FirstC="0"><UUID FileName="a.tif">urn:uuid:a</UUID></TiffData><TiffData IFD="0" FirstC="1"><UUID FileName="b.tif">urn:uuid:b</UUID></TiffData>';
    const text = ome('DimensionOrder="XYCZT" SizeC="2" SizeZ="1" SizeT="1"', data, 'UUID="urn:uuid:a"');
    const outcome = await runReader(plugin, put(buildTiff(stack(1, text))));
    expect(outcome.ok && outcome.notes?.map((n) => n.code)).toEqual(["channels-missing"]);
  });

  test("slices that are missing are noted, and the pages that are there are read", async () => {
    const text =
      '<OME xmlns="x"><Image ID="I"><Pixels SizeX="4" SizeY="2" SizeC="1" SizeZ="9" SizeT="1"/></Image></OME>';
    const file = put(buildTiff(stack(3, text)));
    const outcome = await runReader(plugin, file, { pages: "all" });
    expect(outcome.ok && outcome.notes?.map((n) => n.code)).toEqual(["slices-missing"]);
    expect((await openWith(plugin, file, { pages: "all" })).bands).toEqual(["page 0", "page 1", "page 2"]);
  });

  test("overviews of every slice are found in its sub-directory", async () => {
    const small = (v: number): TestPage => ({
      fields: simpleFields({ width: 2, height: 1, bits: 8 }, [tiffTags.newSubfileType, 4, [1]]),
      chunks: [new Uint8Array(2).fill(v)],
    });
    const pages = stack(100).map((p, i) => ({ ...p, subs: [small(i + 100)] }));
    const [half] = (await open(pages)).overviews!;
    const { data } = await half!.read({ x: 0, y: 0, width: 1, height: 1 });
    expect([...data]).toEqual(Array.from({ length: 100 }, (_, i) => i + 100));
    const broken = pages.map((p, i) => (i === 80 ? page(80) : p));
    const [other] = (await open(broken)).overviews!;
    await expect(other!.read({ x: 0, y: 0, width: 1, height: 1 }, { bands: [80] })).rejects.toMatchObject({
      diagnostics: [{ code: "image-damaged" }],
    });
  });
});
