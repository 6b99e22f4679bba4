import {
  type Diagnostic,
  DiagnosticError,
  type FileRef,
  type Grid,
  type Image,
  problem,
  tiffCompressions,
  warning,
} from "tiepoint/plugin";
import { type Directory, type PageRef, TiffFile } from "./directory.js";
import { placeOf } from "./geo.js";
import { type Layout, layoutOf } from "./layout.js";
import { levelImage, overviewGrid } from "./level.js";
import { bandNames } from "./names.js";
import type { Planes } from "./ome.js";
import { overviewsOf } from "./overviews.js";
import { paletteImage } from "./palette.js";
import { channelPlanes, describedPlanes, isFull, type Plane, slicesOf } from "./planes.js";
import { recent } from "./recent.js";
import { damaged, Source } from "./source.js";

/** Layouts of planes that are kept at hand; one of the others is read again when it is wanted. */
const LAYOUTS = 256;

export interface OpenOptions {
  readonly page: number | undefined;
  readonly pages: "first" | "all";
  /** With `pages: all`: the channel, or the sample of each page, that the slices are of. */
  readonly channel: string | undefined;
  readonly kind: "intensity" | "labels" | "mask";
  readonly memory: number;
  /** Micrometres, where the file does not say how large a pixel is: its stage position then has a meaning. */
  readonly pixelSize?: number | undefined;
}

export interface Opened {
  readonly image: Image;
  readonly notes: readonly Diagnostic[];
  /** The bands are slices, of the channel that was asked for. */
  readonly slices: boolean;
}

/**
 * Opens a TIFF file. Only directories are read now, and of a stack no more than where each one is.
 *
 * @throws DiagnosticError `not-an-image`, `image-damaged`, `image-unsupported`, `no-such-page`, `file-unreadable`, and
 *   with `pages: all` also `pages-differ`, `pages-with-bands`, `no-such-channel`
 */
export function openTiff(file: FileRef, options: OpenOptions): Opened {
  const tiff = new TiffFile(new Source(file));
  const all = tiff.pages();
  if (all.length === 0) throw damaged("it holds no image");
  const pages = all.filter(isFull);
  if (pages.length === 0) pages.push(all[0]!);
  const notes: Diagnostic[] = [];
  const { planes, names, sample, described } = planesOf(tiff, all, pages, options, notes);
  const first = tiff.directory(planes[0]!.page.at);
  const layoutAt = recent(LAYOUTS, (p: number): Layout => {
    const { page, skip } = planes[p]!;
    const layout = shifted(layoutOf(p === 0 ? first : tiff.directory(page.at)), skip);
    if (p > 0) checkAlike(layoutAt(0), layout);
    return layout;
  });
  const layout = layoutAt(0);
  checkLast(layout, planes.at(-1)!);
  // Slices have been compared by their shapes; of channels, which are few, all is known now.
  if (!names) for (let p = 1; p < planes.length; p++) layoutAt(p);
  notes.push(...notesOnSamples(layout));
  const { grid, notes: placeNotes } = gridOf(first, layout, described, options.pixelSize);
  notes.push(...placeNotes);
  const bands = names ?? bandNames(first, layout, planes.length, described);
  const { memory } = options;
  const level = (layoutAt: (plane: number) => Layout, g = grid): Image => {
    const plain = levelImage({ layoutAt, sample, grid: g, bands, memory });
    return options.kind === "intensity" && !names ? paletteImage(plain, layoutAt(0), first) : plain;
  };
  const overviews = overviewsOf(tiff, planes, all, layout).map((at) =>
    level(at, overviewGrid(grid, at(0).width, at(0).height)),
  );
  const image = level(layoutAt);
  return { image: overviews.length > 0 ? { ...image, overviews } : image, notes, slices: names !== undefined };
}

/** Which planes are read: those of one page, the channels of the first slice, or all slices. */
function planesOf(
  tiff: TiffFile,
  all: readonly PageRef[],
  pages: readonly PageRef[],
  { page, pages: which, channel }: OpenOptions,
  notes: Diagnostic[],
): {
  readonly planes: readonly Plane[];
  readonly names?: readonly string[];
  readonly sample?: number;
  readonly described?: Planes | undefined;
} {
  if (page !== undefined) {
    if (pages[page]) return { planes: [{ page: pages[page], skip: 0 }] };
    const count = `${pages.length} page${pages.length === 1 ? "" : "s"}`;
    throw new DiagnosticError(
      problem("no-such-page", `The file has ${count}; page ${page} is none`, "Pages are counted from 0."),
    );
  }
  const described = describedPlanes(tiff.directory(all[0]!.at));
  const slices = which === "all" ? slicesOf(tiff, { all, pages, described, channel }, notes) : undefined;
  if (slices) return { ...slices, described };
  const several = described && (described.channels.length > 1 || described.elsewhere);
  const channels = several ? channelPlanes(described, all, notes) : undefined;
  if (channels && described?.elsewhere) notes.push(noteElsewhere(described));
  notes.push(...notesOnPages(pages, described));
  return { planes: channels ?? [{ page: pages[0]!, skip: 0 }], described };
}

