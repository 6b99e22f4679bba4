import { failed, ok, type PointSet, problem, type Result } from "tiepoint/plugin";

/** Which points are the same place: indices into both sets, with what they are called. */
export interface Pairing {
  readonly fixed: readonly number[];
  readonly moving: readonly number[];
  readonly names: readonly string[];
  /** Named on one side only, or placed on one side only. */
  readonly onlyFixed: readonly string[];
  readonly onlyMoving: readonly string[];
}

const placed = ({ points }: PointSet, i: number): boolean =>
  Number.isFinite(points[2 * i]!) && Number.isFinite(points[2 * i + 1]!);

const list = (names: readonly string[], most = 8): string =>
  `${names
    .slice(0, most)
    .map((n) => `"${n.slice(0, 40)}"`)
    .join(", ")}${names.length > most ? ` and ${names.length - most} more` : ""}`;

/** Where each name stands; names must be there, and differ. */
function indexOf(set: PointSet, side: string): Result<ReadonlyMap<string, number>> {
  if (!set.names) {
    return failed(
      problem(
        "points-without-names",
        `The ${side} points have no names to pair them by`,
        "Name them in the file; or write pair-by: order where both lists have the same points in the same order.",
      ),
    );
  }
  const index = new Map<string, number>();
  for (let i = 0; i < set.names.length; i++) {
    const name = set.names[i]!;
    if (name === "" && !placed(set, i)) continue;
    if (name === "") {
      return failed(
        problem("point-without-name", `Point ${i + 1} of the ${side} points has no name`, "Name it, or remove it."),
      );
    }
    if (index.has(name)) {
      return failed(
        problem(
          "duplicate-name",
          `Expected each point once, but the ${side} points have "${name.slice(0, 40)}" twice`,
          "Rename or remove one of the two.",
        ),
      );
    }
    index.set(name, i);
  }
  return ok(index);
}

/** Pairs points of one name, in the order of the fixed points. A point that was not placed counts as absent. */
export function pairByName(fixed: PointSet, moving: PointSet): Result<Pairing> {
  const [a, b] = [indexOf(fixed, "fixed"), indexOf(moving, "moving")];
  if (!a.ok) return a;
  if (!b.ok) return b;
  const pairing = { fixed: [] as number[], moving: [] as number[], names: [] as string[] };
  const onlyFixed: string[] = [];
  for (const [name, i] of a.value) {
    const j = b.value.get(name);
    if (!placed(fixed, i)) continue;
    if (j === undefined || !placed(moving, j)) onlyFixed.push(name);
    else {
      pairing.fixed.push(i);
      pairing.moving.push(j);
      pairing.names.push(name);
    }
  }
  const taken = new Set(pairing.names);
  const onlyMoving = [...b.value].filter(([name, j]) => placed(moving, j) && !taken.has(name)).map(([name]) => name);
  if (pairing.names.length === 0) {
    return failed(
      problem(
        "no-common-name",
        `No name stands on both sides: fixed has ${list([...a.value.keys()], 5)}; moving has ${list([...b.value.keys()], 5)}`,
        spellingHint(a.value.keys(), b.value.keys()),
      ),
    );
  }
  return ok({ ...pairing, onlyFixed, onlyMoving });
}

const plain = (name: string): string => {
  const text = name
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, "");
  return /^\d+$/.test(text) ? String(Number(text)) : text;
};

function spellingHint(a: Iterable<string>, b: Iterable<string>): string {
  const other = new Map([...b].map((name) => [plain(name), name] as const));
  for (const name of a) {
    const near = other.get(plain(name));
    if (near !== undefined) return `Spell them alike: "${name}" and "${near}" count as different.`;
  }
  return "Give the same places the same names in both files.";
}

/** Pairs points by their place in the lists, which must be equally long. */
export function pairByOrder(fixed: PointSet, moving: PointSet): Result<Pairing> {
  const [n, m] = [fixed.points.length / 2, moving.points.length / 2];
  if (n !== m) {
    return failed(
      problem(
        "counts-differ",
        `Expected as many moving as fixed points to pair them by order, but found ${n} fixed and ${m} moving`,
        "Add what is missing; or name the points and pair them by name.",
      ),
    );
  }
  const both = Array.from({ length: n }, (_, i) => i).filter((i) => placed(fixed, i) && placed(moving, i));
  const names = both.map((i) => fixed.names?.[i] || String(i + 1));
  const alone = (one: PointSet, two: PointSet) =>
    Array.from({ length: n }, (_, i) => i)
      .filter((i) => placed(one, i) && !placed(two, i))
      .map((i) => one.names?.[i] || String(i + 1));
  return ok({ fixed: both, moving: both, names, onlyFixed: alone(fixed, moving), onlyMoving: alone(moving, fixed) });
}

/** Names for a note. */
export const nameList = list;
