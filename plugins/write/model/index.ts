import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { definePlugin, failed, formatModelFile, MAX_MODEL_BYTES, problem } from "tiepoint/plugin";

export default definePlugin({
  kind: "write",
  name: "model",
  version: "1",
  summary: "Writes a trained model, with its digest and where it comes from.",
  formats: { extensions: [".tpmodel", ".onnx"] },
  params: {},
  inputs: { model: "model" },
  outputs: {},
  async run({ model }, _, { target, provenance }) {
    if (model.data.length > MAX_MODEL_BYTES) {
      return failed(problem("file-too-large", `Expected a model of at most 256 MB, but it has ${model.data.length}`));
    }
    if (!target!.toLowerCase().endsWith(".onnx")) {
      const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
      await writeFile(target!, formatModelFile(model, sha256, provenance));
      return { ok: true, value: {} };
    }
    if (model.format !== "onnx") {
      return failed(
        problem(
          "model-format",
          `Expected a model of format onnx for an .onnx file, but this one is of format ${model.format}`,
          "Give the output a name that ends in .tpmodel.",
        ),
      );
    }
    await writeFile(target!, model.data);
    return { ok: true, value: {} };
  },
});
