import { bendingParams, definePlugin, estimateBending } from "tiepoint/plugin";

export default definePlugin({
  kind: "estimate",
  name: "bspline",
  version: "1",
  summary: "Bends the plane smoothly by a cubic B-spline on a lattice, from many tie points.",
  cite: ["doi:10.1109/42.796284", "doi:10.1109/2945.620490", "doi:10.1109/CVPR.2005.221"],
  params: {
    ...bendingParams,
    latticeSpacing: {
      type: "number",
      unit: "length",
      minimum: 0,
      optional: true,
      description:
        "Distance between the coefficients, in pixels of the fixed image or as a physical length; finer follows more. When absent, about two points to each.",
    },
    maxKnots: { ...bendingParams.maxKnots, default: 600 },
  },
  inputs: { matches: "matches" },
  outputs: { transform: "transform", matches: "matches" },
  run: ({ matches }, params, context) => estimateBending("bspline", matches, params, context),
});
