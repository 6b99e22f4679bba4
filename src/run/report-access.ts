import type { BuildReport, RunAccess } from "../core/record.js";
import { writeWhole } from "./disk.js";
import type { ReportEnvelope } from "./protocol.js";
import { MissingValueError, sha256 } from "./store.js";
import type { Values } from "./values.js";

/** Builds a report and writes it whole. */
export async function writeReport(
  report: ReportEnvelope,
  values: Values,
  encode: RunAccess["encode"] | undefined,
): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const { buildReport } = (await import(report.module)) as { buildReport: BuildReport };
  const access: RunAccess = {
    async value(taskId, port) {
      const key = report.keys.get(taskId);
      if (key === undefined || !values.store.action(key)?.outputs.some((output) => output.port === port))
        return undefined;
      try {
        return await values.port({ key, port });
      } catch (error) {
        if (error instanceof MissingValueError) return undefined;
        throw error;
      }
    },
    encode:
      encode ??
      (() => {
        throw new Error("Internal error: the catalogue of plugins has no encodePicture");
      }),
  };
  const text = await buildReport(report.record, access);
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  writeWhole(report.target, bytes, "report");
  return { sha256: sha256(bytes), bytes: bytes.length };
}
