import { expect, test } from "vitest";
import { type Chunk, type Chunking, ChunkPyramid, halvedSizes } from "./chunk-pyramid.js";

const chunking: Chunking = {
  dtype: "uint16",
  together: 1,
  chunkWidth: 4,
  chunkHeight: 2,
  padded: true,
  fill: 9,
  halving: { categorical: false, nodata: undefined, isFloat: false, highest: 65535 },
};

/** All chunks of an image whose samples are their own places, given in blocks of some columns. */
async function chunksOf(width: number, height: number, columns: number, more: Partial<Chunking> = {}) {
  const out: Chunk[] = [];
  const how = { ...chunking, ...more };
  const pyramid = new ChunkPyramid(how, halvedSizes({ width, height }, 4), async (chunk) => void out.push(chunk));
  for (let y = 0; y < height; y += how.chunkHeight) {
    for (let x = 0; x < width; x += columns) {
      const block = { x, y, width: Math.min(columns, width - x), height: Math.min(how.chunkHeight, height - y) };
      const bands = Array.from({ length: how.together }, (_, b) =>
        Uint16Array.from(
          { length: block.width * block.height },
          (_, i) => (y + Math.floor(i / block.width)) * 100 + x + (i % block.width) + b * 1000,
        ),
      );
      await pyramid.put(bands, block);
    }
  }
  return out;
}

test("sizes are halved, rounding up, to the side that was asked for", () => {
  expect(halvedSizes({ width: 9, height: 5 }, 4)).toEqual([
    { width: 9, height: 5 },
    { width: 5, height: 3 },
    { width: 3, height: 2 },
  ]);
});

test("chunks are cut and filled up, and smaller versions follow when their rows are full", async () => {
  const chunks = await chunksOf(6, 3, 8);
  expect(chunks.map((c) => [c.level, c.column, c.row])).toEqual([
    [0, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [0, 1, 1],
    [1, 0, 0],
  ]);
  expect([...chunks[1]!.data]).toEqual([4, 5, 9, 9, 104, 105, 9, 9]);
  expect([...chunks[3]!.data]).toEqual([204, 205, 9, 9, 9, 9, 9, 9]);
  // Means of two by two, halves up; the last row stands for itself.
  expect([...chunks[4]!.data]).toEqual([51, 53, 55, 9, 201, 203, 205, 9]);
});

test("chunks end where the image ends when they are not filled up", async () => {
  const chunks = await chunksOf(6, 3, 8, { padded: false });
  expect([...chunks[3]!.data]).toEqual([204, 205]);
});

test("bands are interleaved, and the blocks' width does not matter", async () => {
  const wide = await chunksOf(13, 7, 16, { together: 2 });
  const narrow = await chunksOf(13, 7, 4, { together: 2 });
  const key = (c: Chunk) => `${c.level} ${c.row} ${c.column} ${[...c.data]}`;
  expect(narrow.map(key).sort()).toEqual(wide.map(key).sort());
  expect([...wide[0]!.data].slice(0, 4)).toEqual([0, 1000, 1, 1001]);
});
