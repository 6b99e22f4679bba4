import { Composer, CST, type Document, Lexer, Parser } from "yaml";
import { type Diagnostic, failed, ok, type Place, type Result } from "../core/diagnostic.js";
import { errorAt } from "./node.js";

/** A pipeline of 5 MB holds some 50,000 steps; larger ones want `each:`. */
export const sizeLimit = 5_000_000;
/** Words, spaces and signs; the yaml package takes some 500 bytes for each. */
export const wordLimit = 2_500_000;
/** Brackets, indents and dashes inside one another. The yaml package recurses, and has aborted the process at a few thousand. */
export const depthLimit = 64;

export interface YamlText {
  readonly document: Document.Parsed;
  /** Offset of a quote that is never closed. */
  readonly openQuote?: number;
}

/**
 * Reads YAML text into the yaml package's own tree, once size and depth are known to be harmless.
 *
 * The depth is counted on the lexer's tokens as they go to the parser, which keeps a stack of its own; the composer, which recurses,
 * is reached only when the count stayed within the limit.
 */
export function parseYaml(file: string, text: string): Result<YamlText> {
  const at = (offset: number, length = 1) => ({ file, offset, length });
  if (text.length > sizeLimit) {
    return failed(
      errorAt(
        at(0, 0),
        "file-too-large",
        `The file has ${text.length} characters; at most ${sizeLimit} are read`,
        "Use each: with a collection in place of many steps that are alike.",
      ),
    );
  }
  const strange = text.search(/(?![\t\n\r])\p{Cc}/u);
  if (strange >= 0) {
    const code = text.charCodeAt(strange).toString(16).padStart(4, "0");
    return failed(
      errorAt(
        at(strange),
        "control-character",
        `The file holds the control character U+${code}, so it is no YAML text`,
        "Check that this is the pipeline file, and save it as UTF-8.",
      ),
    );
  }
  const parser = new Parser();
  const composer = new Composer({ uniqueKeys: false, prettyErrors: false, logLevel: "silent", version: "1.2" });
  const depth = new Depth(file);
  const documents: Document.Parsed[] = [];
  try {
    for (const lexeme of new Lexer().lex(text)) {
      const deep = depth.see(lexeme);
      if (deep) return failed(deep);
      for (const token of parser.next(lexeme)) documents.push(...(composer.next(token) as Iterable<Document.Parsed>));
      if (documents.length > 1) break;
    }
    for (const token of parser.end()) documents.push(...(composer.next(token) as Iterable<Document.Parsed>));
    documents.push(...(composer.end(true, text.length) as Iterable<Document.Parsed>));
  } catch (error) {
    // The yaml package throws on some damaged inputs; whatever it says, the file is at fault.
    return failed(errorAt(at(0, 0), "yaml-syntax", `The file cannot be read as YAML: ${String(error)}`));
  }
  const [first, second] = documents;
  if (!first) return failed(errorAt(at(0, 0), "empty-file", "The file is empty"));
  if (second) {
    const marker = text.indexOf("---", first.range[1]);
    return failed(
      errorAt(
        at(Math.max(0, marker), 3),
        "two-documents",
        "The file holds a second YAML document; a pipeline is one",
        "Remove the --- line, or move what follows it into a file of its own.",
      ),
    );
  }
  return ok({ document: first, ...(depth.openQuote === undefined ? {} : { openQuote: depth.openQuote }) });
}

/** Counts how deep the token stream is nested, with two numbers per open level and no recursion. */
class Depth {
  openQuote: number | undefined;
  private readonly file: string;
  private words = 0;
  private offset = 0;
  private column = 0;
  private scalarNext = false;
  private flow = 0;
  /** Still at indents and indicators of a line, before its first word. */
  private lineStart = true;
  private readonly columns: number[] = [];

  constructor(file: string) {
    this.file = file;
  }

  see(lexeme: string): Diagnostic | undefined {
    const type = this.scalarNext ? "text" : CST.tokenType(lexeme);
    this.scalarNext = false;
    const offset = this.offset;
    if (++this.words > wordLimit) {
      return errorAt(
        { file: this.file, offset, length: 1 },
        "file-too-large",
        `The file has more than ${wordLimit} words and signs`,
        "Use each: with a collection in place of many steps that are alike.",
      );
    }
    switch (type) {
      case "scalar":
        this.scalarNext = true;
        return this.flow === 0 && this.lineStart ? this.open(offset) : undefined;
      case "single-quoted-scalar":
      case "double-quoted-scalar": {
        if (lexeme.length === 1 || lexeme.at(-1) !== lexeme[0]) this.openQuote ??= offset;
        const deep = this.flow === 0 && this.lineStart ? this.open(offset) : undefined;
        if (deep) return deep;
        break;
      }
      case "doc-mode":
      case "flow-error-end":
        return undefined;
      case "newline":
        this.column = 0;
        this.lineStart = true;
        this.offset += lexeme.length;
        return undefined;
      case "flow-map-start":
      case "flow-seq-start":
        this.flow++;
        break;
      case "flow-map-end":
      case "flow-seq-end":
        this.flow--;
        break;
      case "seq-item-ind":
      case "explicit-key-ind":
        if (this.flow === 0) {
          const deep = this.open(offset);
          if (deep) return deep;
        }
        break;
      case "anchor":
      case "alias":
      case "tag":
        return refuseProperty(type, lexeme, { file: this.file, offset, length: lexeme.length });
      case "directive-line":
        return errorAt(
          { file: this.file, offset, length: lexeme.length },
          "yaml-directive",
          `"${lexeme}" is a YAML directive, which pipelines do without`,
          "Remove the line.",
        );
      default:
        break;
    }
    this.offset += lexeme.length;
    const end = lexeme.lastIndexOf("\n");
    this.column = end < 0 ? this.column + lexeme.length : lexeme.length - end - 1;
    if (type !== "space" && type !== "seq-item-ind" && type !== "explicit-key-ind" && type !== "map-value-ind") {
      this.lineStart = false;
    }
    return this.flow + this.columns.length > depthLimit ? this.tooDeep(offset) : undefined;
  }

  private open(offset: number): Diagnostic | undefined {
    while (this.columns.length > 0 && this.columns.at(-1)! >= this.column) this.columns.pop();
    this.columns.push(this.column);
    return this.flow + this.columns.length > depthLimit ? this.tooDeep(offset) : undefined;
  }

  private tooDeep(offset: number): Diagnostic {
    return errorAt(
      { file: this.file, offset, length: 1 },
      "nested-too-deep",
      `More than ${depthLimit} levels of lists and maps are nested here`,
      "Write it with fewer levels; no pipeline needs more than ten.",
    );
  }
}

/** Anchors, aliases and tags: all they can do here is to hide where a value comes from, or to stand for billions of values. */
function refuseProperty(type: "anchor" | "alias" | "tag", lexeme: string, at: Place): Diagnostic {
  if (type === "tag") {
    const isComparison = lexeme.startsWith("!=");
    return errorAt(
      at,
      "yaml-tag",
      `"${lexeme}" is a YAML tag, which pipelines do without`,
      isComparison ? 'Put the comparison into quotes: "!= …".' : "Remove it; quotes make a text.",
    );
  }
  const isPattern = type === "alias" && /[./{]/.test(lexeme);
  return errorAt(
    at,
    "alias",
    `"${lexeme}" is a YAML ${type}, which pipelines do without: it hides where a value comes from`,
    isPattern
      ? `Put quotes around the pattern: "${lexeme}".`
      : `Name the value under params: and write \${name} where it is used.`,
  );
}
