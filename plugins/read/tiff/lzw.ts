const CLEAR = 256;
const END = 257;
const TABLE = 4096;

/**
 * Undoes TIFF's LZW: codes of 9 to 12 bits, first bit first, width growing one code early.
 *
 * Every string of the table stands in the output already: it is the one before it and one byte more. So the table
 * holds places in the output, and no string is ever built.
 *
 * @param size  bytes expected; what goes beyond is dropped
 * @returns what could be decoded, shorter than `size` when the data end early or make no sense
 *
 * Source: TIFF 6.0 specification, section 13
 */
export function decodeLzw(data: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(size);
  const starts = new Uint32Array(TABLE);
  const lengths = new Uint32Array(TABLE);
  let next = END + 1;
  let width = 9;
  let bits = 0;
  let bitCount = 0;
  let at = 0;
  let to = 0;
  let previous = -1; // start of the previous string in the output; -1 after a clear
  let previousLength = 0;
  while (to < size) {
    while (bitCount < width) {
      if (at >= data.length) return out.subarray(0, to);
      bits = ((bits << 8) | data[at++]!) & 0xffffff;
      bitCount += 8;
    }
    bitCount -= width;
    const code = (bits >>> bitCount) & ((1 << width) - 1);
    if (code === END) break;
    if (code === CLEAR) {
      next = END + 1;
      width = 9;
      previous = -1;
      continue;
    }
    if (previous >= 0 && next < TABLE) {
      starts[next] = previous;
      lengths[next] = previousLength + 1;
      next++;
      if (next >= (1 << width) - 1 && width < 12) width++;
    }
    previous = to;
    if (code < CLEAR) {
      out[to++] = code;
      previousLength = 1;
      continue;
    }
    if (code >= next) return out.subarray(0, to);
    const length = Math.min(lengths[code]!, size - to);
    const from = starts[code]!;
    // The newest string overlaps what it copies, so this must go forward byte by byte.
    for (let i = 0; i < length; i++) out[to + i] = out[from + i]!;
    to += length;
    previousLength = length;
  }
  return out.subarray(0, to);
}

/** LZW as it was before TIFF 5: last bit first. Recognised only to say so. */
export const isOldLzw = (data: Uint8Array): boolean => data.length > 1 && data[0] === 0 && (data[1]! & 1) === 1;

/** Undoes PackBits (TIFF 6.0 specification, section 9); shorter than `size` when the data end early. */
export function decodePackbits(data: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(size);
  let to = 0;
  for (let at = 0; at < data.length && to < size; ) {
    const n = data[at++]!;
    if (n < 128) {
      const length = Math.min(n + 1, size - to, data.length - at);
      out.set(data.subarray(at, at + length), to);
      at += n + 1;
      to += length;
    } else if (n > 128 && at < data.length) {
      const length = Math.min(257 - n, size - to);
      out.fill(data[at++]!, to, to + length);
      to += length;
    }
  }
  return out.subarray(0, to);
}
