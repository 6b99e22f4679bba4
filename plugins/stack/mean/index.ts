import {
  definePlugin,
  failed,
  holeValue,
  type Image,
  isCategorical,
  kernels,
  lazyImage,
  problem,
  readFloat,
  writeSamples,
} from "tiepoint/plugin";

export default definePlugin({
  kind: "stack",
  name: "mean",
  version: "1",
  summary: "The mean of images on one grid, pixel by pixel.",
  params: {
    least: {
      type: "integer",
      minimum: 1,
      maximum: 1_000_000,
      default: 1,
      description: "How many images must show a place; where fewer do, nothing was observed.",
    },
  },
  inputs: { in: "image[]" },
  outputs: { image: "image" },
  async run({ in: images }, { least }, { signal }) {
    signal.throwIfAborted();
    const list = [...images.values()];
    const first = list[0];
    if (!first) return failed(problem("no-images", "Expected one image or more, but found none"));
    for (const [id, image] of images) {
      const odd = difference(first, image);
      if (odd) {
        return failed(
          problem(
            "grid-differs",
            `Expected all images like ${[...images.keys()][0]}, but ${id} ${odd}`,
            "Warp them to one grid first (warp with like:).",
          ),
        );
      }
    }
    if (least > list.length) {
      return failed(
        problem("too-few-images", `Expected ${least} images or more, as least says, but found ${list.length}`),
      );
    }
    return { ok: true, value: { image: meanImage(list, first, least) } };
  },
});

/** What keeps an image from being added to the first, in words. */
function difference(first: Image, image: Image): string | undefined {
  if (isCategorical(image)) return `holds ${image.meaning}, which have no mean`;
  const [a, b] = [first.grid, image.grid];
  if (a.width !== b.width || a.height !== b.height) {
    return `has ${b.width} x ${b.height} px in place of ${a.width} x ${a.height}`;
  }
  if (a.crs !== b.crs || a.worldFromPixel.some((v, i) => v !== b.worldFromPixel[i]))
    return "lies elsewhere in the world";
  if (first.bands.length !== image.bands.length) {
    return `has ${image.bands.length} bands in place of ${first.bands.length}`;
  }
  return undefined;
}

/** Sums in float64, in the order of the items. Of the images' own type where they share one, else float32. */
function meanImage(list: readonly Image[], first: Image, least: number): Image {
  const { recipe: _, overviews: __, nodata: ___, ...face } = first;
  const dtype = list.every((image) => image.dtype === first.dtype) ? first.dtype : ("float32" as const);
  // Integers need a value for places that no image shows.
  const nodata = dtype === "float32" ? undefined : (list.find((image) => image.nodata !== undefined)?.nodata ?? 0);
  const clean = { ...face, dtype, ...(nodata === undefined ? {} : { nodata }) };
  return lazyImage(clean, async (block, bands, out, signal) => {
    const count = block.width * block.height;
    for (const [i, band] of bands.entries()) {
      const sum = new Float64Array(count);
      const seen = new Uint32Array(count);
      for (const image of list) {
        using arena = kernels().arena();
        const plane = await readFloat(arena, image, block, band, signal ? { signal } : {});
        for (let y = 0, n = 0; y < block.height; y++) {
          const row = arena.f32(plane.at + 4 * y * plane.stride, block.width);
          for (let x = 0; x < block.width; x++, n++) {
            const v = row[x]!;
            if (Number.isNaN(v)) continue;
            sum[n] = sum[n]! + v;
            seen[n] = seen[n]! + 1;
          }
        }
      }
      using arena = kernels().arena();
      const mean = arena.put(Float32Array.from(sum, (s, n) => (seen[n]! >= least ? s / seen[n]! : Number.NaN)));
      const plane = { at: mean, width: block.width, height: block.height, stride: block.width };
      writeSamples(
        arena,
        plane,
        { left: 0, top: 0, width: block.width, height: block.height },
        dtype,
        { fill: holeValue(clean), keepClear: nodata !== undefined },
        { ...out, from: out.from + i * out.plane },
      );
    }
  });
}
