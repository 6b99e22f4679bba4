import type { Image, Outcome, Registration, Transform } from "tiepoint/plugin";
import { asMatrix3, invertMatrix3, type Matrix3, multiplyMatrix3, pixelGrid } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { memoryImage } from "../../../test/support/image.js";
import { context, paramsOf } from "../../../test/support/matcher.js";
import { project, texturedScene, viewImage } from "../../../test/support/scene.js";
import mutualInformation from "./index.js";

const size = { width: 240, height: 180 };
const scene = texturedScene(41);
/** A turn of 4 degrees, a little shrunk and sheared, about the middle. */
const fixedFromMoving: Matrix3 = [0.98, -0.07, 9, 0.065, 1.01, -12, 0, 0, 1];
const movingFromFixed = invertMatrix3(fixedFromMoving);

/** Another kind of image: bright where the scene is neither dark nor bright. */
const otherKind = (image: Image): Image => ({
  ...image,
  async read(window, options) {
    const pixels = await image.read(window, options);
    return { ...pixels, data: pixels.data.map((v) => (v === 0 ? 0 : Math.max(1, 250 - Math.abs(v - 110) * 1.7))) };
  },
});

const fixed = (more: object = {}) => viewImage(scene, { ...size, noise: 2, seed: 1, ...more });
const moving = (more: object = {}) =>
  otherKind(viewImage(scene, { ...size, noise: 2, seed: 2, sceneFromPixel: fixedFromMoving, ...more }));

type Found = Outcome<{ transform: "transform" }>;
type Inputs = { fixed: Image; moving: Image; fixedMask?: Image; movingMask?: Image; start?: Registration };
const near = { rotation: "0 deg", shift: "0 %", minScale: 1, maxScale: 1 };
const run = async (inputs: Inputs, params: Readonly<Record<string, unknown>> = {}, signal?: AbortSignal) =>
  (await mutualInformation.run(
    inputs as never,
    paramsOf(mutualInformation, { ...near, ...params }) as never,
    context(signal),
  )) as Found;

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

test.each(["mattes", "normalised"] as const)(
  "finds an affine map between images of two kinds by the %s metric, and says how far off it may be",
  async (metric) => {
    const found = await run({ fixed: fixed(), moving: moving() }, { metric });
    const { verdict, ...value } = resultOf(found);
    const error = errorOf(matrixOf(value), movingFromFixed);
    expect(error).toBeLessThan(0.1);
    expect(verdict?.reasons).toEqual([]);
    expect(verdict?.status).toBe("accepted");
    const { metrics, course } = verdict!;
    expect(metrics["expected-error"]!.value).toBeGreaterThan(error / 4);
    expect(metrics["expected-error"]!.value).toBeLessThan(0.3);
    expect(metrics["block-agreement"]!.value).toBeGreaterThan(60);
    expect(metrics.information!.value).toBeGreaterThan(metrics["information-at-start"]!.value);
    expect(course!.measure).toBe(metric === "mattes" ? "mutual information" : "normalised mutual information");
    expect(course!.steps.length).toBeGreaterThan(3);
    expect(course!.steps.every(({ value, step }) => Number.isFinite(value) && Number.isFinite(step))).toBe(true);
  },
);

test.each(["translation", "rigid", "similarity"] as const)("finds a %s map", async (model) => {
  const truth: Matrix3 =
    model === "translation"
      ? [1, 0, 7.3, 0, 1, -4.6, 0, 0, 1]
      : model === "rigid"
        ? [0.9976, -0.0698, 9, 0.0698, 0.9976, -9, 0, 0, 1]
        : [1.01, -0.06, 7, 0.06, 1.01, -8, 0, 0, 1];
  const inputs = { fixed: fixed(), moving: moving({ sceneFromPixel: invertMatrix3(truth) }) };
  const value = resultOf(await run(inputs, { model }));
  expect(errorOf(matrixOf(value), truth)).toBeLessThan(0.1);
  expect(value.verdict!.status).toBe("accepted");
  expect(value.transform.type).toBe("affine");
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
  expect(errorOf(pixels, matrixOf(plain))).toBeLessThan(0.02);
  const error = (v: Registration) => v.verdict!.metrics["expected-error"]!.value;
  expect(error(value) / error(plain)).toBeCloseTo(1, 0);
});

test("a start leads to a map that is too far to be found without", async () => {
  const turned: Matrix3 = [-0.1, -0.99, 200, 0.99, -0.1, -20, 0, 0, 1];
  const inputs = { fixed: fixed(), moving: moving({ sceneFromPixel: turned }) };
  const begin: Transform = { type: "affine", matrix: [-0.08, 1, 37, -1, -0.12, 198] };
  const led = resultOf(await run({ ...inputs, start: { transform: begin } }));
  expect(errorOf(matrixOf(led), invertMatrix3(turned))).toBeLessThan(0.1);
  expect(led.verdict!.status).toBe("accepted");
});

