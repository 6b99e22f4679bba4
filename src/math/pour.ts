import type { Window } from "../core/grid.js";
import { bytesPerSample, type Image, type PixelData, type Pixels, pixelArray } from "../core/image.js";
import type { Context } from "../core/plugin.js";

/** What is read at once takes this much at most. */
const BLOCK_BYTES = 16 * 1024 ** 2;
/** Pages of channels are read together where a row of their tiles takes no more. */
const TOGETHER_BYTES = 32 * 1024 ** 2;

export type Watch = Pick<Context, "memory" | "signal" | "progress">;

/** How the pages of a file are cut, as far as reading has to know. */
export interface PourPlan {
  readonly chunkWidth: number;
  readonly chunkHeight: number;
  /** Tiles, whose rows have to come one by one; otherwise strips of whole rows, of which many may come at once. */
  readonly tiled: boolean;
  /** Pages are slices, which are read one after another. */
  readonly stack: boolean;
  readonly pages: readonly { readonly bands: readonly number[] }[];
}

/** Takes the blocks of one page. */
export type PutBlock = (bands: readonly PixelData[], block: Window) => Promise<void>;

/** One read: some pages that follow each other, and a window of them. */
interface Read {
  readonly first: number;
  readonly pages: number;
  readonly window: Window;
  /** The last window of its pages. */
  readonly last: boolean;
}

/**
 * Reads every page of the image once, block by block, and hands the blocks on; the next one is read meanwhile.
 *
 * The order of pages and blocks does not depend on the memory, so the file does not either.
 *
 * Memory: two blocks.
 *
 * @param start  opens a page: its blocks come from top to bottom
 */
export async function pour(
  image: Image,
  plan: PourPlan,
  start: (page: number) => PutBlock,
  { memory, signal, progress }: Watch,
): Promise<void> {
  const reads = readsOf(image, plan, memory);
  const bandsOf = ({ first, pages }: Read) => plan.pages.slice(first, first + pages).flatMap((page) => page.bands);
  const sizeOf = (read: Read) => bandsOf(read).length * read.window.width * read.window.height;
  // Two buffers for the whole file: while one is packed and written, the other one is filled.
  const largest = reads.reduce((most, read) => Math.max(most, sizeOf(read)), 0);
  const buffers = [0, 1].map(() => pixelArray(image.dtype, largest));
  const begin = (i: number): Promise<Pixels> => {
    const read = reads[i]!;
    const into = buffers[i % 2]!.subarray(0, sizeOf(read));
    const bands = bandsOf(read);
    const all = bands.length === image.bands.length && bands.every((band, b) => band === b);
    return image.read(read.window, { signal, into, ...(all ? {} : { bands }) });
  };
  const open = new Map<number, PutBlock>();
  let next = begin(0);
  for (const [i, read] of reads.entries()) {
    const { data } = await next;
    signal.throwIfAborted();
    if (i + 1 < reads.length) {
      next = begin(i + 1);
      next.catch(() => {}); // it is awaited in the next round; a failure before that is not unhandled
    }
    const plane = read.window.width * read.window.height;
    let at = 0;
    for (let page = read.first; page < read.first + read.pages; page++) {
      let put = open.get(page);
      if (!put) open.set(page, (put = start(page)));
      const bands = plan.pages[page]!.bands.map(() => data.subarray(at, (at += plane)));
      await put(bands, read.window);
      if (read.last) open.delete(page);
    }
    progress((i + 1) / reads.length);
  }
}

/** All reads, in order. Slices are read one page after another, several at once where they are small. */
function readsOf(image: Image, plan: PourPlan, memory: number): Read[] {
  const { width, height } = image.grid;
  const { chunkWidth, chunkHeight } = plan;
  const pageBytes = plan.pages[0]!.bands.length * bytesPerSample(image.dtype);
  const budget = Math.min(BLOCK_BYTES, memory / 8);
  const whole = width * height * pageBytes <= budget;
  const rowOfChunks = width * chunkHeight * pageBytes;
  const together = Math.max(
    1,
    plan.stack ? Math.floor(budget / (width * height * pageBytes)) : Math.floor(TOGETHER_BYTES / rowOfChunks),
  );
  const out: Read[] = [];
  for (let first = 0; first < plan.pages.length; first += together) {
    const pages = Math.min(together, plan.pages.length - first);
    // Channels that are read together come in whole rows of tiles, whatever the memory.
    const columns =
      pages > 1 ? Math.ceil(width / chunkWidth) : Math.floor(budget / (chunkWidth * chunkHeight * pageBytes));
    const blockWidth = Math.min(width, Math.max(1, columns) * chunkWidth);
    // Strips are low: take as many as fit. Tiles have all the rows that overviews need to fill up in step.
    const rows =
      plan.stack && whole ? Math.ceil(height / chunkHeight) : plan.tiled ? 1 : Math.floor(budget / rowOfChunks);
    const blockHeight = Math.max(1, rows) * chunkHeight;
    for (let y = 0; y < height; y += blockHeight) {
      for (let x = 0; x < width; x += blockWidth) {
        const window = { x, y, width: Math.min(blockWidth, width - x), height: Math.min(blockHeight, height - y) };
        out.push({ first, pages, window, last: x + blockWidth >= width && y + blockHeight >= height });
      }
    }
  }
  return out;
}
