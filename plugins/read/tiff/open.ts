import {
  type Diagnostic,
  DiagnosticError,
  type FileRef,
  type Image,
  problem,
  tiffCompressions,
  tiffPhotometrics,
  tiffTags,
} from "tiepoint/plugin";
import { type Directory, TiffFile } from "./directory.js";
import { gdalBandNames, placeOf } from "./geo.js";
import { type Layout, layoutOf } from "./layout.js";
import { type Level, levelImage, overviewGrid } from "./level.js";
import { aperioPlanes, imagejPlanes, omePlanes, type Planes } from "./ome.js";
import { paletteImage } from "./palette.js";
import { damaged, Source } from "./source.js";

/** More overviews than halving the largest image could give. */
const MAX_OVERVIEWS = 32;

export interface OpenOptions {
  readonly page: number | undefined;
  readonly kind: "intensity" | "labels" | "mask";
  readonly memory: number;
}

/**
 * Opens a TIFF file. Only directories are read now.
 *
 * @throws DiagnosticError `not-an-image`, `image-damaged`, `image-unsupported`, `no-such-page`, `file-unreadable`
 */
export function openTiff(file: FileRef, options: OpenOptions): { image: Image; notes: readonly Diagnostic[] } {
  const tiff = new TiffFile(new Source(file));
  const all = tiff.directories();
  if (all.length === 0) throw damaged("it holds no image");
  const pages = all.filter((directory) => (subfileType(directory) & (REDUCED | MASK)) === 0);
  if (pages.length === 0) pages.push(all[0]!);
  const described = options.page === undefined ? planesOf(all[0]!) : undefined;
  const notes: Diagnostic[] = [];
  const wanted = described && described.planes.length > 1 ? planeDirectories(described, all, notes) : undefined;
  const main = wanted ?? [{ directory: pages[options.page ?? 0], skip: 0 }];
  const first = main[0]!.directory;
  if (!first) {
    const count = `${pages.length} page${pages.length === 1 ? "" : "s"}`;
    throw new DiagnosticError(
      problem("no-such-page", `The file has ${count}; page ${options.page} is none`, "Pages are counted from 0."),
    );
  }
  if (options.page === undefined) notes.push(...notesOnPages(pages, described));
  const layouts = main.map(({ directory, skip }) => shifted(layoutOf(directory!), skip));
  checkAlike(layouts);
  notes.push(...notesOnSamples(layouts[0]!));
  const { grid, notes: placeNotes } = gridOf(first, layouts[0]!, described);
  notes.push(...placeNotes);
  const bands = bandNames(first, layouts, described);
  const { memory } = options;
  const level = (layouts: readonly Layout[], g = grid): Image => {
    const plain = levelImage({ layouts, grid: g, bands, memory } satisfies Level);
    return options.kind === "intensity" ? paletteImage(plain, layouts[0]!, first) : plain;
  };
  const overviews = overviewsOf(
    main.map((m) => m.directory!),
    all,
    layouts,
  ).map((o) => level(o, overviewGrid(grid, o[0]!.width, o[0]!.height)));
  const image = level(layouts);
  return { image: overviews.length > 0 ? { ...image, overviews } : image, notes };
}

const REDUCED = 1;
const MASK = 4;
const subfileType = (directory: Directory): number => directory.number(tiffTags.newSubfileType, 0);

function planesOf(directory: Directory): Planes | undefined {
  const text = directory.text(tiffTags.imageDescription);
  if (!text) return undefined;
  const perUnit = {
    x: directory.number(tiffTags.xResolution, Number.NaN),
    y: directory.number(tiffTags.yResolution, Number.NaN),
  };
  return omePlanes(text) ?? imagejPlanes(text, perUnit) ?? aperioPlanes(text);
}

/** A plane's directory; `skip` counts the planes before it when they all hang on one directory. */
interface Plane {
  readonly directory: Directory | undefined;
  readonly skip: number;
}

/** One plane per channel, or nothing when the file does not hold what its description promises. */
function planeDirectories(described: Planes, all: readonly Directory[], notes: Diagnostic[]): Plane[] | undefined {
  const { planes, contiguous = 0 } = described;
  if (all.length === 1 && contiguous > 1) return planes.map((skip) => ({ directory: all[0], skip }));
  if (planes.every((plane) => all[plane])) return planes.map((plane) => ({ directory: all[plane], skip: 0 }));
  notes.push({
    severity: "warning",
    code: "channels-missing",
    message: `The description promises ${planes.length} channels, but the file holds ${all.length} planes: the first is read`,
    hint: "The other channels may be in files beside this one; read each of them.",
  });
  return undefined;
}

/** The layout of a later plane that lies right behind, without a directory of its own (large ImageJ stacks). */
function shifted(layout: Layout, skip: number): Layout {
  if (skip === 0) return layout;
  if (layout.compression !== tiffCompressions.none) throw damaged("its planes are compressed, but have no directories");
  const bytes = skip * layout.counts.reduce((a, b) => a + b, 0);
  return { ...layout, key: `${layout.key}+${skip}`, offsets: layout.offsets.map((at) => at + bytes) };
}

function checkAlike([first, ...others]: readonly Layout[]): void {
  for (const { width, height, samples, dtype } of others) {
    if (width !== first!.width || height !== first!.height || samples !== first!.samples || dtype !== first!.dtype) {
      throw damaged(
        `its channels differ: ${first!.width} x ${first!.height} px of ${first!.dtype}, and ${width} x ${height} px of ${dtype}`,
      );
    }
  }
}

