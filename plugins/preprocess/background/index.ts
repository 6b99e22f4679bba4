import {
  atLevel,
  blurImage,
  type Diagnostic,
  definePlugin,
  failed,
  filterImage,
  type Image,
  identity,
  isCategorical,
  kernels,
  once,
  pixelLength,
  problem,
  readFloat,
  sampleBand,
  warpImage,
} from "tiepoint/plugin";

/** A blur is computed on pixels so coarse that it is about this wide there. */
const COARSE_SIGMA = 4;

export default definePlugin({
  kind: "preprocess",
  name: "background",
  version: "1",
  summary: "Evens out the light: by a flat-field image, or by the image's own slow changes.",
  params: {
    sigma: {
      type: "number",
      unit: "length",
      minimum: 0,
      default: "50 px",
      description: "Without flat: changes slower than a Gaussian of this width count as light.",
    },
    mode: {
      type: "string",
      enum: ["divide", "subtract"],
      default: "divide",
      description:
        "divide: light that multiplies, such as vignetting; subtract: light that adds, such as autofluorescence.",
    },
  },
  inputs: { in: "image", flat: "image?", dark: "image?" },
  outputs: { image: "image" },
  async run({ in: image, flat, dark }, { sigma, mode }) {
    if (isCategorical(image)) {
      return failed(
        problem(
          "labels-have-no-light",
          "Labels and masks have no light to even out",
          "Read the file with kind: intensity.",
        ),
      );
    }
    const unfit = [flat && differs("flat", flat, image), dark && differs("dark", dark, image)].filter(
      (d) => d !== undefined,
    );
    if (unfit.length > 0) return failed(...unfit);
    if (flat) return { ok: true, value: { image: evened(image, flat, dark, mode === "subtract", flat) } };
    const width = pixelLength(sigma, image.grid);
    if (!width.ok) return width;
    if (!(width.value >= 2 && width.value <= 5000)) {
      return failed(
        problem(
          "sigma-out-of-range",
          `Expected 2 to 5000 px for sigma, but it is ${width.value} px`,
          "Choose a few times the size of what the image shows.",
        ),
      );
    }
    const factor = Math.max(1, Math.min(Math.floor(width.value / COARSE_SIGMA), image.grid.width, image.grid.height));
    const slow = blurImage(atLevel(image, factor), width.value / factor);
    const light = warpImage(slow, identity, image.grid, { interpolation: "linear", antialias: false });
    return { ok: true, value: { image: evened(image, light, dark, mode === "subtract", slow) } };
  },
});

function differs(port: string, other: Image, image: Image): Diagnostic | undefined {
  const [a, b] = [other.grid, image.grid];
  if (a.width === b.width && a.height === b.height) return undefined;
  return problem(
    "grid-size-differs",
    `Expected ${b.width} x ${b.height} px for ${port}, as the image has, but it has ${a.width} x ${a.height} px`,
    "Take it with the same camera settings, or make it the same size first.",
  );
}

/** @param sample  an image whose mean is that of the light */
function evened(image: Image, light: Image, dark: Image | undefined, subtracts: boolean, sample: Image): Image {
  const bandOf = (other: Image, band: number) => Math.min(band, other.bands.length - 1);
  const mean = async (of: Image, band: number) => {
    const values = await sampleBand(of, bandOf(of, band));
    return values.length > 0 ? values.reduce((sum, v) => sum + v, 0) / values.length : 0;
  };
  const means = image.bands.map((_, band) =>
    once(async () => (await mean(sample, band)) - (dark ? await mean(dark, band) : 0)),
  );
  return filterImage(image, { halo: 0 }, async (arena, plane, { window, band }) => {
    if (image.bands[band]?.toLowerCase() === "alpha") return plane;
    const lit = await readFloat(arena, light, window, bandOf(light, band));
    const unlit = dark ? (await readFloat(arena, dark, window, bandOf(dark, band))).at : 0;
    kernels().rows("flatten", plane.height, [
      ...[plane.at, lit.at, unlit, plane.stride, plane.width, await means[band]!(), subtracts ? 1 : 0],
    ]);
    return plane;
  });
}
