import { type AnyPlugin, kebab, type ParamSchema, type Port, parsePort, pluginId } from "../core/plugin.js";
import { exampleOf, unitNames } from "../core/quantity.js";

type Named<T> = Readonly<Record<string, T>>;

/** A plugin's manifest as plain data, in the names of YAML. */
export function pluginManifest(plugin: AnyPlugin): unknown {
  const { version, summary, cite, formats } = plugin;
  const inYaml = (names: Named<unknown>) => Object.fromEntries(Object.entries(names).map(([k, v]) => [kebab(k), v]));
  return {
    id: pluginId(plugin),
    version,
    summary,
    cite,
    formats,
    inputs: inYaml(plugin.inputs),
    outputs: inYaml(plugin.outputs),
    params: inYaml(plugin.params),
  };
}

/** All that the manifest says, for people, with a step to copy. */
export function pluginHelp(plugin: AnyPlugin): string {
  const inputs = Object.entries(plugin.inputs as Named<Port>);
  const outputs = Object.entries(plugin.outputs as Named<Port>);
  const params = Object.entries(plugin.params as Named<ParamSchema>);
  const parts = [
    `${pluginId(plugin)}  version ${plugin.version}\n${plugin.summary}`,
    section(
      "TAKES",
      inputs.map(([name, port]) => [kebab(name), portWords(port)]),
    ),
    section(
      "GIVES",
      outputs.map(([name, port]) => [kebab(name), portWords(port)]),
    ),
    section(
      "PARAMETERS",
      params.map(([name, schema]) => [kebab(name), `${valueWords(schema)}\n${schema.description}`]),
    ),
    plugin.formats ? `FILES\n  ${plugin.formats.extensions.join("  ")}` : "",
    plugin.cite?.length ? `SOURCES\n${plugin.cite.map((c: string) => `  ${c}`).join("\n")}` : "",
    plugin.kind === "read" || plugin.kind === "write" ? "" : `A STEP TO COPY\n${exampleStep(plugin)}`,
  ];
  return parts.filter((p) => p !== "").join("\n\n");
}

function section(title: string, rows: readonly (readonly [string, string])[]): string {
  if (rows.length === 0) return "";
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, text]) => {
    const [first, ...rest] = text.split("\n");
    return [`  ${name.padEnd(width)}  ${first}`, ...rest.map((l) => `  ${" ".repeat(width)}  ${l}`)].join("\n");
  });
  return `${title}\n${lines.join("\n")}`;
}

function portWords(port: Port): string {
  const { type, list, optional } = parsePort(port);
  return `${list ? `list of ${type}` : type}${optional ? ", may be left out" : ""}`;
}

/** "integer from 1 to 1000, default 10"; "length with unit (px, nm, um, …), default 3 px". */
export function valueWords(schema: ParamSchema): string {
  const parts: string[] = [];
  if ("unit" in schema) parts.push(`${schema.unit} with unit (${unitNames(schema.unit).join(", ")})`);
  else if (schema.type === "string" && schema.enum) parts.push(schema.enum.join(" | "));
  else if (schema.type === "array") parts.push(`list of ${valueWords(schema.items)}`);
  else parts.push(schema.type === "string" ? "text" : schema.type === "boolean" ? "true | false" : schema.type);
  if (("type" in schema && schema.type === "number") || schema.type === "integer") {
    const { minimum, maximum } = schema;
    if (minimum !== undefined && maximum !== undefined) parts.push(`from ${minimum} to ${maximum}`);
    else if (minimum !== undefined) parts.push(`at least ${minimum}`);
    else if (maximum !== undefined) parts.push(`at most ${maximum}`);
  }
  const head = parts.join(" ");
  if (schema.default !== undefined) return `${head}, default ${JSON.stringify(schema.default).replace(/^"|"$/g, "")}`;
  return schema.optional ? `${head}, may be left out` : `${head}, needed`;
}

/** A step with every port and every parameter that has no default. */
export function exampleStep(plugin: AnyPlugin): string {
  const inputs = Object.entries(plugin.inputs as Named<Port>);
  const params = Object.entries(plugin.params as Named<ParamSchema>);
  const lines = [`my-step:`, `  use: ${pluginId(plugin)}`];
  for (const [name, port] of inputs) {
    const { type, optional } = parsePort(port);
    if (!optional) lines.push(`  ${kebab(name)}: ${name === "fixed" || name === "moving" ? name : `my-${type}`}`);
  }
  for (const [name, schema] of params) {
    if (schema.default !== undefined || schema.optional) continue;
    const example =
      "unit" in schema
        ? exampleOf(schema.unit).split(" or ")[0]
        : schema.type === "string"
          ? (schema.enum?.[0] ?? "text")
          : "1";
    lines.push(`  ${kebab(name)}: ${example}`);
  }
  return lines.map((l) => `  ${l}`).join("\n");
}
