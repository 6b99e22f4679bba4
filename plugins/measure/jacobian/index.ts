import { definePlugin, failed, jacobianImage, jacobianMetrics, problem } from "tiepoint/plugin";

export default definePlugin({
  kind: "measure",
  name: "jacobian",
  version: "2",
  summary: "Measures how a transform changes areas, place by place, and where it folds.",
  cite: ["doi:10.1006/nimg.2001.0862"],
  params: {},
  inputs: { transform: "transform", like: "image?" },
  outputs: { image: "image", metrics: "metrics" },
  async run({ transform, like }, _params, { signal }) {
    signal.throwIfAborted();
    const grid = like?.grid ?? transform.fixed;
    if (!grid) {
      return failed(
        problem(
          "grid-unknown",
          "The transform does not tell the fixed image's size, so it is open where to look",
          "Add like: with the fixed image.",
        ),
      );
    }
    const metrics = jacobianMetrics(transform.transform, grid);
    return { ok: true, value: { image: jacobianImage(transform.transform, grid), metrics }, metrics };
  },
});
