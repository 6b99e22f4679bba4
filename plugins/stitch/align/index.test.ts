import {
  DiagnosticError,
  type Image,
  layoutTable,
  pixelGrid,
  problem,
  type Table,
  type TileLayout,
  tilePositions,
} from "tiepoint/plugin";
import { describe, expect, test } from "vitest";
import { type SampleTile, sampleTiles } from "../../../src/samples/tile-grid.js";
import { memoryImage } from "../../../test/support/image.js";
import { context } from "../../../test/support/wings.js";
import plugin from "./index.js";

type Settings = Partial<Parameters<typeof plugin.run>[1]>;

const made = sampleTiles({ rows: 3, columns: 4, tile: 160, overlap: 0.2, jitter: 4, seed: 3 });
const imagesOf = (tiles: readonly SampleTile[]) => new Map(tiles.map(({ name, image }) => [name, image]));
const layoutOf = (tiles: readonly SampleTile[]): TileLayout => ({
  tiles: tiles.map(({ name }) => name),
  x: Float64Array.from(tiles, ({ nominal }) => nominal[0]),
  y: Float64Array.from(tiles, ({ nominal }) => nominal[1]),
  width: Float64Array.from(tiles, ({ image }) => image.grid.width),
  height: Float64Array.from(tiles, ({ image }) => image.grid.height),
  row: Int32Array.from(tiles, ({ row }) => row),
  col: Int32Array.from(tiles, ({ column }) => column),
});

async function run(tiles: ReadonlyMap<string, Image>, layout: Table, params: Settings = {}) {
  return plugin.run(
    { tiles, layout },
    { maxShift: undefined, channel: undefined, damagedTiles: "fail", ...params },
    context(),
  );
}
const aligned = async (...args: Parameters<typeof run>) => {
  const outcome = await run(...args);
  if (!outcome.ok) throw new Error(outcome.diagnostics.map((d) => d.message).join("\n"));
  return outcome;
};
/** Root mean square distance from the truth after one common shift, of tiles that are named. */
function error(table: Table, names: readonly string[]): number {
  const found = tilePositions(table);
  if (!found.ok) throw new Error(found.diagnostics[0]!.message);
  const { tiles, x, y } = found.value;
  const off = names.map((name) => {
    const i = tiles.indexOf(name);
    const [tx, ty] = made.find((t) => t.name === name)!.true;
    return [x[i]! - tx, y[i]! - ty] as const;
  });
  const mean = [0, 1].map((k) => off.reduce((s, o) => s + o[k]!, 0) / off.length);
  const squares = off.map(([x, y]) => (x - mean[0]!) ** 2 + (y - mean[1]!) ** 2);
  return Math.sqrt(squares.reduce((s, v) => s + v, 0) / off.length);
}
const names = made.map(({ name }) => name);
const blank = memoryImage(new Uint16Array(160 * 160), pixelGrid(160, 160));
const torn: Image = {
  ...blank,
  read: () => Promise.reject(new DiagnosticError(problem("truncated", "The file ends early"))),
};

describe("a grid of tiles that the stage misplaced by pixels", () => {
  test("is put together to a few hundredths of a pixel, and says so", async () => {
    const { value, verdict } = await aligned(imagesOf(made), layoutTable(layoutOf(made)));
    const found = error(value.positions, names);
    expect(found).toBeLessThan(0.05);
    expect(verdict).toMatchObject({ status: "accepted", reasons: [] });
    expect(verdict!.metrics["expected-error"]!.value).toBeGreaterThan(found / 3);
    expect(verdict!.metrics["expected-error"]!.value).toBeLessThan(0.2);
    expect(Math.min(...(value.positions.columns.x as number[]))).toBe(0);
    expect(Math.min(...(value.positions.columns.y as number[]))).toBe(0);
    expect(value.edges.columns.state!.every((s) => s === "used")).toBe(true);
  });

  test("gives the same numbers in whatever order tiles and layout come", async () => {
    const one = await aligned(imagesOf(made), layoutTable(layoutOf(made)));
    const two = await aligned(imagesOf([...made].reverse()), layoutTable(layoutOf(made)));
    expect(two.value).toEqual(one.value);
  });

  test("names a tile that shows nothing, and leaves it where the stage would have it", async () => {
    const tiles = imagesOf(made).set(names[5]!, blank);
    const { value, verdict, notes } = await aligned(tiles, layoutTable(layoutOf(made)));
    expect(notes).toMatchObject([{ code: "tiles-blank" }]);
    expect(notes![0]!.message).toContain(names[5]);
    const rest = names.filter((_, i) => i !== 5);
    expect(error(value.positions, rest)).toBeLessThan(0.06);
    expect(error(value.positions, names)).toBeLessThan(4);
    expect(value.positions.columns.island![5]).toBe(1);
    expect(value.positions.columns.sigma_x![5]).toBeGreaterThan(0.5);
    expect(verdict!.status).toBe("accepted");
  });

  test("stops at a tile that cannot be read, or goes on without it and says so", async () => {
    const tiles = imagesOf(made).set(names[6]!, torn);
    const stopped = await run(tiles, layoutTable(layoutOf(made)));
    expect(stopped).toMatchObject({ ok: false, diagnostics: [{ code: "tile-unreadable" }] });
    const { value, notes } = await aligned(tiles, layoutTable(layoutOf(made)), { damagedTiles: "leave-out" });
    expect(notes).toMatchObject([{ code: "tiles-left-out" }]);
    const rest = names.filter((_, i) => i !== 6);
    expect(value.positions.columns.file).toEqual(rest);
    expect(error(value.positions, rest)).toBeLessThan(0.06);
  });

  test("is looked at again, farther, when the layout's steps are off", async () => {
    const layout = layoutOf(made);
    const near = { ...layout, x: layout.x.map((x, i) => x - 30 * layout.col[i]!) };
    const { value, verdict } = await aligned(imagesOf(made), layoutTable(near));
    expect(verdict!.metrics.reach!.value).toBe(60);
    expect(error(value.positions, names)).toBeLessThan(0.05);
    const bound = await aligned(imagesOf(made), layoutTable(near), { maxShift: { value: 24, unit: "px" } });
    expect(bound.verdict!.status).toBe("suspect");
  });

  test("is refused when the tiles are in the wrong order", async () => {
    const shuffled = new Map(made.map(({ name }, i) => [name, made[(i * 5 + 3) % made.length]!.image]));
    const { verdict } = await aligned(shuffled, layoutTable(layoutOf(made)));
    expect(verdict!.status).toBe("rejected");
  });
});

test("a layout that names a tile which is not there, and a band that is not there, are told", async () => {
  const tiles = imagesOf(made);
  tiles.delete(names[2]!);
  const layout = layoutTable(layoutOf(made));
  expect(await run(tiles, layout)).toMatchObject({ ok: false, diagnostics: [{ code: "tile-not-given" }] });
  expect(await run(imagesOf(made), layout, { channel: "DAPI" })).toMatchObject({
    ok: false,
    diagnostics: [{ code: "unknown-band" }],
  });
  // Numbers count from 0, as at readers.
  for (const channel of ["1", "0.5", ""])
    expect(await run(imagesOf(made), layout, { channel })).toMatchObject({ ok: false });
  expect(await run(imagesOf(made), layout, { channel: "0" })).toMatchObject({ ok: true });
});
