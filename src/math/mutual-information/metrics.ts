import type { Metric } from "../../core/verdict.js";
import type { InformationEvidence } from "./evidence.js";

/** The numbers that a verdict on a map by mutual information rests on. */
export function informationMetrics(e: InformationEvidence): Record<string, Metric> {
  const px = (value: number) => ({ value, unit: "px" });
  const share = (value: number) => ({ value: 100 * value, unit: "%" });
  const unit = e.metric === "mattes" ? { unit: "nat" } : {};
  return {
    information: { value: e.information, ...unit },
    "information-at-start": { value: e.atStart, ...unit },
    iterations: { value: e.iterations },
    "block-agreement": share(e.local.consistency),
    "block-deviation": { value: e.local.deviation },
    blocks: { value: e.local.blocks },
    ...(e.edges ? { "edge-agreement": share(e.edges.consistency), "edge-blocks": { value: e.edges.blocks } } : {}),
    ...(e.elsewhere
      ? {
          "null-information": { value: e.elsewhere.elsewhere, unit: "nat" },
          "null-deviation": { value: e.elsewhere.deviation },
        }
      : {}),
    ...(e.margin === undefined ? {} : { margin: { value: e.margin } }),
    "second-start": px(e.starts),
    "round-trip": px(e.roundTrip),
    "metrics-apart": px(e.metrics),
  };
}
