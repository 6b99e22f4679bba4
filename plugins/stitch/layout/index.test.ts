import { DiagnosticError, type Image, type Params, problem, type Table } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { texturedScene, viewImage } from "../../../test/support/scene.js";
import { context } from "../../../test/support/wings.js";
import plugin from "./index.js";

const scene = texturedScene(5);
const size = { width: 160, height: 120 };
const step = { x: 136, y: 99 };
/** Where the stage stopped, off by a pixel or two. */
const off = (i: number) => ((i * 7919) % 5) - 2;
const place = (row: number, col: number) => ({
  x: col * step.x + off(3 * row + col),
  y: row * step.y + off(5 * row + 2 * col + 1),
});

const views = new Map<string, Image>();
function tile(row: number, col: number): Image {
  const key = `${row},${col}`;
  const known = views.get(key);
  if (known) return known;
  const { x, y } = place(row, col);
  const image = viewImage(scene, { ...size, sceneFromPixel: [1, 0, 40 + x, 0, 1, 30 + y, 0, 0, 1] });
  views.set(key, image);
  return image;
}

type Name = (row: number, col: number) => string;
function grid(rows: number, cols: number, name: Name): Map<string, Image> {
  const out = new Map<string, Image>();
  for (let r = 0; r < rows; r++) for (let c = 0; c < cols; c++) out.set(name(r, c), tile(r, c));
  return new Map([...out].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const rc: Name = (r, c) => `tile_r0${r}_c0${c}.tif`;
const defaults: Params<typeof plugin.params> = {
  overlap: "auto",
  order: "auto",
  origin: "auto",
  unit: "auto",
  columns: undefined,
  rows: undefined,
  pixelSize: undefined,
};
async function layoutOf(tiles: Map<string, Image>, more: { positions?: Table; names?: Table; params?: object } = {}) {
  const { positions, names, params } = more;
  const outcome = await plugin.run({ tiles, positions, names }, { ...defaults, ...params }, context());
  if (!outcome.ok) throw new Error(outcome.diagnostics.map((d) => `${d.code}: ${d.message}`).join("\n"));
  const { columns } = outcome.value.layout;
  const at = new Map(columns.file!.map((f, i) => [f, i]));
  const get = (file: string, column: string) => Number(columns[column]![at.get(file)!]);
  return { ...outcome, get, codes: (outcome.notes ?? []).map((n) => n.code) };
}
const codesOf = async (tiles: Map<string, Image>, more: { positions?: Table; names?: Table; params?: object } = {}) => {
  const { positions, names, params } = more;
  const outcome = await plugin.run({ tiles, positions, names }, { ...defaults, ...params }, context());
  return outcome.ok ? [outcome.verdict!.status] : outcome.diagnostics.map((d) => d.code);
};

/** Every tile lies where it was cut, to some pixels: the stage's own error stays, one shift is free. */
async function expectTruth(found: Awaited<ReturnType<typeof layoutOf>>, rows: number, cols: number, name: Name) {
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) {
      const wrong = [
        found.get(name(r, c), "x") - found.get(name(0, 0), "x") - (place(r, c).x - place(0, 0).x),
        found.get(name(r, c), "y") - found.get(name(0, 0), "y") - (place(r, c).y - place(0, 0).y),
      ];
      expect(Math.max(...wrong.map(Math.abs)), `${name(r, c)} off by ${wrong}`).toBeLessThan(8);
      expect([found.get(name(r, c), "row"), found.get(name(r, c), "col")]).toEqual([r, c]);
    }
  }
}

const positionsOf = (
  rows: number,
  cols: number,
  name: Name,
  map = (x: number, y: number) => [x, y] as const,
): Table => {
  const [file, x, y]: [string[], number[], number[]] = [[], [], []];
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) {
      const at = map(c * step.x, r * step.y);
      file.push(name(r, c));
      x.push(at[0]);
      y.push(at[1]);
    }
  }
  return { columns: { file, x, y } };
};

test("rows and columns in names are enough: the overlap is found", async () => {
  const found = await layoutOf(grid(3, 3, rc));
  expect(found.verdict).toMatchObject({ status: "accepted" });
  expect(found.value.layout.meaning).toBe("tile-layout");
  expect(Math.abs(found.metrics!["overlap-x"]!.value - 15)).toBeLessThan(2);
  await expectTruth(found, 3, 3, rc);
  expect(found.codes).toEqual([]);
});

