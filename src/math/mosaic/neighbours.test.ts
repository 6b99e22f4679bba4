import { expect, test } from "vitest";
import { islands } from "./islands.js";
import { neighbours, type Rectangles } from "./neighbours.js";
import { stripsOf } from "./strips.js";
import { sweepOrder } from "./sweep-order.js";

const grid = (rows: number, cols: number, step: number, side = 100): Rectangles => {
  const at = Array.from({ length: rows * cols }, (_, i) => [(i % cols) * step, Math.floor(i / cols) * step] as const);
  const all = new Float64Array(at.length).fill(side);
  return { x: at.map(([x]) => x), y: at.map(([, y]) => y), width: all, height: all };
};
const listed = ({ a, b }: { a: Int32Array; b: Int32Array }) => Array.from(a, (p, k) => `${p}-${b[k]}`);

test("neighbours of a grid lie side by side; diagonal ones count where they share enough", () => {
  expect(listed(neighbours(grid(2, 3, 90)))).toEqual(["0-1", "0-3", "1-2", "1-4", "2-5", "3-4", "4-5"]);
  expect(listed(neighbours(grid(2, 2, 60)))).toEqual(["0-1", "0-2", "0-3", "1-2", "1-3", "2-3"]);
  // With steps of a third, tiles two apart share a third too.
  expect(listed(neighbours(grid(1, 4, 33)))).toEqual(["0-1", "0-2", "1-2", "1-3", "2-3"]);
});

test("tiles of any size at any place are neighbours when they overlap", () => {
  const tiles = { x: [0, 90, 500, -40], y: [0, 30, 0, -900], width: [100, 50, 100, 200], height: [100, 60, 100, 950] };
  expect(listed(neighbours(tiles))).toEqual(["0-1", "0-3", "1-3"]);
  expect(listed(neighbours({ x: [], y: [], width: [], height: [] }))).toEqual([]);
  expect(listed(neighbours(grid(2, 2, 100)))).toEqual([]);
});

test("strips hold all that both tiles may share within reach", () => {
  const tiles = grid(1, 2, 90);
  expect(stripsOf(tiles, 0, 1, [90.5, -3], [5, 4])).toEqual({
    a: { x: 85, y: 0, width: 15, height: 100 },
    b: { x: 0, y: 0, width: 15, height: 100 },
    expected: [5.5, -3],
  });
  expect(stripsOf(tiles, 0, 1, [-90, 40], [0, 4])).toEqual({
    a: { x: 0, y: 36, width: 10, height: 64 },
    b: { x: 90, y: 0, width: 10, height: 64 },
    expected: [0, 4],
  });
  expect(stripsOf(tiles, 0, 1, [120, 0], [5, 5])).toBeUndefined();
});

test("a sweep goes along the shorter side, so that few strips wait", () => {
  const order = (rows: number, cols: number) => {
    const tiles = grid(rows, cols, 90);
    const pairs = neighbours(tiles);
    return [...sweepOrder(tiles, pairs, new Float64Array(pairs.a.length).fill(1))];
  };
  expect(order(2, 4)).toEqual([0, 4, 1, 5, 2, 6, 3, 7]);
  expect(order(4, 2)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test("islands are numbered by size, then by their first member", () => {
  expect(islands(7, [5, 1, 4], [4, 2, 3])).toEqual({
    of: Int32Array.of(2, 1, 1, 0, 0, 0, 3),
    sizes: Int32Array.of(3, 2, 1, 1),
  });
});
