import { describe, expect, test } from "vitest";
import { seededRandom } from "../math/random.js";
import { matchPattern, naturalOrder, parsePattern } from "./pattern.js";

const at = { file: "p", offset: 0, length: 1 };
function pattern(text: string) {
  const parsed = parsePattern(text, at);
  if (!parsed.ok) throw new Error(parsed.diagnostics[0]!.message);
  return parsed.value;
}
const match = (text: string, name: string): Record<string, string> | undefined => {
  const fields = matchPattern(pattern(text), name);
  return fields && Object.fromEntries(fields);
};

describe("patterns of file names", () => {
  test.each([
    ["raw/tile_{row:02}_{col:02}.tif", "tile_03_11.tif", { row: "03", col: "11" }],
    ["raw/tile_{row:02}_{col:02}.tif", "tile_3_11.tif", undefined],
    ["raw/tile_{row:02}_{col:02}.tif", "tile_003_11.tif", { row: "003", col: "11" }],
    ["raw/tile_{row:02}_{col:02}.tif", "tile_03_11.tiff", undefined],
    ["*.png", "a.png", {}],
    ["*.png", "a/b.png", undefined],
    ["s/**/*.svs", "a/b/c.svs", {}],
    ["s/**/*.svs", "c.svs", {}],
    ["s/**/*.svs", "c.tif", undefined],
    ["s/{case}/{stain}.svs", "c1/he.svs", { case: "c1", stain: "he" }],
    ["s/{case}_{stain}.svs", "a_b_c.svs", { case: "a", stain: "b_c" }],
    ["img?.tif", "img7.tif", {}],
    ["img?.tif", "img.tif", undefined],
    ["a*b*c.tif", "aXbXbYc.tif", {}],
    ["{name}.ome.tif", "x.y.ome.tif", { name: "x.y" }],
  ])("%s on %s", (text, name, fields) => {
    expect(match(text, name)).toEqual(fields);
  });

  test.each([
    ["raw/tile_{row}.tif", "raw", false],
    ["*.tif", ".", false],
    ["./a/*.tif", "a", false],
    ["/data/*.tif", "/data", false],
    ["/*.tif", "/", false],
    ["s/**/*.svs", "s", true],
    ["s/{case}/x.svs", "s", true],
    ["../up/*.tif", "../up", false],
    ["a/film.tif", "a", false],
    ["film.tif", ".", false],
  ])("%s looks into the folder %s", (text, folder, deep) => {
    expect([pattern(text).folder, pattern(text).deep]).toEqual([folder, deep]);
  });

  test.each([
    "a/",
    "{a}{b}.tif",
    "{a}*.tif",
    "*{a}.tif",
    "**.tif",
    "{a",
    "{}.tif",
    "{a:x}.tif",
    "{a}_{a}.tif",
    "{__proto__}.tif",
  ])("%s is refused", (text) => {
    const parsed = parsePattern(text, at);
    expect(parsed.ok ? "ok" : parsed.diagnostics[0]!.code).toBe("bad-pattern");
  });

  test("a hostile pattern on a hostile name stays fast: the states that failed are remembered", () => {
    const text = `${"a*".repeat(15)}b`;
    expect(match(text, "a".repeat(4000))).toBeUndefined();
  });
});

describe("natural order", () => {
  test("counts as people do", () => {
    const names = ["t10.tif", "t2.tif", "t1.tif", "a", "t02.tif", "t", "T3.tif", "t2a", "s/1", "s10/1", "s9/1"];
    expect([...names].sort(naturalOrder)).toEqual([
      "T3.tif",
      "a",
      "s/1",
      "s9/1",
      "s10/1",
      "t",
      "t1.tif",
      "t02.tif",
      "t2.tif",
      "t2a",
      "t10.tif",
    ]);
  });

  test("is an order: 300 random triples (seed 4)", () => {
    const random = seededRandom(4);
    const word = () =>
      Array.from({ length: 1 + Math.floor(random() * 5) }, () => "a0129_"[Math.floor(random() * 6)]).join("");
    for (let i = 0; i < 300; i++) {
      const [a, b, c] = [word(), word(), word()].sort(naturalOrder) as [string, string, string];
      expect(naturalOrder(a, c)).toBeLessThanOrEqual(0);
      expect(Math.sign(naturalOrder(a, b))).toBe(-Math.sign(naturalOrder(b, a)) || 0);
      expect(naturalOrder(a, b) === 0).toBe(a === b);
    }
  });
});
