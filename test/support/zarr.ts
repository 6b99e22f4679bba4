import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import Zstd from "numcodecs/zstd";

/** A level of an OME-Zarr folder, decoded whole: for tests of writers, slow and plain. */
export interface ZarrArray {
  readonly shape: readonly number[];
  readonly chunks: readonly number[];
  /** Samples in C order. */
  readonly data: readonly number[];
}

// biome-ignore lint/suspicious/noExplicitAny: whatever the file says
type Json = any;
export const jsonOf = (...path: string[]): Json => JSON.parse(readFileSync(join(...path), "utf8"));

const arrays = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  float32: Float32Array,
};
const v2Types: Record<string, keyof typeof arrays> = {
  "|u1": "uint8",
  "<u2": "uint16",
  "<i2": "int16",
  "<u4": "uint32",
  "<f4": "float32",
};

/** Reads an array of Zarr 2 or 3, with shards or without. */
export async function readZarr(folder: string, level: number): Promise<ZarrArray> {
  const root = join(folder, String(level));
  const isV3 = existsSync(join(root, "zarr.json"));
  const meta = jsonOf(root, isV3 ? "zarr.json" : ".zarray");
  const shape: number[] = meta.shape;
  const outer: number[] = isV3 ? meta.chunk_grid.configuration.chunk_shape : meta.chunks;
  const dtype = isV3 ? (meta.data_type as keyof typeof arrays) : v2Types[meta.dtype as string]!;
  const sharding = isV3 && meta.codecs[0].name === "sharding_indexed" ? meta.codecs[0].configuration : undefined;
  const codecs: string[] = isV3
    ? (sharding?.codecs ?? meta.codecs).map((c: Json) => c.name)
    : meta.compressor
      ? [meta.compressor.id]
      : [];
  const inner: number[] = sharding?.chunk_shape ?? outer;
  const fill = meta.fill_value === "NaN" ? Number.NaN : (meta.fill_value as number);
  const data = new Array<number>(shape.reduce((a, b) => a * b, 1)).fill(fill);
  const samplesOf = async (bytes: Uint8Array) => {
    let out = bytes;
    if (codecs.includes("gzip")) out = gunzipSync(out);
    if (codecs.includes("zstd")) out = await new Zstd().decode(out);
    const exact = Uint8Array.from(out);
    return new arrays[dtype](exact.buffer, 0, exact.length / arrays[dtype].BYTES_PER_ELEMENT);
  };
  for (const outerPlace of placesIn(shape.map((n, i) => Math.ceil(n / outer[i]!)))) {
    const file = join(root, ...(isV3 ? ["c"] : []), ...outerPlace.map(String));
    if (!existsSync(file)) continue;
    const bytes = readFileSync(file);
    const start = outerPlace.map((p, i) => p * outer[i]!);
    if (!sharding) {
      put(await samplesOf(bytes), start);
      continue;
    }
    const slots = outer.map((n, i) => n / inner[i]!);
    const index = bytes.subarray(bytes.length - 16 * slots.reduce((a, b) => a * b, 1) - 4);
    for (const [slot, place] of placesIn(slots).entries()) {
      const at = index.readBigUInt64LE(16 * slot);
      if (at === 2n ** 64n - 1n) continue;
      const length = Number(index.readBigUInt64LE(16 * slot + 8));
      const chunk = bytes.subarray(Number(at), Number(at) + length);
      put(
        await samplesOf(chunk),
        start.map((s, i) => s + place[i]! * inner[i]!),
      );
    }
  }
  return { shape, chunks: inner, data };

  /** Chunks of these folders hold one band each. */
  function put(samples: ArrayLike<number>, start: readonly number[]): void {
    const [height, width] = shape.slice(-2) as [number, number];
    const [rows, columns] = inner.slice(-2) as [number, number];
    const [y0, x0] = start.slice(-2) as [number, number];
    const band = start.slice(0, -2).reduce((sum, p, k) => sum * shape[k]! + p, 0);
    for (let y = 0; y < Math.min(rows, height - y0); y++)
      for (let x = 0; x < Math.min(columns, width - x0); x++)
        data[(band * height + y0 + y) * width + x0 + x] = samples[y * columns + x]!;
  }
}

/** All places of a box, the last axis fastest. */
function placesIn(sizes: readonly number[]): number[][] {
  return sizes.reduce<number[][]>(
    (places, size) => places.flatMap((place) => Array.from({ length: size }, (_, i) => [...place, i])),
    [[]],
  );
}
