import { describe, expect, test } from "vitest";
import { arctangent2 } from "./arctangent.js";
import { describeTransform, transformInWords } from "./describe.js";
import { type Affine2, pixelGrid } from "./grid.js";
import { invert, type Transform } from "./transform.js";

const fixed = pixelGrid(401, 301);
const words = (transform: Transform, grid = fixed) => transformInWords(describeTransform({ transform, fixed: grid }));

/** The transform of a moving image that must be turned, scaled and shifted about the middle of the fixed image. */
function moved(degrees: number, scale: number, shift: readonly [number, number]): Transform {
  const c = Math.cos((degrees * Math.PI) / 180) * scale;
  const s = Math.sin((degrees * Math.PI) / 180) * scale;
  const fixedFromMoving: Affine2 = [c, -s, 0, s, c, 0];
  const m = invert({ type: "affine", matrix: fixedFromMoving }) as { matrix: Affine2 };
  const [a, b, , d, e] = m.matrix;
  const [x, y] = [200, 150];
  return { type: "affine", matrix: [a, b, x - shift[0] - a * x - b * y, d, e, y - shift[1] - d * x - e * y] };
}

describe("a transform in words", () => {
  test.each([
    [moved(0, 1, [0, 0]), "left where it is"],
    [moved(0, 1, [12.1, -4.7]), "shifted by (12.1, -4.7) px at its middle"],
    [moved(20.02, 1, [0, 0]), "turned 20.02 deg clockwise"],
    [
      moved(-20.02, 1.003, [3, 0]),
      "turned 20.02 deg anticlockwise, scaled by 1.003 and shifted by (3, 0) px at its middle",
    ],
    [{ type: "affine", matrix: [-1, 0, 400, 0, 1, 0] }, "mirrored left to right"],
    [{ type: "affine", matrix: [1, 0, 0, 0, -1, 300] }, "mirrored top to bottom"],
    [{ type: "affine", matrix: [1, 0, 0, 0, 0.5, 75] }, "scaled by 1.4142 and stretched by 100 % in y"],
    [
      { type: "affine", matrix: [1, 0, 0, 0, 0, 0] },
      "mapped to nowhere: the transform is not finite or cannot be reversed",
    ],
    [
      { type: "affine", matrix: [Number.NaN, 0, 0, 0, 1, 0] },
      "mapped to nowhere: the transform is not finite or cannot be reversed",
    ],
  ] as const)("%j is %s", (transform, expected) => {
    expect(words(transform)).toBe(expected);
  });

  test("a perspective is told by how far it departs from an affine map", () => {
    const transform: Transform = { type: "projective", matrix: [1, 0, 0, 0, 1, 0, 1e-4, 0, 1] };
    const d = describeTransform({ transform, fixed });
    expect(d.shape).toBe("projective");
    expect(d.bend).toBeGreaterThan(1);
    expect(transformInWords(d)).toMatch(/put in perspective by up to \d/);
  });

  test("a spline that bends is told by how far it departs from an affine map", () => {
    const lattice = { ...pixelGrid(9, 7), worldFromPixel: [50, 0, 0, 0, 50, 0] as const };
    const coefficients = new Float64Array(126);
    coefficients[2 * (3 * 9 + 4)] = 9; // one bump in x of 9 times the spline's (2/3)² in the middle
    const d = describeTransform({ transform: { type: "bspline", lattice, coefficients }, fixed });
    expect(d.shape).toBe("deformable");
    expect(d.bend).toBeGreaterThan(3);
    expect(d.bend).toBeLessThan(4);
    expect(transformInWords(d)).toMatch(/bent by up to 3\.\d+ px$/);
  });

  test("in a world whose y axis points up the sense of rotation is still as seen", () => {
    const up = { ...fixed, crs: "EPSG:32633", worldFromPixel: [1, 0, 0, 0, -1, 300] } as const;
    expect(describeTransform({ transform: moved(10, 1, [0, 0]), fixed: up }).rotation).toBeCloseTo(-10, 10);
  });

  test("without a grid an affine map is described all the same", () => {
    const d = describeTransform({ transform: { type: "affine", matrix: [0, 2, 0, -2, 0, 0] } });
    expect(d).toMatchObject({ shape: "similarity", rotation: 90, scale: 0.5 });
  });
});

test("the arctangent agrees with the engine's in all quadrants", () => {
  for (let i = -500; i <= 500; i++) {
    const angle = (i / 500) * Math.PI * 0.9999;
    const [y, x] = [Math.sin(angle) * 3, Math.cos(angle) * 3];
    expect(arctangent2(y, x)).toBeCloseTo(Math.atan2(y, x), 14);
  }
  expect([arctangent2(0, 0), arctangent2(1, 0), arctangent2(-1, 0), arctangent2(0, -1)]).toEqual([
    0,
    Math.PI / 2,
    -Math.PI / 2,
    Math.PI,
  ]);
});
