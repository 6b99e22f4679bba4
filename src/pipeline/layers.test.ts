import { describe, expect, test } from "vitest";
import { load } from "../../test/support/load.js";
import { failed, problem } from "../core/diagnostic.js";
import { lineColumn, render } from "./render.js";

const base = `tiepoint: 1
params: { radius: 2 px, kind: median }
inputs:
  fixed: a.tif
defaults: { preprocess/denoise: { radius: 9 px } }
steps:
  soft: { use: preprocess/denoise, in: fixed, radius: "\${radius}", method: "\${kind}" }
  plain: { use: preprocess/denoise, in: soft }
outputs:
  o.tif: plain
`;

async function planOf(text: string, options: Parameters<typeof load>[1] = {}) {
  const loaded = await load(text, options);
  if (!loaded.ok) throw new Error(loaded.diagnostics.map((d) => render(d, loaded.texts)).join("\n"));
  return loaded.value;
}

const taskOf = async (id: string, text: string, options: Parameters<typeof load>[1] = {}) =>
  (await planOf(text, options)).tasks.find((t) => t.id === id)!;

describe("where a parameter's value comes from", () => {
  test("the plugin, defaults:, the pipeline, a parameter file or --set, the later over the earlier", async () => {
    const soft = await taskOf("soft", base);
    expect(soft.params).toEqual({ method: "median", radius: "2 px" });
    expect(soft.origins).toEqual({ method: "pipeline", radius: "pipeline" });
    const plain = await taskOf("plain", base);
    expect(plain.params).toEqual({ method: "median", radius: "9 px" });
    expect(plain.origins).toEqual({ method: "default", radius: "defaults" });
    const params = { paramsFiles: [{ file: "/data/more.yaml", text: "radius: 5 px\nkind: gaussian\n" }] };
    const byFile = await taskOf("soft", base, params);
    expect(byFile.params).toEqual({ method: "gaussian", radius: "5 px" });
    expect(byFile.origins).toEqual({ method: "params-file", radius: "params-file" });
    const bySet = await taskOf("soft", base, { ...params, set: ["radius=7 px"] });
    expect(bySet.params).toEqual({ method: "gaussian", radius: "7 px" });
    expect(bySet.origins).toEqual({ method: "params-file", radius: "--set" });
  });

  test("a later parameter file and a later --set win", async () => {
    const paramsFiles = ["1 px", "3 px"].map((r, i) => ({ file: `/data/${i}.yaml`, text: `radius: ${r}` }));
    expect((await taskOf("soft", base, { paramsFiles })).params.radius).toBe("3 px");
    expect((await taskOf("soft", base, { set: ["radius=4 px", "radius=6 px"] })).params.radius).toBe("6 px");
  });

  test("a parent gives what the child does not, and knows its own place", async () => {
    const files = { "/lab/base.yaml": base };
    const child = "extends: ../lab/base.yaml\nparams: { radius: 4 px }\nsteps: { plain: { method: bilateral } }\n";
    const soft = await taskOf("soft", child, { files });
    expect(soft.params).toEqual({ method: "median", radius: "4 px" });
    expect(soft.origins).toEqual({ method: "extends", radius: "pipeline" });
    const plain = await taskOf("plain", child, { files });
    expect(plain.params).toEqual({ method: "bilateral", radius: "9 px" });
    expect((await taskOf("input:fixed", child, { files })).files).toEqual({ file: "/lab/a.tif" });
  });

  test("a mistake in a parent is shown in the parent's text", async () => {
    const files = { "/data/base.yaml": base.replace("method:", "methd:") };
    const loaded = await load("extends: base.yaml\n", { files });
    expect(loaded.ok).toBe(false);
    if (loaded.ok) return;
    const [first] = loaded.diagnostics;
    expect(first!.at!.file).toBe("/data/base.yaml");
    expect(lineColumn(loaded.texts.get("/data/base.yaml")!, first!.at!.offset)).toEqual({ line: 7, column: 68 });
  });

  test("files that extend one another in a circle are told link by link", async () => {
    const files = { "/data/b.yaml": "extends: c.yaml\n", "/data/c.yaml": "extends: b.yaml\n" };
    const loaded = await load("extends: b.yaml\n", { files });
    expect(loaded.ok).toBe(false);
    if (loaded.ok) return;
    expect(loaded.diagnostics.map((d) => render(d, loaded.texts)).join("")).toMatchInlineSnapshot(`
      "error extends-circle  /data/b.yaml:1:10
        1 | extends: c.yaml
          |          ^^^^^^
        Files extend one another in a circle: c.yaml -> b.yaml
        1 | extends: c.yaml
          |          ------ extends c.yaml
        /data/c.yaml:1:10
        1 | extends: b.yaml
          |          ------ extends b.yaml
        help: Remove one extends:.
      "
    `);
  });

  test("a chain of parents is bounded", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [`/data/${i}.yaml`, `extends: ${i + 1}.yaml\n`]),
    );
    const loaded = await load("extends: 0.yaml\n", { files });
    expect(loaded.ok ? "" : loaded.diagnostics[0]!.code).toBe("extends-too-long");
  });

  test("a parent may not load plugins, and nothing is loaded when it tries", async () => {
    let asked = 0;
    const loaded = await load("extends: b.yaml\n", {
      files: { "/data/b.yaml": `plugins: [./evil.js]\n${base}` },
      loadPlugins: async () => {
        asked++;
        return failed(problem("never", "never"));
      },
    });
    expect(loaded.ok ? "" : loaded.diagnostics[0]!.code).toBe("plugins-in-parent");
    expect(asked).toBe(0);
  });
});

