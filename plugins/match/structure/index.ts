import { definePlugin, pixelLength, registerByStructure } from "tiepoint/plugin";

export default definePlugin({
  kind: "match",
  name: "structure",
  version: "1",
  summary:
    "Aligns images of any modality by their edges, whatever the contrast: any shift and rotation, no initial guess.",
  cite: ["doi:10.5244/C.16.11", "doi:10.1109/TIP.2011.2181402"],
  params: {
    model: {
      type: "string",
      enum: ["similarity", "affine"],
      default: "affine",
      description: "What the transform may do: similarity turns, scales and shifts; affine also shears.",
    },
    flips: {
      type: "boolean",
      default: false,
      description: "Look for mirror images too, as a section that was turned over. Twice the work.",
    },
    tilts: {
      type: "boolean",
      default: false,
      description: "Look for views at a slant too, as of a camera that moved around the scene. Twice the work.",
    },
    minOverlap: {
      type: "number",
      unit: "ratio",
      minimum: 0.05,
      maximum: 1,
      default: "30 %",
      description: "Least overlap to look for, as a share of the smaller image.",
    },
    minScale: {
      type: "number",
      minimum: 0.1,
      maximum: 10,
      default: 0.5,
      description: "Least scale to look for, relative to what makes the images' long sides equal.",
    },
    maxScale: {
      type: "number",
      minimum: 0.1,
      maximum: 10,
      default: 2,
      description: "Greatest scale to look for, relative to what makes the images' long sides equal.",
    },
    maxSide: {
      type: "number",
      unit: "length",
      minimum: 64,
      default: "1024 px",
      description: "Longer images are matched at a coarser level.",
    },
  },
  inputs: { fixed: "image", moving: "image", fixedMask: "image?", movingMask: "image?" },
  outputs: { transform: "transform", matches: "matches" },
  run: async (inputs, params, context) => {
    const { model, flips, tilts, minOverlap, minScale, maxScale, maxSide } = params;
    const side = pixelLength(maxSide, inputs.fixed.grid);
    if (!side.ok) return side;
    const scales = [minScale, Math.max(minScale, maxScale)] as const;
    return registerByStructure(inputs, { model, flips, tilts, minOverlap, scales, maxSide: side.value }, context);
  },
});
