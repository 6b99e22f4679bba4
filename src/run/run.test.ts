import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FakeStep, fakePlan, pairSteps } from "../../test/support/fake-plan.mjs";
import type { AnyPlugin } from "../core/plugin.js";
import type { RunEvent, RunRecord } from "../core/record.js";
import type { Plan } from "../pipeline/task.js";
import { type RunOptions, runPlan } from "./run.js";
import { withModuleDigest } from "./user-plugins.js";

const catalogueUrl = new URL("../../test/support/fake-catalogue.mjs", import.meta.url).href;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tiepoint-run-"));
  writeFileSync(join(folder, "fixed.txt"), "10");
  writeFileSync(join(folder, "moving.txt"), "17");
  process.env.FAKE_LOG = join(folder, "log");
});
afterEach(() => {
  delete process.env.FAKE_LOG;
  rmSync(folder, { recursive: true, force: true });
});

interface Ran {
  readonly record: RunRecord;
  readonly events: readonly RunEvent[];
  /** What plugins ran, in the order of their beginning. */
  readonly log: readonly string[];
}

async function run(
  steps: readonly FakeStep[] | Plan,
  options: Partial<RunOptions> = {},
  onEvent: (event: RunEvent) => void = () => {},
): Promise<Ran> {
  rmSync(join(folder, "log"), { force: true });
  const plan = "tasks" in steps ? steps : fakePlan(folder, steps);
  const all = { storeDir: join(folder, ".tiepoint"), jobs: 2, memory: 1e9, catalogueUrl, version: "0", ...options };
  const { events, done } = runPlan(plan, all);
  const seen: RunEvent[] = [];
  for await (const event of events) {
    seen.push(event);
    onEvent(event);
  }
  const path = join(folder, "log");
  const log = existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
  return { record: await done, events: seen, log };
}

const states = ({ record }: Ran) => Object.fromEntries(record.tasks.map((task) => [task.id, task.state]));
const codes = ({ record }: Ran) => [
  ...record.notes.map((note) => note.code),
  ...record.tasks.flatMap((task) => task.notes.map((note) => note.code)),
];
const output = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8")) as { body: unknown };
const storeFiles = () =>
  readdirSync(join(folder, ".tiepoint"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /cas|actions/.test(entry.parentPath))
    .map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name), "latin1")] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));

