import { bytesPerSample, type PixelData, pixelArray, pixelView, tiffPhotometrics } from "tiepoint/plugin";
import type { Layout } from "./layout.js";
import { swapBytes } from "./predictor.js";

/** True when samples in the file and in memory have the same bytes, but for their order. */
export const isStoredAsRead = ({ bits, format, dtype }: Layout): boolean =>
  bits === bytesPerSample(dtype) * 8 && (format !== "int" || dtype === "int16");

/**
 * Makes samples of the layout's dtype from uncompressed bytes.
 *
 * @param bytes  whole rows, aligned to 8 bytes; may be changed and used for the result
 * @param native  the bytes are in the machine's order already
 */
export function toSamples(layout: Layout, bytes: Uint8Array, rowValues: number, native: boolean): PixelData {
  const { bits, dtype, little } = layout;
  const out =
    bits % 8 !== 0
      ? unpackBits(layout, bytes, rowValues)
      : toWholeBytes(layout, little || native ? bytes : swapped(bytes, bits / 8));
  if (out.BYTES_PER_ELEMENT !== bytesPerSample(dtype)) throw new Error("Internal error: samples of another type");
  if (layout.photometric === tiffPhotometrics.whiteIsZero) invertWhite(layout, out);
  return out;
}

/** Turns "0 is white" around, so that larger is brighter everywhere. Floating point is left alone, as others do. */
export function invertWhite({ bits, format }: Layout, samples: PixelData): void {
  if (format !== "uint") return;
  const white = 2 ** bits - 1;
  for (let i = 0; i < samples.length; i++) samples[i] = white - samples[i]!;
}

function swapped(bytes: Uint8Array, size: number): Uint8Array {
  swapBytes(bytes, size);
  return bytes;
}

function toWholeBytes(layout: Layout, bytes: Uint8Array): PixelData {
  const { bits, format, dtype } = layout;
  const { buffer, byteOffset } = bytes;
  const count = bytes.length / (bits / 8);
  if (isStoredAsRead(layout)) return pixelView(dtype, buffer, byteOffset, count);
  switch (`${format}${bits}`) {
    case "int8":
      return Int16Array.from(new Int8Array(buffer, byteOffset, count));
    case "int32":
      return Float32Array.from(new Int32Array(buffer, byteOffset, count));
    case "float64":
      return Float32Array.from(new Float64Array(buffer, byteOffset, count));
    case "float16":
      return Float32Array.from(new Uint16Array(buffer, byteOffset, count), halfToFloat);
    default:
      throw new Error(`Internal error: ${format}${bits} samples`);
  }
}

/** IEEE 754 binary16. */
function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/** Samples of 1 to 15 bits, highest bit first; each row begins at a whole byte. */
function unpackBits({ bits, dtype }: Layout, bytes: Uint8Array, rowValues: number): PixelData {
  const rowBytes = Math.ceil((rowValues * bits) / 8);
  const rows = Math.floor(bytes.length / rowBytes);
  const out = pixelArray(dtype, rows * rowValues);
  const mask = (1 << bits) - 1;
  for (let y = 0, to = 0; y < rows; y++) {
    let at = y * rowBytes;
    let held = 0;
    let count = 0;
    for (let x = 0; x < rowValues; x++) {
      while (count < bits) {
        held = ((held << 8) | bytes[at++]!) & 0xffffff;
        count += 8;
      }
      count -= bits;
      out[to++] = (held >> count) & mask;
    }
  }
  return out;
}
