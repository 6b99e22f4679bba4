import { definePlugin, estimateFlatField, failed, isCategorical, problem } from "tiepoint/plugin";

export default definePlugin({
  kind: "stitch",
  name: "flat-field",
  version: "1",
  summary: "Finds how unevenly a microscope lights its tiles, and the signal without light, from the tiles themselves.",
  cite: ["doi:10.1038/ncomms14836"],
  params: {
    darkLevel: {
      type: "number",
      minimum: -1e9,
      maximum: 1e9,
      optional: true,
      description:
        "The camera's signal without light, in the tiles' own intensities; found from the tiles when left out.",
    },
  },
  inputs: { tiles: "image[]", dark: "image?" },
  outputs: { flat: "image", dark: "image" },
  keeps: true,
  async run({ tiles, dark }, { darkLevel }, context) {
    const odd = [...tiles].find(([, tile]) => isCategorical(tile));
    if (odd) {
      return failed(
        problem(
          "labels-have-no-light",
          `${odd[0]} holds ${odd[1].meaning}, which have no light to even out`,
          "Take the tiles that the labels were made from, or read the files with kind: intensity.",
        ),
      );
    }
    if (dark && darkLevel !== undefined) {
      return failed(
        problem("dark-given-twice", "Expected an image for dark or a number for dark-level, but received both"),
      );
    }
    return estimateFlatField(tiles, { dark, darkLevel }, context);
  },
});
