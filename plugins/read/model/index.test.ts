import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { formatModelFile, isOnnx, type Model, seededRandom } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/files.js";
import writer from "../../write/model/index.js";
import plugin from "./index.js";

const files = temporaryFolder();
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
const model: Model = { format: "made-up/1", data: Uint8Array.from({ length: 300 }, (_, i) => (i * 7) & 255) };
const read = (bytes: Uint8Array, name = "m.tpmodel") =>
  plugin.run({ file: files.put(name, bytes) }, {}, files.context());

/** ModelProto: ir_version 8, producer "t", an empty graph, and an opset. */
const onnx = Uint8Array.of(8, 8, 18, 1, 116, 58, 0, 66, 2, 16, 13);

test("a model comes back as it was written, with the same bytes each time", async () => {
  const provenance = { tiepoint: "1.0.0", pipeline: "p", inputs: [], steps: [] };
  for (const name of ["a.tpmodel", "b.tpmodel"]) {
    expect(await writer.run({ model }, {}, files.context(name, { provenance }))).toEqual({ ok: true, value: {} });
  }
  const bytes = readFileSync(files.path("a.tpmodel"));
  expect(readFileSync(files.path("b.tpmodel"))).toEqual(bytes);
  expect(await read(bytes)).toEqual({ ok: true, value: { model } });
});

test("an ONNX file is a model of format onnx, and is written as it was", async () => {
  const outcome = await read(onnx, "net.onnx");
  expect(outcome).toEqual({ ok: true, value: { model: { format: "onnx", data: onnx } } });
  await writer.run({ model: { format: "onnx", data: onnx } }, {}, files.context("copy.onnx"));
  expect(Uint8Array.from(readFileSync(files.path("copy.onnx")))).toEqual(onnx);
  const refused = await writer.run({ model }, {}, files.context("wrong.onnx"));
  expect(refused).toMatchObject({ ok: false, diagnostics: [{ code: "model-format" }] });
});

test.each([
  ["nothing", Uint8Array.of(), "not-a-model-file"],
  ["a text", new TextEncoder().encode("points,x,y\n"), "not-a-model-file"],
  ["an ONNX file that was cut short", onnx.slice(0, -1), "not-a-model-file"],
  ["a protocol buffer without graph", onnx.slice(0, 5), "not-a-model-file"],
  ["the first bytes alone", formatModelFile(model, sha256).slice(0, 12), "model-damaged"],
  ["a model that was cut short", formatModelFile(model, sha256).slice(0, -40), "model-damaged"],
  ["a model of a later version", formatModelFile(model, sha256).with(8, 2), "model-version-unknown"],
  ["a header that is longer than the file", formatModelFile(model, sha256).with(15, 255), "model-damaged"],
  ["a changed byte", formatModelFile(model, sha256).with(200, 1), "model-damaged"],
])("%s is refused", async (_, bytes, code) => {
  expect(await read(bytes)).toMatchObject({ ok: false, diagnostics: [{ code }] });
});

test("a header that lies is refused though the digest fits", async () => {
  const bytes = formatModelFile(model, () => new Uint8Array(32)).slice(0, -33);
  const sealed = new Uint8Array([...bytes, ...sha256(bytes)]);
  expect(await read(sealed)).toMatchObject({ ok: false, diagnostics: [{ code: "model-damaged" }] });
});

test.each([1, 2, 3])("bytes spoiled at random are refused and never thrown at (seed %i)", async (seed) => {
  const random = seededRandom(seed);
  for (const whole of [formatModelFile(model, sha256), onnx]) {
    for (let n = 0; n < 40; n++) {
      const bytes = whole.slice(0, 1 + Math.floor(random() * whole.length));
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      const outcome = await read(bytes);
      if (outcome.ok) expect(isOnnx(bytes)).toBe(true);
    }
  }
});
