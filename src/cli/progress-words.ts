import { formatBytes, formatNumber } from "../core/format.js";
import type { TaskRecord, TaskState } from "../core/record.js";
import type { Metrics, Verdict } from "../core/verdict.js";
import { printable } from "./terminal.js";

/** `input:fixed` is "read fixed", `output:results/a.tif` "write results/a.tif"; other steps keep their names. */
export const stepLabel = (step: string): string =>
  printable(step.replace(/^input:/, "read ").replace(/^output:/, "write "));

const words: Readonly<Record<TaskState, string>> = {
  computed: "ok",
  cached: "cached",
  failed: "failed",
  refused: "refused",
  skipped: "skipped",
};
export const stateWord = (state: TaskState): string => words[state];

export const formatMemory = formatBytes;

/** What is worth saying of a task that ended, in a line. */
export function describeTask(record: TaskRecord): string {
  if (record.verdict) return verdictLine(record.verdict);
  const image = record.outputs.find((o) => o.image)?.image;
  if (image && record.step.startsWith("input:")) {
    const bands = image.bands.length === 1 ? "" : `, ${image.bands.length} bands`;
    return `${image.grid.width} x ${image.grid.height} px, ${image.dtype}${bands}`;
  }
  return metricsLine(record.metrics);
}

/** The figures that say most, in this order; only those that there are. */
const telling = [
  "keypoints-fixed",
  "keypoints-moving",
  "matches",
  "inliers",
  "points",
  "ncc",
  "nmi",
  "dice",
  "tre",
  "overlap",
];

export function metricsLine(metrics: Metrics): string {
  return telling
    .flatMap((name) => {
      const metric = metrics[name];
      return metric ? [metricWords(name, metric.value, metric.unit)] : [];
    })
    .slice(0, 4)
    .join(", ");
}

function metricWords(name: string, value: number, unit: string | undefined): string {
  const label = name.replaceAll("-", " ");
  return unit === undefined && Number.isInteger(value)
    ? `${formatNumber(value, 0)} ${label}`
    : `${label} ${formatNumber(value, 2)}${unit ? ` ${unit}` : ""}`;
}

/** "accepted: 187 of 311 tie points agree, expected error 0.61 px". */
export function verdictLine({ status, metrics, reasons }: Verdict): string {
  const parts: string[] = [];
  const inliers = metrics.inliers?.value;
  const matches = metrics.matches?.value;
  if (inliers !== undefined)
    parts.push(matches === undefined ? `${inliers} inliers` : `${inliers} of ${matches} tie points agree`);
  const { blocks, "block-consistency": consistency } = metrics;
  if (blocks && consistency) parts.push(`${Math.round(consistency.value)} % of ${blocks.value} blocks agree`);
  const error = metrics["expected-error"];
  if (status !== "rejected" && error && Number.isFinite(error.value)) {
    parts.push(`expected error ${formatNumber(error.value, 2)} ${error.unit ?? "px"}`);
  }
  if (parts.length === 0 && reasons[0]) parts.push(reasons[0].message);
  return parts.length === 0 ? status : `${status}: ${parts.join(", ")}`;
}

/** A line of at most `columns` characters; what is too long is cut in the middle. */
export function fitWidth(text: string, columns: number): string {
  const most = columns - 1;
  if (text.length <= most) return text;
  const head = Math.ceil((most - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (most - 1 - head))}`;
}
