import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { identity } from "../../src/core/transform.js";
import { formatTransformFile } from "../../src/core/transform-json.js";
import { root, workshop } from "./tiepoint.js";

const shop = workshop();
const { tiepoint } = shop;

/** Everything that a command loads, by URL: the coverage record of V8 lists it. */
function modulesOf(...args: string[]): string[] {
  const folder = shop.path("coverage");
  const env = { ...process.env, NODE_V8_COVERAGE: folder };
  spawnSync(process.execPath, [join(root, "bin/tiepoint.js"), ...args], { cwd: shop.folder, env });
  return readdirSync(folder).flatMap((name) => {
    const record = JSON.parse(readFileSync(join(folder, name), "utf8")) as { result: { url: string }[] };
    return record.result.map(({ url }) => url);
  });
}

describe("help", () => {
  test.each([[[]], [["--help"]], [["-h"]], [["help"]]])("tiepoint %j shows the first page", (args) => {
    const { status, stdout, stderr } = tiepoint(...args);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^Tiepoint \d+\.\d+\.\d+ aligns images, and says whether the result can be believed\.\n/);
    for (const command of [
      "demo",
      "align",
      "apply",
      "init",
      "check",
      "plan",
      "run",
      "report",
      "inspect",
      "plugins",
      "cache",
      "doctor",
    ]) {
      expect(stdout).toMatch(new RegExp(`^ {2}${command} +\\S`, "m"));
    }
  });

  test("every command has a summary, a description and examples, and help for each starts with its summary", () => {
    const { commands } = JSON.parse(readFileSync(join(root, "oclif.manifest.json"), "utf8")) as {
      commands: Record<string, { summary?: string; description?: string; examples?: unknown[] }>;
    };
    for (const [id, { summary, description, examples }] of Object.entries(commands)) {
      expect({
        id,
        summary: summary !== undefined,
        description: description !== undefined,
        examples: (examples?.length ?? 0) > 0,
      }).toEqual({
        id,
        summary: true,
        description: true,
        examples: true,
      });
    }
    expect(tiepoint("help", "run").stdout).toBe(tiepoint("run", "-h").stdout);
    expect(tiepoint("run", "--help").stdout).toMatch(/^Run a pipeline\.\n\nUSAGE\n {2}\$ tiepoint run FILE /);
  });

  test("the first page loads no library and no plugin", () => {
    const known =
      /node:|bin\/tiepoint|dist\/src\/cli\/main|lib\/(src-cli-main|part-(diagnostic|pretty-json|suggest|terminal|show-diagnostics))\.|node_modules\/picocolors/;
    expect(modulesOf("--help").filter((url) => !known.test(url))).toEqual([]);
  });

  test("points are mapped without the image library, kernels and worker threads", () => {
    shop.write("t.json", formatTransformFile({ registration: { transform: identity }, fixed: {}, moving: {} }));
    shop.write("p.csv", "x,y\n1,2\n");
    const urls = modulesOf("apply", "t.json", "p.csv", "-o", "q.csv");
    expect(
      urls.filter((url) => /sharp|ajv|\/yaml\/|dist\/plugins|lib\/(plugins|part-(lane|module))/.test(url)),
    ).toEqual([]);
    expect(shop.read("q.csv")).toBe("x,y\n1,2\n");
  });

  test("--version is one line", () => {
    expect(tiepoint("--version").stdout).toMatch(/^tiepoint \d+\.\d+\.\d+\n$/);
  });
});

describe("a wrong command line", () => {
  test.each([
    [
      ["aling"],
      'error unknown-command\n  There is no command "aling". Did you mean "align"?\n  help: tiepoint --help lists all commands.\n',
    ],
    [["--jobs"], 'error unknown-flag\n  There is no flag "--jobs".\n  help: tiepoint --help lists all commands.\n'],
    [
      ["run", "a.yaml", "--job", "2"],
      'error unknown-flag\n  tiepoint run has no flag "--job". Did you mean "--jobs"?\n  help: tiepoint run --help tells more.\n',
    ],
    [
      ["run", "a.yaml", "--no-colour"],
      'error unknown-flag\n  tiepoint run has no flag "--no-colour". Did you mean "--no-color"?\n  help: tiepoint run --help tells more.\n',
    ],
    [["run"], "error missing-argument\n  tiepoint run needs FILE.\n  help: tiepoint run --help tells more.\n"],
    [
      ["run", "a.yaml", "b.yaml"],
      'error unexpected-argument\n  tiepoint run does not know what to do with "b.yaml".\n  help: tiepoint run --help tells more.\n',
    ],
    [
      ["run", "a.yaml", "--cache", "rx"],
      "error wrong-usage\n  Expected --cache=rx to be one of: rw, r, w, off\n  help: tiepoint run --help tells more.\n",
    ],
    [
      ["run", "a.yaml", "--jobs", "zero"],
      "error wrong-usage\n  Parsing --jobs; Expected an integer but received: zero\n  help: tiepoint run --help tells more.\n",
    ],
    [
      ["align", "a.png", "b.png"],
      "error wrong-usage\n  Missing required flag out\n  help: tiepoint align --help tells more.\n",
    ],
    [
      ["plugins", "estimate/afine"],
      'error unknown-plugin\n  There is no plugin "estimate/afine". Did you mean "estimate/affine"?\n  help: tiepoint plugins lists them all.\n',
    ],
    [
      ["init", "feature-affine"],
      'error unknown-recipe\n  There is no recipe "feature-affine". Did you mean "features-affine"?\n',
    ],
  ])("%j", (args, message) => {
    const { status, stdout, stderr } = tiepoint(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr.startsWith(message) ? message : stderr).toBe(message);
  });

  test("with --json the error is a document on standard output", () => {
    const { status, stdout, stderr } = tiepoint("run", "none.yaml", "--json");
    expect({ status, stderr }).toEqual({ status: 4, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, exit: 4, diagnostics: [{ code: "pipeline-unreadable" }] });
  });
});
