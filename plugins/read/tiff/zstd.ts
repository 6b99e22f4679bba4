import { promisify } from "node:util";
import * as zlib from "node:zlib";
import { damaged } from "./source.js";

type Decompress = (data: Uint8Array, options: { readonly maxOutputLength: number }) => Promise<Uint8Array<ArrayBuffer>>;

/** Node's own decoder from 22.15 on. */
const native: Decompress | undefined =
  "zstdDecompress" in zlib ? (promisify(zlib.zstdDecompress) as unknown as Decompress) : undefined;

/** Undoes Zstandard, with Node's decoder where there is one, else with a WASM build of the original. */
export async function decodeZstd(data: Uint8Array, limit: number): Promise<Uint8Array> {
  if (native) return native(data, { maxOutputLength: limit });
  checkFrame(data, limit);
  const { default: Zstd } = await import("numcodecs/zstd");
  return new Zstd().decode(data);
}

/**
 * Bounds what a frame unfolds to by its block headers alone, because the WASM decoder takes memory first and asks later.
 *
 * A block gives at most 128 kB, so a frame of many tiny ones is a bomb. Source: RFC 8878, section 3.1.1
 */
function checkFrame(data: Uint8Array, limit: number): void {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (data.length < 9 || view.getUint32(0, true) !== 0xfd2fb528) throw damaged("a part is no Zstandard frame");
  const descriptor = data[4]!;
  const single = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 ? (single ? 1 : 0) : 1 << sizeFlag;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  let at = 5 + (single ? 0 : 1) + dictionaryBytes + sizeBytes;
  let most = 0;
  for (let last = false; !last; ) {
    if (at + 3 > data.length) throw damaged("a Zstandard frame is cut short");
    const header = data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16);
    last = (header & 1) === 1;
    const type = (header >> 1) & 3;
    const size = header >> 3;
    most += type === 2 ? 131_072 : size;
    at += 3 + (type === 1 ? 1 : size);
    if (most > 8 * limit + 1_048_576) throw damaged("a part unfolds to more than its size");
  }
}