describe("--set", () => {
  const cases: readonly [string, string, (text: string) => Promise<unknown>][] = [
    [
      "a step's parameter",
      "steps.soft.method=gaussian",
      async (s) => (await taskOf("soft", base, { set: [s] })).params.method,
    ],
    [
      "a parameter that the step does not name",
      "steps.plain.radius=3 px",
      async (s) => (await taskOf("plain", base, { set: [s] })).params.radius,
    ],
    ["an input's file", "inputs.fixed=b.tif", async (s) => (await taskOf("input:fixed", base, { set: [s] })).files],
    [
      "inside an input in short form",
      "inputs.fixed.nodata=0",
      async (s) => (await taskOf("input:fixed", base, { set: [s] })).params,
    ],
    [
      "an output whose name has dots",
      "outputs.o.tif=soft",
      async (s) => (await planOf(base, { set: [s] })).tasks.at(-1)!.inputs,
    ],
    [
      "inside an output in short form",
      "outputs.o.tif.compression=none",
      async (s) => (await planOf(base, { set: [s] })).tasks.at(-1)!.params,
    ],
    [
      "a new output",
      "outputs.p.tif=soft",
      async (s) => (await planOf(base, { set: [s] })).tasks.map((t) => t.id).filter((i) => i.startsWith("output:")),
    ],
    [
      "defaults of a plugin",
      "defaults.preprocess/denoise.radius=1 px",
      async (s) => (await taskOf("plain", base, { set: [s] })).params.radius,
    ],
    [
      "defaults of another plugin",
      "defaults.match/sift.ratio=0.5",
      async (s) => (await planOf(base, { set: [s] })).tasks.length,
    ],
    ["the seed", "seed=42", async (s) => (await taskOf("soft", base, { set: [s] })).seed],
    [
      "a gate, without quotes",
      "steps.soft.require.noise=>= 3 px",
      async (s) => (await taskOf("soft", base, { set: [s] })).gates.map((g) => g.comparison),
    ],
  ];
  test.each(cases)("sets %s: %s", async (_, setting, look) => {
    expect(await look(setting)).toMatchSnapshot();
  });

  const wrong: readonly [string, string][] = [
    ["radus=3 px", "unknown-setting"],
    ["soft.radius=3 px", "unknown-setting"],
    ["steps.sofd.radius=3 px", "unknown-setting"],
    ["steps.soft.raduis=3 px", "unknown-parameter"],
    ["params.new=3", "unknown-setting"],
    ["inputs.fixd=a.tif", "unknown-setting"],
    ["steps.soft.radius=3", "unit-missing"],
    ["__proto__.x=1", "unknown-setting"],
    ["steps.__proto__.x=1", "forbidden-name"],
    ["steps.soft.__proto__=1", "forbidden-name"],
    ["defaults.__proto__.x=1", "forbidden-name"],
    ["seed", "bad-setting"],
    ["=3", "bad-setting"],
    ["steps.soft.in.x=3", "unknown-setting"],
    ["radius={a: 1", "not-a-quantity"],
    ["radius=&a 3", "alias"],
  ];
  test.each(wrong)("refuses %s: %s", async (setting, code) => {
    const loaded = await load(base, { set: [setting] });
    expect(loaded.ok).toBe(false);
    if (loaded.ok) return;
    expect(loaded.diagnostics[0]!.code).toBe(code);
    expect(loaded.diagnostics[0]!.at?.file === "--set" || code === "not-a-quantity" || code === "unit-missing").toBe(
      true,
    );
    expect(loaded.diagnostics.map((d) => render(d, loaded.texts)).join("")).toMatchSnapshot();
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  test("points into its own text when there are several", async () => {
    const loaded = await load(base, { set: ["seed=3", "steps.soft.radius=wide"] });
    expect(loaded.ok ? "" : loaded.diagnostics.map((d) => render(d, loaded.texts)).join("")).toMatchInlineSnapshot(`
      "error not-a-quantity  --set:2:19
        2 | steps.soft.radius=wide
          |                   ^^^^
        radius: Expected a number with a unit, such as 3 px or 1.5 um, but found "wide"
      "
    `);
  });
});

describe("a parameter file", () => {
  test.each([
    ["radus: 3 px", "unknown-setting"],
    ["params: { radus: 3 px }", "unknown-setting"],
    ["[1, 2]", "not-a-map"],
    ["a: [", "yaml-syntax"],
    ["radius: 3", "unit-missing"],
  ])("with %s is refused: %s", async (text, code) => {
    const loaded = await load(base, { paramsFiles: [{ file: "/data/more.yaml", text }] });
    expect(loaded.ok ? "" : loaded.diagnostics[0]!.code).toBe(code);
  });

  test("may set inputs, which stay relative to the pipeline", async () => {
    const paramsFiles = [{ file: "/elsewhere/more.yaml", text: "inputs: { fixed: c.tif }\nradius: 1 px" }];
    expect((await taskOf("input:fixed", base, { paramsFiles })).files).toEqual({ file: "/data/c.tif" });
  });
});

describe("a parameter in braces", () => {
  test("keeps the type of a number, and becomes text inside a text", async () => {
    const text = `tiepoint: 1
params: { n: 50, folder: data, file: "\${folder}/\${n}.tif", list: [1, 2] }
inputs: { fixed: "\${file}", moving: b.tif }
steps:
  m: { use: match/sift, fixed: fixed, moving: moving, max-keypoints: "\${n}", about: "Costs $\${n} and \${n}" }
  g: { use: preprocess/gray, in: fixed, weights: "\${list}" }
outputs: { "out/\${n}.tif": g }
`;
    expect((await taskOf("m", text)).params["max-keypoints"]).toBe(50);
    expect((await taskOf("g", text)).params.weights).toEqual([1, 2]);
    expect((await taskOf("input:fixed", text)).files).toEqual({ file: "/data/data/50.tif" });
    expect((await planOf(text)).tasks.at(-1)!.target).toEqual({ path: "/data/out/50.tif", name: "out/50.tif" });
  });

  test("of the environment must be declared, and enters the plan", async () => {
    const text = `tiepoint: 1\nenv: [DATA]\ninputs: { fixed: "\${env.DATA}/a.tif" }\noutputs: { o.tif: fixed }\n`;
    const plan = await planOf(text, { env: { DATA: "/d", SECRET: "x" } });
    expect(plan.env).toEqual({ DATA: "/d" });
    expect(plan.tasks[0]!.files).toEqual({ file: "/d/a.tif" });
  });
});
