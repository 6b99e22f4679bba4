import {
  definePlugin,
  failed,
  filterImage,
  isCategorical,
  mapLinear,
  problem,
  rangeOf,
  withOverviews,
} from "tiepoint/plugin";

export default definePlugin({
  kind: "preprocess",
  name: "invert",
  version: "1",
  summary: "Turns dark into bright, in every band.",
  params: {},
  inputs: { in: "image" },
  outputs: { image: "image" },
  async run({ in: image }) {
    if (isCategorical(image)) {
      return failed(
        problem(
          "labels-not-inverted",
          "Labels and masks have no dark and bright",
          "Read the file with kind: intensity.",
        ),
      );
    }
    const [low, high] = rangeOf(image.dtype);
    const total = image.dtype === "float32" ? 0 : low + high;
    const inverted = withOverviews(image, (level) =>
      filterImage(level, { halo: 0 }, (_arena, plane, { band }) =>
        image.bands[band]?.toLowerCase() === "alpha" ? plane : mapLinear(plane, total, -1),
      ),
    );
    return { ok: true, value: { image: inverted } };
  },
});
