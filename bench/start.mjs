// Start-up: what a user waits for before anything happens.
import { measure, rounds, table } from "./measure.mjs";
import { tiepoint } from "./ours.mjs";

export async function bench({ python, scratch, runs, log }) {
  const whole = (name, command, ours = false) => ({
    name,
    ours,
    async run() {
      const got = await measure(command, { scratch });
      if (got.exit !== 0) throw new Error(got.stderr || `exit ${got.exit}`);
      return got;
    },
  });
  const contenders = [
    whole("tiepoint --help", [...tiepoint, "--help"], true),
    whole("tiepoint run --help", [...tiepoint, "run", "--help"]),
    whole("node -e 0", [process.execPath, "-e", "0"]),
    ...(python ? [whole("python -c 'import cv2'", [python, "-c", "import cv2"])] : []),
  ];
  console.log(table("start-up", await rounds(contenders, 2 * runs, log)));
}
