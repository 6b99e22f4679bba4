import { describe, expect, test } from "vitest";
import { load } from "../../test/support/load.js";
import { render } from "./render.js";

const chain = (count: number, first: string, indent = "  "): string =>
  Array.from(
    { length: count },
    (_, i) => `${indent}s${i}: { use: preprocess/gray, in: ${i === 0 ? first : `s${i - 1}`} }`,
  ).join("\n");

describe("large plans", () => {
  test("a chain of 2,000 steps, written backwards, is put in order", async () => {
    const steps = chain(2000, "fixed").split("\n").reverse().join("\n");
    const loaded = await load(`tiepoint: 1\ninputs: { fixed: a.tif }\nsteps:\n${steps}\noutputs: { o.tif: s1999 }\n`);
    expect(loaded.ok && loaded.value.tasks.map((t) => t.id)).toEqual([
      "input:fixed",
      ...Array.from({ length: 2000 }, (_, i) => `s${i}`),
      "output:o.tif",
    ]);
  });

  test("10,000 items of 10 steps share what they have in common", async () => {
    const table = `id,file\n${Array.from({ length: 10_000 }, (_, i) => `i${i},a/${i}.tif`).join("\n")}\n`;
    const text = `tiepoint: 1
inputs: { x: { table: t.csv } }
steps:
  x-item:
    each: x
    steps:
${chain(10, "x-item", "      ")}
  all: { use: change/summary, changes: x-item.s9 }
outputs: { o.csv: all }
`;
    const loaded = await load(text, { files: { "/data/t.csv": table } });
    if (!loaded.ok) throw new Error(loaded.diagnostics[0]!.message);
    const { tasks } = loaded.value;
    expect(tasks.length).toBe(110_002);
    const last = tasks.filter((t) => t.step === "x-item.s9");
    expect(last.length).toBe(10_000);
    expect(new Set(last.map((t) => t.params)).size).toBe(1);
    expect(tasks.at(-1)!.inputs.table).toEqual({ task: 110_000, port: "table" });
    const list = tasks[110_000]!.inputs.changes!;
    expect("items" in list && list.items.length).toBe(10_000);
  });

  test("a circle of 1,000 steps is told, and cut after twelve", async () => {
    const text = `tiepoint: 1\ninputs: { fixed: a.tif }\nsteps:\n${chain(1000, "s999")}\noutputs: { o.tif: fixed }\n`;
    const loaded = await load(text);
    expect(loaded.ok ? [] : loaded.diagnostics.map((d) => d.code)).toEqual(["circle"]);
    if (loaded.ok) return;
    const [circle] = loaded.diagnostics;
    expect(circle!.related!.length).toBe(12);
    expect(circle!.message).toContain("… 988 more …");
    expect(render(circle!, loaded.texts).length).toBeLessThan(3000);
  });

  test("two circles are told both, and what hangs on them is not", async () => {
    const loaded = await load(`tiepoint: 1
inputs: { fixed: a.tif }
steps:
  a: { use: preprocess/gray, in: b }
  b: { use: preprocess/gray, in: a }
  c: { use: preprocess/gray, in: d }
  d: { use: preprocess/gray, in: c }
  e: { use: preprocess/gray, in: a }
outputs: { o.tif: e, p.tif: fixed }
`);
    expect(loaded.ok ? [] : loaded.diagnostics.map((d) => d.code)).toEqual(["circle", "circle"]);
  });
});

describe("hostile pipelines", () => {
  test("with thousands of mistakes end after two hundred", async () => {
    const steps = chain(3_000, "fixed").replaceAll("preprocess/gray", "preprocess/grey");
    const loaded = await load(`tiepoint: 1\ninputs: { fixed: a.tif }\nsteps:\n${steps}\n`);
    expect(loaded.ok ? 0 : loaded.diagnostics.length).toBe(200);
  });

  test("with long lists stay off the stack", async () => {
    const loaded = await load(
      `tiepoint: 1\nparams: { x: [${"1,".repeat(140_000)}] }\ninputs: { fixed: a.tif }\noutputs: { o.tif: fixed }\n`,
    );
    expect(loaded.ok).toBe(true);
  });

  test("with parameters that double one another fifteen times and more are refused", async () => {
    for (const [open, close] of [
      ["[", "]"],
      ['"', '"'],
    ] as const) {
      const use = (i: number) => (open === "[" ? Array(8).fill(`"\${p${i}}"`).join(", ") : `\${p${i}}`.repeat(8));
      const params = Array.from({ length: 14 }, (_, i) => `  p${i}: ${open}${use(i + 1)}${close}`).join("\n");
      const loaded = await load(
        `tiepoint: 1\nparams:\n${params}\n  p14: lol\ninputs: { fixed: a.tif }\noutputs: { o.tif: fixed }\n`,
      );
      expect(loaded.ok ? [] : [...new Set(loaded.diagnostics.map((d) => d.code))]).toEqual(["substitution-too-large"]);
    }
  });
});
