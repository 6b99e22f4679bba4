import type { Window } from "../core/grid.js";
import { bytesPerSample, type Image } from "../core/image.js";
import type { ImageSummary } from "../core/record.js";
import { paddedTile, TILE, type TileFiles } from "./kept.js";
import { type KeptPixels, type Store, sha256 } from "./store.js";

/** Blocks side by side that are computed at one time: a run that is killed loses no more than these. */
const AT_ONCE = 16;

/**
 * Stores the pixels of an image block by block, each under a key that tells all that it depends on. What an earlier run has
 * stored is not computed again: one that was killed goes on where it was, and where one input of many has changed, only the
 * blocks that it touches are made anew.
 *
 * @param maker  plugin and version
 * @returns a list of the blocks' digests; `undefined` where the image does not tell what its windows depend on
 */
export async function storeBlocks(
  image: Image,
  maker: string,
  store: Store,
  signal: AbortSignal,
): Promise<KeptPixels | undefined> {
  if (!image.windowKey) return undefined;
  const { width, height } = image.grid;
  const bytes = TILE * TILE * image.bands.length * bytesPerSample(image.dtype);
  const digests: string[] = [];
  for (let y = 0; y < height; y += TILE) {
    const row: Block[] = [];
    for (let x = 0; x < width; x += TILE) {
      const window = { x, y, width: Math.min(TILE, width - x), height: Math.min(TILE, height - y) };
      const text = await image.windowKey(window);
      if (text === undefined) return undefined;
      const key = sha256(JSON.stringify([maker, image.dtype, image.bands.length, window.width, window.height, text]));
      row.push({ window, key, digest: store.block(key, bytes) });
    }
    for (const blocks of missing(row)) {
      signal.throwIfAborted();
      const [first, last] = [blocks[0]!.window, blocks.at(-1)!.window];
      const all = { ...first, width: last.x + last.width - first.x };
      const { data } = await image.read(all, { signal });
      for (const block of blocks) block.digest = store.putBlock(block.key, paddedTile(image, data, all, block.window));
    }
    digests.push(...row.map(({ digest }) => digest!));
  }
  return { ...store.put(digests.join("\n")), blocks: bytes };
}

interface Block {
  readonly window: Window;
  readonly key: string;
  digest: string | undefined;
}

/** Blocks without a digest, those that lie side by side together. */
function missing(row: readonly Block[]): Block[][] {
  const runs: Block[][] = [];
  for (const [i, block] of row.entries()) {
    if (block.digest !== undefined) continue;
    const run = runs.at(-1);
    if (run && run.at(-1) === row[i - 1] && run.length < AT_ONCE) run.push(block);
    else runs.push([block]);
  }
  return runs;
}

/** Where blocks lie. @param missing  what to throw where one is gone */
export function blockTiles(store: Store, pixels: KeptPixels, { grid }: ImageSummary, missing: () => Error): TileFiles {
  const digests = store.blocksOf(pixels);
  const count = Math.ceil(grid.width / TILE) * Math.ceil(grid.height / TILE);
  if (digests?.length !== count) throw missing();
  return (tile) => {
    const path = store.pathOf(digests[tile]!, pixels.blocks!);
    if (!path) throw missing();
    return { path, at: 0 };
  };
}
