import { describe, expect, test } from "vitest";
import { encodeWithSharp, fakeRun } from "../../test/support/fake-run.js";
import { memoryImage } from "../../test/support/image.js";
import { pixelGrid } from "../core/grid.js";
import type { Table } from "../core/plugin.js";
import type { RunAccess, RunRecord, TaskRecord } from "../core/record.js";
import { edgesTable, layoutTable, positionsTable, seamsTable, type TileEdgeState } from "../core/tile-tables.js";
import { mosaicSection } from "./mosaic-section.js";
import { buildReport, mostBytes } from "./report.js";

const side = 60;
const step = 50;
const scene = (x: number, y: number) => 100 + 60 * (((x >> 2) + (y >> 2)) % 2) + (x % 17);

interface Grid {
  readonly rows: number;
  readonly cols: number;
  readonly islands?: Readonly<Record<number, number>>;
  readonly states?: Readonly<Record<number, TileEdgeState>>;
  readonly name?: (i: number) => string;
  /** Columns that the tables lack. */
  readonly lacks?: readonly string[];
}

/** The record and values of a run that placed a grid of tiles; the layout is 3 px off to the right in each column. */
function gridRun({ rows, cols, islands = {}, states = {}, name = (i) => `tile ${i}.tif`, lacks = [] }: Grid) {
  const { record } = fakeRun();
  const all = Array.from({ length: rows * cols }, (_, i) => i);
  const numbers = (of: (i: number) => number) => Float64Array.from(all, of);
  const tiles = all.map(name);
  const places = {
    ...{ tiles, x: numbers((i) => step * (i % cols)), y: numbers((i) => step * Math.floor(i / cols)) },
    ...{ width: numbers(() => side), height: numbers(() => side) },
  };
  const pairs = all.flatMap((i) => [
    ...(i % cols < cols - 1 ? [[i, i + 1] as const] : []),
    ...(i < cols * (rows - 1) ? [[i, i + cols] as const] : []),
  ]);
  const of = (value: (k: number) => number) => Float64Array.from(pairs, (_, k) => value(k));
  const tables: Record<string, Table> = {
    "stage layout": layoutTable({
      ...{ ...places, x: numbers((i) => (step + 3) * (i % cols)) },
      ...{ row: Int32Array.from(all, (i) => Math.floor(i / cols)), col: Int32Array.from(all, (i) => i % cols) },
    }),
    "placed positions": positionsTable({
      ...{ ...places, sigmaX: numbers((i) => 0.01 + 0.001 * i), sigmaY: numbers(() => 0) },
      island: Int32Array.from(all, (i) => islands[i] ?? 0),
    }),
    "placed edges": edgesTable({
      ...{ a: pairs.map(([i]) => name(i)), b: pairs.map(([, j]) => name(j)) },
      ...{ dx: of(() => 0), dy: of(() => 0), sigmaX: of(() => 0.01), sigmaY: of(() => 0.01) },
      ...{ ncc: of(() => 0.9), residual: of((k) => 0.02 * k), state: pairs.map((_, k) => states[k] ?? "used") },
    }),
    "seen seams": seamsTable({
      ...{ a: pairs.map(([i]) => name(i)), b: pairs.map(([, j]) => name(j)) },
      ...{ x: of(() => 0), y: of(() => 0), width: of(() => 10), height: of(() => 60) },
      ...{ step: of((k) => 0.001 * k), gain: of(() => 0), ncc: of((k) => 0.9 - 0.01 * k) },
    }),
  };
  const lacking = Object.fromEntries(
    Object.entries(tables).map(([key, table]) => [
      key,
      { ...table, columns: Object.fromEntries(Object.entries(table.columns).filter(([c]) => !lacks.includes(c))) },
    ]),
  );
  const task = (id: string, plugin: string, more: Partial<TaskRecord>): TaskRecord => ({
    ...{ ...record.tasks[0]!, id, step: id, plugin, inputs: {}, outputs: [], notes: [], metrics: {} },
    ...more,
  });
  const table = (port: string) => ({ port, type: "table" as const, digest: "d" });
  const image = (i: number) =>
    task(`tile[${i}]`, "read/tiff", { item: name(i), outputs: [{ ...table("image"), type: "image" }] });
  const mine: RunRecord = {
    ...record,
    tasks: [
      ...all.map(image),
      task("stage", "stitch/layout", { outputs: [table("layout")] }),
      task("placed", "stitch/align", {
        inputs: { tiles: all.map((i) => `tile[${i}]`), layout: ["stage"] },
        outputs: [table("positions"), table("edges")],
      }),
      task("seen", "measure/seams", { inputs: { positions: ["placed"] }, outputs: [table("seams")] }),
    ],
  };
  const access: RunAccess = {
    async value(id, port) {
      const tile = all.find((i) => id === `tile[${i}]`);
      if (tile === undefined) return lacking[`${id} ${port}`];
      const [x, y] = [places.x[tile]!, places.y[tile]!];
      const data = Uint8Array.from({ length: side * side }, (_, k) => scene(x + (k % side), y + Math.floor(k / side)));
      return memoryImage(data, pixelGrid(side, side));
    },
    encode: encodeWithSharp,
  };
  return { record: mine, access };
}