test("two numbers without labels may be column and row", async () => {
  const name: Name = (r, c) => `scan[Grid@${c} ${r}].jpg`;
  await expectTruth(await layoutOf(grid(3, 2, name)), 3, 2, name);
});

const walks: [string, (r: number, c: number) => number][] = [
  ["row by row", (r, c) => 4 * r + c],
  ["row by row, turning back", (r, c) => 4 * r + (r % 2 ? 3 - c : c)],
  ["column by column from the bottom, turning back", (r, c) => 4 * c + (c % 2 ? r : 3 - r)],
];
test.each(walks)("a running number that goes %s is followed", async (_, walk) => {
  const name: Name = (r, c) => `A${String(walk(r, c) + 1).padStart(2, "0")}.tif`;
  const found = await layoutOf(grid(4, 4, name));
  expect(found.verdict!.status).toBe("accepted");
  await expectTruth(found, 4, 4, name);
});

const maps: [string, (x: number, y: number) => readonly [number, number], RegExp | undefined][] = [
  ["as they are", (x, y) => [x, y], undefined],
  ["with y pointing up", (x, y) => [x, -y], /Y points up in the table of positions: it was flipped/],
  ["with x pointing left", (x, y) => [-x, y], /X points left/],
  ["turned by half", (x, y) => [-x, -y], /X points left and y points up/],
  ["with axes swapped", (x, y) => [y, x], /exchanged/],
  ["turned by a quarter", (x, y) => [-y, x], /exchanged.*flipped/],
  ["turned by a quarter the other way", (x, y) => [y, -x], /exchanged.*flipped/],
  ["swapped and turned", (x, y) => [-y, -x], /exchanged.*flipped/],
  ["5 % too large", (x, y) => [1.05 * x, 1.05 * y], /too large.*corrected/],
  ["in micrometres that pass for pixels", (x, y) => [0.325 * x, 0.325 * y], /too small.*corrected/],
];
test.each(maps)("positions %s end in the right places", async (_, map, note) => {
  const found = await layoutOf(grid(3, 3, rc), { positions: positionsOf(3, 3, rc, map) });
  expect(found.verdict!.status).toBe("accepted");
  await expectTruth(found, 3, 3, rc);
  if (!note) expect(found.codes).toEqual([]);
  else expect(found.notes!.find((n) => n.code === "layout-corrected")!.message).toMatch(note);
});

test("positions of tiles that are not there are told, with the hole", async () => {
  const tiles = grid(3, 3, rc);
  tiles.delete(rc(1, 1));
  const found = await layoutOf(tiles, { positions: positionsOf(3, 3, rc) });
  expect(found.codes).toEqual(["tiles-missing", "cells-empty"]);
  expect(found.notes![0]!.message).toContain(rc(1, 1));
  expect(found.metrics!["missing-tiles"]!.value).toBe(1);
});

test("a tile without a position goes where row and column say, or is refused", async () => {
  const { columns } = positionsOf(3, 3, rc);
  const cut = { columns: Object.fromEntries(Object.entries(columns).map(([k, v]) => [k, v.slice(0, 8)])) };
  const found = await layoutOf(grid(3, 3, rc), { positions: cut });
  expect(found.codes).toEqual(["tile-without-place"]);
  await expectTruth(found, 3, 3, rc);
  const odd: Name = (r, c) => "abcdefghi"[3 * r + c]!.repeat(4);
  const text = { columns: { ...cut.columns, file: cut.columns.file!.map((_, i) => odd(Math.floor(i / 3), i % 3)) } };
  expect(await codesOf(grid(3, 3, odd), { positions: text })).toEqual(["tile-without-place"]);
});

test.each<[string, (t: Table) => Table, string]>([
  [
    "of other files",
    (t) => ({ columns: { ...t.columns, file: t.columns.file!.map((f) => `x${f}`) } }),
    "positions-of-others",
  ],
  [
    "with two tiles at one place",
    (t) => ({ columns: { ...t.columns, x: [1, 1, ...t.columns.x!.slice(2)], y: [1, 1, ...t.columns.y!.slice(2)] } }),
    "same-place",
  ],
  [
    "that name a tile twice",
    (t) => ({ columns: { ...t.columns, file: [rc(0, 1), ...t.columns.file!.slice(1)] } }),
    "same-tile",
  ],
  ["without x", (t) => ({ columns: { file: t.columns.file!, y: t.columns.y! } }), "not-tile-places"],
  [
    "in micrometres, when pixels have no size",
    (t) => ({ columns: { file: t.columns.file!, x_um: t.columns.x!, y_um: t.columns.y! } }),
    "pixel-size-unknown",
  ],
  [
    "with a text for a number",
    (t) => ({ columns: { ...t.columns, x: t.columns.x!.map(() => "far") } }),
    "not-tile-places",
  ],
])("positions %s are refused", async (_, change, code) => {
  expect(await codesOf(grid(3, 3, rc), { positions: change(positionsOf(3, 3, rc)) })).toEqual([code]);
});

