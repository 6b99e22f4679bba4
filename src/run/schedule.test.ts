import { expect, test } from "vitest";
import type { Source, Task } from "../pipeline/task.js";
import { IndexHeap } from "./heap.js";
import { type Ending, Schedule } from "./schedule.js";
import { select } from "./select.js";

const task = (id: string, inputs: Readonly<Record<string, Source>>, rest: Partial<Task> = {}): Task =>
  ({ id, step: id, inputs, outputs: { image: "image" }, onFail: "stop", gates: [], ...rest }) as Task;
const from = (index: number) => ({ task: index, port: "image" });
const ended = (state: Ending["state"], hole = false): Ending => ({
  ...{ state, hole, key: "k", gates: [], notes: [], seconds: 0, peakBytes: 0 },
});
const all = (tasks: readonly Task[]) => tasks.map(() => true);

function runAll(tasks: readonly Task[]): readonly number[] {
  const schedule = new Schedule(tasks, all(tasks));
  const order: number[] = [];
  for (let i: number | undefined; (i = schedule.next()) !== undefined; ) {
    if (schedule.feed(i).runs) order.push(i);
    schedule.end(i, ended("computed"));
  }
  expect(schedule.left).toBe(0);
  return order;
}

test("a chain and a fan of 100,000 tasks run in order, without recursion", () => {
  const count = 100_000;
  const indices = Array.from({ length: count }, (_, i) => i);
  const chain = indices.map((i) => task(`t${i}`, i === 0 ? {} : { in: from(i - 1) }));
  expect(runAll(chain)).toEqual(indices);
  const fan = indices.map((i) => task(`t${i}`, i === 0 ? {} : { in: from(0) }));
  fan.push(task("last", { in: { items: indices.map((i) => [`${i}`, from(i)] as const) } }));
  expect(runAll(fan)).toEqual([...indices, count]);
  const chosen = select(chain, { until: ["t50000"] });
  expect(chosen.filter(Boolean)).toHaveLength(50_001);
});

test("indices come out of the heap by size", () => {
  const heap = new IndexHeap();
  const given = Array.from({ length: 1000 }, (_, i) => (i * 7919) % 1000);
  for (const one of given) heap.push(one);
  const back = given.map(() => heap.pop());
  expect(back).toEqual([...given].sort((a, b) => a - b));
  expect(heap.pop()).toBeUndefined();
});

test("lists go on without items that were given up, and stop for items that failed", () => {
  const tasks = [
    task("a", {}),
    task("b", {}),
    task("all", { in: { items: [["a", from(0)] as const, ["b", from(1)]] } }),
  ];
  const withEndings = (a: Ending, b: Ending) => {
    const schedule = new Schedule(tasks, all(tasks));
    for (const ending of [a, b]) schedule.end(schedule.next()!, ending);
    return schedule.feed(schedule.next()!);
  };
  expect(withEndings(ended("computed"), ended("refused", true))).toEqual({
    runs: true,
    inputs: { in: { items: [["a", { key: "k", port: "image" }]] } },
  });
  expect(withEndings(ended("computed"), ended("failed"))).toMatchObject({ runs: false, hole: false, because: "b" });
  expect(withEndings(ended("refused", true), ended("skipped", true))).toMatchObject({ runs: false, hole: true });
});

test("a task that must be done again is handed out again, and then the one that waits for it", () => {
  const tasks = [task("a", {}), task("b", { in: from(0) }), task("c", { in: from(0) })];
  const schedule = new Schedule(tasks, all(tasks));
  schedule.end(schedule.next()!, ended("cached"));
  expect(schedule.next()).toBe(1);
  expect(schedule.next()).toBe(2);
  schedule.redo(0, 1);
  schedule.redo(0, 2);
  expect(schedule.left).toBe(3);
  expect(schedule.next()).toBe(0);
  expect(schedule.next()).toBeUndefined();
  schedule.end(0, ended("computed"));
  expect([schedule.next(), schedule.next()]).toEqual([1, 2]);
});

test("items of a nested block are named by their last part, their block, or whole", () => {
  const tasks = ["S1/a", "S1/b", "S2/a"].map((item) => task(item, {}, { item }));
  const chosen = (items: string[]) => tasks.filter((_, i) => select(tasks, { items })[i]).map((one) => one.id);
  expect(chosen(["S1"])).toEqual(["S1/a", "S1/b"]);
  expect(chosen(["a"])).toEqual(["S1/a", "S2/a"]);
  expect(chosen(["S2/a"])).toEqual(["S2/a"]);
  expect(chosen(["S"])).toEqual([]);
});
