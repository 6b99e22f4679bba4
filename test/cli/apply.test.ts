import { describe, expect, test } from "vitest";
import { pixelGrid } from "../../src/core/grid.js";
import { worldPoints } from "../../src/core/points.js";
import type { Transform } from "../../src/core/transform.js";
import { formatTransformFile } from "../../src/core/transform-json.js";
import type { Verdict } from "../../src/core/verdict.js";
import { blocks, workshop } from "./tiepoint.js";

const shop = workshop();
const { tiepoint } = shop;

/** Moving = fixed + (4, 0). */
function transform(status: Verdict["status"] = "accepted"): string {
  const grid = pixelGrid(60, 40);
  const reasons =
    status === "accepted" ? [] : [{ severity: "warning", code: "thin", message: "Thin evidence" } as const];
  return formatTransformFile({
    registration: {
      transform: { type: "affine", matrix: [1, 0, 4, 0, 1, 0] },
      fixed: grid,
      moving: grid,
      verdict: { status, stopped: "converged", metrics: {}, reasons },
    },
    fixed: {},
    moving: {},
  });
}

/** Samples of a binary PGM. */
const samples = (file: string): Buffer => Buffer.from(shop.read(file), "latin1");

describe("apply", () => {
  test("maps points both ways, and keeps the other columns", () => {
    shop.write("t.json", transform());
    shop.write("cells.csv", "id,x,y,class\n7,4,5,a\n8,,,b\n");
    expect(tiepoint("apply", "t.json", "cells.csv", "-o", "on-fixed.csv")).toEqual({
      status: 0,
      stdout: "cells.csv -> on-fixed.csv  2 points, 1 outside of what the transform reaches\n",
      stderr: "",
    });
    expect(shop.read("on-fixed.csv")).toBe("id,x,y,class\n7,0,5,a\n8,,,b\n");
    expect(tiepoint("apply", "t.json", "on-fixed.csv", "--from", "fixed", "-o", "back.csv").status).toBe(0);
    expect(shop.read("back.csv")).toBe(shop.read("cells.csv"));
  });

  test("goes through a transform that bends, both ways", () => {
    const grid = pixelGrid(60, 40);
    const knots = worldPoints([10, 20, 30, 20, 50, 20]);
    const bend: Transform = {
      ...{ type: "tps", affine: [1, 0, 2, 0, 1, 0], knots },
      weights: Float64Array.of(0, 0.01, 0, -0.02, 0, 0.01),
    };
    const registration = { transform: bend, fixed: grid, moving: grid };
    shop.write("bend.json", formatTransformFile({ registration, fixed: {}, moving: {} }));
    shop.write("cells.csv", "x,y\n31,22\n12,9\n");
    expect(tiepoint("apply", "bend.json", "cells.csv", "-o", "there.csv").status).toBe(0);
    expect(tiepoint("apply", "bend.json", "there.csv", "--from", "fixed", "-o", "back.csv").status).toBe(0);
    const numbers = (file: string) => shop.read(file).split("\n").slice(1, 3).join(",").split(",").map(Number);
    for (const [i, v] of numbers("back.csv").entries()) expect(v).toBeCloseTo([31, 22, 12, 9][i]!, 3);
    expect(Math.abs(numbers("there.csv")[1]! - 22)).toBeGreaterThan(5);
    shop.write("image.pgm", blocks(60, 40, 1));
    expect(tiepoint("apply", "bend.json", "image.pgm", "-o", "bent.png").status).toBe(0);
    expect(tiepoint("apply", "bend.json", "bent.png", "--from", "fixed", "-o", "straight.png").status).toBe(0);
    expect(tiepoint("inspect", "bend.json").stdout).toMatch(
      /transform, tps: the moving image is .*bent by up to .*\n {4}kind {4}Thin-plate spline: bends smoothly between 3 knots/,
    );
  });

  test("maps images, labels and shapes at once into a folder", () => {
    shop.write("t.json", transform());
    shop.write("image.pgm", blocks(60, 40, 1));
    shop.write("shape.geojson", '{"type":"Point","coordinates":[4,5]}');
    const { status, stdout } = tiepoint("apply", "t.json", "image.pgm", "shape.geojson", "-o", "warped/", "--json");
    expect(status).toBe(2); // no writer makes PGM
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, diagnostics: [{ code: "no-writer" }] });
    expect(tiepoint("apply", "t.json", "image.pgm", "--labels", "-o", "warped/image.png")).toEqual({
      status: 0,
      stdout: "image.pgm -> warped/image.png  labels\n",
      stderr: "",
    });
    expect(
      tiepoint("apply", "t.json", "warped/image.png", "shape.geojson", "--from", "fixed", "-o", "again").status,
    ).toBe(0);
    expect(shop.json("again/shape.geojson")).toEqual({ type: "Point", coordinates: [8, 5] });
    const inspected = JSON.parse(tiepoint("inspect", "again/image.png", "--json").stdout);
    expect(inspected).toMatchObject([{ kind: "image", dtype: "uint8", grid: { width: 60, height: 40 } }]);
  });

  test.each(["suspect", "rejected"] as const)("warns of a %s transform and goes on", (status) => {
    shop.write("t.json", transform(status));
    shop.write("p.csv", "x,y\n1,2\n");
    expect(tiepoint("apply", "t.json", "p.csv", "-o", "q.csv")).toEqual({
      status: 0,
      stdout: "p.csv -> q.csv  1 point\n",
      stderr: `warning: the verdict on t.json is ${status}: Thin evidence\n`,
    });
  });

  test.each([
    [["t.json", "nope.csv", "-o", "q.csv"], 4, "error input-missing\n  There is no file nope.csv\n"],
    [["nope.json", "p.csv", "-o", "q.csv"], 4, "error input-missing\n  There is no file nope.json\n"],
    [["p.csv", "p.csv", "-o", "q.csv"], 4, "error not-json\n  p.csv: Expected JSON: "],
    [["t.json", "p.csv", "-o", "p.csv"], 2, "error output-is-input\n  p.csv is one of the files to read\n"],
    [
      ["t.json", "p.csv", "./p.csv", "-o", "q"],
      2,
      "error two-of-one-name\n  Two of the files would be written to q/p.csv\n",
    ],
    [
      ["t.json", "bad.csv", "-o", "q.csv"],
      4,
      'error not-a-number\n  bad.csv: Expected a number in column "y", row 1, but found "two"\n',
    ],
    [["t.json", "p.csv", "-o", "q.csv", "--like", "none.png"], 4, "error input-missing\n  There is no file none.png\n"],
  ])("%j ends with %i", (args, expected, message) => {
    shop.write("t.json", transform());
    shop.write("p.csv", "x,y\n1,2\n");
    shop.write("bad.csv", "x,y\n1,two\n");
    const { status, stderr } = tiepoint("apply", ...args);
    expect({ status, stderr: stderr.startsWith(message) ? message : stderr }).toEqual({
      status: expected,
      stderr: message,
    });
    expect(shop.has("q.csv")).toBe(false);
  });

  test("without the image's size an image needs --like", () => {
    const { fixed: _, ...rest } = JSON.parse(transform());
    const { moving: __, ...bare } = rest;
    shop.write("t.json", JSON.stringify(bare));
    shop.write("image.pgm", blocks(60, 40, 1));
    expect(tiepoint("apply", "t.json", "image.pgm", "-o", "a.png").stderr).toContain(
      "help: Name an image of the right size with --like.",
    );
    expect(tiepoint("apply", "t.json", "image.pgm", "-o", "a.png", "--like", "image.pgm").status).toBe(0);
    expect(samples("a.png").length).toBeGreaterThan(100);
  });
});

