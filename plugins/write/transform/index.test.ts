import { identity, parseTransformFile, pixelGrid } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/files.js";
import plugin from "./index.js";

const files = temporaryFolder();

test("the file says which images it is for, without their folders", async () => {
  const registration = { transform: identity, fixed: pixelGrid(4, 3), moving: pixelGrid(5, 6) };
  const provenance = {
    tiepoint: "0.1.0",
    pipeline: "pair",
    inputs: [
      { name: "moving", file: "../data/b.png", sha256: "bb" },
      { name: "fixed", file: "data/a.png", sha256: "aa" },
    ],
    steps: [{ step: "affine", plugin: "estimate/affine", params: { seed: 1 } }],
  };
  const context = files.context("t.json", { provenance });
  expect(await plugin.run({ transform: registration }, {}, context)).toEqual({ ok: true, value: {} });
  expect(parseTransformFile(files.text("t.json"))).toEqual({
    ok: true,
    value: {
      registration,
      fixed: { file: "a.png", sha256: "aa", grid: registration.fixed },
      moving: { file: "b.png", sha256: "bb", grid: registration.moving },
      provenance,
    },
  });
});

test("without grids and provenance there is still a file", async () => {
  await plugin.run({ transform: { transform: identity } }, {}, files.context("bare.json"));
  expect(parseTransformFile(files.text("bare.json"))).toMatchObject({ ok: true, value: { fixed: {}, moving: {} } });
});
