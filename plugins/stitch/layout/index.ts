import {
  definePlugin,
  failed,
  findLayout,
  kernels,
  layoutOrders,
  layoutOrigins,
  layoutTable,
  parseOverlap,
  problem,
} from "tiepoint/plugin";

export default definePlugin({
  kind: "stitch",
  name: "layout",
  version: "1",
  summary: "Tells where the tiles of a mosaic are, by positions, stage or names, checked against their overlaps.",
  judged: true,
  params: {
    overlap: {
      type: "string",
      default: "auto",
      description: "Overlap of neighbours as a share of the tile: auto, 10 %, or 10 % and 15 % along x and y.",
    },
    order: {
      type: "string",
      enum: layoutOrders,
      default: "auto",
      description: "How tiles that only have a running number follow one another; auto finds it.",
    },
    origin: {
      type: "string",
      enum: layoutOrigins,
      default: "auto",
      description: "Where the first of them lies.",
    },
    columns: { type: "integer", minimum: 1, maximum: 100_000, optional: true, description: "Columns of the grid." },
    rows: { type: "integer", minimum: 1, maximum: 100_000, optional: true, description: "Rows of the grid." },
    unit: {
      type: "string",
      enum: ["auto", "px", "um"],
      default: "auto",
      description: "Unit of the positions where their columns do not say it; auto means pixels.",
    },
    pixelSize: {
      type: "number",
      unit: "length",
      optional: true,
      description: "Side of a pixel, such as 0.5 um, for positions in micrometres, where the files do not say it.",
    },
  },
  inputs: { tiles: "image[]", names: "table?", positions: "table?" },
  outputs: { layout: "table", metrics: "metrics" },
  async run({ tiles, names, positions }, params, { memory, signal }) {
    const overlap = parseOverlap(params.overlap);
    if (!overlap.ok) return overlap;
    const { pixelSize, columns, rows } = params;
    if (pixelSize && (pixelSize.unit !== "um" || !(pixelSize.value > 0))) {
      return failed(
        problem(
          "pixel-size-unit",
          `Expected a positive physical length for pixel-size, but found ${pixelSize.value} ${pixelSize.unit}`,
          "Write it in nm, um or mm: pixel-size: 0.5 um.",
        ),
      );
    }
    using arena = kernels().arena();
    const found = await findLayout(
      arena,
      {
        ids: [...tiles.keys()],
        images: [...tiles.values()],
        ...(names ? { names } : {}),
        ...(positions ? { positions } : {}),
        ...(overlap.value ? { overlap: overlap.value } : {}),
        ...{ order: params.order, origin: params.origin, unit: params.unit },
        ...(columns === undefined ? {} : { columns }),
        ...(rows === undefined ? {} : { rows }),
        ...(pixelSize ? { pixelSize: pixelSize.value } : {}),
      },
      { memory, signal },
    );
    if (!found.ok) return found;
    const { layout, metrics, verdict, notes } = found.value;
    return { ok: true, value: { layout: layoutTable(layout), metrics }, metrics, verdict, notes };
  },
});
