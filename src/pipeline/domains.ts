import type { Diagnostic } from "../core/diagnostic.js";
import { itemLimit } from "./collections.js";
import { errorAt } from "./node.js";
import {
  ancestor,
  type Block,
  commonDomain,
  type Domain,
  domainOf,
  type EntryRef,
  fieldOf,
  type Instance,
  rangesIn,
  relativeId,
} from "./scope.js";

/** Fills in the instances of a block, whose outer block and list are known already. */
export function enumerate(block: Block, root: Domain, found: Diagnostic[]): void {
  const parent = block.outer?.domain ?? root;
  const { each, domain, spec } = block;
  if (!each) return;
  const source = domainOf(each);
  const common = commonDomain(parent, source);
  const ranges = rangesIn(source, common);
  const instances: Instance[] = [];
  for (let p = 0; p < parent.instances.length; p++) {
    const [start, end] = ranges[ancestor(parent, p, common)]!;
    const entries: Entry[] = [];
    for (let i = start; i < end; i++) entries.push({ domain: source, index: i, id: relativeId(source, i, common) });
    const made = pairUp(block, entries, found);
    if (!made) return;
    for (const { id, members } of made) instances.push({ parent: p, id, entries: members });
    if (instances.length > itemLimit) {
      found.push(
        errorAt(
          spec.each.at,
          "too-many-items",
          `Block "${spec.name}" would run more than ${itemLimit} times`,
          "Take fewer pairs.",
        ),
      );
      return;
    }
  }
  if (instances.length === 0 && parent.instances.length > 0 && source.instances.length > 0) {
    found.push(
      errorAt(
        spec.each.at,
        "no-items",
        `There is no pair for block "${spec.name}": "${spec.each.of.text}" has ${source.instances.length} item${source.instances.length === 1 ? "" : "s"}`,
      ),
    );
  }
  domain.instances = instances;
}

type Entry = EntryRef & { readonly id: string };
interface Made {
  readonly id: string;
  readonly members: readonly EntryRef[];
}

function pairUp(block: Block, entries: readonly Entry[], found: Diagnostic[]): Made[] | undefined {
  const { each } = block.spec;
  const pair = (a: Entry, b: Entry): Made => ({ id: `${a.id}~${b.id}`, members: [a, b] });
  switch (each.kind) {
    case "items":
      return entries.map((e) => ({ id: e.id, members: [e] }));
    case "consecutive":
      return entries.slice(1).map((b, i) => pair(entries[i]!, b));
    case "pairs-within": {
      const made: Made[] = [];
      for (let i = 0; i < entries.length; i++) {
        for (let j = i + 1; j < entries.length && j - i <= each.range; j++) {
          made.push(pair(entries[i]!, entries[j]!));
          if (made.length > itemLimit) return made;
        }
      }
      return made;
    }
    case "neighbours": {
      const at = new Map<string, Entry>();
      const cells: [number, number][] = [];
      for (const e of entries) {
        const row = fieldOf(e.domain, e.index, ["row"]);
        const col = fieldOf(e.domain, e.index, ["col"]);
        if (row === undefined || col === undefined || !/^\d{1,9}$/.test(row) || !/^\d{1,9}$/.test(col)) {
          found.push(
            errorAt(
              each.at,
              "no-grid",
              `neighbours: needs the row and column of each item, which "${each.of.text}" does not give${row === undefined || col === undefined ? "" : ` as whole numbers: item "${e.id}" has row ${row}, col ${col}`}`,
              "Name them in the pattern, as in all: tile_{row:02}_{col:02}.tif, or as columns row and col of the table.",
            ),
          );
          return undefined;
        }
        cells.push([Number(row), Number(col)]);
        at.set(`${Number(row)},${Number(col)}`, e);
      }
      const made: Made[] = [];
      cells.forEach(([row, col], i) => {
        const right = at.get(`${row},${col + 1}`);
        const below = at.get(`${row + 1},${col}`);
        if (right) made.push(pair(entries[i]!, right));
        if (below) made.push(pair(entries[i]!, below));
      });
      return made;
    }
  }
}
