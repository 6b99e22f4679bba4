import { writeFile } from "node:fs/promises";
import {
  type Annotation,
  definePlugin,
  encodeDeepLabCut,
  encodeDlib,
  encodeTps,
  failed,
  ok,
  problem,
  toPixel,
} from "tiepoint/plugin";

export default definePlugin({
  kind: "write",
  name: "landmarks",
  version: "1",
  summary: "Writes the landmarks of many images into one file: DeepLabCut (.csv), tpsDig (.tps) or dlib (.xml).",
  formats: { extensions: [".csv", ".tps", ".xml"] },
  params: {
    image: {
      type: "string",
      default: "{id}",
      description: 'What the file shall call each image, {id} standing for its item: "labeled-data/wings/{id}.png".',
    },
    scorer: { type: "string", default: "tiepoint", description: "Who set the points, for DeepLabCut." },
    likelihood: {
      type: "boolean",
      default: false,
      description: "Write confidences for DeepLabCut too, as its predictions have; its labels have none.",
    },
  },
  inputs: { points: "points[]", images: "image[]" },
  outputs: {},
  async run({ points, images }, { image, scorer, likelihood }, { target }) {
    const annotations: Annotation[] = [];
    for (const [id, set] of points) {
      const own = images.get(id);
      if (!own) {
        return failed(
          problem(
            "image-unknown",
            `There are points of "${id}", but images: has no image of that name`,
            "Name the collection that the points were made from.",
          ),
        );
      }
      const xy = toPixel(own.grid, set.points);
      const names = set.names ?? Array.from({ length: xy.length / 2 }, (_, i) => String(i + 1));
      const { confidence } = set;
      const { width, height } = own.grid;
      const name = image.replaceAll("{id}", id);
      annotations.push({ image: name, width, height, xy, names, ...(confidence ? { confidence } : {}) });
    }
    const lower = target!.toLowerCase();
    const encoded = lower.endsWith(".tps")
      ? encodeTps(annotations)
      : ok(lower.endsWith(".xml") ? encodeDlib(annotations) : encodeDeepLabCut(annotations, scorer, likelihood));
    if (!encoded.ok) return encoded;
    await writeFile(target!, encoded.value.text);
    return { ok: true, value: {}, notes: encoded.value.notes };
  },
});
