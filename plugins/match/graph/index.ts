import { definePlugin, failed, matchPointSets, problem, scaleParams, scaleRangeProblem } from "tiepoint/plugin";

export default definePlugin({
  kind: "match",
  name: "graph",
  version: "1",
  summary:
    "Finds tie points between two sets of points by their places alone: any rotation, unknown scale, many missing.",
  cite: ["doi:10.1109/99.641604", "doi:10.1086/114099", "doi:10.1023/B:VISI.0000013094.38752.54"],
  params: {
    tolerance: {
      type: "number",
      unit: "ratio",
      minimum: 0.005,
      maximum: 0.25,
      default: "8 %",
      description: "How far a point may lie from where it belongs, as a share of the typical distance between points.",
    },
    ...scaleParams,
    neighbours: {
      type: "integer",
      minimum: 4,
      maximum: 20,
      default: 8,
      description: "Nearest neighbours with which a point makes triangles. More for sets of which few points agree.",
    },
    maxPoints: {
      type: "integer",
      minimum: 6,
      maximum: 100000,
      default: 20000,
      description: "The most trusted points of either set that are used.",
    },
  },
  inputs: { fixed: "points", moving: "points", fixedImage: "image?", movingImage: "image?" },
  outputs: { matches: "matches" },
  async run({ fixed, moving, fixedImage, movingImage }, params, context) {
    const wrongRange = scaleRangeProblem(params.minScale, params.maxScale);
    if (wrongRange) return failed(wrongRange);
    if (!fixedImage !== !movingImage)
      return failed(
        problem(
          "one-image",
          `Expected both images or none, but received the ${fixedImage ? "fixed" : "moving"} one alone`,
          `Give ${fixedImage ? "moving" : "fixed"}-image too, or leave both out.`,
        ),
      );
    const images = fixedImage && movingImage ? { fixed: fixedImage, moving: movingImage } : undefined;
    return matchPointSets(fixed, moving, { ...params, scale: [params.minScale, params.maxScale] }, context, images);
  },
});
