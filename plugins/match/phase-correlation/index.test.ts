import type { Image, Outcome, Registration } from "tiepoint/plugin";
import { asMatrix3, type Matrix3, pixelGrid } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { memoryImage } from "../../../test/support/image.js";
import { context, paramsOf } from "../../../test/support/matcher.js";
import { texturedScene, viewImage } from "../../../test/support/scene.js";
import phaseCorrelation from "./index.js";

const size = { width: 240, height: 180 };
const scene = texturedScene(31);
const shifted = (x: number, y: number): Matrix3 => [1, 0, x, 0, 1, y, 0, 0, 1];
const fixed = (more: object = {}) => viewImage(scene, { ...size, noise: 3, seed: 1, ...more });
const moving = (x: number, y: number, more: object = {}) =>
  viewImage(scene, { ...size, noise: 3, seed: 2, sceneFromPixel: shifted(x, y), ...more });

type Inputs = { fixed: Image; moving: Image; fixedMask?: Image; movingMask?: Image };
const run = async (inputs: Inputs, params: Readonly<Record<string, unknown>> = {}) =>
  (await phaseCorrelation.run(inputs as never, paramsOf(phaseCorrelation, params) as never, context())) as Outcome<{
    transform: "transform";
  }>;

function resultOf(found: Awaited<ReturnType<typeof run>>): Registration {
  if (!found.ok) throw new Error(JSON.stringify(found.diagnostics));
  return found.value.transform;
}

test("shifts are found to a fiftieth of a pixel, without a drift towards whole pixels", async () => {
  const errors: number[] = [];
  for (let n = 0; n < 10; n++) {
    const [x, y] = [37 + n / 10, -21 - n / 10];
    const { transform, verdict } = resultOf(await run({ fixed: fixed(), moving: moving(x, y) }));
    const [a, b, dx, d, e, dy] = asMatrix3(transform)!;
    expect([a, b, d, e]).toEqual([1, 0, 0, 1]);
    expect(Math.hypot(dx + x, dy + y)).toBeLessThan(0.03);
    errors.push(Math.abs(dx + x), Math.abs(dy + y));
    expect(verdict!.reasons).toEqual([]);
    expect(verdict!.status).toBe("accepted");
    expect(verdict!.metrics["expected-error"]!.value).toBeLessThan(0.15);
    expect(verdict!.metrics["sigma-x"]!.value).toBeGreaterThan(0.001);
  }
  expect(errors.reduce((sum, v) => sum + v, 0) / errors.length).toBeLessThan(0.01);
});

test("images of different scenes are rejected, with a reason and what to try", async () => {
  for (const seed of [22, 23, 24, 25]) {
    const found = await run({ fixed: fixed(), moving: viewImage(texturedScene(seed), { ...size, noise: 3, seed: 2 }) });
    const { verdict } = resultOf(found);
    expect(verdict!.status).toBe("rejected");
    expect(verdict!.reasons[0]).toMatchObject({ code: "no-clear-shift", hint: expect.stringMatching(/\S/) });
  }
});

test("what is turned is not passed off as shifted", async () => {
  const turned: Matrix3 = [0.996, -0.087, 14, 0.087, 0.996, -6, 0, 0, 1];
  const { verdict } = resultOf(await run({ fixed: fixed(), moving: moving(0, 0, { sceneFromPixel: turned }) }));
  expect(verdict!.status).not.toBe("accepted");
});

