import {
  bendStack,
  channelOf,
  DiagnosticError,
  definePlugin,
  failed,
  isCategorical,
  judgeBends,
  ok,
  pixelLength,
  problem,
  sliceBendsTable,
  slicesInOrder,
  slicesOf,
  sliceTransforms,
  warning,
} from "tiepoint/plugin";

export default definePlugin({
  kind: "stack",
  name: "bspline",
  version: "1",
  summary: "Bends each slice of an aligned stack onto its neighbours by a cubic B-spline lattice.",
  cite: ["doi:10.1109/42.796284", "doi:10.1038/nmeth.2072"],
  judged: true,
  params: {
    metric: {
      type: "string",
      enum: ["ssd", "ncc"],
      default: "ncc",
      description:
        "ssd: brightness is the same in all slices, but for a gain and an offset; ncc: it may differ from place to place.",
    },
    latticeSpacing: {
      type: "number",
      unit: "length",
      minimum: 0,
      optional: true,
      description:
        "Distance between the nodes of the lattice, in pixels of the first slice or as a physical length: about the size of what bends. When absent, a twentieth of the slices.",
    },
    bending: {
      type: "number",
      minimum: 0,
      maximum: 1000,
      default: 0.001,
      description: "Weight of smoothness beside the images; more makes the bends stiffer.",
    },
    range: {
      type: "integer",
      minimum: 1,
      maximum: 10,
      default: 2,
      description: "Slices before and behind it that each is compared with, as their mean.",
    },
    sweeps: {
      type: "integer",
      minimum: 1,
      maximum: 20,
      default: 3,
      description: "Rounds in which every slice is compared, with its neighbours bent as found in the round before.",
    },
    trendLength: {
      type: "integer",
      minimum: 1,
      maximum: 100_000,
      default: 10,
      description:
        "Slices within which bends average out; what changes more slowly along the stack is taken for structure and kept.",
    },
    channel: {
      type: "string",
      optional: true,
      description: "Band to compare, where each slice has several; all as one gray image when absent.",
    },
    maxSide: {
      type: "number",
      unit: "length",
      minimum: 64,
      default: "1024 px",
      description: "Larger slices are compared at a coarser level.",
    },
  },
  inputs: { slices: "image[]", transforms: "table" },
  outputs: { bends: "table" },
  async run({ slices: images, transforms: table }, params, context) {
    const all = slicesOf(images);
    if (!all.ok) return all;
    const odd = all.value.find(({ image }) => isCategorical(image));
    if (odd) {
      return failed(
        problem(
          "slices-are-labels",
          `Expected images to compare, but ${odd.name} holds ${odd.image.meaning}`,
          "Bend the images that they belong to, and bring them along by stack/apply.",
        ),
      );
    }
    const shown = params.channel === undefined ? all : channelOf(all.value, params.channel);
    if (!shown.ok) return shown;
    const transforms = sliceTransforms(table);
    if (!transforms.ok) return transforms;
    const slices = slicesInOrder(shown.value, transforms.value);
    if (!slices.ok) return slices;
    const { grid } = slices.value[0]!.image;
    const side = pixelLength(params.maxSide, grid);
    if (!side.ok) return side;
    const spacing = params.latticeSpacing === undefined ? ok(undefined) : pixelLength(params.latticeSpacing, grid);
    if (!spacing.ok) return spacing;
    const { metric, bending, range, sweeps, trendLength } = params;
    const options = { metric, bending, range, sweeps, trendLength, spacing: spacing.value };
    try {
      const found = await bendStack(
        slices.value,
        transforms.value,
        { ...options, maxSide: Math.max(64, side.value) },
        context,
      );
      if (!found.ok) return found;
      const { bends, untold, evidence } = found.value;
      const verdict = judgeBends(evidence);
      return {
        ok: true,
        value: { bends: sliceBendsTable(bends) },
        metrics: verdict.metrics,
        verdict,
        notes: untold.length > 0 ? [unlike(untold.map((i) => slices.value[i]!.name))] : [],
      };
    } catch (error) {
      if (error instanceof DiagnosticError) return failed(...error.diagnostics);
      throw error;
    }
  },
});

const unlike = (names: readonly string[]) =>
  warning(
    "slice-not-bent",
    `${names.slice(0, 10).join(", ")}${names.length > 10 ? ` and ${names.length - 10} more` : ""}: looks like none of the neighbours, and bends as they do`,
    "Look at it: it may be damaged, or out of place.",
  );
