import { writeFile } from "node:fs/promises";
import { csvCell, csvNumber, definePlugin, matchCount, spacing, toPixel } from "tiepoint/plugin";

export default definePlugin({
  kind: "write",
  name: "matches",
  version: "1",
  summary: "Writes tie points as CSV, one per line, in pixel coordinates of the two images.",
  formats: { extensions: [".csv"] },
  params: {},
  inputs: { matches: "matches" },
  outputs: {},
  async run({ matches }, _, { target }) {
    const { images, weight, inlier, residual, names } = matches;
    const fixed = images ? toPixel(images.fixed.grid, matches.fixed) : matches.fixed;
    const moving = images ? toPixel(images.moving.grid, matches.moving) : matches.moving;
    const pixel = images ? spacing(images.moving.grid) : 1;
    const lines = [
      images
        ? "# pixel coordinates of each image; (0, 0) is the centre of the first pixel, x to the right, y down; residual in pixels of the moving image"
        : "# world coordinates of each image; of an image without pixel size or place these are its pixel coordinates",
      `${names ? "name," : ""}fixed_x,fixed_y,moving_x,moving_y,weight,inlier,residual`,
    ];
    for (let i = 0; i < matchCount(matches); i++) {
      lines.push(
        [
          ...(names ? [csvCell(names[i]!)] : []),
          csvNumber(fixed[2 * i]!),
          csvNumber(fixed[2 * i + 1]!),
          csvNumber(moving[2 * i]!),
          csvNumber(moving[2 * i + 1]!),
          csvNumber(weight?.[i] ?? 1),
          inlier ? String(inlier[i]) : "",
          residual ? csvNumber(residual[i]! / pixel) : "",
        ].join(","),
      );
    }
    await writeFile(target!, `${lines.join("\n")}\n`);
    return { ok: true, value: {} };
  },
});
