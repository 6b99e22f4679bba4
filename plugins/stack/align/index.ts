import {
  alignStack,
  channelOf,
  type Diagnostic,
  definePlugin,
  failed,
  isCategorical,
  judgeStack,
  pixelLength,
  problem,
  type SliceFault,
  slicePairsTable,
  slicesOf,
  slicesTable,
  warning,
} from "tiepoint/plugin";

export default definePlugin({
  kind: "stack",
  name: "align",
  version: "1",
  summary: "Aligns the slices of a stack, or the frames of a time series, to each other.",
  cite: ["doi:10.1109/83.650848", "doi:10.1093/bioinformatics/btr652"],
  judged: true,
  params: {
    model: {
      type: "string",
      enum: ["translation", "rigid", "similarity", "affine"],
      default: "rigid",
      description:
        "What each slice may do: translation shifts, rigid also turns, similarity also scales, affine also shears.",
    },
    against: {
      type: "string",
      enum: ["range", "previous", "first", "mean"],
      default: "range",
      description:
        "What each slice is compared with: all slices within the range, and some far away where they still look alike; the one before; the reference slice; or, after the range, the mean of all, where all show one thing.",
    },
    range: {
      type: "integer",
      minimum: 1,
      maximum: 20,
      default: 2,
      description:
        "Slices before it that each is compared with. More hold together a stack with bad slices, and take longer.",
    },
    reference: {
      type: "string",
      enum: ["first", "middle", "last"],
      default: "first",
      description: "The slice that stays where it is.",
    },
    matcher: {
      type: "string",
      enum: ["auto", "intensity", "features"],
      default: "auto",
      description:
        "How two slices are brought together: intensity compares grey values, from where the neighbours lie; features finds any shift and rotation first; auto does that where intensity leads nowhere.",
    },
    compare: {
      type: "string",
      enum: ["edges", "brightness"],
      default: "edges",
      description:
        "What two slices agree by in the end: edges follow structures where these change from slice to slice; brightness is faster and as good for frames of one scene.",
    },
    channel: {
      type: "string",
      optional: true,
      description: "Band to compare, where each slice has several; all as one gray image when absent.",
    },
    trend: {
      type: "string",
      enum: ["remove", "keep"],
      default: "remove",
      description:
        "What becomes of slow change along the stack: remove aligns each slice with the next; keep corrects jitter alone, so that structures that run aslant keep their slant.",
    },
    trendLength: {
      type: "integer",
      minimum: 1,
      maximum: 100_000,
      default: 10,
      description: "With trend: keep, slices within which jitter averages out; what changes more slowly is kept.",
    },
    maxSide: {
      type: "number",
      unit: "length",
      minimum: 64,
      default: "2048 px",
      description: "Larger slices are compared at a coarser level.",
    },
  },
  inputs: { slices: "image[]" },
  outputs: { transforms: "table", pairs: "table" },
  async run({ slices: images }, params, context) {
    const { model, against, range, reference, matcher, compare, channel, trend, trendLength } = params;
    const all = slicesOf(images);
    if (!all.ok) return all;
    const odd = all.value.find(({ image }) => isCategorical(image));
    if (odd) {
      return failed(
        problem(
          "slices-are-labels",
          `Expected images to compare, but ${odd.name} holds ${odd.image.meaning}`,
          "Align the images that they belong to, and bring them along by stack/apply.",
        ),
      );
    }
    const slices = channel === undefined ? all : channelOf(all.value, channel);
    if (!slices.ok) return slices;
    const side = pixelLength(params.maxSide, slices.value[0]!.image.grid);
    if (!side.ok) return side;
    const last = slices.value.length - 1;
    const options = {
      ...{ family: model, matcher, compare, against, range, maxSide: Math.max(64, side.value) },
      reference: reference === "first" ? 0 : reference === "last" ? last : last >> 1,
      ...(trend === "keep" ? { keepTrend: trendLength } : {}),
    };
    const found = await alignStack(slices.value, options, context);
    const verdict = judgeStack(found.evidence);
    const names = slices.value.map((s) => s.name);
    return {
      ok: true,
      value: { transforms: slicesTable(found.transforms), pairs: slicePairsTable(found.pairs) },
      metrics: verdict.metrics,
      verdict,
      notes: [...notesOf(names, found.faults), ...lostNotes(names, found.transforms.state)],
    };
  },
});

const words: Readonly<Record<SliceFault, string>> = {
  unreadable: "cannot be read",
  blank: "shows nothing",
  unlike: "looks like none of its neighbours",
  "out-of-focus": "is out of focus",
};

/** Bad slices by name, up to ten of each kind. */
function notesOf(names: readonly string[], faults: ReadonlyMap<number, SliceFault>): Diagnostic[] {
  return (Object.keys(words) as SliceFault[]).flatMap((fault) => {
    const bad = [...faults].filter(([, f]) => f === fault).map(([i]) => names[i]!);
    if (bad.length === 0) return [];
    const listed = `${bad.slice(0, 10).join(", ")}${bad.length > 10 ? ` and ${bad.length - 10} more` : ""}`;
    return [
      warning(
        "bad-slice",
        `${listed} ${bad.length === 1 ? words[fault] : plural[fault]}: not used, and placed between the neighbours`,
        "Look at them; the column state of the transforms tells them (bridged).",
      ),
    ];
  });
}

const plural: Readonly<Record<SliceFault, string>> = {
  unreadable: "cannot be read",
  blank: "show nothing",
  unlike: "look like none of their neighbours",
  "out-of-focus": "are out of focus",
};

function lostNotes(names: readonly string[], state: readonly string[]): Diagnostic[] {
  const lost = names.filter((_, i) => state[i] === "lost");
  if (lost.length === 0) return [];
  return [
    warning(
      "slice-lost",
      `${lost.slice(0, 10).join(", ")}${lost.length > 10 ? ` and ${lost.length - 10} more` : ""}: no neighbour tells where ${lost.length === 1 ? "it lies" : "they lie"}; placed as the nearest slice`,
      "Look at them, or leave them out.",
    ),
  ];
}
