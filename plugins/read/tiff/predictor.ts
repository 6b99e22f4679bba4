import type { Layout } from "./layout.js";
import { unsupported } from "./source.js";

/** Swaps the bytes of every value in place: big-endian values become the machine's. */
export function swapBytes(bytes: Uint8Array, size: number): void {
  switch (size) {
    case 2: {
      const v = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
      for (let i = 0; i < v.length; i++) v[i] = (v[i]! << 8) | (v[i]! >> 8);
      break;
    }
    case 4: {
      const v = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
      for (let i = 0; i < v.length; i++) {
        const x = v[i]!;
        v[i] = (x << 24) | ((x & 0xff00) << 8) | ((x >>> 8) & 0xff00) | (x >>> 24);
      }
      break;
    }
    case 8:
      for (let i = 0; i < bytes.length; i += 8) bytes.subarray(i, i + 8).reverse();
  }
}

/**
 * Undoes the predictor of a chunk in place; values of predictor 2 must be in the machine's byte order, those of
 * predictor 3 come out in it.
 *
 * @param rowValues  values per row: pixels times the bands that lie together
 *
 * Source: TIFF 6.0 section 14; Adobe Photoshop TIFF Technical Note 3 for floating point
 */
export function unpredict(layout: Layout, bytes: Uint8Array, rowValues: number, together: number): void {
  const size = layout.bits / 8;
  if (layout.predictor === 3) {
    if (layout.format !== "float") throw unsupported("it has a floating-point predictor on integers");
    undoFloat(bytes, rowValues, size, together);
    return;
  }
  if (size !== 1 && size !== 2 && size !== 4) throw unsupported(`it has a predictor on ${layout.bits} bits`);
  const Type = size === 1 ? Uint8Array : size === 2 ? Uint16Array : Uint32Array;
  const values = new Type(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length / size);
  for (let row = 0; row < values.length; row += rowValues) {
    const end = row + rowValues;
    if (together === 1) {
      let sum = 0;
      for (let i = row; i < end; i++) values[i] = sum = (sum + values[i]!) | 0;
    } else {
      for (let i = row + together; i < end; i++) values[i] = values[i]! + values[i - together]!;
    }
  }
}

/** Rows of differences of bytes, all first (highest) bytes before all second ones. */
function undoFloat(bytes: Uint8Array, rowValues: number, size: number, together: number): void {
  const rowBytes = rowValues * size;
  const row = new Uint8Array(rowBytes);
  for (let start = 0; start < bytes.length; start += rowBytes) {
    row.set(bytes.subarray(start, start + rowBytes));
    for (let i = together; i < rowBytes; i++) row[i] = row[i]! + row[i - together]!;
    for (let b = 0; b < size; b++) {
      const from = b * rowValues;
      for (let i = 0, to = start + size - 1 - b; i < rowValues; i++, to += size) bytes[to] = row[from + i]!;
    }
  }
}
