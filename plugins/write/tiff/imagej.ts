import { type BandAxes, type Image, pixelSides, tiffTags, tiffTypes } from "tiepoint/plugin";
import type { Field } from "./directory.js";

/**
 * The lines by which ImageJ, and programs that read its files, know a stack; with the size of a pixel where it is known.
 *
 * Source: `ij.io.TiffEncoder` and `ij.io.FileOpener` of ImageJ
 */
export function imagejFields({ grid }: Image, { depth, times }: BandAxes): Field[] {
  const { ascii, rational, short } = tiffTypes;
  const lines = ["ImageJ=1.54f", `images=${depth * times}`];
  if (depth > 1) lines.push(`slices=${depth}`);
  if (times > 1) lines.push(`frames=${times}`);
  if (times > 1) lines.push("hyperstack=true");
  if (grid.crs === "um") lines.push("unit=um");
  const described: Field = [tiffTags.imageDescription, ascii, `${lines.join("\n")}\n`];
  if (grid.crs !== "um") return [described];
  const [x, y] = pixelSides(grid);
  return [
    described,
    [tiffTags.xResolution, rational, [1 / x]],
    [tiffTags.yResolution, rational, [1 / y]],
    [tiffTags.resolutionUnit, short, [1]],
  ];
}
