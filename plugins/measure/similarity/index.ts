import { definePlugin, measureDifference, measureSimilarity } from "tiepoint/plugin";

export default definePlugin({
  kind: "measure",
  name: "similarity",
  version: "2",
  summary: "Measures how alike two images are, before and after registration: NCC, NMI and SSIM.",
  cite: ["doi:10.1016/S0031-3203(98)00091-0", "doi:10.1109/TIP.2003.819861"],
  params: {},
  inputs: { fixed: "image", moving: "image", transform: "transform?" },
  outputs: { metrics: "metrics" },
  async run({ fixed, moving, transform }, _params, context) {
    const metrics = transform
      ? await measureSimilarity(fixed, moving, transform.transform, context)
      : await measureDifference(fixed, moving, context);
    return metrics.ok ? { ok: true, value: { metrics: metrics.value }, metrics: metrics.value } : metrics;
  },
});
