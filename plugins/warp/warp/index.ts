import {
  type Diagnostic,
  DiagnosticError,
  definePlugin,
  failed,
  findableNodata,
  type Grid,
  type Image,
  interpolationParam,
  isCategorical,
  ok,
  problem,
  type Registration,
  type Result,
  rangeOf,
  warning,
  warpImage,
} from "tiepoint/plugin";

export default definePlugin({
  kind: "warp",
  name: "warp",
  version: "2",
  summary: "Brings the moving image onto the fixed image's grid, through a transform, resampling once.",
  cite: ["doi:10.1109/TASSP.1981.1163711", "doi:10.1145/54852.378514", "doi:10.1109/42.875199"],
  params: {
    interpolation: interpolationParam,
    fill: {
      type: "number",
      optional: true,
      description:
        "Value where there is nothing to sample. When absent: the image's nodata, else NaN in float32 and 0 in integers.",
    },
    antialias: {
      type: "boolean",
      default: true,
      description: "Blur before a transform that shrinks, so that fine structure does not turn into false pattern.",
    },
  },
  inputs: { in: "image", transform: "transform", like: "image?" },
  outputs: { image: "image" },
  async run({ in: moving, transform: registration, like }, { interpolation, fill, antialias }) {
    const notes: Diagnostic[] = [];
    const onto = outputGrid(registration, moving, like);
    if (!onto.ok) return onto;
    if (fill !== undefined && moving.dtype !== "float32" && findableNodata(moving.dtype, fill) === undefined) {
      const [low, high] = rangeOf(moving.dtype);
      return failed(
        problem(
          "fill-out-of-range",
          `Expected a whole number from ${low} to ${high} for fill, as the image is ${moving.dtype}, but received ${fill}`,
        ),
      );
    }
    if (isCategorical(moving) && interpolation !== undefined && interpolation !== "nearest") {
      notes.push(
        warning(
          "labels-take-nearest",
          `interpolation: ${interpolation} does not hold for ${moving.meaning === "mask" ? "a mask" : "labels"}: nearest was taken`,
          "Remove the line, or read the file with kind: intensity if its values may be averaged.",
        ),
      );
    }
    if (registration.verdict?.status === "rejected") {
      notes.push(
        warning(
          "warped-by-rejected-transform",
          "The transform's verdict is rejected: the warped image is not to be believed",
          "Look at the reasons of the verdict; add require: to the estimating step to stop there.",
        ),
      );
    }
    try {
      const image = warpImage(moving, registration.transform, onto.value, {
        antialias,
        ...(interpolation === undefined ? {} : { interpolation }),
        ...(fill === undefined ? {} : { fill }),
      });
      return { ok: true, value: { image }, notes };
    } catch (error) {
      if (error instanceof DiagnosticError) return failed(...error.diagnostics);
      throw error;
    }
  },
});

/** The grid to warp onto, once it is sure that the images lie in the worlds that the transform speaks of. */
function outputGrid(registration: Registration, moving: Image, like: Image | undefined): Result<Grid> {
  const onto = like?.grid ?? registration.fixed;
  if (!onto) {
    return failed(
      problem(
        "grid-unknown",
        "The transform does not tell the fixed image's size, so the size of the warped image is open",
        "Add like: with the fixed image.",
      ),
    );
  }
  const sides = [
    { port: "like", name: "fixed", found: onto.crs, known: registration.fixed?.crs },
    { port: "in", name: "moving", found: moving.grid.crs, known: registration.moving?.crs },
  ];
  const wrong = sides.filter(({ found, known }) => known !== undefined && found !== known);
  if (wrong.length === 0) return ok(onto);
  return failed(
    ...wrong.map(({ port, name, found, known }) =>
      problem(
        "unit-differs",
        `The transform was found with the ${name} image in ${known}, but ${port} is in ${found}`,
        "Give the image the same pixel-size: as then, or bring it there by geo/reproject.",
      ),
    ),
  );
}
