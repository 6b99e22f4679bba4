import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { blocks, root, workshop } from "./tiepoint.js";

const shop = workshop();
const { tiepoint } = shop;
const binary = join(root, "bin", "tiepoint.js");

const pipeline = `tiepoint: 1
inputs: { fixed: a.pgm, moving: b.pgm }
steps:
  matches: { use: match/sift, fixed: fixed, moving: moving }
outputs:
  matches.csv: matches
`;

describe.skipIf(process.platform === "win32")("an interrupt", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s ends with %i, leaves no half-written file, and the same command goes on", async (signal, status) => {
    shop.write("p.yaml", pipeline);
    shop.write("a.pgm", blocks(1200, 900, 1));
    shop.write("b.pgm", blocks(1200, 900, 1, 3, 4));
    const child = spawn(process.execPath, [binary, "run", "p.yaml", "--progress", "json"], { cwd: shop.folder });
    let heard = "";
    child.stderr.on("data", (chunk) => {
      heard += chunk;
      if (heard.includes('"task.start","id":"matches"')) child.kill(signal);
    });
    const [code] = await once(child, "close");
    expect(code).toBe(status);
    expect(heard).toContain("Stopping; what is done is kept. Once more stops at once.");
    expect(shop.has("matches.csv")).toBe(false);
    const again = tiepoint("run", "p.yaml");
    expect(again.status).toBe(0);
    expect(shop.has("matches.csv")).toBe(true);
  });
});

describe.skipIf(process.platform === "win32")("a reader that goes away", () => {
  test("is no error", () => {
    const { status, stderr, stdout } = spawnSync(
      "sh",
      ["-c", `"${process.execPath}" "${binary}" plugins | head -1; true`],
      {
        encoding: "utf8",
      },
    );
    expect({ status, stderr, lines: stdout.split("\n").length }).toEqual({ status: 0, stderr: "", lines: 2 });
  });
});

describe("a bug", () => {
  test("of a plugin is told in words, with no stack trace", () => {
    shop.write(
      "p.yaml",
      "tiepoint: 1\nplugins: [./bad.mjs]\ninputs: { a: a.pgm }\nsteps:\n  bad: { use: preprocess/bad, in: a }\noutputs:\n  a.png: bad\n",
    );
    shop.write("a.pgm", blocks(20, 20, 1));
    shop.write(
      "bad.mjs",
      `export default { kind: "preprocess", name: "bad", version: "1", summary: "Fails.", params: {}, inputs: { in: "image" }, outputs: { image: "image" },
        async run() { throw new TypeError("cannot read what is not there"); } };\n`,
    );
    const { status, stdout, stderr } = tiepoint("run", "p.yaml");
    expect(status).toBe(1);
    expect(stderr).toContain("cannot read what is not there");
    expect(stderr + stdout).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
  });

  test("that nobody foresaw is one line, and the rest lies in a file", () => {
    shop.write(
      "p.yaml",
      "tiepoint: 1\nplugins: [./evil.mjs]\ninputs: { a: a.pgm }\nsteps: { evil: { use: preprocess/evil, in: a } }\n",
    );
    shop.write(
      "evil.mjs",
      `export default { kind: "preprocess", name: "evil", version: "1", summary: "", run() {}, inputs: { in: "image" }, outputs: { image: "image" },
        params: { get x() { throw new TypeError("boom\\u001b[2J") } } };\n`,
    );
    const { status, stdout, stderr } = tiepoint("check", "p.yaml");
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    const file =
      /^Internal error: boom\ufffd\[2J\. This is a bug of Tiepoint\. Details for a report are in (\S+)\.\n$/.exec(
        stderr,
      )?.[1];
    expect({ stderr, isTold: file !== undefined }).toEqual({ stderr, isTold: true });
    expect(readFileSync(file!, "utf8")).toMatch(
      /^tiepoint check p\.yaml\nnode v\S+ \S+ \S+\n\nTypeError: boom.*\n {4}at /,
    );
  });

  test("of a plugin module that does not load is told at its place", () => {
    shop.write("p.yaml", "tiepoint: 1\nplugins: [./gone.mjs]\n");
    const { status, stderr } = tiepoint("check", "p.yaml");
    expect(status).toBe(2);
    expect(stderr).toMatch(/^error plugin-unloadable {2}p\.yaml:2:10\n/);
    expect(stderr).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
  });
});

describe("the demo", () => {
  test("comes within a tenth of a pixel of the truth, and tells so", () => {
    const { status, stdout } = tiepoint("demo", "--json", "-o", "d");
    expect(status).toBe(0);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ ok: true, exit: 0, verdict: { status: "accepted" }, report: "d/report.html" });
    expect(result.trueError.largest).toBeLessThan(0.1);
    for (const file of [
      "fixed.png",
      "moving.png",
      "cells.png",
      "cells-registered.png",
      "registered.tif",
      "report.html",
    ]) {
      expect(existsSync(shop.path(`d/${file}`))).toBe(true);
    }
    expect(readFileSync(shop.path("d/pipeline.yaml"), "utf8")).toContain("tiepoint: 1\n");
    shop.write("mine/notes.txt", "precious");
    expect(tiepoint("demo", "-o", "mine").status).toBe(2);
  });
});

describe("init, schema and doctor", () => {
  test("init writes a recipe that passes the check, and replaces no file", () => {
    expect(tiepoint("init", "--list").stdout).toMatch(/^features-affine +Align a moving image/m);
    expect(tiepoint("init", "features-affine").stdout).toBe("wrote features-affine.yaml\n");
    expect(shop.read("features-affine.yaml")).toMatch(
      /^# yaml-language-server: \$schema=.*schemas\/pipeline\.schema\.json\n/,
    );
    expect(tiepoint("check", "features-affine.yaml", "--no-inputs").status).toBe(0);
    expect(tiepoint("init", "features-affine").stderr).toBe(
      "error file-exists\n  features-affine.yaml is there already\n  help: Name another file with -o.\n",
    );
  });

  test("schema writes what editors need", () => {
    expect(tiepoint("schema", "-o", "s.json").stdout).toBe("wrote s.json\n");
    expect(shop.json("s.json")).toMatchObject({ $schema: expect.stringContaining("draft-07") });
  });

  test("doctor finds this machine fit", () => {
    const { status, stdout } = tiepoint("doctor", "--json");
    expect(status).toBe(0);
    expect(JSON.parse(stdout).findings.map((f: { name: string }) => f.name)).toEqual([
      "node",
      "machine",
      "kernels",
      "pictures",
      "plugins",
      "disk",
    ]);
  });

  test("plugins explains one with all its parameters", () => {
    const { stdout } = tiepoint("plugins", "warp");
    expect(stdout).toMatch(/^warp {2}version \S+\n/);
    expect(stdout).toContain(
      "\nPARAMETERS\n  interpolation  nearest | linear | cubic | cubic-sharp | mitchell | cubic-smooth",
    );
    expect(stdout).toContain(
      "\nA STEP TO COPY\n  my-step:\n    use: warp\n    in: my-image\n    transform: my-transform",
    );
  });
});
