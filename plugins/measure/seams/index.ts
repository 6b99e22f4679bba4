import { definePlugin, failed, isCategorical, measureSeams, problem, seamsTable, tilePlaces } from "tiepoint/plugin";

export default definePlugin({
  kind: "measure",
  name: "seams",
  version: "1",
  summary: "Measures what a mosaic's seams look like: steps of brightness and correlation where tiles overlap.",
  params: {
    most: {
      type: "integer",
      minimum: 1,
      maximum: 1_000_000,
      default: 1000,
      description: "How many overlaps are looked at, spread evenly over all.",
    },
  },
  inputs: { tiles: "image[]", positions: "table" },
  outputs: { seams: "table" },
  async run({ tiles, positions }, { most }, context) {
    const places = tilePlaces(positions);
    if (!places.ok) return places;
    const odd = [...tiles].find(([, tile]) => isCategorical(tile));
    if (odd) {
      return failed(problem("labels-have-no-light", `${odd[0]} holds ${odd[1].meaning}, which have no brightness`));
    }
    const found = await measureSeams(tiles, places.value, most, context);
    if (!found.ok) return found;
    const { seams, metrics } = found.value;
    return { ok: true, value: { seams: seamsTable(seams) }, metrics };
  },
});
