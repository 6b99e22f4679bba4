import { definePlugin, pixelLength, registerByInformation } from "tiepoint/plugin";

export default definePlugin({
  kind: "match",
  name: "mutual-information",
  version: "1",
  summary: "Aligns images of different kinds by what their intensities tell of each other: CT and MRI, two stains.",
  cite: ["doi:10.1023/A:1007958904918", "doi:10.1109/TMI.2003.809072", "doi:10.1016/S0031-3203(98)00091-0"],
  params: {
    model: {
      type: "string",
      enum: ["translation", "rigid", "similarity", "affine"],
      default: "affine",
      description:
        "What the transform may do: translation shifts; rigid turns too; similarity also scales, affine also shears.",
    },
    metric: {
      type: "string",
      enum: ["mattes", "normalised"],
      default: "mattes",
      description:
        "mattes: mutual information; normalised: what both tell over what the pair tells, which depends less on the overlap.",
    },
    features: {
      type: "string",
      enum: ["intensity", "gradient"],
      default: "intensity",
      description:
        "What is compared: intensities, or how strong edges are, where little else is shared (radar and photograph); then edges are searched first, at any turn.",
    },
    rotation: {
      type: "number",
      unit: "angle",
      minimum: 0,
      maximum: Math.PI,
      default: "30 deg",
      description: "How far the images may be turned to each other, either way; 180 deg tries all.",
    },
    minScale: {
      type: "number",
      minimum: 0.25,
      maximum: 1,
      default: 0.75,
      description: "Smallest factor to look for, relative to the start.",
    },
    maxScale: {
      type: "number",
      minimum: 1,
      maximum: 4,
      default: 1.35,
      description: "Largest factor to look for, relative to the start.",
    },
    shift: {
      type: "number",
      unit: "ratio",
      minimum: 0,
      maximum: 1,
      default: "20 %",
      description:
        "How far the images may be shifted from the start, either way, as a share of the fixed image's long side.",
    },
    bins: {
      type: "integer",
      minimum: 8,
      maximum: 240,
      default: 64,
      description: "Bins of either side's intensities at the finest level; fewer where samples are few.",
    },
    sampling: {
      type: "number",
      optional: true,
      minimum: 0,
      maximum: 16,
      description:
        "Side of the cells, in pixels, that have one sample each at the finest level; 0 for one on every pixel. By default 1.5 in an image of a megapixel, 1 in a small one.",
    },
    maxSide: {
      type: "number",
      unit: "length",
      minimum: 32,
      default: "4096 px",
      description: "Longer images are matched at a coarser level.",
    },
  },
  inputs: { fixed: "image", moving: "image", fixedMask: "image?", movingMask: "image?", start: "transform?" },
  outputs: { transform: "transform" },
  async run(inputs, { rotation, minScale, maxScale, sampling, maxSide, ...params }, context) {
    const side = pixelLength(maxSide, inputs.fixed.grid);
    if (!side.ok) return side;
    return registerByInformation(
      inputs,
      {
        ...{ ...params, turns: rotation, scales: [minScale, maxScale], maxSide: side.value },
        sampling: sampling === 0 ? "all" : sampling,
      },
      context,
    );
  },
});
