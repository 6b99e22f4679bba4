import { bandsParam, definePlugin } from "tiepoint/plugin";
import { lostPlace } from "./metadata.js";
import { planFile } from "./plan.js";
import { writeFile } from "./write.js";

export default definePlugin({
  kind: "write",
  name: "tiff",
  version: "2",
  summary: "Writes TIFF in parts: Cloud Optimized GeoTIFF for maps, OME-TIFF for microscopy, plain TIFF otherwise.",
  cite: ["https://docs.ogc.org/is/21-026/21-026.html", "https://docs.openmicroscopy.org/ome-model/6.3.1/ome-tiff/"],
  formats: { extensions: [".tif", ".tiff", ".btf", ".ome.tif", ".ome.tiff"] },
  params: {
    compression: {
      type: "string",
      enum: ["deflate", "zstd", "none"],
      default: "deflate",
      description: "none is the fastest; deflate is read everywhere; zstd packs faster, and newer programs read it.",
    },
    layout: {
      type: "string",
      enum: ["auto", "plain", "cog", "ome"],
      default: "auto",
      description: "auto: cog for images with an EPSG code, ome for micrometres, plain otherwise.",
    },
    overviews: {
      type: "string",
      enum: ["auto", "yes", "no"],
      default: "auto",
      description: "Smaller versions for viewers. auto: for sides over 1024 px, unless compression is none.",
    },
    ...bandsParam,
    tile: {
      type: "integer",
      minimum: 16,
      maximum: 4096,
      default: 512,
      description: "Side of a tile in pixels, a multiple of 16. An uncompressed plain file has strips instead.",
    },
  },
  inputs: { in: "image" },
  outputs: {},
  async run({ in: image }, { compression, layout, overviews, bands, tile }, context) {
    const named = context.target!.toLowerCase().match(/\.ome\.tiff?$/) && layout === "auto";
    const plan = planFile(image, {
      compression,
      layout: named ? "ome" : layout,
      overviews,
      bands,
      provenance: context.provenance,
      tile: Math.ceil(tile / 16) * 16,
    });
    await writeFile(image, plan, context.target!, context);
    return { ok: true, value: {}, notes: lostPlace(image, plan.layout) };
  },
});
