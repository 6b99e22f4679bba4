import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/files.js";
import plugin from "./index.js";

const files = temporaryFolder();
const read = (text: string) => plugin.run({ file: files.put("t.csv", text) }, {}, files.context());

test("columns of numbers become numbers, others texts", async () => {
  expect(await read('id,area,note\n007,1.5,\n8,,"a, b"\n')).toEqual({
    ok: true,
    value: { table: { columns: { id: [7, 8], area: [1.5, Number.NaN], note: ["", "a, b"] } } },
  });
});

test("two columns of one name are refused", async () => {
  expect(await read("a,a\n1,2\n")).toMatchObject({ ok: false, diagnostics: [{ code: "double-column" }] });
});
