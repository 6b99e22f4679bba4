import { type Affine2, DiagnosticError, type Image, pixelGrid, problem, slicesTable } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { memoryImage } from "../../../test/support/image.js";
import { imageOf, samplesInTiles, samplesOf } from "../../../test/support/step.js";
import { context } from "../../../test/support/wings.js";
import plugin from "./index.js";

const [width, height] = [5, 4];
const grid = pixelGrid(width, height);
const numbers = (from: number) =>
  memoryImage(
    Uint8Array.from({ length: width * height }, (_, i) => from + i),
    grid,
  );
const table = (maps: readonly (readonly [string, Affine2])[]) =>
  slicesTable({
    slices: maps.map(([name]) => name),
    frameFromSlice: maps.map(([, m]) => m),
    sigma: new Float64Array(maps.length),
    state: maps.map(() => "used" as const),
  });
const shift = (x: number, y: number): Affine2 => [1, 0, x, 0, 1, y];
const defaults = { frame: "first", channel: undefined, interpolation: undefined, fill: undefined } as const;
const run = (slices: ReadonlyMap<string, Image>, transforms = pair, params = {}) =>
  plugin.run({ slices, transforms, bends: undefined }, { ...defaults, ...params }, context());
const pair = table([
  ["a", shift(0, 0)],
  ["b", shift(1, -1)],
]);

test("slices become bands, each moved by its own map", async () => {
  const image = imageOf(
    await run(
      new Map([
        ["a", numbers(1)],
        ["b", numbers(100)],
      ]),
    ),
  );
  expect(image).toMatchObject({ bands: ["a", "b"], dtype: "uint8", grid });
  const moved = [0, 105, 106, 107, 108, 0, 110, 111, 112, 113, 0, 115, 116, 117, 118, 0, 0, 0, 0, 0];
  const whole = [...(await samplesOf(numbers(1))), ...moved];
  expect(await samplesOf(image)).toEqual(whole);
  expect(await samplesInTiles(image, 2, 3)).toEqual(whole);
});

test("the union shows all of every slice, in the world of the first", async () => {
  const image = imageOf(
    await run(
      new Map([
        ["a", numbers(1)],
        ["b", numbers(100)],
      ]),
      pair,
      { frame: "union" },
    ),
  );
  expect(image.grid).toMatchObject({ width: 6, height: 5, worldFromPixel: [1, 0, 0, 0, 1, -1] });
  const all = await samplesOf(image);
  expect(all.filter((v) => v >= 100)).toEqual(await samplesOf(numbers(100)));
  expect(all.filter((v) => v > 0 && v < 100)).toEqual(await samplesOf(numbers(1)));
});

test("labels are never mixed, and the order is the table's", async () => {
  const labels = (v: number) => memoryImage(new Uint8Array(20).fill(v), grid, { meaning: "labels" });
  const half = table([
    ["b", shift(0.4, 0.3)],
    ["a", shift(0, 0)],
  ]);
  const image = imageOf(
    await run(
      new Map([
        ["a", labels(3)],
        ["b", labels(8)],
      ]),
      half,
    ),
  );
  expect(image).toMatchObject({ bands: ["b", "a"], meaning: "labels" });
  expect(new Set(await samplesOf(image))).toEqual(new Set([3, 8]));
});

test("bands of one image are slices; of several images all bands come along, or the one that is named", async () => {
  const film = memoryImage(
    Uint8Array.from({ length: 40 }, (_, i) => i),
    grid,
    { bands: ["a", "b"] },
  );
  expect(imageOf(await run(new Map([["film", film]]))).bands).toEqual(["a", "b"]);
  const two = new Map([
    ["a", film],
    ["b", film],
  ]);
  expect(imageOf(await run(two)).bands).toEqual(["a a", "a b", "b a", "b b"]);
  const one = imageOf(await run(two, pair, { channel: "b" }));
  expect(one.bands).toEqual(["a", "b"]);
  expect((await samplesOf(one)).slice(0, 3)).toEqual([20, 21, 22]);
});

test.each<[string, ReadonlyMap<string, Image>, string]>([
  [
    "other names",
    new Map([
      ["a", numbers(1)],
      ["c", numbers(2)],
    ]),
    "slices-differ",
  ],
  [
    "another type",
    new Map([
      ["a", numbers(1)],
      ["b", memoryImage(new Float32Array(20), grid)],
    ]),
    "slice-type-differs",
  ],
  ["one slice alone", new Map([["a", numbers(1)]]), "too-few-slices"],
])("slices of %s are refused", async (_, slices, code) => {
  expect(await run(slices)).toMatchObject({ ok: false, diagnostics: [{ code }] });
});

test("a slice that was bridged shows nothing where it cannot be read, and a used one stops the run", async () => {
  const damaged: Image = {
    ...numbers(1),
    read: () => Promise.reject(new DiagnosticError(problem("image-damaged", "The file ends too early"))),
  };
  const slices = new Map([
    ["a", numbers(1)],
    ["b", damaged],
  ]);
  const state = (b: "used" | "bridged") => ({ ...pair, columns: { ...pair.columns, state: ["used", b] } });
  const image = imageOf(await run(slices, state("bridged"), { fill: 200 }));
  expect(await samplesOf(image)).toEqual([...(await samplesOf(numbers(1))), ...new Array(width * height).fill(200)]);
  await expect(samplesOf(imageOf(await run(slices, state("used"))))).rejects.toThrow(DiagnosticError);
  // Lack of memory is no fault of the file.
  const large: Image = {
    ...numbers(1),
    read: () => Promise.reject(new DiagnosticError(problem("image-too-large", "Too large"))),
  };
  await expect(samplesOf(imageOf(await run(slices.set("b", large), state("bridged"))))).rejects.toThrow(
    DiagnosticError,
  );
});
