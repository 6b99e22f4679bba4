import { type FileHandle, open, rm } from "node:fs/promises";
import { bytesPerSample, type Image, OrderedWork, pour, tiffTags, tiffTypes, type Watch } from "tiepoint/plugin";
import { directoryBytes, directorySize, type Field, headerBytes, headerSize } from "./directory.js";
import { emptyPlaces, type Places, pageWriter } from "./page.js";
import type { FilePlan, PagePlan } from "./plan.js";
import { copyAll, Sink, writeAll } from "./sink.js";

/** Chunks that are packed at one time; more than the thread pool has threads, so that none of them waits. */
const MAX_UNDER_WAY = 12;

/**
 * Writes the file that was planned, pulling the image block by block: a row of tiles, or part of it, at a time; or of a
 * stack one page, or a few, at a time.
 *
 * Memory: two blocks, the tiles under way, and a row of tiles of each overview.
 */
export async function writeFile(image: Image, plan: FilePlan, target: string, watch: Watch): Promise<void> {
  const handle = await open(target, "w");
  const spools: Spool[] = [];
  try {
    if (plan.layout === "cog") await writeCog(image, plan, handle, target, watch, spools);
    else await writeStreamed(image, plan, handle, watch);
  } finally {
    await handle.close();
    for (const spool of spools) {
      await spool.handle.close();
      await rm(spool.path, { force: true });
    }
  }
}

/** Where compressed tiles wait until it is known where they go. */
interface Spool {
  readonly path: string;
  readonly handle: FileHandle;
}

/** Data first, directories last: nothing has to be known in advance. */
async function writeStreamed(image: Image, plan: FilePlan, handle: FileHandle, watch: Watch): Promise<void> {
  const sink = new Sink(handle, align8(headerSize(plan.big)));
  const work = new OrderedWork<Uint8Array>(MAX_UNDER_WAY);
  const places: Places[][] = [];
  const start = (page: number) => {
    places[page] = emptyPlaces(plan);
    return pageWriter(plan, plan.pages[page]!, places[page], () => sink, work);
  };
  await pour(image, plan, start, watch);
  await work.drain();
  await sink.flush();
  const directories = new Sink(handle, align8(sink.position));
  const { big } = plan;
  // Directories have sizes of whole eights, so each stands where the sink has come to.
  const put = (fields: readonly Field[], last: boolean): Promise<number> => {
    const at = directories.position;
    return directories.append(directoryBytes(fields, at, last ? 0 : at + directorySize(fields, big), big));
  };
  // OME hangs smaller versions on their page, and so do stacks; elsewhere they follow as pages that say that they are reduced.
  const hang = plan.layout === "ome" || plan.stack;
  const chain: (readonly Field[])[] = [];
  for (const [p, levels] of places.entries()) {
    const [full, ...reduced] = levels.map((level, i) => levelFields(plan, plan.pages[p]!, level, i > 0));
    const subs: number[] = [];
    if (hang) for (const fields of reduced) subs.push(await put(fields, true));
    const type = big ? tiffTypes.ifd8 : tiffTypes.ifd;
    chain.push(subs.length > 0 ? [...full!, [tiffTags.subIfds, type, subs]] : full!, ...(hang ? [] : reduced));
  }
  const first = directories.position;
  for (const [i, fields] of chain.entries()) await put(fields, i + 1 === chain.length);
  await directories.flush();
  await writeAll(handle, headerBytes(first, big), 0);
}

const GHOST_BODY = "LAYOUT=IFDS_BEFORE_DATA\nBLOCK_ORDER=ROW_MAJOR\nKNOWN_INCOMPATIBLE_EDITION=NO\n ";
/** What GDAL writes behind the header, so that readers know the order of things without looking. */
const GHOST = `GDAL_STRUCTURAL_METADATA_SIZE=${String(GHOST_BODY.length).padStart(6, "0")} bytes\n${GHOST_BODY}`;

/**
 * Cloud Optimized GeoTIFF: directories first, then the smallest overview, the full resolution last.
 *
 * Directories have the same size whatever stands in them, so data can be placed behind them. Compressed tiles wait in
 * files beside the target until the sizes of the smaller overviews are known; others go to their place at once.
 *
 * Source: OGC Cloud Optimized GeoTIFF standard 1.0 (OGC 21-026)
 */
async function writeCog(
  image: Image,
  plan: FilePlan,
  handle: FileHandle,
  target: string,
  watch: Watch,
  spools: Spool[],
): Promise<void> {
  const page = plan.pages[0]!;
  const { big } = plan;
  const levels = emptyPlaces(plan);
  const places: number[] = [];
  let at = align8(headerSize(big) + GHOST.length);
  for (const [i, level] of levels.entries()) {
    places.push(at);
    at += directorySize(levelFields(plan, page, level, i > 0), big);
  }
  const starts: number[] = new Array(plan.levels.length).fill(0);
  const sinks: Sink[] = [];
  if (plan.encoding.compression === "none") {
    const chunkBytes = plan.chunkWidth * plan.chunkHeight * page.bands.length * bytesPerSample(plan.dtype);
    for (let i = levels.length - 1, free = at; i >= 0; i--) {
      sinks[i] = new Sink(handle, free);
      free += levels[i]!.offsets.length * chunkBytes;
    }
  } else {
    for (let i = 0; i < levels.length; i++) {
      const path = `${target}.${i}.tmp`;
      spools.push({ path, handle: await open(path, "w+") });
      sinks.push(new Sink(spools[i]!.handle, 0));
    }
  }
  const work = new OrderedWork<Uint8Array>(MAX_UNDER_WAY);
  await pour(image, plan, () => pageWriter(plan, page, levels, (level) => sinks[level]!, work), watch);
  await work.drain();
  for (const sink of sinks) await sink.flush();
  for (let i = spools.length - 1; i >= 0; i--) {
    watch.signal.throwIfAborted();
    starts[i] = at;
    await copyAll(spools[i]!.handle, sinks[i]!.end, handle, at);
    at = align8(at + sinks[i]!.end);
  }
  for (const [i, level] of levels.entries()) {
    level.offsets.forEach((offset, k) => {
      level.offsets[k] = offset + starts[i]!;
    });
    const fields = levelFields(plan, page, level, i > 0);
    await writeAll(handle, directoryBytes(fields, places[i]!, places[i + 1] ?? 0, big), places[i]!);
  }
  await writeAll(handle, headerBytes(places[0]!, big), 0);
  await writeAll(handle, Buffer.from(GHOST, "latin1"), headerSize(big));
}

const align8 = (n: number): number => Math.ceil(n / 8) * 8;

function levelFields(plan: FilePlan, page: PagePlan, level: Places, reduced: boolean): Field[] {
  const { long, long8 } = tiffTypes;
  return [
    ...(reduced ? page.sharedFields : page.fields),
    [tiffTags.newSubfileType, long, [reduced ? 1 : 0]],
    [tiffTags.imageWidth, long, [level.width]],
    [tiffTags.imageLength, long, [level.height]],
    [plan.tiled ? tiffTags.tileOffsets : tiffTags.stripOffsets, plan.big ? long8 : long, level.offsets],
    [plan.tiled ? tiffTags.tileByteCounts : tiffTags.stripByteCounts, long, level.counts],
  ];
}
