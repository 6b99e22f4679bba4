import {
  decodeLandmarkModel,
  definePlugin,
  failed,
  heatMapPoints,
  type Image,
  type Model,
  openNetwork,
  predictLandmarks,
  problem,
  tensorParams,
} from "tiepoint/plugin";

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
    names: {
      type: "array",
      items: { type: "string", description: "A point." },
      minItems: 1,
      maxItems: 1000,
      optional: true,
      description: "For an ONNX network: what its heat maps show, in their order.",
    },
    heatMaps: {
      type: "string",
      optional: true,
      description: "For an ONNX network: name of the output with a heat map per point, where it has several.",
    },
    offsets: {
      type: "string",
      optional: true,
      description:
        "For an ONNX network: name of the output with two maps per point that say how far it lies from its cell.",
    },
    offsetScale: {
      type: "number",
      default: 1,
      description: "For an ONNX network: pixels that it sees per unit of the offsets; 7.2801 for DeepLabCut.",
    },
    activation: {
      type: "string",
      enum: ["none", "sigmoid"],
      default: "none",
      description: "For an ONNX network: what makes a value of a heat map a confidence; sigmoid for logits.",
    },
    ...tensorParams,
  },
  inputs: { in: "image", model: "model" },
  outputs: { points: "points", metrics: "metrics" },
  async run({ in: image, model: file }, params, { signal, memory }) {
    signal.throwIfAborted();
    const { mirror } = params;
    if (file.format === "onnx") return byNetwork(image, file, params, signal);
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

/** Points by a user's own network, by the convention that the parameters declare. */
async function byNetwork(
  image: Image,
  model: Model,
  params: Omit<Parameters<typeof heatMapPoints>[2], "names"> & { readonly names: readonly string[] | undefined },
  signal: AbortSignal,
) {
  const { names } = params;
  if (!names) {
    return failed(
      problem(
        "names-missing",
        "An ONNX network does not say what its heat maps show",
        "List the points in the order of the maps: names: [left wing, right wing].",
      ),
    );
  }
  const network = await openNetwork(model);
  if (!network.ok) return network;
  try {
    const found = await heatMapPoints(network.value, image, { ...params, names }, signal);
    if (!found.ok) return found;
    const confidence = found.value.confidence!;
    const metrics = {
      confidence: { value: confidence.reduce((sum, c) => sum + c, 0) / confidence.length },
      "lowest-confidence": { value: confidence.reduce((least, c) => Math.min(least, c), 1) },
    };
    return { ok: true as const, value: { points: found.value, metrics }, metrics };
  } finally {
    await network.value.close();
  }
}
