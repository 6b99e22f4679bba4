// Key points, matching and a robust homography, beside OpenCV and others on the same images.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { measure, rounds, table } from "./measure.mjs";
import { gridError, matrixOf, parts, runPipeline, stepSeconds } from "./ours.mjs";

const cases = {
  graf: { ext: "png", size: [800, 640], peers: ["cv2-sift-magsac", "cv2-orb-magsac", "cv2-akaze", "hugin-cpfind"] },
  mp12: { ext: "jpg", size: undefined, peers: ["cv2-sift-8k-magsac", "cv2-orb-8k-magsac", "cv2-orb-magsac"] },
};

const pipeline = (fixed, moving, method, keypoints) => `tiepoint: 1
name: bench-features
inputs: { fixed: "${fixed}", moving: "${moving}" }
steps:
  fixed-gray: { use: preprocess/gray, in: fixed }
  moving-gray: { use: preprocess/gray, in: moving }
  matches: { use: match/${method}, fixed: fixed-gray, moving: moving-gray, max-keypoints: ${keypoints} }
  projective: { use: estimate/projective, matches: matches }
outputs: { transform.json: projective }
`;

export async function bench({ inputs, peers, python, scratch, runs, log }) {
  for (const [name, { ext, peers: methods }] of Object.entries(cases)) {
    const folder = join(inputs, "features", name);
    const [fixed, moving] = ["fixed", "moving"].map((image) => join(folder, `${image}.${ext}`));
    const truth = JSON.parse(readFileSync(join(folder, "truth.json"), "utf8")).movingFromFixed;
    const ours = ["sift", "orb"].map((method) => ({
      name: `tiepoint ${method}`,
      ours: true,
      async run() {
        const got = await runPipeline(
          pipeline(fixed, moving, method, name === "graf" ? 5000 : 8000),
          scratch,
          "features",
        );
        const file = join(got.folder, "transform.json");
        const { width, height } = JSON.parse(readFileSync(file, "utf8")).fixed.grid;
        const estimate = got.record.tasks.find((task) => task.step === "projective");
        return {
          ...got,
          inside: stepSeconds(got.record),
          error: gridError(matrixOf(file), truth, width, height),
          note: `${estimate.metrics.inliers?.value ?? "?"} inliers, ${estimate.verdict?.status}; ${parts(got.record)}`,
        };
      },
    }));
    const others = methods.map((method) => ({
      name: method,
      async run(round) {
        const out = join(scratch, "peer.json");
        const got = await measure(
          [
            ...[python, join(peers, "pair_features.py"), "--inputs", inputs, "--method", method, "--case", name],
            ...["--threads", "2", "--out", out, ...(round ? ["--no-check"] : [])],
          ],
          { scratch },
        );
        if (got.exit !== 0) throw new Error(got.stderr);
        const said = JSON.parse(readFileSync(out, "utf8"));
        return {
          ...got,
          inside: said.seconds_in_process,
          error: said.error_rms_px ?? Number.NaN,
          note: `${said.tool} ${said.version}, ${said.n_inliers} inliers`,
        };
      },
    }));
    console.log(table(`features, ${name}`, await rounds([...ours, ...others], runs, log)));
  }
  console.log(
    "\nIn process: without start-up, imports and writing; ours has the decoding of the images in it, peers have not.",
  );
}
