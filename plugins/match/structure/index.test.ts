import type { Image, Matches, Outcome, Registration } from "tiepoint/plugin";
import { apply, asMatrix3, invertMatrix3, type Matrix3, multiplyMatrix3, pixelGrid } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { memoryImage } from "../../../test/support/image.js";
import { context, paramsOf } from "../../../test/support/matcher.js";
import { project, texturedScene, viewImage } from "../../../test/support/scene.js";
import tps from "../../estimate/tps/index.js";
import structure from "./index.js";

const size = { width: 240, height: 180 };
const scene = texturedScene(21);
/** A turn of 70 degrees, shrunk, and shifted to where most of both images overlaps. */
const fixedFromMoving: Matrix3 = [0.38, -1.04, 168, 1.04, 0.38, -68, 0, 0, 1];
const movingFromFixed = invertMatrix3(fixedFromMoving);

/** Another modality: a gray value does not tell which one it was before. */
const otherwise = (image: Image): Image => ({
  ...image,
  async read(window, options) {
    const pixels = await image.read(window, options);
    return { ...pixels, data: pixels.data.map((v) => (v > 190 ? v - 60 : 255 - v)) };
  },
});

const fixed = (more: object = {}) => viewImage(scene, { ...size, noise: 2, seed: 1, ...more });
const moving = (more: object = {}) =>
  viewImage(scene, { ...size, noise: 2, seed: 2, sceneFromPixel: fixedFromMoving, ...more });

type Found = Outcome<{ transform: "transform"; matches: "matches" }>;
type Inputs = { fixed: Image; moving: Image; fixedMask?: Image; movingMask?: Image };
const run = async (inputs: Inputs, params: Readonly<Record<string, unknown>> = {}) =>
  (await structure.run(inputs as never, paramsOf(structure, params) as never, context())) as Found;

function resultOf(found: Found): { transform: Registration; matches: Matches } {
  if (!found.ok) throw new Error(JSON.stringify(found.diagnostics));
  return found.value;
}

/** Farthest distance from the truth over the middle of the fixed image; `world` takes fixed pixels to fixed world. */
function errorOf({ transform }: { transform: Registration }, truth: Matrix3): number {
  const found = asMatrix3(transform.transform)!;
  let worst = 0;
  for (let y = 30; y < 160; y += 15) {
    for (let x = 30; x < 220; x += 15) {
      const [a, b] = project(found, x, y);
      const [u, v] = project(truth, x, y);
      worst = Math.max(worst, Math.hypot(a - u, b - v));
    }
  }
  return worst;
}

test("finds a large turn between two modalities, and says how far off it may be", async () => {
  const found = await run({ fixed: fixed(), moving: otherwise(moving()) });
  const value = resultOf(found);
  expect(errorOf(value, movingFromFixed)).toBeLessThan(0.5);
  expect(value.transform.verdict?.reasons).toEqual([]);
  expect(value.transform.verdict?.status).toBe("accepted");
  const { margin, blocks } = value.transform.verdict!.metrics;
  expect(margin!.value).toBeGreaterThan(1.4);
  expect(blocks!.value).toBeGreaterThan(60);
  expect(value.transform.verdict!.metrics["expected-error"]!.value).toBeLessThan(1.5);
  const { matches } = value;
  expect(matches.images!.fixed.grid).toEqual(pixelGrid(size.width, size.height));
  const inliers = matches.inlier!.reduce((a, b) => a + b, 0);
  expect(inliers).toBeGreaterThan(40);
  for (let i = 0; i < inliers; i++) {
    if (!matches.inlier![i]) continue;
    const [x, y] = project(movingFromFixed, matches.fixed[2 * i]!, matches.fixed[2 * i + 1]!);
    expect(Math.hypot(x - matches.moving[2 * i]!, y - matches.moving[2 * i + 1]!)).toBeLessThan(5);
  }
});

test("works in world coordinates, whatever spacing and place", async () => {
  const place = (scale: number, x: number, y: number) => ({
    ...pixelGrid(size.width, size.height),
    worldFromPixel: [scale, 0, x, 0, -scale, y] as const,
    crs: "EPSG:32633" as const,
  });
  const grids = [place(10, 5e5, 4e6), place(2.5, -300, 70)] as const;
  const inputs = { fixed: fixed({ grid: grids[0] }), moving: moving({ grid: grids[1] }) };
  const value = resultOf(await run(inputs));
  const plain = resultOf(await run({ fixed: fixed(), moving: moving() }));
  const [f, m] = grids.map(({ worldFromPixel: w }): Matrix3 => [...w, 0, 0, 1] as unknown as Matrix3) as [
    Matrix3,
    Matrix3,
  ];
  const pixels = multiplyMatrix3(invertMatrix3(m), multiplyMatrix3(asMatrix3(value.transform.transform)!, f));
  const wanted = asMatrix3(plain.transform.transform)!;
  for (let i = 0; i < 9; i++) expect(pixels[i]).toBeCloseTo(wanted[i]!, 6);
  // The cells that residuals are compared in lie elsewhere in a world that is turned over.
  const error = (v: typeof plain) => v.transform.verdict!.metrics["expected-error"]!.value;
  expect(error(value) / error(plain)).toBeCloseTo(1, 0);
});

