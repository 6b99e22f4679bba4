// Plugins of the mosaic bench: tiles that are made up when they are read, and where they lie. Nothing of them is on disk.
import { definePlugin } from "tiepoint/plugin";

const params = {
  rows: { type: "integer", description: "Rows of tiles, and tiles in each." },
  size: { type: "integer", description: "Side of a tile." },
  overlap: { type: "integer", description: "Pixels that neighbours share." },
};

const image = (n, size) => ({
  grid: { width: size, height: size, worldFromPixel: [1, 0, 0, 0, 1, 0], crs: "px" },
  ...{ dtype: "uint16", bands: ["gray"], meaning: "intensity", tile: { width: size, height: 256 } },
  async read({ x, y, width, height }, { into } = {}) {
    const data = into ?? new Uint16Array(width * height);
    for (let row = 0, k = 0; row < height; row++) {
      let v = (y + row) * 7919 + x * 31 + n * 104729;
      for (let column = 0; column < width; column++) data[k++] = 500 + ((v += 31) & 1023);
    }
    return { data, width, height, bands: 1 };
  },
});

export default [
  definePlugin({
    ...{ kind: "stitch", name: "simulated-tiles", version: "1", summary: "Tiles made up on demand." },
    ...{ params, inputs: {}, outputs: { tiles: "image[]" } },
    async run(_, { rows, size }) {
      const tiles = Array.from({ length: rows * rows }, (_, i) => [`t${i}`, image(i, size)]);
      return { ok: true, value: { tiles: new Map(tiles) } };
    },
  }),
  definePlugin({
    ...{ kind: "stitch", name: "simulated-places", version: "1", summary: "Where simulated tiles lie." },
    ...{ params, inputs: {}, outputs: { positions: "table" } },
    async run(_, { rows, size, overlap }) {
      const numbers = Array.from({ length: rows * rows }, (_, i) => i);
      const along = (k, i, by) => (k === 0 ? 0 : k * (size - overlap) + ((i * by) % 21) - 10 + ((i * by) % 97) / 97);
      const columns = {
        file: numbers.map((i) => `t${i}`),
        x: numbers.map((i) => along(i % rows, i, 37)),
        y: numbers.map((i) => along(Math.floor(i / rows), i, 29)),
      };
      return { ok: true, value: { positions: { columns } } };
    },
  }),
];
