import { type DType, rangeOf, tiffCompressions, tiffPhotometrics, tiffTags } from "tiepoint/plugin";
import type { Directory } from "./directory.js";
import { nodataOf } from "./geo.js";
import { damaged, type Source, unsupported } from "./source.js";

/** Where and how the samples of one directory are stored. Everything in it has been checked for size. */
export interface Layout {
  readonly source: Source;
  readonly little: boolean;
  /** Tells this directory from others, across files; for caches. */
  readonly key: string;
  readonly width: number;
  readonly height: number;
  /** Samples per pixel, as stored. */
  readonly samples: number;
  readonly bits: number;
  readonly format: "uint" | "int" | "float";
  readonly compression: number;
  readonly predictor: 1 | 2 | 3;
  readonly photometric: number;
  /** One chunk holds one band; otherwise all bands of each pixel lie together. */
  readonly planar: boolean;
  readonly lsbFirst: boolean;
  readonly tiled: boolean;
  /** Size of a tile, or of a strip. */
  readonly chunkWidth: number;
  readonly chunkHeight: number;
  readonly across: number;
  readonly down: number;
  readonly offsets: Float64Array;
  readonly counts: Float64Array;
  /** Some parts are left out of the file, because they hold nothing. */
  readonly sparse: boolean;
  readonly extraSamples: Float64Array;
  readonly jpegTables?: Uint8Array;
  /** Type of the samples once read. */
  readonly dtype: DType;
  /** As the samples come out of `readWindow`; also the value of parts that the file leaves out. */
  readonly nodata?: number;
}

const MAX_SIDE = 2 ** 31 - 1;

const compressionNames: Readonly<Record<number, string>> = {
  2: "CCITT RLE",
  3: "CCITT Group 3",
  4: "CCITT Group 4",
  6: "old-style JPEG",
  33003: "JPEG 2000 (Aperio)",
  33005: "JPEG 2000 (Aperio)",
  34712: "JPEG 2000",
  34887: "LERC",
  34925: "LZMA",
  50001: "WebP",
  50002: "JPEG XL",
};

/**
 * Makes sense of a directory.
 *
 * @throws DiagnosticError `image-damaged` when it contradicts itself or the file's size, `image-unsupported`
 */
export function layoutOf(directory: Directory): Layout {
  const tag = tiffTags;
  const { source, little } = directory.tiff;
  const width = directory.number(tag.imageWidth, 0);
  const height = directory.number(tag.imageLength, 0);
  const samples = directory.number(tag.samplesPerPixel, 1);
  if (!isSide(width) || !isSide(height)) throw damaged(`it claims ${width} x ${height} px`);
  if (!Number.isInteger(samples) || samples < 1 || samples > 65_535) throw damaged(`it claims ${samples} bands`);
  const { bits, format, dtype } = sampleType(directory);
  if (width * height * samples * (bits / 8) > Number.MAX_SAFE_INTEGER)
    throw damaged(`it claims ${width} x ${height} px with ${samples} bands`);
  const compression = compressionOf(directory);
  const predictor = directory.number(tag.predictor, 1);
  if (predictor !== 1 && predictor !== 2 && predictor !== 3) throw unsupported(`its predictor is ${predictor}`);
  const photometric = directory.number(tag.photometric, tiffPhotometrics.blackIsZero);
  if (photometric === tiffPhotometrics.ycbcr && compression !== tiffCompressions.jpeg)
    throw unsupported("its colours are YCbCr without JPEG compression");
  const planar = samples > 1 && directory.number(tag.planarConfiguration, 1) === 2;
  const tables = compression === tiffCompressions.jpeg ? directory.bytes(tag.jpegTables) : undefined;
  const nodata = readableNodata(directory, { bits, format, dtype, photometric });
  return {
    source,
    little,
    key: `${source.file.sha256}:${directory.at}`,
    width,
    height,
    samples,
    bits,
    format,
    dtype,
    compression,
    predictor,
    photometric,
    planar,
    lsbFirst: directory.number(tag.fillOrder, 1) === 2,
    ...chunksOf(directory, { width, height, planes: planar ? samples : 1, together: planar ? 1 : samples, bits }),
    ...(nodata === undefined ? {} : { nodata }),
    extraSamples: directory.numbers(tag.extraSamples),
    ...(tables ? { jpegTables: tables } : {}),
  };
}

const isSide = (n: number): boolean => Number.isInteger(n) && n >= 1 && n <= MAX_SIDE;

