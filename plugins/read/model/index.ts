import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { definePlugin, failed, isOnnx, MAX_MODEL_BYTES, modelMagic, parseModelFile, problem } from "tiepoint/plugin";

export default definePlugin({
  kind: "read",
  name: "model",
  version: "1",
  summary: "Reads a trained model: one of Tiepoint's own, or an ONNX file.",
  formats: { extensions: [".tpmodel", ".onnx"], magic: [modelMagic] },
  params: {},
  inputs: { file: "file" },
  outputs: { model: "model" },
  async run({ file }) {
    if (file.bytes > MAX_MODEL_BYTES) {
      return failed(
        problem("file-too-large", `Expected a model of at most 256 MB, but this file has ${file.bytes} bytes`),
      );
    }
    const bytes = new Uint8Array(await readFile(file.path));
    if (isOnnx(bytes)) return { ok: true, value: { model: { format: "onnx", data: bytes } } };
    const parsed = parseModelFile(bytes, (part) => createHash("sha256").update(part).digest());
    return parsed.ok ? { ok: true, value: { model: parsed.value } } : parsed;
  },
});
