/**
 * Edit distance with insertion, deletion, substitution and swap of neighbours (optimal string alignment),
 * or `limit + 1` as soon as it must exceed `limit`.
 */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let best = i;
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let d = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) d = Math.min(d, before[j - 2]! + 1);
      row.push(d);
      if (d < best) best = d;
    }
    if (best > limit) return limit + 1;
    before = last;
    last = row;
  }
  return last[b.length]!;
}

/**
 * The candidate that the writer most probably meant, or `undefined` when none is close.
 *
 * Close is at most two edits, or a third of the word when that is more. Among equals the one that shares the longest beginning and end wins,
 * then the earlier one.
 */
export function closest(word: string, among: Iterable<string>): string | undefined {
  if (word.length > 200) return undefined;
  const candidates = [...among]; // an iterator could be read only once
  let limit = Math.max(word.length <= 3 ? 1 : 2, Math.floor(word.length / 3));
  let found: string | undefined;
  let shared = -1;
  const lower = word.toLowerCase();
  for (const candidate of candidates) {
    if (candidate === word) continue;
    const d = editDistance(lower, candidate.toLowerCase(), limit);
    if (d > limit || d >= Math.max(candidate.length, 2)) continue;
    const common = ends(lower, candidate.toLowerCase());
    if (found !== undefined && d === limit && common <= shared) continue;
    found = candidate;
    limit = d;
    shared = common;
  }
  return found ?? longer(lower, candidates);
}

/** `compress` for `compression`: one is the beginning of the other. */
function longer(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length < 4) return undefined;
  for (const candidate of candidates) {
    const other = candidate.toLowerCase();
    if (other !== word && other.length >= 4 && (other.startsWith(word) || word.startsWith(other))) return candidate;
  }
  return undefined;
}

function ends(a: string, b: string): number {
  const n = Math.min(a.length, b.length);
  let head = 0;
  while (head < n && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < n - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  return head + tail;
}

/** ` Did you mean "x"?` with a leading space, or an empty text. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const found = closest(word, candidates);
  return found === undefined ? "" : ` Did you mean "${found}"?`;
}
