import { rmSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { blocks, workshop } from "./tiepoint.js";

const shop = workshop();
const { tiepoint } = shop;

const pipeline = `tiepoint: 1
name: by-hand
inputs:
  fixed: fixed.pgm
  moving: moving.pgm
  points: { file: points.csv, use: read/matches, fixed: fixed, moving: moving }
steps:
  affine: { use: estimate/affine, matches: points, guided: false }
  aligned: { use: warp, in: moving, transform: affine, like: fixed }
outputs:
  out/aligned.png: aligned
  out/affine.json: affine
  out/matches.csv: affine.matches
  out/report.html: report
`;

/** Tie points of a shift by (5, -3), or of nothing at all. */
function points(kind: "shifted" | "random"): string {
  const lines = ["fixed_x,fixed_y,moving_x,moving_y"];
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
  for (let i = 0; i < 80; i++) {
    const [x, y] = [10 + next() * 170, 10 + next() * 120];
    const noise = () => (next() - 0.5) * 0.4;
    lines.push(
      kind === "shifted" ? [x, y, x + 5 + noise(), y - 3 + noise()].join() : [x, y, next() * 200, next() * 150].join(),
    );
  }
  return `${lines.join("\n")}\n`;
}

function prepare(kind: "shifted" | "random"): void {
  shop.write("p.yaml", pipeline);
  shop.write("fixed.pgm", blocks(200, 150, 1));
  shop.write("moving.pgm", blocks(200, 150, 1, 5, -3));
  shop.write("points.csv", points(kind));
}

describe("a pipeline", () => {
  test("is checked, planned, run, and found done", () => {
    prepare("shifted");
    expect(tiepoint("check", "p.yaml")).toEqual({ status: 0, stdout: "p.yaml: ok, 8 tasks\n", stderr: "" });
    expect(tiepoint("plan", "p.yaml").stdout).toBe(`by-hand: 8 tasks, 0 cached, 8 to run
  run      read fixed             read/raster      never run
  run      read moving            read/raster      never run
  run      read points            read/matches     never run
  run      affine                 estimate/affine  never run
  run      aligned                warp             never run
  run      write out/aligned.png  write/raster     never run
  run      write out/affine.json  write/transform  never run
  run      write out/matches.csv  write/matches    never run
`);
    const run = tiepoint("run", "p.yaml");
    expect(run.status).toBe(0);
    expect(
      run.stdout.replace(/[\d.]+ (px|s)$/gm, "N $1").replace(/: \d+ of 80/, ": N of 80"),
    ).toBe(`affine  accepted: N of 80 tie points agree, expected error N px
wrote out/aligned.png
wrote out/affine.json
wrote out/matches.csv
wrote out/report.html
done after N s
`);
    expect(run.stderr.split("\n")[0]).toMatch(/^by-hand: 8 tasks, \d+ jobs? at a time, up to \S+ \S+ memory$/);
    expect(shop.json("out/affine.json")).toMatchObject({
      format: "tiepoint/transform",
      fixed: { file: "fixed.pgm" },
      moving: { file: "moving.pgm" },
      verdict: { status: "accepted" },
    });
    expect(shop.json("out/run.json")).toMatchObject({ format: "tiepoint/run", exit: 0, verdict: "accepted" });
    expect(tiepoint("plan", "p.yaml").stdout.split("\n")[0]).toBe("by-hand: 8 tasks, 8 cached, 0 to run");

    const why = tiepoint("plan", "p.yaml", "--set", "steps.affine.confidence=0.99", "--why", "affine");
    expect(why.stdout).toMatch(/^affine: run, because confidence changed: 0.9999 -> 0.99\n/);
    expect(tiepoint("plan", "p.yaml", "--set", "steps.affine.confidence=0.99").stdout).toContain(
      "  run      aligned                warp             affine will change\n",
    );
    expect(tiepoint("run", "p.yaml").stdout.split("\n").slice(1, 5)).toEqual([
      "kept  out/aligned.png",
      "kept  out/affine.json",
      "kept  out/matches.csv",
      "wrote out/report.html",
    ]);
    const data = JSON.parse(tiepoint("plan", "p.yaml", "--why", "affine", "--json").stdout);
    expect(data).toMatchObject([
      { id: "affine", state: "cached", ingredients: expect.arrayContaining([{ name: "seed", now: "1", before: "1" }]) },
    ]);
    const again = tiepoint("run", "p.yaml", "--json", "--quiet");
    expect(again.stderr).toBe("");
    expect(JSON.parse(again.stdout).tasks.map((t: { state: string }) => t.state)).toEqual(new Array(8).fill("cached"));
  });

  test("whose registration cannot be trusted ends with 3, and leaves transform, matches and report", () => {
    prepare("random");
    const { status, stdout, stderr } = tiepoint("run", "p.yaml");
    expect(status).toBe(3);
    expect(stdout).toMatch(
      /^affine {2}rejected: \d+ of 80 tie points agree\nwrote out\/affine.json\nwrote out\/matches.csv\nwrote out\/report.html\nrefused: /,
    );
    expect(stderr).toContain(
      "error verdict-refused  p.yaml:8:3\n  8 |   affine: { use: estimate/affine, matches: points, guided: false }\n    |   ^^^^^^\n",
    );
    expect(stderr).toContain("2 tasks were not run because of this.\n");
    expect(shop.json("out/affine.json").verdict.status).toBe("rejected");
    expect(shop.has("out/aligned.png")).toBe(false);
  });

  test("with mistakes ends with 2 and shows them all in the file", () => {
    shop.write("p.yaml", pipeline.replace("matches: points", "matchs: points").replace("like: fixed", "like: fxed"));
    const { status, stdout, stderr } = tiepoint("check", "p.yaml", "--no-inputs");
    expect(status).toBe(2);
    expect(stdout).toMatch(/^p\.yaml: \d errors/);
    expect(stderr).toContain(`error unknown-parameter  p.yaml:8:35
  8 |   affine: { use: estimate/affine, matchs: points, guided: false }
    |                                   ^^^^^^
`);
    expect(stderr).toContain('Did you mean "matches"?');
    expect(stderr).toContain('No step or input is called "fxed". Did you mean "fixed"?');
    expect(tiepoint("run", "p.yaml").status).toBe(2);
  });

  test("with a missing input ends with 4, whatever looks at it", () => {
    prepare("shifted");
    shop.write("p.yaml", pipeline.replace("moving.pgm", "moved.pgm"));
    const message = `There is no file ${shop.path("moved.pgm")}`;
    for (const command of ["check", "run"]) {
      const { status, stderr } = tiepoint(command, "p.yaml");
      expect({ status, told: stderr.includes(`  ${message}\n`) }).toEqual({ status: 4, told: true });
      expect(stderr).toContain("p.yaml:5:3\n  5 |   moving: moved.pgm\n    |   ^^^^^^\n");
    }
    const plan = tiepoint("plan", "p.yaml");
    expect(plan.status).toBe(4);
    expect(plan.stdout).toContain(`  blocked  read moving            read/raster      ${message}\n`);
  });

  test("that is not there ends with 4 and names those that are", () => {
    shop.write("stitch.yaml", "tiepoint: 1\n");
    expect(tiepoint("run", "stich.yaml")).toEqual({
      status: 4,
      stdout: "",
      stderr:
        'error pipeline-unreadable\n  The pipeline cannot be read: stich.yaml does not exist\n  help: Did you mean "stitch.yaml"?\n',
    });
  });

  test("can be run in part, and told otherwise by flags, parameter files and profiles", () => {
    prepare("shifted");
    expect(tiepoint("run", "p.yaml", "--only", "afine")).toMatchObject({ status: 2, stdout: "" });
    const only = tiepoint("run", "p.yaml", "--only", "affine", "--progress", "none");
    expect({ ...only, stdout: only.stdout.split("\n").filter((l) => l.startsWith("wrote")) }).toEqual({
      status: 0,
      stdout: ["wrote out/affine.json", "wrote out/matches.csv"],
      stderr: "",
    });
    shop.write("machine.yaml", "jobs: 1\nmemory: 1 GB\nstore: kept\n");
    const other = tiepoint(
      "run",
      "p.yaml",
      "--profile",
      "machine.yaml",
      "--out",
      "elsewhere",
      "--json",
      "--progress",
      "json",
    );
    expect(JSON.parse(other.stdout).machine).toMatchObject({ jobs: 1, memory: 1e9 });
    const events = other.stderr
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect([events[0].type, events.at(-1).type]).toEqual(["run.start", "run.end"]);
    expect([shop.has("elsewhere/out/affine.json"), shop.has("kept/actions"), shop.has("out/aligned.png")]).toEqual([
      true,
      true,
      false,
    ]);
    shop.write("machine.yaml", "job: 1\n");
    expect(tiepoint("run", "p.yaml", "--profile", "machine.yaml")).toEqual({
      status: 2,
      stdout: "",
      stderr: 'error bad-profile\n  machine.yaml: there is no setting "job". Did you mean "jobs"?\n',
    });
    expect(tiepoint("run", "p.yaml", "--memory", "4").stderr).toBe(
      'error wrong-usage\n  --memory "4": Expected a unit after 4, such as 2 GB\n  help: Write it as "4 GB".\n',
    );
  });

  test("a run that is held against its lock ends with 2 when an input has changed", () => {
    prepare("shifted");
    expect(tiepoint("run", "p.yaml").status).toBe(0);
    expect(shop.has("p.lock")).toBe(true);
    expect(tiepoint("run", "p.yaml", "--frozen").status).toBe(0);
    shop.write("moving.pgm", blocks(200, 150, 2));
    const { status, stderr } = tiepoint("run", "p.yaml", "--frozen");
    expect(status).toBe(2);
    expect(stderr).toContain("error lock-drift\n  input moving (moving.pgm) is ");
  });
});

describe("what is kept between runs", () => {
  test("is counted, checked and removed", () => {
    prepare("shifted");
    expect(tiepoint("cache", "info").stdout).toBe(`${shop.path(".tiepoint")}: nothing is kept\n`);
    tiepoint("run", "p.yaml");
    expect(tiepoint("cache", "path").stdout).toBe(`${shop.path(".tiepoint")}\n`);
    expect(tiepoint("cache", "info").stdout).toMatch(/: 8 results, \d+ KiB\n$/);
    expect(tiepoint("cache", "verify").stdout).toBe("8 results are whole\n");
    expect(tiepoint("cache", "clean", "--older", "1").stdout).toBe("removed 0 files, 0 B\n");
    expect(tiepoint("cache", "clean").stdout).toMatch(/^removed \d+ files, \d+ KiB\n$/);
    expect(tiepoint("cache", "info", "--json").stdout).toContain('"results": 0');
  });
});

describe("tiepoint report", () => {
  test("writes the report of a finished run again, byte by byte, from the pipeline or the record", () => {
    prepare("shifted");
    expect(tiepoint("run", "p.yaml").status).toBe(0);
    const report = shop.read("out/report.html");
    // What the run wrote is not needed: the store holds it.
    for (const name of ["report.html", "aligned.png", "affine.json"]) rmSync(shop.path(`out/${name}`));
    const again = tiepoint("report", "p.yaml");
    expect(again).toMatchObject({ status: 0, stderr: "" });
    expect(again.stdout).toMatch(/^wrote out\/report\.html \([\d.]+ KiB\)\n$/);
    expect(shop.read("out/report.html")).toBe(report);
    expect(shop.has("out/aligned.png")).toBe(false);

    const byRecord = tiepoint("report", "out/run.json", "-o", "elsewhere/again.html", "--json");
    expect(byRecord).toMatchObject({ status: 0, stderr: "" });
    expect(JSON.parse(byRecord.stdout)).toMatchObject({
      ok: true,
      report: "elsewhere/again.html",
      pipeline: "by-hand",
      run: { exit: 0, verdict: "accepted" },
    });
    expect(shop.read("elsewhere/again.html")).toBe(report);
  });

  test("is written again of a run that was refused", () => {
    prepare("random");
    expect(tiepoint("run", "p.yaml").status).toBe(3);
    const report = shop.read("out/report.html");
    rmSync(shop.path("out/report.html"));
    expect(tiepoint("report", "p.yaml").status).toBe(0);
    expect(shop.read("out/report.html")).toBe(report);
  });

  test("names the steps whose results are missing, ends with 4, and writes nothing", () => {
    prepare("shifted");
    const never = tiepoint("report", "p.yaml");
    expect(never.status).toBe(4);
    expect(never.stderr).toContain("error never-run");
    expect(never.stderr).toContain("tiepoint run p.yaml");

    expect(tiepoint("run", "p.yaml").status).toBe(0);
    rmSync(shop.path("out/report.html"));
    const changed = tiepoint("report", "p.yaml", "--set", "steps.affine.confidence=0.99");
    expect(changed.status).toBe(4);
    expect(changed.stderr).toContain("affine: confidence changed: 0.9999 -> 0.99");
    expect(changed.stderr).toContain("tiepoint run p.yaml");

    const affine = shop.json("out/run.json").tasks.find((t: { id: string }) => t.id === "affine");
    rmSync(shop.path(`.tiepoint/cas/${affine.outputs[0].digest.slice(0, 2)}`), { recursive: true });
    const lost = tiepoint("report", "out/run.json", "--json");
    expect(lost.status).toBe(4);
    const { diagnostics } = JSON.parse(lost.stdout) as { diagnostics: { code: string; message: string }[] };
    expect(diagnostics.map(({ code }) => code)).toContain("run-not-complete");
    expect(diagnostics.map(({ message }) => message)).toContain("affine: its result is no longer in the store");
    expect(shop.has("out/report.html")).toBe(false);
  });

  test("never replaces what the pipeline reads, and needs a name where the pipeline gives none", () => {
    prepare("shifted");
    shop.write("p.yaml", pipeline.replace("  out/report.html: report\n", ""));
    expect(tiepoint("run", "p.yaml").status).toBe(0);
    expect(tiepoint("report", "p.yaml").stderr).toContain("-o report.html");
    const input = shop.read("points.csv");
    for (const name of ["points.csv", "p.yaml"]) expect(tiepoint("report", "p.yaml", "-o", name).status).toBe(2);
    expect(shop.read("points.csv")).toBe(input);
    expect(tiepoint("report", "p.yaml", "-o", "mine.html").status).toBe(0);
    expect(shop.read("mine.html")).toMatch(/^<!doctype html>/i);
    expect(tiepoint("report", "points.csv").status).toBe(2);
    const { pipeline: of, inputs, outputs, notes } = shop.json(".tiepoint/runs/p.json");
    const broken = { format: "tiepoint/run", version: 1, pipeline: of, inputs, outputs, notes, tasks: [null] };
    for (const text of ["", "null", JSON.stringify(broken)]) {
      shop.write("other.json", text);
      const { status, stderr } = tiepoint("report", "other.json");
      expect({ text, status, code: /^error (\S+)/.exec(stderr)?.[1] }).toEqual({
        text,
        status: 4,
        code: "not-a-record",
      });
    }
  });
});
