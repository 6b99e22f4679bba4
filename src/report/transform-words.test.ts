import { expect, test } from "vitest";
import { type Grid, pixelGrid } from "../core/grid.js";
import { worldPoints } from "../core/points.js";
import type { Transform } from "../core/transform.js";
import { methodsOf, paramText, referenceOf } from "./methods.js";
import { shellWord } from "./run-sections.js";
import { deformation, kindOf, matrices, transformPart } from "./transform-words.js";

const grid = pixelGrid(401, 301);
const words = (t: Transform, fixed: Grid = grid, moving: Grid = grid) =>
  transformPart(t, fixed, moving)
    .text.replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ");

test("a shift is told with opposite signs in its two directions", () => {
  const text = words({ type: "affine", matrix: [1, 0, 12.5, 0, 1, -3] });
  expect(text).toContain("−12.50, 3.00 px 12.50, −3.00 px");
  expect(text).toContain("Pixel (200, 150), the middle of the fixed image, lies on pixel (212.50, 147.00)");
});

test("in a world of micrometres a shift is told in micrometres and pixels", () => {
  const um: Grid = { ...grid, worldFromPixel: [0.5, 0, 0, 0, 0.5, 0], crs: "um" };
  expect(words({ type: "affine", matrix: [1, 0, 5, 0, 1, 0] }, um, um)).toContain("−5.00, 0.00 µm (−10.00, 0.00 px)");
});

test("a perspective tells how areas change; a fold is called wrong", () => {
  const tilted: Transform = { type: "projective", matrix: [1, 0, 0, 0, 1, 0, 5e-4, 0, 1] };
  expect(words(tilted)).toContain("It folds over itself nowhere");
  const [low, high] = deformation(tilted, grid).area;
  expect(high / low).toBeGreaterThan(1.2);
  expect(deformation({ type: "affine", matrix: [-1, 0, 0, 0, 1, 0] }, grid).folding).toBe(0);
});

test("a map to nowhere is told as such and gives no numbers", () => {
  const text = words({ type: "affine", matrix: [Number.NaN, 0, 0, 0, 1, 0] });
  expect(text).toContain("mapped to nowhere");
  expect(text).not.toContain("as seen on the screen");
  expect(matrices({ type: "affine", matrix: [0, 0, 0, 0, 0, 0] })).toBeUndefined();
});

test("each kind of transform has a name", () => {
  expect(kindOf({ type: "inverse", of: { type: "affine", matrix: [1, 0, 0, 0, 1, 0] } })).toContain(
    "Inverse of: affine",
  );
  expect(
    kindOf({ type: "tps", affine: [1, 0, 0, 0, 1, 0], knots: worldPoints([0, 0, 1, 1]), weights: new Float64Array(4) }),
  ).toContain("between 2 knots");
});

test("sources become links where they name a DOI", () => {
  expect(referenceOf("doi:10.1109/34.601246")).toEqual({
    text: "doi:10.1109/34.601246",
    href: "https://doi.org/10.1109/34.601246",
  });
  expect(referenceOf("A. Author, A book, doi:10.1/x.y.").href).toBe("https://doi.org/10.1/x.y");
  expect(referenceOf("javascript:alert(1)")).toEqual({ text: "javascript:alert(1)" });
});

test("parameters and file names are written so that they can be used again", () => {
  expect([3, true, "3 px", null, ["a", 1]].map(paramText)).toEqual(["3", "true", "3 px", "none", '["a",1]']);
  expect(shellWord("a/b-c_1.yaml")).toBe("a/b-c_1.yaml");
  expect(shellWord("it's here.yaml")).toBe("'it'\\''s here.yaml'");
  expect(shellWord("-rf")).toBe("'-rf'");
});

test("a run of nothing has a text of one sentence", () => {
  const record = { tiepoint: "0.1.0", pipeline: { name: "x" }, tasks: [] } as unknown as Parameters<
    typeof methodsOf
  >[0];
  expect(methodsOf(record, [], []).sentences).toEqual(["Images were registered with Tiepoint 0.1.0 (pipeline “x”)."]);
});
