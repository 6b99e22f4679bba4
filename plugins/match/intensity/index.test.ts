import type { Image, Outcome, Registration, Transform } from "tiepoint/plugin";
import { asMatrix3, invertMatrix3, type Matrix3, multiplyMatrix3, pixelGrid } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { memoryImage } from "../../../test/support/image.js";
import { context, paramsOf } from "../../../test/support/matcher.js";
import { project, texturedScene, viewImage } from "../../../test/support/scene.js";
import intensity from "./index.js";

const size = { width: 240, height: 180 };
const scene = texturedScene(41);
/** A turn of 20 degrees, a little shrunk and sheared, about the middle. */
const fixedFromMoving: Matrix3 = [0.93, -0.33, 38, 0.32, 0.96, -36, 0, 0, 1];
const movingFromFixed = invertMatrix3(fixedFromMoving);

/** Other brightness: a gain and an offset. */
const dimmed = (image: Image): Image => ({
  ...image,
  async read(window, options) {
    const pixels = await image.read(window, options);
    return { ...pixels, data: pixels.data.map((v) => 0.7 * v + 30) };
  },
});

const fixed = (more: object = {}) => viewImage(scene, { ...size, noise: 2, seed: 1, ...more });
const moving = (more: object = {}) =>
  viewImage(scene, { ...size, noise: 2, seed: 2, sceneFromPixel: fixedFromMoving, ...more });

type Found = Outcome<{ transform: "transform" }>;
type Inputs = { fixed: Image; moving: Image; fixedMask?: Image; movingMask?: Image; start?: Registration };
const run = async (inputs: Inputs, params: Readonly<Record<string, unknown>> = {}) =>
  (await intensity.run(inputs as never, paramsOf(intensity, params) as never, context())) as Found;

function resultOf(found: Found): Registration {
  if (!found.ok) throw new Error(JSON.stringify(found.diagnostics));
  return found.value.transform;
}

/** Root mean square distance from the truth over the fixed image. */
function errorOf(matrix: Matrix3, truth: Matrix3): number {
  let square = 0;
  for (let j = 0; j < 5; j++) {
    for (let i = 0; i < 5; i++) {
      const [x, y] = [(i / 4) * (size.width - 1), (j / 4) * (size.height - 1)];
      const [a, b] = project(matrix, x, y);
      const [u, v] = project(truth, x, y);
      square += ((a - u) ** 2 + (b - v) ** 2) / 25;
    }
  }
  return Math.sqrt(square);
}

const matrixOf = ({ transform }: Registration): Matrix3 => asMatrix3(transform)!;

test("finds a turn of 20 degrees under other brightness, and says how far off it may be", async () => {
  const found = await run({ fixed: fixed(), moving: dimmed(moving()) });
  const { verdict, ...value } = resultOf(found);
  const error = errorOf(matrixOf(value), movingFromFixed);
  expect(error).toBeLessThan(0.02);
  expect(verdict?.reasons).toEqual([]);
  expect(verdict?.status).toBe("accepted");
  const { metrics } = verdict!;
  expect(metrics["expected-error"]!.value).toBeGreaterThan(error / 4);
  expect(metrics["expected-error"]!.value).toBeLessThan(0.1);
  expect(metrics["null-deviation"]!.value).toBeGreaterThan(8);
  expect(metrics.gain!.value).toBeCloseTo(0.7, 1);
});

test("tells each step of the descent, where it could look, and how far from the start the map lies", async () => {
  const { verdict } = resultOf(await run({ fixed: fixed(), moving: moving() }, { rotation: Math.PI / 6 }));
  const { measure, steps, capture, found } = verdict!.course!;
  expect(measure).toBe("correlation");
  expect(steps.length).toBe(verdict!.metrics.iterations!.value);
  expect(steps.map((s) => s.level)).toEqual(steps.map((s) => s.level).sort((a, b) => b - a));
  expect(steps.at(-1)).toMatchObject({ level: 0 });
  expect(steps.at(-1)!.step).toBeLessThan(0.01);
  expect(steps.at(-1)!.value).toBeGreaterThan(0.9);
  expect(capture!.rotation).toBeCloseTo(Math.PI / 6, 9);
  expect(capture!.shift).toBeCloseTo(0.2475, 9);
  expect(Math.abs(found!.rotation)).toBeCloseTo(Math.atan2(0.65, 1.89), 2);
  expect(found!.scale).toBeCloseTo(1 / Math.sqrt(0.93 * 0.96 + 0.33 * 0.32), 2);
  expect(found!.shift).toBeLessThan(0.1);
});

