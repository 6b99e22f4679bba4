import { definePlugin, estimateFromMatches, estimateParams } from "tiepoint/plugin";

export default definePlugin({
  kind: "estimate",
  name: "similarity",
  version: "1",
  summary: "Finds rotation, uniform scale and shift from tie points.",
  cite: ["doi:10.1109/CVPR.2005.221", "doi:10.1109/CVPR42600.2020.00138", "doi:10.1023/B:VISI.0000013094.38752.54"],
  params: estimateParams,
  inputs: { matches: "matches" },
  outputs: { transform: "transform", matches: "matches" },
  run: ({ matches }, params, context) => estimateFromMatches("similarity", matches, params, context),
});
