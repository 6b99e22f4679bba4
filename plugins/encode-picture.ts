import type { Pixels } from "tiepoint/plugin";

/** Packs uint8 pixels of 1 (gray), 3 (RGB) or 4 (RGBA) bands into a picture file: what the report asks for its figures. */
export async function encodePicture(
  { data, width, height, bands }: Pixels,
  format: "jpeg" | "png" | "webp",
  quality = 80,
): Promise<Uint8Array> {
  const { default: sharp } = await import("sharp");
  // sharp wants the bands of a pixel side by side.
  const interleaved = new Uint8Array(data.length);
  const plane = width * height;
  for (let band = 0; band < bands; band++)
    for (let i = 0; i < plane; i++) interleaved[i * bands + band] = data[band * plane + i]!;
  const raw = { width, height, channels: bands as 1 | 3 | 4 };
  const picture = sharp(interleaved, { raw }).toColourspace(bands === 1 ? "b-w" : "srgb");
  // WebP's default effort takes thrice as long for a tenth of the size.
  const options = format === "webp" ? { quality, effort: 1 } : { quality };
  const encoded = await (format === "png" ? picture.png() : picture[format](options)).toBuffer();
  return new Uint8Array(encoded);
}
