import { definePlugin, pixelLength, registerBySpectra } from "tiepoint/plugin";

export default definePlugin({
  kind: "match",
  name: "fourier-mellin",
  version: "1",
  summary: "Finds any turn, a scale and a shift between two images of one kind by their spectra, then refines them.",
  cite: ["doi:10.1109/83.506761", "doi:10.1109/TIP.2011.2181402"],
  params: {
    rotation: {
      type: "number",
      unit: "angle",
      minimum: 0,
      maximum: Math.PI,
      default: "180 deg",
      description: "How far the images may be turned to each other, either way; 180 deg is any turn.",
    },
    scale: {
      type: "number",
      minimum: 1,
      maximum: 4,
      default: 2,
      description:
        "How many times larger or smaller the moving image may show things than the pixel sizes, or else the sizes, of the images say.",
    },
    refine: {
      type: "boolean",
      default: true,
      description: "Whether intensities refine what the spectra give; without, it is good to about a pixel.",
    },
    maxSide: {
      type: "number",
      unit: "length",
      minimum: 32,
      default: "4096 px",
      description: "Longer images are refined at a coarser level; spectra are taken at 512 pixels at most.",
    },
  },
  inputs: { fixed: "image", moving: "image", fixedMask: "image?", movingMask: "image?" },
  outputs: { transform: "transform" },
  async run(inputs, { rotation, scale, refine, maxSide }, context) {
    const side = pixelLength(maxSide, inputs.fixed.grid);
    if (!side.ok) return side;
    return registerBySpectra(inputs, { rotation, scale, refine, maxSide: side.value }, context);
  },
});
