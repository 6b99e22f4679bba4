import {
  type Affine2,
  apply,
  blends,
  type Image,
  type Points,
  pixelGrid,
  type Registration,
  seededRandom,
  type Table,
  wholeWindow,
} from "tiepoint/plugin";
import { describe, expect, test } from "vitest";
import { memoryImage } from "../../../test/support/image.js";
import { testContext } from "../../../test/support/read.js";
import { imageOf, samplesInTiles, samplesOf } from "../../../test/support/step.js";
import plugin from "./index.js";

type Settings = Partial<Parameters<typeof plugin.run>[1]>;

interface Onto {
  readonly transform?: Registration;
  readonly like?: Image;
}

const run = (tiles: ReadonlyMap<string, Image>, positions: Table, params: Settings = {}, onto: Onto = {}) =>
  plugin.run(
    { tiles, positions, transform: onto.transform, like: onto.like },
    { blend: "linear", interpolation: undefined, gain: "off", fill: undefined, ...params },
    testContext(),
  );

const table = (rows: Readonly<Record<string, readonly [x: number, y: number]>>): Table => ({
  columns: {
    file: Object.keys(rows),
    x: Object.values(rows).map(([x]) => x),
    y: Object.values(rows).map(([, y]) => y),
  },
});

/** A smooth scene that is known everywhere, up to about 1000. */
const truth = (x: number, y: number): number => {
  const blob = (cx: number, cy: number, r: number) => 1 / (1 + ((x - cx) ** 2 + (y - cy) ** 2) / (r * r));
  return 100 + 500 * blob(60, 40, 9) + 300 * blob(110, 80, 14) + 400 * blob(33, 95, 8);
};

function sceneTile(x: number, y: number, size = 64, gain = 1): Image {
  const data = new Uint16Array(size * size);
  for (let j = 0; j < size; j++)
    for (let i = 0; i < size; i++) data[j * size + i] = Math.round(gain * truth(x + i, y + j));
  return memoryImage(data, pixelGrid(size, size));
}

/** Three by three tiles that overlap by a fifth, each off its place by some fraction. */
function grid(seed = 5) {
  const random = seededRandom(seed);
  const rows: Record<string, [number, number]> = {};
  const tiles = new Map<string, Image>();
  for (let r = 0; r < 3; r++) {
    for (let c = 0; c < 3; c++) {
      const place = (k: number) => (k === 0 ? 0 : Math.round((51 * k + 4 * random()) * 256) / 256);
      const at: [number, number] = [place(c), place(r)];
      rows[`r${r}c${c}`] = at;
      tiles.set(`r${r}c${c}`, sceneTile(...at));
    }
  }
  return { tiles, rows };
}

describe("a mosaic of tiles at sub-pixel places", () => {
  test("follows the scene, in overlaps too", async () => {
    const { tiles, rows } = grid();
    for (const blend of blends) {
      const image = imageOf(await run(tiles, table(rows), { blend }));
      expect(image.dtype).toBe("uint16");
      const { width, height } = image.grid;
      const data = await samplesOf(image);
      let worst = 0;
      let seen = 0;
      for (let y = 3; y < 150; y++) {
        for (let x = 3; x < 150; x++) {
          expect(data[y * width + x]).not.toBe(0);
          worst = Math.max(worst, Math.abs(data[y * width + x]! - truth(x, y)));
          seen++;
        }
      }
      expect([seen, height > 160]).toEqual([147 * 147, true]);
      // Rounding twice, and what Keys' cubic does to a blob 8 px wide: linear interpolation would be off by 5.
      expect(worst).toBeLessThan(2);
    }
  });

  test("is the same however windows are cut, and in whatever order tiles come", async () => {
    const { tiles, rows } = grid();
    for (const blend of blends) {
      const image = imageOf(await run(tiles, table(rows), { blend }));
      const all = await samplesOf(image);
      expect(await samplesInTiles(image, 37, 29)).toEqual(all);
      expect(await samplesInTiles(image, 200, 1)).toEqual(all);
      const backwards = Object.fromEntries(Object.entries(rows).reverse());
      const shuffled = new Map([...tiles].sort(([a], [b]) => (a[1]! + a[3]! < b[1]! + b[3]! ? 1 : -1)));
      expect(await samplesOf(imageOf(await run(shuffled, table(backwards), { blend })))).toEqual(all);
    }
  });

  test("a window reads the tiles that it touches, and of them what it needs", async () => {
    const { tiles, rows } = grid();
    const reads: Record<string, number> = {};
    const watched = new Map(
      [...tiles].map(([id, tile]): [string, Image] => [
        id,
        {
          ...tile,
          read: (window, options) => {
            reads[id] = (reads[id] ?? 0) + window.width * window.height;
            return tile.read(window, options);
          },
        },
      ]),
    );
    const image = imageOf(await run(watched, table(rows)));
    await image.read({ x: 5, y: 70, width: 20, height: 10 });
    expect(Object.keys(reads)).toEqual(["r1c0"]);
    expect(reads.r1c0).toBeLessThanOrEqual(23 * 13);
  });

  test("bands are laid together one by one", async () => {
    const data = Uint8Array.from({ length: 3 * 8 * 8 }, (_, i) => 10 + i);
    const tile = memoryImage(data, pixelGrid(8, 8));
    const image = imageOf(await run(new Map([["a", tile]]), table({ a: [3.25, -2] }), { interpolation: "linear" }));
    expect([image.bands, image.grid.width, image.grid.height]).toEqual([["red", "green", "blue"], 8, 8]);
    const all = await samplesOf(image);
    const swapped = await image.read(wholeWindow(image.grid), { bands: [2, 0] });
    expect([...swapped.data]).toEqual([...all.slice(128), ...all.slice(0, 64)]);
    expect(all[8 * 8 + 9]).toBe(10 + 64 + 9 - 0); // 0.75 px from one sample to the next one, whole numbers rounded
  });
});

