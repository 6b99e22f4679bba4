import { bendingParams, definePlugin, estimateBending } from "tiepoint/plugin";

export default definePlugin({
  kind: "estimate",
  name: "tps",
  version: "2",
  summary: "Bends the plane smoothly by a thin-plate spline, from tie points or from landmarks.",
  cite: ["doi:10.1109/34.24792", "doi:10.1137/1.9781611970128", "doi:10.1109/CVPR.2005.221"],
  params: bendingParams,
  inputs: { matches: "matches" },
  outputs: { transform: "transform", matches: "matches" },
  run: ({ matches }, params, context) => estimateBending("tps", matches, params, context),
});
