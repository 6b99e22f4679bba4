import { tiffTypeBytes, tiffTypes } from "tiepoint/plugin";

/** One field of a directory. A text is written as UTF-8 with a NUL at its end. */
export type Field = readonly [tag: number, type: number, values: ArrayLike<number> | string];

const lengthOf = ([, type, values]: Field): number =>
  typeof values === "string" ? Buffer.byteLength(values) + 1 : values.length * tiffTypeBytes[type]!;

const valueCount = (field: Field): number => (typeof field[2] === "string" ? lengthOf(field) : field[2].length);

const align8 = (n: number): number => Math.ceil(n / 8) * 8;

/** Bytes before the values that do not fit into entries; places of directories are multiples of 8. */
const frameSize = (entries: number, big: boolean): number => align8(big ? 16 + 20 * entries : 6 + 12 * entries);

/** Bytes of a directory with all its values; depends on how many values there are, not on which. */
export function directorySize(fields: readonly Field[], big: boolean): number {
  const inline = big ? 8 : 4;
  const outside = fields.map(lengthOf).filter((length) => length > inline);
  return outside.reduce((sum, length) => sum + align8(length), frameSize(fields.length, big));
}

/**
 * The bytes of a directory that stands at `at` (a multiple of 8), its values right behind its entries.
 *
 * @param next  place of the next directory; 0 when it is the last
 */
export function directoryBytes(fields: readonly Field[], at: number, next: number, big: boolean): Buffer {
  const out = Buffer.alloc(directorySize(fields, big));
  const entry = big ? 20 : 12;
  const word = big ? 8 : 4;
  const sorted = [...fields].sort((a, b) => a[0] - b[0]);
  const putWord = (value: number, p: number) =>
    big ? out.writeBigUInt64LE(BigInt(value), p) : out.writeUInt32LE(value, p);
  if (big) out.writeBigUInt64LE(BigInt(sorted.length), 0);
  else out.writeUInt16LE(sorted.length, 0);
  let free = frameSize(sorted.length, big);
  sorted.forEach((field, i) => {
    const p = (big ? 8 : 2) + i * entry;
    const length = lengthOf(field);
    out.writeUInt16LE(field[0], p);
    out.writeUInt16LE(field[1], p + 2);
    putWord(valueCount(field), p + 4);
    if (length <= word) putValues(out, p + 4 + word, field);
    else {
      putWord(at + free, p + 4 + word);
      putValues(out, free, field);
      free += align8(length);
    }
  });
  putWord(next, (big ? 8 : 2) + sorted.length * entry);
  return out;
}

function putValues(out: Buffer, start: number, [, type, values]: Field): void {
  if (typeof values === "string") {
    out.write(values, start, "utf8");
    return;
  }
  for (let i = 0, p = start; i < values.length; i++, p += tiffTypeBytes[type]!) {
    const value = values[i]!;
    if (type === tiffTypes.short) out.writeUInt16LE(value, p);
    else if (type === tiffTypes.long || type === tiffTypes.ifd) out.writeUInt32LE(value, p);
    else if (type === tiffTypes.rational) putRational(out, value, p);
    else if (type === tiffTypes.double) out.writeDoubleLE(value, p);
    else if (type === tiffTypes.long8 || type === tiffTypes.ifd8) out.writeBigUInt64LE(BigInt(value), p);
    else throw new Error(`Internal error: a TIFF field of type ${type}`);
  }
}

/** A positive number as a fraction of two whole ones, as exact as 32 bits allow. */
function putRational(out: Buffer, value: number, p: number): void {
  let below = 1;
  while (below < 2 ** 31 && value * below < 2 ** 30) below *= 2;
  out.writeUInt32LE(Math.min(2 ** 32 - 1, Math.round(value * below)), p);
  out.writeUInt32LE(below, p + 4);
}

export const headerSize = (big: boolean): number => (big ? 16 : 8);

/** The first bytes of the file: little-endian, and where the first directory stands. */
export function headerBytes(first: number, big: boolean): Buffer {
  const out = Buffer.alloc(headerSize(big));
  out.write("II", 0, "latin1");
  out.writeUInt16LE(big ? 43 : 42, 2);
  if (big) {
    out.writeUInt16LE(8, 4);
    out.writeBigUInt64LE(BigInt(first), 8);
  } else out.writeUInt32LE(first, 4);
  return out;
}
