import { definePlugin, featureParams, matchFeatures, placeParams, tiltParams } from "tiepoint/plugin";

export default definePlugin({
  kind: "match",
  name: "brisk",
  version: "1",
  summary:
    "Finds tie points by BRISK features: corners at any scale, compared by bits; between ORB and SIFT in speed and steadiness.",
  cite: ["doi:10.1109/ICCV.2011.6126542", "doi:10.1007/978-3-642-15552-9_14"],
  params: { ...featureParams, ...placeParams, ...tiltParams },
  inputs: { fixed: "image", moving: "image", fixedMask: "image?", movingMask: "image?" },
  outputs: { matches: "matches" },
  run: (inputs, params, context) =>
    matchFeatures(inputs, { ...params, detector: "brisk", descriptor: "brisk", direction: "auto" }, context),
});
