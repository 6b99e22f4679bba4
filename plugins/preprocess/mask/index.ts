import {
  definePlugin,
  failed,
  filterImage,
  type Image,
  identity,
  isCategorical,
  kernels,
  problem,
  readFloat,
  warpImage,
} from "tiepoint/plugin";

export default definePlugin({
  kind: "preprocess",
  name: "mask",
  version: "1",
  summary: "Leaves out what a mask does not cover: it becomes nodata, and no later step looks at it.",
  params: {
    keep: {
      type: "string",
      enum: ["inside", "outside"],
      default: "inside",
      description: "inside: keeps where the mask is not 0; outside: where it is 0.",
    },
  },
  inputs: { in: "image", mask: "image" },
  outputs: { image: "image" },
  async run({ in: image, mask }, { keep }) {
    if (isCategorical(image)) {
      return failed(
        problem(
          "labels-not-masked",
          "Labels and masks have no nodata of their own",
          "Mask the image that goes with them.",
        ),
      );
    }
    if (mask.grid.crs !== image.grid.crs) {
      return failed(
        problem(
          "unit-differs",
          `The mask is in ${mask.grid.crs}, but the image is in ${image.grid.crs}`,
          "Read the mask with same-grid-as: and the name of the image's input.",
        ),
      );
    }
    return { ok: true, value: { image: masked(image, mask, keep === "outside") } };
  },
});

function masked(image: Image, mask: Image, outside: boolean): Image {
  // Brought onto the image's pixels by its place in the world; what the mask does not reach counts as 0.
  const face: Image = { ...mask, meaning: "mask" };
  const placed = warpImage(face, identity, image.grid, { fill: 0 });
  const nodata = image.nodata ?? (image.dtype === "float32" ? undefined : 0);
  return filterImage(
    image,
    { halo: 0, ...(nodata === undefined ? {} : { nodata }) },
    async (arena, plane, { window }) => {
      const { at } = await readFloat(arena, placed, window);
      kernels().rows("maskOut", plane.height, [plane.at, at, plane.stride, plane.width, outside ? 1 : 0]);
      return plane;
    },
  );
}
