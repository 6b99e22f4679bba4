import { describe, expect, test } from "vitest";
import { blocks, workshop } from "./tiepoint.js";

const shop = workshop();
const { tiepoint } = shop;

describe("align", () => {
  test("leaves what was found, what was run and a report, and says so in plain words", () => {
    shop.write("data/first.pgm", blocks(320, 240, 1));
    shop.write("data/second.pgm", blocks(320, 240, 1, 12, -7));
    shop.write("data/cells.pgm", blocks(320, 240, 3, 12, -7));
    const { status, stdout } = tiepoint(
      ...["align", "data/first.pgm", "data/second.pgm", "-o", "out", "--model", "translation"],
      ...["--also", "data/second.pgm", "--labels", "data/cells.pgm", "--seed", "5"],
    );
    expect(
      stdout
        .replace(/\(-?\d+(\.\d+)?, -?\d+(\.\d+)?\)/, "(X, Y)")
        .replace(/\d+ of \d+/, "N of M")
        .replace(/error [\d.]+/, "error E"),
    ).toBe(`ACCEPTED  second.pgm onto first.pgm
  The moving image is shifted by (X, Y) px at its middle.
  N of M tie points agree, expected error E px.

  out/registered.tif    the moving image on the fixed image's pixels
  out/transform.json    what was found, and the verdict
  out/matches.csv       the tie points
  out/also/second.tif   second.pgm brought along
  out/labels/cells.tif  cells.pgm brought along
  out/report.html       pictures and figures to judge the result by
  out/pipeline.yaml     what was run

next: look at out/report.html
      tiepoint apply out/transform.json FILE -o FILE2   for further images, labels and points
`);
    expect(status).toBe(0);
    const { transform, verdict } = shop.json("out/transform.json");
    expect(verdict.status).toBe("accepted");
    const [a, b, x, c, d, y] = transform.matrix;
    expect([a, b, c, d]).toEqual([1, 0, 0, 1]);
    expect(Math.hypot(x - 12, y + 7)).toBeLessThan(0.1);
    for (const file of ["registered.tif", "matches.csv", "report.html", "run.json"])
      expect(shop.has(`out/${file}`)).toBe(true);
    expect(
      shop.read("out/pipeline.yaml").replace(/^# yaml-language-server.*\n/, ""),
    ).toBe(`# Written by tiepoint align. Change what you like, and run it again:  tiepoint run pipeline.yaml
tiepoint: 1
name: align-second-to-first
about: Brings second.pgm onto first.pgm.
seed: 5

inputs:
  fixed: ../data/first.pgm    # stays
  moving: ../data/second.pgm  # is brought onto the fixed image
  also-second: { file: ../data/second.pgm, same-grid-as: moving }
  labels-cells: { file: ../data/cells.pgm, kind: labels, same-grid-as: moving }

steps:
  transform:  # how the images lie on each other, and whether to believe it
    use: match/auto
    fixed: fixed
    moving: moving
    model: translation

  registered: { use: warp, in: moving, transform: transform, like: fixed, interpolation: cubic }
  also-second-registered: { use: warp, in: also-second, transform: transform, like: fixed }
  labels-cells-registered: { use: warp, in: labels-cells, transform: transform, like: fixed }

outputs:
  registered.tif: registered
  transform.json: transform
  matches.csv: transform.matches
  also/second.tif: also-second-registered
  labels/cells.tif: labels-cells-registered
  report.html: report
`);
    // What was written is what was run: nothing is left to do, and the same command does nothing either.
    expect(tiepoint("plan", "out/pipeline.yaml").stdout).toMatch(/ cached, 0 to run\n/);
    const transformText = shop.read("out/transform.json");
    expect(tiepoint("run", "out/pipeline.yaml").status).toBe(0);
    expect(shop.read("out/transform.json")).toBe(transformText);
  });

  test("of images that have nothing in common is refused, with figures, and ends with 3", () => {
    shop.write("a.pgm", blocks(200, 150, 1));
    shop.write("b.pgm", blocks(200, 150, 2));
    const { status, stdout } = tiepoint("align", "a.pgm", "b.pgm", "-o", "out", "--json");
    const result = JSON.parse(stdout);
    expect({ status, exit: result.exit, ok: result.ok, verdict: result.verdict.status }).toEqual({
      status: 3,
      exit: 3,
      ok: false,
      verdict: "rejected",
    });
    expect(result.files).toEqual(["matches.csv", "pipeline.yaml", "report.html", "run.json", "transform.json"]);
    for (const file of result.files) expect(shop.has(`out/${file}`)).toBe(true);
    expect(shop.json("out/transform.json").verdict.status).toBe("rejected");
  });

  test("takes files of any name", () => {
    const [a, b] = ['a {x} $\u007by} "q" #é.pgm', "-b: true.pgm"];
    shop.write(a, blocks(200, 150, 1));
    shop.write(b, blocks(200, 150, 1, 5, 6));
    const { status, stderr } = tiepoint(
      "align",
      a,
      `./${b}`,
      "-o",
      "o u t",
      "--also",
      a,
      "--labels",
      b,
      "--model",
      "rigid",
    );
    expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
    expect(shop.json("o u t/transform.json")).toMatchObject({ fixed: { file: a }, moving: { file: b } });
    expect(tiepoint("apply", "o u t/transform.json", a, "-o", 'w "$\u007bz}".png').status).toBe(0);
  });

  test("never loses a pipeline that was changed by hand", () => {
    shop.write("a.pgm", blocks(200, 150, 1));
    const align = (...more: string[]) =>
      tiepoint("align", "a.pgm", "a.pgm", "-o", "out", "--progress", "none", ...more);
    expect(align().status).toBe(0);
    expect(align("--model", "rigid").status).toBe(0);
    shop.write("out/pipeline.yaml", `${shop.read("out/pipeline.yaml")}# mine\n`);
    expect(align()).toEqual({
      status: 2,
      stdout: "",
      stderr: `error pipeline-changed
  out/pipeline.yaml was not written by tiepoint align, or was changed since
  help: Run it with tiepoint run out/pipeline.yaml, name another folder with -o, or replace it with --overwrite.
`,
    });
    expect(align("--overwrite").status).toBe(0);
  });

  test("of files that are not there ends with 4 before anything is written", () => {
    shop.write("a.pgm", blocks(20, 15, 1));
    const { status, stderr } = tiepoint("align", "a.pgm", "b.pgm", "-o", "out");
    expect({ status, stderr }).toEqual({
      status: 4,
      stderr: `error input-missing\n  There is no file b.pgm\n  help: Paths are relative to ${shop.folder}.\n`,
    });
    expect(shop.has("out")).toBe(false);
  });

  test("of files that are no images ends with 4 and says which", () => {
    shop.write("a.png", "no picture");
    shop.write("b.pgm", blocks(200, 150, 1));
    const { status, stderr } = tiepoint("align", "a.png", "b.pgm", "-o", "out");
    expect(status).toBe(4);
    expect(stderr).toContain("error not-an-image");
  });

  test("by a method that there is not names the others", () => {
    shop.write("a.pgm", blocks(20, 15, 1));
    const { status, stderr } = tiepoint("align", "a.pgm", "a.pgm", "-o", "out", "--method", "sfit");
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /^error unknown-method\n {2}There is no method "sfit"\. Did you mean "sift"\?\n {2}help: There is akaze, auto, .*structure/,
    );
  });
});
