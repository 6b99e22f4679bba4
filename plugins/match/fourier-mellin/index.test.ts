import type { Image, Matrix3, Outcome, Registration } from "tiepoint/plugin";
import { asMatrix3, invertMatrix3, multiplyMatrix3, pixelGrid } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { memoryImage } from "../../../test/support/image.js";
import { context, paramsOf } from "../../../test/support/matcher.js";
import { project, texturedScene, viewImage } from "../../../test/support/scene.js";
import fourierMellin from "./index.js";

const size = { width: 224, height: 176 };
const scene = texturedScene(41);

/** The map from the fixed view to a moving one: turned and scaled about the middle, and shifted. */
function similarity(degrees: number, scale: number, x = 0, y = 0, { width, height } = size): Matrix3 {
  const angle = (degrees * Math.PI) / 180;
  const [c, s] = [scale * Math.cos(angle), scale * Math.sin(angle)];
  const [mx, my] = [(size.width - 1) / 2, (size.height - 1) / 2];
  const [u, v] = [(width - 1) / 2 + x, (height - 1) / 2 + y];
  return [c, -s, u - c * mx + s * my, s, c, v - s * mx - c * my, 0, 0, 1];
}

const fixed = (more: object = {}) => viewImage(scene, { ...size, noise: 5, seed: 1, ...more });
const moving = (map: Matrix3, more: object = {}) =>
  viewImage(scene, { ...size, noise: 5, seed: 2, sceneFromPixel: invertMatrix3(map), ...more });

type Found = Outcome<{ transform: "transform" }>;
type Inputs = { fixed: Image; moving: Image; fixedMask?: Image; movingMask?: Image };
const run = async (inputs: Inputs, params: Readonly<Record<string, unknown>> = {}) =>
  (await fourierMellin.run(inputs as never, paramsOf(fourierMellin, params) as never, context())) as Found;

function resultOf(found: Found): Registration {
  if (!found.ok) throw new Error(JSON.stringify(found.diagnostics));
  return found.value.transform;
}

const matrixOf = ({ transform }: Registration): Matrix3 => asMatrix3(transform)!;

/** The largest distance from the truth at the corners of the fixed image. */
function errorOf(matrix: Matrix3, truth: Matrix3): number {
  const corners = [0, 1, 2, 3].map((i) => [(i & 1) * (size.width - 1), (i >> 1) * (size.height - 1)] as const);
  return Math.max(
    ...corners.map(([x, y]) => {
      const [a, b] = project(matrix, x, y);
      const [u, v] = project(truth, x, y);
      return Math.sqrt((a - u) ** 2 + (b - v) ** 2);
    }),
  );
}

test.each([
  [10, 1.1],
  [45, 1.5],
  [180, 1],
  [-75, 0.75],
  [130, 2],
  [-20, 0.5],
])("finds a turn of %i degrees at %d times the scale, in noise, and believes it", async (degrees, scale) => {
  const truth = similarity(degrees, scale, 9, -6);
  const value = resultOf(await run({ fixed: fixed(), moving: moving(truth) }));
  const error = errorOf(matrixOf(value), truth);
  expect(error).toBeLessThan(0.3);
  expect(value.verdict!.reasons).toEqual([]);
  expect(value.verdict!.status).toBe("accepted");
  const { metrics } = value.verdict!;
  expect(metrics.margin!.value).toBeGreaterThan(1.6);
  expect(metrics["half-turn-margin"]!.value).toBeGreaterThan(1.6);
  expect(metrics["expected-error"]!.value).toBeGreaterThan(error / 5);
});

test("without refinement the map is coarser, and says so", async () => {
  const truth = similarity(45, 1.5, 9, -6);
  const inputs = { fixed: fixed(), moving: moving(truth) };
  const coarse = resultOf(await run(inputs, { refine: false }));
  const exact = resultOf(await run(inputs));
  const [error, least] = [errorOf(matrixOf(coarse), truth), errorOf(matrixOf(exact), truth)];
  expect(error).toBeLessThan(6);
  expect(error).toBeGreaterThan(least);
  const expected = ({ verdict }: Registration) => verdict!.metrics["expected-error"]!.value;
  expect(expected(coarse)).toBeGreaterThan(error / 4);
  expect(expected(coarse)).toBeGreaterThan(expected(exact));
});

test("images of other sizes and pixel sizes are brought together, by their worlds or without", async () => {
  const large = { width: 560, height: 500 };
  const truth = similarity(-60, 2.8, 10, 8, large);
  const inputs = { fixed: fixed(), moving: moving(truth, large) };
  const plain = resultOf(await run(inputs));
  expect(errorOf(matrixOf(plain), truth)).toBeLessThan(0.5);
  expect(plain.verdict!.status).toBe("accepted");
  const place = (scale: number, x: number, y: number, { width, height } = size) => ({
    ...pixelGrid(width, height),
    worldFromPixel: [scale, 0, x, 0, -scale, y] as const,
    crs: "EPSG:32633" as const,
  });
  const grids = [place(10, 5e5, 4e6), place(4, 5e5, 4e6, large)] as const;
  const value = resultOf(
    await run({ fixed: fixed({ grid: grids[0] }), moving: moving(truth, { ...large, grid: grids[1] }) }),
  );
  const [f, m] = grids.map(({ worldFromPixel: w }) => [...w, 0, 0, 1] as unknown as Matrix3) as [Matrix3, Matrix3];
  const pixels = multiplyMatrix3(invertMatrix3(m), multiplyMatrix3(matrixOf(value), f));
  expect(errorOf(pixels, truth)).toBeLessThan(0.5);
  expect(value.verdict!.status).toBe("accepted");
});

