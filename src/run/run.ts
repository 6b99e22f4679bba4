import { availableParallelism } from "node:os";
import type { RunEvent, RunRecord } from "../core/record.js";
import type { Plan } from "../pipeline/task.js";
import { Stream } from "./events.js";
import type { RunOptions } from "./options.js";
import { Runner } from "./runner.js";

export type { CacheMode, RunOptions } from "./options.js";

export interface Run {
  /** What happens, as it happens; for one reader, who may come late. Ends after `run.end`. */
  readonly events: AsyncIterable<RunEvent>;
  /** The whole run. Never rejects for what a user, a file or the machine did; `exit` and `notes` tell. */
  readonly done: Promise<RunRecord>;
}

/** Runs a plan: computes what is not stored yet, writes the outputs, and judges what came out. */
export function runPlan(plan: Plan, options: RunOptions): Run {
  const events = new Stream<RunEvent>();
  const jobs = Math.max(1, options.jobs ?? availableParallelism());
  const done = new Runner(plan, { ...options, jobs }, (event) => events.push(event)).run();
  done.then(
    () => events.end(),
    () => events.end(),
  );
  return { events, done };
}
