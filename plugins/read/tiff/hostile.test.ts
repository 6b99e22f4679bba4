import { deflateSync } from "node:zlib";
import Zstd from "numcodecs/zstd";
import { type DiagnosticError, type Image, tiffTags } from "tiepoint/plugin";
import { describe, expect, test } from "vitest";
import { openingCode, openWith, temporaryFolder } from "../../../test/support/read.js";
import { buildTiff, type Field, simpleFields } from "../../../test/support/tiff.js";
import plugin from "./index.js";

const folder = temporaryFolder();
let count = 0;
const put = (bytes: Uint8Array) => folder.put(`${count++}.tif`, bytes);
const code = (bytes: Uint8Array, params: object = {}, memory?: number) =>
  openingCode(plugin, put(bytes), params, memory);

/** Code of the failure to open or to read the first pixels; `undefined` when both work. */
async function readingCode(bytes: Uint8Array, memory = 64e6): Promise<string | undefined> {
  const file = put(bytes);
  const opening = await openingCode(plugin, file, {}, memory);
  if (opening) return opening;
  const image = await openWith(plugin, file, {}, memory);
  return firstPixels(image);
}

const firstPixels = ({ read, grid }: Image): Promise<string | undefined> =>
  read({ x: 0, y: 0, width: Math.min(16, grid.width), height: Math.min(16, grid.height) }).then(
    () => undefined,
    (error: DiagnosticError) => error.diagnostics?.[0]?.code ?? String(error),
  );

const gray = (width: number, height: number, ...more: readonly Field[]) =>
  simpleFields({ width, height, bits: 8 }, ...more);

const sound = buildTiff([{ fields: gray(16, 16), chunks: [new Uint8Array(256)] }]);
const firstDirectory = (bytes: Uint8Array) => new DataView(bytes.buffer).getUint32(4, true);
/** Where the link of the last directory stands. */
function lastLink(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer);
  let at = firstDirectory(bytes);
  for (;;) {
    const link = at + 2 + 12 * view.getUint16(at, true);
    const next = view.getUint32(link, true);
    if (next === 0) return link;
    at = next;
  }
}

describe("directories", () => {
  test("one that leads to itself is refused", async () => {
    const bytes = sound.slice();
    new DataView(bytes.buffer).setUint32(lastLink(bytes), firstDirectory(bytes), true);
    expect(await code(bytes)).toBe("image-damaged");
  });

  test("three in a circle are refused", async () => {
    const page = { fields: gray(16, 16), chunks: [new Uint8Array(256)] };
    const bytes = buildTiff([page, page, page]);
    new DataView(bytes.buffer).setUint32(lastLink(bytes), firstDirectory(bytes), true);
    expect(await code(bytes)).toBe("image-damaged");
  });

  test("a sub-directory that is the directory itself is left out, because it is no smaller", async () => {
    const fields = gray(16, 16, [tiffTags.subIfds, 4, [0, 0]]);
    const bytes = buildTiff([{ fields, chunks: [new Uint8Array(256)] }]);
    const first = firstDirectory(bytes);
    const view = new DataView(bytes.buffer);
    for (let p = first + 2; ; p += 12) {
      if (view.getUint16(p, true) !== tiffTags.subIfds) continue;
      const at = view.getUint32(p + 8, true);
      view.setUint32(at, first, true);
      view.setUint32(at + 4, first, true);
      break;
    }
    const image = await openWith(plugin, put(bytes));
    expect(image.overviews).toBeUndefined();
  });

  test("a link or an entry count beyond the file is refused", async () => {
    const far = sound.slice();
    new DataView(far.buffer).setUint32(4, 4_000_000_000, true);
    expect(await code(far)).toBe("image-damaged");
    const many = sound.slice();
    new DataView(many.buffer).setUint16(firstDirectory(many), 65_535, true);
    expect(await code(many)).toBe("image-damaged");
  });

  test("a file without any is refused", async () => {
    expect(await code(Uint8Array.of(0x49, 0x49, 42, 0, 0, 0, 0, 0))).toBe("image-damaged");
  });
});

