import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import raster from "../plugins/write/raster/index.js";
import { samplePair } from "../src/samples/pairs.js";
import { workshop } from "./cli/tiepoint.js";
import { testContext } from "./support/read.js";

const shop = workshop();

const pipeline = `tiepoint: 1
name: determinism
inputs: { fixed: fixed.png, moving: moving.png }
steps:
  fixed-gray: { use: preprocess/gray, in: fixed }
  fixed-even: { use: preprocess/normalise, in: fixed-gray, method: clahe }
  moving-gray: { use: preprocess/gray, in: moving }
  moving-soft: { use: preprocess/denoise, in: moving-gray, method: bilateral }
  moving-even: { use: preprocess/normalise, in: moving-soft, method: clahe }
  features: { use: match/sift, fixed: fixed-even, moving: moving-even }
  binary: { use: match/orb, fixed: fixed-gray, moving: moving-gray }
  map: { use: estimate/projective, matches: features }
  map-binary: { use: estimate/affine, matches: binary }
  registered: { use: warp, in: moving, transform: map, like: fixed, interpolation: lanczos3 }
  similar: { use: measure/similarity, fixed: fixed-gray, moving: moving-gray, transform: map }
outputs:
  transform.json: map
  binary.json: map-binary
  matches.csv: map.matches
  binary.csv: map-binary.matches
  registered.tif: registered
  registered.png: registered
  similar.json: similar.metrics
`;
const files = [...pipeline.matchAll(/^ {2}(\S+\.(?:json|csv|tif|png)):/gm)].map((m) => m[1]!);

async function pair(folder: string): Promise<void> {
  const { fixed, moving } = samplePair("terrain", { size: 300, seed: 3 });
  for (const [name, image] of Object.entries({ fixed, moving })) {
    const context = testContext(1e9, { target: shop.path(`${folder}/${name}.png`) });
    shop.write(`${folder}/pipeline.yaml`, pipeline);
    expect((await raster.run({ in: image }, { quality: 90, lossless: false }, context)).ok).toBe(true);
  }
}

/** Runs the pipeline in a folder of its own store; `fail` is a failpoint where the process dies. */
function run(folder: string, jobs: number, fail?: string): number | null {
  if (fail) process.env.TIEPOINT_FAIL = fail;
  try {
    return shop.tiepoint("run", `${folder}/pipeline.yaml`, "--jobs", String(jobs), "--progress", "none").status;
  } finally {
    delete process.env.TIEPOINT_FAIL;
  }
}

/** The outputs of a run, as digests by name. */
const outputs = (folder: string): Record<string, string> =>
  Object.fromEntries(
    files.map((name) => [
      name,
      createHash("sha256")
        .update(readFileSync(shop.path(`${folder}/${name}`)))
        .digest("hex"),
    ]),
  );

describe("the bytes of every output", () => {
  test("do not depend on the number of jobs, nor on a store that is cold, warm or left by a killed run", async () => {
    await pair("one");
    expect(run("one", 1)).toBe(0);
    const golden = outputs("one");
    expect(Object.keys(golden)).toHaveLength(7);

    for (const jobs of [2, 4]) {
      await pair(`jobs-${jobs}`);
      expect(run(`jobs-${jobs}`, jobs)).toBe(0);
      expect(outputs(`jobs-${jobs}`), `${jobs} jobs`).toEqual(golden);
    }

    expect(run("one", 2)).toBe(0);
    expect(outputs("one"), "run again").toEqual(golden);

    for (const fail of ["action.rename:1:kill", "store.write:2:torn", "output.rename:1:kill"]) {
      const folder = fail.replaceAll(/\W/g, "-");
      await pair(folder);
      expect(run(folder, 2, fail), fail).toBe(null);
      expect(run(folder, 2), fail).toBe(0);
      expect(outputs(folder), fail).toEqual(golden);
    }
  });
});
