import { isAlias, isMap, isScalar, isSeq, type Node as YamlNode } from "yaml";
import type { Diagnostic, Place, Result } from "../core/diagnostic.js";
import type { ParamOrigin } from "../core/record.js";
import { type Entry, errorAt, type ListNode, type MapNode, type Node, type ScalarNode, warningAt } from "./node.js";
import { parseYaml } from "./scan.js";

/** A parsed text: its tree with the place of every key and value. */
export interface Parsed {
  readonly root: Node;
  readonly warnings: readonly Diagnostic[];
}

/** The text as places count it: without a byte order mark. */
export const withoutMark = (text: string): string => (text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);

const forbidden = new Set(["__proto__", "prototype", "constructor"]);

/** True for names that JavaScript gives a meaning of its own; they are refused wherever a name is read. */
export const isForbiddenName = (name: string): boolean => forbidden.has(name);

/**
 * Reads a YAML text into nodes with places. Says everything that is wrong with the text as text; of syntax errors only the first,
 * because the others follow from it.
 *
 * @param text  without byte order mark
 */
export function parseText(file: string, text: string, origin: ParamOrigin): Result<Parsed> {
  const yaml = parseYaml(file, text);
  if (!yaml.ok) return yaml;
  const { document, openQuote } = yaml.value;
  const syntax = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0])[0];
  if (syntax && openQuote !== undefined && /closing/.test(syntax.message)) {
    const end = text.indexOf("\n", openQuote);
    const at = { file, offset: openQuote, length: (end < 0 ? text.length : end) - openQuote };
    return { ok: false, diagnostics: [errorAt(at, "yaml-syntax", "This quote is never closed", "Close it.")] };
  }
  if (syntax) return { ok: false, diagnostics: [explainSyntax(file, text, syntax)] };
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    return {
      ok: false,
      diagnostics: [
        errorAt(
          { file, offset: 0, length: 0 },
          "empty-file",
          "The file is empty",
          'Begin with the line "tiepoint: 1"; `tiepoint init` writes a whole pipeline.',
        ),
      ],
    };
  }
  const reader = new NodeReader(file, origin);
  const root = reader.read(document.contents as YamlNode, { file, offset: 0, length: 0 });
  const errors = reader.found.filter((d) => d.severity === "error");
  if (errors.length > 0) return { ok: false, diagnostics: reader.found };
  return { ok: true, value: { root, warnings: reader.found } };
}

/** Turns the yaml package's tree into nodes; recursion is bounded by the depth limit. */
class NodeReader {
  readonly found: Diagnostic[] = [];
  private readonly file: string;
  private readonly origin: ParamOrigin;

  constructor(file: string, origin: ParamOrigin) {
    this.file = file;
    this.origin = origin;
  }

  private place(node: YamlNode): Place {
    const [start, end] = node.range ?? [0, 0];
    return { file: this.file, offset: start, length: Math.max(0, end - start) };
  }

  /** @param keyAt  place of the key before the value; an empty value is shown there */
  read(node: YamlNode | null, keyAt: Place): Node {
    if (node === null) return { type: "scalar", value: null, source: "", at: keyAt, origin: this.origin };
    const at = this.place(node);
    if (isAlias(node)) throw new Error("Internal error: the scanner let an alias pass");
    if (isMap(node)) return this.readMap(node.items as { key: unknown; value: unknown }[], at);
    if (isSeq(node)) {
      const items = (node.items as (YamlNode | null)[]).map((item) => this.read(item, { ...at, length: 1 }));
      return { type: "list", items, at, origin: this.origin } satisfies ListNode;
    }
    if (isScalar(node)) return this.readScalar(node.value, node.source ?? "", node.type === "PLAIN", at, keyAt);
    throw new Error("Internal error: unknown YAML node");
  }

  private readMap(items: readonly { key: unknown; value: unknown }[], at: Place): MapNode {
    const entries = new Map<string, Entry>();
    for (const { key, value } of items) {
      const keyNode = key as YamlNode | null;
      if (!isScalar(keyNode) || keyNode.value === null) {
        const keyAt = isScalar(keyNode) || !keyNode?.range ? { ...at, length: 1 } : this.place(keyNode);
        this.found.push(
          errorAt(
            { ...keyAt, length: Math.max(1, keyAt.length) },
            "key-not-text",
            "A key must be a single word or text",
            'Write "key: value".',
          ),
        );
        continue;
      }
      const keyAt = this.place(keyNode);
      const name = keyNode.source ?? String(keyNode.value);
      if (name === "<<") {
        this.found.push(
          errorAt(
            keyAt,
            "merge-key",
            'The YAML merge key "<<" is not part of the pipeline language',
            "Use extends: for a whole file, or defaults: for parameters of a plugin.",
          ),
        );
        continue;
      }
      if (isForbiddenName(name)) {
        this.found.push(errorAt(keyAt, "forbidden-name", `"${name}" cannot be used as a name`, "Choose another name."));
        continue;
      }
      const first = entries.get(name);
      if (first) {
        this.found.push(
          errorAt(keyAt, "duplicate-key", `"${name}" stands here for the second time`, "Keep one of the two.", [
            { at: first.at, message: "first here" },
          ]),
        );
        continue;
      }
      entries.set(name, { key: name, at: keyAt, value: this.read(value as YamlNode | null, keyAt) });
    }
    return { type: "map", entries, at, origin: this.origin };
  }

