import { definePlugin, pixelLength, registerByIntensity } from "tiepoint/plugin";

export default definePlugin({
  kind: "match",
  name: "intensity",
  version: "2",
  summary:
    "Aligns images of one kind by their intensities: the most accurate where brightness is alike up to gain and offset.",
  cite: ["doi:10.1109/TPAMI.2008.113", "doi:10.1023/B:VISI.0000011205.11775.fd"],
  params: {
    model: {
      type: "string",
      enum: ["translation", "rigid", "similarity", "affine", "projective"],
      default: "affine",
      description:
        "What the transform may do: translation shifts; rigid turns too; similarity also scales, affine also shears, projective also tilts.",
    },
    metric: {
      type: "string",
      enum: ["ecc", "ssd"],
      default: "ecc",
      description: "ecc: brightness may differ by a gain and an offset; ssd: intensities are the same in both images.",
    },
    robust: {
      type: "boolean",
      default: false,
      description: "Pixels that do not follow the others, such as clouds or what moved, count little.",
    },
    rotation: {
      type: "number",
      unit: "angle",
      minimum: 0,
      maximum: Math.PI,
      default: "30 deg",
      description: "How far the images may be turned to each other, either way; 180 deg tries all.",
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
  async run(inputs, { model, metric, robust, rotation, maxSide }, context) {
    const side = pixelLength(maxSide, inputs.fixed.grid);
    if (!side.ok) return side;
    return registerByIntensity(inputs, { model, metric, robust, turns: rotation, maxSide: side.value }, context);
  },
});
