import { describe, expect, test } from "vitest";
import { pixelGrid, type Window, wholeWindow } from "../../src/core/grid.js";
import { type DType, type Image, pixelArray, rangeOf } from "../../src/core/image.js";
import { seededRandom } from "../../src/core/random.js";
import { mosaicFrame } from "../../src/math/mosaic/fuse/frame.js";
import { type FuseOptions, fuseTiles } from "../../src/math/mosaic/fuse/fuse.js";
import { type FuseInterpolation, fuseInterpolations } from "../../src/math/mosaic/fuse/taps.js";
import * as convert from "../reference/convert.js";
import { fuseAt, type Tile } from "../reference/fuse.js";
import { blendBands } from "../reference/multiband.js";
import { maxDifference, noise } from "../reference/plane.js";
import { memoryImage } from "../support/image.js";

interface Case {
  readonly interpolation: FuseInterpolation;
  readonly blend: "none" | "linear";
}

interface Scene {
  readonly tiles: readonly Tile[];
  readonly images: ReadonlyMap<string, Image>;
  readonly nodata?: number;
}

/** Tiles of odd sizes here and there, some within others, with a hole between them; places are multiples of 1 / 256. */
function scene(seed: number, dtype: DType, options: { holes?: number; nodata?: number; whole?: boolean } = {}): Scene {
  const random = seededRandom(seed);
  const [low, high] = dtype === "float32" ? [-1000, 1000] : rangeOf(dtype);
  const tiles: Tile[] = [];
  const images = new Map<string, Image>();
  for (let i = 0; i < 7; i++) {
    const width = 5 + Math.floor(random() * (i === 0 ? 400 : 90));
    const height = 3 + Math.floor(random() * 80);
    const place = () => (options.whole ? Math.floor(random() * 130) : Math.floor(random() * 130 * 256) / 256);
    const at = { x: i === 0 ? 0 : place(), y: i === 0 ? 0 : place() };
    const plane = noise(seed * 10 + i, width, height, {
      ...{ low, high: high + 1, whole: dtype !== "float32" },
      holes: dtype === "float32" ? (options.holes ?? 0) : 0,
    });
    const data = pixelArray(dtype, width * height);
    data.set(plane.data);
    if (options.nodata !== undefined) for (let k = 3; k < data.length; k += 17) data[k] = options.nodata;
    images.set(`t${i}`, memoryImage(data, pixelGrid(width, height), options));
    tiles.push({ ...at, width, height, data: Float64Array.from(convert.widen([...data], options.nodata)) });
  }
  return { tiles, images, ...(options.nodata === undefined ? {} : { nodata: options.nodata }) };
}

function mosaic({ tiles, images }: Scene, options: FuseOptions): Image {
  const ids = [...images.keys()];
  const columns = { file: ids, x: tiles.map((t) => t.x), y: tiles.map((t) => t.y) };
  const frame = mosaicFrame(images, { columns });
  if (!frame.ok) throw new Error(frame.diagnostics[0]!.message);
  return fuseTiles(frame.value, options);
}

function expected({ tiles }: Scene, { blend, interpolation }: Case, { x, y, width, height }: Window): number[] {
  const out: number[] = [];
  for (let j = 0; j < height; j++)
    for (let i = 0; i < width; i++) out.push(fuseAt(tiles, interpolation, blend, x + i, y + j));
  return out;
}

const cases = fuseInterpolations.flatMap((interpolation) =>
  (["none", "linear"] as const).map((blend) => ({ interpolation, blend })),
);

describe.each(cases)("$interpolation, $blend", (options) => {
  test("agrees with its twin on float32, holes and borders included", async () => {
    let compared = 0;
    for (const holes of [0, 0.05]) {
      for (let seed = 1; seed <= 3; seed++) {
        const s = scene(seed, "float32", { holes });
        const image = mosaic(s, options);
        const whole = wholeWindow(image.grid);
        const found = [...(await image.read(whole)).data];
        // Sums in float32 of samples up to 1000.
        expect(maxDifference(found, expected(s, options, whole))).toBeLessThan(0.01);
        compared += found.filter((v) => !Number.isNaN(v)).length;
      }
    }
    expect(compared).toBeGreaterThan(20_000);
  });
});

const types: readonly DType[] = ["uint8", "uint16", "int16", "uint32"];

