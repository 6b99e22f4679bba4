import {
  alignTiles,
  definePlugin,
  edgesTable,
  failed,
  findBand,
  pixelLength,
  positionsTable,
  problem,
  tileLayout,
} from "tiepoint/plugin";

export default definePlugin({
  kind: "stitch",
  name: "align",
  version: "1",
  summary: "Finds where the tiles of a mosaic lie, from their overlaps: one solution over all of them.",
  cite: ["doi:10.1093/bioinformatics/btp184", "doi:10.1093/bioinformatics/btac544"],
  params: {
    maxShift: {
      type: "number",
      unit: "length",
      minimum: 1,
      optional: true,
      description:
        "How far a tile may lie from where the layout puts it, relative to its neighbour. When absent a tenth of a tile's side, at most 64 px, and 2.5 times as far in a second look where many overlaps ask for it.",
    },
    channel: {
      type: "string",
      optional: true,
      description: "Band to look at, by name or number from 0; the luminance or the mean of all bands when absent.",
    },
    damagedTiles: {
      type: "string",
      enum: ["fail", "leave-out"],
      default: "fail",
      description: "What to do when a tile turns out to be unreadable: stop, or go on without it and say so.",
    },
  },
  inputs: { tiles: "image[]", layout: "table" },
  outputs: { positions: "table", edges: "table" },
  judged: true,
  async run({ tiles, layout: table }, { maxShift, channel, damagedTiles }, { signal, random, progress }) {
    const layout = tileLayout(table);
    if (!layout.ok) return layout;
    const unknown = layout.value.tiles.find((name) => !tiles.has(name));
    if (unknown !== undefined)
      return failed(problem("tile-not-given", `The layout names the tile ${unknown}, but it is not among the tiles`));
    const first = tiles.values().next().value;
    if (!first) return failed(problem("no-images", "Expected one tile or more, but found none"));
    const side = Math.max(...layout.value.width, ...layout.value.height);
    const reach =
      maxShift === undefined
        ? { ok: true as const, value: Math.min(64, Math.max(24, 0.1 * side)) }
        : pixelLength(maxShift, first.grid);
    if (!reach.ok) return reach;
    const band = channel === undefined ? undefined : findBand(first.bands, channel);
    if (channel !== undefined && band === undefined) {
      return failed(
        problem(
          "unknown-band",
          `Expected one of the bands ${first.bands.join(", ")} for channel, but found ${channel}`,
        ),
      );
    }
    const found = await alignTiles(tiles, layout.value, {
      reach: reach.value,
      widen: maxShift === undefined,
      damaged: damagedTiles,
      random,
      signal,
      progress,
      ...(band === undefined ? {} : { band }),
    });
    if (!found.ok) return found;
    const { positions, edges, verdict, notes } = found.value;
    return { ok: true, value: { positions: positionsTable(positions), edges: edgesTable(edges) }, verdict, notes };
  },
});
