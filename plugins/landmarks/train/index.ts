import { definePlugin, encodeLandmarkModel, meanPoints, trainingSet, trainLandmarks } from "tiepoint/plugin";

export default definePlugin({
  kind: "landmarks",
  name: "train",
  version: "1",
  summary: "Learns from a few annotated images where named points are, and says how well by cross-validation.",
  cite: ["doi:10.1109/CVPR.2014.241", "doi:10.1109/TPAMI.2014.2382106", "doi:10.1109/CVPR.2009.5206740"],
  params: {
    tolerance: {
      type: "number",
      unit: "ratio",
      minimum: 0.001,
      maximum: 1,
      default: "5 %",
      description:
        "What counts as right: confidence is the chance of a point to lie within this share of the size of the shape (twice the root of the mean squared distance of its points from their centre).",
    },
    folds: {
      type: "integer",
      minimum: 2,
      maximum: 20,
      default: 4,
      description: "Parts of the cross-validation that errors, the learning curve and confidences rest on.",
    },
    levels: {
      type: "integer",
      minimum: 1,
      maximum: 50,
      default: 10,
      description: "Levels of the cascade: how often the surroundings of the points are looked at anew.",
    },
    trees: {
      type: "integer",
      minimum: 1,
      maximum: 1000,
      default: 100,
      description: "Trees at each level.",
    },
    depth: {
      type: "integer",
      minimum: 1,
      maximum: 8,
      default: 4,
      description: "Splits from the root of a tree to a leaf.",
    },
    searchTrees: {
      type: "integer",
      minimum: 1,
      maximum: 200,
      default: 20,
      description: "Trees of the first search, which finds roughly where the points are in the whole image.",
    },
    samples: {
      type: "integer",
      minimum: 100,
      maximum: 100_000,
      default: 3000,
      description:
        "Starts of the cascade from all images together, each a little off: more takes longer and varies more.",
    },
  },
  inputs: { images: "image[]", points: "points[]" },
  outputs: { model: "model", mean: "points", curve: "table", images: "table", metrics: "metrics" },
  async run({ images, points }, { tolerance, ...params }, context) {
    context.signal.throwIfAborted();
    const set = trainingSet(images, points);
    if (!set.ok) return set;
    const trained = await trainLandmarks(set.value, { ...params, tolerance: 2 * tolerance }, context);
    if (!trained.ok) return trained;
    const { model, curve, images: errors, metrics } = trained.value;
    return {
      ok: true,
      value: { model: encodeLandmarkModel(model), mean: meanPoints(set.value), curve, images: errors, metrics },
      metrics,
      notes: set.value.notes,
    };
  },
});
