import { type Image, pixelGrid } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { noise } from "../../../test/reference/plane.js";
import { memoryImage } from "../../../test/support/image.js";
import { testContext } from "../../../test/support/read.js";
import { imageOf, samplesInTiles, samplesOf } from "../../../test/support/step.js";
import background from "./index.js";

const size = 120;
const run = (image: Image, mode: "divide" | "subtract" = "divide", flat?: Image, dark?: Image, sigma = 20) =>
  background.run({ in: image, flat, dark }, { sigma: { value: sigma, unit: "px" }, mode }, testContext());
const field = (at: (x: number, y: number) => number) =>
  memoryImage(
    Float32Array.from({ length: size * size }, (_, i) => at(i % size, Math.floor(i / size))),
    pixelGrid(size, size),
  );

const vignette = (x: number, y: number) => 1 - ((x - 60) ** 2 + (y - 60) ** 2) / 16000;
const scene = (x: number, y: number) => 100 + (((x >> 2) + (y >> 2)) % 2) * 40;
const spread = (values: readonly number[]) => Math.max(...values) - Math.min(...values);

test("a flat field undoes vignetting exactly, dark signal included", async () => {
  const image = field((x, y) => 10 + scene(x, y) * vignette(x, y));
  const flat = field((x, y) => 10 + 200 * vignette(x, y));
  const found = await samplesOf(
    imageOf(
      await run(
        image,
        "divide",
        flat,
        field(() => 10),
      ),
    ),
  );
  const gain = found[0]! / scene(0, 0);
  for (let i = 0; i < found.length; i += 17)
    expect(found[i]! / scene(i % size, Math.floor(i / size))).toBeCloseTo(gain, 4);
});

test("without a flat field the image's own slow changes are taken out", async () => {
  const light = await samplesOf(imageOf(await run(field((x, y) => 150 * vignette(x, y)))));
  const before = spread(await samplesOf(field((x, y) => 150 * vignette(x, y))));
  // Near the border a blur sees one side alone, so that something of the slope is left there.
  expect(spread(light)).toBeLessThan(before / 2);
  const inner = (values: readonly number[]) =>
    values.filter((_, i) => Math.hypot((i % size) - 60, Math.floor(i / size) - 60) < 30);
  expect(spread(inner(light))).toBeLessThan(3);
  const sloped = await samplesOf(
    imageOf(
      await run(
        field((x) => 500 + x),
        "subtract",
      ),
    ),
  );
  const middle = sloped.filter((_, i) => i % size > 40 && i % size < 80);
  expect(spread(middle)).toBeLessThan(4);
});

test("holes stay, and darkness is not divided by", async () => {
  const data = new Uint16Array(size * size).fill(500);
  data.fill(0, 2000, 2400);
  const holed = imageOf(await run(memoryImage(data, pixelGrid(size, size), { nodata: 0 })));
  expect(await samplesOf(holed)).toEqual([...data]);
  const black = memoryImage(new Uint8Array(size * size), pixelGrid(size, size));
  expect(spread(await samplesOf(imageOf(await run(black))))).toBe(0);
  const tiny = memoryImage(Uint8Array.of(7), pixelGrid(1, 1));
  expect(await samplesOf(imageOf(await run(tiny)))).toEqual([7]);
});

test.each(["divide", "subtract"] as const)("tiles have the bits of the whole (%s)", async (mode) => {
  const image = memoryImage(Float32Array.from(noise(1, 100, 90, { holes: 0.05 }).data), pixelGrid(100, 90));
  const done = imageOf(await run(image, mode));
  expect(await samplesInTiles(done, 33, 27)).toEqual(await samplesOf(done));
});

test.each([
  ["grid-size-differs", () => run(field(scene), "divide", memoryImage(new Uint8Array(4), pixelGrid(2, 2)))],
  ["sigma-out-of-range", () => run(field(scene), "divide", undefined, undefined, 1)],
  ["labels-have-no-light", () => run({ ...field(scene), meaning: "labels" })],
] as const)("%s is told", async (code, attempt) => {
  const result = await attempt();
  expect(!result.ok && result.diagnostics[0]?.code).toBe(code);
});
