import type { Task } from "../pipeline/task.js";
import type { SeenFile } from "./files.js";
import type { RunOptions } from "./options.js";
import { type Action, stampOf } from "./store.js";
import type { Workspace } from "./workspace.js";

/** Tells which results are stored already. */
export class Hits {
  constructor(
    private readonly work: Workspace,
    /** Files by path, as their digests were taken. */
    private readonly seen: ReadonlyMap<string, SeenFile>,
    private readonly options: Pick<RunOptions, "force" | "verify">,
  ) {}

  /** Whether a task seems to be stored: a quick look, for the estimate at the start of a run. */
  mayFind({ step, target }: Task, key: string): boolean {
    if (!this.#mayRead(step)) return false;
    return this.work.store.hasAction(key) && (!target || this.seen.has(target.path));
  }

  /** The stored result of a task, if it counts and is whole. @param isOurs  this run stored it */
  find(task: Task, key: string, isOurs: boolean): Action | undefined {
    if (!this.#mayRead(task.step) && !isOurs) return undefined;
    const action = this.work.store.action(key);
    if (!action || !this.work.store.isWhole(action, this.options.verify)) return undefined;
    if (task.target) return this.#isWritten(task.target.path, action) ? action : undefined;
    return !task.keep || action.outputs.every((output) => output.type !== "image" || output.list || output.pixels)
      ? action
      : undefined;
  }

  #mayRead(step: string): boolean {
    return this.work.reads && !this.options.force?.includes(step);
  }

  /** Whether the file that an action wrote is still at its place, byte by byte. */
  #isWritten(path: string, action: Action): boolean {
    const seen = this.seen.get(path);
    const isThere = action.outputs.some((output) => output.type === "file" && output.digest === seen?.sha256);
    return isThere && stampOf(path) === seen?.stamp;
  }
}
