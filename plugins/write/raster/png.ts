import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { constants, crc32, createDeflate } from "node:zlib";
import { type Context, type Image, isCategorical } from "tiepoint/plugin";
import { interleavedRows } from "./rows.js";

/**
 * Writes a PNG row by row: the image is never held whole.
 *
 * Source: Portable Network Graphics specification (third edition), https://www.w3.org/TR/png-3/
 */
export async function writePng(
  image: Image,
  target: string,
  context: Pick<Context, "memory" | "signal" | "progress">,
): Promise<void> {
  const { grid, dtype, bands } = image;
  const wide = dtype === "uint16";
  const pixelBytes = bands.length * (wide ? 2 : 1);
  const rowBytes = grid.width * pixelBytes;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(grid.width, 0);
  header.writeUInt32BE(grid.height, 4);
  header.set([wide ? 16 : 8, [0, 4, 2, 6][bands.length - 1]!, 0, 0, 0], 8);

  async function* filtered(): AsyncGenerator<Uint8Array> {
    let above = new Uint8Array(rowBytes);
    const filter = isCategorical(image) ? plainRow : bestFilter(rowBytes, pixelBytes);
    for await (const { rows, data } of interleavedRows(image, context)) {
      const bytes = wide ? bigEndian(data) : new Uint8Array(data.buffer, data.byteOffset, data.length);
      const out = new Uint8Array(rows * (rowBytes + 1));
      for (let y = 0; y < rows; y++) {
        const row = bytes.subarray(y * rowBytes, (y + 1) * rowBytes);
        filter(row, above, out.subarray(y * (rowBytes + 1), (y + 1) * (rowBytes + 1)));
        above = row as Uint8Array<ArrayBuffer>;
      }
      yield out;
    }
  }

  await pipeline(
    filtered,
    createDeflate({ level: 6, chunkSize: 65_536, strategy: constants.Z_DEFAULT_STRATEGY }),
    async function* chunks(compressed: AsyncIterable<Buffer>) {
      yield Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
      yield chunk("IHDR", header);
      for await (const data of compressed) yield chunk("IDAT", data);
      yield chunk("IEND", Buffer.alloc(0));
    },
    createWriteStream(target),
    { signal: context.signal },
  );
}

function chunk(type: string, data: Uint8Array): Buffer {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, "latin1");
  out.set(data, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}

function bigEndian(data: Uint8Array | Uint16Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(data.length * 2);
  for (let i = 0, to = 0; i < data.length; i++) {
    out[to++] = data[i]! >> 8;
    out[to++] = data[i]!;
  }
  return out;
}

type RowFilter = (row: Uint8Array, above: Uint8Array, out: Uint8Array) => void;

/** Labels compress best as they are. */
const plainRow: RowFilter = (row, _, out) => out.set(row, 1);

/** Tries four of PNG's filters on each row, and takes the one with the smallest differences. */
function bestFilter(rowBytes: number, pixelBytes: number): RowFilter {
  const [sub, up, paeth] = [0, 1, 2].map(() => new Uint8Array(rowBytes)) as [Uint8Array, Uint8Array, Uint8Array];
  return (row, above, out) => {
    const sums = [0, 0, 0, 0];
    for (let i = 0; i < rowBytes; i++) {
      const value = row[i]!;
      const a = i < pixelBytes ? 0 : row[i - pixelBytes]!;
      const b = above[i]!;
      const c = i < pixelBytes ? 0 : above[i - pixelBytes]!;
      const pa = Math.abs(b - c);
      const pb = Math.abs(a - c);
      const pc = Math.abs(a + b - 2 * c);
      sums[0]! += cost(value);
      sums[1]! += cost((sub[i] = value - a));
      sums[2]! += cost((up[i] = value - b));
      sums[3]! += cost((paeth[i] = value - (pa <= pb && pa <= pc ? a : pb <= pc ? b : c)));
    }
    const best = sums.indexOf(Math.min(...sums));
    out[0] = [0, 1, 2, 4][best]!;
    out.set([row, sub, up, paeth][best]!, 1);
  };
}

/** Distance of a byte difference from 0, wrapping around. */
const cost = (difference: number): number => {
  const byte = difference & 255;
  return byte < 128 ? byte : 256 - byte;
};
