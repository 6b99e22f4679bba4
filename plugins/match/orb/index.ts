import { definePlugin, matchImages, orbFeatures, placeParams } from "tiepoint/plugin";

export default definePlugin({
  kind: "match",
  name: "orb",
  version: "2",
  summary: "Finds tie points by ORB features: several times as fast as SIFT, for small changes of scale and view.",
  cite: ["doi:10.1109/ICCV.2011.6126544", "doi:10.1007/11744023_34"],
  params: {
    maxKeypoints: {
      type: "integer",
      minimum: 10,
      maximum: 200000,
      default: 8000,
      description: "The strongest keypoints of each image that are described and compared.",
    },
    threshold: {
      type: "number",
      minimum: 0.004,
      maximum: 0.99,
      default: 0.08,
      description:
        "How much a corner's surroundings must differ from it, as a share of the image's range. Lower finds more.",
    },
    levels: {
      type: "integer",
      minimum: 1,
      maximum: 16,
      default: 8,
      description: "Sizes at which corners are sought, each 1.2 times smaller: 8 span a factor of 3.6.",
    },
    ratio: {
      type: "number",
      minimum: 0,
      maximum: 1,
      default: 0.8,
      description: "A match must be this much nearer than the second nearest. 1 keeps all.",
    },
    mutual: { type: "boolean", default: true, description: "A match must be the nearest in both directions." },
    ...placeParams,
  },
  inputs: { fixed: "image", moving: "image", fixedMask: "image?", movingMask: "image?" },
  outputs: { matches: "matches" },
  run: (inputs, params, context) =>
    matchImages(
      inputs,
      ({ gray, mask }) => {
        const { maxKeypoints, threshold, levels, spread } = params;
        return orbFeatures(gray, { maxKeypoints, threshold, levels, spread, ...(mask ? { mask } : {}) });
      },
      params,
      context,
    ),
});
