import { applyReadOptions, DiagnosticError, definePlugin, pagesProblem, readParams } from "tiepoint/plugin";
import { openTiff } from "./open.js";

export default definePlugin({
  kind: "read",
  name: "tiff",
  version: "2",
  summary: "Reads TIFF, BigTIFF, GeoTIFF, COG, OME-TIFF and ImageJ TIFF files, in parts.",
  cite: [
    "https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf",
    "https://docs.ogc.org/is/19-008r4/19-008r4.html",
  ],
  formats: {
    extensions: [".tif", ".tiff", ".btf", ".ome.tif", ".ome.tiff", ".svs"],
    magic: ["49492a00", "4d4d002a", "49492b00", "4d4d002b"],
  },
  params: readParams,
  inputs: { file: "file", sameGridAs: "image?" },
  outputs: { image: "image" },
  async run({ file, sameGridAs }, params, { memory }) {
    try {
      const { page, pages, channel, kind } = params;
      const pixelSize = params.pixelSize?.unit === "um" ? params.pixelSize.value : undefined;
      const both = pagesProblem(params);
      if (both) return { ok: false, diagnostics: [both] };
      const { image, notes, slices } = openTiff(file, { page, pages, channel, kind, memory, pixelSize });
      const applied = applyReadOptions(image, slices ? { ...params, channel: undefined } : params, sameGridAs);
      if (!applied.ok) return applied;
      return { ok: true, value: { image: applied.value.image }, notes: [...notes, ...applied.value.notes] };
    } catch (error) {
      if (error instanceof DiagnosticError) return { ok: false, diagnostics: error.diagnostics };
      throw error;
    }
  },
});
