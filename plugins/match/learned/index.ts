import { definePlugin, matchedPoints, openNetwork, tensorParams } from "tiepoint/plugin";

const name = (what: string) =>
  ({ type: "string", optional: true, description: `Name of the ${what}, where it is not the usual one.` }) as const;

export default definePlugin({
  kind: "match",
  name: "learned",
  version: "1",
  summary: "Finds tie points by a matching network of your own, an ONNX file such as DISK with LightGlue.",
  cite: ["doi:10.1109/ICCV51070.2023.01616"],
  params: {
    minScore: {
      type: "number",
      minimum: 0,
      maximum: 1,
      default: 0,
      description: "Pairs that the network is less sure of are left out.",
    },
    ...tensorParams,
    inputFixed: name("input for the fixed image; the first"),
    inputMoving: name("input for the moving image; the second"),
    pointsFixed: name("output with the points of the fixed image"),
    pointsMoving: name("output with the points of the moving image"),
    pairs: name("output with the pairs of points"),
    scores: name("output with the score of each pair"),
    firstCentre: {
      type: "number",
      minimum: 0,
      maximum: 0.5,
      default: 0,
      description: "Where the centre of the first pixel lies in the network's coordinates: 0, or 0.5.",
    },
  },
  inputs: { fixed: "image", moving: "image", model: "model" },
  outputs: { matches: "matches" },
  async run({ fixed, moving, model }, params, { signal }) {
    const network = await openNetwork(model);
    if (!network.ok) return network;
    try {
      const names = {
        fixed: params.inputFixed,
        moving: params.inputMoving,
        fixedPoints: params.pointsFixed,
        movingPoints: params.pointsMoving,
        pairs: params.pairs,
        scores: params.scores,
      };
      const found = await matchedPoints(network.value, { fixed, moving }, { ...params, names }, signal);
      if (!found.ok) return found;
      const matches = found.value;
      return { ok: true, value: { matches }, metrics: { matches: { value: matches.fixed.length / 2 } } };
    } finally {
      await network.value.close();
    }
  },
});
