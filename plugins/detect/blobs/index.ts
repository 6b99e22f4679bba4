import {
  definePlugin,
  detectBlobs,
  failed,
  featureImage,
  kernels,
  pixelLength,
  pixelPoints,
  problem,
  toWorld,
} from "tiepoint/plugin";

/** Blobs are looked for at a size where the smallest has about so many pixels across; more adds time and noise alone. */
const COMFORTABLE_PX = 9;

export default definePlugin({
  kind: "detect",
  name: "blobs",
  version: "1",
  summary: "Finds round bright or dark spots of a range of sizes: nuclei, particles, stars, beads.",
  cite: ["doi:10.1023/A:1008045108935", "doi:10.1023/B:VISI.0000029664.99615.94"],
  params: {
    minDiameter: {
      type: "number",
      unit: "length",
      minimum: 0,
      default: "8 px",
      description: "Least diameter of a spot, in pixels or as a physical length.",
    },
    maxDiameter: {
      type: "number",
      unit: "length",
      minimum: 0,
      default: "40 px",
      description: "Largest diameter of a spot.",
    },
    polarity: {
      type: "string",
      enum: ["bright", "dark", "both"],
      default: "bright",
      description: "Whether spots are brighter or darker than what is around them.",
    },
    contrast: {
      type: "number",
      unit: "ratio",
      minimum: 0.005,
      maximum: 1,
      default: "10 %",
      description: "Least difference between a spot and what is around it, as a share of the image's range.",
    },
    elongation: {
      type: "number",
      minimum: 1.5,
      maximum: 10,
      default: 3,
      description: "Longest over shortest axis of what still counts as a spot, about.",
    },
    maxBlobs: {
      type: "integer",
      minimum: 1,
      maximum: 200000,
      default: 20000,
      description: "The clearest spots that are kept.",
    },
  },
  inputs: { in: "image", mask: "image?" },
  outputs: { points: "points" },
  async run({ in: image, mask }, params, context) {
    const { signal } = context;
    if (image.meaning !== "intensity")
      return failed(
        problem(
          "not-intensity",
          `Expected an image of intensities, but its pixels mean ${image.meaning}`,
          "Use match/segmentation for regions of a mask or of labels.",
        ),
      );
    const least = pixelLength(params.minDiameter, image.grid);
    if (!least.ok) return least;
    const most = pixelLength(params.maxDiameter, image.grid);
    if (!most.ok) return most;
    if (!(least.value >= 2 && least.value < most.value))
      return failed(
        problem(
          "diameter-range",
          `Expected diameters from 2 px, the smaller below the larger, but they are ${+least.value.toFixed(2)} and ${+most.value.toFixed(2)} px`,
          "Give min-diameter and max-diameter a little below and above the size of the spots.",
        ),
      );
    if (mask && (mask.grid.width !== image.grid.width || mask.grid.height !== image.grid.height))
      return failed(
        problem(
          "mask-size",
          `Expected the mask in the image's size, ${image.grid.width} x ${image.grid.height}, but it has ${mask.grid.width} x ${mask.grid.height}`,
          "Make the mask from the same image, or resample it with warp and like:.",
        ),
      );
    const factor = Math.max(1, Math.floor(least.value / COMFORTABLE_PX));
    const need = (5 * image.grid.width * image.grid.height) / factor ** 2;
    if (need > context.memory)
      return failed(
        problem(
          "memory-too-small",
          `Looking for spots takes ${Math.ceil(need / 1e6)} MB for the pixels alone, but the step may hold ${Math.ceil(context.memory / 1e6)} MB`,
          "Give more with --memory, or crop the image.",
        ),
      );
    using arena = kernels().arena();
    const ready = await featureImage(arena, image, { factor, mask, signal, tails: [0.005, 0.0005], clamp: [-0.5, 4] });
    const { gray } = ready;
    const { width, height, pixels } = gray;
    if (typeof pixels !== "number") throw new Error("Internal error: expected pixels in kernel memory");
    const stride = gray.stride ?? width;
    signal.throwIfAborted();
    context.progress(0.3);
    const blobs = detectBlobs(
      { width, height, stride, pixels },
      arena.f32(pixels, stride * height).slice(),
      { ...params, minDiameter: least.value / factor, maxDiameter: most.value / factor },
      ready.mask,
    );
    const xy = new Float64Array(2 * blobs.count);
    for (let i = 0; i < blobs.count; i++) xy.set([blobs.x[i]!, blobs.y[i]!], 2 * i);
    const clearest = Math.abs(blobs.contrast[Math.floor(0.05 * blobs.count)] ?? 1);
    return {
      ok: true,
      value: {
        points: {
          points: toWorld(ready.grid, pixelPoints(xy)),
          confidence: blobs.contrast.map((c) => Math.min(1, Math.abs(c) / clearest)),
        },
      },
      metrics: {
        spots: { value: blobs.count },
        ...(blobs.count > 0
          ? { "median-diameter": { value: factor * blobs.diameter.slice().sort()[blobs.count >> 1]!, unit: "px" } }
          : {}),
      },
    };
  },
});
