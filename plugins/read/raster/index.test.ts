import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import sharp from "sharp";
import type { FileRef, Image, PixelData } from "tiepoint/plugin";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import plugin from "./index.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "raster-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function put(name: string, bytes: Uint8Array): FileRef {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return { path, sha256: createHash("sha256").update(bytes).digest("hex"), bytes: bytes.length };
}

const context = (memory = 1e9) => ({
  signal: new AbortController().signal,
  random: () => 0,
  memory,
  progress: () => {},
});
const defaults = {
  kind: "intensity" as const,
  channel: undefined,
  page: undefined,
  pages: "first" as const,
  pixelSize: undefined,
  nodata: undefined,
};
const run = (file: FileRef, params: object = {}, memory?: number) =>
  plugin.run({ file, sameGridAs: undefined }, { ...defaults, ...params }, context(memory));

async function open(file: FileRef, params: object = {}): Promise<Image> {
  const outcome = await run(file, params);
  if (!outcome.ok) throw new Error(outcome.diagnostics[0]!.message);
  return outcome.value.image;
}

async function codeOf(file: FileRef, params: object = {}, memory?: number): Promise<string | undefined> {
  const outcome = await run(file, params, memory);
  return outcome.ok ? undefined : outcome.diagnostics[0]!.code;
}

function ramp(wide: boolean, length: number): Uint8Array | Uint16Array {
  const out = wide ? new Uint16Array(length) : new Uint8Array(length);
  for (let i = 0; i < length; i++) out[i] = i * (wide ? 2741 : 37);
  return out;
}

const width = 7;
const height = 5;
const planar = (data: PixelData, bands: number): number[] =>
  Array.from({ length: bands }, (_, b) => [...data].filter((_, i) => i % bands === b)).flat();

const spaces = { "1 8": "b-w", "2 8": "b-w", "3 8": "srgb", "4 8": "srgb" } as const;
const spacesWide = { "1": "grey16", "2": "grey16", "3": "rgb16", "4": "rgb16" } as const;

describe.each([1, 2, 3, 4] as const)("PNG with %i bands", (bands) => {
  test.each([8, 16] as const)("%i bits come back exactly", async (bits) => {
    const data = ramp(bits === 16, width * height * bands);
    const space = bits === 16 ? spacesWide[`${bands}`] : spaces[`${bands} 8`];
    const png = await sharp(data, { raw: { width, height, channels: bands } })
      .toColourspace(space)
      .png()
      .toBuffer();
    const image = await open(put(`${bands}x${bits}.png`, png));
    expect(image).toMatchObject({ dtype: `uint${bits}`, meaning: "intensity", grid: { width, height, crs: "px" } });
    expect(image.bands).toEqual(
      [["gray"], ["gray", "alpha"], ["red", "green", "blue"], ["red", "green", "blue", "alpha"]][bands - 1],
    );
    const whole = await image.read({ x: 0, y: 0, width, height });
    expect([...whole.data]).toEqual(planar(data, bands));
    const into = whole.data.slice(0, 6);
    const part = await image.read({ x: 2, y: 1, width: 3, height: 2 }, { bands: [bands - 1], into });
    expect(part.data).toBe(into);
    const last = planar(data, bands).slice((bands - 1) * width * height);
    expect([...into]).toEqual([9, 10, 11, 16, 17, 18].map((i) => last[i]));
  });
});

describe("labels in a PNG", () => {
  test("of a palette are its indices; as a picture they are its colours", async () => {
    const colours = Uint8Array.from({ length: width * height * 3 }, (_, i) => (Math.floor(i / 30) % 5) * 50 + (i % 3));
    const png = await sharp(colours, { raw: { width, height, channels: 3 } })
      .png({ palette: true, dither: 0 })
      .toBuffer();
    expect(png[25]).toBe(3);
    const file = put("palette.png", png);
    const labels = await open(file, { kind: "labels" });
    expect(labels).toMatchObject({ bands: ["gray"], meaning: "labels", dtype: "uint8" });
    const { data } = await labels.read({ x: 0, y: 0, width, height });
    expect(new Set(data).size).toBe(4);
    expect(Math.max(...data)).toBeLessThan(4);
    const picture = await open(file);
    const { data: red } = await picture.read({ x: 0, y: 0, width, height }, { bands: [0] });
    const colourOf = new Map([...data].map((label, i) => [label, red[i]]));
    expect([...red]).toEqual([...data].map((label) => colourOf.get(label))); // one colour per label
  });

  test.each([1, 2, 4] as const)("of %i bits are the numbers that are stored", async (bits) => {
    const n = 1 << bits;
    const gray = Uint8Array.from({ length: width * height }, (_, i) => Math.round(((i % n) * 255) / (n - 1)));
    const png = await sharp(gray, { raw: { width, height, channels: 1 } })
      .toColourspace("b-w")
      .png({ palette: true, colours: n, dither: 0 })
      .toBuffer();
    expect(png[24]).toBe(bits);
    const labels = await open(put(`${bits}.png`, png), { kind: "labels" });
    const { data } = await labels.read({ x: 0, y: 0, width, height });
    expect(new Set(data).size).toBe(n);
    expect(Math.max(...data)).toBe(n - 1);
    const again = [...data].map((label, i) => [label, gray[i]!]);
    expect(new Set(again.map(String)).size).toBe(n);
  });

  test("of a damaged file end in a code", async () => {
    const gray = ramp(false, width * height).map((v) => v % 4);
    const png = await sharp(gray, { raw: { width, height, channels: 1 } })
      .png({ palette: true })
      .toBuffer();
    for (let length = 40; length < png.length - 12; length += 5) {
      const outcome = await run(put("cut-labels.png", png.subarray(0, length)), { kind: "labels" });
      if (!outcome.ok) continue;
      await expect(outcome.value.image.read({ x: 0, y: 0, width, height })).rejects.toMatchObject({
        diagnostics: [{ code: "image-damaged" }],
      });
    }
  });
});

