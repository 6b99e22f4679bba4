import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/files.js";
import plugin from "./index.js";

const files = temporaryFolder();
const metrics = { tre: { value: 0.1, unit: "px" }, dice: { value: Number.NaN } };

test("numbers are written by name as JSON", async () => {
  await plugin.run({ metrics }, {}, files.context("m.json"));
  expect(files.text("m.json")).toBe('{\n  "dice": { "value": null },\n  "tre": { "value": 0.1, "unit": "px" }\n}\n');
});

test("or as CSV, by the extension", async () => {
  await plugin.run({ metrics }, {}, files.context("m.CSV"));
  expect(files.text("m.CSV")).toBe("name,value,unit\ndice,,\ntre,0.1,px\n");
});
