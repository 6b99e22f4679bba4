// Mosaics of simulated tiles: the peak says whether memory is bounded, whatever the mosaic's size.
import { rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { root, runPipeline } from "./ours.mjs";

const pipeline = (rows, size, overlap, blend) => `tiepoint: 1
name: bench-mosaic
plugins: ["${join(root, "bench", "simulated-tiles.mjs")}"]
steps:
  tiles: { use: stitch/simulated-tiles, rows: ${rows}, size: ${size}, overlap: ${overlap} }
  places: { use: stitch/simulated-places, rows: ${rows}, size: ${size}, overlap: ${overlap} }
  mosaic: { use: stitch/fuse, tiles: tiles, positions: places, blend: ${blend} }
outputs:
  out.tif: { from: mosaic, compression: none }
`;

export async function bench({ scratch, side }) {
  console.log(`\n## mosaic, tiles of 16 bits made up on demand, to an uncompressed TIFF, --memory 1GB\n`);
  const large = Math.ceil((side - 205) / (2048 - 205));
  const cases = [
    { rows: 4, size: 1024, overlap: 102, blend: "linear" },
    { rows: 12, size: 1024, overlap: 102, blend: "linear" },
    { rows: 4, size: 1024, overlap: 102, blend: "multiband" },
    { rows: large, size: 2048, overlap: 205, blend: "linear" },
  ];
  for (const { rows, size, overlap, blend } of cases) {
    const n = rows * (size - overlap) + overlap;
    const free = statfsSync(scratch);
    const name = `${rows * rows} tiles of ${size} x ${size}, ${Math.round((n * n) / 1e6)} MP, ${blend}`;
    if (free.bavail * free.bsize < 2.5 * n * n) {
      console.log(`${name}: skipped, needs ${Math.ceil((2.5 * n * n) / 1e9)} GB in ${scratch}`);
      continue;
    }
    const got = await runPipeline(pipeline(rows, size, overlap, blend), scratch, "mosaic", ["--memory", "1GB"]);
    const { seconds } = got.record;
    console.log(
      `${name}: peak ${got.peakMb.toFixed(0)} MB, ${seconds.toFixed(1)} s, CPU ${got.cpu.toFixed(1)} s, ${((n * n) / 1e6 / seconds).toFixed(0)} MP/s`,
    );
    rmSync(join(got.folder, "out.tif"), { force: true });
  }
}
