import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { project, texturedScene, viewOf } from "../support/scene.js";
import { root, workshop } from "./tiepoint.js";

const shop = workshop();
const scene = texturedScene(7);
const size = { width: 200, height: 150 };

function picture(sceneFromPixel: readonly number[]): Uint8Array {
  const samples = viewOf(scene, { ...size, sceneFromPixel });
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const v of samples) [low, high] = [Math.min(low, v), Math.max(high, v)];
  const gray = Uint8Array.from(samples, (v) => (255 * (v - low)) / (high - low));
  return Buffer.concat([Buffer.from(`P5\n${size.width} ${size.height}\n255\n`), gray]);
}

const identity = [1, 0, 0, 0, 1, 0, 0, 0, 1];
/** Where each specimen's pixels lie in the scene, which is the template. */
const views: Readonly<Record<string, readonly number[]>> = {
  a: [0.9, -0.3, 40, 0.25, 0.95, -20, 0, 0, 1],
  b: [1.05, 0.2, -15, -0.2, 1, 20, 0, 0, 1],
  // Turned over, as a left wing beside a right one.
  mirrored: [-1, 0, 199, 0, 1, 0, 0, 0, 1],
  // Its points are named wrongly.
  muddled: identity,
};
const places = [
  [60, 40],
  [140, 45],
  [100, 75],
  [70, 105],
  [130, 110],
  [95, 50],
] as const;

/** Pixel of a specimen where a place of the template lies. */
function inSpecimen([a, b, c, d, e, f]: readonly number[], x: number, y: number): readonly [number, number] {
  const det = a! * e! - b! * d!;
  return [(e! * (x - c!) - b! * (y - f!)) / det, (a! * (y - f!) - d! * (x - c!)) / det];
}

function fill(): void {
  const yaml = readFileSync(join(root, "pipelines", "landmarks-to-template.yaml"), "utf8");
  shop.write(
    "batch.yaml",
    yaml.replaceAll(".png", ".pgm").replace('results/{specimen.id}.pgm": spe', 'results/{specimen.id}.png": spe'),
  );
  shop.write("data/template.pgm", picture(identity));
  shop.write("data/template.csv", `name,x,y\n${places.map(([x, y], i) => `p${i},${x},${y}`).join("\n")}\n`);
  const header = ["scorer", "bodyparts", "coords"].map(
    (level) =>
      `${level},${places.flatMap((_, i) => (level === "scorer" ? ["me", "me"] : level === "coords" ? ["x", "y"] : [`p${i}`, `p${i}`])).join(",")}`,
  );
  const rows = Object.entries(views).map(([name, view]) => {
    shop.write(`data/specimens/${name}.pgm`, picture(view));
    const order = name === "muddled" ? [3, 4, 0, 5, 2, 1] : [0, 1, 2, 3, 4, 5];
    const cells = order.flatMap((i) => inSpecimen(view, places[i]![0], places[i]![1]).map((v) => v.toFixed(2)));
    return `labeled-data/set/${name}.pgm,${cells.join(",")}`;
  });
  shop.write("data/specimens/unlabelled.pgm", picture(identity));
  shop.write("data/specimens.csv", `${[...header, ...rows].join("\n")}\n`);
}

test("pipelines/landmarks-to-template.yaml puts a batch onto a template, and leaves out what disagrees", () => {
  fill();
  const { status, stderr } = shop.tiepoint("run", "batch.yaml");
  expect(stderr).toContain("no points of");
  expect(stderr).toContain("do not agree on one map");
  expect(stderr).toContain("mirror image");
  expect(status).toBe(4); // of all that went wrong, an input without points weighs most
  for (const name of ["a", "b"]) {
    const { matrix } = shop.json(`results/${name}.json`).transform as { matrix: readonly number[] };
    for (const [x, y] of [...places, [20, 20], [180, 130]] as const) {
      const [u, v] = project([...matrix, 0, 0, 1], x, y);
      const [tu, tv] = inSpecimen(views[name]!, x, y);
      expect(Math.hypot(u - tu, v - tv)).toBeLessThan(0.02);
    }
    expect(shop.has(`results/${name}.png`)).toBe(true);
  }
  for (const name of ["mirrored", "muddled", "unlabelled"]) expect(shop.has(`results/${name}.png`), name).toBe(false);
  expect(shop.read("results/a_points.csv").split("\n")[1]).toBe(
    "name,fixed_x,fixed_y,moving_x,moving_y,weight,inlier,residual",
  );

  shop.tiepoint("run", "batch.yaml", "--set", "reflection=allow");
  expect(shop.has("results/mirrored.png")).toBe(true);
}, 60_000);
