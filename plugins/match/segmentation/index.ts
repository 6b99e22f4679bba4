import {
  definePlugin,
  failed,
  lackOfSegmentMemory,
  matchRegions,
  regionsOf,
  scaleParams,
  scaleRangeProblem,
  segmentParams,
  segmentSettings,
} from "tiepoint/plugin";

export default definePlugin({
  kind: "match",
  name: "segmentation",
  version: "1",
  summary:
    "Finds tie points between regions by their places and forms, whatever they look like: labels, masks, stains.",
  cite: ["doi:10.1109/99.641604", "doi:10.1109/TSMC.1979.4310076"],
  params: {
    fixedForeground: {
      type: "string",
      enum: ["bright", "dark"],
      default: "bright",
      description:
        "Whether regions of the fixed image are brighter or darker than its ground. Not for labels and masks.",
    },
    movingForeground: {
      type: "string",
      enum: ["bright", "dark"],
      default: "bright",
      description: "The same for the moving image.",
    },
    ...segmentParams,
    tolerance: {
      type: "number",
      unit: "ratio",
      minimum: 0.005,
      maximum: 0.25,
      default: "8 %",
      description: "How far a centroid may lie from where it belongs, as a share of the distance between regions.",
    },
    ...scaleParams,
  },
  inputs: { fixed: "image", moving: "image" },
  outputs: { matches: "matches" },
  async run({ fixed, moving }, params, context) {
    const wrongRange = scaleRangeProblem(params.minScale, params.maxScale);
    if (wrongRange) return failed(wrongRange);
    const { signal, memory } = context;
    const a = segmentSettings(params, params.fixedForeground, fixed.grid);
    if (!a.ok) return a;
    const b = segmentSettings(params, params.movingForeground, moving.grid);
    if (!b.ok) return b;
    const short = [
      ...lackOfSegmentMemory("the fixed image", fixed, a.value, memory),
      ...lackOfSegmentMemory("the moving image", moving, b.value, memory),
    ];
    if (short.length > 0) return failed(...short);
    signal.throwIfAborted();
    const f = await regionsOf(fixed, a.value, signal);
    if (!f.ok) return f;
    context.progress(0.3);
    const m = await regionsOf(moving, b.value, signal);
    if (!m.ok) return m;
    context.progress(0.6);
    const { tolerance, distortion } = params;
    return matchRegions(
      { image: fixed, runs: f.value },
      { image: moving, runs: m.value },
      { tolerance, distortion, scale: [params.minScale, params.maxScale], neighbours: 8, maxPoints: 20000 },
      context,
    );
  },
});
