import {
  definePlugin,
  failed,
  holeValue,
  type Image,
  kernels,
  lazyImage,
  mapLinear,
  problem,
  rangeOf,
  readGray,
  withOverviews,
  writeSamples,
} from "tiepoint/plugin";
import { separable, stainImage } from "./stain.js";

export default definePlugin({
  kind: "preprocess",
  name: "gray",
  version: "1",
  summary: "Makes one gray band of an image, or shows one stain of a stained section.",
  cite: ["Ruifrok and Johnston, Analytical and Quantitative Cytology and Histology 23 (2001) 291-299"],
  params: {
    stain: {
      type: "string",
      enum: ["none", "hematoxylin", "eosin", "dab"],
      default: "none",
      description: "Shows the section as it would look with this stain alone (colour deconvolution).",
    },
    invert: { type: "boolean", default: false, description: "Turns dark into bright." },
  },
  inputs: { in: "image" },
  outputs: { image: "image" },
  async run({ in: image }, { stain, invert }) {
    if (stain === "none")
      return { ok: true, value: { image: withOverviews(image, (level) => grayImage(level, invert)) } };
    if (!separable(image)) {
      return failed(
        problem(
          "stain-needs-rgb",
          `Expected red, green and blue in uint8 or uint16 for stain: ${stain}, but the image has ${image.bands.join(", ")} in ${image.dtype}`,
          "Leave out stain:, or choose the channel of the stain with channel: on the input.",
        ),
      );
    }
    return { ok: true, value: { image: stainImage(image, stain, invert) } };
  },
});

/** One band of the image's own type: luminance, mean, or the band itself. */
function grayImage(image: Image, invert: boolean): Image {
  const face = { ...image, bands: ["gray"], meaning: "intensity" as const };
  const fill = holeValue(image);
  const [low, high] = rangeOf(image.dtype);
  return lazyImage(face, async (block, _bands, out, signal) => {
    using arena = kernels().arena();
    const plane = await readGray(arena, image, block, signal ? { signal } : {});
    if (invert) mapLinear(plane, image.dtype === "float32" ? 0 : low + high, -1);
    const part = { left: 0, top: 0, width: block.width, height: block.height };
    writeSamples(arena, plane, part, image.dtype, { fill, keepClear: image.nodata !== undefined }, out);
  });
}
