import { DiagnosticError, notAnImage, tiffTags, tiffTypeBytes } from "tiepoint/plugin";
import { damaged, type Source } from "./source.js";

/** More directories than any real file has; a longer chain is refused. */
const MAX_DIRECTORIES = 2 ** 20;
/** Bytes that are read of a directory at first: its entries and, mostly, the values that follow them. */
const HEAD_BYTES = 512;

interface Entry {
  readonly type: number;
  readonly count: number;
  /** Position of the values in the file. */
  readonly at: number;
}

/** Where a directory stands, and the little that tells pages apart: what is kept of each of ten thousand pages. */
export interface PageRef {
  readonly at: number;
  /** `NewSubfileType`: 1 is a reduced version, 4 a mask. */
  readonly subfile: number;
  readonly tiled: boolean;
  /** Size and samples in words; pages of the same shape share one text. */
  readonly shape: string;
}

/** One image file directory: its entries are known, their values are read when asked for. */
export class Directory {
  constructor(
    readonly tiff: TiffFile,
    /** Position in the file; tells directories apart. */
    readonly at: number,
    readonly entries: ReadonlyMap<number, Entry>,
    /** The file's bytes from `at` on, as far as they have been read. */
    readonly head: Uint8Array,
  ) {}

  has(tag: number): boolean {
    return this.entries.has(tag);
  }

  /** Numbers of a field, empty when it is absent. Every value must lie in the file. */
  numbers(tag: number): Float64Array {
    const entry = this.entries.get(tag);
    return entry ? this.#numbers(entry) : new Float64Array(0);
  }

  /** The first number of a field. */
  number(tag: number, otherwise: number): number {
    const entry = this.entries.get(tag);
    return entry && entry.count > 0 ? this.#numbers({ ...entry, count: 1 })[0]! : otherwise;
  }

  /** The first number of a field whose values stand in the bytes that are at hand. */
  known(tag: number): number | undefined {
    const entry = this.entries.get(tag);
    const first = entry && entry.count > 0 ? { ...entry, count: 1 } : undefined;
    return first && this.#atHand(first) ? this.#numbers(first)[0] : undefined;
  }

  #numbers(entry: Entry): Float64Array {
    return this.tiff.numbers(entry, this.#atHand(entry));
  }

  #atHand({ type, count, at }: Entry): Uint8Array | undefined {
    const from = at - this.at;
    const to = from + count * tiffTypeBytes[type]!;
    return from >= 0 && to <= this.head.length ? this.head.subarray(from, to) : undefined;
  }

  bytes(tag: number): Uint8Array | undefined {
    const entry = this.entries.get(tag);
    return entry && this.tiff.source.bytes(entry.at, entry.count * tiffTypeBytes[entry.type]!);
  }

  /** A text, up to its first NUL. */
  text(tag: number): string | undefined {
    const bytes = this.bytes(tag);
    if (!bytes) return undefined;
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  }
}

/** The frame of a TIFF or BigTIFF file: byte order and directories. */
export class TiffFile {
  readonly little: boolean;
  readonly big: boolean;
  readonly #first: number;

  /** @throws DiagnosticError `not-an-image` when the file does not begin like a TIFF */
  constructor(readonly source: Source) {
    const head = source.bytes(0, Math.min(16, source.size));
    const order = String.fromCharCode(...head.subarray(0, 2));
    this.little = order === "II";
    const view = new DataView(head.buffer);
    const version = head.length >= 8 ? view.getUint16(2, this.little) : 0;
    this.big = version === 43;
    if ((order !== "II" && order !== "MM") || (version !== 42 && version !== 43)) {
      throw new DiagnosticError(notAnImage(head, "a TIFF file"));
    }
    if (this.big && (head.length < 16 || view.getUint16(4, this.little) !== 8))
      throw damaged("its BigTIFF header is not whole");
    this.#first = this.big ? Number(view.getBigUint64(8, this.little)) : view.getUint32(4, this.little);
  }

