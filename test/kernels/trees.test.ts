import { expect, test } from "vitest";
import { kernels } from "../../src/kernel/lane.js";
import { putImages } from "../../src/math/landmarks/trees.js";
import { seededRandom } from "../../src/math/random.js";
import {
  gainSlowly,
  goesLeft,
  leafSlowly,
  probesSlowly,
  type Split,
  sumSlowly,
  votesSlowly,
} from "../reference/trees.js";

const random = seededRandom(9);
const [COUNT, POINTS, PROBES, SIZE] = [53, 3, 20, 8];
const images = [
  [31, 23],
  [17, 40],
].map(([width, height]) => ({
  ...{ width: width!, height: height! },
  data: Uint8Array.from({ length: width! * height! }, () => 256 * random()),
}));
const shapes = Float32Array.from({ length: 2 * POINTS * COUNT }, () => 50 * random() - 8);
const frames = Float32Array.from({ length: 4 * COUNT }, (_, i) =>
  i % 4 < 2 ? 2 * random() - 1 : i % 4 === 2 ? 0.5 + random() : 40 * random() - 20,
);
const which = Int32Array.from({ length: COUNT }, () => 2 * random());
const anchors = Int32Array.from({ length: PROBES }, () => POINTS * random());
const offsets = Float32Array.from({ length: 2 * PROBES }, () => 12 * random() - 6);
const seen = Array.from({ length: COUNT }, (_, i) =>
  probesSlowly(
    images[which[i]!]!,
    shapes.subarray(2 * POINTS * i, 2 * POINTS * (i + 1)),
    Array.from(frames.subarray(4 * i, 4 * i + 4)) as [number, number, number, number],
    anchors,
    offsets,
  ),
);
const targets = Float32Array.from({ length: SIZE * COUNT }, () => 2 * random() - 1);
const targetOf = (i: number) => Array.from(targets.subarray(SIZE * i, SIZE * (i + 1)));
const order = Int32Array.from({ length: COUNT }, (_, i) => (i * 7) % COUNT);
const bounds = [0, 20, 20, 53];
const splitAt = (): Split => [
  Math.floor(PROBES * random()),
  Math.floor(PROBES * random()),
  Math.floor(80 * random() - 40),
];
const packed = (splits: readonly Split[]) => Int16Array.from(splits.flatMap((s) => [...s, 0]));

test.each([16, 1, 7])("what samples see at their probes agrees with the slow twin (%i rows at a time)", (grain) => {
  using arena = kernels().arena();
  const out = arena.bytes(COUNT * PROBES);
  const args = [arena.put(shapes), POINTS, arena.put(frames), arena.put(which), putImages(arena, images)];
  const probes = [arena.put(anchors), arena.put(offsets), PROBES, out];
  kernels().rows("shapePixels", COUNT, [...args, ...probes], grain);
  expect(Array.from(arena.u8(out, COUNT * PROBES))).toEqual(seen.flat());
});

