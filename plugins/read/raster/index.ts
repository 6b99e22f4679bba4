import { applyReadOptions, definePlugin, pagesProblem, readParams } from "tiepoint/plugin";
import { openRaster } from "./open.js";

export default definePlugin({
  kind: "read",
  name: "raster",
  version: "1",
  summary: "Reads PNG, JPEG, WebP, GIF and binary Netpbm images of 8 or 16 bits.",
  formats: {
    extensions: [".png", ".jpg", ".jpeg", ".webp", ".gif", ".ppm", ".pgm"],
    magic: ["89504e470d0a1a0a", "ffd8ff", "52494646", "47494638", "50350a", "50360a"],
  },
  params: readParams,
  inputs: { file: "file", sameGridAs: "image?" },
  outputs: { image: "image" },
  async run({ file, sameGridAs }, params, context) {
    const both = pagesProblem(params);
    if (both) return { ok: false, diagnostics: [both] };
    const opened = await openRaster(file, {
      page: params.page ?? 0,
      all: params.pages === "all",
      kind: params.kind,
      memory: context.memory,
    });
    if (!opened.ok) return opened;
    const result = applyReadOptions(opened.value.image, params, sameGridAs);
    if (!result.ok) return result;
    const notes = [...opened.value.notes, ...result.value.notes];
    return { ok: true, value: { image: result.value.image }, notes };
  },
});
