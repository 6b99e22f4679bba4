import type { Diagnostic } from "../core/diagnostic.js";
import { DiagnosticError } from "../core/diagnostic.js";
import type { Image } from "../core/image.js";
import type { Matches } from "../core/matches.js";
import type { PortType } from "../core/plugin.js";
import type { GateRecord, RunAccess, RunRecord, TaskRecord } from "../core/record.js";
import type { Registration } from "../core/registration.js";
import type { Metrics, Verdict, VerdictStatus } from "../core/verdict.js";

/** One registration of a run, with all that was recorded about it. Values are fetched only when a picture is made of them. */
export interface Finding {
  /** Unique in the report, fit for an `id`. */
  readonly anchor: string;
  /** The step, and the item where it ran for many. */
  readonly name: string;
  readonly task: TaskRecord;
  /** Key within a list value, where the step gives many registrations at once. */
  readonly part?: string;
  readonly verdict?: Verdict;
  /** Of the verdict, the step, the matcher before it and the measurements after it; the first that names a number has it. */
  readonly metrics: Metrics;
  readonly gates: readonly GateRecord[];
  readonly registration?: Registration;
  /** The step ended in a way that leaves nothing to look at. */
  readonly trouble?: Diagnostic;
}

/** It placed many images, tiles or slices, and gives a table of them in place of one transform. */
export const isOfMany = ({ task }: Finding): boolean => !task.outputs.some(({ type }) => type === "transform");

/** What pictures of one registration are made of. */
export interface Evidence {
  readonly fixed?: Image;
  readonly moving?: Image;
  readonly matches?: Matches;
  /** Why something is missing, in words. */
  readonly gaps: readonly string[];
}

const severity: Readonly<Record<VerdictStatus, number>> = { rejected: 0, suspect: 1, accepted: 2 };

/** Every registration of the run, the worst first; in the order of the plan where equal. */
export async function findings(record: RunRecord, access: RunAccess): Promise<readonly Finding[]> {
  const graph = new Lineage(record);
  const found: Finding[] = [];
  for (const task of record.tasks) {
    const port = task.outputs.find((o) => o.type === "transform")?.port;
    if (port === undefined && !task.verdict) continue;
    if (task.plugin.startsWith("read/")) continue;
    const value = port === undefined ? undefined : await fetch(access, task.id, port);
    const metrics = graph.metricsAround(task);
    const add = (registration: Registration | undefined, trouble: Diagnostic | undefined, part?: string) => {
      const verdict = registration?.verdict ?? (part === undefined ? task.verdict : undefined);
      found.push({
        anchor: `registration-${found.length + 1}`,
        name: [task.id, part].filter((s) => s !== undefined).join(" · "),
        task,
        ...(part === undefined ? {} : { part }),
        ...(verdict ? { verdict } : {}),
        metrics: part === undefined ? { ...metrics, ...verdict?.metrics } : (verdict?.metrics ?? {}),
        gates: task.gates,
        ...(registration ? { registration } : {}),
        ...(trouble ? { trouble } : {}),
      });
    };
    if (value?.ok && value.value instanceof Map) {
      for (const [item, one] of value.value) if (isRegistration(one)) add(one, undefined, String(item));
    } else if (value?.ok && isRegistration(value.value)) add(value.value, undefined);
    else add(undefined, value && !value.ok ? value.trouble : undefined);
  }
  return found
    .map((f, i) => ({ f, i }))
    .sort((a, b) => rank(a.f) - rank(b.f) || errorOf(b.f) - errorOf(a.f) || a.i - b.i)
    .map(({ f }) => f);
}

const rank = (f: Finding): number => {
  if (f.task.state === "failed") return -1;
  const status = f.verdict ? severity[f.verdict.status] : 2.5;
  return f.task.state === "refused" ? Math.min(status, 0.5) : status;
};

const errorOf = (f: Finding): number => {
  const value = (f.metrics["expected-error"] ?? f.metrics["held-out-rmse"] ?? f.metrics["fit-rmse"])?.value;
  return value !== undefined && Number.isFinite(value) ? value : -1;
};

/** Images and tie points of a registration, as far as they can be had. */
export async function evidenceOf(finding: Finding, record: RunRecord, access: RunAccess): Promise<Evidence> {
  const graph = new Lineage(record);
  const gaps: string[] = [];
  const get = async <T>(place: Place | undefined, is: (v: unknown) => v is T): Promise<T | undefined> => {
    if (!place) return undefined;
    const got = await fetch(access, place.task, place.port);
    if (!got.ok) gaps.push(`${place.task} could not be read again: ${got.trouble.message}`);
    return got.ok && is(got.value) ? got.value : undefined;
  };
  let matches: Matches | undefined;
  for (const place of graph.matchesOf(finding.task)) {
    matches = await get(place, isMatches);
    if (matches) break;
  }
  let fixed = matches?.images?.fixed;
  let moving = matches?.images?.moving;
  for (const pair of graph.imagesOf(finding.task)) {
    if (fixed && moving) break;
    const [f, m] = [await get(pair.fixed, isImage), await get(pair.moving, isImage)];
    if (f && m) {
      fixed = f;
      moving = m;
    }
  }
  if (!fixed || !moving) gaps.push("The two images are not at hand, so there is nothing to show before and after.");
  if (!matches) gaps.push("This step did not go by tie points, or they are not at hand, so none are drawn.");
  return {
    ...(fixed && moving ? { fixed, moving } : {}),
    ...(matches && finding.part === undefined ? { matches } : {}),
    gaps,
  };
}

