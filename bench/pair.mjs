// A whole process on a pair of 1 MP: start, read, align, write the transform.
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { measure, rounds, table } from "./measure.mjs";
import { gridError, matrixOf, parts, runPipeline, stepSeconds, tiepoint } from "./ours.mjs";

const pipeline = (fixed, moving) => `tiepoint: 1
name: bench-pair
inputs: { fixed: "${fixed}", moving: "${moving}" }
steps:
  matches: { use: match/sift, fixed: fixed, moving: moving }
  affine: { use: estimate/affine, matches: matches }
outputs: { transform.json: affine }
`;

export async function bench({ inputs, peers, python, scratch, runs, log }) {
  const [fixed, moving] = ["fixed", "moving"].map((image) => join(inputs, "intensity", `${image}.png`));
  const truth = JSON.parse(readFileSync(join(inputs, "intensity", "truth.json"), "utf8")).movingFromFixed;
  const contenders = [
    {
      name: "tiepoint run",
      ours: true,
      async run() {
        const got = await runPipeline(pipeline(fixed, moving), scratch, "pair");
        const error = gridError(matrixOf(join(got.folder, "transform.json")), truth, 1024, 1024);
        return { ...got, inside: stepSeconds(got.record), error, note: parts(got.record) };
      },
    },
    {
      name: "tiepoint align (with warp and report)",
      async run(round) {
        const out = join(scratch, `align-${round}`);
        const got = await measure([...tiepoint, "align", fixed, moving, "-o", out], { scratch });
        if (got.exit !== 0) throw new Error(got.stderr);
        return { ...got, error: gridError(matrixOf(join(out, "transform.json")), truth, 1024, 1024) };
      },
    },
    ...["sift", "orb"].map((detector) => ({
      name: `python, OpenCV ${detector}`,
      async run() {
        const out = join(scratch, "cv2");
        mkdirSync(out, { recursive: true });
        const script = join(peers, "align_opencv.py");
        const got = await measure([python, script, fixed, moving, out, "--detector", detector], { scratch });
        if (got.exit !== 0) throw new Error(got.stderr || `exit ${got.exit}`);
        const matrix = readFileSync(join(out, "matrix.txt"), "utf8").trim().split(/\s+/).map(Number);
        return { ...got, error: gridError(matrix, truth, 1024, 1024) };
      },
    })),
  ];
  console.log(table("whole process, 1 MP pair", await rounds(contenders, runs, log)));
}
