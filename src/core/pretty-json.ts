const WIDTH = 110;

/**
 * JSON for people: two spaces of indent, and whatever fits on a line on one line, so that a matrix reads as one.
 *
 * Numbers are written in the fewest digits that read back as the same number. Ends with a line break.
 */
export function prettyJson(value: unknown): string {
  return `${write(value, "", 0)}\n`;
}

function write(value: unknown, indent: string, used: number): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    if (value.every(isScalar))
      return fill(
        value.map((v) => JSON.stringify(v)),
        indent,
        used,
      );
    return `[\n${value.map((v) => inner + write(v, inner, inner.length)).join(",\n")}\n${indent}]`;
  }
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  if (entries.length === 0) return "{}";
  if (entries.every(([, v]) => isScalar(v))) {
    const line = `{ ${entries.map(([k, v]) => `${JSON.stringify(k)}: ${JSON.stringify(v)}`).join(", ")} }`;
    if (used + line.length <= WIDTH) return line;
  }
  const lines = entries.map(([k, v]) => {
    const head = `${inner}${JSON.stringify(k)}: `;
    return head + write(v, inner, head.length);
  });
  return `{\n${lines.join(",\n")}\n${indent}}`;
}

const isScalar = (value: unknown): boolean => typeof value !== "object" || value === null;

/** Scalars in lines as long as they may be. */
function fill(items: readonly string[], indent: string, used: number): string {
  const line = `[${items.join(", ")}]`;
  if (used + line.length <= WIDTH) return line;
  const lines: string[] = [];
  let current = "";
  for (const item of items) {
    if (current !== "" && indent.length + current.length + item.length + 4 > WIDTH) {
      lines.push(current);
      current = "";
    }
    current += current === "" ? item : `, ${item}`;
  }
  lines.push(current);
  return `[\n${lines.map((l) => `${indent}  ${l}`).join(",\n")}\n${indent}]`;
}
