import { type Image, type Matches, worldPoints } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/files.js";
import read from "../../read/matches/index.js";
import plugin from "./index.js";

const files = temporaryFolder();
const image = (scale: number) =>
  ({ grid: { width: 9, height: 9, worldFromPixel: [scale, 0, 0, 0, scale, 0], crs: "um" } }) as unknown as Image;
const matches: Matches = {
  fixed: worldPoints([2, 4, 0.1, 0]),
  moving: worldPoints([4, 8, 0, -4]),
  weight: Float64Array.of(1, 0.25),
  inlier: Uint8Array.of(1, 0),
  residual: Float64Array.of(2, 12),
  images: { fixed: image(2), moving: image(4) },
};

test("tie points and residuals are written in pixels", async () => {
  await plugin.run({ matches }, { format: "csv" }, files.context("m.csv"));
  expect(files.text("m.csv").split("\n").slice(1)).toEqual([
    "fixed_x,fixed_y,moving_x,moving_y,weight,inlier,residual",
    "1,2,1,2,1,1,0.5",
    "0.05,0,0,-1,0.25,0,3",
    "",
  ]);
});

test("what is written can be read again", async () => {
  await plugin.run({ matches }, { format: "csv" }, files.context("again.csv"));
  const file = files.put("copy.csv", files.text("again.csv"));
  const outcome = await read.run(
    { file, fixed: matches.images!.fixed, moving: matches.images!.moving },
    { format: "auto", byHand: false, units: "pixel" },
    files.context(),
  );
  const { residual: _, ...rest } = matches;
  expect(outcome).toEqual({ ok: true, value: { matches: rest }, notes: [] });
});

test("without images, flags and residuals there are world coordinates and empty cells", async () => {
  await plugin.run(
    { matches: { fixed: matches.fixed, moving: matches.moving } },
    { format: "csv" },
    files.context("w.csv"),
  );
  expect(files.text("w.csv").split("\n")[2]).toBe("2,4,4,8,1,,");
  expect(files.text("w.csv")).toMatch(/^# world coordinates/);
});

test("landmarks of BigWarp are read back as they were", async () => {
  const named = { ...matches, names: ['a "tip"', "b"] };
  await plugin.run({ matches: named }, { format: "bigwarp" }, files.context("bw.csv"));
  expect(files.text("bw.csv").split("\n")[0]).toBe('"a ""tip""","true","4","8","2","4"');
  const outcome = await read.run(
    { file: files.put("bw2.csv", files.text("bw.csv")), ...matches.images! },
    { format: "auto", byHand: false, units: "pixel" },
    files.context(),
  );
  const { fixed, moving, names, images } = named;
  expect(outcome).toEqual({ ok: true, value: { matches: { fixed, moving, names, images } }, notes: [] });
});