describe("sizes that cannot be", () => {
  test.each([
    [40_000, 40_000],
    [100_000, 100_000],
    [4_294_967_295, 4_294_967_295],
    [0, 16],
  ])("%i x %i px in a file of some hundred bytes", async (width, height) => {
    for (const compression of [1, 5, 8]) {
      const fields = simpleFields({ width, height, bits: 16, compression });
      expect(await readingCode(buildTiff([{ fields, chunks: [new Uint8Array(64)] }]))).toMatch(
        /^image-(damaged|too-large)$/,
      );
    }
  });

  test("a strip or a tile list that is too short, or reaches beyond the file", async () => {
    const rows: Field = [tiffTags.rowsPerStrip, 3, [1]];
    expect(await readingCode(buildTiff([{ fields: gray(16, 16, rows), chunks: [new Uint8Array(16)] }]))).toBe(
      "image-damaged",
    );
    for (const compression of [5, 8, 7, 50_000, 32_773]) {
      const counts: Field = [tiffTags.stripByteCounts, 4, [2_000_000_000]];
      const fields = simpleFields({ width: 16, height: 16, bits: 8, compression }, counts);
      expect(await readingCode(buildTiff([{ fields, chunks: [new Uint8Array(256)] }]))).toBe("image-damaged");
    }
    const offsets: Field = [tiffTags.stripOffsets, 4, [3_000_000_000]];
    expect(await readingCode(buildTiff([{ fields: gray(16, 16, offsets), chunks: [new Uint8Array(256)] }]))).toBe(
      "image-damaged",
    );
  });

  test("places that are fractions or not numbers", async () => {
    for (const place of [8.5, Number.NaN, -8]) {
      const offsets: Field = [tiffTags.stripOffsets, 12, [place]];
      for (const compression of [1, 8]) {
        const fields = simpleFields({ width: 16, height: 16, bits: 8, compression }, offsets);
        expect(await readingCode(buildTiff([{ fields, chunks: [new Uint8Array(256)] }]))).toBe("image-damaged");
      }
    }
  });

  test("a list of values that is longer than the file", async () => {
    const bytes = sound.slice();
    const view = new DataView(bytes.buffer);
    for (let p = firstDirectory(bytes) + 2; ; p += 12) {
      if (view.getUint16(p, true) !== tiffTags.stripOffsets) continue;
      view.setUint32(p + 4, 1_000_000_000, true);
      break;
    }
    expect(await code(bytes)).toBe("image-damaged");
  });

  test("65,535 bands, and bands of different depths", async () => {
    const samples: Field = [tiffTags.samplesPerPixel, 3, [65_535]];
    expect(await readingCode(buildTiff([{ fields: gray(16, 16, samples), chunks: [new Uint8Array(256)] }]))).toBe(
      "image-damaged",
    );
    const bits: Field = [tiffTags.bitsPerSample, 3, [8, 16, 8]];
    const fields = simpleFields({ width: 16, height: 16, bits: 8, samples: 3 }, bits);
    expect(await code(buildTiff([{ fields, chunks: [new Uint8Array(768)] }]))).toBe("image-unsupported");
  });
});

describe("data that unfold to too much or too little", () => {
  const page = (compression: number, data: Uint8Array, ...more: readonly Field[]) =>
    buildTiff([{ fields: simpleFields({ width: 16, height: 16, bits: 8, compression }, ...more), chunks: [data] }]);

  test("a deflate bomb stops at the size of its strip", async () => {
    const bomb = deflateSync(new Uint8Array(100_000_000), { level: 9 });
    expect(bomb.length).toBeLessThan(120_000);
    const before = process.memoryUsage().arrayBuffers;
    expect(await readingCode(page(8, bomb))).toBe("image-damaged");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10e6);
  });

  const zstdFrame = (descriptor: number[], blocks: readonly number[][]): Uint8Array =>
    Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, ...descriptor, ...blocks.flat()]);

  test("a Zstandard bomb of many small blocks stops too, and one that claims a terabyte", async () => {
    const run = (last: boolean) => [(last ? 1 : 0) | (1 << 1), 0, 2, 7]; // 16,384 times the byte 7
    const bomb = zstdFrame(
      [0, 0x58],
      Array.from({ length: 20_000 }, (_, i) => run(i === 19_999)),
    );
    expect(await readingCode(page(50_000, bomb))).toBe("image-damaged");
    const claim = zstdFrame([0xc0, 0x58, 0, 0, 0, 0, 0, 1, 0, 0], [run(true)]);
    expect(await readingCode(page(50_000, claim))).toBe("image-damaged");
  });

  test("damaged Zstandard data of unknown size end in a code, and never go round for ever", async () => {
    const packed = await new Zstd(3).encode(Uint8Array.from({ length: 256 }, (_, i) => (i * i) % 251));
    // The encoder writes the size (two bytes, single segment); take it out, and put a window in.
    const unknown = Uint8Array.from([...packed.subarray(0, 4), packed[4]! & 0x04, 0x58, ...packed.subarray(7)]);
    expect(await readingCode(page(50_000, unknown))).toBeUndefined();
    for (let at = 6; at < unknown.length; at++) {
      for (const flip of [1, 16, 255]) {
        const bytes = unknown.slice();
        bytes[at]! ^= flip;
        expect(await readingCode(page(50_000, bytes))).toBeOneOf([undefined, "image-damaged"]);
      }
    }
  });

  test("LZW and PackBits that say more than fits are cut, and less is an error", async () => {
    const runs = Uint8Array.from({ length: 2000 }, (_, i) => (i % 2 === 0 ? 129 : 5));
    expect(await readingCode(page(32_773, runs))).toBeUndefined();
    expect(await readingCode(page(32_773, runs.subarray(0, 2)))).toBe("image-damaged");
    expect(await readingCode(page(5, Uint8Array.of(0x80, 0x40, 0x20)))).toBe("image-damaged");
  });

  test("garbage in place of compressed data", async () => {
    const garbage = Uint8Array.from({ length: 300 }, (_, i) => (i * 97 + 13) % 251);
    for (const compression of [5, 8, 32_946, 7, 50_000])
      expect(await readingCode(page(compression, garbage))).toBe("image-damaged");
  });

  test("a JPEG part that claims another size", async () => {
    const jpeg = Uint8Array.of(0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0xff, 0xff, 0xff, 0xff, 1, 1, 0x11, 0, 0xff, 0xd9);
    expect(await readingCode(page(7, jpeg))).toBe("image-damaged");
  });

  test("a tile larger than the memory of the step is refused with the numbers", async () => {
    const fields = simpleFields({ width: 20_000, height: 20_000, bits: 16, compression: 8 }, [
      tiffTags.rowsPerStrip,
      4,
      [20_000],
    ]);
    const image = await openWith(plugin, put(buildTiff([{ fields, chunks: [new Uint8Array(100)] }])), {}, 200e6);
    await expect(image.read({ x: 0, y: 0, width: 1, height: 1 })).rejects.toMatchObject({
      diagnostics: [
        { code: "image-too-large", message: expect.stringContaining("takes 800 MB, but the step may hold 200 MB") },
      ],
    });
  });
});

