import { describe, expect, test } from "vitest";
import { closest, didYouMean, editDistance } from "./suggest.js";

describe("edit distance", () => {
  test.each([
    ["abc", "abc", 0],
    ["abc", "acb", 1],
    ["abc", "ab", 1],
    ["abc", "abcd", 1],
    ["abc", "axc", 1],
    ["kitten", "sitting", 3],
    ["", "ab", 2],
  ])("of %s and %s is %i", (a, b, d) => {
    expect(editDistance(a, b, 10)).toBe(d);
    expect(editDistance(b, a, 10)).toBe(d);
  });

  test("gives up above the limit", () => {
    expect(editDistance("kitten", "sitting", 2)).toBe(3);
    expect(editDistance("a", "abcdefg", 2)).toBe(3);
  });
});

describe("a suggestion", () => {
  test("is the nearest word, not the first", () => {
    expect(closest("fixd", ["mixed", "fixed"])).toBe("fixed");
    expect(closest("maxKeypoints", ["ratio", "max-keypoints"])).toBe("max-keypoints");
    expect(closest("compress", ["tile", "compression"])).toBe("compression");
  });

  test("is left out when nothing is near", () => {
    expect(didYouMean("clip-limit", ["in", "invert", "weights"])).toBe("");
    expect(didYouMean("ab", ["cd"])).toBe("");
    expect(didYouMean("x".repeat(1000), ["x".repeat(999)])).toBe("");
  });
});
