import {
  blends,
  DiagnosticError,
  definePlugin,
  failed,
  findableNodata,
  fuseInterpolations,
  fuseTiles,
  isCategorical,
  mosaicFrame,
  problem,
  rangeOf,
  warning,
} from "tiepoint/plugin";
import { outputGrid } from "./output-grid.js";

export default definePlugin({
  kind: "stitch",
  name: "fuse",
  version: "1",
  summary: "Lays tiles together to one image, at their sub-pixel places, resampling once.",
  cite: ["doi:10.1109/TASSP.1981.1163711", "doi:10.1145/245.247", "doi:10.1007/s11263-006-0002-3"],
  params: {
    blend: {
      type: "string",
      enum: blends,
      default: "linear",
      description:
        "Where tiles overlap: linear runs from one to the other, multiband does so quickly for fine structure and slowly for coarse, none takes each pixel from the tile whose edges are farthest. Labels and masks always take none.",
    },
    interpolation: {
      type: "string",
      enum: fuseInterpolations,
      optional: true,
      description:
        "How samples between pixels are made: cubic (Keys, a = -0.5) when absent. Labels and masks always take the nearest pixel.",
    },
    gain: {
      type: "string",
      enum: ["off", "overlaps"],
      default: "off",
      description:
        "overlaps: multiply each tile by a factor, so that tiles are equally bright where they overlap. It needs a look at all overlaps first, and every pixel then depends on every tile.",
    },
    fill: {
      type: "number",
      optional: true,
      description: "Value where no tile lies. When absent: the tiles' nodata, else NaN in float32 and 0 in integers.",
    },
  },
  inputs: { tiles: "image[]", positions: "table", transform: "transform?", like: "image?" },
  outputs: { image: "image" },
  async run({ tiles, positions, transform, like }, { blend, interpolation, gain, fill }) {
    const frame = mosaicFrame(tiles, positions);
    if (!frame.ok) return frame;
    const onto = outputGrid(frame.value.grid, transform, like);
    if (!onto.ok) return onto;
    const notes = [...frame.value.notes];
    const { dtype, meaning } = frame.value.tiles[0]!.image;
    if (fill !== undefined && dtype !== "float32" && findableNodata(dtype, fill) === undefined) {
      const [low, high] = rangeOf(dtype);
      return failed(
        problem(
          "fill-out-of-range",
          `Expected a whole number from ${low} to ${high} for fill, as the tiles are ${dtype}, but received ${fill}`,
        ),
      );
    }
    if (isCategorical({ meaning }) && interpolation !== undefined && interpolation !== "nearest") {
      notes.push(
        warning(
          "labels-take-nearest",
          `interpolation: ${interpolation} does not hold for ${meaning === "mask" ? "masks" : "labels"}: nearest was taken`,
          "Remove the line, or read the files with kind: intensity if their values may be averaged.",
        ),
      );
    }
    if (transform?.verdict?.status === "rejected") {
      notes.push(
        warning(
          "warped-by-rejected-transform",
          "The transform's verdict is rejected: the mosaic is not to be believed",
          "Look at the reasons of the verdict; add require: to the estimating step to stop there.",
        ),
      );
    }
    try {
      const image = fuseTiles(frame.value, {
        ...{ blend, gain, interpolation: interpolation ?? "cubic" },
        ...(fill === undefined ? {} : { fill }),
        ...(onto.value === undefined ? {} : { onto: onto.value }),
        ...(transform === undefined ? {} : { transform: transform.transform }),
      });
      return { ok: true, value: { image }, notes };
    } catch (error) {
      if (error instanceof DiagnosticError) return failed(...error.diagnostics);
      throw error;
    }
  },
});
