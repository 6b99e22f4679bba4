import { expect, test } from "vitest";
import { bandAxes } from "./band-axes.js";
import { pixelGrid } from "./grid.js";

const named = (bands: readonly string[], crs: "px" | "um" | "EPSG:32633" = "px") => ({
  bands,
  grid: { ...pixelGrid(4, 4), crs },
});
const numbered = (prefix: string, n: number) => Array.from({ length: n }, (_, i) => `${prefix}${i}`);
const axes = (bands: readonly string[], are: Parameters<typeof bandAxes>[1] = "auto", crs?: "um" | "EPSG:32633") => {
  const { channels, depth, times } = bandAxes(named(bands, crs), are);
  return [channels, depth, times];
};

test("names tell slices and times from channels", () => {
  expect(axes(numbered("z", 3))).toEqual([1, 3, 1]);
  expect(axes(numbered("page ", 3))).toEqual([1, 3, 1]);
  expect(axes(numbered("t", 3))).toEqual([1, 1, 3]);
  expect(axes(["t0 z0", "t0 z1", "t1 z0", "t1 z1", "t2 z0", "t2 z1"])).toEqual([1, 2, 3]);
  expect(axes(["red", "green", "blue"])).toEqual([3, 1, 1]);
  expect(axes(["DAPI", "z1"])).toEqual([2, 1, 1]);
  expect(axes(["z0"])).toEqual([1, 1, 1]);
});

test("times and depths that do not repeat are no grid of slices", () => {
  expect(axes(["t0 z0", "t0 z1", "t1 z0"])).toEqual([3, 1, 1]);
  expect(axes(["t0 z0", "t0 z1", "t1 z1", "t1 z0"])).toEqual([4, 1, 1]);
});

test("many bands are slices, but on a map they are channels", () => {
  expect(axes(numbered("B", 17))).toEqual([1, 17, 1]);
  expect(axes(numbered("B", 16))).toEqual([16, 1, 1]);
  expect(axes(numbered("B", 200), "auto", "EPSG:32633")).toEqual([200, 1, 1]);
});

test("what the user says holds", () => {
  expect(axes(["a", "b"], "slices")).toEqual([1, 2, 1]);
  expect(axes(["a", "b"], "times", "EPSG:32633")).toEqual([1, 1, 2]);
  expect(axes(numbered("z", 40), "channels")).toEqual([40, 1, 1]);
});
