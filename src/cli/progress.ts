import type { Diagnostic } from "../core/diagnostic.js";
import { formatNumber, formatSeconds } from "../core/format.js";
import type { GateRecord, RunEvent, TaskRecord, TaskState } from "../core/record.js";
import { describeTask, fitWidth, formatMemory, stateWord, stepLabel } from "./progress-words.js";
import { showDiagnostics } from "./show-diagnostics.js";
import type { Colors } from "./terminal.js";

export type ProgressMode = "tty" | "plain" | "json" | "none";

/** A step's tasks, as far as the plan tells. */
export interface PlannedTask {
  readonly id: string;
  readonly step: string;
  readonly plugin: string;
}

export interface ProgressOptions {
  readonly mode: ProgressMode;
  readonly write: (text: string) => void;
  readonly columns: () => number;
  readonly colors: Colors;
  readonly tasks: readonly PlannedTask[];
  readonly texts: ReadonlyMap<string, string>;
  /** Whether a report is written at the end. */
  readonly report: boolean;
  /** Seconds from any start. */
  readonly now: () => number;
  /** `--quiet`: warnings alone. */
  readonly quiet: boolean;
}

/** How long a task of a kind takes beside others: coarse, and replaced by what is measured as soon as a run goes on. */
const weights: Readonly<Record<string, number>> = {
  match: 10,
  estimate: 4,
  stitch: 10,
  stack: 10,
  landmarks: 10,
  measure: 3,
  change: 3,
  geo: 3,
  write: 4,
};
const weightOf = (plugin: string): number => weights[plugin.split("/")[0]!] ?? 1;

interface StepProgress {
  readonly label: string;
  readonly total: number;
  done: number;
  cached: number;
  failed: boolean;
  started: number | undefined;
  /** Fractions of the tasks that run now, by id. */
  readonly running: Map<string, number>;
  last: TaskRecord | undefined;
  worst: TaskState;
}

const severity: Readonly<Record<TaskState, number>> = { cached: 0, computed: 1, skipped: 2, refused: 3, failed: 4 };

/**
 * Shows a run as it happens.
 *
 * On a terminal a block of lines at the bottom is redrawn at most ten times a second, and finished steps scroll away above it;
 * elsewhere each finished step is a line, and a line each half minute says that the run goes on. What a state is, is always
 * said in words, never by colour alone.
 */
export class Progress {
  readonly #options: ProgressOptions;
  readonly #steps = new Map<string, StepProgress>();
  readonly #seen = new Set<string>();
  #total = 0;
  #finished = 0;
  #start = 0;
  #drawn = 0;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #spokenAt = 0;
  #jobs = 0;
  #memory = 0;
  #cached = 0;

  constructor(options: ProgressOptions) {
    this.#options = options;
    for (const { step, plugin } of options.tasks) {
      this.#total += weightOf(plugin);
      const known = this.#steps.get(step);
      this.#steps.set(step, { ...(known ?? this.#newStep(step)), total: (known?.total ?? 0) + 1 });
    }
  }

