import { definePlugin, featureParams, matchFeatures, placeParams, tiltParams } from "tiepoint/plugin";

export default definePlugin({
  kind: "match",
  name: "surf",
  version: "1",
  summary:
    "Finds tie points by SURF features: blobs of any size by box filters, with half as long a description as SIFT.",
  cite: ["doi:10.1016/j.cviu.2007.09.014"],
  params: { ...featureParams, ...placeParams, ...tiltParams },
  inputs: { fixed: "image", moving: "image", fixedMask: "image?", movingMask: "image?" },
  outputs: { matches: "matches" },
  run: (inputs, params, context) =>
    matchFeatures(inputs, { ...params, detector: "surf", descriptor: "surf", direction: "auto" }, context),
});
