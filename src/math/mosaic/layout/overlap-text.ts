import { failed, ok, problem, type Result } from "../../../core/diagnostic.js";
import { parseQuantity } from "../../../core/quantity.js";

/**
 * Reads an overlap: `auto`, `10 %`, or two such shares along x and y.
 *
 * @returns shares of width and height, nothing for `auto`; or `overlap-unclear`
 */
export function parseOverlap(text: string): Result<readonly [x: number, y: number] | undefined> {
  if (/^\s*auto\s*$/i.test(text)) return ok(undefined);
  const parts = text.split(/\s*(?:,|;|\band\b|(?<=%)\s)\s*/).filter((part) => part.trim() !== "");
  const shares = parts.map((part) => parseQuantity(part, "ratio"));
  const [x, y] = shares.map((share) => (share.ok ? share.value : Number.NaN));
  if (x !== undefined && shares.length <= 2 && [x, y ?? x].every((v) => v >= 0 && v < 0.95)) return ok([x, y ?? x]);
  return failed(
    problem(
      "overlap-unclear",
      `Expected auto or a share from 0 % to 95 % for overlap, but found "${text}"`,
      "Write overlap: 10 %, or 10 % and 15 % for x and y.",
    ),
  );
}
