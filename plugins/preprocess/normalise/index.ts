import { definePlugin, failed, isCategorical, pixelLength, problem } from "tiepoint/plugin";
import { claheImage } from "./clahe.js";
import { matchImage } from "./match.js";
import { stretchImage, zScoreImage } from "./stretch.js";

export default definePlugin({
  kind: "preprocess",
  name: "normalise",
  version: "1",
  summary:
    "Brings intensities to a common range: percentiles, z-score, local equalisation, or another image's histogram.",
  cite: ["Zuiderveld, Contrast limited adaptive histogram equalization, Graphics Gems IV (1994) 474-485"],
  params: {
    method: {
      type: "string",
      enum: ["percentile", "z-score", "clahe", "match-histogram"],
      default: "percentile",
      description:
        "percentile: stretch between two percentiles; z-score: mean 0, deviation 1; clahe: local contrast; match-histogram: as like.",
    },
    low: {
      type: "number",
      unit: "ratio",
      minimum: 0,
      maximum: 1,
      default: "1 %",
      description: "percentile: share of samples that become the least value.",
    },
    high: {
      type: "number",
      unit: "ratio",
      minimum: 0,
      maximum: 1,
      default: "99 %",
      description: "percentile: share of samples below the greatest value.",
    },
    tile: {
      type: "number",
      unit: "length",
      minimum: 0,
      default: "64 px",
      description: "clahe: side of the tiles whose histograms are equalised, 8 to 512 px.",
    },
    clipLimit: {
      type: "number",
      minimum: 1,
      maximum: 1000,
      default: 3,
      description: "clahe: how many times the mean count a bin may hold; 1 changes nothing, more gives more contrast.",
    },
  },
  inputs: { in: "image", like: "image?" },
  outputs: { image: "image" },
  async run({ in: image, like }, { method, low, high, tile, clipLimit }) {
    if (isCategorical(image) || (like && isCategorical(like))) {
      return failed(
        problem("labels-not-normalised", "Labels and masks have no intensities", "Read the file with kind: intensity."),
      );
    }
    switch (method) {
      case "percentile":
        if (low >= high)
          return failed(problem("percentiles-swapped", `Expected low to be below high, but found ${low} and ${high}`));
        return { ok: true, value: { image: stretchImage(image, low, high) } };
      case "z-score":
        return { ok: true, value: { image: zScoreImage(image) } };
      case "clahe": {
        const side = pixelLength(tile, image.grid);
        if (!side.ok) return side;
        const pixels = Math.round(side.value);
        if (!(pixels >= 8 && pixels <= 512)) {
          return failed(problem("tile-out-of-range", `Expected a tile of 8 to 512 px, but it is ${side.value} px`));
        }
        return { ok: true, value: { image: claheImage(image, pixels, clipLimit) } };
      }
      case "match-histogram":
        if (!like) {
          return failed(
            problem("like-missing", "method: match-histogram needs the image to match", "Add like: with that image."),
          );
        }
        return { ok: true, value: { image: matchImage(image, like) } };
    }
  },
});
