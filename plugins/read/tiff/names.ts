import { tiffPhotometrics } from "tiepoint/plugin";
import type { Directory } from "./directory.js";
import { gdalBandNames } from "./geo.js";
import type { Layout } from "./layout.js";
import type { Planes } from "./ome.js";

const RGBA = ["red", "green", "blue", "alpha"];

/**
 * Names from the description, from GDAL's metadata, or from what the samples are; never two alike.
 *
 * @param planes  how many planes follow each other, each with all samples of a page
 */
export function bandNames(
  directory: Directory,
  layout: Layout,
  planes: number,
  described: Planes | undefined,
): string[] {
  const { samples } = layout;
  const names =
    planes > 1
      ? described!.channels.flatMap((name) =>
          samples === 1 ? [name] : sampleNames(directory, layout).map((sample) => `${name} ${sample}`),
        )
      : described?.channels.length === samples && samples > 1
        ? [...described.channels]
        : samples === 1 && described?.channels.length === 1 && described.channels[0] !== "channel 0"
          ? [described.channels[0]!]
          : sampleNames(directory, layout);
  const taken = new Set<string>();
  return names.map((name, i) => {
    const free = taken.has(name) ? `${name} (${i})` : name;
    taken.add(free);
    return free;
  });
}

/** What each sample of a page's pixels is. */
export function sampleNames(directory: Directory, { samples, photometric, extraSamples }: Layout): string[] {
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
