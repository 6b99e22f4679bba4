import { definePlugin, describeSift, detectSift, matchImages, placeParams, tiltParams } from "tiepoint/plugin";

export default definePlugin({
  kind: "match",
  name: "sift",
  version: "2",
  summary: "Finds tie points by SIFT features: any rotation and scale, moderate change of viewpoint and light.",
  cite: ["doi:10.1023/B:VISI.0000029664.99615.94", "doi:10.1109/CVPR.2012.6248018"],
  params: {
    maxKeypoints: {
      type: "integer",
      minimum: 10,
      maximum: 200000,
      default: 4000,
      description: "The strongest keypoints of each image that are described and compared.",
    },
    contrastThreshold: {
      type: "number",
      minimum: 0,
      maximum: 1,
      default: 0.02,
      description:
        "Least contrast of a keypoint, as a share of the image's range (OpenCV's measure). Lower finds more.",
    },
    edgeThreshold: {
      type: "number",
      minimum: 1,
      default: 10,
      description: "Largest ratio of the curvatures across and along: drops points that could slide along an edge.",
    },
    ratio: {
      type: "number",
      minimum: 0,
      maximum: 1,
      default: 0.85,
      description: "A match must be this much nearer than the second nearest. 1 keeps all.",
    },
    mutual: { type: "boolean", default: true, description: "A match must be the nearest in both directions." },
    descriptor: {
      type: "string",
      enum: ["rootsift", "sift"],
      default: "rootsift",
      description: "How gradients are compared; rootsift finds more.",
    },
    upsample: {
      type: "string",
      enum: ["auto", "yes", "no"],
      default: "auto",
      description:
        "Look at twice the size too: four times the work, more and smaller keypoints. auto: up to 4 megapixels.",
    },
    ...placeParams,
    ...tiltParams,
  },
  inputs: { fixed: "image", moving: "image", fixedMask: "image?", movingMask: "image?" },
  outputs: { matches: "matches" },
  run: (inputs, params, context) =>
    matchImages(
      inputs,
      ({ gray, mask }) => {
        const { maxKeypoints, contrastThreshold, edgeThreshold, spread } = params;
        const upsample = params.upsample === "auto" ? "auto" : params.upsample === "yes";
        const options = { maxKeypoints, contrastThreshold, edgeThreshold, spread, upsample } as const;
        const keypoints = detectSift(gray, mask ? { ...options, mask } : options);
        return describeSift(gray, keypoints, { descriptor: params.descriptor, limit: maxKeypoints });
      },
      params,
      context,
    ),
});
