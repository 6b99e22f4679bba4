import { type Grid, wholeWindow } from "../../src/core/grid.js";
import { type DType, type Image, type PixelData, pixelArray } from "../../src/core/image.js";

const dtypeOf = (data: PixelData): DType =>
  data instanceof Uint8Array
    ? "uint8"
    : data instanceof Uint16Array
      ? "uint16"
      : data instanceof Int16Array
        ? "int16"
        : data instanceof Uint32Array
          ? "uint32"
          : "float32";

/** An image over planar pixels in memory; the number of bands follows from the length. Reads copy. */
export function memoryImage(
  data: PixelData,
  grid: Grid,
  options: { readonly nodata?: number; readonly meaning?: Image["meaning"]; readonly bands?: readonly string[] } = {},
): Image {
  const plane = grid.width * grid.height;
  const count = data.length / plane;
  const names = options.bands ?? (count === 1 ? ["gray"] : count === 3 ? ["red", "green", "blue"] : numbered(count));
  const dtype = dtypeOf(data);
  return {
    grid,
    dtype,
    bands: names,
    meaning: options.meaning ?? "intensity",
    ...(options.nodata === undefined ? {} : { nodata: options.nodata }),
    tile: { width: grid.width, height: Math.min(grid.height, 64) },
    async read(window, { bands, into } = {}) {
      const whole = wholeWindow(grid);
      if (
        window.x < 0 ||
        window.y < 0 ||
        window.x + window.width > whole.width ||
        window.y + window.height > whole.height
      )
        throw new Error("Internal error: a window outside the image");
      const wanted = bands ?? names.map((_, b) => b);
      const out = into ?? pixelArray(dtype, wanted.length * window.width * window.height);
      wanted.forEach((band, b) => {
        for (let y = 0; y < window.height; y++) {
          const from = band * plane + (window.y + y) * grid.width + window.x;
          out.set(data.subarray(from, from + window.width), (b * window.height + y) * window.width);
        }
      });
      return { data: out, width: window.width, height: window.height, bands: wanted.length };
    },
  };
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, b) => `band ${b + 1}`);