describe("gain: overlaps", () => {
  /** The tiles of `grid`, each exposed otherwise. */
  const exposed = (of: (row: number, col: number) => number) => {
    const { rows } = grid();
    const tiles = Object.entries(rows).map(
      ([id, at]) => [id, sceneTile(...at, 64, of(Number(id[1]), Number(id[3])))] as const,
    );
    return { tiles: new Map(tiles), rows };
  };

  test("brings tiles of different exposure to one brightness", async () => {
    const { tiles, rows } = exposed((r, c) => 0.7 + 0.15 * ((r * 5 + c * 7) % 5));
    const spread = async (gain: "off" | "overlaps", blend: "linear" | "multiband") => {
      const image = imageOf(await run(tiles, table(rows), { gain, blend }));
      const data = await samplesOf(image);
      const ratios = [];
      for (let y = 4; y < 150; y += 7)
        for (let x = 4; x < 150; x += 7) ratios.push(data[y * image.grid.width + x]! / truth(x, y));
      const mean = ratios.reduce((s, v) => s + v, 0) / ratios.length;
      return Math.max(...ratios.map((v) => Math.abs(v / mean - 1)));
    };
    expect(await spread("off", "linear")).toBeGreaterThan(0.25);
    expect(await spread("overlaps", "linear")).toBeLessThan(0.01);
    expect(await spread("overlaps", "multiband")).toBeLessThan(0.01);
  });

  test("changes nothing where there is nothing to change", async () => {
    const { tiles, rows } = grid();
    const plain = await samplesOf(imageOf(await run(tiles, table(rows))));
    const balanced = await samplesOf(imageOf(await run(tiles, table(rows), { gain: "overlaps" })));
    expect(Math.max(...plain.map((v, i) => Math.abs(v - balanced[i]!)))).toBeLessThanOrEqual(1);
  });

  test("a tile that shows something else spoils only itself", async () => {
    const { tiles, rows } = exposed(() => 1);
    const odd = memoryImage(
      Uint16Array.from({ length: 4096 }, (_, i) => 4000 + (i % 7)),
      pixelGrid(64, 64),
    );
    const image = imageOf(
      await run(new Map([...tiles, ["r0c0", odd]]), table(rows), { gain: "overlaps", blend: "none" }),
    );
    const data = await samplesOf(image);
    for (const [x, y] of [
      [140, 140],
      [90, 140],
      [140, 90],
      [100, 100],
    ] as const)
      expect(data[y * image.grid.width + x]! / truth(x, y)).toBeCloseTo(
        data[145 * image.grid.width + 120]! / truth(120, 145),
        1,
      );
  });
});