test("tie points follow a specimen that bends, where the transform cannot", async () => {
  // Moving pixel to the place it shows: a shift, and a bend of up to 4 px that no affine map follows.
  const bend = (x: number, y: number) => [x + 7 + 4 * Math.sin(y / 28), y - 5 + 4 * Math.sin(x / 30)] as const;
  const values = new Float32Array(size.width * size.height);
  for (let i = 0; i < values.length; i++)
    values[i] = 255 - scene.at(...bend(i % size.width, Math.floor(i / size.width)));
  const bent = memoryImage(values, pixelGrid(size.width, size.height));
  const { matches, transform } = resultOf(await run({ fixed: fixed(), moving: bent }));
  const misses = (of: (n: number) => readonly [number, number]) =>
    Array.from({ length: matches.weight!.length }, (_, n) => {
      const [x, y] = bend(...of(n));
      return Math.hypot(x - matches.fixed[2 * n]!, y - matches.fixed[2 * n + 1]!);
    }).sort((a, b) => a - b);
  const ties = misses((n) => [matches.moving[2 * n]!, matches.moving[2 * n + 1]!]);
  const map = misses((n) => {
    const [x, y] = project(asMatrix3(transform.transform)!, matches.fixed[2 * n]!, matches.fixed[2 * n + 1]!);
    return [x, y];
  });
  expect(map[map.length >> 1]).toBeGreaterThan(2);
  expect(ties[ties.length >> 1]).toBeLessThan(1.2);
  expect(transform.verdict!.metrics["expected-error"]!.value).toBeGreaterThan(1);
  // A smooth map of them follows the bend, and tells how far off it is.
  const found = await tps.run({ matches }, paramsOf(tps) as never, context());
  if (!found.ok) throw new Error(JSON.stringify(found.diagnostics));
  const bending = apply(found.value.transform.transform, matches.fixed);
  const left = misses((n) => [bending[2 * n]!, bending[2 * n + 1]!]);
  const error = left[left.length >> 1]!;
  expect(error).toBeLessThan(0.5 * map[map.length >> 1]!);
  expect(found.verdict!.metrics["expected-error"]!.value).toBeGreaterThan(error / 3);
  expect(found.verdict!.metrics["expected-error"]!.value).toBeLessThan(3 * error);
});

test("images of different scenes are rejected, with a reason and what to try", async () => {
  const found = await run({ fixed: fixed(), moving: viewImage(texturedScene(22), { ...size, noise: 2, seed: 2 }) });
  const { verdict } = resultOf(found).transform;
  expect(verdict!.status).toBe("rejected");
  expect(verdict!.reasons[0]).toMatchObject({ code: "no-common-structure", hint: expect.stringMatching(/\S/) });
});

test("a mirror image is found when asked for, and never otherwise", async () => {
  const mirrored: Matrix3 = multiplyMatrix3(fixedFromMoving, [-1, 0, size.width - 1, 0, 1, 0, 0, 0, 1]);
  const inputs = { fixed: fixed(), moving: moving({ sceneFromPixel: mirrored }) };
  const value = resultOf(await run(inputs, { flips: true }));
  expect(errorOf(value, invertMatrix3(mirrored))).toBeLessThan(0.5);
  expect(value.transform.verdict!.status).toBe("accepted");
  const without = await run(inputs);
  if (without.ok) expect(without.value.transform.verdict!.status).not.toBe("accepted");
});

test("nothing is looked at under masks and on nodata", async () => {
  // A second scene over the left third that stays where it is: without the mask it would speak against the rest.
  const other = await viewImage(texturedScene(23), size).read({ x: 0, y: 0, ...size });
  const pasted = async (image: Image, value?: number) => {
    const { data } = await image.read({ x: 0, y: 0, ...size });
    return Uint8Array.from(data, (v, i) => (i % size.width < 80 ? (value ?? other.data[i]!) : Math.max(1, v)));
  };
  const mask = memoryImage(
    Uint8Array.from({ length: size.width * size.height }, (_, i) => (i % size.width < 80 ? 0 : 1)),
    pixelGrid(size.width, size.height),
    { meaning: "mask" },
  );
  const near: Matrix3 = [0.99, -0.1, 12, 0.1, 0.99, -6, 0, 0, 1];
  const shifted = moving({ sceneFromPixel: near });
  const masked = {
    fixed: memoryImage(await pasted(fixed()), pixelGrid(size.width, size.height)),
    moving: memoryImage(await pasted(shifted), pixelGrid(size.width, size.height)),
  };
  const holed = {
    fixed: { ...memoryImage(await pasted(fixed(), 0), pixelGrid(size.width, size.height)), nodata: 0 },
    moving: shifted,
  };
  for (const inputs of [{ ...masked, fixedMask: mask, movingMask: mask }, holed]) {
    const value = resultOf(await run(inputs));
    expect(errorOf(value, invertMatrix3(near))).toBeLessThan(1.5);
    const { fixed: points } = value.matches;
    for (let i = 0; i < points.length; i += 2) expect(points[i]).toBeGreaterThan(80 - 12);
  }
});

const blank = (value: number, width = 200, height = 150) =>
  memoryImage(new Float32Array(width * height).fill(value), pixelGrid(width, height));

test.each([
  ["blank", blank(7), "no-structure"],
  ["of NaN alone", blank(Number.NaN), "no-structure"],
  ["of infinity alone", blank(Number.POSITIVE_INFINITY), "no-structure"],
  ["of one pixel", blank(1, 1, 1), "too-small-for-structure"],
  ["of one row", blank(1, 300, 1), "too-small-for-structure"],
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
  const params = paramsOf(structure, { maxSide: "20000 px" }) as never;
  const outcome = (await structure.run({ fixed: fixed(), moving: large } as never, params, context())) as Found;
  expect(outcome.ok ? [] : outcome.diagnostics.map((d) => d.code)).toEqual(["memory-too-small"]);
});
