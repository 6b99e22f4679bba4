import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseModelFile } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/files.js";
import plugin from "./index.js";

const files = temporaryFolder();

test("the file holds format, provenance, payload and the digest of all of it", async () => {
  const provenance = { tiepoint: "1.0.0", pipeline: "wings", inputs: [], steps: [] };
  const model = { format: "made-up/3", data: Uint8Array.of(1, 2, 3) };
  await plugin.run({ model }, {}, files.context("m.tpmodel", { provenance }));
  const bytes = Uint8Array.from(readFileSync(files.path("m.tpmodel")));
  const sha256 = (part: Uint8Array) => createHash("sha256").update(part).digest();
  expect(bytes.slice(-32)).toEqual(Uint8Array.from(sha256(bytes.slice(0, -32))));
  const length = new DataView(bytes.buffer).getUint32(12, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.slice(16, 16 + length)));
  expect(header).toEqual({ format: "made-up/3", bytes: 3, provenance });
  expect(parseModelFile(bytes, sha256)).toEqual({ ok: true, value: model });
});