  #newStep(step: string): StepProgress {
    return {
      label: stepLabel(step),
      total: 0,
      done: 0,
      cached: 0,
      failed: false,
      started: undefined,
      running: new Map(),
      last: undefined,
      worst: "cached",
    };
  }

  handle(event: RunEvent): void {
    const { mode, now } = this.#options;
    if (mode === "json") {
      this.#options.write(`${JSON.stringify(event)}\n`);
      return;
    }
    switch (event.type) {
      case "run.start":
        this.#start = now();
        this.#spokenAt = this.#start;
        this.#jobs = event.jobs;
        this.#memory = event.memory;
        this.#say(
          `${event.pipeline}: ${count(event.tasks, "task")}${event.cached > 0 ? `, ${event.cached} done before` : ""}, ${count(event.jobs, "job")} at a time, up to ${formatMemory(event.memory)} memory`,
        );
        break;
      case "task.start": {
        const step = this.#step(event.step);
        step.started ??= now();
        step.running.set(event.id, 0);
        break;
      }
      case "task.progress":
        this.#step(event.step).running.set(event.id, Math.min(1, Math.max(0, event.fraction)));
        break;
      case "task.end":
        this.#end(event.record);
        break;
      case "note":
        this.#note(event.note, event.id);
        break;
      case "gate":
        // A verdict speaks for itself in the line of its step.
        if (!event.gate.passed && event.gate.metric !== "verdict") this.#gate(event.id, event.gate);
        break;
      case "run.end":
        this.close();
        return;
    }
    this.tick();
  }

  /** Redraws when it is time; call it a few times a second. */
  tick(): void {
    const { mode, now, quiet } = this.#options;
    if (quiet || mode === "none" || mode === "json") return;
    const time = now();
    if (mode === "tty") {
      if (time - this.#drawnAt >= 0.1) this.#draw(time);
    } else if (time - this.#spokenAt >= 30) this.#say(this.#heartbeat(time));
  }

  /** Takes the live block away. Safe to call twice. */
  close(): void {
    if (this.#drawn > 0) this.#options.write(this.#eraser());
    this.#drawn = 0;
  }

  #step(name: string): StepProgress {
    let step = this.#steps.get(name);
    if (!step) {
      step = { ...this.#newStep(name), total: 1 };
      this.#steps.set(name, step);
    }
    return step;
  }

  #end(record: TaskRecord): void {
    if (this.#seen.has(record.id)) return;
    this.#seen.add(record.id);
    const weight = weightOf(record.plugin);
    const step = this.#step(record.step);
    step.running.delete(record.id);
    step.done++;
    step.last = record;
    if (severity[record.state] > severity[step.worst]) step.worst = record.state;
    if (record.state === "cached") {
      // Work that need not be done says nothing about the speed of work that must be.
      this.#cached++;
      step.cached++;
      this.#total -= weight;
    } else this.#finished += weight;
    if (step.done < step.total) return;
    const seconds = step.started === undefined ? 0 : this.#options.now() - step.started;
    this.#say(this.#finishedLine(step, seconds));
  }

  #finishedLine(step: StepProgress, seconds: number): string {
    const word = stateWord(step.worst);
    const { colors } = this.#options;
    const paint = word === "failed" || word === "refused" ? colors.red : word === "ok" ? colors.green : colors.dim;
    const share = step.total > 1 ? `${step.done}/${step.total}` : "";
    const cached = step.total > 1 && step.cached > 0 && step.cached < step.total ? `${step.cached} cached` : "";
    const detail = step.total === 1 && step.last ? describeTask(step.last) : "";
    const time = step.worst === "cached" || step.worst === "skipped" ? "" : formatSeconds(seconds);
    const head = `${paint(word.padStart(7))}  ${step.label.padEnd(this.#labelWidth())}`;
    return [head, share, time.padStart(7), cached, detail]
      .filter((part) => part !== "")
      .join("  ")
      .trimEnd();
  }

  #labelWidth(): number {
    let width = 0;
    for (const { label } of this.#steps.values()) width = Math.max(width, label.length);
    return Math.min(width, 32);
  }

  #note(note: Diagnostic, id: string): void {
    // Errors are shown at the end, all together and with their places.
    if (this.#options.mode === "none" || note.severity !== "warning") return;
    const shown = showDiagnostics(
      [{ ...note, message: `${stepLabel(id)}: ${note.message}` }],
      this.#options.texts,
      this.#options.colors,
    );
    this.#write(shown);
  }

  #gate(id: string, gate: GateRecord): void {
    if (this.#options.mode === "none") return;
    const found = gate.found
      ? `${formatNumber(gate.found.value, 3)}${gate.found.unit ? ` ${gate.found.unit}` : ""}`
      : "nothing";
    this.#write(
      `${this.#options.colors.red("refused")}  ${stepLabel(id)}: ${gate.metric} ${gate.comparison}, but found ${found}`,
    );
  }

  /** A line for good, above the live block; swallowed by `--quiet`. */
  #say(line: string): void {
    if (this.#options.quiet || this.#options.mode === "none") return;
    this.#write(line);
  }

  #write(text: string): void {
    const erase = this.#drawn > 0 ? this.#eraser() : "";
    this.#drawn = 0;
    this.#drawnAt = Number.NEGATIVE_INFINITY;
    this.#spokenAt = this.#options.now();
    this.#options.write(`${erase}${text}\n`);
  }

  #eraser(): string {
    return `\u001b[${this.#drawn}A\u001b[0J`;
  }

  #draw(time: number): void {
    const columns = Math.max(20, this.#options.columns());
    const { colors } = this.#options;
    const lines: string[] = [];
    for (const step of this.#steps.values()) {
      if (step.running.size === 0) continue;
      let inside = 0;
      for (const fraction of step.running.values()) inside += fraction;
      const fraction = (step.done + inside) / step.total;
      const share = step.total > 1 ? `  ${step.done}/${step.total}` : "";
      const label = `${"running".padStart(7)}  ${step.label.padEnd(this.#labelWidth())}${share}`;
      lines.push(fitWidth(`${label}  ${bar(fraction)} ${String(Math.floor(fraction * 100)).padStart(3)} %`, columns));
      if (lines.length === 8) break;
    }
    lines.push(colors.dim(fitWidth(this.#footer(time), columns)));
    const erase = this.#drawn > 0 ? this.#eraser() : "";
    this.#options.write(`${erase}${lines.join("\n")}\n`);
    this.#drawn = lines.length;
    this.#drawnAt = time;
  }

  #footer(time: number): string {
    if (this.#options.report && this.#seen.size >= this.#options.tasks.length) return "         writing the report";
    const parts = [`${this.#seen.size} of ${this.#options.tasks.length} tasks`];
    if (this.#cached > 0) parts.push(`${this.#cached} cached`);
    parts.push(`${formatSeconds(time - this.#start)} so far`);
    const eta = this.#eta(time);
    if (eta !== undefined) parts.push(`about ${formatSeconds(eta)} to go`);
    return `         ${parts.join(", ")}`;
  }

  #heartbeat(time: number): string {
    const running = [...this.#steps.values()].filter((s) => s.running.size > 0).map((s) => s.label);
    const still =
      running.length > 0 ? `running ${running.slice(0, 3).join(", ")}${running.length > 3 ? ", …" : ""}` : "waiting";
    return `     ..  ${still}:${this.#footer(time).replace(/^ +/, " ")}`;
  }

  /** Seconds to go by what was done so far; nothing in the first two seconds, when it would be a guess. */
  #eta(time: number): number | undefined {
    const elapsed = time - this.#start;
    let done = this.#finished;
    for (const step of this.#steps.values()) {
      for (const [id, fraction] of step.running) {
        const task = this.#options.tasks.find((t) => t.id === id);
        if (task) done += fraction * weightOf(task.plugin);
      }
    }
    if (elapsed < 2 || done <= 0 || this.#total <= 0) return undefined;
    return Math.max(0, (elapsed / done) * (this.#total - done));
  }
}

const count = (n: number, name: string): string => `${n} ${name}${n === 1 ? "" : "s"}`;

function bar(fraction: number): string {
  const width = 18;
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * width);
  return `[${"#".repeat(full)}${"-".repeat(width - full)}]`;
}
