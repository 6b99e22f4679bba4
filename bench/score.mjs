// Real pairs with known corresponding points, and pairs that have nothing to do with each other: ../shared/bench/score.py on our commands, or on a recipe.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root, tiepoint } from "./ours.mjs";

export async function bench({ python, shared, only, unrelated, recipe }) {
  const script = join(shared, "bench", "score.py");
  const index = join(shared, "data", "data.json");
  if (!python || !existsSync(script) || !existsSync(index)) {
    return console.log(`\n## score\n\nskipped: needs Python with numpy, ${script} and ${index}`);
  }
  console.log(`\n## score on real pairs${recipe ? `, by ${recipe}` : ""}\n`);
  const command = tiepoint.map((part) => `'${part}'`).join(" ");
  const align = recipe
    ? `${command} run '${recipe}' --cache off --set inputs.fixed={fixed} --set inputs.moving={moving} --out {out}`
    : `${command} align {fixed} {moving} -o {out} --model {model}`;
  const transform = recipe ? "{out}/results/transform.json" : "{out}/transform.json";
  // Unrelated pairs are drawn across kinds of pairs, so that they need all of them.
  const strangers = only ? 0 : unrelated;
  spawnSync(
    python,
    [
      ...[script, index, "--align", align],
      ...["--points", `${command} apply ${transform} {points} --from fixed -o {mapped}`],
      ...["--unrelated", String(strangers), ...(only ? ["--only", only] : [])],
    ],
    { cwd: root, stdio: "inherit" },
  );
}
