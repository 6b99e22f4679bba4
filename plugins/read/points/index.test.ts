import type { Image } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/files.js";
import plugin from "./index.js";

const files = temporaryFolder();
const image = { grid: { width: 9, height: 9, worldFromPixel: [2, 0, 10, 0, 2, 20], crs: "um" } } as unknown as Image;

const read = (text: string, like?: Image, units: "pixel" | "world" = "pixel") =>
  plugin.run({ file: files.put("p.csv", text), sameGridAs: like }, { units }, files.context());

test("pixel coordinates become world coordinates of the image", async () => {
  expect(await read('name,area,X,Y,confidence\nleft,3,1,2,0.5\n"a, b",4,,,\n', image)).toEqual({
    ok: true,
    value: {
      points: {
        points: Float64Array.of(12, 24, Number.NaN, Number.NaN),
        names: ["left", "a, b"],
        confidence: Float64Array.of(0.5, 1),
      },
    },
  });
});

test("world coordinates are taken as they are", async () => {
  expect(await read("x;y\n1;2\n", image, "world")).toEqual({
    ok: true,
    value: { points: { points: Float64Array.of(1, 2) } },
  });
});

test.each([
  ["a,b\n1,2\n", "no-such-column"],
  ["x\n1\n", "no-such-column"],
  ["x,y\n1,two\n", "not-a-number"],
  ["x,y,likelihood\n1,2,1.5\n", "confidence-out-of-range"],
  ["x,y\n1\n", "ragged-table"],
  ["", "empty-table"],
])("%j is refused with %s", async (text, code) => {
  expect(await read(text)).toMatchObject({ ok: false, diagnostics: [{ code }] });
});
