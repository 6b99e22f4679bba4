import { readFile } from "node:fs/promises";
import type { Metadata, Sharp } from "sharp";
import {
  type Diagnostic,
  DiagnosticError,
  type DType,
  type FileRef,
  failed,
  fileKind,
  type Image,
  notAnImage,
  ok,
  pixelGrid,
  problem,
  type Result,
} from "tiepoint/plugin";
import { type Decoded, decodedImage, tooLarge } from "./decoded.js";
import { decodeNetpbm, netpbmHeader } from "./netpbm.js";
import { decodePngIndices, type PngIndices, pngIndices } from "./png-indices.js";

type Opened = Result<{ readonly image: Image; readonly notes: readonly Diagnostic[] }>;

/**
 * Opens a file that is decoded whole. Only the header is looked at now.
 *
 * @param kind  labels and masks are read as the numbers that are stored, not as the colours that they stand for
 * @param memory  bytes that decoding may take
 * @returns `not-an-image`, `image-too-large`, `no-such-page`, `image-unsupported`, `image-damaged`, `file-unreadable`
 */
export async function openRaster(
  file: FileRef,
  {
    page,
    all,
    kind,
    memory,
  }: { readonly page: number; readonly all: boolean; readonly kind: Image["meaning"]; readonly memory: number },
): Promise<Opened> {
  const bytes = await bytesOf(file);
  if (!bytes.ok) return bytes;
  // Decoders below would take more formats, some of them (SVG) with a life of their own.
  if (fileKind(bytes.value)?.reader !== "read/raster")
    return failed(notAnImage(bytes.value, "a PNG, JPEG, WebP, GIF or Netpbm picture"));
  const indices = kind === "intensity" ? ok(undefined) : pngIndices(bytes.value);
  if (!indices.ok) return indices;
  if (indices.value && page === 0) return openIndices(file, bytes.value, indices.value, memory);
  const magic = bytes.value.subarray(0, 2).toString("latin1");
  return magic === "P5" || magic === "P6"
    ? openNetpbm(file, bytes.value, memory)
    : openWithSharp(file, bytes.value, page, all, memory);
}

async function bytesOf(file: FileRef): Promise<Result<Buffer>> {
  try {
    return ok(await readFile(file.path));
  } catch (error) {
    return failed(problem("file-unreadable", `${file.path}: ${(error as NodeJS.ErrnoException).code ?? error}`));
  }
}

function openIndices(file: FileRef, bytes: Buffer, indices: PngIndices, memory: number): Opened {
  const { width, height } = indices;
  const cost = bytes.length + 2 * width * height;
  if (!(width > 0 && height > 0)) return failed(problem("not-an-image", `The PNG claims ${width} x ${height} px`));
  if (cost > memory) return failed(tooLarge(indices, 1, cost, memory));
  const image = decodedImage({
    key: `${file.sha256}:indices`,
    grid: pixelGrid(width, height),
    dtype: "uint8",
    bands: bandNames(1),
    memory,
    cost,
    decode: async () => {
      const again = await bytesOf(file);
      if (!again.ok) throw new DiagnosticError(...again.diagnostics);
      return decodePngIndices(again.value, indices);
    },
  });
  return ok({ image, notes: [] });
}

function openNetpbm(file: FileRef, bytes: Buffer, memory: number): Opened {
  const header = netpbmHeader(bytes);
  if (!header.ok) return header;
  const { width, height, bands, bits } = header.value;
  const cost = bytes.length + (width * height * bands * bits) / 8;
  if (cost > memory) return failed(tooLarge(header.value, bands, cost, memory));
  const image = decodedImage({
    key: file.sha256,
    grid: pixelGrid(width, height),
    dtype: bits === 8 ? "uint8" : "uint16",
    bands: bandNames(bands),
    memory,
    cost,
    decode: async () => {
      const again = await bytesOf(file);
      const header = again.ok ? netpbmHeader(again.value) : again;
      if (!header.ok) throw new DiagnosticError(...header.diagnostics);
      return decodeNetpbm(again.ok ? again.value : bytes, header.value);
    },
  });
  return ok({ image, notes: [] });
}

