import { type Diagnostic, failed, ok, type Place, type Result } from "../core/diagnostic.js";
import { isForbiddenName } from "./document.js";
import { errorAt } from "./node.js";

type Token =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "any" } // `*`: anything but a slash
  | { readonly type: "one" } // `?`: one character but a slash
  | { readonly type: "deep" } // `**/`: any folders, or none
  | { readonly type: "field"; readonly name: string; readonly digits?: number };

/** A pattern of file names: `raw/tile_{row:02}_{col:02}.tif`, `wings/*.png`, `slides/**` + `/*.svs`. */
export interface Pattern {
  /** Folder that holds every match, without a slash at the end; "." for the pipeline's own. */
  readonly folder: string;
  /** True when files of deeper folders can match. */
  readonly deep: boolean;
  readonly fields: readonly string[];
  /** For names relative to `folder`. */
  readonly tokens: readonly Token[];
}

const tokenLimit = 32;

/** Reads a pattern. `{name}` takes text up to the next part, `{name:02}` at least two digits. */
export function parsePattern(text: string, at: Place): Result<Pattern> {
  const refuse = (message: string, hint?: string): Result<Pattern> =>
    failed(errorAt(at, "bad-pattern", `"${text}": ${message}`, hint) satisfies Diagnostic);
  const normal = text.replaceAll("\\", "/").replace(/^(\.\/)+/, "");
  const special = normal.search(/[*?{]/);
  const cut = special < 0 ? -1 : normal.lastIndexOf("/", special);
  const folder = cut < 0 ? (normal.startsWith("/") ? "/" : ".") : normal.slice(0, cut) || "/";
  if (special < 0) {
    return refuse(
      "a pattern needs a * or a {field}",
      "Write file: for one file, or all: raw/tile_{row:02}_{col:02}.tif.",
    );
  }
  const rest = normal.slice(cut + 1);
  const tokens: Token[] = [];
  const fields: string[] = [];
  const part = /\*\*\/|\*|\?|\{([^{}]*)\}|[^*?{]+|\{/g;
  for (const found of rest.matchAll(part)) {
    const [piece, inside] = found;
    const last = tokens.at(-1);
    if (piece === "**/") tokens.push({ type: "deep" });
    else if (piece === "*") {
      if (last?.type === "field" || last?.type === "any") return refuse("* may not follow * or a {field} at once");
      tokens.push({ type: "any" });
    } else if (piece === "?") tokens.push({ type: "one" });
    else if (piece === "{") return refuse("a { is not closed", "Write {name} or {name:02}.");
    else if (inside !== undefined) {
      const form = /^([A-Za-z_][A-Za-z0-9_-]*)(?::0?([1-9]))?$/.exec(inside);
      if (!form) return refuse(`{${inside}} is no field`, "Write {name}, or {name:02} for at least two digits.");
      const name = form[1]!;
      if (fields.includes(name)) return refuse(`the field {${name}} stands twice`);
      if (isForbiddenName(name)) return refuse(`{${name}} cannot be used as a name`);
      if (last?.type === "field" || last?.type === "any") return refuse(`{${name}} needs a text before it`);
      fields.push(name);
      tokens.push({ type: "field", name, ...(form[2] ? { digits: Number(form[2]) } : {}) });
    } else tokens.push({ type: "text", text: piece! });
  }
  if (tokens.length > tokenLimit) return refuse(`more than ${tokenLimit} parts`);
  return ok({ folder, deep: rest.includes("/"), fields, tokens });
}

/** The fields of a matching name, or `undefined`. Time grows with parts × length², whatever the pattern. */
export function matchPattern(pattern: Pattern, name: string): ReadonlyMap<string, string> | undefined {
  const { tokens } = pattern;
  const values = new Array<string>(tokens.length);
  const dead = new Uint8Array((tokens.length + 1) * (name.length + 1));
  const walk = (t: number, p: number): boolean => {
    if (t === tokens.length) return p === name.length;
    const state = t * (name.length + 1) + p;
    if (dead[state]) return false;
    for (const end of ends(tokens[t]!, name, p)) {
      if (walk(t + 1, end)) {
        values[t] = name.slice(p, end);
        return true;
      }
    }
    dead[state] = 1;
    return false;
  };
  if (!walk(0, 0)) return undefined;
  const fields = new Map<string, string>();
  tokens.forEach((token, t) => {
    if (token.type === "field") fields.set(token.name, values[t]!);
  });
  return fields;
}

/** Positions up to which a part may reach, shortest first. */
function* ends(token: Token, name: string, start: number): Generator<number> {
  switch (token.type) {
    case "text":
      if (name.startsWith(token.text, start)) yield start + token.text.length;
      return;
    case "one":
      if (start < name.length && name[start] !== "/") yield start + 1;
      return;
    case "deep":
      yield start;
      for (let p = name.indexOf("/", start); p >= 0; p = name.indexOf("/", p + 1)) yield p + 1;
      return;
    case "any":
      for (let p = start; p <= name.length; p++) {
        yield p;
        if (name[p] === "/") return;
      }
      return;
    case "field": {
      const digits = token.digits;
      for (let p = start + 1; p <= name.length; p++) {
        const c = name[p - 1]!;
        if (c === "/" || (digits !== undefined && (c < "0" || c > "9"))) return;
        if (digits === undefined || p - start >= digits) yield p;
      }
    }
  }
}

/** Orders texts as people do: `t2` before `t10`. The same on every machine, whatever its language. */
export function naturalOrder(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const x = digitsAt(a, i);
    const y = digitsAt(b, j);
    if (x > i && y > j) {
      const p = a.slice(i, x).replace(/^0+(?=\d)/, "");
      const q = b.slice(j, y).replace(/^0+(?=\d)/, "");
      if (p.length !== q.length) return p.length - q.length;
      if (p !== q) return p < q ? -1 : 1;
      i = x;
      j = y;
    } else {
      if (a[i] !== b[j]) return a[i]! < b[j]! ? -1 : 1;
      i++;
      j++;
    }
  }
  return a.length - i - (b.length - j) || (a < b ? -1 : a > b ? 1 : 0);
}

function digitsAt(text: string, start: number): number {
  let end = start;
  while (end < text.length && text[end]! >= "0" && text[end]! <= "9") end++;
  return end;
}
