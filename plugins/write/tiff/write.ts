import { type FileHandle, open, rm } from "node:fs/promises";
import {
  bytesPerSample,
  type Context,
  type Image,
  type Pixels,
  pixelArray,
  tiffTags,
  tiffTypes,
} from "tiepoint/plugin";
import { directoryBytes, directorySize, type Field, headerBytes, headerSize } from "./directory.js";
import { Level } from "./level.js";
import type { FilePlan, PagePlan } from "./plan.js";
import { copyAll, Sink, writeAll } from "./sink.js";

/** Rows and columns that are read at once take this much at most. */
const BLOCK_BYTES = 16 * 1024 ** 2;

type Watch = Pick<Context, "memory" | "signal" | "progress">;

/**
 * Writes the file that was planned, pulling the image block by block: a row of tiles, or part of it, at a time.
 *
 * Memory: two blocks, the tiles of one under way, and a row of tiles of each overview.
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
  const pages = plan.pages.map((page) =>
    pyramid(
      plan,
      page,
      plan.levels.map(() => sink),
    ),
  );
  await pour(image, plan, pages, watch);
  let at = align8(sink.position);
  const write = async (fields: readonly Field[], next: number): Promise<void> => {
    const bytes = directoryBytes(fields, at, next, plan.big);
    await writeAll(handle, bytes, at);
    at += bytes.length;
  };
  // OME hangs smaller versions on their page; elsewhere they follow it as pages that say that they are reduced.
  const subs: number[][] = [];
  const chained: (readonly Field[])[] = [];
  for (const [p, levels] of pages.entries()) {
    subs.push([]);
    for (const level of levels.slice(1)) {
      const fields = levelFields(plan, plan.pages[p]!, level, true);
      if (plan.layout !== "ome") chained.push(fields);
      else {
        subs[p]!.push(at);
        await write(fields, 0);
      }
    }
  }
  const main = pages.map((levels, p) => {
    const fields = levelFields(plan, plan.pages[p]!, levels[0]!, false);
    const type = plan.big ? tiffTypes.ifd8 : tiffTypes.ifd;
    return subs[p]!.length > 0 ? [...fields, [tiffTags.subIfds, type, subs[p]!] satisfies Field] : fields;
  });
  const directories = [...main, ...chained];
  const first = at;
  for (const [i, fields] of directories.entries())
    await write(fields, i + 1 < directories.length ? at + directorySize(fields, plan.big) : 0);
  await writeAll(handle, headerBytes(first, plan.big), 0);
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
  const blank = plan.levels.map(({ width, height }) => new Level({ plan, page, width, height, sink: undefined }));
  const places: number[] = [];
  let at = align8(headerSize(big) + GHOST.length);
  for (const [i, level] of blank.entries()) {
    places.push(at);
    at += directorySize(levelFields(plan, page, level, i > 0), big);
  }
  const starts: number[] = new Array(plan.levels.length).fill(0);
  const sinks: Sink[] = [];
  if (plan.encoding.compression === "none") {
    const chunkBytes = plan.chunkWidth * plan.chunkHeight * page.bands.length * bytesPerSample(plan.dtype);
    for (let i = blank.length - 1, free = at; i >= 0; i--) {
      sinks[i] = new Sink(handle, free);
      free += blank[i]!.offsets.length * chunkBytes;
    }
  } else {
    for (let i = 0; i < blank.length; i++) {
      const path = `${target}.${i}.tmp`;
      spools.push({ path, handle: await open(path, "w+") });
      sinks.push(new Sink(spools[i]!.handle, 0));
    }
  }
  const levels = pyramid(plan, page, sinks);
  await pour(image, plan, [levels], watch);
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

/** The levels of one page, each of which hands its rows on to the next smaller one. */
function pyramid(plan: FilePlan, page: PagePlan, sinks: readonly Sink[]): Level[] {
  const levels: Level[] = [];
  for (let i = plan.levels.length - 1; i >= 0; i--)
    levels.unshift(new Level({ plan, page, ...plan.levels[i]!, sink: sinks[i], next: levels[0] }));
  return levels;
}

function levelFields(plan: FilePlan, page: PagePlan, level: Level, reduced: boolean): Field[] {
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

/** Reads the image once, block by block, and hands every band to its page; the next block is read meanwhile. */
async function pour(
  image: Image,
  plan: FilePlan,
  pages: readonly (readonly Level[])[],
  { memory, signal, progress }: Watch,
): Promise<void> {
  const { width, height } = image.grid;
  const pixelBytes = image.bands.length * bytesPerSample(plan.dtype);
  const budget = Math.min(BLOCK_BYTES, memory / 8);
  const columns = Math.max(1, Math.floor(budget / (plan.chunkWidth * plan.chunkHeight * pixelBytes)));
  const blockWidth = Math.min(width, columns * plan.chunkWidth);
  // Strips are low: take as many as fit. Tiles have all the rows that overviews need to fill up in step.
  const blockHeight = plan.tiled
    ? plan.chunkHeight
    : Math.max(1, Math.floor(budget / (width * pixelBytes * plan.chunkHeight))) * plan.chunkHeight;
  const blocks: { x: number; y: number; width: number; height: number }[] = [];
  for (let y = 0; y < height; y += blockHeight)
    for (let x = 0; x < width; x += blockWidth)
      blocks.push({ x, y, width: Math.min(blockWidth, width - x), height: Math.min(blockHeight, height - y) });
  // Two buffers for the whole file: while one is packed and written, the other one is filled.
  const buffers = [0, 1].map(() =>
    pixelArray(plan.dtype, image.bands.length * blockWidth * Math.min(blockHeight, height)),
  );
  const readBlock = (i: number): Promise<Pixels> => {
    const block = blocks[i]!;
    const into = buffers[i % 2]!.subarray(0, image.bands.length * block.width * block.height);
    return image.read(block, { signal, into });
  };
  let next = readBlock(0);
  for (const [i, block] of blocks.entries()) {
    const pixels = await next;
    signal.throwIfAborted();
    if (i + 1 < blocks.length) {
      next = readBlock(i + 1);
      next.catch(() => {}); // it is awaited in the next round; a failure before that is not unhandled
    }
    const plane = block.width * block.height;
    for (const [p, [full]] of pages.entries()) {
      const bands = plan.pages[p]!.bands.map((b) => pixels.data.subarray(b * plane, (b + 1) * plane));
      await full!.put(bands, block);
    }
    progress((i + 1) / blocks.length);
  }
}