test.each(types)("%s is rounded and clamped, and nodata is kept clear", async (dtype) => {
  for (const nodata of [undefined, 7]) {
    const s = scene(4, dtype, nodata === undefined ? {} : { nodata });
    for (const options of cases.filter(
      ({ interpolation }) => interpolation !== "lanczos3" && interpolation !== "linear",
    )) {
      const image = mosaic(s, options);
      const whole = wholeWindow(image.grid);
      const wanted = convert.narrow(expected(s, options, whole), dtype, nodata ?? 0, nodata !== undefined);
      // Rounding may fall either way; float32 keeps 24 bits.
      const tolerance = dtype === "uint32" ? 2048 : 1;
      expect(maxDifference([...(await image.read(whole)).data], wanted)).toBeLessThanOrEqual(tolerance);
    }
  }
});

test("where one tile alone lies at a whole pixel, its samples are copied bit by bit", async () => {
  const s = scene(6, "uint32", { whole: true });
  const image = mosaic(s, { blend: "none", interpolation: "cubic" });
  const { width, height } = image.grid;
  const { data } = await image.read(wholeWindow(image.grid));
  let alone = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const there = s.tiles.filter((t) => x >= t.x && y >= t.y && x < t.x + t.width && y < t.y + t.height);
      if (there.length !== 1) continue;
      const [t] = there as [Tile];
      const raw = await [...s.images.values()][s.tiles.indexOf(t)]!.read({
        x: x - t.x,
        y: y - t.y,
        width: 1,
        height: 1,
      });
      if (alone++ % 50 === 0) expect(data[y * width + x]).toBe(raw.data[0]);
    }
  }
  expect(alone).toBeGreaterThan(1000);
});

test.each(cases)("on a turned grid it agrees with its twin ($interpolation, $blend)", async (options) => {
  const s = scene(2, "float32", { holes: 0.02 });
  const matrix = [0.93123, -0.35457, 40.30371, 0.35211, 0.93173, -20.70119] as const;
  const image = mosaic(s, { ...options, onto: pixelGrid(90, 80), transform: { type: "affine", matrix } });
  const [a, b, c, d, e, f] = matrix;
  const wanted = Array.from({ length: 90 * 80 }, (_, i) => {
    const [x, y] = [i % 90, Math.floor(i / 90)];
    return fuseAt(s.tiles, options.interpolation, options.blend, a * x + b * y + c, d * x + e * y + f);
  });
  const found = [...(await image.read(wholeWindow(image.grid))).data];
  // Positions are good to 1e-5 pixel, and neighbours differ by up to 2000; at places that are equally far from two edges,
  // or from two samples, either may be taken.
  const off = found.filter(
    (v, i) => !(Math.abs(v - wanted[i]!) < 0.1 || (Number.isNaN(v) && Number.isNaN(wanted[i]!))),
  );
  expect(off.length).toBeLessThan(options.blend === "none" || options.interpolation === "nearest" ? 3 : 1);
  expect(found.filter((v) => !Number.isNaN(v)).length).toBeGreaterThan(2500);
});

test("multiband agrees with its twin, across cells and at borders", async () => {
  const tiles: Tile[] = [];
  const images = new Map<string, Image>();
  // They overlap by about 60 pixels, over the borders of cells at 1024 and at 512.
  const places = [
    { x: 0, y: 0, width: 620, height: 300 },
    { x: 559.3, y: 10.7, width: 520, height: 300 },
    { x: 300.25, y: 250.5, width: 800, height: 290 },
  ];
  places.forEach(({ width, height, ...at }, i) => {
    const plane = noise(i + 1, width, height, { high: 100 * (i + 1), holes: i === 1 ? 0.01 : 0 });
    const data = Float32Array.from(plane.data);
    images.set(`t${i}`, memoryImage(data, pixelGrid(width, height)));
    const [x, y] = [Math.round(at.x * 256) / 256, Math.round(at.y * 256) / 256];
    tiles.push({ x, y, width, height, data: Float64Array.from(data) });
  });
  const image = mosaic({ tiles, images }, { blend: "multiband", interpolation: "cubic" });
  const { width, height } = image.grid;
  const found = [...(await image.read(wholeWindow(image.grid))).data];
  expect(maxDifference(found, blendBands(tiles, "cubic", 3, width, height))).toBeLessThan(0.01);
  const part = { x: 800, y: 490, width: 300, height: 50 };
  const { data } = await image.read(part);
  const cut = Array.from(data, (_, k) => found[(490 + Math.floor(k / 300)) * width + 800 + (k % 300)]!);
  expect([...data]).toEqual(cut);
});
