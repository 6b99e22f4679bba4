import type { Grid, Image, Outcome, Registration, Transform } from "tiepoint/plugin";
import { apply, pixelGrid, seededRandom, toPixel, toWorld, worldPoints } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { memoryImage } from "../../../test/support/image.js";
import { context, paramsOf } from "../../../test/support/matcher.js";
import { type Scene, texturedScene, viewImage } from "../../../test/support/scene.js";
import bspline from "./index.js";

const size = { width: 240, height: 180 };
const scene = texturedScene(41);

/** A smooth bend of up to 4 pixels: where the fixed image's pixel (x, y) lies in the moving image. */
const bend = (x: number, y: number): readonly [number, number] => [
  x + 2.5 * Math.sin(y / 31 + 1) + 1.2 * Math.cos(x / 44),
  y + 2.2 * Math.cos(x / 37) - 1.1 * Math.sin(y / 50),
];

type Place = (x: number, y: number) => readonly [number, number];

/** What a camera sees whose pixel (x, y) looks at `at` of a scene; brightness by gain and offset. */
function seen(
  of: Scene,
  at: Place,
  { seed = 1, noise = 2, gain = 1, offset = 0, grid = pixelGrid(size.width, size.height) as Grid } = {},
): Image {
  const random = seededRandom(seed);
  // Four uniform numbers are near enough to a Gaussian one of standard deviation 1.
  const normal = () => 1.732 * (random() + random() + random() + random() - 2);
  const data = new Float32Array(grid.width * grid.height);
  for (let i = 0; i < data.length; i++) {
    const [u, v] = at(i % grid.width, Math.floor(i / grid.width));
    data[i] = gain * of.at(u, v) + offset + noise * normal();
  }
  return memoryImage(data, grid);
}

const fixed = (more: object = {}) => seen(scene, bend, { seed: 1, ...more });
const moving = (more: object = {}) => seen(scene, (x, y) => [x, y], { seed: 2, ...more });

type Found = Outcome<{ transform: "transform" }>;
type Inputs = { fixed: Image; moving: Image; fixedMask?: Image; movingMask?: Image; start?: Registration };
const run = async (inputs: Inputs, params: Readonly<Record<string, unknown>> = {}) =>
  (await bspline.run(inputs as never, paramsOf(bspline, params) as never, context())) as Found;

function resultOf(found: Found): Registration {
  if (!found.ok) throw new Error(JSON.stringify(found.diagnostics));
  return found.value.transform;
}

const codesOf = (found: Found) => (found.ok ? [] : found.diagnostics.map((d) => d.code));

/** Root mean square distance from a bend, pixels of the moving image, away from the border. */
function errorOf({ transform, fixed, moving }: Registration, truth: Place = bend): number {
  const pixels: number[] = [];
  for (let y = 12; y < size.height - 12; y += 6) for (let x = 12; x < size.width - 12; x += 6) pixels.push(x, y);
  const there = toPixel(moving!, apply(transform, toWorld(fixed!, Float64Array.from(pixels) as never)));
  let square = 0;
  for (let i = 0; i < there.length; i += 2) {
    const [u, v] = truth(pixels[i]!, pixels[i + 1]!);
    square += (there[i]! - u) ** 2 + (there[i + 1]! - v) ** 2;
  }
  return Math.sqrt((2 * square) / there.length);
}

test.each(["ssd", "ncc"])("finds a smooth bend by %s, and says how far off it may be", async (metric) => {
  const found = resultOf(await run({ fixed: fixed(), moving: moving({ gain: 0.7, offset: 30 }) }, { metric }));
  const error = errorOf(found);
  expect(error).toBeLessThan(0.15);
  const { verdict } = found;
  expect(verdict!.reasons).toEqual([]);
  expect(verdict!.status).toBe("accepted");
  const { metrics, course } = verdict!;
  expect(metrics["expected-error"]!.value).toBeGreaterThan(error / 4);
  expect(metrics["expected-error"]!.value).toBeLessThan(4 * error);
  expect(metrics["null-deviation"]!.value).toBeGreaterThan(8);
  expect(metrics["round-trip"]!.value).toBeLessThan(0.3);
  expect(metrics["least-jacobian"]!.value).toBeGreaterThan(0.5);
  expect(course!.measure).toMatch(metric === "ssd" ? "mean square difference" : "local correlation");
  expect(course!.steps.length).toBe(metrics.iterations!.value);
});

/** A scene in other brightness: dark where it is bright, and dark again where it is darkest. */
const recoloured = (of: Scene): Scene => ({ ...of, at: (x, y) => 90 - 0.4 * Math.abs(of.at(x, y) - 60) });

