// A cubic warp from file to file, 100 MP of 16 bits, nothing compressed.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { measure, rounds, table } from "./measure.mjs";
import { project, runPipeline, transformFile } from "./ours.mjs";
import { openTiff } from "./tiff.mjs";

export const pipeline = (image, transform) => `tiepoint: 1
name: bench-warp
inputs: { moving: "${image}", known: "${transform}" }
steps:
  warped: { use: warp, in: moving, transform: known, interpolation: cubic }
outputs:
  out.tif: { from: warped, compression: none }
`;

/** Root of the mean squared difference to Keys' cubic (a = -0.5) in double precision, at fixed places well inside. */
function againstKeys(input, output, matrix, places = 500) {
  const [source, result] = [openTiff(input), openTiff(output)];
  const kernel = (t) => {
    const x = Math.abs(t);
    return x < 1 ? (1.5 * x - 2.5) * x * x + 1 : ((-0.5 * x + 2.5) * x - 4) * x + 2;
  };
  let sum = 0;
  let count = 0;
  for (let k = 0; k < places; k++) {
    const x = 400 + ((k * 7919) % (result.width - 800));
    const y = 400 + ((k * 104729) % (result.height - 800));
    const [u, v] = project(matrix, x, y);
    const [i, j] = [Math.floor(u), Math.floor(v)];
    if (i < 3 || j < 3 || i > source.width - 4 || j > source.height - 4) continue;
    let exact = 0;
    for (let b = -1; b <= 2; b++) {
      for (let a = -1; a <= 2; a++) exact += kernel(u - i - a) * kernel(v - j - b) * source.sample(i + a, j + b);
    }
    sum += (result.sample(x, y) - Math.min(65535, Math.max(0, Math.round(exact)))) ** 2;
    count++;
  }
  source.close();
  result.close();
  return Math.sqrt(sum / count);
}

export async function bench({ inputs, peers, python, scratch, runs, log }) {
  const image = join(inputs, "warp", "in.tif");
  const truth = JSON.parse(readFileSync(join(inputs, "warp", "truth.json"), "utf8"));
  for (const [name, methods] of Object.entries({ affine: ["cv2", "gdalwarp", "vips"], projective: ["cv2"] })) {
    const matrix = truth[name].flat();
    const known = join(scratch, `${name}.json`);
    transformFile(known, matrix, { width: 10000, height: 10000 });
    const ours = {
      name: "tiepoint",
      ours: true,
      async run(round) {
        const got = await runPipeline(pipeline(image, known), scratch, "warp");
        if (got.exit !== 0) throw new Error(got.stderr);
        const error = round === 0 ? Number.NaN : againstKeys(image, join(got.folder, "out.tif"), matrix);
        return { ...got, inside: got.record.seconds, error };
      },
    };
    const others = methods.map((method) => ({
      name: method,
      async run(round) {
        const out = join(scratch, "peer.json");
        const work = join(scratch, "peer-work");
        const script = [python, join(peers, "warp.py"), "--inputs", inputs, "--method", method, "--case", name];
        const check = round === 0 ? [] : ["--no-check"];
        rmSync(work, { recursive: true, force: true });
        mkdirSync(work, { recursive: true });
        const got = await measure([...script, "--threads", "2", "--out", out, "--work", work, ...check], { scratch });
        if (got.exit !== 0) throw new Error(got.stderr);
        const said = JSON.parse(readFileSync(out, "utf8"));
        if (round === 0) errors[method] = said.rms_vs_exact_keys;
        return {
          ...got,
          inside: said.seconds_in_process,
          peakMb: Math.max(got.peakMb, said.peak_rss_mb),
          error: errors[method] ?? Number.NaN,
          note: said.version,
        };
      },
    }));
    const errors = {};
    console.log(table(`warp, 100 MP uint16, ${name}`, await rounds([ours, ...others], runs, log), "rms vs Keys"));
  }
}
