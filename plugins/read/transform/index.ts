import { readFile } from "node:fs/promises";
import { definePlugin, failed, parseTransformFile, problem } from "tiepoint/plugin";

/** A dense displacement field of 4000 x 4000 px takes 171 MB; a text of more than 512 MB cannot be held at all. */
const MAX_BYTES = 256e6;

export default definePlugin({
  kind: "read",
  name: "transform",
  version: "1",
  summary: "Reads a transform file of Tiepoint, with its verdict and its grids.",
  formats: { extensions: [".json"] },
  params: {},
  inputs: { file: "file" },
  outputs: { transform: "transform" },
  async run({ file }) {
    if (file.bytes > MAX_BYTES) {
      return failed(
        problem("file-too-large", `Expected a transform file of at most 256 MB, but this has ${file.bytes} bytes`),
      );
    }
    const parsed = parseTransformFile(await readFile(file.path, "utf8"));
    if (!parsed.ok) return parsed;
    return { ok: true, value: { transform: parsed.value.registration } };
  },
});
