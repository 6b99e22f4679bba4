import { failed, ok, problem, type Result } from "tiepoint/plugin";
import type { Decoded } from "./decoded.js";

export interface NetpbmHeader {
  readonly width: number;
  readonly height: number;
  readonly bands: 1 | 3;
  readonly bits: 8 | 16;
  /** Where the samples begin. */
  readonly start: number;
}

/**
 * Reads the header of a binary PGM (P5) or PPM (P6) file; one image per file.
 *
 * Source: https://netpbm.sourceforge.net/doc/pgm.html
 */
export function netpbmHeader(bytes: Uint8Array): Result<NetpbmHeader> {
  const text = Buffer.from(bytes.subarray(0, 4096)).toString("latin1");
  const gap = "(?:\\s|#[^\\n]*\\n)+";
  const found = new RegExp(`^P([56])${gap}(\\d{1,9})${gap}(\\d{1,9})${gap}(\\d{1,5})\\s`).exec(text);
  if (!found) return failed(problem("not-an-image", "The file begins like a PGM or PPM file, but has no such header"));
  const [width, height, largest] = found.slice(2).map(Number) as [number, number, number];
  const bands = found[1] === "5" ? 1 : 3;
  if (width < 1 || height < 1 || largest < 1 || largest > 65535)
    return failed(problem("not-an-image", `The header claims ${width} x ${height} px with values up to ${largest}`));
  const bits = largest < 256 ? 8 : 16;
  const start = found[0].length;
  const needed = start + width * height * bands * (bits / 8);
  if (needed > bytes.length) {
    return failed(
      problem(
        "image-damaged",
        `The header claims ${width} x ${height} px, which take ${needed} bytes, but the file has ${bytes.length}`,
        "The file is cut short: copy it again.",
      ),
    );
  }
  return ok({ width, height, bands, bits, start });
}

/** The samples as they are stored; values are not stretched to the full range. */
export function decodeNetpbm(bytes: Uint8Array, { width, height, bands, bits, start }: NetpbmHeader): Decoded {
  const count = width * height * bands;
  if (bits === 8) return { data: bytes.slice(start, start + count), width, height, bands };
  const data = new Uint16Array(count);
  for (let i = 0, at = start; i < count; i++, at += 2) data[i] = (bytes[at]! << 8) | bytes[at + 1]!;
  return { data, width, height, bands };
}
