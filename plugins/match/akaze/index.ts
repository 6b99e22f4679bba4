import { definePlugin, featureParams, matchFeatures, placeParams, tiltParams } from "tiepoint/plugin";

const { ratio, mutual } = featureParams;

export default definePlugin({
  kind: "match",
  name: "akaze",
  version: "1",
  summary: "Finds tie points by AKAZE features: keeps to outlines where others blur them; faster than SIFT.",
  cite: ["doi:10.5244/C.27.13"],
  params: {
    maxKeypoints: {
      type: "integer",
      minimum: 10,
      maximum: 200000,
      default: 5000,
      description: "The strongest keypoints of each image that are described and compared.",
    },
    threshold: {
      type: "number",
      minimum: 0,
      maximum: 1,
      default: 0.001,
      description:
        "Least determinant of the Hessian, in squares of the image's range (OpenCV's measure). Lower finds more.",
    },
    upright: {
      type: "boolean",
      default: false,
      description: "Take the images as turned alike: finds more where they are, and nothing where they are not.",
    },
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