test.each([
  { features: "intensity", rotation: "180 deg", minScale: 0.75, maxScale: 1.35, shift: "20 %" },
  { features: "gradient" },
])("any turn is found when asked for ($features)", async (params) => {
  const turned: Matrix3 = [-0.1, -0.99, 200, 0.99, -0.1, -20, 0, 0, 1];
  const found = await run({ fixed: fixed(), moving: moving({ sceneFromPixel: turned }) }, params);
  const { verdict, ...value } = resultOf(found);
  expect(errorOf(matrixOf(value), invertMatrix3(turned))).toBeLessThan(0.3);
  expect(verdict!.status).toBe("accepted");
  expect(verdict!.course!.found!.shift).toBeGreaterThanOrEqual(0);
});

test("images of different scenes are rejected by their gradients too", async () => {
  const other = otherKind(viewImage(texturedScene(22), { ...size, noise: 2, seed: 2 }));
  const found = await run({ fixed: fixed(), moving: other }, { features: "gradient" });
  expect(found.ok ? found.value.transform.verdict!.status : "rejected").toBe("rejected");
});

test.each([
  [{ type: "displacement", grid: pixelGrid(2, 2), offsets: new Float32Array(8) }],
  [{ type: "projective", matrix: [1, 0, 0, 0, 1, 0, 1e-4, 0, 1] }],
] as const)("a start that bends or tilts is refused", async (transform) => {
  const outcome = await run({ fixed: fixed(), moving: moving(), start: { transform: transform as Transform } });
  expect(outcome.ok ? [] : outcome.diagnostics.map((d) => d.code)).toEqual(["start-bends"]);
});

test.each([22, 51])(
  "images of different scenes are rejected, with a reason and what to try (scene %i)",
  async (seed) => {
    const other = otherKind(viewImage(texturedScene(seed), { ...size, noise: 2, seed: 2 }));
    const { verdict } = resultOf(await run({ fixed: fixed(), moving: other }));
    expect(verdict!.status).toBe("rejected");
    expect(verdict!.reasons.map((r) => r.code)).toContain("no-better-than-elsewhere");
    for (const reason of verdict!.reasons) expect(reason.hint).toMatch(/\S/);
    for (const { value } of Object.values(verdict!.metrics)) expect(value).not.toBeNaN();
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
  const nearby: Matrix3 = [0.99, -0.05, 6, 0.05, 0.99, -3, 0, 0, 1];
  const shifted = moving({ sceneFromPixel: nearby });
  const seen = { fixed: memoryImage(await pasted(fixed()), grid), moving: memoryImage(await pasted(shifted), grid) };
  const holed = { fixed: { ...memoryImage(await pasted(fixed(), 0), grid), nodata: 0 }, moving: shifted };
  const truth = invertMatrix3(nearby);
  for (const inputs of [{ ...seen, fixedMask: mask, movingMask: mask }, holed]) {
    const value = resultOf(await run(inputs));
    expect(errorOf(matrixOf(value), truth)).toBeLessThan(0.2);
    expect(value.verdict!.status).toBe("accepted");
  }
});

const blank = (value: number, width = 200, height = 150) =>
  memoryImage(new Float32Array(width * height).fill(value), pixelGrid(width, height));

test.each([
  ["blank", blank(7), "constant-image"],
  ["saturated", blank(255), "constant-image"],
  ["of NaN alone", blank(Number.NaN), "nothing-observed"],
  ["of nodata alone", { ...blank(0), nodata: 0 }, "nothing-observed"],
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

test("images that cannot be held are refused with the numbers before a pixel is read", async () => {
  const { grid } = blank(0, 1, 1);
  const large: Image = {
    ...{ ...blank(0, 1, 1), grid: { ...grid, width: 9000, height: 9000 } },
    read: () => Promise.reject(new Error("Internal error: a pixel was read")),
  };
  const params = paramsOf(mutualInformation);
  const outcome = (await mutualInformation.run({ fixed: large, moving: large } as never, params as never, {
    ...context(),
    memory: 1e8,
  })) as Found;
  expect(outcome.ok ? [] : outcome.diagnostics.map((d) => d.code)).toEqual(["memory-too-small"]);
});

test("gives the same map twice, and stops when it is told to", async () => {
  const inputs = { fixed: fixed(), moving: moving() };
  const once = resultOf(await run(inputs));
  expect(resultOf(await run(inputs)).transform).toEqual(once.transform);
  const stop = new AbortController();
  stop.abort();
  await expect(run(inputs, {}, stop.signal)).rejects.toThrow(/abort/i);
});
