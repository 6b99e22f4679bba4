import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../src/math/random.js";
import { parseText } from "../src/pipeline/document.js";
import type { Entry, MapNode, Node } from "../src/pipeline/node.js";
import { disk } from "./support/disk.js";
import { load } from "./support/load.js";

interface Token {
  readonly text: string;
  readonly offset: number;
  readonly what: string;
}

const sections = new Set(["params", "inputs", "steps", "outputs", "defaults", "require", "where"]);
const free = new Set(["about", "name", "file", "all", "table", "list", "id", "expect", "seed", "tiepoint", "range"]);

/** Every word of a pipeline that the language or the pipeline itself defines: keys, plugins, names, choices. */
function tokensOf(text: string): Token[] {
  const parsed = parseText("p", text, "pipeline");
  if (!parsed.ok) throw new Error("the fixture must parse");
  const tokens: Token[] = [];
  const scalar = (node: Node, what: string): void => {
    if (node.type === "list") for (const item of node.items) scalar(item, what);
    if (node.type !== "scalar" || typeof node.value !== "string" || node.value !== node.source) return;
    // Words only: quantities, paths and comparisons have tests of their own.
    if (node.at.length !== node.source.length || !/^[a-z][a-z0-9./-]{2,}$/i.test(node.source)) return;
    tokens.push({ text: node.source, offset: node.at.offset, what });
  };
  const walk = (map: MapNode, named: boolean, path: string): void => {
    for (const [key, entry] of map.entries as ReadonlyMap<string, Entry>) {
      const isPlugin = path === "defaults";
      if (!named || isPlugin) tokens.push({ text: key, offset: entry.at.offset, what: isPlugin ? "plugin" : "key" });
      if (entry.value.type === "map") walk(entry.value, sections.has(key) && !named, key);
      else if (path !== "params" && path !== "inputs" && !free.has(key) && path !== "require" && path !== "where") {
        scalar(entry.value, key === "use" ? "plugin" : "value");
      }
    }
  };
  walk(parsed.value.root as MapNode, false, "");
  return tokens;
}

function typos(word: string, random: () => number): string[] {
  const letter = () => "abcdefghijklmnopqrstuvwxyz"[Math.floor(random() * 26)]!;
  const at = (n: number) => Math.floor(random() * n);
  const out = new Set<string>();
  for (let k = 0; k < 4; k++) {
    const i = at(word.length);
    out.add(word.slice(0, i) + word.slice(i + 1));
    out.add(word.slice(0, i) + letter() + word.slice(i));
    out.add(word.slice(0, i) + letter() + word.slice(i + 1));
    const j = at(word.length - 1);
    out.add(word.slice(0, j) + word[j + 1] + word[j] + word.slice(j + 2));
  }
  out.delete(word);
  return [...out].filter((w) => w.length > 1);
}

describe("a typo of one letter gets the right suggestion", () => {
  let asked = 0;
  const wrong: string[] = [];
  for (const name of ["affine-pair", "stitch-grid", "coast-change"]) {
    test(`${name} (seed 11)`, async () => {
      const random = seededRandom(11);
      const text = readFileSync(new URL(`./fixtures/valid/${name}.yaml`, import.meta.url), "utf8");
      const tokens = tokensOf(text);
      expect(tokens.length).toBeGreaterThan(40);
      for (const token of tokens) {
        for (const typo of typos(token.text, random)) {
          const broken = text.slice(0, token.offset) + typo + text.slice(token.offset + token.text.length);
          const loaded = await load(broken, { files: disk });
          if (loaded.ok) continue; // another word that is right too
          asked++;
          const said = loaded.diagnostics.find((d) => d.at?.offset === token.offset);
          const suggested = said && /Did you mean "([^"]+)"\?/.exec(`${said.message} ${said.hint ?? ""}`)?.[1];
          if (suggested !== token.text) {
            wrong.push(
              `${name}: ${token.what} ${token.text} -> ${typo}: ${suggested ?? loaded.diagnostics.map((d) => `${d.code} ${d.message}`).join(" | ")}`,
            );
          }
          expect(
            loaded.diagnostics.length,
            `${typo}: ${loaded.diagnostics.map((d) => d.message).join("\n")}`,
          ).toBeLessThanOrEqual(3);
        }
      }
    });
  }

  test("in 95 of 100 cases or more", () => {
    expect(asked).toBeGreaterThan(1000);
    expect(wrong.length / asked, wrong.slice(0, 20).join("\n")).toBeLessThan(0.05);
  });
});
