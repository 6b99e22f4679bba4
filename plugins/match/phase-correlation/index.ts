import { definePlugin, pixelLength, registerByShift } from "tiepoint/plugin";

export default definePlugin({
  kind: "match",
  name: "phase-correlation",
  version: "1",
  summary:
    "Finds the shift between two images of one scale and direction, to some thousandths of a pixel, with its error.",
  cite: ["doi:10.1109/TIP.2011.2181402"],
  params: {
    maxShift: {
      type: "number",
      unit: "length",
      minimum: 0,
      optional: true,
      description:
        "Longest shift to look for, from where the files' coordinates put the images. Left out: any that leaves half of the shorter side in both directions.",
    },
    sensorPattern: {
      type: "boolean",
      default: false,
      description:
        "Both images come from one sensor that leaves a pattern of its own, as dust or dark pixels do: no shift counts that lays pixel on pixel.",
    },
  },
  inputs: { fixed: "image", moving: "image", fixedMask: "image?", movingMask: "image?" },
  outputs: { transform: "transform" },
  async run(inputs, { maxShift, sensorPattern }, context) {
    const longest = maxShift && pixelLength(maxShift, inputs.fixed.grid);
    if (longest && !longest.ok) return longest;
    const search = { sensorPattern, ...(longest ? { maxShift: longest.value } : {}) };
    const found = await registerByShift(inputs, search, context);
    if (!found.ok) return found;
    const { verdict } = found.value;
    return { ok: true, value: { transform: found.value }, metrics: verdict.metrics, verdict };
  },
});
