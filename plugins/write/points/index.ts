import { writeFile } from "node:fs/promises";
import { csvCell, csvNumber, definePlugin, toPixel } from "tiepoint/plugin";

export default definePlugin({
  kind: "write",
  name: "points",
  version: "1",
  summary: "Writes points as CSV with columns x and y, and name and confidence where the points have them.",
  formats: { extensions: [".csv"] },
  params: {},
  inputs: { points: "points", sameGridAs: "image?" },
  outputs: {},
  async run({ points: set, sameGridAs }, _, { target }) {
    const xy = sameGridAs ? toPixel(sameGridAs.grid, set.points) : set.points;
    const { names, confidence } = set;
    const lines = [
      sameGridAs
        ? "# pixel coordinates; (0, 0) is the centre of the first pixel, x to the right, y down"
        : "# world coordinates; of an image without pixel size or place these are its pixel coordinates",
      ["x", "y", ...(names ? ["name"] : []), ...(confidence ? ["confidence"] : [])].join(","),
    ];
    for (let i = 0; i < xy.length / 2; i++) {
      const cells = [csvNumber(xy[2 * i]!), csvNumber(xy[2 * i + 1]!)];
      if (names) cells.push(csvCell(names[i] ?? ""));
      if (confidence) cells.push(csvNumber(confidence[i]!));
      lines.push(cells.join(","));
    }
    await writeFile(target!, `${lines.join("\n")}\n`);
    return { ok: true, value: {} };
  },
});
