import { rmSync } from "node:fs";
import { type Image, pixelGrid, type Recipe, seededRandom, type Window, wholeWindow } from "tiepoint/plugin";
import { beforeEach, expect, test } from "vitest";
import { keptImage } from "../../../src/run/kept.js";
import { blockTiles, storeBlocks } from "../../../src/run/kept-blocks.js";
import { Store } from "../../../src/run/store.js";
import { memoryImage } from "../../../test/support/image.js";
import { temporaryFolder, testContext } from "../../../test/support/read.js";
import { imageOf } from "../../../test/support/step.js";
import plugin from "./index.js";

const folder = temporaryFolder();
const SIZE = 200;
const STEP = 180;
const COUNT = 9; // a mosaic of 1640 x 1640: 4 x 4 blocks of 512

/** Which tiles were read, since it was last emptied. */
let reads: Set<string>;
let store: Store;
let number = 0;
beforeEach(() => {
  reads = new Set();
  store = new Store(folder.path(`store${number++}`));
});

/** A tile as the engine hands it over: with the content address of the step that gave it. */
function tile(id: string, version = 1): Image {
  const random = seededRandom(version * 1000 + [...id].reduce((sum, c) => 31 * sum + c.charCodeAt(0), 0));
  const image = memoryImage(
    Uint16Array.from({ length: SIZE * SIZE }, () => 1000 * random()),
    pixelGrid(SIZE, SIZE),
  );
  return {
    ...image,
    recipe: { key: `${id} ${version}`, port: "image" } as unknown as Recipe,
    read: (window, options) => {
      reads.add(id);
      return image.read(window, options);
    },
  };
}

interface Change {
  readonly replaced?: string;
  readonly moved?: { readonly id: string; readonly by: number };
}

async function mosaic({ replaced, moved }: Change = {}): Promise<Image> {
  const cells = Array.from({ length: COUNT * COUNT }, (_, i) => ({ row: Math.floor(i / COUNT), col: i % COUNT }));
  const file = cells.map(({ row, col }) => `r${row}c${col}`);
  const along = (k: number, id: string) => k * STEP + (k > 0 ? 0.3 : 0) + (id === moved?.id ? moved.by : 0);
  const columns = {
    file,
    x: cells.map(({ col }, i) => along(col, file[i]!)),
    y: cells.map(({ row }) => along(row, "")),
  };
  const tiles = new Map(file.map((id) => [id, tile(id, id === replaced ? 2 : 1)]));
  return imageOf(
    await plugin.run(
      { tiles, positions: { columns }, transform: undefined, like: undefined },
      { blend: "linear", interpolation: undefined, gain: "off", fill: undefined },
      testContext(),
    ),
  );
}

const keep = (image: Image, signal = new AbortController().signal) =>
  storeBlocks(image, "stitch/fuse@1", store, signal);
const whole = async (image: Image) => Buffer.from((await image.read(wholeWindow(image.grid))).data.buffer);

/** Tiles of the blocks of 512 that a tile touches. */
const around = (row: number, col: number) => {
  const blocks = (k: number) => [Math.floor((k * STEP) / 512) * 512, Math.floor((k * STEP + SIZE) / 512 + 1) * 512];
  const [left, right] = blocks(col) as [number, number];
  const [top, bottom] = blocks(row) as [number, number];
  const near = (k: number, low: number, high: number) => k * STEP < high && k * STEP + SIZE + 1 > low;
  return Array.from({ length: COUNT * COUNT }, (_, i) => [Math.floor(i / COUNT), i % COUNT] as const)
    .filter(([r, c]) => near(r, top, bottom) && near(c, left, right))
    .map(([r, c]) => `r${r}c${c}`);
};

test("a kept mosaic comes back from the store bit by bit", async () => {
  const image = await mosaic();
  const pixels = (await keep(image))!;
  const kept = keptImage(
    blockTiles(store, pixels, image, () => new Error("gone")),
    image,
  );
  expect((await whole(kept)).equals(await whole(image))).toBe(true);
});

test("one replaced tile redoes the blocks that it touches, and no others", async () => {
  await keep(await mosaic());
  expect(reads.size).toBe(COUNT * COUNT);
  reads.clear();
  const changed = await mosaic({ replaced: "r4c1" });
  const pixels = (await keep(changed))!;
  expect([...reads].sort()).toEqual(around(4, 1).sort());
  expect(reads.size).toBeLessThan(40);
  const kept = keptImage(
    blockTiles(store, pixels, changed, () => new Error("gone")),
    changed,
  );
  expect((await whole(kept)).equals(await whole(changed))).toBe(true);
});

test("a tile that moves by less than 1/512 pixel redoes nothing", async () => {
  await keep(await mosaic());
  reads.clear();
  await keep(await mosaic({ moved: { id: "r4c1", by: 0.0005 } }));
  expect(reads.size).toBe(0);
  await keep(await mosaic({ moved: { id: "r4c1", by: 0.005 } }));
  expect([...reads].sort()).toEqual(around(4, 1).sort());
});

test("what was stopped goes on at the block where it was", async () => {
  const image = await mosaic();
  let rows = 0;
  const dying: Image = {
    ...image,
    read: (window: Window, options) => {
      if (++rows > 2) throw new Error("killed");
      return image.read(window, options);
    },
  };
  await expect(keep(dying)).rejects.toThrow("killed");
  reads.clear();
  await keep(image);
  // Two rows of blocks of four were done: rows 0 to 5 of the tiles reach no further than 1024.
  const read = new Set([...reads].map((id) => Number(id.slice(1, id.indexOf("c")))));
  expect([...read].sort()).toEqual([5, 6, 7, 8]);
});

test("a block that is gone is missed", async () => {
  const image = await mosaic();
  const pixels = (await keep(image))!;
  const digest = store.blocksOf(pixels)![3]!;
  rmSync(store.pathOf(digest, pixels.blocks!)!);
  const action = { outputs: [{ port: "image", type: "image", digest: "", pixels }] } as never;
  expect(store.isWhole(action)).toBe(false);
  reads.clear();
  await keep(image);
  expect(reads.size).toBeGreaterThan(0);
  expect(store.isWhole(action)).toBe(true);
});
