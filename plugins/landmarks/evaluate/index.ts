import { definePlugin, evaluateLandmarks } from "tiepoint/plugin";

export default definePlugin({
  kind: "landmarks",
  name: "evaluate",
  version: "1",
  summary: "Compares predicted points with true ones: errors of each image, of each point, and of all.",
  params: {},
  inputs: { images: "image[]", predicted: "points[]", truth: "points[]" },
  outputs: { images: "table", points: "table", metrics: "metrics" },
  async run({ images, predicted, truth }, _params, { signal }) {
    signal.throwIfAborted();
    const evaluated = evaluateLandmarks(images, predicted, truth);
    if (!evaluated.ok) return evaluated;
    const { notes, ...value } = evaluated.value;
    return { ok: true, value, metrics: value.metrics, notes };
  },
});
