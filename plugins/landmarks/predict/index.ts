import { decodeLandmarkModel, definePlugin, predictLandmarks } from "tiepoint/plugin";

export default definePlugin({
  kind: "landmarks",
  name: "predict",
  version: "1",
  summary: "Finds the named points of a trained model in an image, each with the chance that it is right.",
  cite: ["doi:10.1109/CVPR.2014.241"],
  params: {
    mirror: {
      type: "boolean",
      default: false,
      description:
        "Looks for the mirror image too, for specimens that lie either way up; what looks more alike is taken.",
    },
  },
  inputs: { in: "image", model: "model" },
  outputs: { points: "points", metrics: "metrics" },
  async run({ in: image, model: file }, { mirror }, { signal, memory }) {
    signal.throwIfAborted();
    const model = decodeLandmarkModel(file);
    if (!model.ok) return model;
    const predicted = await predictLandmarks(model.value, image, { mirror, memory }, signal);
    if (!predicted.ok) return predicted;
    const { points, likeness, usualLikeness, radiusPx, isMirrored, notes } = predicted.value;
    const confidence = points.confidence!;
    const metrics = {
      confidence: { value: confidence.reduce((sum, c) => sum + c, 0) / confidence.length },
      "lowest-confidence": { value: confidence.reduce((least, c) => Math.min(least, c), 1) },
      likeness: { value: likeness },
      "usual-likeness": { value: usualLikeness },
      size: { value: 2 * radiusPx, unit: "px" },
      mirrored: { value: isMirrored ? 1 : 0 },
    };
    return { ok: true, value: { points, metrics }, metrics, notes };
  },
});
