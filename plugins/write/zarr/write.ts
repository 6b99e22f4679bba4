import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Chunk, ChunkPyramid, type Image, OrderedWork, type Provenance, pour, type Watch } from "tiepoint/plugin";
import { arrayV2, arrayV3, groupAttributes, json, type Spans } from "./metadata.js";
import { packChunk } from "./pack.js";
import { bandPlace, chunkGrid, shardGrid, type ZarrPlan } from "./plan.js";
import { Shard } from "./shard.js";

/** Chunks that are packed at one time; more than the thread pool has threads, so that none of them waits. */
const MAX_UNDER_WAY = 12;

/**
 * Writes the folder that was planned, pulling the image block by block; smaller versions are made on the way.
 *
 * Memory: two blocks, the chunks under way, and a row of chunks of each smaller version.
 */
export async function writeZarr(
  image: Image,
  plan: ZarrPlan,
  target: string,
  provenance: Provenance | undefined,
  watch: Watch,
): Promise<void> {
  await mkdir(target, { recursive: true });
  const put = plan.perShard > 1 ? new ShardedChunks(plan, target) : new ChunkFiles(plan, target);
  const work = new OrderedWork<Uint8Array | undefined>(MAX_UNDER_WAY);
  const spans = new SpanOf(plan);
  const pages = image.bands.map((_, band) => ({ bands: [band] }));
  try {
    await pour(
      image,
      { ...plan, tiled: true, pages },
      (band) => {
        const pyramid = new ChunkPyramid(plan, plan.levels, (chunk) => {
          spans.add(band, chunk);
          return work.add(packChunk(plan, chunk.data), (bytes) => put.put(band, chunk, bytes));
        });
        return (bands, block) => pyramid.put(bands, block);
      },
      watch,
    );
    await work.drain();
    await put.finish();
  } finally {
    await put.close();
  }
  const attributes = groupAttributes(plan, image, spans.found, provenance);
  const texts: [string, unknown][] =
    plan.version === "0.4"
      ? [
          [".zgroup", { zarr_format: 2 }],
          [".zattrs", attributes],
          ...plan.levels.flatMap((_, level): [string, unknown][] => [
            [`${level}/.zarray`, arrayV2(plan, level)],
            // By this xarray and GDAL know the axes.
            [`${level}/.zattrs`, { _ARRAY_DIMENSIONS: plan.axisNames }],
          ]),
        ]
      : [
          ["zarr.json", { zarr_format: 3, node_type: "group", attributes }],
          ...plan.levels.map((_, level): [string, unknown] => [`${level}/zarr.json`, arrayV3(plan, level)]),
        ];
  for (const [name, value] of texts) {
    await mkdir(dirname(join(target, name)), { recursive: true });
    await writeFile(join(target, name), json(value));
  }
}

/** Least and greatest samples of the smallest version, whose few chunks stand for the image. */
class SpanOf {
  readonly #low: number[] = [];
  readonly #high: number[] = [];

  constructor(readonly plan: ZarrPlan) {}

  add(band: number, { level, column, row, data }: Chunk): void {
    const { levels, stack, chunkWidth, chunkHeight, halving } = this.plan;
    if (level !== levels.length - 1) return;
    const { width, height } = levels[level]!;
    const channel = stack ? 0 : band;
    const columns = Math.min(chunkWidth, width - column * chunkWidth);
    const rows = Math.min(chunkHeight, height - row * chunkHeight);
    let low = this.#low[channel] ?? Number.POSITIVE_INFINITY;
    let high = this.#high[channel] ?? Number.NEGATIVE_INFINITY;
    for (let y = 0; y < rows; y++) {
      for (let i = y * chunkWidth; i < y * chunkWidth + columns; i++) {
        const v = data[i]!;
        if (v === halving.nodata || !Number.isFinite(v)) continue;
        if (v < low) low = v;
        if (v > high) high = v;
      }
    }
    this.#low[channel] = low;
    this.#high[channel] = high;
  }

  get found(): Spans {
    const finite = (v: number) => (Number.isFinite(v) ? v : 0);
    return { low: this.#low.map(finite), high: this.#high.map(finite) };
  }
}

/** Where the chunks of an array go. */
interface Chunks {
  put(band: number, chunk: Chunk, bytes: Uint8Array | undefined): Promise<void>;
  /** After the last chunk. */
  finish(): Promise<void>;
  /** After `finish`, or a failure. */
  close(): Promise<void>;
}

/** A file for each chunk. */
class ChunkFiles implements Chunks {
  readonly #made = new Set<string>();

  constructor(
    readonly plan: ZarrPlan,
    readonly target: string,
  ) {}

  async put(band: number, { level, row, column }: Chunk, bytes: Uint8Array | undefined): Promise<void> {
    if (!bytes) return;
    const prefix = this.plan.version === "0.5" ? ["c"] : [];
    const folder = join(this.target, String(level), ...[...prefix, ...bandPlace(this.plan, band), row].map(String));
    if (!this.#made.has(folder)) {
      await mkdir(folder, { recursive: true });
      this.#made.add(folder);
    }
    await writeFile(join(folder, String(column)), bytes);
  }

  async finish(): Promise<void> {}
  async close(): Promise<void> {}
}

/** Many chunks in a file: shards are open from their first chunk to their last. */
class ShardedChunks implements Chunks {
  readonly #open = new Map<string, { readonly shard: Shard; left: number }>();

  constructor(
    readonly plan: ZarrPlan,
    readonly target: string,
  ) {}

  async put(band: number, { level, row, column }: Chunk, bytes: Uint8Array | undefined): Promise<void> {
    const size = this.plan.levels[level]!;
    const chunks = chunkGrid(this.plan, size);
    const { across, down } = shardGrid(this.plan, size);
    const [x, y] = [Math.floor(column / across), Math.floor(row / down)];
    const path = join(this.target, String(level), "c", ...[...bandPlace(this.plan, band), y, x].map(String));
    let found = this.#open.get(path);
    if (!found) {
      const left = Math.min(across, chunks.across - x * across) * Math.min(down, chunks.down - y * down);
      found = { shard: new Shard(path, across * down), left };
      this.#open.set(path, found);
    }
    if (bytes) await found.shard.append((row % down) * across + (column % across), bytes);
    if (--found.left > 0) return;
    await found.shard.finish();
    this.#open.delete(path);
  }

  async finish(): Promise<void> {
    if (this.#open.size > 0) throw new Error(`Internal error: ${this.#open.size} shards are not whole`);
  }

  async close(): Promise<void> {
    for (const { shard } of this.#open.values()) await shard.close();
  }
}
