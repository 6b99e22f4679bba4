import { type Diagnostic, problem } from "../core/diagnostic.js";
import type { RunRecord } from "../core/record.js";
import { canonicalJson } from "../pipeline/key.js";
import type { Plan } from "../pipeline/task.js";
import { readWhole, writeWhole } from "./disk.js";
import type { SeenFile } from "./files.js";
import { nameOf, toldPath } from "./provenance.js";
import { sha256 } from "./store.js";

interface LockedStep {
  readonly use: string;
  readonly seed: number;
  /** Parameters with defaults; a digest of them where the items of a block differ. */
  readonly params: Readonly<Record<string, unknown>> | string;
}

/** `tiepoint.lock`: what a run was made of and what came out, so that another run can be held against it. */
export interface Lock {
  readonly format: "tiepoint/lock";
  readonly version: 1;
  readonly pipeline: string;
  readonly inputs: Readonly<Record<string, { readonly file: string; readonly sha256: string; readonly bytes: number }>>;
  readonly steps: Readonly<Record<string, LockedStep>>;
  /** Digests of the modules of the user's plugins. */
  readonly plugins: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, { readonly sha256: string; readonly bytes: number }>>;
}

export interface LockOptions {
  readonly lockPath?: string;
  readonly frozen?: boolean;
}

/** Holds a run against the lock before it begins. @returns what differs, or that there is no lock; nothing when not frozen */
export function openLock(now: Lock, { lockPath = "tiepoint.lock", frozen }: LockOptions, isPart: boolean) {
  if (!frozen) return [];
  const locked = readLock(lockPath);
  if (locked) return drift(locked, now, isPart);
  return [problem("lock-missing", `There is no ${lockPath} to hold the run against`, "Run once without --frozen.")];
}

/** Holds the outputs of a run that passed against the lock, or writes the lock anew when the whole plan ran. */
export function closeLock(
  lock: Lock,
  { lockPath, frozen }: LockOptions,
  isPart: boolean,
  { outputs }: Pick<RunRecord, "outputs">,
): readonly Diagnostic[] {
  if (lockPath === undefined) return [];
  // The report tells times and the machine, so it is another one every time.
  const kept = outputs.filter(({ from }) => from !== "report");
  const named = Object.fromEntries(kept.map(({ file, sha256, bytes }) => [file, { sha256, bytes }]));
  const now: Lock = { ...lock, outputs: named };
  const locked = readLock(lockPath);
  if (frozen && locked) return outputDrift(locked, now);
  if (!isPart) writeLock(lockPath, now);
  return [];
}

/** What goes into a run, before it runs; outputs are added by {@link closeLock}. */
export function lockOf(
  plan: Plan,
  seen: ReadonlyMap<string, SeenFile>,
  plugins: Readonly<Record<string, string>>,
): Lock {
  const inputs: Record<string, Lock["inputs"][string]> = {};
  const bySteps = new Map<string, LockedStep[]>();
  for (const task of plan.tasks) {
    for (const path of Object.values(task.files ?? {})) {
      const file = seen.get(path);
      if (file) inputs[nameOf(task.id)] = { file: toldPath(plan, path), sha256: file.sha256, bytes: file.bytes };
    }
    const step = { use: `${task.plugin}@${task.version}`, seed: task.seed, params: task.params };
    bySteps.set(task.step, [...(bySteps.get(task.step) ?? []), step]);
  }
  const steps = [...bySteps].map(([name, all]) => {
    const isOne = new Set(all.map(canonicalJson)).size === 1;
    return [name, isOne ? all[0]! : { ...all[0]!, params: sha256(canonicalJson(all)) }] as const;
  });
  return {
    format: "tiepoint/lock",
    version: 1,
    pipeline: plan.name,
    inputs,
    steps: Object.fromEntries(steps),
    plugins,
    outputs: {},
  };
}

function writeLock(path: string, lock: Lock): void {
  const sorted = JSON.stringify(JSON.parse(canonicalJson(lock)), null, 2);
  writeWhole(path, `${sorted}\n`, "lock");
}

function readLock(path: string): Lock | undefined {
  try {
    const lock = JSON.parse(readWhole(path)?.toString() ?? "") as Lock;
    return lock.format === "tiepoint/lock" && lock.version === 1 ? lock : undefined;
  } catch {
    return undefined;
  }
}

const short = (digest: string | undefined): string => (digest === undefined ? "absent" : digest.slice(0, 12));

/** What differs between the lock file and what would run now. @param isPart  only inputs of a part of the plan were looked at */
function drift(locked: Lock, now: Lock, isPart: boolean): readonly Diagnostic[] {
  const differences: string[] = [];
  for (const name of names(locked.inputs, now.inputs)) {
    const [was, is] = [locked.inputs[name], now.inputs[name]];
    if (was?.sha256 !== is?.sha256 && !(isPart && !is)) {
      const file = is?.file ?? was?.file;
      differences.push(`input ${name} (${file}) is ${short(is?.sha256)}, but the lock says ${short(was?.sha256)}`);
    }
  }
  for (const name of names(locked.plugins, now.plugins)) {
    if (locked.plugins[name] !== now.plugins[name])
      differences.push(`plugin ${name} has other code than the lock says`);
  }
  for (const name of names(locked.steps, now.steps)) {
    const [was, is] = [locked.steps[name], now.steps[name]];
    if (!was || !is) differences.push(`step ${name} is ${is ? "new" : "gone"}`);
    else differences.push(...stepDrift(name, was, is));
  }
  return differences.map((text) =>
    problem("lock-drift", text, "Run without --frozen to accept it and renew the lock."),
  );
}

function stepDrift(name: string, was: LockedStep, is: LockedStep): readonly string[] {
  if (was.use !== is.use) return [`step ${name} uses ${is.use}, but the lock says ${was.use}`];
  if (was.seed !== is.seed) return [`step ${name} has seed ${is.seed}, but the lock says ${was.seed}`];
  if (canonicalJson(was.params) === canonicalJson(is.params)) return [];
  if (typeof was.params === "string" || typeof is.params === "string") return [`parameters of step ${name} differ`];
  const [then, now] = [was.params, is.params];
  return names(then, now)
    .filter((param) => canonicalJson(then[param] ?? null) !== canonicalJson(now[param] ?? null))
    .map(
      (param) =>
        `${param} of step ${name} is ${JSON.stringify(now[param])}, but the lock says ${JSON.stringify(then[param])}`,
    );
}

/** Outputs that came out otherwise although all that went in is the same: some step is not deterministic. */
function outputDrift(locked: Lock, now: Lock): readonly Diagnostic[] {
  return Object.entries(now.outputs)
    .filter(([file, is]) => locked.outputs[file] !== undefined && locked.outputs[file].sha256 !== is.sha256)
    .map(([file, is]) =>
      problem(
        "lock-outputs",
        `${file} came out as ${short(is.sha256)}, but the lock says ${short(locked.outputs[file]!.sha256)}, from the same inputs`,
        "A step is not deterministic, or its plugin changed without a new version: please report it.",
      ),
    );
}

const names = (a: object, b: object): readonly string[] => [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
