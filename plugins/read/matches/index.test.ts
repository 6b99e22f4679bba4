import type { Image } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/files.js";
import plugin from "./index.js";

const files = temporaryFolder();
const image = (scale: number) =>
  ({ grid: { width: 9, height: 9, worldFromPixel: [scale, 0, 1, 0, scale, 0], crs: "um" } }) as unknown as Image;
const header = "fixed_x,fixed_y,moving_x,moving_y";

const read = (text: string, fixed?: Image, moving?: Image) =>
  plugin.run({ file: files.put("m.csv", text), fixed, moving }, {}, files.context());

test("tie points come in the world of each image", async () => {
  const [fixed, moving] = [image(2), image(3)];
  const outcome = await read(`${header},weight,inlier,residual\n1,2,3,4,0.5,1,9\n5,6,7,8,1,0,\n`, fixed, moving);
  expect(outcome).toEqual({
    ok: true,
    value: {
      matches: {
        fixed: Float64Array.of(3, 4, 11, 12),
        moving: Float64Array.of(10, 12, 22, 24),
        weight: Float64Array.of(0.5, 1),
        inlier: Uint8Array.of(1, 0),
        images: { fixed, moving },
      },
    },
  });
});

test("empty weights and inliers count as not given", async () => {
  expect(await read(`${header},weight,inlier\n1,2,3,4,,\n`)).toEqual({
    ok: true,
    value: { matches: { fixed: Float64Array.of(1, 2), moving: Float64Array.of(3, 4) } },
  });
});

test.each([
  ["x,y\n1,2\n", "no-such-column"],
  [`${header}\n1,2,3,\n`, "not-a-number"],
  [`${header},weight\n1,2,3,4,2\n`, "out-of-range"],
  [`${header},inlier\n1,2,3,4,0.5\n`, "out-of-range"],
])("%j is refused with %s", async (text, code) => {
  expect(await read(text)).toMatchObject({ ok: false, diagnostics: [{ code }] });
});
