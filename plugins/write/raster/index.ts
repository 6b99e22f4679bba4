import { writeFile } from "node:fs/promises";
import { type Diagnostic, definePlugin, failed, type Image, ok, problem, type Result } from "tiepoint/plugin";
import { encodeWhole } from "./encode.js";
import { writePng } from "./png.js";

export default definePlugin({
  kind: "write",
  name: "raster",
  version: "1",
  summary: "Writes PNG (8 or 16 bits), JPEG or WebP, by the file's extension.",
  formats: { extensions: [".png", ".jpg", ".jpeg", ".webp"] },
  params: {
    quality: {
      type: "integer",
      minimum: 1,
      maximum: 100,
      default: 90,
      description: "JPEG and lossy WebP: 100 is the best.",
    },
    lossless: {
      type: "boolean",
      default: false,
      description: "WebP: keeps every sample. Labels and masks always are.",
    },
  },
  inputs: { in: "image" },
  outputs: {},
  async run({ in: image }, { quality, lossless }, context) {
    const target = context.target!;
    const format = formatOf(target);
    const fits = check(image, format);
    if (!fits.ok) return fits;
    if (format === "png") await writePng(image, target, context);
    else {
      const encoded = await encodeWhole(image, { format, quality, lossless }, context);
      if (!encoded.ok) return encoded;
      await writeFile(target, encoded.value);
    }
    return { ok: true, value: {}, notes: lost(image) };
  },
});

type Format = "png" | "jpeg" | "webp";

function formatOf(target: string): Format {
  const name = target.toLowerCase();
  return name.endsWith(".png") ? "png" : name.endsWith(".webp") ? "webp" : "jpeg";
}

const maxSides: Readonly<Record<Format, number>> = { png: 2 ** 31 - 1, jpeg: 65_535, webp: 16_383 };

/** What the format cannot hold is refused: samples are never changed on the way out. */
function check({ grid, dtype, bands, meaning }: Image, format: Format): Result<undefined> {
  const name = { png: "PNG", jpeg: "JPEG", webp: "WebP" }[format];
  const allowed = format === "png" ? ["uint8", "uint16"] : ["uint8"];
  if (!allowed.includes(dtype)) {
    return failed(
      problem(
        "dtype-not-storable",
        `${name} holds ${allowed.join(" or ")} samples, but the image has ${dtype}`,
        "Write it to a .tif file, or stretch it to 8 bits first (preprocess/normalise).",
      ),
    );
  }
  const alpha = bands.at(-1) === "alpha";
  const colours = bands.length - (alpha ? 1 : 0);
  if ((colours !== 1 && colours !== 3) || (format === "jpeg" && alpha)) {
    return failed(
      problem(
        "bands-not-storable",
        `${name} holds gray or red, green and blue${format === "jpeg" ? "" : ", with or without alpha"}, but the image has ${bands.join(", ")}`,
        "Write it to a .tif file, or choose bands when it is read (channel:).",
      ),
    );
  }
  if (format === "jpeg" && meaning !== "intensity")
    return failed(problem("labels-need-lossless", `JPEG would blur ${meaning}`, "Write them to a .png or .tif file."));
  const longest = maxSides[format];
  if (grid.width > longest || grid.height > longest) {
    return failed(
      problem(
        "image-too-large",
        `${name} holds at most ${longest} px a side, but the image has ${grid.width} x ${grid.height}`,
        "Write it to a .tif file.",
      ),
    );
  }
  return ok(undefined);
}

/** What the image knows and the file will not. */
function lost({ grid, nodata }: Image): Diagnostic[] {
  const what = [
    ...(grid.crs.startsWith("EPSG") ? [`the place on the map (${grid.crs})`] : []),
    ...(nodata === undefined ? [] : [`the nodata value ${nodata}`]),
  ];
  if (what.length === 0) return [];
  const message = `The format does not hold ${what.join(" and ")}`;
  return [{ severity: "info", code: "not-stored", message, hint: "A .tif file does." }];
}
