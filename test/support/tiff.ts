import { tiffTags, tiffTypeBytes } from "../../src/core/tiff-tags.js";

/** A field: its tag, its type number, and its values; a text stands for bytes with a NUL at the end. */
export type Field = readonly [tag: number, type: number, values: readonly number[] | string];

export interface TestPage {
  readonly fields: readonly Field[];
  /** Strips, or tiles with `tiled`; their places and sizes are added to the fields, unless they are there already. */
  readonly chunks: readonly Uint8Array[];
  readonly tiled?: boolean;
  /** Directories of smaller versions. */
  readonly subs?: readonly TestPage[];
}

/** Writes a TIFF file byte by byte, for tests of readers: right by default, and wrong wherever a test asks for it. */
export function buildTiff(
  pages: readonly TestPage[],
  { big = false, little = true }: { readonly big?: boolean; readonly little?: boolean } = {},
): Uint8Array {
  const parts: Uint8Array[] = [];
  let size = big ? 16 : 8;
  const append = (bytes: Uint8Array): number => {
    const at = size;
    const padded = new Uint8Array(Math.ceil(bytes.length / 8) * 8);
    padded.set(bytes);
    parts.push(padded);
    size += padded.length;
    return at;
  };
  const word = big ? 8 : 4;

  function value(view: DataView, at: number, type: number, v: number): void {
    if (type === 3) view.setUint16(at, v, little);
    else if (type === 4 || type === 13) view.setUint32(at, v, little);
    else if (type === 5) {
      view.setUint32(at, Math.round(v * 1000), little);
      view.setUint32(at + 4, 1000, little);
    } else if (type === 12) view.setFloat64(at, v, little);
    else if (type === 16 || type === 18) view.setBigUint64(at, BigInt(v), little);
    else view.setUint8(at, v);
  }

  /** @returns the directory's place, and where its link to the next one stands */
  function directory({ fields, chunks, tiled = false, subs = [] }: TestPage): { at: number; link: number } {
    const places = chunks.map(append);
    const has = (tag: number) => fields.some(([t]) => t === tag);
    const [offsets, counts] = tiled
      ? [tiffTags.tileOffsets, tiffTags.tileByteCounts]
      : [tiffTags.stripOffsets, tiffTags.stripByteCounts];
    const all: Field[] = [...fields];
    if (!has(offsets)) all.push([offsets, big ? 16 : 4, places]);
    if (!has(counts)) all.push([counts, 4, chunks.map((c) => c.length)]);
    if (subs.length > 0) all.push([tiffTags.subIfds, big ? 18 : 13, subs.map((sub) => directory(sub).at)]);
    all.sort((a, b) => a[0] - b[0]);
    const head = big ? 8 : 2;
    const bytes = new Uint8Array(head + all.length * (big ? 20 : 12) + word);
    const view = new DataView(bytes.buffer);
    if (big) view.setBigUint64(0, BigInt(all.length), little);
    else view.setUint16(0, all.length, little);
    all.forEach(([tag, type, given], i) => {
      const values = typeof given === "string" ? [...new TextEncoder().encode(given), 0] : given;
      const length = values.length * tiffTypeBytes[type]!;
      const p = head + i * (big ? 20 : 12);
      view.setUint16(p, tag, little);
      view.setUint16(p + 2, type, little);
      value(view, p + 4, big ? 16 : 4, values.length);
      const outside = new DataView(new ArrayBuffer(Math.max(word, length)));
      values.forEach((v, k) => {
        value(outside, k * tiffTypeBytes[type]!, type, v);
      });
      const data = new Uint8Array(outside.buffer);
      if (length <= word) bytes.set(data, p + 4 + word);
      else value(view, p + 4 + word, big ? 16 : 4, append(data));
    });
    const at = append(bytes);
    return { at, link: at + head + all.length * (big ? 20 : 12) };
  }

  const written = pages.map(directory);
  const out = new Uint8Array(size);
  let at = big ? 16 : 8;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  const view = new DataView(out.buffer);
  out.set(little ? [0x49, 0x49] : [0x4d, 0x4d]);
  view.setUint16(2, big ? 43 : 42, little);
  if (big) view.setUint16(4, 8, little);
  written.forEach(({ at }, i) => {
    value(view, i === 0 ? (big ? 8 : 4) : written[i - 1]!.link, big ? 16 : 4, at);
  });
  return out;
}

/** The fields of a simple page; `more` replaces those with the same tag. */
export function simpleFields(
  shape: {
    readonly width: number;
    readonly height: number;
    readonly bits: number;
    readonly samples?: number;
    readonly format?: 1 | 2 | 3;
    readonly compression?: number;
    readonly photometric?: number;
  },
  ...more: readonly Field[]
): Field[] {
  const { width, height, bits, samples = 1, format = 1, compression = 1 } = shape;
  const base: Field[] = [
    [tiffTags.imageWidth, 4, [width]],
    [tiffTags.imageLength, 4, [height]],
    [tiffTags.bitsPerSample, 3, Array(samples).fill(bits)],
    [tiffTags.compression, 3, [compression]],
    [tiffTags.photometric, 3, [shape.photometric ?? (samples >= 3 ? 2 : 1)]],
    [tiffTags.samplesPerPixel, 3, [samples]],
    [tiffTags.rowsPerStrip, 4, [height]],
    [tiffTags.sampleFormat, 3, Array(samples).fill(format)],
  ];
  return [...base.filter(([tag]) => !more.some(([t]) => t === tag)), ...more];
}
