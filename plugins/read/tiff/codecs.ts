import { promisify } from "node:util";
import { inflate } from "node:zlib";
import { DiagnosticError, tiffCompressions } from "tiepoint/plugin";
import { decodeJpeg } from "./jpeg.js";
import type { Layout } from "./layout.js";
import { decodeLzw, decodePackbits, isOldLzw } from "./lzw.js";
import { damaged, unsupported } from "./source.js";
import { decodeZstd } from "./zstd.js";

const inflateAsync = promisify(inflate);

/**
 * Undoes the compression of one chunk.
 *
 * @param size   bytes that the chunk must unfold to
 * @param limit  bytes that it may unfold to: some writers fill the last strip up
 * @returns exactly `size` bytes, on memory of their own
 */
export async function decompress(
  layout: Layout,
  data: Uint8Array,
  size: number,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const out = await unfold(layout, layout.lsbFirst ? reversed(data) : data, size, limit);
  if (out.length < size) throw damaged(`a part of ${size} bytes unfolds to ${out.length}`);
  return out.length === size && out.byteOffset % 8 === 0 && out.buffer instanceof ArrayBuffer
    ? (out as Uint8Array<ArrayBuffer>)
    : new Uint8Array(out.subarray(0, size));
}

async function unfold(layout: Layout, data: Uint8Array, size: number, limit: number): Promise<Uint8Array> {
  try {
    switch (layout.compression) {
      case tiffCompressions.none:
        return data;
      case tiffCompressions.lzw:
        if (isOldLzw(data)) throw unsupported("its compression is LZW of before TIFF 5");
        return decodeLzw(data, size);
      case tiffCompressions.packbits:
        return decodePackbits(data, size);
      case tiffCompressions.deflate:
      case tiffCompressions.oldDeflate:
        // One output chunk that holds everything: each further one would be another trip to the thread pool.
        return await inflateAsync(data, { maxOutputLength: limit, chunkSize: Math.max(64, limit + 64) });
      case tiffCompressions.zstd:
        return await decodeZstd(data, size, limit);
      case tiffCompressions.jpeg:
        return await decodeJpeg(layout, data, size);
      default:
        throw new Error(`Internal error: compression ${layout.compression}`);
    }
  } catch (error) {
    if (error instanceof DiagnosticError || (error as Error).message.startsWith("Internal error")) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw damaged(
      code === "ERR_BUFFER_TOO_LARGE"
        ? `a part of ${limit} bytes unfolds to more`
        : `a part cannot be decoded: ${message}`,
    );
  }
}

const mirror = Uint8Array.from({ length: 256 }, (_, byte) => {
  let out = 0;
  for (let i = 0; i < 8; i++) out |= ((byte >> i) & 1) << (7 - i);
  return out;
});

const reversed = (data: Uint8Array): Uint8Array => data.map((byte) => mirror[byte]!);
