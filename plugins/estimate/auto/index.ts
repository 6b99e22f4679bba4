import { definePlugin, estimateFromMatches, estimateParams } from "tiepoint/plugin";

export default definePlugin({
  kind: "estimate",
  name: "auto",
  version: "1",
  summary: "Finds the stiffest of similarity, affine and projective maps that tie points are content with.",
  cite: [
    "doi:10.1007/978-3-642-37447-0_20",
    "doi:10.1109/CVPR42600.2020.00138",
    "doi:10.1023/B:VISI.0000013094.38752.54",
  ],
  params: estimateParams,
  inputs: { matches: "matches" },
  outputs: { transform: "transform", matches: "matches" },
  run: ({ matches }, params, context) => estimateFromMatches("auto", matches, params, context),
});
