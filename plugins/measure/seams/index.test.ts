import { type Image, pixelGrid, positionsTable } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { memoryImage } from "../../../test/support/image.js";
import { testContext } from "../../../test/support/read.js";
import plugin from "./index.js";

const scene = (x: number, y: number) => 1000 + 300 * (((x >> 3) + (y >> 3)) % 2) + x;
const side = 100;
/** Tiles of one scene at whole places, each with a gain of its own. */
const tilesAt = (places: readonly (readonly [x: number, y: number, gain: number])[]) =>
  new Map<string, Image>(
    places.map(([x, y, gain], i) => [
      `t${i}`,
      memoryImage(
        Float32Array.from({ length: side * side }, (_, k) => gain * scene(x + (k % side), y + Math.floor(k / side))),
        pixelGrid(side, side),
      ),
    ]),
  );
const positions = (places: readonly (readonly number[])[]) => {
  const all = (of: (i: number) => number) => Float64Array.from(places, (_, i) => of(i));
  return positionsTable({
    tiles: places.map((_, i) => `t${i}`),
    ...{
      x: all((i) => places[i]![0]!),
      y: all((i) => places[i]![1]!),
      width: all(() => side),
      height: all(() => side),
    },
    ...{ sigmaX: all(() => 0), sigmaY: all(() => 0), island: new Int32Array(places.length) },
  });
};
const run = (tiles: ReadonlyMap<string, Image>, table: ReturnType<typeof positions>, most = 1000) =>
  plugin.run({ tiles, positions: table }, { most }, testContext());

const square = [
  [0, 0, 1],
  [80, 0, 1.1],
  [0, 80, 1],
  [80, 80, 1],
] as const;

test("steps, gains and correlations are those of the tiles; corners are no seams", async () => {
  const outcome = await run(tilesAt(square), positions(square));
  if (!outcome.ok) throw new Error();
  const { a, b, x, width, step, gain, ncc } = outcome.value.seams.columns;
  expect(outcome.value.seams.meaning).toBe("tile-seams");
  expect([a, b]).toEqual([
    ["t0", "t0", "t1", "t2"],
    ["t1", "t2", "t3", "t3"],
  ]);
  expect([x, width]).toEqual([
    [80, 0, 80, 80],
    [20, 100, 100, 20],
  ]);
  const rounded = (values: readonly (string | number)[]) => values.map((v) => Math.round(Number(v) * 1e4) / 1e4);
  expect(rounded(gain!)).toEqual([0.1, 0, -0.0909, 0]);
  expect(rounded(step!)).toEqual([0.0952, 0, 0.0952, 0]);
  expect(rounded(ncc!)).toEqual([1, 1, 1, 1]);
  expect(outcome.metrics).toMatchObject({ seams: { value: 4 }, "seam-step": { unit: "%" } });
  expect(outcome.metrics!["seam-step"]!.value).toBeCloseTo(4.76, 2);
});

test("a wrong place shows in the correlation, and blank overlaps have none", async () => {
  const wrong = [
    [0, 0, 1],
    [84, 3, 1],
  ];
  const outcome = await run(tilesAt(square.slice(0, 2)), positions(wrong));
  expect(outcome.ok && Number(outcome.value.seams.columns.ncc![0])).toBeLessThan(0.7);
  const blank = new Map([...tilesAt(square)].map(([id, t]) => [id, memoryImage(new Uint8Array(side * side), t.grid)]));
  const dark = await run(blank, positions(square));
  expect(dark.ok && dark.value.seams.columns.ncc).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
  expect(dark.ok && dark.metrics).toEqual({
    ...{ seams: { value: 4 }, "seam-step": { value: 0, unit: "%" }, "seam-step-95": { value: 0, unit: "%" } },
  });
});

test("as many overlaps are looked at as are asked for", async () => {
  const outcome = await run(tilesAt(square), positions(square), 2);
  expect(outcome.ok && outcome.value.seams.columns.a).toEqual(["t0", "t2"]);
});

test.each([
  ["tile-not-given", () => run(tilesAt(square.slice(0, 3)), positions(square))],
  ["not-tile-places", () => run(tilesAt(square), { columns: { file: ["t0"] } })],
  [
    "labels-have-no-light",
    () =>
      run(
        new Map([...tilesAt(square)].map(([id, t]) => [id, { ...t, meaning: "labels" as const }])),
        positions(square),
      ),
  ],
] as const)("%s is told", async (code, attempt) => {
  expect(await attempt()).toMatchObject({ ok: false, diagnostics: [{ code }] });
});
