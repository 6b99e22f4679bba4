import { definePlugin, ok, pixelLength, registerByFreeForm } from "tiepoint/plugin";

export default definePlugin({
  kind: "match",
  name: "bspline",
  version: "1",
  summary: "Bends an image onto another by a cubic B-spline lattice, after a global alignment.",
  cite: ["doi:10.1109/42.796284"],
  params: {
    metric: {
      type: "string",
      enum: ["ssd", "ncc", "mutual-information"],
      default: "ncc",
      description:
        "ncc: each place up to a brightness and a contrast of its own, so that light may change over the image; ssd: one gain and one offset for all of it, a little more exact where that is so; mutual-information: any relation of brightness, for images of different kinds.",
    },
    latticeSpacing: {
      type: "number",
      unit: "length",
      minimum: 0,
      optional: true,
      description:
        "Distance between the nodes of the lattice, in pixels of the fixed image or as a physical length: about the size of what bends. When absent, a twentieth of the image, but 40 pixels at least.",
    },
    bending: {
      type: "number",
      minimum: 0,
      maximum: 1000,
      default: 0.001,
      description: "Weight of smoothness beside the images; more makes the bend stiffer.",
    },
    effort: {
      type: "string",
      enum: ["fast", "standard"],
      default: "standard",
      description: "fast: fewer steps, and the finest level only in passing.",
    },
    maxSide: {
      type: "number",
      unit: "length",
      minimum: 32,
      default: "4096 px",
      description: "Longer images are compared at a coarser level.",
    },
  },
  inputs: { fixed: "image", moving: "image", fixedMask: "image?", movingMask: "image?", start: "transform?" },
  outputs: { transform: "transform" },
  async run(inputs, { metric, latticeSpacing, bending, effort, maxSide }, context) {
    const { grid } = inputs.fixed;
    const side = pixelLength(maxSide, grid);
    if (!side.ok) return side;
    const spacing = latticeSpacing === undefined ? ok(undefined) : pixelLength(latticeSpacing, grid);
    if (!spacing.ok) return spacing;
    const request = { metric, spacing: spacing.value, bending, effort, maxSide: side.value };
    return registerByFreeForm(inputs, request, context);
  },
});
