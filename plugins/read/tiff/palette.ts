import { type Image, pixelArray, tiffPhotometrics, tiffTags } from "tiepoint/plugin";
import type { Directory } from "./directory.js";
import type { Layout } from "./layout.js";
import { damaged } from "./source.js";

/** An image of palette indices as red, green and blue, 8 bits each; any other image as it is. */
export function paletteImage(image: Image, layout: Layout, directory: Directory): Image {
  if (layout.photometric !== tiffPhotometrics.palette) return image;
  const colours = directory.numbers(tiffTags.colorMap);
  const count = 2 ** layout.bits;
  if (layout.samples !== 1 || colours.length < 3 * count) throw damaged("its palette does not fit its samples");
  // Palettes hold 16 bits by the specification, but some writers put 8 bits there.
  const shift = colours.some((c) => c > 255) ? 8 : 0;
  const table = Uint8Array.from(colours, (c) => c >> shift);
  const { nodata: _, ...rest } = image;
  return {
    ...rest,
    dtype: "uint8",
    bands: ["red", "green", "blue"],
    async read(window, options = {}) {
      const signal = options.signal ? { signal: options.signal } : {};
      const { data: indices } = await image.read(window, signal);
      const bands = options.bands ?? [0, 1, 2];
      const out = options.into ?? pixelArray("uint8", bands.length * indices.length);
      bands.forEach((band, b) => {
        for (let i = 0; i < indices.length; i++) out[b * indices.length + i] = table[band * count + indices[i]!]!;
      });
      return { data: out, width: window.width, height: window.height, bands: bands.length };
    },
  };
}