test("lossless WebP comes back exactly, and JPEG nearly", async () => {
  const data = new Uint8Array(width * height * 3).map((_, i) => 100 + Math.floor(i / 3));
  const raw = { raw: { width, height, channels: 3 } } as const;
  const webp = await open(put("a.webp", await sharp(data, raw).webp({ lossless: true }).toBuffer()));
  expect([...(await webp.read({ x: 0, y: 0, width, height })).data]).toEqual(planar(data, 3));
  const jpeg = await open(put("a.jpg", await sharp(data, raw).jpeg({ quality: 95 }).toBuffer()));
  const { data: read } = await jpeg.read({ x: 0, y: 0, width, height });
  const difference = planar(data, 3).map((v, i) => Math.abs(v - read[i]!));
  expect(Math.max(...difference)).toBeLessThan(6);
});

test("pixels are those stored: no colour profile is applied, no orientation, and a note tells of it", async () => {
  const data = new Uint8Array(width * height * 3).fill(200);
  const sharpened = sharp(data, { raw: { width, height, channels: 3 } })
    .withIccProfile("p3")
    .withExif({ IFD0: { Orientation: "6" } });
  const png = await sharpened.png().toBuffer();
  const stored = await sharp(png, { ignoreIcc: true }).raw().toBuffer();
  const image = await open(put("p3.png", png));
  expect([...(await image.read({ x: 0, y: 0, width: 1, height: 1 })).data]).toEqual([...stored.subarray(0, 3)]);
  const turned = await sharp(data, { raw: { width, height, channels: 3 } })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();
  const outcome = await run(put("turned.jpg", turned));
  expect(outcome.ok && outcome.notes!.map((n) => n.code)).toEqual(["exif-orientation"]);
  expect(outcome.ok && outcome.value.image.grid).toMatchObject({ width, height });
});

test("binary Netpbm files of 8 and 16 bits are read as they are", async () => {
  const ppm = await open(
    put("a.ppm", Buffer.from("P6\n# made by hand\n2 1\n255\n\u0001\u0002\u0003\u0004\u0005\u0006")),
  );
  expect(ppm.bands).toEqual(["red", "green", "blue"]);
  expect([...(await ppm.read({ x: 0, y: 0, width: 2, height: 1 })).data]).toEqual([1, 4, 2, 5, 3, 6]);
  const pgm = await open(put("a.pgm", Buffer.from("P5 2 1 4095\n\u0001\u0002\u0003\u0004")));
  expect([...(await pgm.read({ x: 0, y: 0, width: 2, height: 1 })).data]).toEqual([258, 772]);
  expect(await codeOf(put("short.pgm", Buffer.from("P5\n20 20\n255\nabc")))).toBe("image-damaged");
  expect(await codeOf(put("odd.pgm", Buffer.from("P5\nwide high\n255\nabc")))).toBe("not-an-image");
});

test("a picture that would not fit the memory of the step is refused before it is decoded", async () => {
  const png = await sharp({ create: { width: 16000, height: 16, channels: 3, background: "black" } })
    .png()
    .toBuffer();
  png.writeUInt32BE(16000, 20); // the header's claim is what counts
  png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
  const outcome = await run(put("bomb.png", png), {}, 200e6);
  expect(!outcome.ok && outcome.diagnostics[0]).toMatchObject({
    code: "image-too-large",
    message: expect.stringMatching(/16000 x 16000 px with 3 bands takes 153\d MB, but the step may hold 200 MB/),
  });
});

test("what is no image says so", async () => {
  expect(await codeOf(put("text.png", Buffer.from("fixed_x,fixed_y\n1,2\n")))).toBe("not-an-image");
  expect(await codeOf(put("empty.png", Buffer.alloc(0)))).toBe("not-an-image");
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>';
  expect(await codeOf(put("svg.png", Buffer.from(svg)))).toBe("not-an-image");
  const tiff = await sharp(ramp(false, 35), { raw: { width, height, channels: 1 } })
    .tiff()
    .toBuffer();
  const outcome = await run(put("tiff.png", tiff));
  expect(!outcome.ok && outcome.diagnostics[0]).toMatchObject({
    code: "not-an-image",
    message: "Expected a PNG, JPEG, WebP, GIF or Netpbm picture, but the file is a TIFF",
    hint: "Give it the right extension, or read it with use: read/tiff.",
  });
  expect(await codeOf({ path: join(folder, "absent.png"), sha256: "0", bytes: 0 })).toBe("file-unreadable");
});

test("a truncated file fails when its pixels are wanted, with a code", async () => {
  const data = ramp(false, 400 * 300);
  const png = await sharp(data, { raw: { width: 400, height: 300, channels: 1 } })
    .png()
    .toBuffer();
  const image = await open(put("cut.png", png.subarray(0, png.length / 2)));
  await expect(image.read({ x: 0, y: 0, width: 4, height: 4 })).rejects.toMatchObject({
    diagnostics: [{ code: "image-damaged" }],
  });
});

test("a page that is not there is refused", async () => {
  const png = await sharp(ramp(false, width * height), { raw: { width, height, channels: 1 } })
    .png()
    .toBuffer();
  expect(await codeOf(put("one.png", png), { page: 1 })).toBe("no-such-page");
});
