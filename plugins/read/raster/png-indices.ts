import { promisify } from "node:util";
import { inflate } from "node:zlib";
import { DiagnosticError, failed, ok, problem, type Result } from "tiepoint/plugin";
import type { Decoded } from "./decoded.js";

export interface PngIndices {
  readonly width: number;
  readonly height: number;
  readonly bits: 1 | 2 | 4 | 8;
}

/**
 * Looks whether a PNG holds small numbers that decoders replace: indices of a palette, or gray of fewer than 8 bits.
 *
 * As labels these numbers are what counts, not the colours that they stand for.
 *
 * @returns `undefined` for every other file; `image-unsupported` when the file is interlaced
 */
export function pngIndices(bytes: Buffer): Result<PngIndices | undefined> {
  if (bytes.length < 33 || bytes.toString("latin1", 1, 4) !== "PNG") return ok(undefined);
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  const [bits, colour] = [bytes[24]!, bytes[25]!];
  if (!(colour === 3 || (colour === 0 && bits < 8)) || ![1, 2, 4, 8].includes(bits)) return ok(undefined);
  if (bytes[28] !== 0) {
    return failed(
      problem("image-unsupported", "Labels are not read from an interlaced PNG", "Save it without interlacing."),
    );
  }
  return ok({ width, height, bits: bits as PngIndices["bits"] });
}

const inflateAsync = promisify(inflate);

/**
 * Decodes the numbers as they are stored.
 *
 * Source: Portable Network Graphics (third edition), sections 7 and 9, https://www.w3.org/TR/png-3/
 *
 * @throws DiagnosticError `image-damaged`
 */
export async function decodePngIndices(bytes: Buffer, { width, height, bits }: PngIndices): Promise<Decoded> {
  const parts: Buffer[] = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString("latin1", at + 4, at + 8);
    if (at + 12 + length > bytes.length || type === "IEND") break;
    if (type === "IDAT") parts.push(bytes.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  const rowBytes = Math.ceil((width * bits) / 8);
  const size = height * (rowBytes + 1);
  const rows = await inflateAsync(Buffer.concat(parts), { maxOutputLength: size }).catch((error: Error) => {
    throw damaged(error.message);
  });
  if (rows.length < size) throw damaged(`${rows.length} bytes of ${size}`);
  const data = new Uint8Array(width * height);
  let above = new Uint8Array(rowBytes);
  for (let y = 0; y < height; y++) {
    const start = y * (rowBytes + 1);
    const row = rows.subarray(start + 1, start + 1 + rowBytes) as Uint8Array<ArrayBuffer>;
    unfilter(rows[start]!, row, above);
    for (let x = 0, bit = 0; x < width; x++, bit += bits)
      data[y * width + x] = (row[bit >> 3]! >> (8 - bits - (bit & 7))) & ((1 << bits) - 1);
    above = row;
  }
  return { data, width, height, bands: 1 };
}

/** Undoes one row's filter in place; a pixel takes a byte at most, so its left neighbour is one byte away. */
function unfilter(filter: number, row: Uint8Array, above: Uint8Array): void {
  if (filter > 4) throw damaged(`a row has filter ${filter}`);
  if (filter === 0) return;
  for (let i = 0; i < row.length; i++) {
    const a = i > 0 ? row[i - 1]! : 0;
    const b = above[i]!;
    const c = i > 0 ? above[i - 1]! : 0;
    const guess = filter === 1 ? a : filter === 2 ? b : filter === 3 ? (a + b) >> 1 : paeth(a, b, c);
    row[i] = row[i]! + guess;
  }
}

function paeth(a: number, b: number, c: number): number {
  const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

const damaged = (what: string): DiagnosticError =>
  new DiagnosticError(
    problem(
      "image-damaged",
      `The PNG file cannot be decoded: ${what}`,
      "The file is cut short or damaged: copy or export it again.",
    ),
  );
