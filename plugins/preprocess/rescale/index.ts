import { definePlugin, failed, type Grid, identity, pixelLength, problem, warpImage } from "tiepoint/plugin";

export default definePlugin({
  kind: "preprocess",
  name: "rescale",
  version: "2",
  summary: "Makes pixels larger or smaller, without false pattern; the world stays.",
  params: {
    factor: {
      type: "number",
      unit: "ratio",
      minimum: 0.0001,
      maximum: 100,
      optional: true,
      description: "Size of the result in pixels: 50 % has half as many on each side. Give this or pixel-size.",
    },
    pixelSize: {
      type: "number",
      unit: "length",
      minimum: 0,
      optional: true,
      description: "Side of a pixel of the result, such as 2 um or 4 px. Give this or factor.",
    },
  },
  inputs: { in: "image" },
  outputs: { image: "image" },
  async run({ in: image }, { factor, pixelSize }) {
    if ((factor === undefined) === (pixelSize === undefined)) {
      return failed(
        problem(
          "factor-or-pixel-size",
          `Expected one of factor and pixel-size, but received ${factor === undefined ? "neither" : "both"}`,
          "Write factor: 50 %, or pixel-size: 2 um.",
        ),
      );
    }
    let reduction = factor === undefined ? 1 : 1 / factor;
    if (pixelSize !== undefined) {
      const size = pixelLength(pixelSize, image.grid);
      if (!size.ok) return size;
      reduction = size.value;
    }
    if (!(reduction >= 0.01 && reduction <= 10_000)) {
      return failed(
        problem(
          "rescale-out-of-range",
          `Expected pixels of the result from 0.01 to 10000 times as wide as now, but they would be ${reduction} times as wide`,
        ),
      );
    }
    return { ok: true, value: { image: warpImage(image, identity, rescaledGrid(image.grid, reduction)) } };
  },
});

/**
 * The same area with pixels `reduction` times as wide; the upper left corner stays where it is.
 *
 * A last pixel whose centre would lie on the image's border is left out, for it would show nothing. An image of less than half a new
 * pixel becomes one pixel about its middle.
 */
function rescaledGrid(grid: Grid, reduction: number): Grid {
  const [a, b, c, d, e, f] = grid.worldFromPixel;
  const count = (size: number) => Math.max(1, Math.ceil(size / reduction - 0.5 - 1e-9));
  // Centre of the first new pixel, in old pixels.
  const first = (size: number) => (Math.min(reduction, size) - 1) / 2;
  const x = first(grid.width);
  const y = first(grid.height);
  return {
    ...grid,
    width: count(grid.width),
    height: count(grid.height),
    worldFromPixel: [
      ...([a * reduction, b * reduction, c + a * x + b * y] as const),
      ...([d * reduction, e * reduction, f + d * x + e * y] as const),
    ],
  };
}