test.each(["translation", "rigid", "similarity", "projective"] as const)("finds a %s map", async (model) => {
  const truth: Matrix3 =
    model === "translation"
      ? [1, 0, 11.3, 0, 1, -7.6, 0, 0, 1]
      : model === "rigid"
        ? [0.96, -0.28, 31, 0.28, 0.96, -29, 0, 0, 1]
        : model === "similarity"
          ? [1.02, -0.2, 21, 0.2, 1.02, -20, 0, 0, 1]
          : [1.02, -0.1, 9, 0.12, 0.98, -12, 1.5e-4, -1e-4, 1];
  const value = resultOf(
    await run({ fixed: fixed(), moving: moving({ sceneFromPixel: invertMatrix3(truth) }) }, { model }),
  );
  expect(errorOf(matrixOf(value), truth)).toBeLessThan(0.03);
  expect(value.verdict!.status).toBe("accepted");
  expect(value.transform.type).toBe(model === "projective" ? "projective" : "affine");
});

test.each([0.5, 2])("finds a scale of %d, if the model may scale", async (scale) => {
  const [c, s] = [0.98 * scale, 0.17 * scale];
  const truth: Matrix3 = [c, -s, 120 - 120 * c + 90 * s + 5, s, c, 90 - 120 * s - 90 * c - 4, 0, 0, 1];
  const inputs = { fixed: fixed(), moving: moving({ sceneFromPixel: invertMatrix3(truth) }) };
  for (const model of ["similarity", "affine"] as const) {
    const value = resultOf(await run(inputs, { model }));
    expect(errorOf(matrixOf(value), truth)).toBeLessThan(0.1);
    expect(value.verdict!.status).toBe("accepted");
  }
  const rigid = await run(inputs, { model: "rigid" });
  if (rigid.ok) expect(rigid.value.transform.verdict!.status).not.toBe("accepted");
});

test("a map that is too stiff for a scene that bends is suspect", async () => {
  const bent = (amount: number) => ({
    at: (x: number, y: number) => scene.at(x + amount * Math.sin(y / 25 + x / 60), y + amount * Math.sin(x / 30)),
  });
  const verdictOf = async (amount: number) =>
    resultOf(await run({ fixed: fixed(), moving: viewImage(bent(amount), { ...size, noise: 2, seed: 2 }) })).verdict!;
  const straight = await verdictOf(0);
  expect(straight.status).toBe("accepted");
  expect(straight.metrics["patch-miss"]!.value).toBeLessThan(0.2);
  const stiff = await verdictOf(2);
  expect(stiff.status).toBe("suspect");
  expect(stiff.reasons.map((r) => r.code)).toEqual(["too-stiff"]);
  expect(stiff.metrics["patch-miss"]!.value).toBeGreaterThan(0.7);
});

test("works in world coordinates, whatever spacing and place", async () => {
  const place = (scale: number, x: number, y: number) => ({
    ...pixelGrid(size.width, size.height),
    worldFromPixel: [scale, 0, x, 0, -scale, y] as const,
    crs: "EPSG:32633" as const,
  });
  const grids = [place(10, 5e5, 4e6), place(2.5, -300, 70)] as const;
  const value = resultOf(await run({ fixed: fixed({ grid: grids[0] }), moving: moving({ grid: grids[1] }) }));
  const plain = resultOf(await run({ fixed: fixed(), moving: moving() }));
  const [f, m] = grids.map(({ worldFromPixel: w }) => [...w, 0, 0, 1] as unknown as Matrix3) as [Matrix3, Matrix3];
  const pixels = multiplyMatrix3(invertMatrix3(m), multiplyMatrix3(matrixOf(value), f));
  expect(errorOf(pixels, matrixOf(plain))).toBeLessThan(1e-6);
  const error = (v: Registration) => v.verdict!.metrics["expected-error"]!.value;
  expect(error(value) / error(plain)).toBeCloseTo(1, 0);
});

test("any turn is found when asked for, or from a start", async () => {
  const turned: Matrix3 = [-0.1, -0.99, 200, 0.99, -0.1, -20, 0, 0, 1];
  const inputs = { fixed: fixed(), moving: moving({ sceneFromPixel: turned }) };
  const truth = invertMatrix3(turned);
  const all = resultOf(await run(inputs, { rotation: "180 deg" }));
  expect(errorOf(matrixOf(all), truth)).toBeLessThan(0.03);
  expect(all.verdict!.status).toBe("accepted");
  const near: Transform = { type: "affine", matrix: [0, 1, 18, -1, 0, 205] };
  const led = resultOf(await run({ ...inputs, start: { transform: near } }, { rotation: "0 deg" }));
  expect(errorOf(matrixOf(led), truth)).toBeLessThan(0.03);
  const without = await run(inputs, { rotation: "0 deg" });
  if (without.ok) expect(without.value.transform.verdict!.status).not.toBe("accepted");
});

test("a start that bends is refused", async () => {
  const bent = {
    type: "displacement",
    grid: pixelGrid(2, 2),
    offsets: new Float32Array(8),
  } as const;
  const outcome = await run({ fixed: fixed(), moving: moving(), start: { transform: bent } });
  expect(outcome.ok ? [] : outcome.diagnostics.map((d) => d.code)).toEqual(["start-bends"]);
});