  /** All directories of the main chain, in order. A chain that comes back to itself, or does not end, is refused. */
  pages(): PageRef[] {
    return this.chain(this.#first);
  }

  /** A directory and those that follow it; `limit` cuts a chain short without complaint. */
  chain(first: number, limit = MAX_DIRECTORIES + 1): PageRef[] {
    const out: PageRef[] = [];
    const shapes = new Map<string, string>();
    // Brent's way to find a loop: a mark that moves on at powers of two is met again.
    let mark = 0;
    for (let at = first; at !== 0 && out.length < limit; ) {
      if (at === mark) throw damaged(`its directories form a loop through byte ${at}`);
      if (out.length === MAX_DIRECTORIES) throw damaged(`it has more than ${MAX_DIRECTORIES} directories`);
      const { directory, next } = this.#directory(at);
      const shape = shapeOf(directory);
      if (!shapes.has(shape)) shapes.set(shape, shape);
      const subfile = directory.known(tiffTags.newSubfileType) ?? 0;
      out.push({ at, subfile, tiled: directory.has(tiffTags.tileOffsets), shape: shapes.get(shape)! });
      if ((out.length & (out.length - 1)) === 0) mark = at;
      at = next;
    }
    return out;
  }

  directory(at: number): Directory {
    return this.#directory(at).directory;
  }

  #directory(at: number): { directory: Directory; next: number } {
    const { source, little, big } = this;
    const head = big ? 8 : 2;
    const size = big ? 20 : 12;
    const word = big ? 8 : 4;
    // Most directories fit into one read.
    let bytes = source.bytes(at, Math.max(head, Math.min(HEAD_BYTES, source.size - at)));
    let view = new DataView(bytes.buffer);
    const count = big ? Number(view.getBigUint64(0, little)) : view.getUint16(0, little);
    const end = head + count * size;
    if (count > 65_535 || at + end > source.size)
      throw damaged(`a directory at byte ${at} claims ${count} entries, which do not fit`);
    if (end + word > bytes.length) {
      bytes = source.bytes(at, Math.min(end + word, source.size - at));
      view = new DataView(bytes.buffer);
    }
    const word64 = (p: number) => (big ? Number(view.getBigUint64(p, little)) : view.getUint32(p, little));
    const entries = new Map<number, Entry>();
    for (let p = head; p < end; p += size) {
      const type = view.getUint16(p + 2, little);
      const typeBytes = tiffTypeBytes[type] ?? 0;
      if (typeBytes === 0) continue; // unknown types are skipped, as the specification asks
      const count = word64(p + 4);
      const value = p + 4 + word;
      const at2 = typeBytes * count <= word ? at + value : word64(value);
      entries.set(view.getUint16(p, little), { type, count, at: at2 });
    }
    // Some writers end the file before the last directory's zero link.
    const next = end + word > bytes.length ? 0 : word64(end);
    return { directory: new Directory(this, at, entries, bytes), next };
  }

  /**
   * Values as numbers. Their place is checked against the file's size before memory is taken.
   *
   * @param atHand  the bytes of the values, where they have been read already
   */
  numbers({ type, count, at }: Entry, atHand?: Uint8Array): Float64Array {
    const size = tiffTypeBytes[type]!;
    const bytes = atHand ?? this.source.bytes(at, count * size);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const out = new Float64Array(count);
    for (let i = 0, p = 0; i < count; i++, p += size) out[i] = valueAt(view, type, p, this.little);
    return out;
  }
}

/** Size and samples of a page in words, from the fields whose values stand in the directory itself. */
function shapeOf(directory: Directory): string {
  const { imageWidth, imageLength, samplesPerPixel, bitsPerSample, sampleFormat } = tiffTags;
  const samples = directory.known(samplesPerPixel) ?? 1;
  const size = `${directory.known(imageWidth) ?? 0} x ${directory.known(imageLength) ?? 0} px`;
  // The depths of several bands stand elsewhere in the file.
  if (samples !== 1) return `${size} of ${samples} bands`;
  const format = directory.known(sampleFormat);
  const type = format === 3 ? "floating-point" : format === 2 ? "signed" : "unsigned";
  return `${size} of ${directory.known(bitsPerSample) ?? 1} bits, ${type}`;
}

function valueAt(view: DataView, type: number, p: number, little: boolean): number {
  switch (type) {
    case 3:
      return view.getUint16(p, little);
    case 4:
    case 13:
      return view.getUint32(p, little);
    case 5:
      return view.getUint32(p, little) / view.getUint32(p + 4, little);
    case 6:
      return view.getInt8(p);
    case 8:
      return view.getInt16(p, little);
    case 9:
      return view.getInt32(p, little);
    case 10:
      return view.getInt32(p, little) / view.getInt32(p + 4, little);
    case 11:
      return view.getFloat32(p, little);
    case 12:
      return view.getFloat64(p, little);
    case 16:
    case 18:
      return Number(view.getBigUint64(p, little));
    case 17:
      return Number(view.getBigInt64(p, little));
    default:
      return view.getUint8(p);
  }
}
