import { type Affine2, type Crs, type Diagnostic, geoKeys, tiffTags, warning } from "tiepoint/plugin";
import type { Directory } from "./directory.js";

/** Where a GeoTIFF says that its pixels lie. */
export interface Place {
  readonly worldFromPixel: Affine2;
  readonly crs: Crs;
}

const USER_DEFINED = 32_767;

/**
 * The place of a GeoTIFF's pixels, if it gives one.
 *
 * The file's raster space puts the corner of the first pixel at (0, 0) when the raster type is "area", which is the
 * default, and its centre there when it is "point". Ours has the centre there, always.
 *
 * Source: OGC GeoTIFF standard 1.1, requirements 7.1.1 to 7.2.2 (OGC 19-008r4)
 */
export function placeOf(directory: Directory): { readonly place?: Place; readonly notes: readonly Diagnostic[] } {
  const notes: Diagnostic[] = [];
  const model = modelFromRaster(directory);
  const keys = geoKeysOf(directory);
  if (!model) {
    const ties = directory.numbers(tiffTags.modelTiepoint).length / 6;
    if (ties > 1) {
      notes.push(
        warning(
          "gcps-ignored",
          `The file is placed by ${ties} ground control points, which are not used; its world is its pixels`,
        ),
      );
    }
    return { notes };
  }
  const given = keys.get(geoKeys.modelType) === 2 ? keys.get(geoKeys.geographicType) : keys.get(geoKeys.projectedType);
  const known = given !== undefined && given > 0 && given !== USER_DEFINED;
  const code = known ? given : utmCode(keys);
  if (!known && code !== undefined) {
    notes.push({
      severity: "info",
      code: "crs-recognised",
      message: `The file describes its projection without naming it; it is taken for EPSG:${code}`,
    });
  }
  if (code === undefined) {
    notes.push(
      warning(
        "crs-unknown",
        "The file is placed on a map, but gives no EPSG code for it; its world is its pixels",
        "Give it one: gdal_edit.py -a_srs EPSG:32633 FILE, for example.",
      ),
    );
    return { notes };
  }
  const [a, b, c, d, e, f] = model;
  const half = keys.get(geoKeys.rasterType) === 2 ? 0 : 0.5;
  const worldFromPixel: Affine2 = [a, b, c + half * (a + b), d, e, f + half * (d + e)];
  if (
    !worldFromPixel.every(Number.isFinite) ||
    worldFromPixel[0] * worldFromPixel[4] === worldFromPixel[1] * worldFromPixel[3]
  ) {
    notes.push(warning("place-damaged", "The file's place on the map makes no sense; its world is its pixels"));
    return { notes };
  }
  return { place: { worldFromPixel, crs: `EPSG:${code}` }, notes };
}

/** First EPSG code of UTM zones (north, south) by geographic system; zones of the north alone where there is one number. */
const utmFamilies: Readonly<Record<number, readonly [north: number, south?: number]>> = {
  4326: [32_600, 32_700],
  4258: [25_800],
  4269: [26_900],
  4267: [26_700],
};
const WGS84_ELLIPSOID = 7030;

/** The EPSG code of a UTM zone that is described by its number (GeoTIFF 1.0, section 6.3.3.2) on a known datum. */
function utmCode(keys: ReadonlyMap<number, number>): number | undefined {
  const projection = keys.get(geoKeys.projection) ?? 0;
  const zone = projection % 100;
  const hemisphere = Math.floor(projection / 100) - 160;
  if ((hemisphere !== 0 && hemisphere !== 1) || zone < 1 || zone > 60) return undefined;
  const base = keys.get(geoKeys.geographicType) ?? USER_DEFINED;
  const datum = base === USER_DEFINED && keys.get(geoKeys.ellipsoid) === WGS84_ELLIPSOID ? 4326 : base;
  const first = utmFamilies[datum]?.[hemisphere];
  return first === undefined ? undefined : first + zone;
}

/** The map from the file's raster space to the world. */
function modelFromRaster(directory: Directory): Affine2 | undefined {
  const m = directory.numbers(tiffTags.modelTransformation);
  if (m.length >= 16) return [m[0]!, m[1]!, m[3]!, m[4]!, m[5]!, m[7]!];
  const scale = directory.numbers(tiffTags.modelPixelScale);
  const tie = directory.numbers(tiffTags.modelTiepoint);
  if (scale.length < 2 || tie.length < 6) return undefined;
  const [sx, sy] = scale as unknown as [number, number];
  const [i, j, , x, y] = tie as unknown as [number, number, number, number, number];
  return [sx, 0, x - i * sx, 0, -sy, y + j * sy];
}

/** Keys that hold one short number; the others are names, which an EPSG code makes unnecessary. */
function geoKeysOf(directory: Directory): ReadonlyMap<number, number> {
  const values = directory.numbers(tiffTags.geoKeyDirectory);
  const out = new Map<number, number>();
  for (let i = 4; i + 3 < values.length; i += 4) if (values[i + 1] === 0) out.set(values[i]!, values[i + 3]!);
  return out;
}

/** The nodata value that GDAL writes as a text; `nan` is the default anyway. */
export function nodataOf(directory: Directory): number | undefined {
  const text = directory.text(tiffTags.gdalNodata)?.trim();
  if (!text) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** Names of bands from GDAL's XML: `<Item name="DESCRIPTION" sample="0" role="description">B4</Item>`. */
export function gdalBandNames(directory: Directory): ReadonlyMap<number, string> {
  const xml = directory.text(tiffTags.gdalMetadata) ?? "";
  const out = new Map<number, string>();
  for (const [, attributes, text] of xml.matchAll(/<Item ([^<>]*)>([^<]*)<\/Item>/g)) {
    const sample = /\bsample="(\d{1,5})"/.exec(attributes!);
    if (sample && /\bname="DESCRIPTION"/.test(attributes!)) out.set(Number(sample[1]), unescapeXml(text!));
  }
  return out;
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Undoes the five named entities and numbered characters; nothing else is defined in these files. */
export const unescapeXml = (text: string): string =>
  text.replace(/&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([0-9a-fA-F]{1,6}));/g, (whole, name, decimal, hex) => {
    if (name) return entities[name]!;
    const code = decimal ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