test("every truncation of a file ends in a code", async () => {
  const chunks = [0, 1, 2, 3].map((i) => deflateSync(new Uint8Array(64).fill(i)));
  const page = (reduced: number) => ({
    fields: simpleFields(
      { width: 16, height: 16, bits: 8, compression: 8 },
      [tiffTags.rowsPerStrip, 3, [4]],
      [tiffTags.newSubfileType, 4, [reduced]],
      [tiffTags.imageDescription, 2, "a description that does not fit into an entry"],
    ),
    chunks,
  });
  const whole = buildTiff([page(0), page(0)]);
  expect(await readingCode(whole)).toBeUndefined();
  const known = expect.stringMatching(/^(image-damaged|not-an-image)$/);
  const first = firstDirectory(whole);
  const link = first + 2 + 12 * new DataView(whole.buffer).getUint16(first, true);
  for (let length = 0; length < lastLink(whole); length += 7) {
    // Nothing but the link to the next page is gone: the first page can still be read.
    const expected = length >= link && length < link + 4 ? undefined : known;
    expect([length, await readingCode(whole.subarray(0, length))]).toEqual([length, expected]);
  }
});

test("any byte of a file may be wrong: no hang, no crash, and only known codes", async () => {
  const chunks = [0, 1, 2, 3].map((i) => deflateSync(Uint8Array.from({ length: 64 }, (_, k) => k * i)));
  const fields = simpleFields({ width: 16, height: 16, bits: 8, compression: 8 }, [tiffTags.rowsPerStrip, 3, [4]]);
  const whole = buildTiff([{ fields, chunks }]);
  const known = /^(image-(damaged|too-large|unsupported)|not-an-image)$/;
  for (let at = 0; at < whole.length; at++) {
    for (const value of [0, 1, 127, 255]) {
      const bytes = whole.slice();
      bytes[at] = value;
      const found = await readingCode(bytes);
      if (found !== undefined) expect(found).toMatch(known);
    }
  }
});

test("what is no TIFF says so, whatever it is called", async () => {
  expect(await code(new Uint8Array(0))).toBe("not-an-image");
  expect(await code(Buffer.from("fixed_x,fixed_y\n1,2\n"))).toBe("not-an-image");
  expect(await code(Uint8Array.of(0x49, 0x49, 42))).toBe("not-an-image");
  expect(await code(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 0))).toBe("not-an-image");
  expect(await openingCode(plugin, { path: folder.path("absent.tif"), sha256: "0", bytes: 0 })).toBe("file-unreadable");
});

test("a page that is not there is refused", async () => {
  expect(await code(sound, { page: 1 })).toBe("no-such-page");
});

test("NaN, infinities and constants are read as they are", async () => {
  const data = Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0);
  const fields = simpleFields({ width: 2, height: 2, bits: 32, format: 3 });
  const image = await openWith(plugin, put(buildTiff([{ fields, chunks: [new Uint8Array(data.buffer)] }])));
  expect(await image.read({ x: 0, y: 0, width: 2, height: 2 })).toMatchObject({ data });
});
