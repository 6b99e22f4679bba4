import type { Grid, Pixels, Window } from "tiepoint/plugin";
import { DiagnosticError, type DType, type Image, type PixelData, pixelArray, type ReadOptions } from "tiepoint/plugin";

/** A whole picture as decoders give it: rows of interleaved samples. */
export interface Decoded {
  readonly data: PixelData;
  readonly width: number;
  readonly height: number;
  readonly bands: number;
}

/** Bytes of decoded pictures that one thread keeps beside the one in use. */
const KEPT_BYTES = 256 * 1024 ** 2;
const kept = new Map<string, { readonly bytes: number; readonly decoded: Promise<Decoded> }>();

/** The picture from the cache, or decoded now. Whoever asks at the same time shares one decoding. */
function decodedOnce(key: string, bytes: number, decode: () => Promise<Decoded>): Promise<Decoded> {
  const found = kept.get(key);
  kept.delete(key);
  const entry = found ?? { bytes, decoded: decode() };
  kept.set(key, entry);
  let total = 0;
  for (const { bytes } of kept.values()) total += bytes;
  for (const [oldest, { bytes }] of kept) {
    if (total <= KEPT_BYTES || oldest === key) break;
    kept.delete(oldest);
    total -= bytes;
  }
  entry.decoded.catch(() => kept.delete(key));
  return entry.decoded;
}

/** An image over a file that can only be decoded whole: at the first read, and again when the cache has let it go. */
export function decodedImage(options: {
  readonly key: string;
  readonly grid: Grid;
  readonly dtype: DType;
  readonly bands: readonly string[];
  readonly memory: number;
  /** Bytes that decoding takes, the result among them. */
  readonly cost: number;
  readonly decode: () => Promise<Decoded>;
}): Image {
  const { key, grid, dtype, bands, cost, memory, decode } = options;
  return {
    grid,
    dtype,
    bands,
    meaning: "intensity",
    tile: { width: grid.width, height: Math.min(grid.height, 256) },
    async read(window, read = {}) {
      checkWindow(window, grid);
      if (cost > memory) throw new DiagnosticError(tooLarge(grid, bands.length, cost, memory));
      const decoded = await decodedOnce(key, cost, decode);
      read.signal?.throwIfAborted();
      return cut(decoded, window, dtype, read);
    },
  };
}

function checkWindow({ x, y, width, height }: Window, grid: Grid): void {
  if (x < 0 || y < 0 || x + width > grid.width || y + height > grid.height)
    throw new Error("Internal error: a window outside the image");
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;

export const tooLarge = (grid: Pick<Grid, "width" | "height">, bands: number, cost: number, memory: number) => ({
  severity: "error" as const,
  code: "image-too-large",
  message: `Decoding ${grid.width} x ${grid.height} px with ${bands} band${bands === 1 ? "" : "s"} takes ${megabytes(cost)}, but the step may hold ${megabytes(memory)}`,
  hint: "Raise --memory, or convert the file to a tiled TIFF, which is read in parts.",
});

/** Takes a window out of interleaved samples, band after band. */
function cut(from: Decoded, window: Window, dtype: DType, { bands, into }: ReadOptions): Pixels {
  const wanted = bands ?? Array.from({ length: from.bands }, (_, b) => b);
  const { width, height } = window;
  const out = into ?? pixelArray(dtype, wanted.length * width * height);
  const step = from.bands;
  wanted.forEach((band, b) => {
    for (let y = 0; y < height; y++) {
      let at = ((window.y + y) * from.width + window.x) * step + band;
      const to = (b * height + y) * width;
      if (step === 1) out.set(from.data.subarray(at, at + width), to);
      else for (let x = 0; x < width; x++, at += step) out[to + x] = from.data[at]!;
    }
  });
  return { data: out, width, height, bands: wanted.length };
}