test.each([22, 51, 77])(
  "images of different scenes are rejected, with a reason and what to try (scene %i)",
  async (seed) => {
    const found = await run({ fixed: fixed(), moving: viewImage(texturedScene(seed), { ...size, noise: 2, seed: 2 }) });
    const { verdict } = resultOf(found);
    expect(verdict!.status).toBe("rejected");
    expect(verdict!.reasons.map((r) => r.code)).toContain("no-better-than-elsewhere");
    for (const reason of verdict!.reasons) expect(reason.hint).toMatch(/\S/);
  },
);

test("parts of one scene that do not overlap are not accepted", async () => {
  const away: Matrix3 = [1, 0, 500, 0, 1, 300, 0, 0, 1];
  const found = await run({ fixed: fixed(), moving: moving({ sceneFromPixel: away }) });
  if (found.ok) expect(found.value.transform.verdict!.status).not.toBe("accepted");
});

test("images whose pixels differ fourfold in size are not accepted for what they are not", async () => {
  const coarse: Matrix3 = [4, 0, -360, 0, 4, -270, 0, 0, 1];
  const { verdict } = resultOf(await run({ fixed: fixed(), moving: moving({ sceneFromPixel: coarse }) }));
  expect(verdict!.status).not.toBe("accepted");
});

test("nothing is looked at under masks and on nodata", async () => {
  // A second scene over the left third that stays where it is: seen, it would pull.
  const other = await viewImage(texturedScene(23), size).read({ x: 0, y: 0, ...size });
  const pasted = async (image: Image, value?: number) => {
    const { data } = await image.read({ x: 0, y: 0, ...size });
    return Uint8Array.from(data, (v, i) => (i % size.width < 80 ? (value ?? other.data[i]!) : Math.max(1, v)));
  };
  const grid = pixelGrid(size.width, size.height);
  const mask = memoryImage(
    Uint8Array.from({ length: size.width * size.height }, (_, i) => (i % size.width < 80 ? 0 : 1)),
    grid,
    { meaning: "mask" },
  );
  const near: Matrix3 = [0.99, -0.1, 12, 0.1, 0.99, -6, 0, 0, 1];
  const shifted = moving({ sceneFromPixel: near });
  const seen = { fixed: memoryImage(await pasted(fixed()), grid), moving: memoryImage(await pasted(shifted), grid) };
  const holed = { fixed: { ...memoryImage(await pasted(fixed(), 0), grid), nodata: 0 }, moving: shifted };
  const truth = invertMatrix3(near);
  for (const inputs of [{ ...seen, fixedMask: mask, movingMask: mask }, holed]) {
    const value = resultOf(await run(inputs));
    expect(errorOf(matrixOf(value), truth)).toBeLessThan(0.05);
    expect(value.verdict!.status).toBe("accepted");
  }
  expect(errorOf(matrixOf(resultOf(await run(seen))), truth)).toBeGreaterThan(0.1);
});

const blank = (value: number, width = 200, height = 150) =>
  memoryImage(new Float32Array(width * height).fill(value), pixelGrid(width, height));

test.each([
  ["blank", blank(7), "constant-image"],
  ["saturated", blank(255), "constant-image"],
  ["of NaN alone", blank(Number.NaN), "nothing-observed"],
  ["of infinity alone", blank(Number.POSITIVE_INFINITY), "nothing-observed"],
  ["of one pixel", blank(1, 1, 1), "too-small-for-intensity"],
  ["of one row", blank(1, 300, 1), "too-small-for-intensity"],
] as const)("an image %s gives a diagnostic with a hint", async (_, bad, code) => {
  const outcome = await run({ fixed: fixed(), moving: bad });
  expect(outcome.ok ? [] : outcome.diagnostics).toMatchObject([
    { code, message: expect.stringContaining("moving"), hint: expect.stringMatching(/\S/) },
  ]);
});

test("a mask of another size is refused", async () => {
  const outcome = await run({ fixed: fixed(), moving: moving(), fixedMask: blank(1, 10, 10) });
  expect(outcome.ok ? [] : outcome.diagnostics.map((d) => d.code)).toEqual(["mask-size"]);
});

test("what cannot fit the memory is refused before a pixel is read", async () => {
  const large: Image = {
    ...{ ...blank(0, 1, 1), grid: pixelGrid(50000, 40000) },
    read: () => Promise.reject(new Error("Internal error: a pixel was read")),
  };
  const outcome = await run({ fixed: fixed(), moving: large }, { maxSide: "40000 px" });
  expect(outcome.ok ? [] : outcome.diagnostics.map((d) => d.code)).toEqual(["memory-too-small"]);
});
