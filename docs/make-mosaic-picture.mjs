// Makes docs/mosaic.png: tiles where the stage says they are, and the mosaic that Tiepoint makes of them. Run it after `npm run build`.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { makeTiles } from "../examples/make-tiles.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "tiepoint-picture-"));
const pipeline = `tiepoint: 1
extends: ${join(root, "pipelines", "stitch-grid.yaml")}
params: { tiles: "tiles/*.png", positions: TileConfiguration.txt }
steps:
  raw: { use: stitch/fuse, tiles: tiles, positions: layout, blend: none }
outputs:
  before.tif: { from: raw, overviews: "no" }
  after.tif: { from: mosaic, overviews: "no" }
`;

try {
  await makeTiles(work, { rows: 3, columns: 3, tile: 200, overlap: 0.14, jitter: 7, seed: 3 });
  writeFileSync(join(work, "p.yaml"), pipeline);
  execFileSync(process.execPath, [join(root, "bin", "tiepoint.js"), "run", "p.yaml"], { cwd: work, stdio: "inherit" });
  const side = 480;
  const panel = (file) =>
    sharp(join(work, file))
      .toColourspace("b-w")
      .linear(1.7, 0)
      .extract({ left: 10, top: 10, width: side, height: side })
      .png()
      .toBuffer();
  const panels = await Promise.all(["before.tif", "after.tif"].map(panel));
  await sharp({ create: { width: 2 * side + 10, height: side, channels: 3, background: "#fff" } })
    .composite(panels.map((input, i) => ({ input, left: i * (side + 10), top: 0 })))
    .png({ palette: true, colours: 64, compressionLevel: 9 })
    .toFile(join(root, "docs", "mosaic.png"));
} finally {
  rmSync(work, { recursive: true, force: true });
}
