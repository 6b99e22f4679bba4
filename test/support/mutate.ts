import { readdirSync, readFileSync } from "node:fs";

const folder = new URL("../fixtures/valid/", import.meta.url);
const originals = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), "utf8"));

/** Pieces that have hurt YAML readers, and pieces of the language in wrong places. */
const pieces = [
  ...[
    "[",
    "]",
    "{",
    "}",
    ":",
    "-",
    "?",
    "&a",
    "*a",
    "!!str",
    "<<: *a",
    "|",
    ">",
    "%",
    "#",
    "'",
    '"',
    "\\",
    "---",
    "...",
  ],
  ...[
    "\t",
    "\r",
    "\n",
    "\u0000",
    "\ufeff",
    "\u2028",
    "\ud800",
    "\u{1f600}",
    "__proto__",
    "constructor",
    "$\u007b",
    "$\u007bx}",
  ],
  ...[
    "$\u007binlier-distance}",
    "{id}",
    "1e999",
    ".nan",
    "0x10",
    "012",
    "9007199254740993",
    "null",
    "~",
    "yes",
    "each",
    "steps",
  ],
  ...[
    "use",
    "- - - - - -",
    "? ? ? ?",
    "[[[[[[[[",
    "report",
    "tiles",
    "pair.a",
    "tile.flat",
    "..",
    "../",
    "a.b.c.d",
    " ",
  ],
  "[".repeat(100),
  "- ".repeat(100),
  "{a: ".repeat(70),
];

/** One of the valid pipelines, damaged in one to five places. */
export function mutate(random: () => number): string {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  let text = pick(originals);
  const edits = random() < 0.5 ? 1 : 2 + Math.floor(random() * 4);
  for (let i = 0; i < edits; i++) {
    const at = Math.floor(random() * (text.length + 1));
    const end = Math.min(text.length, at + Math.floor(random() ** 3 * 200));
    switch (Math.floor(random() * 6)) {
      case 0:
        text = text.slice(0, at) + pick(pieces) + text.slice(at);
        break;
      case 1:
        text = text.slice(0, at) + text.slice(end);
        break;
      case 2:
        text = text.slice(0, at) + text.slice(at, end) + text.slice(at);
        break;
      case 3:
        text = text.slice(0, at) + pick(pieces) + text.slice(end);
        break;
      case 4: {
        const other = pick(originals);
        const from = Math.floor(random() * other.length);
        text = text.slice(0, at) + other.slice(from, from + 80) + text.slice(at);
        break;
      }
      default: {
        const lines = text.split("\n");
        const [a, b] = [Math.floor(random() * lines.length), Math.floor(random() * lines.length)];
        [lines[a], lines[b]] = [lines[b]!, lines[a]!];
        text = lines.join("\n");
      }
    }
  }
  return text;
}
