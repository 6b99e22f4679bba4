import { definePlugin, featureParams, matchFeatures, placeParams, tiltParams } from "tiepoint/plugin";

const { maxKeypoints, upright, ratio, mutual } = featureParams;

export default definePlugin({
  kind: "match",
  name: "akaze",
  version: "1",
  summary: "Finds tie points by AKAZE features: keeps to outlines where others blur them.",
  cite: ["doi:10.5244/C.27.13"],
  params: {
    maxKeypoints,
    threshold: {
      type: "number",
      minimum: 0,
      maximum: 1,
      default: 0.001,
      description:
        "Least determinant of the Hessian, in squares of the image's range (OpenCV's measure). Lower finds more.",
    },
    upright,
    ratio,
    mutual,
    ...placeParams,
    ...tiltParams,
  },
  inputs: { fixed: "image", moving: "image", fixedMask: "image?", movingMask: "image?" },
  outputs: { matches: "matches" },
  run: (inputs, params, context) =>
    matchFeatures(inputs, { ...params, detector: "akaze", descriptor: "mldb", direction: "auto" }, context),
});
