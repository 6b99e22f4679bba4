import { promisify } from "node:util";
import * as zlib from "node:zlib";
import { damaged } from "./source.js";

type Decompress = (data: Uint8Array, options: { readonly maxOutputLength: number }) => Promise<Uint8Array<ArrayBuffer>>;

/** Node's own decoder from 22.15 on. */
const native: Decompress | undefined =
  "zstdDecompress" in zlib ? (promisify(zlib.zstdDecompress) as unknown as Decompress) : undefined;

/**
 * Undoes Zstandard, with Node's decoder where there is one, else with a WASM build of the original.
 *
 * @param size   bytes that the data should unfold to; @param limit  bytes that they may unfold to
 */
export async function decodeZstd(data: Uint8Array, size: number, limit: number): Promise<Uint8Array> {
  if (native) return native(data, { maxOutputLength: limit });
  const { default: Zstd } = await import("numcodecs/zstd");
  try {
    return new Zstd().decode(withSize(data, size, limit));
  } catch (error) {
    if (size === limit) throw error;
    return new Zstd().decode(withSize(data, limit, limit));
  }
}

/**
 * One frame whose header says what it unfolds to.
 *
 * The WASM decoder streams a frame of unknown size, and there damaged data make it go round for ever; and it takes as much
 * memory as a header claims. So the size that is expected is put in where there is none, and a claim is checked.
 *
 * Source: RFC 8878, section 3.1.1
 */
function withSize(data: Uint8Array, size: number, limit: number): Uint8Array {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (data.length < 9) throw damaged("a Zstandard frame is cut short");
  if (view.getUint32(0, true) !== 0xfd2fb528) throw damaged("a part is no Zstandard frame");
  const descriptor = data[4]!;
  const single = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 ? (single ? 1 : 0) : 1 << sizeFlag;
  const sizeAt = 5 + (single ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]!;
  const end = frameEnd(data, sizeAt + sizeBytes) + ((descriptor & 4) === 0 ? 0 : 4);
  if (end > data.length) throw damaged("a Zstandard frame is cut short");
  if (sizeBytes > 0) {
    const claim =
      sizeBytes === 1
        ? data[sizeAt]!
        : sizeBytes === 2
          ? view.getUint16(sizeAt, true) + 256
          : sizeBytes === 4
            ? view.getUint32(sizeAt, true)
            : Number(view.getBigUint64(sizeAt, true));
    if (claim > limit) throw damaged(`a part of ${limit} bytes unfolds to ${claim}`);
    return data.subarray(0, end);
  }
  const out = new Uint8Array(end + 8);
  out.set(data.subarray(0, sizeAt));
  out[4] = descriptor | 0xc0;
  new DataView(out.buffer).setBigUint64(sizeAt, BigInt(size), true);
  out.set(data.subarray(sizeAt, end), sizeAt + 8);
  return out;
}

/** Where the last block of a frame ends, from the headers of its blocks. */
function frameEnd(data: Uint8Array, firstBlock: number): number {
  let at = firstBlock;
  for (let last = false; !last; ) {
    if (at + 3 > data.length) throw damaged("a Zstandard frame is cut short");
    const header = data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16);
    last = (header & 1) === 1;
    const type = (header >> 1) & 3;
    at += 3 + (type === 1 ? 1 : header >> 3);
  }
  return at;
}