test("names without numbers, and nothing else, are refused", async () => {
  expect(await codesOf(grid(2, 2, (r, c) => `${"ab"[r]}${"xy"[c]}z.tif`))).toEqual(["no-places"]);
});

/** Names that say nothing of an order. */
const odd: Name = (r, c) => `${["pine", "fir", "oak"][r]}-${["red", "blue", "gray"][c]}.tif`;
const reordered = (t: Table, order: readonly number[]): Table => ({
  columns: { ...t.columns, file: order.map((i) => t.columns.file![i]!) },
});
test.each([
  ["shifted by one", [1, 2, 3, 4, 5, 6, 7, 8, 0]],
  ["with the middle row turned around", [0, 1, 2, 5, 4, 3, 6, 7, 8]],
])("positions in a list %s are put right by names, and refused without", async (_, order) => {
  const found = await layoutOf(grid(3, 3, rc), { positions: reordered(positionsOf(3, 3, rc), order) });
  expect(found.codes).toEqual(["layout-corrected"]);
  await expectTruth(found, 3, 3, rc);
  const refused = await layoutOf(grid(3, 3, odd), { positions: reordered(positionsOf(3, 3, odd), order) });
  expect(refused.verdict).toMatchObject({ status: "rejected", reasons: [{ code: "layout-contradicted" }] });
  expect((await layoutOf(grid(3, 3, odd), { positions: positionsOf(3, 3, odd) })).verdict!.status).toBe("accepted");
});

test("rows and columns that are exchanged in the names are found out", async () => {
  const found = await layoutOf(grid(3, 3, (r, c) => `tile_r${c}_c${2 - r}.tif`));
  expect(found.notes![0]).toMatchObject({ code: "layout-corrected" });
  await expectTruth(found, 3, 3, (r, c) => `tile_r${c}_c${2 - r}.tif`);
});

test("fields of the names and a running number of the items do, whatever the tiles are called", async () => {
  const cells = [0, 1, 2].flatMap((r) => [0, 1, 2].map((c) => ({ id: odd(r, c), r, c })));
  const ids = cells.map(({ id }) => id);
  const names = {
    columns: { id: ids, file: ids, row: cells.map(({ r }) => `0${r}`), col: cells.map(({ c }) => `0${c}`) },
  };
  await expectTruth(await layoutOf(grid(3, 3, odd), { names }), 3, 3, odd);
  const count = { columns: { id: ids, file: ids, index: cells.map(({ r, c }) => String(3 * r + c)) } };
  await expectTruth(await layoutOf(grid(3, 3, odd), { names: count }), 3, 3, odd);
});

test("stage positions in the files place the tiles, whichever way their y points", async () => {
  const tiles = grid(3, 3, odd);
  const staged = new Map(
    [0, 1, 2].flatMap((r) =>
      [0, 1, 2].map((c) => {
        const image = tiles.get(odd(r, c))!;
        const worldFromPixel = [0.5, 0, 9000 + 0.5 * step.x * c, 0, 0.5, -400 - 0.5 * step.y * r] as const;
        return [odd(r, c), { ...image, grid: { ...image.grid, worldFromPixel, crs: "um" as const } }] as const;
      }),
    ),
  );
  const found = await layoutOf(staged);
  expect(found.notes![0]!.message).toMatch(/^Y points up in the stage positions/);
  await expectTruth(found, 3, 3, odd);
});

test("a number that goes on where tiles are missing, and lines that are cut short", async () => {
  const name: Name = (r, c) => `A${String(4 * r + c + 1).padStart(2, "0")}.tif`;
  const tiles = grid(4, 4, name);
  for (const gone of [name(1, 2), name(3, 2), name(3, 3)]) tiles.delete(gone);
  const found = await layoutOf(tiles);
  expect(found.verdict!.status).toBe("accepted");
  expect([found.get(name(3, 1), "row"), found.get(name(3, 1), "col")]).toEqual([3, 1]);
  expect(found.metrics).toMatchObject({ rows: { value: 4 }, columns: { value: 4 }, "missing-tiles": { value: 3 } });
});

