import {
  applyStack,
  channelOf,
  DiagnosticError,
  definePlugin,
  failed,
  interpolationParam,
  slicesOf,
  sliceTransforms,
} from "tiepoint/plugin";

export default definePlugin({
  kind: "stack",
  name: "apply",
  version: "1",
  summary: "Brings slices onto one grid by a table of transforms: one image, of which each band is a slice.",
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
  inputs: { slices: "image[]", transforms: "table" },
  outputs: { image: "image" },
  async run({ slices: images, transforms: table }, { frame, channel, interpolation, fill }, { signal }) {
    signal.throwIfAborted();
    const all = slicesOf(images);
    if (!all.ok) return all;
    const slices = channel === undefined ? all : channelOf(all.value, channel);
    if (!slices.ok) return slices;
    const transforms = sliceTransforms(table);
    if (!transforms.ok) return transforms;
    try {
      const image = applyStack(slices.value, transforms.value, {
        frame,
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