describe("a run", () => {
  test("computes, writes and tells what came out", async () => {
    const ran = await run(pairSteps());
    expect(ran.record.exit).toBe(0);
    expect(new Set(Object.values(states(ran)))).toEqual(new Set(["computed"]));
    expect(output("out/moving.json").body).toEqual([20, 21, 22, 23, 22, 23, 24, 25]);
    expect(output("out/affine.json").body).toMatchObject({ transform: { matrix: [1, 0, 8, 0, 1, 8] } });
    expect(ran.record.verdict).toBe("accepted");
    expect(ran.record.tasks.find((task) => task.id === "matches")).toMatchObject({
      metrics: { inliers: { value: 10 }, shift: { value: 8, unit: "px" } },
      inputs: { fixed: ["fixed-plus"], moving: ["moving-plus"] },
    });
    expect(ran.events.map((event) => event.type).filter((type) => /run/.test(type))).toEqual(["run.start", "run.end"]);
    expect(ran.record.outputs.map(({ file, from }) => [file, from])).toEqual([
      ["out/affine.json", "affine"],
      ["out/moving.json", "moving-plus"],
    ]);
  });

  test("that comes second computes nothing and starts no thread", async () => {
    const first = await run(pairSteps());
    const second = await run(pairSteps());
    expect(second.log).toEqual([]);
    expect(new Set(Object.values(states(second)))).toEqual(new Set(["cached"]));
    expect(second.events[0]).toMatchObject({ type: "run.start", tasks: 8, cached: 8 });
    expect(second.record.outputs).toEqual(first.record.outputs);
  });

  test("computes only what rests on a changed parameter", async () => {
    await run(pairSteps());
    const ran = await run(pairSteps({ amount: 5 }));
    expect(states(ran)).toEqual({
      "input:fixed": "cached",
      "input:moving": "cached",
      "fixed-plus": "computed",
      "moving-plus": "cached",
      matches: "computed",
      affine: "computed",
      "output:out/affine.json": "computed",
      "output:out/moving.json": "cached",
    });
  });

  test("computes what rests on a changed input, and goes back without computing", async () => {
    await run(pairSteps());
    writeFileSync(join(folder, "fixed.txt"), "11");
    const ran = await run(pairSteps());
    expect(states(ran)).toMatchObject({ "input:fixed": "computed", "moving-plus": "cached", affine: "computed" });
    writeFileSync(join(folder, "fixed.txt"), "10");
    const back = await run(pairSteps());
    expect(back.log.filter((line) => line !== "write")).toEqual([]);
    expect(output("out/affine.json").body).toMatchObject({ transform: { matrix: [1, 0, 8, 0, 1, 8] } });
  });

  test("sees that an input has other content, though its size and its time are the same", async () => {
    const path = join(folder, "fixed.txt");
    const settled = new Date(Date.now() - 3600e3);
    utimesSync(path, settled, settled);
    await new Promise((resolve) => setTimeout(resolve, 2100));
    await run(pairSteps());
    writeFileSync(path, "11");
    utimesSync(path, settled, settled);
    expect(states(await run(pairSteps()))).toMatchObject({ "input:fixed": "computed", matches: "computed" });
  });

  test("writes an output again that was deleted or changed", async () => {
    await run(pairSteps());
    const text = readFileSync(join(folder, "out/affine.json"));
    rmSync(join(folder, "out/affine.json"));
    writeFileSync(join(folder, "out/moving.json"), "mine");
    const ran = await run(pairSteps());
    expect(ran.log.filter((line) => line.startsWith("write"))).toEqual(["write", "write"]);
    expect(readFileSync(join(folder, "out/affine.json"))).toEqual(text);
    expect(output("out/moving.json").body).toHaveLength(8);
  });

  test("gives the same bytes with 1, 2 and 4 lanes, kernels shared or not", async () => {
    const steps: FakeStep[] = [
      ...pairSteps(),
      { id: "rows", use: "measure/rows", in: { in: "fixed" }, params: { rounds: 40 } },
      { id: "rows-too", use: "measure/rows", in: { in: "moving" }, params: { rounds: 41 } },
    ];
    const stores = [];
    for (const jobs of [1, 2, 4]) {
      rmSync(join(folder, ".tiepoint"), { recursive: true, force: true });
      expect((await run(steps, { jobs })).record.exit).toBe(0);
      stores.push(storeFiles());
    }
    expect(stores[0]!.length).toBeGreaterThan(10);
    expect(stores[1]).toEqual(stores[0]);
    expect(stores[2]).toEqual(stores[0]);
  });

  test("stores no path: another folder gives the same store", async () => {
    await run(pairSteps());
    const here = storeFiles();
    const other = mkdtempSync(join(tmpdir(), "tiepoint-other-"));
    const before = folder;
    for (const name of ["fixed.txt", "moving.txt"]) writeFileSync(join(other, name), readFileSync(join(folder, name)));
    folder = other;
    try {
      await run(pairSteps());
      expect(storeFiles()).toEqual(here);
    } finally {
      folder = before;
      rmSync(other, { recursive: true });
    }
  });
});

