import {
  type Arena,
  blurPlane,
  definePlugin,
  emptyPlane,
  failed,
  filterImage,
  gaussianRadius,
  type Image,
  isCategorical,
  kernels,
  once,
  type Plane,
  pixelLength,
  problem,
  quantile,
  sampleBand,
} from "tiepoint/plugin";
import { cannyImage } from "./canny.js";

export default definePlugin({
  kind: "preprocess",
  name: "edges",
  version: "1",
  summary: "Shows edges: length of the gradient, Laplacian of Gaussian, or Canny's lines.",
  cite: ["doi:10.1109/TPAMI.1986.4767851"],
  params: {
    method: {
      type: "string",
      enum: ["sobel", "log", "canny"],
      default: "sobel",
      description: "sobel: length of the gradient; log: Laplacian of a Gaussian; canny: thin lines as a mask.",
    },
    sigma: {
      type: "number",
      unit: "length",
      minimum: 0,
      default: "1 px",
      description: "Blur before the derivatives; 0 px for none.",
    },
    low: {
      type: "number",
      unit: "ratio",
      minimum: 0,
      maximum: 1,
      default: "10 %",
      description: "canny: weakest edge that is followed, as a share of the image's strong gradients.",
    },
    high: {
      type: "number",
      unit: "ratio",
      minimum: 0,
      maximum: 1,
      default: "25 %",
      description: "canny: weakest edge that begins a line, as a share of the image's strong gradients.",
    },
  },
  inputs: { in: "image" },
  outputs: { image: "image" },
  async run({ in: image }, { method, sigma, low, high }) {
    if (isCategorical(image)) {
      return failed(
        problem("labels-have-no-gradient", "Labels and masks have no gradient", "Read the file with kind: intensity."),
      );
    }
    const width = pixelLength(sigma, image.grid);
    if (!width.ok) return width;
    if (width.value > 200) {
      return failed(
        problem(
          "sigma-too-large",
          `Expected at most 200 px for sigma, but it is ${width.value} px`,
          "Make the image smaller first, with preprocess/rescale.",
        ),
      );
    }
    if (low > high) {
      return failed(problem("thresholds-swapped", `Expected low to be at most high, but found ${low} and ${high}`));
    }
    const s = width.value;
    if (method === "log") {
      const filtered = filterImage(image, { halo: haloOf(s), dtype: "float32" }, (arena, plane) =>
        laplacianOf(arena, blurred(arena, plane, s)),
      );
      return { ok: true, value: { image: filtered } };
    }
    const strength = strengthImage(image, s);
    if (method === "sobel") return { ok: true, value: { image: strength } };
    const strong = image.bands.map((_, band) =>
      once(async (signal) => quantile((await sampleBand(strength, band, signal)).sort(), 0.99)),
    );
    return {
      ok: true,
      value: {
        image: cannyImage(image, haloOf(s), (arena, plane) => gradientOf(arena, blurred(arena, plane, s)), strong, {
          low,
          high,
        }),
      },
    };
  },
});

/** Pixels around one that its derivatives depend on. */
const haloOf = (sigma: number): number => (sigma > 0 ? gaussianRadius(sigma) : 0) + 1;

const blurred = (arena: Arena, plane: Plane, sigma: number): Plane =>
  sigma > 0 ? blurPlane(arena, plane, sigma) : plane;

const strengthImage = (image: Image, sigma: number): Image =>
  filterImage(image, { halo: haloOf(sigma), dtype: "float32" }, (arena, plane) => {
    const { dx, dy } = gradientOf(arena, blurred(arena, plane, sigma));
    kernels().rows("gradientLength", plane.height, [dx.at, dy.at, dx.at, dx.stride, plane.width]);
    return dx;
  });

/** Sobel's derivatives per pixel. */
function gradientOf(arena: Arena, plane: Plane): { dx: Plane; dy: Plane } {
  const k = kernels();
  const { width, height } = plane;
  const dx = emptyPlane(arena, width, height);
  const dy = emptyPlane(arena, width, height);
  const line = k.scratch(arena, 4 * (2 * (width + 16) + 16));
  k.rows("gradient", height, [...[plane.at, plane.stride, dx.at, dy.at, dx.stride, width, height, 1 / 4, 1 / 2, line]]);
  return { dx, dy };
}

function laplacianOf(arena: Arena, plane: Plane): Plane {
  const { width, height } = plane;
  const out = emptyPlane(arena, width, height);
  kernels().rows("laplacian", height, [plane.at, plane.stride, out.at, out.stride, width, height]);
  return out;
}