test("a world with y up in one image and down in the other turns no picture over", async () => {
  const truth = similarity(35, 1.2);
  const up = {
    ...pixelGrid(size.width, size.height),
    worldFromPixel: [1, 0, 0, 0, -1, size.height - 1] as const,
  };
  const value = resultOf(await run({ fixed: fixed(), moving: moving(truth, { grid: up }) }));
  const pixels = multiplyMatrix3(invertMatrix3([...up.worldFromPixel, 0, 0, 1]), matrixOf(value));
  expect(errorOf(pixels, truth)).toBeLessThan(0.3);
  expect(value.verdict!.status).toBe("accepted");
});

test("limits keep it from turns and scales beyond them", async () => {
  const inputs = { fixed: fixed(), moving: moving(similarity(120, 1.3)) };
  for (const params of [{ rotation: "60 deg" }, { scale: 1.1 }]) {
    const found = await run(inputs, params);
    if (found.ok) expect(found.value.transform.verdict!.status).toBe("rejected");
  }
});

test("nothing is looked at under masks and on nodata", async () => {
  const truth = similarity(40, 1.1, 4, 3);
  const grid = pixelGrid(size.width, size.height);
  // The left third shows something else that stays where it is: seen, it would pull.
  const other = await viewImage(texturedScene(23), size).read({ x: 0, y: 0, ...size });
  const pasted = async (image: Image, value?: number) => {
    const { data } = await image.read({ x: 0, y: 0, ...size });
    return Uint8Array.from(data, (v, i) => (i % size.width < 75 ? (value ?? other.data[i]!) : Math.max(1, v)));
  };
  const mask = memoryImage(
    Uint8Array.from({ length: size.width * size.height }, (_, i) => (i % size.width < 75 ? 0 : 1)),
    grid,
    { meaning: "mask" },
  );
  const masked = {
    ...{ fixed: memoryImage(await pasted(fixed()), grid), fixedMask: mask },
    ...{ moving: memoryImage(await pasted(moving(truth)), grid), movingMask: mask },
  };
  const holed = { fixed: { ...memoryImage(await pasted(fixed(), 0), grid), nodata: 0 }, moving: moving(truth) };
  for (const inputs of [masked, holed]) {
    const value = resultOf(await run(inputs));
    expect(errorOf(matrixOf(value), truth)).toBeLessThan(0.3);
    expect(value.verdict!.status).toBe("accepted");
  }
});

test.each([22, 51, 77])("images of different scenes are rejected, with what to try (scene %i)", async (seed) => {
  const found = await run({ fixed: fixed(), moving: viewImage(texturedScene(seed), { ...size, noise: 5, seed: 2 }) });
  const { verdict } = resultOf(found);
  expect(verdict!.status).toBe("rejected");
  for (const reason of verdict!.reasons) expect(reason.hint).toMatch(/\S/);
});

test("stripes, which fit in many places, are not accepted", async () => {
  const stripes = (angle: number, seed: number) =>
    viewImage(
      { at: (x, y) => 128 + 80 * Math.sin((x * Math.cos(angle) + y * Math.sin(angle)) / 3) },
      { ...size, noise: 5, seed },
    );
  const found = await run({ fixed: stripes(0, 1), moving: stripes(0.5, 2) });
  if (found.ok) expect(found.value.transform.verdict!.status).not.toBe("accepted");
});

const blank = (value: number, width = 200, height = 150) =>
  memoryImage(new Float32Array(width * height).fill(value), pixelGrid(width, height));

test.each([
  ["blank", blank(7), "constant-image"],
  ["of NaN alone", blank(Number.NaN), "nothing-observed"],
  ["of one row", blank(1, 300, 1), "too-small-for-intensity"],
] as const)("an image %s gives a diagnostic with a hint", async (_, bad, code) => {
  const outcome = await run({ fixed: fixed(), moving: bad });
  expect(outcome.ok ? [] : outcome.diagnostics).toMatchObject([
    { code, message: expect.stringContaining("moving"), hint: expect.stringMatching(/\S/) },
  ]);
});

test("a very small and a very large image are not accepted, and say why", async () => {
  const speck = viewImage(scene, { width: 18, height: 17, noise: 5, seed: 3 });
  const outcome = await run({ fixed: fixed({ width: 700, height: 600 }), moving: speck });
  const said = outcome.ok ? outcome.value.transform.verdict!.reasons : outcome.diagnostics;
  expect(said.length).toBeGreaterThan(0);
  if (outcome.ok) expect(outcome.value.transform.verdict!.status).not.toBe("accepted");
});
