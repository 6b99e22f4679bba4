import {
  type Arena,
  blurPlane,
  type Diagnostic,
  definePlugin,
  elementary,
  emptyPlane,
  failed,
  filterImage,
  gaussianRadius,
  type Image,
  kernels,
  once,
  type Plane,
  pixelLength,
  problem,
  quantile,
  sampleBand,
} from "tiepoint/plugin";

export default definePlugin({
  kind: "preprocess",
  name: "denoise",
  version: "1",
  summary: "Smooths noise away: Gaussian, median, or bilateral, which keeps edges.",
  cite: ["doi:10.1109/ICCV.1998.710815"],
  params: {
    method: {
      type: "string",
      enum: ["gaussian", "median", "bilateral"],
      default: "gaussian",
      description: "gaussian: a weighted mean; median: the middle value; bilateral: a mean of what is alike.",
    },
    sigma: {
      type: "number",
      unit: "length",
      minimum: 0,
      default: "1 px",
      description: "gaussian and bilateral: width of the blur, as a standard deviation.",
    },
    radius: {
      type: "number",
      unit: "length",
      minimum: 0,
      default: "1 px",
      description: "median: half the side of the window, rounded to whole pixels; 1 px means 3 by 3.",
    },
    range: {
      type: "number",
      unit: "ratio",
      minimum: 0.0001,
      maximum: 1,
      default: "10 %",
      description:
        "bilateral: difference that counts as alike, as a share of the image's range (1st to 99th percentile).",
    },
  },
  inputs: { in: "image" },
  outputs: { image: "image" },
  async run({ in: image }, { method, sigma, radius, range }) {
    if (image.meaning === "labels" || (image.meaning === "mask" && method !== "median")) {
      return failed(
        problem(
          "labels-not-averaged",
          "Labels and masks are never averaged",
          "Use method: median for a mask; leave labels as they are.",
        ),
      );
    }
    const parameter = method === "median" ? "radius" : "sigma";
    const length = pixelLength(method === "median" ? radius : sigma, image.grid);
    if (!length.ok) return length;
    const most = { gaussian: 200, median: 5, bilateral: 5 }[method];
    if (length.value > most) return failed(tooLarge(method, parameter, length.value, most));
    switch (method) {
      case "gaussian":
        return { ok: true, value: { image: gaussian(image, length.value) } };
      case "median":
        return { ok: true, value: { image: median(image, Math.round(length.value)) } };
      case "bilateral":
        return { ok: true, value: { image: bilateral(image, length.value, range) } };
    }
  },
});

const tooLarge = (method: string, parameter: string, found: number, most: number): Diagnostic =>
  problem(
    `${parameter}-too-large`,
    `Expected at most ${most} px for ${parameter} with method: ${method}, but it is ${found} px`,
    "Make the image smaller first, with preprocess/rescale.",
  );

/** The image itself, without its overviews, which are not smoothed. */
function untouched(image: Image): Image {
  const { recipe: _, overviews: __, ...rest } = image;
  return rest;
}

const gaussian = (image: Image, sigma: number): Image =>
  sigma > 0
    ? filterImage(image, { halo: gaussianRadius(sigma) }, (arena, plane) => blurPlane(arena, plane, sigma))
    : untouched(image);

function median(image: Image, radius: number): Image {
  if (radius === 0) return untouched(image);
  return filterImage(image, { halo: radius }, (arena, plane) => {
    const k = kernels();
    const { width, height } = plane;
    const out = emptyPlane(arena, width, height);
    const hand = k.scratch(arena, 16 * (2 * radius + 1) ** 2 + 64);
    k.rows("median", height, [plane.at, plane.stride, out.at, out.stride, width, height, radius, hand], 16);
    return out;
  });
}

function bilateral(image: Image, sigma: number, range: number): Image {
  if (sigma === 0) return untouched(image);
  const radius = Math.max(1, Math.ceil(2 * sigma));
  const side = 2 * radius + 1;
  const weights = Float32Array.from({ length: side * side }, (_, i) => {
    const x = (i % side) - radius;
    const y = Math.floor(i / side) - radius;
    return elementary.exp((-x * x - y * y) / (2 * sigma * sigma));
  });
  const ranges = image.bands.map((_, band) =>
    once(async (signal) => {
      const sorted = (await sampleBand(image, band, signal)).sort();
      return range * (quantile(sorted, 0.99) - quantile(sorted, 0.01));
    }),
  );
  return filterImage(image, { halo: radius }, async (arena, plane, { band }) => {
    const alike = await ranges[band]!();
    return alike > 0 ? bilateralPlane(arena, plane, radius, weights, alike) : plane;
  });
}

function bilateralPlane(arena: Arena, plane: Plane, radius: number, weights: Float32Array, alike: number): Plane {
  const k = kernels();
  const { width, height } = plane;
  const padded = emptyPlane(arena, width + 2 * radius + 4, height);
  k.rows("padColumns", height, [plane.at, plane.stride, padded.at, padded.stride, width, radius]);
  const first = padded.at + 4 * radius;
  const at = arena.put(weights);
  k.rows(
    "bilateral",
    height,
    [...[first, padded.stride, plane.at, plane.stride, width, height, radius, at, alike]],
    16,
  );
  return plane;
}
