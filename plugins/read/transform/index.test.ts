import { formatTransformFile, identity, pixelGrid } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/files.js";
import plugin from "./index.js";

const files = temporaryFolder();

test("a transform file gives its transform and its grids", async () => {
  const registration = { transform: identity, fixed: pixelGrid(4, 3) };
  const file = files.put("t.json", formatTransformFile({ registration, fixed: {}, moving: {} }));
  expect(await plugin.run({ file }, {}, files.context())).toEqual({ ok: true, value: { transform: registration } });
});

test.each([
  ["{", "not-json"],
  ["{}", "not-a-transform-file"],
])("%j is refused with %s", async (text, code) => {
  const file = files.put("bad.json", text);
  expect(await plugin.run({ file }, {}, files.context())).toMatchObject({ ok: false, diagnostics: [{ code }] });
});

test("a file that is too large is refused before it is read", async () => {
  const file = { path: files.path("absent.json"), sha256: "", bytes: 1e12 };
  expect(await plugin.run({ file }, {}, files.context())).toMatchObject({ diagnostics: [{ code: "file-too-large" }] });
});