const flat = (image: Image): Image => ({
  ...image,
  read: async (window, options) => {
    const pixels = await image.read(window, options);
    pixels.data.fill(7);
    return pixels;
  },
});
test("empty tiles: one is named; where all are, the overlap has to be given", async () => {
  const tiles = grid(3, 3, rc);
  tiles.set(rc(0, 0), flat(tiles.get(rc(0, 0))!));
  const found = await layoutOf(tiles);
  expect(found.notes!.map((n) => n.message)).toEqual([`One tile holds one value alone: ${rc(0, 0)}`]);
  await expectTruth(found, 3, 3, rc);
  const blank = new Map([...tiles].map(([id, image]) => [id, flat(image)]));
  expect(await codesOf(blank)).toEqual(["overlap-unknown"]);
  const given = await layoutOf(blank, { params: { overlap: "15 % and 17.5 %" } });
  expect(given.codes).toContain("layout-unchecked");
  expect([given.get(rc(2, 2), "x"), given.get(rc(2, 2), "y")]).toEqual([272, 198]);
  const placed = await layoutOf(blank, { positions: positionsOf(3, 3, rc) });
  expect(placed.codes).toContain("layout-unchecked");
  const apart = positionsOf(3, 3, rc, (x, y) => [2 * x, 2 * y]);
  expect((await layoutOf(blank, { positions: apart })).verdict).toMatchObject({
    status: "suspect",
    reasons: [{ code: "no-overlap" }],
  });
});

const damaged = (image: Image): Image => ({
  ...image,
  read: async () => {
    throw new DiagnosticError(problem("image-damaged", "it is cut short", "Copy it again."));
  },
});
test("a tile that cannot be read is named, and the others are laid out; where none can be read, that is said", async () => {
  const tiles = grid(3, 3, rc);
  tiles.set(rc(0, 0), damaged(tiles.get(rc(0, 0))!));
  const found = await layoutOf(tiles);
  expect(found.notes!.map((n) => n.message)).toEqual([`${rc(0, 0)} cannot be read: it is cut short`]);
  await expectTruth(found, 3, 3, rc);
  const none = new Map([...tiles].map(([id, image]) => [id, damaged(image)]));
  expect(await codesOf(none)).toEqual(["overlap-unknown", "tile-unreadable"]);
});

test("the odd tile is named as such though it comes first", async () => {
  const tiles = grid(3, 3, rc);
  tiles.set(rc(0, 0), { ...tiles.get(rc(0, 0))!, dtype: "uint16" });
  const { notes } = await layoutOf(tiles);
  expect(notes!.map((n) => n.message)).toEqual([expect.stringMatching(`^1 of 9 tiles are not .*: ${rc(0, 0)}$`)]);
});

test("an overlap or order that is not the tiles' is told", async () => {
  const found = await layoutOf(grid(3, 3, rc), { params: { overlap: "30 %" } });
  expect(found.notes![0]!.message).toMatch(/^The overlap was said to be 30 % .* that was taken/);
  const name: Name = (r, c) => `A${4 * r + c + 10}.tif`;
  const walked = await layoutOf(grid(4, 4, name), { params: { order: "column" } });
  expect(walked.notes![0]!.message).toMatch(
    /said to be column by column, but the overlaps show row by row from the top left/,
  );
  expect(await codesOf(grid(3, 3, rc), { params: { overlap: "ten" } })).toEqual(["overlap-unclear"]);
});

test("tiles that are not like the others are named; other pixel sizes are refused", async () => {
  const tiles = grid(3, 3, rc);
  const { x, y } = place(2, 2);
  const small = viewImage(scene, {
    width: 140,
    height: 110,
    dtype: "uint16",
    sceneFromPixel: [1, 0, 40 + x, 0, 1, 30 + y, 0, 0, 1],
  });
  tiles.set(rc(2, 2), small);
  const found = await layoutOf(tiles);
  expect(found.codes).toEqual(["tile-sizes-differ", "tile-types-differ"]);
  expect([found.get(rc(2, 2), "width"), found.get(rc(2, 2), "height")]).toEqual([140, 110]);
  await expectTruth(found, 3, 3, rc);
  tiles.set(rc(2, 2), { ...small, grid: { ...small.grid, worldFromPixel: [2, 0, 0, 0, 2, 0] } });
  expect(await codesOf(tiles)).toEqual(["pixel-sizes-differ"]);
  expect(await codesOf(new Map([...tiles].slice(0, 1)))).toEqual(["too-few-tiles"]);
});
