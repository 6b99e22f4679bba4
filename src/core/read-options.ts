import { type Diagnostic, failed, ok, problem, type Result, warning } from "./diagnostic.js";
import { type Affine2, composeAffine, type Grid, invertAffine } from "./grid.js";
import type { Image } from "./image.js";
import type { ParamSchemas, Params } from "./plugin.js";

/** The parameters that every `read` plugin for images takes. `page` and `pages` are for the reader itself; `applyReadOptions` does the rest. */
export const readParams = {
  kind: {
    type: "string",
    enum: ["intensity", "labels", "mask"],
    default: "intensity",
    description: "What the samples mean. Labels and masks are never averaged.",
  },
  channel: {
    type: "string",
    optional: true,
    description: "Reads one band alone: its name, or its number from 0.",
  },
  page: {
    type: "integer",
    minimum: 0,
    optional: true,
    description: "Reads one page of a file with several, counted from 0.",
  },
  pages: {
    type: "string",
    enum: ["first", "all"],
    default: "first",
    description: "all: every page of a TIFF file becomes a band; in a file with channels, name one with channel.",
  },
  pixelSize: {
    type: "number",
    unit: "length",
    optional: true,
    description: "Side of a pixel, such as 0.5 um, in place of what the file says.",
  },
  nodata: {
    type: "number",
    optional: true,
    description: "Sample value that means no observation, in place of what the file says.",
  },
} as const satisfies ParamSchemas;

export type ReadParams = Params<typeof readParams>;

/**
 * Gives a freshly read image what the user said of it: band, meaning, place and nodata.
 *
 * @param like  the image of the port `sameGridAs`: its place in the world is taken over, so the sizes must agree
 * @returns the image, and notes; or `no-such-channel`, `labels-need-one-band`, `pixel-size-unit`, `grid-size-differs`
 */
export function applyReadOptions(
  image: Image,
  params: Omit<ReadParams, "page" | "pages">,
  like?: Image,
): Result<{ readonly image: Image; readonly notes: readonly Diagnostic[] }> {
  const notes: Diagnostic[] = [];
  let out = image;
  if (params.channel !== undefined) {
    const band = findBand(image.bands, params.channel);
    if (band === undefined) {
      return failed(
        problem(
          "no-such-channel",
          `The image has no channel "${params.channel}"; it has ${listed(image.bands.map((b, i) => `${i} (${b})`))}`,
          "Write the name or the number of one of them.",
        ),
      );
    }
    out = selectBands(out, [band]);
  }
  if (params.kind !== "intensity" && out.bands.length !== 1) {
    return failed(
      problem(
        "labels-need-one-band",
        `Expected one band for kind: ${params.kind}, but the image has ${out.bands.length} (${listed(out.bands)})`,
        `Add channel: ${out.bands[0]} if that band holds the ${params.kind === "mask" ? "mask" : "labels"}.`,
      ),
    );
  }
  out = mapLevels(out, (level) => ({ ...level, meaning: params.kind }));
  if (params.nodata !== undefined) {
    const { nodata } = params;
    out = mapLevels(out, (level) => ({ ...level, nodata }));
  }
  if (params.pixelSize !== undefined) {
    const { value, unit } = params.pixelSize;
    if (unit === "px" || !(value > 0)) {
      return failed(
        problem(
          "pixel-size-unit",
          `Expected a positive physical length for pixel-size, but found ${value} ${unit}`,
          "Write it in nm, um, mm or m: pixel-size: 0.5 um.",
        ),
      );
    }
    const { crs, worldFromPixel: was } = image.grid;
    if (crs !== "px" && (crs !== "um" || was[0] !== value || was[4] !== value)) {
      const what =
        crs === "um" ? `pixel size that the file gives (${was[0]} um)` : `place that the file gives (${crs})`;
      notes.push(warning("pixel-size-replaced", `pixel-size: ${value} um replaces the ${what}`));
    }
    // A stage position is one, whatever the size of pixels.
    const [x, y] = crs === "um" ? [was[2], was[5]] : [0, 0];
    out = placeImage(out, { ...out.grid, worldFromPixel: [value, 0, x, 0, value, y], crs: "um" });
  }
  if (like) {
    if (like.grid.width !== out.grid.width || like.grid.height !== out.grid.height) {
      return failed(
        problem(
          "grid-size-differs",
          `Expected ${like.grid.width} x ${like.grid.height} px, as same-grid-as says, but the file has ${out.grid.width} x ${out.grid.height} px`,
          "Name the image that this one was made from, or drop same-grid-as.",
        ),
      );
    }
    out = placeImage(out, like.grid);
  }
  return ok({ image: out, notes });
}

/** What is wrong when one page and all pages are asked for. */
export function pagesProblem({ page, pages }: Pick<ReadParams, "page" | "pages">): Diagnostic | undefined {
  if (page === undefined || pages !== "all") return undefined;
  return problem(
    "page-and-pages",
    `page: ${page} reads one page, and pages: all reads all of them`,
    "Drop one of the two.",
  );
}

/** The first of many texts, so that a message stays a line. */
const listed = (texts: readonly string[]): string =>
  texts.length <= 20 ? texts.join(", ") : `${texts.slice(0, 20).join(", ")} and ${texts.length - 20} more`;

/** Index of a band by name (any case, when the exact name is absent) or by number from 0. */
export function findBand(bands: readonly string[], wanted: string): number | undefined {
  const exact = bands.indexOf(wanted);
  if (exact >= 0) return exact;
  const folded = bands.findIndex((band) => band.toLowerCase() === wanted.toLowerCase());
  if (folded >= 0) return folded;
  return /^\d+$/.test(wanted) && Number(wanted) < bands.length ? Number(wanted) : undefined;
}

/** The image with these of its bands, in this order. */
export function selectBands(image: Image, bands: readonly number[]): Image {
  return mapLevels(image, (level) => ({
    ...level,
    bands: bands.map((b) => level.bands[b]!),
    read: (window, options) =>
      level.read(window, { ...options, bands: options?.bands ? options.bands.map((b) => bands[b]!) : bands }),
  }));
}

/** The image at another place in the world, its overviews with it. `grid` must have the image's size. */
export function placeImage(image: Image, grid: Grid): Image {
  const move = (level: Image): Affine2 =>
    level === image
      ? grid.worldFromPixel
      : composeAffine(
          composeAffine(level.grid.worldFromPixel, invertAffine(image.grid.worldFromPixel)),
          grid.worldFromPixel,
        );
  return mapLevels(image, (level) => ({
    ...level,
    grid: { ...level.grid, worldFromPixel: move(level), crs: grid.crs },
  }));
}

/** Changes an image and its overviews alike. Pixels are still read from the image given: no recipe is carried over. */
function mapLevels(image: Image, change: (level: Image) => Image): Image {
  const one = (level: Image): Image => {
    const { recipe: _, ...rest } = change(level);
    return rest;
  };
  const changed = one(image);
  return image.overviews ? { ...changed, overviews: image.overviews.map(one) } : changed;
}
