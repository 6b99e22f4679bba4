// A warp of an image that is larger than the memory it is given: the peak says whether memory is bounded.
import { existsSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { runPipeline, transformFile } from "./ours.mjs";
import { writeTiff } from "./tiff.mjs";
import { pipeline } from "./warp.mjs";

export async function bench({ scratch, side: n }) {
  const free = statfsSync(scratch);
  console.log(`\n## warp, ${Math.round((n * n) / 1e6)} MP uint8, bounded memory\n`);
  if (free.bavail * free.bsize < 3 * n * n) return console.log(`skipped: needs ${3 * n * n} bytes in ${scratch}`);
  const image = join(scratch, "large.tif");
  if (!existsSync(image)) {
    const rows = new Uint8Array(64 * n);
    writeTiff(image, n, n, 8, (y, count) => {
      for (let r = 0; r < count; r++) {
        for (let x = 0; x < n; x++) rows[r * n + x] = ((x >> 3) * 7 + ((y + r) >> 3) * 13 + ((x * (y + r)) >> 9)) & 255;
      }
      return rows.subarray(0, count * n);
    });
  }
  const known = join(scratch, "large.json");
  transformFile(known, [1.01, -0.02, 130.3, 0.021, 0.99, -77.6, 0, 0, 1], { width: n, height: n });
  for (const memory of ["1 GB", "512 MB"]) {
    const got = await runPipeline(pipeline(image, known), scratch, "large", ["--memory", memory]);
    const rate = (n * n) / 1e6 / got.record.seconds;
    console.log(
      `--memory "${memory}": exit ${got.exit}, peak ${got.peakMb.toFixed(0)} MB, ${got.record.seconds.toFixed(1)} s, ${rate.toFixed(0)} MP/s`,
    );
    rmSync(join(got.folder, "out.tif"), { force: true });
  }
  rmSync(image, { force: true });
}