test("finds a smooth bend between images of different kinds by mutual information", async () => {
  const other = seen(recoloured(scene), (x, y) => [x, y], { seed: 2, noise: 1 });
  const found = resultOf(await run({ fixed: fixed(), moving: other }, { metric: "mutual-information" }));
  const error = errorOf(found);
  expect(error).toBeLessThan(0.3);
  const { verdict } = found;
  expect(verdict!.reasons).toEqual([]);
  expect(verdict!.metrics["expected-error"]!.value).toBeGreaterThan(error / 4);
  expect(verdict!.metrics["expected-error"]!.value).toBeLessThan(4 * error);
  expect(verdict!.course!.measure).toBe("mutual information");
  const stranger = seen(recoloured(texturedScene(22)), (x, y) => [x, y], { seed: 2, noise: 1 });
  const wrong = resultOf(await run({ fixed: fixed(), moving: stranger }, { metric: "mutual-information" }));
  expect(wrong.verdict!.status).toBe("rejected");
});

test("bends what a start has laid on the fixed image, whatever transform that is", async () => {
  // The fixed image is turned by 20 degrees besides.
  const turned: Place = (x, y) => bend(0.94 * x - 0.34 * y + 40, 0.34 * x + 0.94 * y - 30);
  const inputs = { fixed: seen(scene, turned), moving: moving() };
  const affine: Transform = { type: "affine", matrix: [0.94, -0.34, 40, 0.34, 0.94, -30] };
  const tps: Transform = {
    ...{ type: "tps", affine: affine.matrix, knots: worldPoints([0, 0, 200, 0, 0, 150]) },
    weights: new Float64Array(6),
  };
  for (const transform of [affine, tps]) {
    const found = resultOf(await run({ ...inputs, start: { transform } }));
    expect(found.transform).toMatchObject({ type: "sequence", steps: [{ type: "bspline" }, { type: transform.type }] });
    // Corners that the moving image does not reach are among the places.
    expect(errorOf(found, turned)).toBeLessThan(0.4);
    expect(found.verdict!.status).toBe("accepted");
  }
});

test("works in world coordinates, whatever spacing, place and direction", async () => {
  const place = (scale: number, x: number, y: number): Grid => ({
    ...pixelGrid(size.width, size.height),
    ...{ worldFromPixel: [scale, 0, x, 0, -scale, y], crs: "EPSG:32633" },
  });
  const grid = place(10, 5e5, 4e6);
  const plain = resultOf(await run({ fixed: fixed(), moving: moving() }));
  const value = resultOf(await run({ fixed: fixed({ grid }), moving: moving({ grid }) }));
  expect(errorOf(value)).toBeCloseTo(errorOf(plain), 6);
  for (const name of ["expected-error", "bend", "lattice-spacing"])
    expect(value.verdict!.metrics[name]!.value).toBeCloseTo(plain.verdict!.metrics[name]!.value, 4);
});

test("a coarser level gives a bend of the same world", async () => {
  const found = resultOf(
    await run({ fixed: fixed(), moving: moving() }, { maxSide: "120 px", latticeSpacing: "24 px" }),
  );
  expect(found.verdict!.metrics["lattice-spacing"]!.value).toBeCloseTo(24, 6);
  expect(errorOf(found)).toBeLessThan(0.4);
});

test("images whose pixels differ in size are compared where both have something to say", async () => {
  const coarse = seen(scene, (x, y) => [2 * x + 0.5, 2 * y + 0.5], {
    grid: { ...pixelGrid(120, 90), worldFromPixel: [2, 0, 0.5, 0, 2, 0.5] },
    noise: 1,
  });
  const found = resultOf(await run({ fixed: fixed(), moving: coarse }));
  // Pixels of the moving image are twice as large.
  expect(2 * errorOf(found, (x, y) => bend(x, y).map((v) => (v - 0.5) / 2) as [number, number])).toBeLessThan(0.6);
  const huge: Image = { ...moving(), grid: { ...moving().grid, worldFromPixel: [40, 0, 0, 0, 40, 0] } };
  expect(codesOf(await run({ fixed: fixed(), moving: huge }))).toEqual(["pixel-sizes-differ"]);
  const tiny: Image = { ...moving(), grid: { ...moving().grid, worldFromPixel: [0.02, 0, 100, 0, 0.02, 100] } };
  expect(codesOf(await run({ fixed: fixed(), moving: tiny })).length).toBe(1);
});

test.each([22, 51, 77])("images of different scenes are rejected, with what to try (scene %i)", async (seed) => {
  const { verdict } = resultOf(
    await run({ fixed: fixed(), moving: viewImage(texturedScene(seed), { ...size, noise: 2 }) }),
  );
  expect(verdict!.status).toBe("rejected");
  expect(verdict!.reasons.map((r) => r.code)).toContain("no-better-than-elsewhere");
  for (const reason of verdict!.reasons) expect(reason.hint).toMatch(/\S/);
});

