import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/files.js";
import plugin from "./index.js";

test("rows become columns of texts", async () => {
  const given = await plugin.run(
    {},
    { columns: ["id", "row"], rows: [["a", "01"], ["b"]] },
    temporaryFolder().context(),
  );
  expect(given).toEqual({ ok: true, value: { table: { columns: { id: ["a", "b"], row: ["01", ""] } } } });
});
