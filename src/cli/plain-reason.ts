import type { Diagnostic } from "../core/diagnostic.js";
import type { RunRecord } from "../core/record.js";

/** Why a run that was made for a command went wrong, without places in a pipeline that the user never saw. */
export function plainReason(record: RunRecord): Diagnostic[] {
  const failed = record.tasks.filter((task) => task.state === "failed" || task.state === "refused");
  const notes = [...record.notes, ...failed.flatMap((task) => task.notes)].filter((note) => note.severity === "error");
  return notes.map(({ at: _, related: __, ...rest }) => rest);
}