async function openWithSharp(
  file: FileRef,
  bytes: Buffer,
  page: number,
  all: boolean,
  memory: number,
): Promise<Opened> {
  const metadata = await metadataOf(bytes, page);
  if (!metadata.ok) return metadata;
  const { width, height, channels, depth, space, orientation, pages = 1, pageHeight } = metadata.value;
  if (page >= pages) {
    return failed(problem("no-such-page", `The file has ${pages} page${pages === 1 ? "" : "s"}; page ${page} is none`));
  }
  if (all && pages > 1) {
    return failed(
      problem(
        "pages-unsupported",
        `The file has ${pages} pages; pages: all is for TIFF files`,
        "Choose one with page:.",
      ),
    );
  }
  if (depth !== "uchar" && depth !== "ushort")
    return failed(problem("image-unsupported", `Samples of type ${depth} are not read from this format`));
  const notes: Diagnostic[] = [];
  const cmyk = space === "cmyk";
  if (cmyk) notes.push(info("converted-to-rgb", "The four inks of the file are converted to red, green and blue"));
  if (orientation !== undefined && orientation !== 1) {
    notes.push(
      info(
        "exif-orientation",
        `The file asks viewers to turn or mirror the picture (EXIF orientation ${orientation}); its pixels are read as they are stored`,
      ),
    );
  }
  const bands = cmyk ? 3 : channels;
  const grid = pixelGrid(width, pageHeight ?? height);
  const dtype: DType = depth === "ushort" ? "uint16" : "uint8";
  const sampleBytes = dtype === "uint16" ? 2 : 1;
  // libvips holds about a second copy while it converts; an interlaced file is held whole besides.
  const cost = bytes.length + grid.width * grid.height * bands * sampleBytes * 2;
  if (cost > memory) return failed(tooLarge(grid, bands, cost, memory));
  const image = decodedImage({
    key: `${file.sha256}:${page}`,
    grid,
    dtype,
    bands: bandNames(bands),
    memory,
    cost,
    decode: () => decodeWithSharp(file, page, { width: grid.width, height: grid.height, bands, dtype }),
  });
  return ok({ image, notes });
}

const info = (code: string, message: string): Diagnostic => ({ severity: "info", code, message });

const bandNames = (count: number): string[] =>
  count === 1
    ? ["gray"]
    : count === 2
      ? ["gray", "alpha"]
      : count === 3
        ? ["red", "green", "blue"]
        : ["red", "green", "blue", "alpha"];

/** Sharp on bytes: a path would be parsed for options in brackets. Colour profiles are not applied: samples stay as stored. */
async function sharpOn(bytes: Buffer, page: number): Promise<Sharp> {
  const { default: sharp } = await import("sharp");
  sharp.cache(false);
  return sharp(bytes, { page, limitInputPixels: false, failOn: "error", ignoreIcc: true });
}

async function metadataOf(bytes: Buffer, page: number): Promise<Result<Metadata>> {
  try {
    return ok(await (await sharpOn(bytes, page)).metadata());
  } catch (error) {
    if (page > 0) {
      const first = await metadataOf(bytes, 0);
      if (first.ok)
        return failed(problem("no-such-page", `The file has ${first.value.pages ?? 1} pages; page ${page} is none`));
    }
    const what =
      bytes.length === 0 ? "The file is empty" : `The file is no image that can be read: ${firstLine(error)}`;
    return failed(problem("not-an-image", what, "Check the file in a viewer; its name does not decide what it is."));
  }
}

const firstLine = (error: unknown): string => String((error as Error).message).split("\n", 1)[0]!;

async function decodeWithSharp(
  file: FileRef,
  page: number,
  expected: { readonly width: number; readonly height: number; readonly bands: number; readonly dtype: DType },
): Promise<Decoded> {
  const bytes = await bytesOf(file);
  if (!bytes.ok) throw new DiagnosticError(...bytes.diagnostics);
  const wide = expected.dtype === "uint16";
  // Without the colour space sharp turns 16-bit gray into three bands, or into 8 bits.
  // It also drops the alpha band of 8-bit gray, which therefore goes through RGB.
  const grayAlpha = expected.bands === 2 && !wide;
  const space = wide ? (expected.bands < 3 ? "grey16" : "rgb16") : expected.bands === 1 ? "b-w" : "srgb";
  try {
    const { data, info } = await (await sharpOn(bytes.value, page))
      .toColourspace(space)
      .raw({ depth: wide ? "ushort" : "uchar" })
      .toBuffer({ resolveWithObject: true });
    const channels = grayAlpha ? 4 : expected.bands;
    if (info.width !== expected.width || info.height !== expected.height || info.channels !== channels) {
      throw new Error(
        `Internal error: decoded ${info.width} x ${info.height} x ${info.channels}, not ${expected.width} x ${expected.height} x ${channels}`,
      );
    }
    const { width, height, bands } = expected;
    if (grayAlpha) return { data: data.filter((_, i) => i % 4 === 0 || i % 4 === 3), width, height, bands };
    return { data: wide ? new Uint16Array(aligned(data)) : data, width, height, bands };
  } catch (error) {
    if (firstLine(error).startsWith("Internal error")) throw error;
    throw new DiagnosticError(
      problem(
        "image-damaged",
        `${file.path} cannot be decoded: ${firstLine(error)}`,
        "The file is cut short or damaged: copy or export it again.",
      ),
    );
  }
}

/** The buffer's own bytes where they fill it, a copy otherwise. */
const aligned = (data: Buffer): ArrayBuffer =>
  (data.byteOffset === 0 && data.byteLength === data.buffer.byteLength
    ? data.buffer
    : data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength)) as ArrayBuffer;