describe("gates", () => {
  const gate = { metric: "inliers", operator: ">=", value: 20, comparison: ">= 20" } as const;
  const verdict = { metric: "verdict", operator: ">=", value: "accepted", comparison: ">= accepted" } as const;

  test("stop what rests on a refused step, and its figures are written all the same", async () => {
    const steps = pairSteps({ match: { gates: [gate] } });
    steps.push({ id: "wm", use: "write/fake", in: { matches: "matches" }, to: "out/matches.json" });
    const ran = await run(steps);
    expect(ran.record.exit).toBe(3);
    expect(states(ran)).toMatchObject({
      matches: "refused",
      affine: "skipped",
      "output:out/affine.json": "skipped",
      "output:out/matches.json": "computed",
      "output:out/moving.json": "computed",
    });
    expect(codes(ran)).toContain("gate-refused");
    // What is stored is still refused.
    const again = await run(steps);
    expect(again.record.exit).toBe(3);
    expect(again.log).toEqual([]);
  });

  test("that only warn let the run pass", async () => {
    const ran = await run(pairSteps({ match: { gates: [gate], onFail: "warn" } }));
    expect(ran.record.exit).toBe(0);
    expect(states(ran)).toMatchObject({ matches: "computed", affine: "computed" });
    expect(ran.record.tasks.find((task) => task.id === "matches")?.notes[0]?.severity).toBe("warning");
  });

  test("refuse a transform whose verdict is not good enough, yet write it", async () => {
    const ran = await run(pairSteps({ estimate: { gates: [verdict], params: { status: "rejected" } } }));
    expect(ran.record).toMatchObject({ exit: 3, verdict: "rejected" });
    expect(states(ran)).toMatchObject({ affine: "refused", "output:out/affine.json": "computed" });
  });

  test("that skip an item leave a hole in lists, which has a key of its own", async () => {
    const steps = (status: string): FakeStep[] => [
      ...pairSteps({ estimate: { gates: [verdict], onFail: "skip", params: { status }, item: "a" } }),
      { id: "after", use: "preprocess/add", in: { in: "fixed" } },
      { id: "sum", use: "measure/sum", in: { images: ["fixed", "moving", "after"] } },
    ];
    const plan = (status: string): Plan => {
      const made = fakePlan(folder, steps(status));
      // "after" rests on the refused transform too, so the list loses it.
      const tasks = made.tasks.map((task) =>
        task.id === "after" ? { ...task, inputs: { ...task.inputs, transform: { task: 5, port: "transform" } } } : task,
      );
      return { ...made, tasks };
    };
    const whole = await run(plan("accepted"));
    expect(whole.log).toContain("sum 3");
    const holed = await run(plan("rejected"));
    expect(states(holed)).toMatchObject({ affine: "refused", after: "skipped", sum: "computed" });
    expect(holed.log).toContain("sum 2");
    expect(holed.record.exit).toBe(3);
  });
});

