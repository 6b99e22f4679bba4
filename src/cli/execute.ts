import { readFileSync } from "node:fs";
import type { Diagnostic } from "../core/diagnostic.js";
import type { RunRecord } from "../core/record.js";
import type { Plan } from "../pipeline/task.js";
import type { RunOptions } from "../run/options.js";
import { runPlan } from "../run/run.js";
import { exit } from "./exit.js";
import { Progress, type ProgressMode } from "./progress.js";
import { showDiagnostics } from "./show-diagnostics.js";
import type { Terminal } from "./terminal.js";

export const progressModes = ["auto", "tty", "plain", "json", "none"] as const;

/** Modules that lanes load, by URL. */
export const catalogueUrl = new URL("../../plugins/index.js", import.meta.url).href;
export const reportUrl = new URL("../report/report.js", import.meta.url).href;

export const version = (
  JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as { version: string }
).version;

export interface ExecuteOptions {
  readonly terminal: Terminal;
  readonly progress: (typeof progressModes)[number];
  /** The command to type to go on after an interruption. */
  readonly resume: string;
  readonly run: Omit<RunOptions, "catalogueUrl" | "reportUrl" | "version" | "signal">;
  /** Warnings and errors of the run are shown by the caller. */
  readonly silentNotes?: boolean;
}

/** Runs a plan and shows it: progress, warnings as they come, errors at the end. An interrupt ends it in good order. */
export async function executePlan(plan: Plan, options: ExecuteOptions): Promise<RunRecord> {
  const { terminal } = options;
  const stop = new AbortController();
  const interrupt = (signal: NodeJS.Signals) => {
    if (stop.signal.aborted) process.exit(signal === "SIGTERM" ? exit.terminated : exit.interrupted);
    stop.abort(signal);
    terminal.err.write("\nStopping; what is done is kept. Once more stops at once.\n");
  };
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
  const mode = chooseMode(options.progress, terminal);
  const progress = new Progress({
    mode,
    write: (text) => terminal.err.write(text),
    columns: () => terminal.err.columns || 80,
    report: plan.report !== undefined,
    colors: terminal.colors,
    tasks: plan.tasks,
    texts: plan.texts,
    now: () => performance.now() / 1000,
    quiet: terminal.quiet,
  });
  const timer = setInterval(() => progress.tick(), 100);
  try {
    const run = runPlan(plan, { ...options.run, catalogueUrl, reportUrl, version, signal: stop.signal });
    for await (const event of run.events) progress.handle(event);
    const record = await run.done;
    progress.close();
    if (mode !== "json" && !options.silentNotes) showErrors(record, plan, terminal, options.resume);
    return record;
  } finally {
    clearInterval(timer);
    progress.close();
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

function chooseMode(asked: ExecuteOptions["progress"], { err }: Terminal): ProgressMode {
  const { TIEPOINT_PROGRESS, CI, TERM } = process.env;
  const wanted = asked === "auto" ? (progressModes.find((m) => m === TIEPOINT_PROGRESS) ?? "auto") : asked;
  if (wanted !== "auto") return wanted;
  return err.isTTY && !CI && TERM !== "dumb" ? "tty" : "plain";
}

/** What failed or was refused, with the place in the pipeline; skipped steps follow from it and are counted. */
function showErrors(record: RunRecord, plan: Plan, terminal: Terminal, resume: string): void {
  const errors: Diagnostic[] = record.notes.filter((n) => n.code !== "interrupted" && n.severity !== "info");
  for (const task of record.tasks) {
    if (task.state !== "failed" && task.state !== "refused") continue;
    errors.push(...task.notes.filter((n) => n.severity === "error").map((n) => at(n, plan, task.id)));
  }
  if (errors.length > 0) terminal.err.write(`\n${showDiagnostics(errors, plan.texts, terminal.colors)}\n\n`);
  const skipped = record.tasks.filter((t) => t.state === "skipped").length;
  if (skipped > 0 && record.exit !== exit.interrupted && record.exit !== exit.terminated) {
    terminal.err.write(`${skipped} task${skipped === 1 ? " was" : "s were"} not run because of this.\n`);
  }
  const interrupted = record.notes.find((n) => n.code === "interrupted");
  if (interrupted) terminal.err.write(`${interrupted.message}. To go on: ${resume}\n`);
}

/** A step's failure is shown where the step stands in the pipeline. */
function at(note: Diagnostic, plan: Plan, id: string): Diagnostic {
  const task = plan.tasks.find((t) => t.id === id);
  return note.at || !task ? note : { ...note, at: task.at };
}