test("works in world coordinates, also where the pixels of the moving image are larger", async () => {
  const grid = (scale: number, x: number, y: number, w = size.width, h = size.height) => ({
    ...pixelGrid(w, h),
    worldFromPixel: [scale, 0, x, 0, -scale, y] as const,
    crs: "EPSG:32633" as const,
  });
  // The moving image claims to lie 30 m to the east of where it is: 3 pixels.
  const f = fixed({ grid: grid(10, 5e5, 4e6) });
  const m = moving(20, 11, { grid: grid(10, 5e5 + 200 + 30, 4e6 - 110) });
  const [, , dx, , , dy] = asMatrix3(resultOf(await run({ fixed: f, moving: m }, { maxShift: "8 px" })).transform)!;
  expect(dx).toBeCloseTo(30, 0);
  expect(dy).toBeCloseTo(0, 0);
  const coarse = viewImage(scene, {
    ...{ width: 110, height: 80, noise: 2, seed: 5, sceneFromPixel: [2, 0, 20.5, 0, 2, 11.5, 0, 0, 1] as Matrix3 },
    grid: grid(20, 5e5 + 205 + 30, 4e6 - 115, 110, 80),
  });
  const found = resultOf(await run({ fixed: f, moving: coarse }, { maxShift: "8 px" }));
  const matrix = asMatrix3(found.transform)!;
  // Tenths of a pixel: the coarse pixels are points of the scene, not means.
  expect(Math.abs(matrix[2] - 30)).toBeLessThan(2.5);
  expect(Math.abs(matrix[5])).toBeLessThan(2.5);
});

test("nothing is looked at under masks and on nodata", async () => {
  // Another scene over the left third, which stays where it is.
  const { data: other } = await viewImage(texturedScene(33), size).read({ x: 0, y: 0, ...size });
  const pasted = async (image: Image, value?: number) => {
    const { data } = await image.read({ x: 0, y: 0, ...size });
    return Uint8Array.from(data, (v, i) => (i % size.width < 90 ? (value ?? other[i]!) : Math.max(1, v)));
  };
  const grid = pixelGrid(size.width, size.height);
  const mask = memoryImage(
    Uint8Array.from({ length: size.width * size.height }, (_, i) => (i % size.width < 90 ? 0 : 1)),
    grid,
    { meaning: "mask" },
  );
  const [x, y] = [12.3, -7.6];
  const masked = {
    fixed: memoryImage(await pasted(fixed()), grid),
    moving: memoryImage(await pasted(moving(x, y)), grid),
    ...{ fixedMask: mask, movingMask: mask },
  };
  const holed = {
    fixed: { ...memoryImage(await pasted(fixed(), 0), grid), nodata: 0 },
    moving: { ...memoryImage(await pasted(moving(x, y), 0), grid), nodata: 0 },
  };
  for (const inputs of [masked, holed]) {
    const { transform, verdict } = resultOf(await run(inputs));
    const [, , dx, , , dy] = asMatrix3(transform)!;
    expect(Math.hypot(dx + x, dy + y)).toBeLessThan(0.03);
    expect(verdict!.status).toBe("accepted");
  }
});

test("stripes that both images share are no shift", async () => {
  const striped = (seed: number) => {
    const noise = viewImage(texturedScene(3), { ...size, noise: 40, seed });
    return {
      ...noise,
      async read(...args: Parameters<Image["read"]>) {
        const pixels = await noise.read(...args);
        const { window } = { window: args[0] };
        const data = Uint8Array.from(pixels.data, (_, i) => {
          const column = window.x + (i % window.width);
          return 100 + ((column * 7919) % 61) + ((i * (seed + 2) * 104729) % 37);
        });
        return { ...pixels, data };
      },
    } as Image;
  };
  const found = await run({ fixed: striped(1), moving: striped(2) });
  if (found.ok) expect(found.value.transform.verdict!.status).not.toBe("accepted");
});

const blank = (value: number, width = 200, height = 150) =>
  memoryImage(new Float32Array(width * height).fill(value), pixelGrid(width, height));

test.each([
  ["blank", blank(7), "nothing-to-compare"],
  ["of NaN alone", blank(Number.NaN), "nothing-to-compare"],
  ["of one pixel", blank(1, 1, 1), "too-small-for-shift"],
  ["of one row", blank(1, 300, 1), "too-small-for-shift"],
] as const)("an image %s gives a diagnostic with a hint", async (_, bad, code) => {
  const outcome = await run({ fixed: fixed(), moving: bad });
  expect(outcome.ok ? [] : outcome.diagnostics).toMatchObject([{ code, hint: expect.stringMatching(/\S/) }]);
});

test("a mask of another size is refused", async () => {
  const outcome = await run({ fixed: fixed(), moving: moving(3, 4), fixedMask: blank(1, 10, 10) });
  expect(outcome.ok ? [] : outcome.diagnostics.map((d) => d.code)).toEqual(["mask-size"]);
});
