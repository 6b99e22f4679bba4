import { bandsParam, type Diagnostic, definePlugin, failed, problem } from "tiepoint/plugin";
import { worldOf } from "./metadata.js";
import { planZarr } from "./plan.js";
import { writeZarr } from "./write.js";

export default definePlugin({
  kind: "write",
  name: "zarr",
  version: "1",
  summary: "Writes OME-Zarr 0.4 and 0.5: a folder of chunks with smaller versions, for viewers and clouds.",
  cite: ["https://ngff.openmicroscopy.org/0.4/", "https://ngff.openmicroscopy.org/0.5/"],
  formats: { extensions: [".zarr", ".ome.zarr"] },
  params: {
    version: {
      type: "string",
      enum: ["0.4", "0.5"],
      default: "0.4",
      description: "0.4 (Zarr 2) is read by most programs; 0.5 (Zarr 3) puts many chunks into one file.",
    },
    compression: {
      type: "string",
      enum: ["zstd", "gzip", "none"],
      default: "zstd",
      description: "zstd is the fastest; gzip is read everywhere.",
    },
    overviews: {
      type: "string",
      enum: ["auto", "yes", "no"],
      default: "auto",
      description: "Smaller versions for viewers. auto: for sides over 1024 px.",
    },
    chunk: {
      type: "integer",
      minimum: 16,
      maximum: 4096,
      default: 512,
      description: "Side of a chunk in pixels, even.",
    },
    shard: {
      type: "integer",
      minimum: 0,
      maximum: 65_536,
      default: 4096,
      description: "Side in pixels of what is one file in 0.5; 0 puts each chunk into a file of its own.",
    },
    ...bandsParam,
  },
  inputs: { in: "image" },
  outputs: {},
  async run({ in: image }, params, context) {
    if (params.chunk % 2 !== 0) {
      const what = `Expected an even number for chunk, because smaller versions halve it, but received ${params.chunk}`;
      return failed(problem("odd-chunk", what, `Write ${params.chunk + 1}.`));
    }
    const plan = planZarr(image, params);
    await writeZarr(image, plan, context.target!, context.provenance, context);
    const notes: Diagnostic[] = worldOf(image.grid).whole
      ? []
      : [
          {
            severity: "info",
            code: "not-stored",
            message: "The format has no maps and no turns: the file does not hold where in the world the image is",
            hint: "Write a TIFF beside it, or read it with same-grid-as: an image on the same grid.",
          },
        ];
    return { ok: true, value: {}, notes };
  },
});
