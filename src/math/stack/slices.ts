import { failed, ok, problem, type Result } from "../../core/diagnostic.js";
import type { Grid } from "../../core/grid.js";
import type { Image } from "../../core/image.js";
import { findBand } from "../../core/read-options.js";
import type { SliceTransforms } from "../../core/slice-tables.js";
import type { Arena } from "../../kernel/memory.js";
import type { Plane } from "../plane.js";
import { grayPlane } from "../read-plane.js";

/** One slice of a stack, by name: an image of a list, or a band of one image. */
export interface Slice {
  readonly name: string;
  readonly image: Image;
}

/**
 * The slices of a stack in its order. Several images are a slice each, all of their bands; of one image each band is a slice,
 * named as the band, or by number where names repeat.
 *
 * @returns `too-few-slices` for fewer than two
 */
export function slicesOf(images: ReadonlyMap<string, Image>): Result<readonly Slice[]> {
  const [only] = images.values();
  const slices =
    images.size === 1 && only
      ? bandNames(only.bands).map((name, band) => ({ name, image: bandOf(only, band) }))
      : [...images].map(([name, image]) => ({ name, image }));
  if (slices.length >= 2) return ok(slices);
  return failed(
    problem(
      "too-few-slices",
      `Expected a stack of two slices or more, but found ${slices.length === 0 ? "none" : "one"}`,
      "Give a list of images, or one file of several pages with pages: all.",
    ),
  );
}

const bandNames = (bands: readonly string[]): readonly string[] =>
  new Set(bands).size === bands.length ? bands : bands.map((_, band) => `slice ${band + 1}`);

/** One band of an image as an image of its own. */
export function bandOf(image: Image, band: number): Image {
  const { recipe: _, overviews, ...face } = image;
  return {
    ...face,
    bands: [image.bands[band]!],
    ...(overviews ? { overviews: overviews.map((o) => bandOf(o, band)) } : {}),
    read: (window, options = {}) => image.read(window, { ...options, bands: (options.bands ?? [0]).map(() => band) }),
  };
}

/**
 * The slices that show one channel alone, where slices have several.
 *
 * @returns `unknown-channel` when a slice has no such band
 */
export function channelOf(slices: readonly Slice[], channel: string): Result<readonly Slice[]> {
  const found: Slice[] = [];
  for (const { name, image } of slices) {
    const band = findBand(image.bands, channel);
    if (band === undefined)
      return failed(
        problem(
          "unknown-channel",
          `Expected a band ${channel} in each slice, but ${name} has ${image.bands.join(", ")}`,
          "Name one of these as channel, or leave it out to see them all as one gray image.",
        ),
      );
    found.push({ name, image: bandOf(image, band) });
  }
  return ok(found);
}

/** Side by which slices are reduced, a whole number, so that the longest side has at most `maxSide` pixels. */
export const reductionOf = (slices: readonly Slice[], maxSide: number): number =>
  Math.max(1, ...slices.map(({ image: { grid } }) => Math.ceil(Math.max(grid.width, grid.height) / maxSide)));

/** A slice in gray at the level that is compared. @throws DiagnosticError when its file is damaged */
export async function readSlice(
  arena: Arena,
  { image }: Slice,
  factor: number,
  signal?: AbortSignal,
): Promise<{ readonly plane: Plane; readonly grid: Grid }> {
  return grayPlane(arena, image, factor, signal);
}

/** The table's slices, in its order. Names of bands need not agree where one image holds all: the order of pages does. */
export function slicesInOrder(
  slices: readonly Slice[],
  { slices: names }: Pick<SliceTransforms, "slices">,
): Result<readonly Slice[]> {
  const byName = new Map(slices.map((s) => [s.name, s]));
  const missing = names.filter((name) => !byName.has(name));
  const extra = slices.filter((s) => !names.includes(s.name)).map((s) => s.name);
  if (missing.length === 0 && extra.length === 0) return ok(names.map((name) => byName.get(name)!));
  const listed = (list: readonly string[]) => `${list.slice(0, 3).join(", ")}${list.length > 3 ? " …" : ""}`;
  const said = [
    ...(missing.length > 0 ? [`the stack has no ${listed(missing)}`] : []),
    ...(extra.length > 0 ? [`the table has no ${listed(extra)}`] : []),
  ];
  return failed(
    problem(
      "slices-differ",
      `Expected one row in the table for each slice, but ${said.join(" and ")}`,
      'Give slices the names that they had when they were aligned (id: "{file}" names them by file).',
    ),
  );
}
