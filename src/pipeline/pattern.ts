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

/** Reads a pattern; one without `*` and fields is a file's name. `{name}` takes text up to the next part, `{name:02}` at least two digits. */
export function parsePattern(text: string, at: Place): Result<Pattern> {
  const refuse = (message: string, hint?: string): Result<Pattern> =>
    failed(errorAt(at, "bad-pattern", `"${text}": ${message}`, hint) satisfies Diagnostic);
  const normal = text.replaceAll("\\", "/").replace(/^(\.\/)+/, "");
  const special = normal.search(/[*?{]/);
  const cut = normal.lastIndexOf("/", special < 0 ? normal.length : special);
  const folder = cut < 0 ? (normal.startsWith("/") ? "/" : ".") : normal.slice(0, cut) || "/";
  const rest = normal.slice(cut + 1);
  if (rest === "") return refuse("a pattern needs the name of a file, with a * or a {field} for many");
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

/**
 * The fields of a matching name, or `undefined`. Each part takes as little as it can, from left to right.
 *
 * Time grows with parts × length, whatever the pattern: first it is found from right to left, for each part and position,
 * whether the rest can match; then the parts are laid out without a step back.
 */
export function matchPattern(pattern: Pattern, name: string): ReadonlyMap<string, string> | undefined {
  const { tokens } = pattern;
  const fits: Uint8Array[] = new Array(tokens.length + 1);
  let after = new Uint8Array(name.length + 1);
  after[name.length] = 1;
  fits[tokens.length] = after;
  for (let t = tokens.length - 1; t >= 0; t--) fits[t] = after = startsOf(tokens[t]!, name, after);
  if (!after[0]) return undefined;
  const fields = new Map<string, string>();
  let position = 0;
  tokens.forEach((token, t) => {
    const next = fits[t + 1]!;
    let end = position + leastOf(token);
    while (!next[end] || !reaches(token, name, position, end)) end++;
    if (token.type === "field") fields.set(token.name, name.slice(position, end));
    position = end;
  });
  return fields;
}

const isDigit = (c: string | undefined): boolean => c !== undefined && c >= "0" && c <= "9";

/** Where a part may start so that it and all after it match, given where the part after it may. */
function startsOf(token: Token, name: string, after: Uint8Array): Uint8Array<ArrayBuffer> {
  const n = name.length;
  const starts = new Uint8Array(n + 1);
  switch (token.type) {
    case "text":
      for (let p = name.indexOf(token.text); p >= 0; p = name.indexOf(token.text, p + 1)) {
        starts[p] = after[p + token.text.length]!;
      }
      return starts;
    case "one":
      for (let p = 0; p < n; p++) if (name[p] !== "/") starts[p] = after[p + 1]!;
      return starts;
    case "any":
      for (let p = n; p >= 0; p--) starts[p] = after[p]! | (p < n && name[p] !== "/" ? starts[p + 1]! : 0);
      return starts;
    case "deep": {
      let below = 0; // whether the folder after the next slash can start
      for (let p = n; p >= 0; p--) {
        if (name[p] === "/") below = starts[p + 1]!;
        starts[p] = after[p]! | below;
      }
      return starts;
    }
    case "field": {
      const least = token.digits ?? 1;
      const belongs = (c: string | undefined) =>
        token.digits === undefined ? c !== undefined && c !== "/" : isDigit(c);
      let run = 0; // letters of the field from p on
      const ends = new Uint8Array(n + 2); // whether the field may end at p or later, within its run
      for (let p = n; p >= 0; p--) {
        run = belongs(name[p]) ? run + 1 : 0;
        ends[p] = after[p]! | (run > 0 ? ends[p + 1]! : 0);
        starts[p] = run >= least ? ends[p + least]! : 0;
      }
      return starts;
    }
  }
}

const leastOf = (token: Token): number =>
  token.type === "text"
    ? token.text.length
    : token.type === "one"
      ? 1
      : token.type === "field"
        ? (token.digits ?? 1)
        : 0;

/** Whether a part that starts well may end here; only `**` + `/` can skip places where the next part could start. */
const reaches = (token: Token, name: string, start: number, end: number): boolean =>
  token.type !== "deep" || end === start || name[end - 1] === "/";

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