test("a start that is far off is not accepted", async () => {
  const away: Transform = { type: "affine", matrix: [1, 0, 35, 0, 1, -28] };
  const { verdict } = resultOf(await run({ fixed: fixed(), moving: moving(), start: { transform: away } }));
  expect(verdict!.status).not.toBe("accepted");
});

test("nothing is looked at under masks and on nodata", async () => {
  // A second scene over the left third that stays where it is: seen, it would pull.
  const other = texturedScene(23);
  const pasted = (of: Image, value?: number): Promise<Image> =>
    of.read({ x: 0, y: 0, ...size }).then(({ data }) => {
      const out = Float32Array.from(data, (v, i) =>
        i % size.width < 80 ? (value ?? other.at(i % size.width, Math.floor(i / size.width))) : v,
      );
      return memoryImage(out, pixelGrid(size.width, size.height));
    });
  const mask = memoryImage(
    Uint8Array.from({ length: size.width * size.height }, (_, i) => (i % size.width < 84 ? 0 : 1)),
    pixelGrid(size.width, size.height),
    { meaning: "mask" },
  );
  const right = (r: Registration) => {
    const { transform } = r;
    let square = 0;
    for (let y = 12; y < 168; y += 6) {
      for (let x = 100; x < 228; x += 6) {
        const [u, v] = apply(transform, worldPoints([x, y]));
        const [s, t] = bend(x, y);
        square += ((u! - s) ** 2 + (v! - t) ** 2) / (26 * 22);
      }
    }
    return Math.sqrt(square);
  };
  const seenBoth = { fixed: await pasted(fixed()), moving: await pasted(moving()) };
  const masked = resultOf(await run({ ...seenBoth, fixedMask: mask, movingMask: mask }));
  expect(right(masked)).toBeLessThan(0.25);
  const holed = resultOf(await run({ fixed: await pasted(fixed(), Number.NaN), moving: moving() }));
  expect(right(holed)).toBeLessThan(0.25);
  expect(holed.verdict!.metrics.undetermined!.value).toBeGreaterThan(20);
});

const blank = (value: number, width = 200, height = 150) =>
  memoryImage(new Float32Array(width * height).fill(value), pixelGrid(width, height));

test.each([
  ["blank", blank(7), "constant-image"],
  ["saturated", blank(255), "constant-image"],
  ["of NaN alone", blank(Number.NaN), "nothing-observed"],
  ["of infinity alone", blank(Number.POSITIVE_INFINITY), "nothing-observed"],
] as const)("an image %s gives a diagnostic with a hint", async (_, bad, code) => {
  for (const name of ["fixed", "moving"] as const) {
    const outcome = await run({ fixed: fixed(), moving: moving(), [name]: bad });
    expect(outcome.ok ? [] : outcome.diagnostics).toMatchObject([
      { code, message: expect.stringContaining(name), hint: expect.stringMatching(/\S/) },
    ]);
  }
});

test("images that do not overlap are told from images that show nothing", async () => {
  const away: Transform = { type: "affine", matrix: [1, 0, 900, 0, 1, 0] };
  expect(codesOf(await run({ fixed: fixed(), moving: moving(), start: { transform: away } }))).toEqual([
    "nothing-to-compare",
  ]);
});

test("a lattice that is finer than the pixels can tell is refused", async () => {
  for (const [params, least] of [
    [{ latticeSpacing: "2 px" }, "6 px"],
    [{ latticeSpacing: "10 px", maxSide: "60 px" }, "24 px"],
  ] as const) {
    const outcome = await run({ fixed: fixed(), moving: moving() }, params);
    expect(outcome.ok ? [] : outcome.diagnostics).toMatchObject([
      { code: "lattice-too-fine", message: expect.stringContaining(least), hint: expect.stringMatching(/\S/) },
    ]);
  }
});

test("a mask of another size is refused", async () => {
  expect(codesOf(await run({ fixed: fixed(), moving: moving(), fixedMask: blank(1, 10, 10) }))).toEqual(["mask-size"]);
});

test("what cannot fit the memory is refused before a pixel is read", async () => {
  const large: Image = {
    ...{ ...blank(0, 1, 1), grid: pixelGrid(50000, 40000) },
    read: () => Promise.reject(new Error("Internal error: a pixel was read")),
  };
  const outcome = await run({ fixed: large, moving: large }, { maxSide: "50000 px" });
  expect(outcome.ok ? [] : outcome.diagnostics).toMatchObject([
    { code: "memory-too-small", message: expect.stringMatching(/50000 x 40000 px takes about \d+ MB/) },
  ]);
});