describe("the mosaic's place in the world", () => {
  const tile = (worldFromPixel: readonly [number, number, number, number, number, number], crs: "um" | "EPSG:32632") =>
    memoryImage(new Uint8Array(100).fill(9), { width: 10, height: 10, worldFromPixel, crs });

  test("tiles that know no place: micrometres from the world's origin", async () => {
    const own = [0.5, 0, 0, 0, 0.5, 0] as const;
    const tiles = new Map([
      ["a", tile(own, "um")],
      ["b", tile(own, "um")],
    ]);
    const { grid } = imageOf(await run(tiles, table({ a: [0, 0], b: [8, 1] })));
    expect(grid).toEqual({ width: 18, height: 11, crs: "um", worldFromPixel: [0.5, 0, 0, 0, 0.5, 0] });
  });

  test("tiles of a map keep their place", async () => {
    const tiles = new Map([
      ["a", tile([10, 0, 5000, 0, -10, 9000], "EPSG:32632")],
      ["b", tile([10, 0, 5082, 0, -10, 8990], "EPSG:32632")],
    ]);
    // The positions say 8 px to the right, the map 8.2: the mosaic lies between.
    const { grid } = imageOf(await run(tiles, table({ a: [3, 5], b: [11, 6] })));
    expect(grid.crs).toBe("EPSG:32632");
    expect(grid.worldFromPixel.map((v) => Math.round(v * 1e6) / 1e6)).toEqual([10, 0, 5001, 0, -10, 9000]);
  });
});

describe("onto another grid", () => {
  const turn: Affine2 = [0.98, -0.2, 20.3, 0.2, 0.98, -10.7];
  const onto = memoryImage(new Uint8Array(120 * 110), pixelGrid(120, 110));

  test.each(blends)("tiles follow the transform, resampled once (%s)", async (blend) => {
    const { tiles, rows } = grid();
    const transform: Registration = { transform: { type: "affine", matrix: turn } };
    const image = imageOf(await run(tiles, table(rows), { blend }, { transform, like: onto }));
    expect(image.grid).toEqual(onto.grid);
    const data = await samplesOf(image);
    let [worst, seen] = [0, 0];
    for (let y = 0; y < 110; y++) {
      for (let x = 0; x < 120; x++) {
        const [u, v] = apply(transform.transform, Float64Array.of(x, y) as Points<"world">) as unknown as [
          number,
          number,
        ];
        const inside = u > 2 && v > 2 && u < 160 && v < 160;
        if (u < -0.6 || v < -0.6) expect(data[y * 120 + x]).toBe(0);
        if (!inside) continue;
        worst = Math.max(worst, Math.abs(data[y * 120 + x]! - truth(u, v)));
        seen++;
      }
    }
    expect(seen).toBeGreaterThan(9000);
    expect(worst).toBeLessThan(2);
    expect(await samplesInTiles(image, 50, 41)).toEqual(data);
  });

  test("a map that bends", async () => {
    const { tiles, rows } = grid();
    const knots = Float64Array.of(0, 0, 150, 0, 0, 150, 150, 150, 75, 75) as Points<"world">;
    const weights = Float64Array.of(-0.01, 0.02, -0.01, 0.02, -0.01, 0.02, -0.01, 0.02, 0.04, -0.08);
    const transform = { type: "tps", affine: [1, 0, 0.4, 0, 1, 0.3], knots, weights } as const;
    const image = imageOf(await run(tiles, table(rows), {}, { transform: { transform }, like: onto }));
    const data = await samplesOf(image);
    let worst = 0;
    for (let y = 8; y < 100; y++) {
      for (let x = 8; x < 100; x++) {
        const [u, v] = apply(transform, Float64Array.of(x, y) as Points<"world">) as unknown as [number, number];
        if (u > 3 && v > 3) worst = Math.max(worst, Math.abs(data[y * 120 + x]! - truth(u, v)));
      }
    }
    expect(worst).toBeLessThan(2);
  });

  test("a mere shift is done as one, and gives what a warp gives", async () => {
    const { tiles, rows } = grid();
    const shift = (by: number): Registration => ({ transform: { type: "affine", matrix: [1, by, 10.25, 0, 1, 7.5] } });
    const mere = imageOf(await run(tiles, table(rows), {}, { transform: shift(0), like: onto }));
    const warped = imageOf(await run(tiles, table(rows), {}, { transform: shift(1e-4), like: onto }));
    expect([mere.tile.width, warped.tile.width]).toEqual([120, 120]);
    const [a, b] = [await samplesOf(mere), await samplesOf(warped)];
    expect(Math.max(...a.map((v, i) => Math.abs(v - b[i]!)))).toBeLessThanOrEqual(2);
  });

  test("labels keep their values", async () => {
    const label = (value: number) =>
      memoryImage(new Uint32Array(64).fill(value), pixelGrid(8, 8), { meaning: "labels" });
    const tiles = new Map([
      ["a", label(4_000_000_001)],
      ["b", label(4_000_000_003)],
    ]);
    const transform: Registration = {
      transform: { type: "affine", matrix: [0.5, 0, 0, 0, 0.5, 0] },
      fixed: pixelGrid(30, 16),
    };
    const data = await samplesOf(imageOf(await run(tiles, table({ a: [0, 0], b: [6, 0] }), {}, { transform })));
    expect(data.slice(240, 270).map((v) => (v === 0 ? 0 : v - 4_000_000_000))).toEqual(
      Array.from({ length: 30 }, (_, x) => (x < 14 ? 1 : x < 27 ? 3 : 0)),
    );
  });

  test("what lies in other units is refused", async () => {
    const { tiles, rows } = grid();
    const um = memoryImage(new Uint8Array(4), { ...pixelGrid(2, 2), crs: "um" });
    const registration: Registration = { transform: { type: "affine", matrix: turn }, fixed: pixelGrid(9, 9) };
    for (const onto of [{ like: um }, { like: um, transform: registration }]) {
      expect(await run(tiles, table(rows), {}, onto)).toMatchObject({ diagnostics: [{ code: "unit-differs" }] });
    }
    const { fixed: _, ...open } = registration;
    expect(await run(tiles, table(rows), {}, { transform: open })).toMatchObject({
      diagnostics: [{ code: "grid-unknown" }],
    });
  });
});

