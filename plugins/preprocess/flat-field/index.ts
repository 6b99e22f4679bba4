import {
  type Diagnostic,
  definePlugin,
  evenedImage,
  failed,
  type Image,
  isCategorical,
  problem,
} from "tiepoint/plugin";

export default definePlugin({
  kind: "preprocess",
  name: "flat-field",
  version: "1",
  summary: "Divides by a flat field: takes uneven light out of a tile.",
  params: {
    background: {
      type: "string",
      enum: ["keep", "remove"],
      default: "keep",
      description:
        "keep: the mean of dark is added again, so that nothing gets below 0 and what is dark stays as it was; remove: no light gives 0.",
    },
  },
  inputs: { in: "image", flat: "image", dark: "image?" },
  outputs: { image: "image" },
  async run({ in: image, flat, dark }, { background }) {
    if (isCategorical(image)) {
      return failed(
        problem(
          "labels-have-no-light",
          "Labels and masks have no light to even out",
          "Read the file with kind: intensity.",
        ),
      );
    }
    const unfit = [...differs("flat", flat, image), ...(dark ? differs("dark", dark, image) : [])];
    if (unfit.length > 0) return failed(...unfit);
    return { ok: true, value: { image: evenedImage(image, flat, dark, background === "keep") } };
  },
});

function differs(port: string, other: Image, image: Image): Diagnostic[] {
  const [a, b] = [other.grid, image.grid];
  if (a.width !== b.width || a.height !== b.height) {
    return [
      problem(
        "grid-size-differs",
        `Expected ${b.width} x ${b.height} px for ${port}, as the image has, but it has ${a.width} x ${a.height} px`,
        "Take it with the same camera settings, or make it the same size first.",
      ),
    ];
  }
  const bands = other.bands.length;
  if (bands === 1 || bands === image.bands.length) return [];
  return [
    problem(
      "bands-differ",
      `Expected 1 band or ${image.bands.length} for ${port}, as the image has, but it has ${bands}`,
      "Take it from tiles with the same channels.",
    ),
  ];
}
