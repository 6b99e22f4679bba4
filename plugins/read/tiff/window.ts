import {
  DiagnosticError,
  type PixelData,
  pixelArray,
  problem,
  tiffCompressions,
  tiffPhotometrics,
  type Window,
} from "tiepoint/plugin";
import { ByteCache } from "./byte-cache.js";
import { decompress } from "./codecs.js";
import { type Layout, rowsOf } from "./layout.js";
import { swapBytes, unpredict } from "./predictor.js";
import { invertWhite, isStoredAsRead, toSamples } from "./samples.js";
import { damaged } from "./source.js";

/** Decoded chunks that a later window will want again, of all files of this thread. */
const chunks = new ByteCache<PixelData>(64 * 1024 ** 2);
/** Bytes read at once from uncompressed rows. */
const BLOCK_BYTES = 4 * 1024 ** 2;
/** More chunks under way than the thread pool has threads bring nothing. */
const MAX_UNDER_WAY = 6;

export interface WindowRead {
  readonly layout: Layout;
  readonly window: Window;
  readonly bands: readonly number[];
  /** Planar, of the layout's dtype. */
  readonly out: PixelData;
  readonly memory: number;
  readonly signal?: AbortSignal | undefined;
}

/** The part of one chunk that a window wants. Rows and columns are the chunk's own. */
interface Part {
  /** Index in the layout's lists. */
  readonly chunk: number;
  readonly x0: number;
  readonly x1: number;
  readonly y0: number;
  readonly y1: number;
  /** Rows that the chunk holds. */
  readonly rows: number;
  /** Which sample of a chunk's pixel goes to which band of the window. */
  readonly takes: readonly { readonly sample: number; readonly band: number }[];
  /** Where the part's first pixel goes, in the window. */
  readonly left: number;
  readonly top: number;
}

