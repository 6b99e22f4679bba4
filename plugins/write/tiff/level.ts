import { type PixelData, pixelArray, type Window } from "tiepoint/plugin";
import { encodeTile } from "./encode.js";
import { halve } from "./halve.js";
import type { FilePlan, PagePlan } from "./plan.js";
import type { Sink } from "./sink.js";

/** Tiles that are packed at one time; more than the thread pool has threads, so that none of them waits. */
const MAX_UNDER_WAY = 12;

/** One resolution of one page: blocks of pixels come in, chunks go to the file, and halved rows to the next level. */
export class Level {
  readonly width: number;
  readonly height: number;
  /** Place and size of every chunk in the file, filled as they are written. */
  readonly offsets: Float64Array;
  readonly counts: Float64Array;
  readonly #plan: FilePlan;
  readonly #page: PagePlan;
  readonly #sink: Sink | undefined;
  readonly #next: Level | undefined;
  readonly #across: number;
  /** Rows gathered from the level above, band by band: one row of chunks. */
  #gathered: PixelData[] | undefined;

  constructor(of: {
    readonly plan: FilePlan;
    readonly page: PagePlan;
    readonly width: number;
    readonly height: number;
    readonly sink: Sink | undefined;
    readonly next?: Level | undefined;
  }) {
    const { plan, page, width, height, sink, next } = of;
    this.#plan = plan;
    this.#page = page;
    this.width = width;
    this.height = height;
    this.#sink = sink;
    this.#next = next;
    this.#across = Math.ceil(width / plan.chunkWidth);
    const chunks = this.#across * Math.ceil(height / plan.chunkHeight);
    this.offsets = new Float64Array(chunks);
    this.counts = new Float64Array(chunks);
  }

  /** Takes a block that begins at a chunk's corner and ends at one, or at the image's edge. */
  async put(bands: readonly PixelData[], block: Window): Promise<void> {
    if (this.#plan.tiled) await this.#putTiles(bands, block);
    else await this.#putStrips(bands, block);
    const next = this.#next;
    if (!next) return;
    const x = block.x / 2;
    const y = (block.y / 2) % this.#plan.chunkHeight;
    const rows = next.#rows();
    bands.forEach((band, b) => {
      halve(band, block.width, block.height, rows[b]!.subarray(y * next.width + x), next.width, this.#plan.halving);
    });
    // Two rows of chunks above make one here; the last column of blocks completes them.
    const last = block.y + block.height === this.height;
    if (block.x + block.width === this.width && (last || (block.y / this.#plan.chunkHeight) % 2 === 1))
      await next.#flush(Math.floor(block.y / 2 / this.#plan.chunkHeight));
  }

  #rows(): PixelData[] {
    const { dtype, chunkHeight } = this.#plan;
    this.#gathered ??= this.#page.bands.map(() => pixelArray(dtype, this.width * chunkHeight));
    return this.#gathered;
  }

  async #flush(row: number): Promise<void> {
    const y = row * this.#plan.chunkHeight;
    const height = Math.min(this.#plan.chunkHeight, this.height - y);
    const bands = this.#rows().map((band) => band.subarray(0, height * this.width));
    await this.put(bands, { x: 0, y, width: this.width, height });
  }

  /** Rows of one band are the file's bytes already; several bands are interleaved first. */
  async #putStrips(bands: readonly PixelData[], block: Window): Promise<void> {
    const { dtype, chunkHeight } = this.#plan;
    const count = bands.length;
    const out = count === 1 ? bands[0]! : pixelArray(dtype, count * bands[0]!.length);
    if (count > 1) for (const [b, band] of bands.entries()) spread(band, out, b, count);
    const rowBytes = this.width * count * out.BYTES_PER_ELEMENT;
    const at = await this.#sink!.append(new Uint8Array(out.buffer, out.byteOffset, out.byteLength));
    for (let y = 0; y < block.height; y += chunkHeight) {
      const strip = (block.y + y) / chunkHeight;
      this.offsets[strip] = at + y * rowBytes;
      this.counts[strip] = Math.min(chunkHeight, block.height - y) * rowBytes;
    }
  }

  async #putTiles(bands: readonly PixelData[], block: Window): Promise<void> {
    const { chunkWidth, chunkHeight, encoding } = this.#plan;
    const count = bands.length;
    const under: { readonly index: number; readonly bytes: Promise<Uint8Array> }[] = [];
    // Tiles are packed on the thread pool and written in order, so the file is always the same.
    const writeFirst = async (): Promise<void> => {
      const { index, bytes } = under.shift()!;
      const packed = await bytes;
      this.offsets[index] = await this.#sink!.append(packed);
      this.counts[index] = packed.length;
    };
    for (let x = 0; x < block.width; x += chunkWidth) {
      const tile = this.#tile(bands, block, x);
      const index = (block.y / chunkHeight) * this.#across + (block.x + x) / chunkWidth;
      const bytes = encodeTile(tile, chunkWidth * count, count, encoding);
      bytes.catch(() => {}); // it is awaited in its turn; a failure before that is not unhandled
      under.push({ index, bytes });
      if (under.length === MAX_UNDER_WAY) await writeFirst();
    }
    while (under.length > 0) await writeFirst();
  }

  /** Cuts one tile out of a block, bands interleaved; what lies outside the image is filled. */
  #tile(bands: readonly PixelData[], block: Window, x: number): PixelData {
    const { chunkWidth, chunkHeight, dtype, fill } = this.#plan;
    const count = bands.length;
    const tile = pixelArray(dtype, chunkWidth * chunkHeight * count);
    const columns = Math.min(chunkWidth, block.width - x);
    if (fill !== 0 && (columns < chunkWidth || block.height < chunkHeight)) tile.fill(fill);
    bands.forEach((band, b) => {
      for (let y = 0; y < block.height; y++) {
        const from = y * block.width + x;
        const to = y * chunkWidth * count + b;
        if (count === 1) tile.set(band.subarray(from, from + columns), to);
        else for (let i = 0; i < columns; i++) tile[to + i * count] = band[from + i]!;
      }
    });
    return tile;
  }
}

/** Puts one band into every `step`-th place. */
function spread(band: PixelData, out: PixelData, first: number, step: number): void {
  for (let i = 0, to = first; i < band.length; i++, to += step) out[to] = band[i]!;
}