const section = async (grid: Grid) => {
  const { record, access } = gridRun(grid);
  return (await mosaicSection(record, access))?.text ?? "";
};
const plain = (text: string) => text.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");

describe("the mosaic of a run", () => {
  test("is told in sentences: islands, certainty, overlaps, stage", async () => {
    const text = plain(
      await section({ rows: 3, cols: 4, islands: { 10: 1, 11: 1, 8: 2 }, states: { 3: "weak", 5: "outlier" } }),
    );
    expect(text).toContain(
      "Overlaps connect 9 of 12 tiles. The other 3 (1 island of their own and 1 of them alone; hatched on the map) lie where the stage would have them.",
    );
    expect(text).toContain(
      "is known to 0.014 px (one standard deviation), that of tile 9.tif to 0.019 px. The hatched ones are known to 0.020 px.",
    );
    expect(text).toContain(
      "Of 17 overlaps, 15 were used, one could not be told from chance and one contradicts the others and was left out.",
    );
    expect(text).toMatch(/its steps are \d\.\d\d % shorter than the layout says/);
  });

  test("is drawn: a square for each tile, edges by residual, marks for what is wrong", async () => {
    const text = await section({
      rows: 3,
      cols: 4,
      islands: { 11: 1 },
      states: { 3: "weak", 5: "outlier", 6: "empty", 7: "unreadable" },
    });
    expect(text.match(/<rect class="tile[^"]*" x=/g)).toHaveLength(12);
    expect(text).toContain('class="tile apart"');
    expect(text).toContain("<title>tile 11.tif, island 1, ± 0.021 px</title>");
    for (const of of ["r0", "r1", "weak", "outlier", "empty", "unreadable"])
      expect(text).toContain(`class="edge ${of}"`);
    expect(text).not.toContain('class="edge r3"');
    expect(text).toMatch(/<text class="number"[^>]*>1<\/text>/);
  });

  test("names what is at fault, the worst first", async () => {
    const text = plain(await section({ rows: 3, cols: 4, states: { 5: "outlier" } }));
    expect(text).toContain("One overlap is at fault");
    expect(text).toMatch(
      /tile 2.tif tile 6.tif 0.100 px 0.014 px 0.90 The overlap shows one place, all others together another/,
    );
    expect(text.indexOf("all others together another")).toBeLessThan(
      text.indexOf("A little more than its noise explains"),
    );
  });

  test("shows the worst seams before and after: what agrees is gray", async () => {
    const text = await section({ rows: 2, cols: 2 });
    expect(text.match(/class="seam"/g)!.length).toBeGreaterThan(1);
    expect(text).toContain("as the layout has them");
    expect(text).toContain("as placed");
    expect(plain(text)).toContain("brightness steps by 0.30 %, among the most of all seams.");
  });

  test("a run without a mosaic has none; tables that lack columns are left out", async () => {
    const { record, access } = fakeRun();
    expect(await mosaicSection(record, access)).toBeUndefined();
    expect(await section({ rows: 2, cols: 2, lacks: ["sigma_x", "island"] })).toBe("");
    const bare = await section({ rows: 2, cols: 2, lacks: ["residual", "step"] });
    expect(bare).toContain("mosaic-map");
    expect(bare).not.toContain("at fault");
  });

  test("names of files stay names", async () => {
    const text = await section({ rows: 2, cols: 2, name: (i) => `<script>${i}` });
    expect(text).not.toContain("<script>");
    expect(text).toContain("&lt;script&gt;0");
  });
});

test("a mosaic of 3000 tiles fits into the report, one of 10 000 is drawn without names", async () => {
  const many = gridRun({ rows: 50, cols: 60 });
  const page = await buildReport(many.record, many.access);
  expect(Buffer.byteLength(page)).toBeLessThan(mostBytes);
  expect(page).toContain('href="#mosaic"');
  const more = await section({ rows: 100, cols: 100 });
  expect(more.length).toBeLessThan(2_000_000);
  expect(more).not.toContain("<title>");
  expect(more).toContain("Overlaps connect all 10");
}, 60_000);
