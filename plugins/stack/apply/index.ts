import {
  applyStack,
  channelOf,
  DiagnosticError,
  definePlugin,
  failed,
  interpolationParam,
  ok,
  problem,
  sliceBends,
  slicesOf,
  sliceTransforms,
} from "tiepoint/plugin";

export default definePlugin({
  kind: "stack",
  name: "apply",
  version: "1",
  summary:
    "Brings slices onto one grid by tables of transforms and of bends: one image, of which each band is a slice.",
  params: {
    frame: {
      type: "string",
      enum: ["first", "union"],
      default: "first",
      description: "What is shown: the first slice's frame, or all that any slice shows.",
    },
    channel: {
      type: "string",
      optional: true,
      description: "Band to take, where each slice has several; all of them, slice by slice, when absent.",
    },
    interpolation: interpolationParam,
    fill: {
      type: "number",
      optional: true,
      description: "Value where a slice shows nothing. When absent: its nodata, else NaN in float32 and 0 in integers.",
    },
  },
  inputs: { slices: "image[]", transforms: "table", bends: "table?" },
  outputs: { image: "image" },
  async run(
    { slices: images, transforms: table, bends: bendsTable },
    { frame, channel, interpolation, fill },
    { signal },
  ) {
    signal.throwIfAborted();
    const all = slicesOf(images);
    if (!all.ok) return all;
    const slices = channel === undefined ? all : channelOf(all.value, channel);
    if (!slices.ok) return slices;
    const transforms = sliceTransforms(table);
    if (!transforms.ok) return transforms;
    const bends = bendsTable === undefined ? ok(undefined) : sliceBends(bendsTable);
    if (!bends.ok) return bends;
    const other = bends.value?.slices.filter((name) => !transforms.value.slices.includes(name)) ?? [];
    if (other.length > 0) return failed(strangers(other));
    try {
      const image = applyStack(slices.value, transforms.value, {
        frame,
        ...(bends.value === undefined ? {} : { bends: bends.value }),
        ...(interpolation === undefined ? {} : { interpolation }),
        ...(fill === undefined ? {} : { fill }),
      });
      return image.ok ? { ok: true, value: { image: image.value } } : image;
    } catch (error) {
      if (error instanceof DiagnosticError) return failed(...error.diagnostics);
      throw error;
    }
  },
});

const strangers = (names: readonly string[]) =>
  problem(
    "slices-differ",
    `Expected bends of slices that the transforms have, but they have no ${names.slice(0, 3).join(", ")}${names.length > 3 ? " …" : ""}`,
    "Give the bends that were found with these transforms.",
  );
