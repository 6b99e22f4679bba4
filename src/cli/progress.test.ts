import { describe, expect, test } from "vitest";
import type { RunEvent, TaskRecord } from "../core/record.js";
import { Progress, type ProgressMode } from "./progress.js";
import { fitWidth } from "./progress-words.js";
import { plainColors } from "./terminal.js";

const tasks = [
  { id: "input:fixed", step: "input:fixed", plugin: "read/raster" },
  { id: "pair[a].match", step: "pair.match", plugin: "match/sift" },
  { id: "pair[b].match", step: "pair.match", plugin: "match/sift" },
];

const record = (id: string, step: string, plugin: string, more: Partial<TaskRecord> = {}): TaskRecord => ({
  ...{ id, step, plugin, version: "1", key: "", params: {}, origins: {}, seed: 1, inputs: {}, outputs: [] },
  ...{ metrics: {}, gates: [], notes: [], state: "computed", seconds: 1, peakBytes: 0 },
  ...more,
});

/** A progress view on a clock that the test turns. */
function view(mode: ProgressMode, quiet = false) {
  let time = 0;
  const written: string[] = [];
  const progress = new Progress({
    ...{ mode, quiet, report: true, tasks, texts: new Map(), colors: plainColors },
    write: (text) => written.push(text),
    columns: () => 60,
    now: () => time,
  });
  return {
    at(seconds: number, ...events: RunEvent[]) {
      time = seconds;
      for (const event of events) progress.handle(event);
      progress.tick();
    },
    close: () => progress.close(),
    /** What was written since the last look. */
    look: () => written.splice(0).join(""),
  };
}

const start: RunEvent = { type: "run.start", pipeline: "pairs", tasks: 3, cached: 1, jobs: 2, memory: 2 * 1024 ** 3 };
const begin = (id: string, step: string): RunEvent => ({ type: "task.start", id, step, plugin: "match/sift" });
const end = (r: TaskRecord): RunEvent => ({ type: "task.end", record: r });

describe("progress in plain lines", () => {
  test("says what runs, each step that ended, and that it still runs", () => {
    const v = view("plain");
    v.at(0, start, end(record("input:fixed", "input:fixed", "read/raster", { state: "cached" })));
    expect(v.look()).toBe("pairs: 3 tasks, 1 done before, 2 jobs at a time, up to 2 GiB memory\n cached  read fixed\n");
    v.at(1, begin("pair[a].match", "pair.match"), begin("pair[b].match", "pair.match"));
    v.at(5, { type: "task.progress", id: "pair[a].match", step: "pair.match", fraction: 0.5 });
    expect(v.look()).toBe("");
    v.at(40);
    expect(v.look()).toBe("     ..  running pair.match: 1 of 3 tasks, 1 cached, 40 s so far, about 2 min to go\n");
    v.at(41, end(record("pair[a].match", "pair.match", "match/sift")));
    v.at(61, end(record("pair[b].match", "pair.match", "match/sift", { state: "failed" })));
    expect(v.look()).toBe(" failed  pair.match  2/2    1 min\n");
  });

  test("says verdicts, figures, warnings and refused gates in words", () => {
    const v = view("plain");
    const verdict = {
      status: "accepted",
      stopped: "converged",
      reasons: [],
      metrics: { inliers: { value: 187 }, matches: { value: 311 }, "expected-error": { value: 0.612, unit: "px" } },
    } as const;
    v.at(0, end(record("affine", "affine", "estimate/affine", { verdict })));
    v.at(0, { type: "note", id: "affine", note: { severity: "warning", code: "few", message: "Few points" } });
    v.at(0, { type: "note", id: "affine", note: { severity: "error", code: "shown-at-the-end", message: "No" } });
    v.at(0, {
      type: "gate",
      id: "affine",
      gate: { metric: "inliers", comparison: ">= 200", found: { value: 187 }, passed: false },
    });
    expect(v.look()).toBe(
      "     ok  affine        0.0 s  accepted: 187 of 311 tie points agree, expected error 0.61 px\n" +
        "warning few\n  affine: Few points\n" +
        "refused  affine: inliers >= 200, but found 187\n",
    );
  });

  test("with --quiet warnings alone are left", () => {
    const v = view("plain", true);
    v.at(0, start, end(record("input:fixed", "input:fixed", "read/raster")));
    v.at(0, { type: "note", id: "x", note: { severity: "warning", code: "few", message: "Few points" } });
    v.at(100);
    expect(v.look()).toBe("warning few\n  x: Few points\n");
  });
});

describe("progress on a terminal", () => {
  test("redraws at most ten times a second, within the width, and leaves nothing behind", () => {
    const v = view("tty");
    v.at(0, start);
    v.look();
    v.at(1, begin("pair[a].match", "pair.match"));
    v.at(1.01, { type: "task.progress", id: "pair[a].match", step: "pair.match", fraction: 0.2 });
    v.at(1.05, { type: "task.progress", id: "pair[a].match", step: "pair.match", fraction: 0.4 });
    const first = v.look();
    expect(first.split("\n").filter((l) => l.includes("running"))).toHaveLength(1);
    v.at(3, { type: "task.progress", id: "pair[a].match", step: "pair.match", fraction: 0.5 });
    const second = v.look();
    expect(second).toBe(
      "\u001b[2A\u001b[0Jrunning  pair.match  0/2  [#####-------------]  25 %\n         0 of 3 tasks, 3.0 s so far, about 10 s to go\n".replace(
        "about 10 s",
        /about \S+ s/.exec(second)?.[0] ?? "",
      ),
    );
    for (const line of second.replace("\u001b[2A\u001b[0J", "").split("\n")) expect(line.length).toBeLessThan(60);
    v.at(
      4,
      end(record("input:fixed", "input:fixed", "read/raster")),
      end(record("pair[a].match", "pair.match", "match/sift")),
    );
    v.at(5, end(record("pair[b].match", "pair.match", "match/sift")));
    v.look();
    v.at(6);
    expect(v.look()).toBe("\u001b[1A\u001b[0J         writing the report\n");
    v.close();
    v.close();
    expect(v.look()).toBe("\u001b[1A\u001b[0J");
  });
});

test("as JSON every event is a line", () => {
  const v = view("json");
  v.at(0, start);
  expect(JSON.parse(v.look())).toEqual(start);
});

test("a line that is too long is cut in the middle", () => {
  expect(fitWidth("abcdefghij", 8)).toBe("abc…hij");
  expect(fitWidth("abc", 8)).toBe("abc");
});
