/**
 * Text that is markup already. Everything else that enters a template of `html` is escaped.
 *
 * File names, step names and messages of a run are the user's, or a stranger's: a name such as `<script>` must stay a name.
 */
export class Markup {
  constructor(readonly text: string) {}
  toString(): string {
    return this.text;
  }
}

export type Part = Markup | string | number | false | undefined | readonly Part[];

/** Template tag: escapes what is filled in, joins lists, leaves out `false` and `undefined`. Good for SVG as well. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let text = strings[0]!;
  parts.forEach((part, i) => {
    text += render(part) + strings[i + 1]!;
  });
  return new Markup(text);
}

/** Text of our own that is markup already: styles, scripts, joined paths. Never for anything that comes from a run. */
export const trusted = (text: string): Markup => new Markup(text);

function render(part: Part): string {
  if (part === false || part === undefined) return "";
  if (part instanceof Markup) return part.text;
  if (typeof part === "object") return part.map(render).join("");
  return escapeText(String(part));
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Escapes text for element content and for quoted attributes.
 *
 * Control characters and those that turn the writing direction become U+FFFD: they can make a name look like another.
 */
export const escapeText = (text: string): string =>
  text.replace(/[&<>"']/g, (c) => entities[c]!).replace(unprintable, "\uFFFD");

const unprintable = /(?![\t\n])\p{Cc}|\p{Bidi_Control}|\p{Cs}/gu;

/** A picture as a `data:` address. */
export const dataUrl = (bytes: Uint8Array, format: "jpeg" | "png" | "webp"): string =>
  `data:image/${format};base64,${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")}`;