  private readScalar(value: unknown, source: string, isPlain: boolean, at: Place, keyAt: Place): ScalarNode {
    const node = { type: "scalar", source, at, origin: this.origin } as const;
    if (value === null) return { ...node, value, at: at.length === 0 ? keyAt : at };
    if (typeof value === "number") {
      if (!Number.isFinite(value)) {
        this.found.push(errorAt(at, "not-finite", `Expected a finite number, but found ${source}`));
      } else if (Math.abs(value) > Number.MAX_SAFE_INTEGER && Number.isInteger(value) && !/[.eE]/.test(source)) {
        this.found.push(
          errorAt(
            at,
            "unsafe-integer",
            `${source} is too large to be held exactly; the largest whole number is ${Number.MAX_SAFE_INTEGER}`,
            "Put quotes around it when it is a name.",
          ),
        );
      } else if (isPlain && /^[+-]?0\d/.test(source)) {
        this.found.push(
          warningAt(
            at,
            "leading-zero",
            `${source} is read as the number ${value}`,
            `Write ${value}, or put quotes around it when the zeros matter.`,
          ),
        );
      }
      return { ...node, value };
    }
    if (typeof value === "string" || typeof value === "boolean") return { ...node, value };
    return { ...node, value: source };
  }
}

function explainSyntax(
  file: string,
  text: string,
  error: { readonly code: string; readonly message: string; readonly pos: readonly [number, number] },
): Diagnostic {
  const offset = Math.min(Math.max(0, error.pos[0]), text.length);
  const at = { file, offset, length: Math.max(1, Math.min(error.pos[1], text.length) - offset) };
  const lineStart = text.lastIndexOf("\n", offset - 1) + 1;
  const lineEnd = text.indexOf("\n", offset) < 0 ? text.length : text.indexOf("\n", offset);
  const line = text.slice(lineStart, lineEnd);
  const loose = /[[{,:]\s*\$\{[^{}"']*\}/.exec(line);
  if (loose && /[{[]/.test(line.slice(0, loose.index + 1))) {
    const start = lineStart + line.indexOf("${", loose.index);
    const used = /^\$\{[^{}"']*\}/.exec(text.slice(start, lineEnd))![0];
    return errorAt(
      { file, offset: start, length: used.length },
      "unquoted-param",
      `Inside { } and [ ] YAML needs quotes around ${used}`,
      `Write "${used}".`,
    );
  }
  if (error.code === "TAB_AS_INDENT" || /^ *\t/.test(line)) {
    const tab = lineStart + Math.max(0, line.indexOf("\t"));
    return errorAt(
      { file, offset: tab, length: 1 },
      "tab-indent",
      "A tab stands where YAML wants spaces",
      "Indent with two spaces per level.",
    );
  }
  const bare = /[[{,:]\s*(>=?\s*[^,}\]\s][^,}\]]*)/.exec(line);
  if (bare && /block scalar header|BLOCK_IN_FLOW|BAD_SCALAR_START/i.test(`${error.code} ${error.message}`)) {
    const start = lineStart + bare.index + bare[0].length - bare[1]!.length;
    const comparison = bare[1]!.trim();
    return errorAt(
      { file, offset: start, length: comparison.length },
      "unquoted-comparison",
      `YAML needs quotes around a comparison that begins with >`,
      `Write "${comparison}".`,
    );
  }
  const cause = error.message.replace(/\s+/g, " ").trim();
  return errorAt(at, "yaml-syntax", `This is not valid YAML: ${cause}`, syntaxHint(error.code));
}

function syntaxHint(code: string): string | undefined {
  switch (code) {
    case "BAD_INDENT":
    case "BLOCK_IN_FLOW":
    case "IMPOSSIBLE":
      return "Check the indent, and that every { and [ is closed.";
    case "MISSING_CHAR":
      return "Check for a missing colon, quote or bracket.";
    case "MULTILINE_IMPLICIT_KEY":
    case "BLOCK_AS_IMPLICIT_KEY":
      return "Check for a missing colon, or a second colon in one line; a text with a colon needs quotes.";
    default:
      return undefined;
  }
}