interface Place {
  readonly task: string;
  readonly port: string;
}

/** Who feeds whom. */
class Lineage {
  private readonly byId: ReadonlyMap<string, TaskRecord>;
  private readonly users = new Map<string, TaskRecord[]>();

  constructor(record: RunRecord) {
    this.byId = new Map(record.tasks.map((t) => [t.id, t]));
    for (const task of record.tasks) {
      for (const id of Object.values(task.inputs).flat()) {
        const users = this.users.get(id);
        if (users) users.push(task);
        else this.users.set(id, [task]);
      }
    }
  }

  private place(id: string | undefined, type: PortType): Place | undefined {
    const task = id === undefined ? undefined : this.byId.get(id);
    const port = task?.outputs.find((o) => o.type === type)?.port;
    return task && port !== undefined ? { task: task.id, port } : undefined;
  }

  /** Where tie points may be found: the step's own output first, for it knows which ones were kept; then what it was given. */
  matchesOf(task: TaskRecord): Place[] {
    const own = this.place(task.id, "matches");
    const given = Object.values(task.inputs).map((ids) =>
      ids.length === 1 ? this.place(ids[0], "matches") : undefined,
    );
    return [own, ...given].filter((p) => p !== undefined);
  }

  /** Where the images may be found: the nearest step upstream with a fixed and a moving one; else a warp that uses the result. */
  imagesOf(task: TaskRecord): { fixed: Place; moving: Place }[] {
    const out: { fixed: Place; moving: Place }[] = [];
    const open = [task];
    const seen = new Set(open);
    for (const t of open) {
      const fixed = this.place(single(t.inputs.fixed), "image");
      const moving = this.place(single(t.inputs.moving), "image");
      if (fixed && moving) {
        out.push({ fixed, moving });
        break;
      }
      for (const id of Object.values(t.inputs).flat()) {
        const next = this.byId.get(id);
        if (next && !seen.has(next) && seen.size < 200) {
          seen.add(next);
          open.push(next);
        }
      }
    }
    for (const user of this.users.get(task.id) ?? []) {
      const fixed = this.place(single(user.inputs.like), "image");
      const moving = this.place(single(user.inputs.in), "image");
      if (fixed && moving) out.push({ fixed, moving });
    }
    return out;
  }

  /** Numbers of the matcher before a step, of the step, and of the measurements made of it or of what was warped by it. */
  metricsAround(task: TaskRecord): Metrics {
    const before = Object.values(task.inputs)
      .filter((ids) => ids.length === 1)
      .map((ids) => this.byId.get(ids[0]!))
      .filter((t) => t?.plugin.startsWith("match/"));
    const after: TaskRecord[] = [];
    const direct = this.users.get(task.id) ?? [];
    for (const user of [
      ...direct,
      ...direct.filter((u) => u.plugin.startsWith("warp")).flatMap((u) => this.users.get(u.id) ?? []),
    ]) {
      if (user.plugin.startsWith("measure/") && !after.includes(user)) after.push(user);
    }
    return Object.assign({}, ...after.map((t) => t.metrics), ...before.map((t) => t?.metrics), task.metrics) as Metrics;
  }
}

const single = (ids: readonly string[] | undefined): string | undefined => (ids?.length === 1 ? ids[0] : undefined);

async function fetch(
  access: RunAccess,
  task: string,
  port: string,
): Promise<{ ok: true; value: unknown } | { ok: false; trouble: Diagnostic }> {
  try {
    return { ok: true, value: await access.value(task, port) };
  } catch (error) {
    if (error instanceof DiagnosticError && error.diagnostics[0]) return { ok: false, trouble: error.diagnostics[0] };
    throw error;
  }
}

const isObject = (v: unknown): v is Record<string, unknown> => typeof v === "object" && v !== null;
export const isImage = (v: unknown): v is Image => isObject(v) && typeof v.read === "function" && isObject(v.grid);
const isMatches = (v: unknown): v is Matches =>
  isObject(v) &&
  v.fixed instanceof Float64Array &&
  v.moving instanceof Float64Array &&
  v.fixed.length === v.moving.length;
const isRegistration = (v: unknown): v is Registration =>
  isObject(v) && isObject(v.transform) && typeof v.transform.type === "string";
