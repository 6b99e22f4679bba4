import { writeFile } from "node:fs/promises";
import { definePlugin, formatTransformFile, type Grid, type ImageIdentity, type Provenance } from "tiepoint/plugin";

export default definePlugin({
  kind: "write",
  name: "transform",
  version: "1",
  summary: "Writes a transform with its verdict, its grids and where it comes from, as JSON.",
  formats: { extensions: [".json"] },
  params: {},
  inputs: { transform: "transform" },
  outputs: {},
  async run({ transform: registration }, _, { target, provenance }) {
    const text = formatTransformFile({
      registration,
      fixed: identity("fixed", registration.fixed, provenance),
      moving: identity("moving", registration.moving, provenance),
      ...(provenance ? { provenance } : {}),
    });
    await writeFile(target!, text);
    return { ok: true, value: {} };
  },
});

/** The input of that name is the image, where the pipeline has one; all inputs stand in the provenance anyway. */
function identity(name: string, grid: Grid | undefined, provenance: Provenance | undefined): ImageIdentity {
  const input = provenance?.inputs.find((i) => i.name === name);
  return {
    ...(input ? { file: input.file.split(/[/\\]/).at(-1)!, sha256: input.sha256 } : {}),
    ...(grid ? { grid } : {}),
  };
}
