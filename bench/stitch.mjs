// A grid of 100 tiles of 1 MP, 16 bits: positions, then one TIFF; whole processes, and the error against truth.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { measure, rounds, table } from "./measure.mjs";
import { parts, runPipeline, stepSeconds } from "./ours.mjs";

const pipeline = (folder, places, fuse) => `tiepoint: 1
name: bench-stitch
inputs:
  tiles: { all: "${folder}/tile_*.tif", id: "{file}" }
  positions: ${places}
steps:
  layout: { use: stitch/layout, tiles: tiles, positions: positions }
  placed: { use: stitch/align, tiles: tiles, layout: layout }
${fuse ? "  mosaic: { use: stitch/fuse, tiles: tiles, positions: placed }\n" : ""}outputs:
  positions.csv: placed
${fuse ? '  mosaic.tif: { from: mosaic, compression: none, overviews: "no" }\n' : ""}`;

/** Root of the mean squared distance from the true places, but for one common shift. */
function errorOf(path, truth) {
  const rows = readFileSync(path, "utf8").trim().split("\n").slice(1);
  const found = new Map(rows.map((row) => [row.split(",")[0], row.split(",").slice(1, 3).map(Number)]));
  const off = truth.map(({ file, x, y }) => [found.get(file)[0] - x, found.get(file)[1] - y]);
  const mean = [0, 1].map((k) => off.reduce((sum, o) => sum + o[k], 0) / off.length);
  return Math.sqrt(off.reduce((sum, [x, y]) => sum + (x - mean[0]) ** 2 + (y - mean[1]) ** 2, 0) / off.length);
}

export async function bench({ inputs, peers, python, scratch, runs, log }) {
  const folder = join(inputs, "stitch");
  const { positions } = JSON.parse(readFileSync(join(folder, "truth.json"), "utf8"));
  const two = (n) => String(n).padStart(2, "0");
  const tiles = positions.map(([row, column, nx, ny, x, y]) => ({
    ...{ file: `tile_${two(row)}_${two(column)}.tif`, nx, ny, x, y },
  }));
  const places = join(scratch, "stitch-stage.csv");
  writeFileSync(places, `file,x,y\n${tiles.map((t) => `${t.file},${t.nx},${t.ny}`).join("\n")}\n`);
  const ours = (name, fuse) => ({
    name,
    ours: true,
    async run() {
      const got = await runPipeline(pipeline(folder, places, fuse), scratch, fuse ? "stitch-fused" : "stitch");
      const error = errorOf(join(got.folder, "positions.csv"), tiles);
      return { ...got, inside: stepSeconds(got.record), error, note: parts(got.record) };
    },
  });
  const peer = (name, method) => ({
    name,
    async run() {
      const script = [join(peers, "stitch.py"), "--inputs", inputs, "--method", method, "--work", scratch];
      const got = await measure([python, ...script], { scratch });
      if (got.exit !== 0) throw new Error(got.stderr.trim().split("\n").at(-1) || `exit ${got.exit}`);
      const said = JSON.parse(got.stdout.trim().split("\n").at(-1));
      return { ...got, inside: said.seconds_in_process, error: said.error_rms_px };
    },
  });
  const at = (title, contenders) => rounds(contenders, runs, log).then((all) => console.log(table(title, all)));
  await at("100 tiles of 1 MP: positions", [ours("tiepoint run", false), peer("ASHLAR", "ashlar-positions")]);
  await at("100 tiles of 1 MP: positions and one uncompressed TIFF", [
    ours("tiepoint run", true),
    peer("OpenCV, phase correlation and least squares", "cv2-grid"),
    peer("scikit-image, the same", "skimage-grid"),
    peer("ASHLAR", "ashlar"),
  ]);
}
