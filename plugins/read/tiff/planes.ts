import { type Diagnostic, DiagnosticError, findBand, problem, tiffTags } from "tiepoint/plugin";
import type { Directory, PageRef, TiffFile } from "./directory.js";
import { layoutOf } from "./layout.js";
import { sampleNames } from "./names.js";
import { aperioPlanes, imagejPlanes, omePlanes, type Planes } from "./ome.js";
import { damaged } from "./source.js";

/** A plane's directory; `skip` counts the planes before it when they all hang on one directory. */
export interface Plane {
  readonly page: PageRef;
  readonly skip: number;
}

/** The planes of a file that become bands of their own. */
export interface Slices {
  readonly planes: readonly Plane[];
  readonly names: readonly string[];
  /** The one sample of each plane that is read. */
  readonly sample: number;
}

const REDUCED = 1;
const MASK = 4;
/** True of a page that is an image of its own. */
export const isFull = ({ subfile }: PageRef): boolean => (subfile & (REDUCED | MASK)) === 0;
export const isReduced = ({ subfile }: PageRef): boolean => subfile === REDUCED;

export function describedPlanes(directory: Directory): Planes | undefined {
  const text = directory.text(tiffTags.imageDescription);
  if (!text) return undefined;
  const perUnit = {
    x: directory.number(tiffTags.xResolution, Number.NaN),
    y: directory.number(tiffTags.yResolution, Number.NaN),
  };
  return omePlanes(text) ?? imagejPlanes(text, perUnit) ?? aperioPlanes(text);
}

/** The planes of the first z and t, one per channel; nothing when the file does not hold what its description promises. */
export function channelPlanes(
  described: Planes,
  all: readonly PageRef[],
  notes: Diagnostic[],
): readonly Plane[] | undefined {
  const indices = described.channels.map((_, c) => described.planeOf(c, 0, 0));
  const planes = placed(indices, described, all);
  if (planes) return planes;
  notes.push({
    severity: "warning",
    code: "channels-missing",
    message: `The description promises ${indices.length} channels, but the file holds ${all.length} planes: the first is read`,
    hint: "The other channels may be in files beside this one; read each of them.",
  });
  return undefined;
}

function placed(indices: readonly number[], { contiguous = 0 }: Planes, all: readonly PageRef[]): Plane[] | undefined {
  if (all.length === 1 && contiguous > 1 && indices.every((i) => i >= 0 && i < contiguous))
    return indices.map((skip) => ({ page: all[0]!, skip }));
  return indices.every((i) => all[i]) ? indices.map((i) => ({ page: all[i]!, skip: 0 })) : undefined;
}

/**
 * Every page of a file as a band of its own: the slices and times of one channel where the file says what they are, else
 * its pages in order. Nothing where there are no slices.
 *
 * @param pages  those of `all` that are full images; @param channel  name or number of a channel, or of a sample of each page
 * @throws DiagnosticError `pages-differ`, `pages-with-bands`, `no-such-channel`, `image-damaged`
 */
export function slicesOf(
  tiff: TiffFile,
  {
    all,
    pages,
    described,
    channel,
  }: {
    readonly all: readonly PageRef[];
    readonly pages: readonly PageRef[];
    readonly described: Planes | undefined;
    readonly channel: string | undefined;
  },
  notes: Diagnostic[],
): Slices | undefined {
  const stack = described ? describedStack(described, all, channel, notes) : undefined;
  // One page, or channels alone, are no slices: they are read as ever.
  if (!stack && (pages.length === 1 || (described?.channels.length ?? 0) > 1)) return undefined;
  const planes = stack?.planes ?? pages.map((page) => ({ page, skip: 0 }));
  const names = stack?.names ?? pages.map((_, i) => `page ${i}`);
  checkShapes(planes, names);
  const first = tiff.directory(planes[0]!.page.at);
  const bands = stack?.chosen ? ["gray"] : sampleNames(first, layoutOf(first));
  const wanted = stack?.chosen ? undefined : channel;
  const sample = wanted === undefined ? (bands.length === 1 ? 0 : undefined) : findBand(bands, wanted);
  if (sample !== undefined) return { planes, names, sample };
  if (wanted !== undefined) throw noSuchChannel(wanted, bands);
  throw new DiagnosticError(
    problem(
      "pages-with-bands",
      `pages: all makes one band of each page, but each page holds ${bands.length} (${bands.slice(0, 8).join(", ")})`,
      `Add channel: ${bands[0]} to read that one of every page, or read one page with page: 0.`,
    ),
  );
}

/** The planes of one channel by time, then depth; nothing when the file is described as a single one. */
function describedStack(described: Planes, all: readonly PageRef[], channel: string | undefined, notes: Diagnostic[]) {
  const { channels, depth, times } = described;
  if (depth * times === 1) return undefined;
  const several = channels.length > 1;
  const wanted = !several ? 0 : channel === undefined ? undefined : findBand(channels, channel);
  if (wanted === undefined && channel !== undefined) throw noSuchChannel(channel, channels);
  if (wanted === undefined) {
    throw new DiagnosticError(
      problem(
        "pages-with-bands",
        `pages: all reads the slices of one channel, but the file has ${channels.length} (${channels.slice(0, 8).join(", ")})`,
        `Add channel: ${channels[0]}, and read the other channels as inputs of their own.`,
      ),
    );
  }
  const places: number[] = [];
  const names: string[] = [];
  for (let t = 0; t < times; t++) {
    for (let z = 0; z < depth; z++) {
      places.push(described.planeOf(wanted, z, t));
      names.push(times === 1 ? `z${z}` : depth === 1 ? `t${t}` : `t${t} z${z}`);
    }
  }
  const planes = placed(places, described, all);
  if (planes) return { planes, names, chosen: several };
  if (several) {
    throw damaged(`its description promises ${channels.length * depth * times} planes, but it holds ${all.length}`);
  }
  notes.push({
    severity: "warning",
    code: "slices-missing",
    message: `The description promises ${places.length} slices, but the file holds ${all.length} pages: these are read`,
    hint: "The others may be in files beside this one.",
  });
  return undefined;
}

const noSuchChannel = (wanted: string, bands: readonly string[]): DiagnosticError =>
  new DiagnosticError(
    problem(
      "no-such-channel",
      `The pages have no channel "${wanted}"; they have ${bands
        .map((b, i) => `${i} (${b})`)
        .slice(0, 20)
        .join(", ")}`,
      "Write the name or the number of one of them.",
    ),
  );

function checkShapes(planes: readonly Plane[], names: readonly string[]): void {
  const first = planes[0]!.page.shape;
  const other = planes.findIndex(({ page }) => page.shape !== first);
  if (other < 0) return;
  throw new DiagnosticError(
    problem(
      "pages-differ",
      `pages: all needs pages of one size and type, but ${names[0]} is ${first}, and ${names[other]} is ${planes[other]!.page.shape}`,
      "Read the pages that belong together one by one, with page:.",
    ),
  );
}
