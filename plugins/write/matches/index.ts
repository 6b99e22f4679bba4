import { writeFile } from "node:fs/promises";
import {
  csvCell,
  csvNumber,
  definePlugin,
  type Grid,
  type Matches,
  matchCount,
  type Points,
  spacing,
  toPixel,
} from "tiepoint/plugin";

export default definePlugin({
  kind: "write",
  name: "matches",
  version: "2",
  summary: "Writes tie points as CSV, one per line, in pixel coordinates of the two images.",
  formats: { extensions: [".csv"] },
  params: {
    format: {
      type: "string",
      enum: ["csv", "bigwarp"],
      default: "csv",
      description:
        "Tiepoint's own table, or landmarks of BigWarp: no header, moving point first, in lengths of the calibration.",
    },
  },
  inputs: { matches: "matches" },
  outputs: {},
  async run({ matches }, { format }, { target }) {
    if (format === "bigwarp") {
      await writeFile(target!, bigWarp(matches));
      return { ok: true, value: {} };
    }
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

/** Landmarks as BigWarp keeps them: all cells in quotes; lengths from the centre of each image's first pixel. */
function bigWarp({ images, names, fixed, moving }: Matches): string {
  const lengths = (points: Points<"world">, grid: Grid | undefined) =>
    grid ? toPixel(grid, points).map((v) => v * spacing(grid)) : points;
  const [from, to] = [lengths(moving, images?.moving.grid), lengths(fixed, images?.fixed.grid)];
  const lines = Array.from({ length: fixed.length / 2 }, (_, i) =>
    [names?.[i] ?? `Pt-${i}`, "true", from[2 * i], from[2 * i + 1], to[2 * i], to[2 * i + 1]]
      .map((cell) => `"${String(cell).replaceAll('"', '""')}"`)
      .join(","),
  );
  return `${lines.join("\n")}\n`;
}
