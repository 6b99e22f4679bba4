// An image of 100 MP of 16 bits, read and written again as each kind of file, beside vips and GDAL on the same.
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { measure, rounds, table } from "./measure.mjs";
import { runPipeline } from "./ours.mjs";

const pipeline = (image, out, more) => `tiepoint: 1
name: bench-write
inputs: { image: { file: "${image}", pixel-size: 0.5 um } }
outputs:
  ${out}: { from: image${more} }
`;

/** Bytes of a file, or of all files in a folder. */
function bytesOf(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
}

const kinds = [
  ["plain TIFF", "out.tif", ", compression: none, layout: plain"],
  ["OME-TIFF, deflate, pyramid", "out.ome.tif", ""],
  ["OME-Zarr 0.4, zstd, pyramid", "out.zarr", ""],
  ["OME-Zarr 0.5, zstd, pyramid", "out5.zarr", ', version: "0.5"'],
];

const peers = [
  ["vips, plain TIFF", "vips", (image, out) => ["vips", "copy", image, out]],
  [
    "vips, deflate, pyramid",
    "vips",
    (image, out) => [
      "vips",
      "copy",
      image,
      `${out}[compression=deflate,predictor=horizontal,tile,pyramid,tile-width=512,tile-height=512]`,
    ],
  ],
  [
    "gdal, COG, deflate",
    "gdal_translate",
    (image, out) => [
      "gdal_translate",
      "-q",
      "-of",
      "COG",
      "-co",
      "COMPRESS=DEFLATE",
      "-co",
      "PREDICTOR=YES",
      "-co",
      "NUM_THREADS=2",
      image,
      out,
    ],
  ],
];

export async function bench({ inputs, scratch, runs, log }) {
  const image = join(inputs, "warp", "in.tif");
  const ours = kinds.map(([name, out, more]) => ({
    name: `tiepoint, ${name}`,
    ours: true,
    async run() {
      const got = await runPipeline(pipeline(image, out, more), scratch, "write");
      if (got.exit !== 0) throw new Error(got.stderr);
      const size = bytesOf(join(got.folder, out)) / 1e6;
      rmSync(join(got.folder, out), { recursive: true });
      return { ...got, inside: got.record.seconds, error: size };
    },
  }));
  const others = peers.map(([name, program, command]) => ({
    name,
    async run() {
      if (spawnSync(program, ["--version"], { stdio: "ignore" }).error) return { skipped: `no ${program} here` };
      const out = join(scratch, "peer.tif");
      const got = await measure(command(image, out), { scratch });
      if (got.exit !== 0) throw new Error(got.stderr);
      const size = bytesOf(out) / 1e6;
      rmSync(out);
      return { ...got, inside: got.seconds, error: size };
    },
  }));
  console.log(table("write, 100 MP uint16", await rounds([...ours, ...others], runs, log), "MB"));
}
