import { describe, expect, test } from "vitest";
import { load } from "../../test/support/load.js";
import { lineColumn } from "./render.js";

const body = "tiepoint: 1\ninputs:\n  fixed: a.tif\nsteps:\n  g: { use: preprocess/grya, in: fixed }\n";

describe("places are exact", () => {
  test.each([
    ["as written", body],
    ["with a byte order mark", `\ufeff${body}`],
    ["with Windows line ends", body.replaceAll("\n", "\r\n")],
    ["after letters outside of the basic plane", body.replace("a.tif", "\u{1f600}/ä.tif")],
    ["after a comment and an empty line", body.replace("inputs", "# x: [\n\ninputs")],
  ])("%s", async (_, text) => {
    const loaded = await load(text);
    expect(loaded.ok).toBe(false);
    if (loaded.ok) return;
    const { at } = loaded.diagnostics[0]!;
    const shown = loaded.texts.get(at!.file)!;
    expect(shown.slice(at!.offset, at!.offset + at!.length)).toBe("preprocess/grya");
    expect(lineColumn(shown, at!.offset).column).toBe(13);
  });
});

test("a file that is no text is refused at the first byte that shows it", async () => {
  const loaded = await load("tiepoint: 1\n\u0000\u0001");
  expect(loaded.ok ? [] : loaded.diagnostics.map((d) => [d.code, d.at!.offset])).toEqual([["control-character", 12]]);
});

describe("a pipeline is warned of", () => {
  const ok = "tiepoint: 1\ninputs: { fixed: a.tif }\noutputs: { o.tif: fixed }\n";
  test.each([
    ["leading zeros", ok.replace("a.tif", "{ file: a.tif, nodata: 012 }"), ["leading-zero"]],
    ["an input that nothing uses", ok.replace("a.tif", "a.tif, moving: b.tif"), ["unused-input"]],
    ["a step that nothing uses", `${ok}steps: { g: { use: preprocess/gray, in: fixed } }\n`, ["unused-step"]],
    [
      "nothing, when the step judges",
      `${ok}steps: { m: { use: measure/similarity, fixed: fixed, moving: fixed } }\n`,
      [],
    ],
    ["nothing, when the step is kept", `${ok}steps: { g: { use: preprocess/gray, in: fixed, keep: true } }\n`, []],
  ])("%s", async (_, text, codes) => {
    const loaded = await load(text);
    expect(loaded.ok).toBe(true);
    expect(loaded.warnings.map((d) => d.code)).toEqual(codes);
    for (const d of loaded.warnings) expect(d.at).toBeDefined();
  });
});

test("`no`, `on` and dates are texts, as in YAML 1.2", async () => {
  const text = `tiepoint: 1\nparams: { a: no, b: 2023-06-01 }\ninputs: { fixed: "\${a}/\${b}.tif" }\noutputs: { o.tif: fixed }\n`;
  const loaded = await load(text);
  expect(loaded.ok && loaded.value.tasks[0]!.files).toEqual({ file: "/data/no/2023-06-01.tif" });
});
