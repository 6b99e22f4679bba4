import {
  definePlugin,
  failed,
  findableNodata,
  fuseTiles,
  isCategorical,
  mosaicFrame,
  problem,
  rangeOf,
  warning,
} from "tiepoint/plugin";

export default definePlugin({
  kind: "stitch",
  name: "fuse",
  version: "1",
  summary: "Lays tiles together to one image, at their sub-pixel places, resampling once.",
  cite: ["doi:10.1109/TASSP.1981.1163711"],
  params: {
    blend: {
      type: "string",
      enum: ["linear", "none"],
      default: "linear",
      description:
        "Where tiles overlap: linear runs from one to the other, none takes each pixel from the tile whose edges are farthest. Labels and masks always take none.",
    },
    interpolation: {
      type: "string",
      enum: ["nearest", "linear", "cubic", "lanczos3"],
      optional: true,
      description:
        "How samples between pixels are made: cubic (Keys, a = -0.5) when absent. Labels and masks always take the nearest pixel.",
    },
    fill: {
      type: "number",
      optional: true,
      description: "Value where no tile lies. When absent: the tiles' nodata, else NaN in float32 and 0 in integers.",
    },
  },
  inputs: { tiles: "image[]", positions: "table" },
  outputs: { image: "image" },
  async run({ tiles, positions }, { blend, interpolation, fill }) {
    const frame = mosaicFrame(tiles, positions);
    if (!frame.ok) return frame;
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
    const image = fuseTiles(frame.value, {
      ...{ blend, interpolation: interpolation ?? "cubic" },
      ...(fill === undefined ? {} : { fill }),
    });
    return { ok: true, value: { image }, notes };
  },
});