describe("failures", () => {
  const withFailure = (how: string): FakeStep[] => [
    ...pairSteps(),
    { id: "bad", use: "measure/fail", in: { in: "fixed" }, params: { how } },
    { id: "wb", use: "write/fake", in: { metrics: "bad" }, to: "out/bad.json" },
  ];

  test.each([
    ["diagnostic", "too-few-matches"],
    ["throw", "internal-error"],
    ["lost", "internal-error"],
    ["memory", "memory-exceeded"],
    ["exit", "lane-crashed"],
  ])("of the kind %s fail their step alone", async (how, code) => {
    const ran = await run(withFailure(how));
    expect(ran.record.exit).toBe(1);
    expect(states(ran)).toMatchObject({ bad: "failed", "output:out/bad.json": "skipped", affine: "computed" });
    expect(codes(ran)).toContain(code);
    expect(existsSync(join(folder, "out/bad.json"))).toBe(false);
    // A failure is not remembered.
    expect((await run(withFailure(how))).log).toContain(`fail ${how}`);
  });

  test("for want of memory beside others are tried again alone", async () => {
    const steps = ["greedy 1", "greedy 2", "greedy 3"].map((how, i) => ({
      id: `g${i}`,
      use: "measure/fail",
      params: { how },
    }));
    const ran = await run(steps, { jobs: 3, memory: 1e9 });
    expect(states(ran)).toEqual({ g0: "computed", g1: "computed", g2: "computed" });
    expect(ran.log.length).toBeGreaterThan(3);
  });

  test("to give the same result twice are told", async () => {
    const steps = [{ id: "clock", use: "measure/fail", params: { how: "clock" } }];
    await run(steps);
    const ran = await run(steps, { force: ["clock"] });
    expect(ran.record.exit).toBe(0);
    expect(codes(ran)).toEqual(["not-deterministic"]);
  });

  test("of an input exit with 4 and name the file", async () => {
    rmSync(join(folder, "fixed.txt"));
    const ran = await run(pairSteps());
    expect(ran.record.exit).toBe(4);
    expect(states(ran)).toMatchObject({
      "input:fixed": "failed",
      matches: "skipped",
      "output:out/moving.json": "computed",
    });
    expect(ran.record.tasks[0]?.notes[0]?.message).toContain("fixed.txt");
  });

  test("of the pixels of an input exit with 4 too, whatever step met them", async () => {
    writeFileSync(join(folder, "fixed.txt"), "666");
    const ran = await run(pairSteps());
    expect(ran.record.exit).toBe(4);
    expect(states(ran)).toMatchObject({ "input:fixed": "computed", matches: "failed" });
    expect(codes(ran)).toContain("fake-damaged");
  });

  test("an output never overwrites an input", async () => {
    const steps = [...pairSteps(), { id: "w", use: "write/fake", in: { transform: "affine" }, to: "fixed.txt" }];
    const ran = await run(steps);
    expect(ran.record.exit).toBe(2);
    expect(codes(ran)).toEqual(["output-is-input"]);
    expect(readFileSync(join(folder, "fixed.txt"), "utf8")).toBe("10");
  });

  test("an input that changes during the run fails what read it, and nothing of it is stored", async () => {
    const steps = pairSteps({ match: { params: { seconds: 0.6 } } });
    // While the matcher works: it has read the file, or will read another one than was keyed.
    const ran = await run(steps, {}, (event) => {
      if (event.type === "task.progress" && event.id === "matches") writeFileSync(join(folder, "moving.txt"), "99");
    });
    expect(states(ran)).toMatchObject({ matches: "failed", affine: "skipped" });
    expect(codes(ran)).toContain("input-changed");
  });

  test("damaged values are computed again within the run", async () => {
    await run(pairSteps());
    const cas = join(folder, ".tiepoint/cas");
    for (const entry of readdirSync(cas, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const bytes = readFileSync(path);
      bytes[bytes.length >> 1]! ^= 1;
      writeFileSync(path, bytes);
    }
    rmSync(join(folder, "out"), { recursive: true });
    const ran = await run(pairSteps());
    expect(ran.record.exit).toBe(0);
    expect(output("out/affine.json").body).toMatchObject({ transform: { matrix: [1, 0, 8, 0, 1, 8] } });
    expect(ran.log).toContain("estimate");
  });
});

describe("stopping", () => {
  test.each(["spin", "block"])(
    "ends within its bound while a step is busy (%s), and the next run goes on",
    async (how) => {
      const steps: FakeStep[] = [
        ...pairSteps(),
        { id: "busy", use: "measure/fail", in: { in: "fixed" }, params: { how } },
      ];
      const controller = new AbortController();
      const { events, done } = runPlan(fakePlan(folder, steps), {
        ...{ storeDir: join(folder, ".tiepoint"), jobs: 2, memory: 1e9, catalogueUrl, version: "0" },
        signal: controller.signal,
      });
      let stopped = 0;
      let ended = 0;
      for await (const event of events) {
        if (event.type === "task.end" && ++ended === 8) {
          stopped = performance.now();
          controller.abort("SIGTERM");
        }
      }
      const record = await done;
      expect(performance.now() - stopped).toBeLessThan(5000);
      expect(record.exit).toBe(143);
      expect(record.notes[0]).toMatchObject({
        code: "interrupted",
        message: "The run was interrupted with 1 task left",
      });
      const again = await run(pairSteps());
      expect(again.log).toEqual([]);
      expect(readdirSync(join(folder, ".tiepoint/leases"))).toEqual([]);
    },
  );
});

describe("a kept image", () => {
  test("is read from the store, and not computed again", async () => {
    const steps = (count: number): FakeStep[] =>
      pairSteps({ match: { params: { count } } }).map((step) =>
        step.id === "moving-plus" ? { ...step, keep: true } : step,
      );
    const first = await run(steps(4));
    expect(first.log).toContain("pixels 3");
    const second = await run(steps(5));
    expect(second.record.exit).toBe(0);
    expect(second.log).not.toContain("pixels 3");
    expect(second.log).toContain("match 5");
    expect(output("out/moving.json").body).toEqual([20, 21, 22, 23, 22, 23, 24, 25]);
  });
});

describe("lists", () => {
  test("travel from output to input as a whole, and their images are found again inside stored values", async () => {
    const steps = (use: string): FakeStep[] => [
      { id: "a", use: "read/fake", file: "fixed.txt" },
      { id: "b", use: "read/fake", file: "moving.txt" },
      { id: "spread", use: "stitch/spread", in: { images: ["a", "b"] } },
      { id: "sum", use: "measure/sum", in: { images: "spread.images" } },
      { id: "picked", use: "match/pick", in: { images: "spread.images", maps: "spread.maps" } },
      { id: "affine", use: "estimate/pixel", in: { matches: "picked" } },
      { id: "ws", use, in: { in: "sum" }, to: "out/sum.json" },
    ];
    const ran = await run(steps("write/fake"));
    expect(ran.record.exit).toBe(0);
    expect(codes(ran)).toEqual([]);
    const pixels = 64 * 48;
    const base = Array.from({ length: pixels }, (_, i) => (i % 64) + 2 * Math.floor(i / 64)).reduce((x, y) => x + y, 0);
    expect(output("out/sum.json").body).toEqual({
      columns: { id: ["a", "b"], sum: [base + 10 * pixels, base + 18 * pixels] },
    });
    // The first pixel of the second image of the list: 17, and 1 for its place.
    expect(ran.record.tasks.find((task) => task.id === "affine")?.metrics).toEqual({ pixel: { value: 18 } });
    expect((await run(steps("write/fake"))).log).toEqual([]);
  });
});

describe("parts and modes", () => {
  test("only a step runs with what it needs and what is written from it", async () => {
    const ran = await run(pairSteps(), { only: ["fixed-plus"] });
    expect(Object.keys(states(ran))).toEqual(["input:fixed", "fixed-plus"]);
    const too = await run(pairSteps(), { only: ["moving-plus"] });
    expect(Object.keys(states(too))).toEqual(["input:moving", "moving-plus", "output:out/moving.json"]);
  });

  test("until a step runs no output; from a step runs what rests on it", async () => {
    const until = await run(pairSteps(), { until: ["matches"] });
    expect(Object.keys(states(until))).toHaveLength(5);
    const from = await run(pairSteps(), { from: ["affine"] });
    expect(states(from)).toMatchObject({ matches: "cached", affine: "computed", "output:out/affine.json": "computed" });
    expect(states(from)["output:out/moving.json"]).toBeUndefined();
  });

  test("a forced step is computed though it is stored", async () => {
    await run(pairSteps());
    const ran = await run(pairSteps(), { force: ["affine"] });
    expect(ran.log).toContain("estimate");
    expect(ran.log).not.toContain("match 4");
  });

  test("with the cache off nothing is read and nothing stays", async () => {
    await run(pairSteps());
    const before = storeFiles();
    const ran = await run(pairSteps({ amount: 6 }), { cache: "off" });
    expect(new Set(Object.values(states(ran)))).toEqual(new Set(["computed"]));
    expect(storeFiles()).toEqual(before);
  });

  test("a read-only cache is used and left as it is", async () => {
    await run(pairSteps());
    const before = storeFiles();
    const ran = await run(pairSteps({ amount: 6 }), { cache: "r" });
    expect(states(ran)).toMatchObject({ "moving-plus": "cached", "fixed-plus": "computed" });
    expect(storeFiles()).toEqual(before);
  });

  test("a write-only cache is filled anew", async () => {
    await run(pairSteps());
    const ran = await run(pairSteps(), { cache: "w" });
    expect(ran.log).toContain("estimate");
  });
});

describe("the lock", () => {
  const lockPath = () => join(folder, "tiepoint.lock");

  test("lets the same run pass frozen, and names what drifted", async () => {
    await run(pairSteps(), { lockPath: lockPath() });
    expect((await run(pairSteps(), { lockPath: lockPath(), frozen: true })).record.exit).toBe(0);
    writeFileSync(join(folder, "fixed.txt"), "11");
    const ran = await run(pairSteps({ amount: 6 }), { lockPath: lockPath(), frozen: true });
    expect(ran.record.exit).toBe(2);
    expect(ran.log).toEqual([]);
    const messages = ran.record.notes.map((note) => note.message);
    expect(messages[0]).toMatch(/^input fixed \(fixed.txt\) is [0-9a-f]{12}, but the lock says/);
    expect(messages[1]).toBe("amount of step fixed-plus is 6, but the lock says 2");
  });

  test("that is missing refuses a frozen run", async () => {
    const ran = await run(pairSteps(), { lockPath: lockPath(), frozen: true });
    expect(ran.record.exit).toBe(2);
    expect(codes(ran)).toEqual(["lock-missing"]);
  });

  test("finds a step that is not deterministic", async () => {
    await run(pairSteps(), { lockPath: lockPath() });
    const lock = JSON.parse(readFileSync(lockPath(), "utf8")) as { outputs: Record<string, { sha256: string }> };
    lock.outputs["out/affine.json"]!.sha256 = "0".repeat(64);
    writeFileSync(lockPath(), JSON.stringify(lock));
    const ran = await run(pairSteps(), { lockPath: lockPath(), frozen: true });
    expect(ran.record.exit).toBe(1);
    expect(codes(ran)).toEqual(["lock-outputs"]);
  });
});

describe("a plugin of the user", () => {
  test("that changes is another plugin, although its version is the same", async () => {
    const path = join(folder, "mine.mjs");
    const write = (value: number) =>
      writeFileSync(
        path,
        `export default { kind: "measure", name: "mine", version: "1", summary: "", params: {}, inputs: {},
          outputs: { metrics: "metrics" }, run: async () => ({ ok: true, value: { metrics: { a: { value: ${value} } } } }) };`,
      );
    const runMine = async () => {
      const url = pathToFileURL(path).href;
      const { default: plugin } = (await import(`${url}?${Math.random()}`)) as { default: AnyPlugin };
      const { version } = withModuleDigest(plugin, url);
      const made = fakePlan(folder, [{ id: "mine", use: "measure/fail", plugin: "measure/mine", version }]);
      const ran = await run(made, { pluginUrls: [url] });
      return ran.record.tasks[0]!;
    };
    write(1);
    expect(await runMine()).toMatchObject({ state: "computed", metrics: { a: { value: 1 } } });
    expect(await runMine()).toMatchObject({ state: "cached" });
    write(2);
    expect(await runMine()).toMatchObject({ state: "computed", metrics: { a: { value: 2 } } });
  });
});

describe("the report", () => {
  const reportUrl = `data:text/javascript,${encodeURIComponent(
    `export async function buildReport(record, access) {
       const matches = await access.value("matches", "matches");
       const image = await access.value("fixed-plus", "image");
       const { data } = await image.read({ x: 0, y: 0, width: 2, height: 1 });
       return [record.exit, matches?.fixed.length, data[0], await access.value("affine", "transform") !== undefined].join(" ");
     }`,
  )}`;

  test.each([
    [{}, "0 8 12 true", 0],
    [{ gates: [{ metric: "inliers", operator: ">=", value: 20, comparison: ">= 20" }] }, "3 8 12 false", 3],
  ] as const)("is written with the values of the run (%o)", async (match, text, exit) => {
    const path = join(folder, "out/report.html");
    const plan = fakePlan(folder, pairSteps({ match }), { report: { path, name: "out/report.html" } });
    const { record } = await run(plan, { reportUrl, recordPaths: [join(folder, "run.json")] });
    expect(record.exit).toBe(exit);
    expect(readFileSync(path, "utf8")).toBe(text);
    expect(record.outputs.at(-1)).toMatchObject({ file: "out/report.html", from: "report" });
    expect(JSON.parse(readFileSync(join(folder, "run.json"), "utf8"))).toEqual(record);
  });
});