test.each([64, 1, 3])("sums, gains of splits and partitions agree with the slow twins (%i rows at a time)", (grain) => {
  const k = kernels();
  using arena = k.arena();
  const [TRIES, LEAST] = [9, 3];
  const tried = Array.from({ length: 2 * TRIES }, splitAt);
  const sums = arena.bytes(4 * SIZE * 2);
  const at = [arena.put(order), arena.put(Int32Array.from(bounds))];
  const target = arena.put(targets);
  const pixels = arena.put(Uint8Array.from(seen.flat()));
  k.rows("treeSums", 2, [...at, target, SIZE, sums], grain);
  const segments = [order.subarray(0, 20), order.subarray(20, 53)].map((s) => [...s]);
  segments.forEach((segment, s) => {
    expect(Array.from(arena.f32(sums + 4 * SIZE * s, SIZE))).toEqual(sumSlowly(segment.map(targetOf), SIZE));
  });
  const gains = arena.bytes(8 * 2 * TRIES);
  const scratch = k.scratch(arena, 4 * SIZE);
  const splits = [pixels, PROBES, arena.put(packed(tried)), LEAST, scratch, gains];
  k.rows("treeSplits", 2 * TRIES, [TRIES, ...at, target, SIZE, sums, ...splits], grain);
  tried.forEach((split, r) => {
    const segment = segments[Math.floor(r / TRIES)]!;
    const slow = gainSlowly(
      segment.map((i) => seen[i]!),
      segment.map(targetOf),
      split,
      LEAST,
    );
    expect(arena.f64(gains, 2 * TRIES)[r]).toBeCloseTo(slow, 9);
  });
  const chosen = [splitAt(), splitAt()];
  const to = arena.bytes(4 * COUNT);
  const lefts = arena.bytes(8);
  k.rows("treePartition", 2, [...at, pixels, PROBES, arena.put(packed(chosen)), to, lefts], grain);
  const parts = segments.map((segment, s) =>
    [true, false].map((side) => segment.filter((i) => goesLeft(seen[i]!, chosen[s]!) === side)),
  );
  expect(Array.from(arena.i32(to, COUNT))).toEqual(parts.flat(2));
  expect(Array.from(arena.i32(lefts, 2))).toEqual(parts.map(([left]) => left!.length));
});

test.each([64, 5])("leaves, and what they add, agree with the slow twins (%i rows at a time)", (grain) => {
  const [TREES, DEPTH] = [3, 3];
  using arena = kernels().arena();
  const trees = Array.from({ length: TREES }, () => Array.from({ length: (1 << DEPTH) - 1 }, splitAt));
  const leaves = Float32Array.from({ length: (TREES << DEPTH) * SIZE }, () => random() - 0.5);
  const pixels = arena.put(Uint8Array.from(seen.flat()));
  const splits = arena.put(packed(trees.flat()));
  const out = arena.bytes(4 * COUNT * TREES);
  kernels().rows("treeLeaves", COUNT, [pixels, PROBES, splits, TREES, DEPTH, out], grain);
  const slow = seen.map((row) => trees.map((tree) => leafSlowly(row, tree, DEPTH)));
  expect(Array.from(arena.i32(out, COUNT * TREES))).toEqual(slow.flat());
  const target = arena.put(targets);
  const args = [pixels, PROBES, splits, TREES, DEPTH, arena.put(leaves), SIZE, -0.5, target];
  kernels().rows("treeAdd", COUNT, args, grain);
  const after = arena.f32(target, SIZE * COUNT);
  slow.forEach((own, i) => {
    for (let d = 0; d < SIZE; d++) {
      let v = targets[SIZE * i + d]!;
      own.forEach((leaf, t) => {
        v = Math.fround(v + Math.fround(-0.5 * leaves[((t << DEPTH) + leaf) * SIZE + d]!));
      });
      expect(after[SIZE * i + d]).toBe(v);
    }
  });
});

test("votes agree with the slow twin", () => {
  using arena = kernels().arena();
  const [width, height, trees, count] = [19, 13, 2, 40];
  const places = Array.from(
    { length: count },
    () => [19 * random(), 13 * random()].map(Math.fround) as [number, number],
  );
  const own = places.map(() => Array.from({ length: trees }, () => Math.floor(7 * random()) - 1));
  const leaves = Array.from(
    { length: 6 * POINTS },
    () => [8 * random() - 4, 8 * random() - 4, random() - 0.2] as const,
  );
  const maps = arena.bytes(4 * POINTS * width * height);
  arena.f32(maps, POINTS * width * height).fill(0);
  const args = [arena.put(Float32Array.from(places.flat())), count, arena.put(Int32Array.from(own.flat())), trees];
  const table = arena.put(Float32Array.from(leaves.flat()));
  kernels().rows("landmarkVotes", POINTS, [...args, table, POINTS, maps, width, height], 1);
  for (let k = 0; k < POINTS; k++) {
    const slow = votesSlowly(
      places,
      own,
      leaves.filter((_, i) => i % POINTS === k),
      width,
      height,
    );
    expect(arena.f32(maps + 4 * k * width * height, width * height)).toEqual(slow);
  }
});