/** Fills `out` with a window, reading no more of the file than the strips and tiles (or rows) it needs. */
export async function readWindow(read: WindowRead): Promise<void> {
  const { layout, window } = read;
  const plain = layout.compression === tiffCompressions.none && layout.bits % 8 === 0 && !layout.lsbFirst;
  const single = layout.samples === 1 || layout.planar;
  if (plain && single && !layout.tiled && !layout.sparse && window.width === layout.width && isStoredAsRead(layout)) {
    readRowsDirectly(read);
    return;
  }
  const parts = partsOf(read);
  if (plain) {
    for (const part of parts) {
      read.signal?.throwIfAborted();
      readPlainPart(read, part);
    }
    return;
  }
  const bytes = chunkBytes(layout, layout.chunkHeight);
  const asSamples = layout.chunkWidth * layout.chunkHeight * together(layout) * 4;
  if (Math.max(bytes, asSamples) * 2 > read.memory) {
    throw new DiagnosticError(
      problem(
        "image-too-large",
        `The TIFF file holds parts of ${layout.chunkWidth} x ${layout.chunkHeight} px, each of which takes ${Math.ceil(bytes / 1e6)} MB, but the step may hold ${Math.ceil(read.memory / 1e6)} MB`,
        "Raise --memory, or convert the file to a TIFF with tiles.",
      ),
    );
  }
  const lanes = Math.max(1, Math.min(MAX_UNDER_WAY, parts.length, Math.floor(read.memory / (4 * bytes))));
  let next = 0;
  const lane = async (): Promise<void> => {
    try {
      while (next < parts.length) {
        const part = parts[next++]!;
        read.signal?.throwIfAborted();
        scatter(read, part, await chunkSamples(read, part), layout.chunkWidth, 0);
      }
    } catch (error) {
      next = parts.length; // nobody wants the others any more
      throw error;
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

const together = ({ samples, planar }: Layout): number => (planar ? 1 : samples);

const rowBytesOf = (layout: Layout): number => Math.ceil((layout.chunkWidth * together(layout) * layout.bits) / 8);

const chunkBytes = (layout: Layout, rows: number): number => rowBytesOf(layout) * rows;

/** Whole rows of one band lie in the file as they do in memory: no copy in between. */
function readRowsDirectly({ layout, window, bands, out, signal }: WindowRead): void {
  const { chunkHeight, height, offsets, counts, down, source } = layout;
  const size = layout.bits / 8;
  const rowBytes = layout.width * size;
  const bytes = new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
  bands.forEach((band, b) => {
    const first = layout.planar ? band * down : 0;
    let to = b * window.height * rowBytes;
    for (let y = window.y; y < window.y + window.height; ) {
      signal?.throwIfAborted();
      const begin = first + Math.floor(y / chunkHeight);
      const skip = (y % chunkHeight) * rowBytes;
      const from = offsets[begin]! + skip;
      let length = 0;
      // Strips mostly follow each other without gaps: one read takes them all.
      for (let strip = begin; y < window.y + window.height; strip++) {
        const rows = rowsOf(strip - first, chunkHeight, height, false);
        if (offsets[strip]! + (strip === begin ? skip : 0) !== from + length) break;
        if (counts[strip]! < rows * rowBytes) throw tooShort(layout, strip, rows * rowBytes);
        const taken = Math.min(rows - (y % chunkHeight), window.y + window.height - y);
        length += taken * rowBytes;
        y += taken;
      }
      source.read(bytes.subarray(to, to + length), from);
      to += length;
    }
  });
  if (!layout.little) swapBytes(bytes, size);
  if (layout.photometric === tiffPhotometrics.whiteIsZero) invertWhite(layout, out);
}

const tooShort = (layout: Layout, chunk: number, bytes: number) =>
  damaged(`${layout.tiled ? "tile" : "strip"} ${chunk} has ${layout.counts[chunk]} bytes, but ${bytes} are needed`);

function partsOf({ layout, window, bands }: WindowRead): Part[] {
  const { chunkWidth, chunkHeight, across, down, planar, tiled, height } = layout;
  const parts: Part[] = [];
  const groups = planar
    ? bands.map((band, b) => ({ first: band * across * down, takes: [{ sample: 0, band: b }] }))
    : [{ first: 0, takes: bands.map((sample, band) => ({ sample, band })) }];
  for (const { first, takes } of groups) {
    for (let row = Math.floor(window.y / chunkHeight); row * chunkHeight < window.y + window.height; row++) {
      const rows = rowsOf(row, chunkHeight, height, tiled);
      const y0 = Math.max(0, window.y - row * chunkHeight);
      const y1 = Math.min(chunkHeight, window.y + window.height - row * chunkHeight);
      for (let column = Math.floor(window.x / chunkWidth); column * chunkWidth < window.x + window.width; column++) {
        const x0 = Math.max(0, window.x - column * chunkWidth);
        const x1 = Math.min(chunkWidth, window.x + window.width - column * chunkWidth);
        const left = column * chunkWidth + x0 - window.x;
        const top = row * chunkHeight + y0 - window.y;
        parts.push({ chunk: first + row * across + column, x0, x1, y0, y1, rows, takes, left, top });
      }
    }
  }
  return parts;
}

/** Uncompressed: reads only the rows that are wanted, and only the columns where they are few. */
function readPlainPart(read: WindowRead, part: Part): void {
  const { layout } = read;
  const { source, offsets, counts } = layout;
  if (isSparse(layout, part.chunk)) {
    fillSparse(read, part);
    return;
  }
  const rowBytes = rowBytesOf(layout);
  if (counts[part.chunk]! < rowBytes * part.rows) throw tooShort(layout, part.chunk, rowBytes * part.rows);
  const pixelBytes = (together(layout) * layout.bits) / 8;
  const columnBytes = (part.x1 - part.x0) * pixelBytes;
  const narrow = columnBytes * 4 < rowBytes;
  const width = narrow ? part.x1 - part.x0 : layout.chunkWidth;
  const stride = narrow ? columnBytes : rowBytes;
  const blockRows = Math.max(1, Math.min(part.y1 - part.y0, Math.floor(BLOCK_BYTES / stride)));
  const block = new Uint8Array(blockRows * stride);
  for (let y = part.y0; y < part.y1; y += blockRows) {
    const rows = Math.min(blockRows, part.y1 - y);
    const bytes = block.subarray(0, rows * stride);
    const from = offsets[part.chunk]! + y * rowBytes;
    if (narrow) {
      for (let r = 0; r < rows; r++)
        source.read(bytes.subarray(r * stride, (r + 1) * stride), from + r * rowBytes + part.x0 * pixelBytes);
    } else source.read(bytes, from);
    const samples = toSamples(layout, bytes, width * together(layout), false);
    const shift = narrow ? part.x0 : 0;
    const piece = {
      ...part,
      x0: part.x0 - shift,
      x1: part.x1 - shift,
      y0: y,
      y1: y + rows,
      top: part.top + y - part.y0,
    };
    scatter(read, piece, samples, width, y);
  }
}

/** Tiles that GDAL leaves out of the file because they hold nothing. */
const isSparse = ({ offsets, counts }: Layout, chunk: number): boolean => offsets[chunk] === 0 && counts[chunk] === 0;

function fillSparse({ layout, window, out }: WindowRead, part: Part): void {
  for (const { band } of part.takes) {
    for (let y = 0; y < part.y1 - part.y0; y++) {
      const to = (band * window.height + part.top + y) * window.width + part.left;
      out.fill(layout.nodata ?? 0, to, to + part.x1 - part.x0);
    }
  }
}

async function chunkSamples({ layout }: WindowRead, part: Part): Promise<PixelData> {
  const key = `${layout.key}:${part.chunk}`;
  const found = chunks.get(key);
  if (found) return found;
  const decoded = decodeChunk(layout, part);
  const whole = part.x0 === 0 && part.y0 === 0 && part.y1 === part.rows && part.x1 === layout.chunkWidth;
  // A chunk that the window takes whole will hardly be asked for again.
  if (!whole) chunks.set(key, decoded, layout.chunkWidth * part.rows * together(layout) * 4);
  return decoded;
}

async function decodeChunk(layout: Layout, { chunk, rows }: Part): Promise<PixelData> {
  const size = chunkBytes(layout, rows);
  const rowValues = layout.chunkWidth * together(layout);
  if (isSparse(layout, chunk)) return pixelArray(layout.dtype, rows * rowValues).fill(layout.nodata ?? 0);
  const stored = layout.counts[chunk]!;
  if (stored > 4 * size + 2 ** 20)
    throw damaged(`${layout.tiled ? "tile" : "strip"} ${chunk} claims ${stored} bytes for ${size}`);
  const data = layout.source.bytes(layout.offsets[chunk]!, stored);
  const bytes = await decompress(layout, data, size, chunkBytes(layout, layout.chunkHeight));
  if (layout.predictor === 1 || layout.compression === tiffCompressions.jpeg)
    return toSamples(layout, bytes, rowValues, false);
  if (layout.predictor === 2 && !layout.little) swapBytes(bytes, layout.bits / 8);
  unpredict(layout, bytes, rowValues, together(layout));
  return toSamples(layout, bytes, rowValues, true);
}

/** Copies a part's samples to their bands. `from` holds rows of the chunk from `firstRow` on, `width` pixels each. */
function scatter(
  { layout, window, out }: WindowRead,
  part: Part,
  from: PixelData,
  width: number,
  firstRow: number,
): void {
  const step = together(layout);
  const columns = part.x1 - part.x0;
  for (const { sample, band } of part.takes) {
    for (let y = part.y0; y < part.y1; y++) {
      let at = ((y - firstRow) * width + part.x0) * step + sample;
      const to = (band * window.height + part.top + y - part.y0) * window.width + part.left;
      if (step === 1) out.set(from.subarray(at, at + columns), to);
      else for (let x = 0; x < columns; x++, at += step) out[to + x] = from[at]!;
    }
  }
}
