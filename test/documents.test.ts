import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { registry } from "../plugins/index.js";
import { failed, ok, problem } from "../src/core/diagnostic.js";
import { interpolations } from "../src/core/interpolation.js";
import { worldPoints } from "../src/core/points.js";
import { apply } from "../src/core/transform.js";
import { parseTransformFile } from "../src/core/transform-json.js";
import { loadPlan } from "../src/pipeline/load.js";
import { renderAll } from "../src/pipeline/render.js";
import { type SampleName, type SamplePair, samplePair } from "../src/samples/pairs.js";
import { errorAgainst } from "../src/samples/truth.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const skipped = new Set(["node_modules", "dist", ".git", ".tiepoint", "coverage"]);

function filesUnder(folder: string, ending: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : filesUnder(path, ending);
    return entry.name.endsWith(ending) ? [path] : [];
  });
}

/** The page of the language has a test of its own, test/language-docs.test.ts: it shows what no plugin of ours does. */
const pages = filesUnder(".", ".md").filter((file) => file !== join("docs", "pipelines.md"));

/** Every whole pipeline that the project shows: its files, and the YAML blocks of its pages. */
const pipelines: readonly { readonly name: string; readonly file: string; readonly text: string }[] = [
  ...[...filesUnder("pipelines", ".yaml"), ...filesUnder("examples", ".yaml")].map((file) => ({
    name: file,
    file,
    text: readFileSync(join(root, file), "utf8"),
  })),
  ...pages.flatMap((file) =>
    [...readFileSync(join(root, file), "utf8").matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map((block, k) => ({
      name: `${file}, block ${k + 1}`,
      file: join(dirname(file), `block-${k + 1}.yaml`),
      text: block[1]!,
    })),
  ),
];

describe("pipelines that the project shows", () => {
  test.each(pipelines)("$name is right", async ({ file, text }) => {
    // A plugin's page may show its own step alone; then what the step refers to is not there.
    const fragment = file.startsWith("plugins") && !/^tiepoint: 1$/m.test(text);
    const whole = fragment ? `tiepoint: 1\nname: fragment\n${text}` : text;
    const loaded = await loadPlan({
      ...{ file: join(root, file), text: whole, registry: registry(), env: {} },
      readText: async (path) =>
        existsSync(path) ? ok(readFileSync(path, "utf8")) : failed(problem("missing-file", `There is no file ${path}`)),
      listFiles: async () => ok([]),
    });
    // A collection without files is no fault of the page: its images are the reader's.
    const empty = !loaded.ok && loaded.diagnostics.some((d) => d.code === "no-items");
    // Items that are not there have no points of their own either.
    const beside = ["no-items", ...(fragment || empty ? ["unknown-name"] : [])];
    const wrong = loaded.ok ? [] : loaded.diagnostics.filter((d) => !beside.includes(d.code));
    expect(renderAll(wrong, loaded.texts)).toBe("");
    if (!fragment) expect(loaded.warnings).toEqual([]);
  });

  test("there are some of each sort", () => {
    for (const sort of ["pipelines/", "examples/", "README.md"])
      expect(pipelines.filter((p) => p.name.startsWith(sort)).length, sort).toBeGreaterThan(0);
  });
});

/** Command lines of the pages: lines of shell blocks that call tiepoint, continued lines joined. */
const commandLines = filesUnder(".", ".md").flatMap((file) =>
  [...readFileSync(join(root, file), "utf8").matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap((block) =>
    block[1]!
      .replace(/\\\n\s*/g, " ")
      .split("\n")
      .filter((line) => /^(npx )?tiepoint /.test(line))
      .map((line) => ({ file, line: line.replace(/\s+#.*$/, "").replace(/^npx /, "") })),
  ),
);

describe("command lines that the project shows", () => {
  const manifest = JSON.parse(readFileSync(join(root, "oclif.manifest.json"), "utf8")) as {
    readonly commands: Readonly<
      Record<string, { readonly flags: Readonly<Record<string, { readonly char?: string }>> }>
    >;
  };

  test.each(commandLines)("$file: $line", ({ line }) => {
    const [, name, ...words] = line.split(/\s+/);
    const command = manifest.commands[name!];
    expect(command, `tiepoint ${name} is no command`).toBeDefined();
    const flags = Object.entries(command!.flags).flatMap(([flag, { char }]) => [
      `--${flag}`,
      ...(char ? [`-${char}`] : []),
    ]);
    for (const word of words.filter((w) => /^--?[a-z]/.test(w))) expect(flags).toContain(word.replace(/=.*/, ""));
  });
});

const scratch = mkdtempSync(join(tmpdir(), "tiepoint-examples-"));
beforeAll(() => cpSync(join(root, "pipelines"), join(scratch, "pipelines"), { recursive: true }));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function tiepoint(cwd: string, ...args: readonly string[]) {
  const done = spawnSync(process.execPath, [join(root, "bin", "tiepoint.js"), ...args], { cwd, encoding: "utf8" });
  return { exit: done.status, stdout: done.stdout, stderr: done.stderr };
}

/** The images of a sample on disk, made by the script that the documents name. */
function makeSample(name: SampleName, folder: string, size: number): SamplePair {
  execFileSync(process.execPath, [join(root, "examples", "make-sample.mjs"), name, folder, String(size)]);
  return samplePair(name, { size });
}

/** Root of the mean squared distance of a transform file from the truth. */
function errorOf(path: string, pair: SamplePair): number {
  const parsed = parseTransformFile(readFileSync(path, "utf8"));
  if (!parsed.ok) throw new Error(parsed.diagnostics[0]!.message);
  const { transform } = parsed.value.registration;
  const found = (x: number, y: number, out: Float64Array) => out.set(apply(transform, worldPoints([x, y])));
  return errorAgainst(pair.truth, found, pair.fixed.grid).rms;
}

describe("examples, from their made-up images to the truth", () => {
  const examples = [
    { name: "stained-on-fluorescence", sample: "stains", transform: "transform.json", below: 0.5 },
    { name: "land-two-dates", sample: "terrain", transform: "transform.json", below: 0.5 },
    { name: "imaging-rounds", sample: "cells", transform: "rigid.json", below: 0.2 },
  ] as const;

  test.each(examples)("$name finds its way to below $below px", ({ name, sample, transform, below }) => {
    const folder = join(scratch, "examples", name);
    cpSync(join(root, "examples", name), folder, {
      recursive: true,
      filter: (path) => !/[\\/](data|results|\.tiepoint)$/.test(path),
    });
    const pair = makeSample(sample, join(folder, "data"), 512);
    const ran = tiepoint(folder, "run", "pipeline.yaml");
    expect(ran.exit, ran.stderr).toBe(0);
    expect(errorOf(join(folder, "results", transform), pair)).toBeLessThan(below);
    expect(readFileSync(join(folder, "results", "report.html"), "utf8")).toContain("accepted");
  });

  test.each([
    ["features-affine", "sections"],
    ["features-projective", "terrain"],
    ["features-choice", "terrain"],
    ["carry-labels", "stains"],
    ["points-by-graph", "cells"],
    ["regions", "cells"],
    ["intensity-affine", "cells"],
    ["deformable-ssd", "sections"],
    ["multimodal-mi", "stains"],
    ["multimodal-mi-bspline", "sections"],
  ] as const)("the recipe %s runs on other images by --set", (recipe, sample) => {
    const folder = join(scratch, recipe);
    makeSample(sample, folder, 384);
    const file = recipe === "carry-labels" ? [`inputs.cells.file=${join(folder, "moving_labels.png")}`] : [];
    const settings = [
      `inputs.fixed=${join(folder, "fixed.png")}`,
      `inputs.moving=${join(folder, "moving.png")}`,
      ...file,
    ];
    const ran = tiepoint(
      folder,
      ...["run", join(scratch, "pipelines", `${recipe}.yaml`), "--out", folder],
      ...settings.flatMap((setting) => ["--set", setting]),
      ...(sample === "sections" ? ["--set", "params.largest-error=6 px"] : []),
    );
    expect(ran.exit, ran.stderr).toBe(0);
    expect(existsSync(join(folder, "results", "aligned.tif"))).toBe(true);
  });

  test("interpolation-comparison finds the B-spline more faithful than other cubics, and transform-families shows all eight", () => {
    const folder = join(scratch, "warps");
    cpSync(join(root, "pipelines"), folder, { recursive: true });
    execFileSync(process.execPath, [join(root, "examples", "make-warps.mjs"), join(folder, "data"), "160"]);
    for (const recipe of ["interpolation-comparison", "transform-families"]) {
      const ran = tiepoint(folder, "run", `${recipe}.yaml`);
      expect(ran.exit, ran.stderr).toBe(0);
    }
    const figures = (name: string) => JSON.parse(readFileSync(join(folder, "results", `${name}.json`), "utf8"));
    const rmse = (name: string): number => figures(name).rmse.value;
    for (const name of interpolations)
      if (name !== "bspline3" && name !== "lanczos3") expect(rmse("bspline3"), name).toBeLessThan(rmse(name));
    for (const name of [
      "translation",
      "rigid",
      "similarity",
      "affine",
      "projective",
      "tps",
      "bspline",
      "displacement",
    ]) {
      expect(existsSync(join(folder, "results", `${name}.png`)), name).toBe(true);
      expect(figures(`${name}-area`), name).toMatchObject({ folded: { value: 0 }, "no-way-back": { value: 0 } });
      expect(figures(`${name}-area`)["inverse-error"].value, name).toBeLessThan(0.01);
    }
  });

  /** An example with data that a script of the examples makes. */
  function runExample(name: string, script: string, ...numbers: readonly number[]) {
    const folder = join(scratch, "examples", name);
    cpSync(join(root, "examples", name, "pipeline.yaml"), join(folder, "pipeline.yaml"));
    execFileSync(process.execPath, [join(root, "examples", script), join(folder, "data"), ...numbers.map(String)]);
    const ran = tiepoint(folder, "run", "pipeline.yaml");
    expect(ran.exit, ran.stderr).toBe(0);
    const rows = (file: string) =>
      readFileSync(join(folder, file), "utf8")
        .trim()
        .split("\n")
        .map((line) => line.split(","));
    return { folder, rows };
  }

  test("tile-grid finds the tiles' places to a few hundredths of a pixel", () => {
    const { folder, rows } = runExample("tile-grid", "make-tiles.mjs", 3, 3, 200);
    const [, ...found] = rows("results/positions.csv");
    const [, ...truth] = rows("data/truth.csv");
    const off = truth.map(([file, , , , , x, y]) => {
      const [, fx, fy] = found.find((row) => row[0] === file)!;
      return [Number(fx) - Number(x), Number(fy) - Number(y)] as const;
    });
    for (const axis of [0, 1] as const) {
      const mean = off.reduce((sum, e) => sum + e[axis], 0) / off.length;
      for (const e of off) expect(Math.abs(e[axis] - mean)).toBeLessThan(0.06);
    }
    expect(existsSync(join(folder, "results", "mosaic.ome.tif"))).toBe(true);
    expect(readFileSync(join(folder, "results", "report.html"), "utf8")).toContain("accepted");
  });

  test("drifting-cells come to rest, and the dark frame is named", () => {
    const { rows } = runExample("drifting-cells", "make-time-series.mjs", 13, 160);
    const [head, ...found] = rows("results/transforms.csv");
    const [, ...truth] = rows("data/truth.csv");
    const state = head!.indexOf("state");
    found.forEach((row, i) => {
      const [, a, b, x, c, d, y, bad] = truth[i]!.map(Number) as [number, ...number[]];
      expect(row[state], row[0]).toBe(bad ? "bridged" : "used");
      if (bad) return;
      // Where the frame's centre comes to lie.
      const [m00, m01, m02, m10, m11, m12] = row.slice(1, 7).map(Number) as [number, ...number[]];
      const at = 79.5;
      expect(Math.abs((m00 - a!) * at + (m01! - b!) * at + m02! - x!), row[0]).toBeLessThan(0.15);
      expect(Math.abs((m10! - c!) * at + (m11! - d!) * at + m12! - y!), row[0]).toBeLessThan(0.15);
    });
  });

  test("wing-atlas goes from annotated wings to the mean of others", () => {
    const folder = join(scratch, "examples", "wing-atlas");
    cpSync(join(root, "examples", "wing-atlas", "pipeline.yaml"), join(folder, "pipeline.yaml"));
    const wings = [join(root, "examples", "make-wings.mjs"), join(folder, "data"), "14", "4", "240"];
    expect(spawnSync(process.execPath, wings).status).toBe(0);
    const quick = ["levels=6", "trees=40", "samples=1000", "folds=2", "search-trees=8"];
    const ran = tiepoint(folder, "run", "pipeline.yaml", ...quick.flatMap((s) => ["--set", `steps.train.${s}`]));
    expect(ran.exit, ran.stderr).toBe(0);
    expect(existsSync(join(folder, "results", "atlas.png"))).toBe(true);
    expect(readdirSync(join(folder, "results", "points"))).toHaveLength(4);
  });

  test("landmarks are learned by one recipe and found by the next, with low errors", () => {
    const folder = join(scratch, "landmarks");
    const made = spawnSync(process.execPath, [
      join(root, "examples", "make-wings.mjs"),
      join(folder, "data"),
      "12",
      "3",
      "200",
    ]);
    expect(made.status).toBe(0);
    const quick = ["levels=6", "trees=30", "samples=800", "folds=2", "search-trees=8"];
    const settings = quick.flatMap((setting) => ["--set", `steps.train.${setting}`]);
    const recipe = (name: string) => join(scratch, "pipelines", `${name}.yaml`);
    const data = (name: string) => join(folder, "data", name);
    const trained = tiepoint(
      folder,
      ...["run", recipe("landmarks-train"), "--out", folder, ...settings],
      ...["--set", `inputs.annotated.all=${data("annotated/*.png")}`],
      ...["--set", `inputs.annotated.points=${data("annotated.csv")}`],
    );
    expect(trained.exit, trained.stderr).toBe(0);
    expect(readFileSync(join(folder, "results", "report.html"), "utf8")).toContain("mean-error-px, median-error-px");
    const found = tiepoint(
      folder,
      ...["run", recipe("landmarks-predict"), "--out", folder],
      ...["--set", `inputs.images.all=${data("new/*.png")}`],
      ...["--set", `inputs.model=${join(folder, "results", "landmarks.tpmodel")}`],
    );
    expect(found.exit, found.stderr).toBe(0);
    expect(readdirSync(join(folder, "results", "points"))).toHaveLength(3);
  });

  test("a recipe refuses two images that have nothing to do with each other, and says so", () => {
    const folder = join(scratch, "unrelated");
    makeSample("terrain", join(folder, "a"), 384);
    makeSample("stains", join(folder, "b"), 384);
    const ran = tiepoint(
      folder,
      ...["run", join(scratch, "pipelines", "features-affine.yaml"), "--out", folder],
      ...["--set", `inputs.fixed=${join(folder, "a", "fixed.png")}`],
      ...["--set", `inputs.moving=${join(folder, "b", "moving.png")}`],
    );
    expect(ran.exit, ran.stderr).toBe(3);
    expect(existsSync(join(folder, "results", "aligned.tif"))).toBe(false);
  });
});
