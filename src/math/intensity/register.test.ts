import { expect, test } from "vitest";
import { project, texturedScene } from "../../../test/support/scene.js";
import { invertMatrix3, type Matrix3 } from "../../core/transform.js";
import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { emptyPlane, type Plane } from "../plane.js";
import { seededRandom } from "../random.js";
import { type IntensityFamily, prepareFixed, registerIntensity, registerPrepared } from "./register.js";

const [width, height] = [220, 180];
const scene = texturedScene(31);

interface Look {
  readonly noise?: number;
  readonly gain?: number;
  readonly offset?: number;
  readonly seed?: number;
  /** What is seen in place of a value, if anything. */
  readonly change?: (value: number, x: number, y: number) => number;
}

/** A view of the scene, whose pixels lie where the matrix puts them. */
function render(arena: Arena, sceneFromPixel: Matrix3, look: Look = {}, size = [width, height] as const): Plane {
  const { noise = 1, gain = 1, offset = 0, seed = 1, change = (v: number) => v } = look;
  const plane = emptyPlane(arena, ...size);
  const random = seededRandom(seed);
  const out = arena.f32(plane.at, plane.stride * plane.height);
  for (let y = 0; y < plane.height; y++) {
    for (let x = 0; x < plane.width; x++) {
      const v = scene.at(...project(sceneFromPixel, x, y)) + 2 * noise * (random() + random() + random() - 1.5);
      out[y * plane.stride + x] = change(gain * v + offset, x, y);
    }
  }
  return plane;
}

const IDENTITY: Matrix3 = [1, 0, 0, 0, 1, 0, 0, 0, 1];

function errorOf(found: Matrix3, truth: Matrix3): number {
  let square = 0;
  for (let j = 0; j <= 4; j++) {
    for (let i = 0; i <= 4; i++) {
      const [x, y] = [(i / 4) * (width - 1), (j / 4) * (height - 1)];
      const [a, b] = project(found, x, y);
      const [u, v] = project(truth, x, y);
      square += ((a - u) ** 2 + (b - v) ** 2) / 25;
    }
  }
  return Math.sqrt(square);
}

/** Maps from fixed to moving, each of its family, about the image's middle. */
const truths: Readonly<Record<IntensityFamily, Matrix3>> = {
  translation: [1, 0, 5.37, 0, 1, -4.81, 0, 0, 1],
  rigid: [0.9961946980917455, -0.08715574274765817, 9.2, 0.08715574274765817, 0.9961946980917455, -7.4, 0, 0, 1],
  similarity: [1.03, -0.05, 4.1, 0.05, 1.03, -9.3, 0, 0, 1],
  affine: [1.02, -0.04, 4.3, 0.06, 0.97, -3.2, 0, 0, 1],
  projective: [1.01, -0.03, 3.3, 0.05, 0.98, -5.2, 1e-4, -1.5e-4, 1],
};

for (const family of Object.keys(truths) as IntensityFamily[]) {
  for (const options of [{}, { metric: "ssd" }, { robust: true }] as const) {
    test(`finds a ${family} map to a hundredth of a pixel, and says so (${JSON.stringify(options)})`, () => {
      using arena = kernels().arena();
      const truth = truths[family];
      const bright = "metric" in options ? {} : { gain: 0.7, offset: 25 };
      const fixed = render(arena, IDENTITY);
      const moving = render(arena, invertMatrix3(truth), { ...bright, seed: 2 });
      const fit = registerIntensity(arena, fixed, moving, { family, ...options });
      const error = errorOf(fit.movingFromFixed, truth);
      expect(error).toBeLessThan(0.015);
      expect(fit.converged).toBe(true);
      expect(fit.ncc).toBeGreaterThan(0.98);
      // What sampling between pixels adds is alike everywhere, and no part of sigma.
      expect(fit.sigma).toBeGreaterThan((error - 0.004) / 3);
      expect(fit.sigma).toBeLessThan(0.02);
      expect(fit.gain).toBeCloseTo(bright.gain ?? 1, 1);
      expect(fit.offset).toBeGreaterThan((bright.offset ?? 0) - 4);
      expect(fit.offset).toBeLessThan((bright.offset ?? 0) + 4);
    });
  }
}

test("a rigid map stays one", () => {
  using arena = kernels().arena();
  const fit = registerIntensity(
    arena,
    render(arena, IDENTITY),
    render(arena, invertMatrix3(truths.affine), { seed: 2 }),
    {
      family: "rigid",
    },
  );
  const [a, b, , d, e] = fit.movingFromFixed;
  expect(a).toBeCloseTo(e, 12);
  expect(b).toBeCloseTo(-d, 12);
  expect(a * e - b * d).toBeCloseTo(1, 12);
});

test("many moving planes against one that was prepared: the same, and nothing stays in memory", () => {
  using arena = kernels().arena();
  const fixed = render(arena, IDENTITY);
  const moving = render(arena, invertMatrix3(truths.affine), { seed: 2 });
  const start: Matrix3 = [1, 0, 3, 0, 1, -3, 0, 0, 1];
  const alone = registerIntensity(arena, fixed, moving, { family: "affine", start });
  const prepared = prepareFixed(arena, fixed, { family: "affine" });
  const { used } = kernels().heap;
  for (let i = 0; i < 3; i++) expect(registerPrepared(arena, prepared, moving, { start })).toEqual(alone);
  expect(kernels().heap.used).toBe(used);
});