const noteElsewhere = ({ channels, elsewhere = 0 }: Planes): Diagnostic =>
  warning(
    "channels-missing",
    `The description promises ${channels.length + elsewhere} channels, but ${elsewhere === 1 ? "one lies in another file" : `${elsewhere} lie in other files`}: ${channels.join(", ")} ${channels.length === 1 ? "is" : "are"} read`,
    "Read each of the files.",
  );

/** The layout of a later plane that lies right behind, without a directory of its own (large ImageJ stacks). */
function shifted(layout: Layout, skip: number): Layout {
  if (skip === 0) return layout;
  if (layout.compression !== tiffCompressions.none) throw damaged("its planes are compressed, but have no directories");
  const bytes = skip * planeBytes(layout);
  return { ...layout, key: `${layout.key}+${skip}`, offsets: layout.offsets.map((at) => at + bytes) };
}

const planeBytes = ({ width, height, samples, bits }: Layout): number =>
  Math.ceil((width * samples * bits) / 8) * height;

function checkAlike(first: Layout, { width, height, samples, dtype }: Layout): void {
  if (width === first.width && height === first.height && samples === first.samples && dtype === first.dtype) return;
  throw damaged(
    `its channels differ: ${first.width} x ${first.height} px of ${first.dtype}, and ${width} x ${height} px of ${dtype}`,
  );
}

/** Planes without directories must lie in the file, as far as the description promises. */
function checkLast(first: Layout, { skip }: Plane): void {
  if (skip === 0) return;
  const bytes = planeBytes(first);
  const { size } = first.source;
  if (first.offsets[0]! + (skip + 1) * bytes > size) {
    const whole = Math.max(0, Math.floor((size - first.offsets[0]!) / bytes));
    throw damaged(`its description promises ${skip + 1} planes, but it ends after ${whole}`);
  }
}

function notesOnPages(pages: readonly PageRef[], described: Planes | undefined): Diagnostic[] {
  const others = described
    ? Math.max(1, described.channels.length) * (described.depth * described.times - 1)
    : pages.length - 1;
  if (others <= 0) return [];
  const what = described ? `${others} more planes (slices or times)` : `${pages.length} pages`;
  return [
    {
      severity: "info",
      code: "first-page",
      message: `The file has ${what}; the first is read`,
      hint: "Choose with page:, or read all with pages: all.",
    },
  ];
}

function notesOnSamples({ format, bits, dtype }: Layout): Diagnostic[] {
  if (dtype !== "float32" || (bits !== 64 && format !== "int")) return [];
  const from = format === "float" ? "64-bit floating-point numbers" : "32-bit integers";
  return [{ severity: "info", code: "converted-to-float32", message: `Samples are ${from}; they are read as float32` }];
}

function gridOf(
  directory: Directory,
  { width, height }: Layout,
  described: Planes | undefined,
  pixelSize: number | undefined,
) {
  const { place, notes } = placeOf(directory);
  if (place) return { grid: { width, height, ...place }, notes };
  const placed = stageGrid(described, pixelSize);
  return { grid: { width, height, ...placed.place }, notes: [...notes, ...placed.notes] };
}

/** Pixel size and stage position of a description. */
function stageGrid(
  described: Planes | undefined,
  pixelSize: number | undefined,
): { readonly place: Pick<Grid, "worldFromPixel" | "crs">; readonly notes: readonly Diagnostic[] } {
  const pixel = described?.pixel ?? (pixelSize ? { x: pixelSize, y: pixelSize } : undefined);
  const stage = described?.stage;
  if (!pixel) {
    const inPixels = stage?.unit === "px" ? stage : undefined;
    const worldFromPixel = [1, 0, inPixels?.x ?? 0, 0, 1, inPixels?.y ?? 0] as const;
    const unused = warning(
      "stage-position-unused",
      "The file says where the stage stood, but not how large a pixel is; its world is its pixels",
      "Add pixel-size: 0.5 um, say, to the input.",
    );
    return { place: { worldFromPixel, crs: "px" }, notes: stage && !inPixels ? [unused] : [] };
  }
  const [sx, sy] = stage?.unit === "px" ? [pixel.x, pixel.y] : [1, 1];
  const worldFromPixel = [pixel.x, 0, (stage?.x ?? 0) * sx, 0, pixel.y, (stage?.y ?? 0) * sy] as const;
  const assumed: Diagnostic = {
    severity: "info",
    code: "stage-unit-assumed",
    message: "The stage position has no unit; it is taken for micrometres",
  };
  return { place: { worldFromPixel, crs: "um" }, notes: stage?.assumed ? [assumed] : [] };
}
