// Makes insect wings with landmarks, as the example wing-atlas needs them:
//   node examples/make-wings.mjs FOLDER [ANNOTATED] [NEW] [WIDTH]
// FOLDER/annotated/*.png with FOLDER/annotated.csv, and FOLDER/new/*.png with the truth in FOLDER/truth.csv.
// Needs the project to be built (`npm run build`). Same numbers: same pixels, on every machine.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argv, exit } from "node:process";
import { fileURLToPath } from "node:url";
import { writePng } from "./make-sample.mjs";

export async function makeWings(folder, { annotated = 24, fresh = 12, width = 320 } = {}) {
  const { wingSample } = await import("../dist/src/samples/wing.js");
  const write = async (part, count, from, csv) => {
    mkdirSync(join(folder, part), { recursive: true });
    const lines = ["image,name,x,y"];
    for (let i = 0; i < count; i++) {
      const { image, landmarks } = wingSample({ width, seed: from + i });
      const file = `wing-${String(from + i).padStart(3, "0")}.png`;
      await writePng(image, join(folder, part, file));
      landmarks.names.forEach((name, k) => {
        lines.push([file, name, landmarks.points[2 * k].toFixed(2), landmarks.points[2 * k + 1].toFixed(2)].join(","));
      });
    }
    writeFileSync(join(folder, csv), `${lines.join("\n")}\n`);
  };
  await write("annotated", annotated, 1, "annotated.csv");
  await write("new", fresh, 101, "truth.csv");
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, annotated, fresh, width] = argv.slice(2);
  if (!folder) {
    console.error("usage: node examples/make-wings.mjs FOLDER [ANNOTATED] [NEW] [WIDTH]");
    exit(2);
  }
  await makeWings(folder, {
    ...(annotated ? { annotated: Number(annotated) } : {}),
    ...(fresh ? { fresh: Number(fresh) } : {}),
    ...(width ? { width: Number(width) } : {}),
  });
  console.log(`${folder}: wings with landmarks in annotated/, wings without in new/`);
}