test("what is not observed does not count", () => {
  using arena = kernels().arena();
  const truth = truths.affine;
  // Left of the line stands a picture that does not follow: seen it pulls, hidden it does not.
  const still = texturedScene(99);
  const paste = (hidden: boolean) => (v: number, x: number, y: number) =>
    x < 70 || (x - 150) ** 2 + (y - 60) ** 2 < 500 ? (hidden ? Number.NaN : still.at(x, y)) : v;
  const look = (hidden: boolean) => {
    const fixed = render(arena, IDENTITY, { change: paste(hidden) });
    const moving = render(arena, invertMatrix3(truth), { change: paste(hidden), seed: 2 });
    const fit = registerIntensity(arena, fixed, moving, { family: "affine" });
    return { error: errorOf(fit.movingFromFixed, truth), overlap: fit.overlap };
  };
  expect(look(false).error).toBeGreaterThan(0.1);
  expect(look(true).error).toBeLessThan(0.02);
  expect(look(true).overlap).toBeLessThan(0.65);
  expect(look(true).overlap).toBeGreaterThan(0.4);
});

test("robust weights leave out what does not follow", () => {
  using arena = kernels().arena();
  const truth = truths.rigid;
  const fixed = render(arena, IDENTITY);
  const moving = render(arena, invertMatrix3(truth), {
    seed: 2,
    change: (v, x, y) => ((x - 60) ** 2 + (y - 50) ** 2 < 700 || (x > 140 && y > 130) ? 255 : v),
  });
  const error = (robust: boolean) =>
    errorOf(registerIntensity(arena, fixed, moving, { family: "rigid", robust }).movingFromFixed, truth);
  expect(error(true)).toBeLessThan(0.02);
  expect(error(true)).toBeLessThan(0.3 * error(false));
});

test("large intensities keep their digits, and tiny ones their scale", () => {
  using arena = kernels().arena();
  const truth = truths.affine;
  for (const [gain, offset] of [
    [0.5, 3e4],
    [1e-12, 0],
    [1e12, -1e13],
  ] as const) {
    const fit = registerIntensity(
      arena,
      render(arena, IDENTITY, { gain, offset }),
      render(arena, invertMatrix3(truth), { gain, offset, seed: 2 }),
      { family: "affine" },
    );
    expect(errorOf(fit.movingFromFixed, truth)).toBeLessThan(0.02);
  }
});

test("a start 12 degrees and 15 pixels off is good enough", () => {
  using arena = kernels().arena();
  const truth: Matrix3 = [0.978, -0.208, 37, 0.208, 0.978, -20, 0, 0, 1];
  const fit = registerIntensity(arena, render(arena, IDENTITY), render(arena, invertMatrix3(truth), { seed: 2 }), {
    family: "affine",
  });
  expect(errorOf(fit.movingFromFixed, truth)).toBeLessThan(0.02);
});

test("a plane of half the pixels is registered at the level it has", () => {
  using arena = kernels().arena();
  const coarse: Matrix3 = [2.1, 0, 3, 0, 2.1, -2, 0, 0, 1];
  const fixed = render(arena, IDENTITY);
  const moving = render(arena, coarse, { seed: 2, noise: 0.5 }, [104, 84]);
  const fit = registerIntensity(arena, fixed, moving, {
    family: "affine",
    start: [0.5, 0, 0, 0, 0.5, 0, 0, 0, 1],
  });
  // The scene is sharper than the coarse pixels: their aliases are most of the error.
  expect(errorOf(fit.movingFromFixed, invertMatrix3(coarse))).toBeLessThan(0.2);
});

test.each([
  ["constant", (): number => 7],
  ["never observed", (): number => Number.NaN],
] as const)("a plane that is %s gives a result that says so", (_, change) => {
  using arena = kernels().arena();
  const plain = render(arena, IDENTITY);
  const bad = render(arena, IDENTITY, { change });
  for (const [fixed, moving] of [[plain, bad] as const, [bad, plain] as const, [bad, bad] as const]) {
    for (const family of ["translation", "affine", "projective"] as const) {
      const fit = registerIntensity(arena, fixed, moving, { family });
      expect(fit).toMatchObject({ converged: false, ncc: 0, sigma: Number.POSITIVE_INFINITY });
      expect(fit.movingFromFixed).toEqual(IDENTITY);
    }
  }
});

test.each([
  [1, 1],
  [3, 200],
  [200, 3],
  [9, 9],
])("planes of %i x %i pixels and starts far away do no harm", (w, h) => {
  using arena = kernels().arena();
  const small = render(arena, IDENTITY, {}, [w, h]);
  const plain = render(arena, IDENTITY);
  const away: Matrix3 = [1, 0, 1e4, 0, 1, 0, 0, 0, 1];
  for (const [fixed, moving] of [[plain, small] as const, [small, plain] as const, [small, small] as const]) {
    for (const start of [IDENTITY, away, [0.01, 0, 0, 0, 0.01, 0, 0.1, -0.1, 1] as Matrix3]) {
      for (const family of ["affine", "projective"] as const) {
        const fit = registerIntensity(arena, fixed, moving, { family, start });
        for (const v of [...fit.movingFromFixed, fit.ncc, fit.gain, fit.offset, fit.overlap])
          expect(Number.isFinite(v)).toBe(true);
        expect(fit.sigma).not.toBeNaN();
      }
    }
  }
});
