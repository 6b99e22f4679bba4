import { camel, kebab, type ParamSchema, type ParamSchemas } from "../core/plugin.js";
import { parseQuantity } from "../core/quantity.js";

/** Parameters as a plugin's `run` takes them, from those of a task: camelCase, quantities as numbers or lengths. */
export function pluginParams(
  schemas: ParamSchemas,
  params: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(schemas)) {
    const value = params[kebab(name)] ?? ("default" in schema ? schema.default : undefined);
    if (value !== undefined) out[camel(kebab(name))] = convert(schema, value, name);
  }
  return out;
}

function convert(schema: ParamSchema, value: unknown, name: string): unknown {
  if (schema.type === "array") return (value as readonly unknown[]).map((item) => convert(schema.items, item, name));
  if (!("unit" in schema)) return value;
  const quantity = parseQuantity(value as string, schema.unit);
  if (!quantity.ok) throw new Error(`Internal error: the plan let ${name}: ${JSON.stringify(value)} pass`);
  return quantity.value;
}
