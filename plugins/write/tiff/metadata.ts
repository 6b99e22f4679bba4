import { type Diagnostic, geoKeys, type Image, isStack, tiffTags, tiffTypes } from "tiepoint/plugin";
import type { Field } from "./directory.js";
import { isGeographic } from "./geographic-codes.js";
import { escapeXml, type OmeOptions, omeXml } from "./ome.js";

/** How a file is laid out; `auto` has been decided. */
export type FileLayout = "plain" | "cog" | "ome";

/**
 * GeoTIFF fields of an image on a map; none for other images.
 *
 * The file's pixel space has the corner of the first pixel at (0, 0), ours its centre (OGC GeoTIFF 1.1, "pixel is area").
 */
export function placeFields({ grid }: Image): Field[] {
  if (!grid.crs.startsWith("EPSG:")) return [];
  const code = Number(grid.crs.slice("EPSG:".length));
  const [a, b, c, d, e, f] = grid.worldFromPixel;
  const [x, y] = [c - (a + b) / 2, f - (d + e) / 2];
  const { double, short } = tiffTypes;
  const geographic = isGeographic(code);
  const keys = [
    [geoKeys.modelType, 0, 1, geographic ? 2 : 1],
    [geoKeys.rasterType, 0, 1, 1],
    [geographic ? geoKeys.geographicType : geoKeys.projectedType, 0, 1, code],
  ];
  const upright = b === 0 && d === 0 && a > 0 && e < 0;
  const place: Field[] = upright
    ? [
        [tiffTags.modelPixelScale, double, [a, -e, 0]],
        [tiffTags.modelTiepoint, double, [0, 0, 0, x, y, 0]],
      ]
    : [[tiffTags.modelTransformation, double, [a, b, 0, x, d, e, 0, y, 0, 0, 0, 0, 0, 0, 0, 1]]];
  return [...place, [tiffTags.geoKeyDirectory, short, [1, 1, 0, keys.length, ...keys.flat()]]];
}

/** The text that tells of channels: OME-XML, or GDAL's band descriptions. */
export function descriptionFields(
  image: Image,
  { layout, ...rest }: OmeOptions & { readonly layout: FileLayout },
): Field[] {
  if (layout === "ome") return [[tiffTags.imageDescription, tiffTypes.ascii, omeXml(image, rest)]];
  const usual = /^(gray|red|green|blue|alpha|(band|page) \d+)$/;
  const items = image.bands.flatMap((name, b) =>
    usual.test(name) || isStack(rest.axes)
      ? []
      : [`  <Item name="DESCRIPTION" sample="${b}" role="description">${escapeXml(name)}</Item>`],
  );
  if (items.length === 0) return [];
  return [[tiffTags.gdalMetadata, tiffTypes.ascii, `<GDALMetadata>\n${items.join("\n")}\n</GDALMetadata>\n`]];
}

/** Says what of the image's place the file does not hold. */
export function lostPlace({ grid }: Image, layout: FileLayout): Diagnostic[] {
  const { crs, worldFromPixel } = grid;
  if (crs.startsWith("EPSG:") && layout !== "ome") return [];
  const [a, b, c, d, e, f] = worldFromPixel;
  const upright = b === 0 && d === 0 && a > 0 && e > 0;
  const plain = upright && c === 0 && f === 0;
  if (crs === "um" && layout === "ome" && upright) return [];
  if (crs === "px" && plain && a === 1 && e === 1) return [];
  const what =
    crs === "px" || layout === "ome" ? "how the image is turned and placed in the world" : `the place (${crs})`;
  return [
    {
      severity: "info",
      code: "not-stored",
      message: `The file does not hold ${what}; it will be read with its own pixels as its world`,
      hint: "Read it with same-grid-as: an image on the same grid.",
    },
  ];
}
