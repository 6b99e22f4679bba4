import type { Diagnostic } from "../core/diagnostic.js";
import { type AnyPlugin, kebab, type ParamSchema, type ParamSchemas } from "../core/plugin.js";
import { type Dimension, exampleOf, formatLength, type Length, parseQuantity, unitNames } from "../core/quantity.js";
import { cameFrom, describe, errorAt, isBroken, type Node, shorten } from "./node.js";
import { closest, didYouMean } from "./suggest.js";

/**
 * Checks a value that the user wrote against the parameter's schema.
 *
 * @param name  kebab-case, for messages
 * @returns the plain value, quantities as written; `undefined` after a diagnostic
 */
export function checkValue(node: Node, schema: ParamSchema, name: string, found: Diagnostic[]): unknown {
  if (isBroken(node)) return undefined;
  if ("unit" in schema) return checkQuantity(node, schema, name, found);
  const refuse = (code: string, expected: string, hint?: string): undefined => {
    found.push(
      errorAt(node.at, code, `Expected ${expected} for ${name}, but found ${describe(node)}`, hint, cameFrom(node)),
    );
    return undefined;
  };
  switch (schema.type) {
    case "number":
    case "integer": {
      const noun = schema.type === "integer" ? "a whole number" : "a number";
      const expected = `${noun}${rangeText(schema.minimum, schema.maximum)}`;
      if (node.type !== "scalar" || typeof node.value !== "number") {
        const unit =
          node.type === "scalar" && typeof node.value === "string" && /^\s*[-+.\d]+\s*[a-zµ%]+\s*$/i.test(node.value);
        return refuse("parameter-type", expected, unit ? "Leave out the unit." : undefined);
      }
      if (schema.type === "integer" && !Number.isInteger(node.value)) return refuse("parameter-type", expected);
      if (outside(node.value, schema.minimum, schema.maximum)) return refuse("parameter-range", expected);
      return node.value;
    }
    case "boolean": {
      if (node.type === "scalar" && typeof node.value === "boolean") return node.value;
      const word = node.type === "scalar" && typeof node.value === "string" ? node.value.toLowerCase() : "";
      const meant = ["yes", "on"].includes(word) ? "true" : ["no", "off"].includes(word) ? "false" : undefined;
      const near = meant ?? closest(word, ["true", "false"]);
      return refuse("parameter-type", "true or false", near === undefined ? undefined : `Write ${near}.`);
    }
    case "string":
      return checkText(node, schema, name, found);
    case "array":
      return checkList(node, schema, name, found);
  }
}

function checkText(
  node: Node,
  schema: Extract<ParamSchema, { type: "string" }>,
  name: string,
  found: Diagnostic[],
): unknown {
  const choices = schema.enum;
  if (node.type === "scalar" && typeof node.value === "string") {
    if (!choices || choices.includes(node.value)) return node.value;
  } else if (node.type === "scalar" && choices?.includes(node.source)) {
    return node.source; // a choice that YAML reads as a number or boolean: `2`, `none` stays text anyway
  }
  const text = node.type === "scalar" ? node.source : "";
  const expected = choices ? `one of ${choices.join(", ")}` : "a text";
  const hint =
    !choices && node.type === "scalar" && node.value !== null ? `Put quotes around it: "${shorten(text)}".` : undefined;
  found.push(
    errorAt(
      node.at,
      choices ? "unknown-choice" : "parameter-type",
      `Expected ${expected} for ${name}, but found ${describe(node)}.${choices ? didYouMean(text, choices) : ""}`.replace(
        /\.$/,
        "",
      ),
      hint,
      cameFrom(node),
    ),
  );
  return undefined;
}

