import { definePlugin } from "tiepoint/plugin";

export default definePlugin({
  kind: "read",
  name: "items",
  version: "1",
  summary: "What is known of the items of a collection, as a table: NAME.items stands for it.",
  params: {
    columns: {
      type: "array",
      items: { type: "string", description: "Name of a column." },
      default: [],
      description: "Names of the columns; the plan fills them in.",
    },
    rows: {
      type: "array",
      items: {
        type: "array",
        items: { type: "string", description: "One cell." },
        description: "The cells of an item, one for each column.",
      },
      default: [],
      description: "The cells of each item; the plan fills them in.",
    },
  },
  inputs: {},
  outputs: { table: "table" },
  async run(_, { columns, rows }) {
    const column = (c: number) => rows.map((row) => row[c] ?? "");
    return { ok: true, value: { table: { columns: Object.fromEntries(columns.map((name, c) => [name, column(c)])) } } };
  },
});
