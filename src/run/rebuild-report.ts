import { availableParallelism } from "node:os";
import { failed, ok, problem, type Result } from "../core/diagnostic.js";
import type { RunRecord } from "../core/record.js";
import { Budget, defaultMemory } from "./budget.js";
import type { SeenFile } from "./files.js";
import { Lanes } from "./lanes.js";
import type { RunOptions } from "./options.js";

export interface ReportRequest
  extends Pick<RunOptions, "storeDir" | "catalogueUrl" | "pluginUrls" | "jobs" | "memory"> {
  /** Of the run that the report is about; what it speaks of is in the store. */
  readonly record: RunRecord;
  /** Input files of that run, unchanged since. */
  readonly files: readonly SeenFile[];
  readonly reportUrl: string;
  /** The file to write. */
  readonly target: string;
}

/** Writes the report of a finished run from what the store holds. Runs no step; images are built again to be looked at. */
export async function rebuildReport(
  request: ReportRequest,
): Promise<Result<{ readonly sha256: string; readonly bytes: number }>> {
  const { record, files, storeDir, catalogueUrl, pluginUrls = [], reportUrl, target } = request;
  const count = request.jobs ?? availableParallelism();
  const lanes = new Lanes({
    lanes: count,
    kernelMemory: new Budget(request.memory ?? defaultMemory(), count).kernelMemory,
    store: { folder: storeDir, layers: [] },
    catalogueUrl,
    pluginUrls,
  });
  try {
    lanes.addFiles(files);
    // As the run had it when it wrote its report: the report does not list itself.
    const before = { ...record, outputs: record.outputs.filter(({ from }) => from !== "report") };
    const keys = new Map(record.tasks.map(({ id, key }) => [id, key]));
    const { result } = await lanes.run({
      type: "report",
      report: { module: reportUrl, record: before, keys, target },
    });
    if (result.type === "reported") return ok({ sha256: result.sha256, bytes: result.bytes });
    if (result.type === "failed") return failed(...result.diagnostics);
    return failed(problem("report-not-built", "The report could not be built", "Run the pipeline again."));
  } finally {
    await lanes.close();
  }
}