function compressionOf(directory: Directory): number {
  const compression = directory.number(tiffTags.compression, 1);
  if (Object.values<number>(tiffCompressions).includes(compression)) return compression;
  const name = compressionNames[compression] ?? `method ${compression}`;
  throw unsupported(
    `its compression is ${name}`,
    "Convert it: gdal_translate -co COMPRESS=DEFLATE IN OUT, for example.",
  );
}

/** Tiles or strips: their size, number and places. */
function chunksOf(
  directory: Directory,
  shape: {
    readonly width: number;
    readonly height: number;
    readonly planes: number;
    readonly together: number;
    readonly bits: number;
  },
): Pick<Layout, "tiled" | "chunkWidth" | "chunkHeight" | "across" | "down" | "offsets" | "counts" | "sparse"> {
  const tag = tiffTags;
  const { width, height, planes, together, bits } = shape;
  const tiled = directory.has(tag.tileOffsets);
  const chunkWidth = tiled ? directory.number(tag.tileWidth, 0) : width;
  const chunkHeight = tiled
    ? directory.number(tag.tileLength, 0)
    : Math.min(height, directory.number(tag.rowsPerStrip, height));
  if (!isSide(chunkWidth) || !isSide(chunkHeight)) throw damaged(`its parts claim ${chunkWidth} x ${chunkHeight} px`);
  const across = Math.ceil(width / chunkWidth);
  const down = Math.ceil(height / chunkHeight);
  const chunks = across * down * planes;
  const offsets = directory.numbers(tiled ? tag.tileOffsets : tag.stripOffsets);
  if (offsets.length < chunks)
    throw damaged(`it needs ${chunks} parts for ${width} x ${height} px, but lists ${offsets.length}`);
  let counts = directory.numbers(tiled ? tag.tileByteCounts : tag.stripByteCounts);
  if (counts.length < chunks) {
    if (counts.length > 0 || directory.number(tag.compression, 1) !== tiffCompressions.none)
      throw damaged(`it lists the sizes of ${counts.length} parts of ${chunks}`);
    // Old writers leave the sizes out where they follow from the rest.
    const rowBytes = Math.ceil((chunkWidth * together * bits) / 8);
    counts = offsets.map(
      (_, i) => rowBytes * rowsOf(Math.floor((i % (across * down)) / across), chunkHeight, height, tiled),
    );
  }
  return { tiled, chunkWidth, chunkHeight, across, down, offsets, counts, sparse: counts.includes(0) };
}

/** Rows that a chunk holds: tiles are always full, the last strip is not. */
export const rowsOf = (row: number, chunkHeight: number, height: number, tiled: boolean): number =>
  tiled ? chunkHeight : Math.min(chunkHeight, height - row * chunkHeight);

/** The nodata value as samples can hold it, or nothing when they cannot. */
function readableNodata(
  directory: Directory,
  { bits, format, dtype, photometric }: Pick<Layout, "bits" | "format" | "dtype" | "photometric">,
): number | undefined {
  const value = nodataOf(directory);
  if (value === undefined) return undefined;
  if (dtype === "float32") return Math.fround(value);
  const [lowest, highest] = rangeOf(dtype);
  if (!Number.isInteger(value) || value < lowest || value > highest) return undefined;
  return photometric === tiffPhotometrics.whiteIsZero && format === "uint" ? 2 ** bits - 1 - value : value;
}

function sampleType(directory: Directory): Pick<Layout, "bits" | "format" | "dtype"> {
  const allBits = directory.numbers(tiffTags.bitsPerSample);
  const bits = allBits[0] ?? 1;
  if (allBits.some((b) => b !== bits))
    throw unsupported(`its bands have different depths (${allBits.slice(0, 8).join(", ")} bits)`);
  const code = directory.number(tiffTags.sampleFormat, 1);
  if (code === 5 || code === 6) throw unsupported("its samples are complex numbers");
  const format = code === 2 ? "int" : code === 3 ? "float" : "uint";
  return { bits, format, dtype: dtypeOf(format, bits) };
}

function dtypeOf(format: Layout["format"], bits: number): DType {
  const key = `${format}${bits}`;
  switch (key) {
    case "uint8":
    case "uint16":
    case "uint32":
    case "int16":
    case "float32":
      return key;
    case "int8":
      return "int16";
    case "int32":
    case "float16":
    case "float64":
      return "float32";
  }
  if (format === "uint" && bits >= 1 && bits < 16) return bits <= 8 ? "uint8" : "uint16";
  throw unsupported(`its samples are ${format === "float" ? "floating-point" : "integer"} numbers of ${bits} bits`);
}