function notesOnPages(pages: readonly Directory[], described: Planes | undefined): Diagnostic[] {
  const others = described ? described.others : pages.length - 1;
  if (others <= 0) return [];
  const what = described ? `${others} more planes (slices or times)` : `${pages.length} pages`;
  return [
    {
      severity: "info",
      code: "first-page",
      message: `The file has ${what}; the first is read`,
      hint: "Choose with page:.",
    },
  ];
}

function notesOnSamples({ format, bits, dtype }: Layout): Diagnostic[] {
  if (dtype !== "float32" || (bits !== 64 && format !== "int")) return [];
  const from = format === "float" ? "64-bit floating-point numbers" : "32-bit integers";
  return [{ severity: "info", code: "converted-to-float32", message: `Samples are ${from}; they are read as float32` }];
}

function gridOf(directory: Directory, { width, height }: Layout, described: Planes | undefined) {
  const { place, notes } = placeOf(directory);
  if (place) return { grid: { width, height, ...place }, notes };
  const pixel = described?.pixel;
  if (pixel) {
    const worldFromPixel = [pixel.x, 0, 0, 0, pixel.y, 0] as const;
    return { grid: { width, height, worldFromPixel, crs: "um" as const }, notes };
  }
  return { grid: { width, height, worldFromPixel: [1, 0, 0, 0, 1, 0] as const, crs: "px" as const }, notes };
}

const RGBA = ["red", "green", "blue", "alpha"];

/** Names from the description, from GDAL's metadata, or from what the samples are; never two alike. */
function bandNames(directory: Directory, layouts: readonly Layout[], described: Planes | undefined): string[] {
  const { samples } = layouts[0]!;
  const names =
    layouts.length > 1
      ? described!.channels.flatMap((name) =>
          samples === 1 ? [name] : sampleNames(directory, layouts[0]!).map((sample) => `${name} ${sample}`),
        )
      : described?.channels.length === samples && samples > 1
        ? [...described.channels]
        : samples === 1 && described?.channels.length === 1 && described.channels[0] !== "channel 0"
          ? [described.channels[0]!]
          : sampleNames(directory, layouts[0]!);
  const taken = new Set<string>();
  return names.map((name, i) => {
    const free = taken.has(name) ? `${name} (${i})` : name;
    taken.add(free);
    return free;
  });
}

function sampleNames(directory: Directory, { samples, photometric, extraSamples }: Layout): string[] {
  const given = gdalBandNames(directory);
  const colours =
    photometric === tiffPhotometrics.rgb || photometric === tiffPhotometrics.ycbcr
      ? RGBA.slice(0, 3)
      : photometric === tiffPhotometrics.separated && samples >= 4
        ? ["cyan", "magenta", "yellow", "black"]
        : samples - extraSamples.length === 1
          ? ["gray"]
          : [];
  const isAlpha = (i: number) => {
    const extra = extraSamples[i - (samples - extraSamples.length)];
    return extra === 1 || extra === 2;
  };
  return Array.from(
    { length: samples },
    (_, i) => given.get(i) ?? colours[i] ?? (isAlpha(i) ? "alpha" : `band ${i + 1}`),
  );
}

/**
 * Smaller versions of the same image: sub-directories (OME), reduced pages that follow (GDAL), or tiled pages of the
 * same shape (slide scanners). Those that do not fit the image are left out.
 */
function overviewsOf(main: readonly Directory[], all: readonly Directory[], layouts: readonly Layout[]): Layout[][] {
  const first = layouts[0]!;
  const perPlane = main.map((directory) => {
    const { tiff } = directory;
    const subs = [...directory.numbers(tiffTags.subIfds).slice(0, MAX_OVERVIEWS)].flatMap((at) => tiff.chain(at, 1));
    return subs.length > 0 || main.length > 1 ? subs : following(directory, all, first);
  });
  const count = Math.min(MAX_OVERVIEWS, ...perPlane.map((subs) => subs.length));
  const fits = (o: Layout, before: Layout) =>
    o.width < before.width && o.samples === first.samples && o.dtype === first.dtype && sameShape(o, first);
  const out: Layout[][] = [];
  for (let i = 0; i < count; i++) {
    const level = perPlane.map((subs) => layoutOf(subs[i]!));
    if (level.every((o) => fits(o, out.at(-1)?.[0] ?? first))) out.push(level);
  }
  return out;
}

function following(directory: Directory, all: readonly Directory[], { tiled }: Layout): Directory[] {
  const at = all.indexOf(directory);
  const end = all.findIndex((other, i) => i > at && (subfileType(other) & (REDUCED | MASK)) === 0);
  const reduced = all.slice(at + 1, end < 0 ? all.length : end).filter((other) => subfileType(other) === REDUCED);
  if (reduced.length > 0 || at > 0 || !tiled) return reduced;
  return all.slice(1).filter((other) => subfileType(other) === 0 && other.has(tiffTags.tileOffsets));
}

/** True when one is the other made smaller, but for the rounding of its sides. */
function sameShape(small: Layout, large: Layout): boolean {
  const factor = large.width / small.width;
  return Math.abs(large.height / factor - small.height) <= 1 + small.height / small.width;
}
