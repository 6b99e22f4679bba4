import { tiffPhotometrics } from "tiepoint/plugin";
import type { Layout } from "./layout.js";
import { damaged, unsupported } from "./source.js";

/**
 * Decodes a JPEG-compressed chunk (TIFF Technical Note 2): a JPEG file without its tables, which all chunks share.
 *
 * @param size  bytes that the chunk must unfold to: the frame's size is checked against it before it is decoded
 */
export async function decodeJpeg(layout: Layout, data: Uint8Array, size: number): Promise<Uint8Array> {
  const { samples, planar, photometric, bits } = layout;
  if (bits !== 8) throw unsupported(`its JPEG samples have ${bits} bits`);
  const bands = planar ? 1 : samples;
  const frame = frameOf(data);
  if (!frame) throw damaged("a part is no JPEG image");
  if (frame.width * frame.height * bands < size || frame.width !== layout.chunkWidth || frame.components !== bands) {
    throw damaged(
      `a JPEG part has ${frame.width} x ${frame.height} px and ${frame.components} bands in place of ${layout.chunkWidth} x ${layout.chunkHeight} and ${bands}`,
    );
  }
  if (frame.height > layout.chunkHeight) throw damaged("a JPEG part has more rows than its place");
  if (bands !== 1 && bands !== 3) throw unsupported(`its JPEG parts have ${bands} bands`);
  // Decoders guess the colour space from what is in the file; an Adobe marker says it.
  const marker = adobeMarker(photometric === tiffPhotometrics.ycbcr ? 1 : 0);
  const tables = layout.jpegTables ?? new Uint8Array(0);
  const file = Buffer.concat([
    Uint8Array.of(0xff, 0xd8),
    ...(bands === 3 ? [marker] : []),
    tables.subarray(2, Math.max(2, tables.length - 2)),
    data.subarray(2),
  ]);
  const { default: sharp } = await import("sharp");
  return sharp(file, { limitInputPixels: false, failOn: "error", ignoreIcc: true })
    .toColourspace(bands === 1 ? "b-w" : "srgb")
    .raw()
    .toBuffer();
}

const adobeMarker = (transform: 0 | 1): Uint8Array =>
  Uint8Array.of(0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, transform);

/** The size that the frame header claims. */
function frameOf(data: Uint8Array): { width: number; height: number; components: number } | undefined {
  if (data[0] !== 0xff || data[1] !== 0xd8) return undefined;
  for (let at = 2; at + 9 < data.length; ) {
    if (data[at] !== 0xff) return undefined;
    const marker = data[at + 1]!;
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      const height = (data[at + 5]! << 8) | data[at + 6]!;
      const width = (data[at + 7]! << 8) | data[at + 8]!;
      return { width, height, components: data[at + 9]! };
    }
    at += 2 + ((data[at + 2]! << 8) | data[at + 3]!);
  }
  return undefined;
}
