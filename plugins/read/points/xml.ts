import { failed, problem, type Result } from "tiepoint/plugin";

/** What happens in an XML document, in order. */
export type XmlEvent =
  | {
      readonly type: "open";
      readonly name: string;
      readonly attributes: ReadonlyMap<string, string>;
      readonly line: number;
    }
  | { readonly type: "close"; readonly name: string; readonly line: number };

const depthLimit = 64;
const attributeLimit = 64;
const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/**
 * Walks through the elements of an XML document, one at a time, without building a tree.
 *
 * A small part of XML: elements and attributes, the five entities and numbered characters. Text between elements is passed over,
 * as are comments, CDATA and processing instructions. Document types are refused, and with them all other entities, so that
 * nothing in a file can stand for more than it is long.
 *
 * @param visit  told of each element; what it returns ends the walk
 * @returns nothing when all is well; or `bad-xml` with the line
 */
export function walkXml(text: string, visit: (event: XmlEvent) => ReturnType<typeof failed> | undefined): Result<void> {
  const open: string[] = [];
  let at = text.startsWith("\uFEFF") ? 1 : 0;
  let line = 1;
  let counted = 0;
  let elements = 0;
  const here = (index: number): number => {
    for (; counted < index; counted++) if (text.charCodeAt(counted) === 10) line++;
    return line;
  };
  const bad = (index: number, message: string, hint?: string) =>
    failed(problem("bad-xml", `${message} in line ${here(index)}`, hint));
  for (;;) {
    const start = text.indexOf("<", at);
    if (start < 0) break;
    const skip = skipped(text, start);
    if (skip === "open") return bad(start, "Expected the end of a comment or instruction that begins");
    if (skip !== undefined) {
      at = skip;
      continue;
    }
    if (text.startsWith("<!", start)) {
      return bad(start, "Expected no document type, but found one", "Remove the lines from <!DOCTYPE to its end.");
    }
    const end = tagEnd(text, start);
    if (end < 0) return bad(start, "Expected the end of an element that begins");
    const body = text.slice(start + 1, end);
    at = end + 1;
    if (body.startsWith("/")) {
      const name = body.slice(1).trim();
      if (open.pop() !== name)
        return bad(start, `Expected the end of another element, but found </${name.slice(0, 40)}>`);
      const stop = visit({ type: "close", name, line: here(start) });
      if (stop) return stop;
      continue;
    }
    const isEmpty = body.endsWith("/");
    const name = /^[A-Za-z_][\w.:-]{0,99}/.exec(body)?.[0];
    if (name === undefined) return bad(start, `Expected an element, but found <${body.slice(0, 20)}>`);
    const attributes = readAttributes(isEmpty ? body.slice(name.length, -1) : body.slice(name.length));
    if (!attributes) return bad(start, `Expected attributes of the form name="value" in <${name}>`);
    elements++;
    const stop = visit({ type: "open", name, attributes, line: here(start) });
    if (stop) return stop;
    if (isEmpty) {
      const closed = visit({ type: "close", name, line });
      if (closed) return closed;
    } else if (open.push(name) > depthLimit)
      return bad(start, `Expected at most ${depthLimit} elements inside one another`);
  }
  if (open.length > 0) return bad(text.length, `Expected </${open.at(-1)}>, but found the end of the file`);
  if (elements === 0) return bad(0, "Expected XML, but found no element");
  return { ok: true, value: undefined };
}

/** Where a comment, CDATA or processing instruction ends. */
function skipped(text: string, start: number): number | "open" | undefined {
  for (const [begin, end] of [
    ["<!--", "-->"],
    ["<![CDATA[", "]]>"],
    ["<?", "?>"],
  ] as const) {
    if (!text.startsWith(begin, start)) continue;
    const found = text.indexOf(end, start + begin.length);
    return found < 0 ? "open" : found + end.length;
  }
  return undefined;
}

/** The `>` of a tag, which may also stand in an attribute. */
function tagEnd(text: string, start: number): number {
  let quote = 0;
  for (let i = start + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (quote !== 0) {
      if (code === quote) quote = 0;
    } else if (code === 34 || code === 39) quote = code;
    else if (code === 62) return i;
    else if (code === 60) return -1;
  }
  return -1;
}

function readAttributes(text: string): Map<string, string> | undefined {
  const attributes = new Map<string, string>();
  const pattern = /\s*([A-Za-z_][\w.:-]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
  let at = 0;
  while (text.slice(at).trim() !== "") {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (!match || attributes.size >= attributeLimit || attributes.has(match[1]!)) return undefined;
    const value = decode(match[2] ?? match[3] ?? "");
    if (value === undefined) return undefined;
    attributes.set(match[1]!, value);
    at = pattern.lastIndex;
  }
  return attributes;
}

function decode(text: string): string | undefined {
  let known = true;
  const out = text.replace(/&([^;&]{0,12});?/g, (whole, name: string) => {
    const code = /^#(\d{1,7})$/.exec(name)?.[1] ?? /^#x([0-9a-f]{1,6})$/i.exec(name)?.[1];
    const point = code === undefined ? Number.NaN : Number.parseInt(code, /^#x/i.test(name) ? 16 : 10);
    const character = Object.hasOwn(entities, name)
      ? entities[name]
      : point <= 0x10ffff
        ? String.fromCodePoint(point)
        : undefined;
    if (character === undefined || !whole.endsWith(";")) known = false;
    return character ?? "";
  });
  return known ? out : undefined;
}