describe("holes", () => {
  const tile = (value: number, options: { nodata?: number } = {}) =>
    memoryImage(new Uint8Array(16).fill(value), pixelGrid(4, 4), options);
  const apart = table({ a: [0, 0], b: [6, 0] });

  test("integers without nodata have 0 there, and do not say nodata", async () => {
    const image = imageOf(
      await run(
        new Map([
          ["a", tile(5)],
          ["b", tile(7)],
        ]),
        apart,
      ),
    );
    expect((await samplesOf(image)).slice(0, 10)).toEqual([5, 5, 5, 5, 0, 0, 7, 7, 7, 7]);
    expect(image.nodata).toBeUndefined();
  });

  test("the tiles' nodata, or fill, stands there", async () => {
    const tiles = new Map([
      ["a", tile(5, { nodata: 9 })],
      ["b", tile(9, { nodata: 9 })],
    ]);
    const own = imageOf(await run(tiles, apart));
    expect([own.nodata, ...(await samplesOf(own)).slice(3, 7)]).toEqual([9, 5, 9, 9, 9]);
    const filled = imageOf(await run(tiles, apart, { fill: 5 }));
    expect([filled.nodata, ...(await samplesOf(filled)).slice(3, 7)]).toEqual([5, 6, 5, 5, 5]);
    expect(await run(tiles, apart, { fill: 300 })).toMatchObject({ diagnostics: [{ code: "fill-out-of-range" }] });
  });
});

test("labels are never averaged, nor sampled between pixels", async () => {
  const label = (value: number) => memoryImage(new Uint32Array(64).fill(value), pixelGrid(8, 8), { meaning: "labels" });
  const tiles = new Map([
    ["a", label(4_000_000_001)],
    ["b", label(4_000_000_003)],
  ]);
  const outcome = await run(tiles, table({ a: [0, 0], b: [4.5, 0] }), { interpolation: "cubic" });
  const row = (await samplesOf(imageOf(outcome))).slice(48, 60).map((v) => v - 4_000_000_000);
  expect(row).toEqual([1, 1, 1, 1, 1, 1, 3, 3, 3, 3, 3, 3]);
  expect(outcome).toMatchObject({ notes: [{ code: "labels-take-nearest" }] });
});

describe("tiles and positions that do not match", () => {
  const tile = () => memoryImage(new Uint8Array(16), pixelGrid(4, 4));

  test("are named", async () => {
    const outcome = await run(
      new Map([
        ["a", tile()],
        ["c", tile()],
      ]),
      table({ a: [0, 0], b: [3, 0] }),
    );
    expect(outcome).toMatchObject({
      ok: true,
      notes: [
        { code: "tile-missing", message: "1 of 2 tiles with a position is not there, and left out of the mosaic: b" },
        { code: "tile-unplaced", message: "1 of 2 tiles has no position, and is left out of the mosaic: c" },
      ],
    });
  });

  test.each([
    ["no-tiles", new Map([["c", tile()]]), table({ a: [0, 0] })],
    ["duplicate-tile", new Map([["a", tile()]]), { columns: { file: ["a", "a"], x: [0, 1], y: [0, 1] } }],
    ["not-tile-places", new Map([["a", tile()]]), { columns: { file: ["a"], x: [0] } }],
    [
      "tiles-differ",
      new Map([
        ["a", tile()],
        ["b", memoryImage(new Uint16Array(16), pixelGrid(4, 4))],
      ]),
      table({ a: [0, 0], b: [3, 0] }),
    ],
  ])("fail with %s", async (code, tiles, positions) => {
    expect(await run(tiles as Map<string, Image>, positions)).toMatchObject({ ok: false, diagnostics: [{ code }] });
  });
});
