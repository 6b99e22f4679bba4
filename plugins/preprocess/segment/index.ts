import {
  definePlugin,
  failed,
  lackOfSegmentMemory,
  problem,
  segmentedImage,
  segmentParams,
  segmentSettings,
} from "tiepoint/plugin";

export default definePlugin({
  kind: "preprocess",
  name: "segment",
  version: "1",
  summary: "Parts figure from ground by a threshold and numbers the regions: an image of labels, or a mask.",
  cite: ["doi:10.1109/TSMC.1979.4310076", "doi:10.1109/TIP.2008.919369"],
  params: {
    foreground: {
      type: "string",
      enum: ["bright", "dark"],
      default: "bright",
      description: "Whether regions are brighter or darker than the ground.",
    },
    ...segmentParams,
    output: {
      type: "string",
      enum: ["labels", "mask"],
      default: "labels",
      description: "labels numbers the regions from 1; mask gives 255 for all of them.",
    },
  },
  inputs: { in: "image" },
  outputs: { image: "image" },
  async run({ in: image }, params, context) {
    const settings = segmentSettings(params, params.foreground, image.grid);
    if (!settings.ok) return settings;
    if (image.meaning === "labels")
      return failed(
        problem(
          "labels-already",
          "The image has labels already, which are regions as they are",
          "Leave this step out, or read the file with kind: intensity.",
        ),
      );
    const short = lackOfSegmentMemory("the image", image, settings.value, context.memory);
    if (short.length > 0) return failed(...short);
    return { ok: true, value: { image: segmentedImage(image, params.output, settings.value) } };
  },
});