describe("inspect", () => {
  test("tells a transform in words", () => {
    shop.write("t.json", transform());
    expect(tiepoint("inspect", "t.json").stdout).toBe(`t.json
  transform, affine: the moving image is shifted by (-4, 0) px at its middle
    fixed   unnamed  60 x 40 px
    moving  unnamed  60 x 40 px
    verdict accepted
`);
  });

  test("tells images and tables, and what cannot be read", () => {
    shop.write("a.pgm", blocks(60, 40, 1));
    shop.write("m.csv", "# made\nfixed_x,fixed_y,moving_x,moving_y,inlier\n1,2,3,4,1\n5,6,7,8,0\n");
    const { status, stdout, stderr } = tiepoint("inspect", "a.pgm", "m.csv", "none.tif");
    expect(status).toBe(4);
    expect(stdout).toBe(`a.pgm
  image  60 x 40 px  uint8  1 band (gray)  2.4 KiB
    tiles   60 x 40

m.csv
  matches: 2 tie points, 1 inliers; columns fixed_x, fixed_y, moving_x, moving_y, inlier
    # made
    fixed_x   1 to 5
    fixed_y   2 to 6
    moving_x  3 to 7
    moving_y  4 to 8
    inlier    0 to 1
`);
    expect(stderr).toBe("error input-missing\n  There is no file none.tif\n");
  });
});