function checkList(
  node: Node,
  schema: Extract<ParamSchema, { type: "array" }>,
  name: string,
  found: Diagnostic[],
): unknown {
  const { minItems, maxItems } = schema;
  const expected = `a list${countText(minItems, maxItems)}`;
  if (node.type !== "list") {
    const hint = node.type === "scalar" && node.value !== null ? `Write [${shorten(node.source)}].` : undefined;
    found.push(
      errorAt(
        node.at,
        "parameter-type",
        `Expected ${expected} for ${name}, but found ${describe(node)}`,
        hint,
        cameFrom(node),
      ),
    );
    return undefined;
  }
  const count = node.items.length;
  if (outside(count, minItems, maxItems)) {
    const items = `${count} value${count === 1 ? "" : "s"}`;
    found.push(
      errorAt(
        node.at,
        "parameter-range",
        `Expected ${expected} for ${name}, but found ${items}`,
        undefined,
        cameFrom(node),
      ),
    );
    return undefined;
  }
  const values = node.items.map((item) => checkValue(item, schema.items, name, found));
  return values.includes(undefined) ? undefined : values;
}

function checkQuantity(
  node: Node,
  schema: Extract<ParamSchema, { unit: Dimension }>,
  name: string,
  found: Diagnostic[],
): unknown {
  const { unit, minimum, maximum } = schema;
  if (node.type !== "scalar" || (typeof node.value !== "string" && typeof node.value !== "number")) {
    found.push(
      errorAt(
        node.at,
        "parameter-type",
        `Expected a number with a unit for ${name}, such as ${exampleOf(unit)}, but found ${describe(node)}`,
        undefined,
        cameFrom(node),
      ),
    );
    return undefined;
  }
  const text = typeof node.value === "string" ? node.value : node.source || String(node.value);
  const read = parseQuantity(text, unit);
  if (!read.ok) {
    const d = read.diagnostics[0]!;
    const word = /([A-Za-zµ%]+)\s*$/.exec(text)?.[1];
    const near = d.code === "unit-unknown" && word ? closest(word, unitNames(unit)) : undefined;
    const hint = d.hint ?? (near ? `Write "${text.slice(0, text.lastIndexOf(word!)).trim()} ${near}".` : undefined);
    found.push(errorAt(node.at, d.code, `${name}: ${d.message}`, hint, cameFrom(node)));
    return undefined;
  }
  const value = magnitude(read.value);
  if (outside(value, minimum, maximum)) {
    found.push(
      errorAt(
        node.at,
        "parameter-range",
        `Expected a value${rangeText(inUnit(minimum, unit, text), inUnit(maximum, unit, text))} for ${name}, but found ${text}`,
        undefined,
        cameFrom(node),
      ),
    );
    return undefined;
  }
  return text;
}

const magnitude = (value: number | Length): number => (typeof value === "number" ? value : value.value);

/** A bound of a schema (radians, fraction, bytes) as the user would write it. */
function inUnit(bound: number | undefined, unit: Dimension, text: string): string | undefined {
  if (bound === undefined) return undefined;
  switch (unit) {
    case "angle":
      return `${Math.round((bound * 180e6) / Math.PI) / 1e6} deg`;
    case "ratio":
      return `${Math.round(bound * 1e8) / 1e6} %`;
    case "bytes":
      return `${bound} B`;
    case "length":
      return formatLength({ value: bound, unit: text.includes("px") ? "px" : "um" });
  }
}

const outside = (value: number, minimum?: number, maximum?: number): boolean =>
  (minimum !== undefined && value < minimum) || (maximum !== undefined && value > maximum);

function rangeText(minimum?: number | string, maximum?: number | string): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return ` of at least ${minimum}`;
  return maximum === undefined ? "" : ` of at most ${maximum}`;
}

function countText(minimum?: number, maximum?: number): string {
  if (minimum === undefined && maximum === undefined) return "";
  if (minimum === maximum) return ` of ${minimum} values`;
  return `${rangeText(minimum, maximum).replace(" from", " of")} values`;
}

const knownParams = new WeakMap<ParamSchemas, ReadonlyMap<string, ParamSchema>>();

/** A plugin's parameters by the names that YAML uses. */
export function paramsByName(plugin: Pick<AnyPlugin, "params">): ReadonlyMap<string, ParamSchema> {
  const params = plugin.params as ParamSchemas;
  let found = knownParams.get(params);
  if (!found) {
    found = new Map(Object.entries(params).map(([name, schema]) => [kebab(name), schema]));
    knownParams.set(params, found);
  }
  return found;
}

/** The default of a schema, or `undefined`. */
export const defaultOf = (schema: ParamSchema): unknown => ("default" in schema ? schema.default : undefined);
