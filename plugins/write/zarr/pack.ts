import { promisify } from "node:util";
import * as zlib from "node:zlib";
import type { PixelData } from "tiepoint/plugin";
import type { ZarrPlan } from "./plan.js";

type Compress = (
  data: Uint8Array,
  options: { readonly params: Readonly<Record<number, number>> },
) => Promise<Uint8Array>;

const native = "zstdCompress" in zlib ? (promisify(zlib.zstdCompress) as unknown as Compress) : undefined;
/** `ZSTD_c_compressionLevel` of zstd.h. */
const LEVEL = 100;

/** The first level packs several times faster than the third, and about as well. */
const FAST = 1;
const gzip = promisify(zlib.gzip) as (data: Uint8Array, options: object) => Promise<Uint8Array>;

/** The bytes of a chunk; nothing for one that holds the fill value alone, which is left out. */
export async function packChunk(
  { fill, compression }: Pick<ZarrPlan, "fill" | "compression">,
  data: PixelData,
): Promise<Uint8Array | undefined> {
  if (data.every((v) => Object.is(v, fill))) return undefined;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  switch (compression) {
    case "none":
      return bytes;
    case "gzip":
      return gzip(bytes, { level: 6, chunkSize: 128 * 1024 });
    case "zstd":
      return packZstd(bytes);
  }
}

/** One Zstandard frame: by Node's encoder where there is one (22.15), else by a WASM build of the original. */
async function packZstd(data: Uint8Array): Promise<Uint8Array> {
  if (native) return native(data, { params: { [LEVEL]: FAST } });
  const { default: Zstd } = await import("numcodecs/zstd");
  return new Zstd(FAST).encode(data);
}
