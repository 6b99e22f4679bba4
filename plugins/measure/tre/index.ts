import { definePlugin, measureTre } from "tiepoint/plugin";

export default definePlugin({
  kind: "measure",
  name: "tre",
  version: "1",
  summary: "Measures the target registration error at landmarks that the registration did not see.",
  params: {},
  inputs: { transform: "transform", landmarks: "matches" },
  outputs: { metrics: "metrics", table: "table" },
  async run({ transform, landmarks }, _params, { signal }) {
    signal.throwIfAborted();
    const measured = measureTre(transform, landmarks);
    return measured.ok ? { ok: true, value: measured.value, metrics: measured.value.metrics } : measured;
  },
});
