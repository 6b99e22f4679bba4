import { type Context, failed, type Image, isCategorical, ok, problem, type Result } from "tiepoint/plugin";
import { interleavedRows } from "./rows.js";

export interface EncodeOptions {
  readonly format: "jpeg" | "webp";
  /** 1 to 100. */
  readonly quality: number;
  readonly lossless: boolean;
}

/**
 * Encodes JPEG or WebP, which sharp makes from the whole image in memory.
 *
 * @returns the file's bytes; or `image-too-large` when the image does not fit the memory of the step
 */
export async function encodeWhole(
  image: Image,
  { format, quality, lossless }: EncodeOptions,
  context: Pick<Context, "memory" | "signal" | "progress">,
): Promise<Result<Buffer>> {
  const { grid, bands } = image;
  const { width, height } = grid;
  const bytes = width * height * bands.length;
  if (3 * bytes > context.memory) {
    return failed(
      problem(
        "image-too-large",
        `Encoding ${width} x ${height} px takes ${Math.ceil((3 * bytes) / 1e6)} MB, but the step may hold ${Math.ceil(context.memory / 1e6)} MB`,
        "Raise --memory, or write a .png or .tif file, which is written in parts.",
      ),
    );
  }
  const data = new Uint8Array(bytes);
  let at = 0;
  for await (const rows of interleavedRows(image, context)) {
    data.set(rows.data, at);
    at += rows.data.length;
  }
  const { default: sharp } = await import("sharp");
  sharp.cache(false);
  const raw = sharp(data, { raw: { width, height, channels: bands.length as 1 | 2 | 3 | 4 }, limitInputPixels: false });
  const coloured = raw.toColourspace(bands.length < 3 ? "b-w" : "srgb");
  return ok(
    await (format === "jpeg"
      ? coloured.jpeg({ quality, chromaSubsampling: quality >= 90 ? "4:4:4" : "4:2:0" })
      : coloured.webp({ quality, lossless: lossless || isCategorical(image) })
    ).toBuffer(),
  );
}
