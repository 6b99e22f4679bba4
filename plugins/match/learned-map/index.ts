import { definePlugin, judgeMap, openNetwork, predictedMap, type Registration, tensorParams } from "tiepoint/plugin";

const name = (what: string) =>
  ({ type: "string", optional: true, description: `Name of the ${what}, where it does not say so itself.` }) as const;

export default definePlugin({
  kind: "match",
  name: "learned-map",
  version: "1",
  summary:
    "Registers by a network of your own that gives the map at once, an ONNX file such as VoxelMorph; the pixels judge it.",
  cite: ["doi:10.1109/TMI.2019.2897538"],
  params: {
    gives: {
      type: "string",
      enum: ["displacement", "affine", "homography"],
      description:
        "What the network gives: a displacement at every pixel, or the numbers of an affine map or a homography.",
    },
    order: {
      type: "string",
      enum: ["yx", "xy"],
      default: "yx",
      description:
        "Which coordinate comes first in what it gives; VoxelMorph has y first, spatial transformers have x.",
    },
    unit: {
      type: "string",
      enum: ["pixels", "normalised"],
      default: "pixels",
      description:
        "Coordinates of the map: pixels of what the network sees, the first centre at 0; or -1 to 1 over the image.",
    },
    ends: {
      type: "string",
      enum: ["edges", "centres"],
      default: "edges",
      description:
        "Where -1 and 1 are when normalised: the image's outer edges, or the centres of its outermost pixels (align_corners).",
    },
    direction: {
      type: "string",
      enum: ["fixed-to-moving", "moving-to-fixed"],
      default: "fixed-to-moving",
      description: "From which image's points the map leads; what warps the moving image leads from the fixed one.",
    },
    ...tensorParams,
    inputFixed: name("input for the fixed image"),
    inputMoving: name("input for the moving image"),
    output: name("output with the map"),
  },
  inputs: { fixed: "image", moving: "image", model: "model" },
  outputs: { transform: "transform" },
  async run({ fixed, moving, model }, params, { signal }) {
    const network = await openNetwork(model);
    if (!network.ok) return network;
    try {
      const names = { fixed: params.inputFixed, moving: params.inputMoving, output: params.output };
      const found = await predictedMap(network.value, { fixed, moving }, { ...params, names }, signal);
      if (!found.ok) return found;
      const verdict = await judgeMap(found.value, { fixed, moving }, signal);
      const transform: Registration = { transform: found.value, fixed: fixed.grid, moving: moving.grid, verdict };
      return { ok: true, value: { transform }, metrics: verdict.metrics, verdict };
    } finally {
      await network.value.close();
    }
  },
});
