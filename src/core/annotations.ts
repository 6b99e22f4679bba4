import { csvCell, csvNumber } from "./csv.js";
import { type Diagnostic, failed, ok, problem, type Result, warning } from "./diagnostic.js";

/** The points of one image, in its pixels. */
export interface Annotation {
  /** What the file shall call the image. */
  readonly image: string;
  readonly width: number;
  readonly height: number;
  /** Interleaved; NaN for a point that was not placed. */
  readonly xy: ArrayLike<number>;
  readonly names: readonly string[];
  readonly confidence?: ArrayLike<number>;
}

/** A file's text, and what the format could not hold. */
export interface Encoded {
  readonly text: string;
  readonly notes: readonly Diagnostic[];
}

const pointsOf = ({ xy, names }: Annotation) =>
  names.map((name, i) => ({ name, x: xy[2 * i]!, y: xy[2 * i + 1]!, isPlaced: Number.isFinite(xy[2 * i]!) }));

/**
 * TPS as tpsDig writes it: y up from the bottom, `NA` for what was not placed, a number in place of a name.
 *
 * @returns the text; or `names-differ`, since numbers would then mean different points in different images
 */
export function encodeTps(images: readonly Annotation[]): Result<Encoded> {
  const first = images[0]?.names ?? [];
  for (const { image, names } of images) {
    if (names.length === first.length && names.every((name, i) => name === first[i])) continue;
    return failed(
      problem(
        "names-differ",
        `A TPS file knows points by number, but those of "${image}" are others than those of "${images[0]!.image}"`,
        "Give all images the same points in the same order, or write a CSV file.",
      ),
    );
  }
  const lines = images.flatMap((one, k) => [
    `LM=${one.names.length}`,
    ...pointsOf(one).map((p) => (p.isPlaced ? `${csvNumber(p.x)} ${csvNumber(one.height - p.y)}` : "NA NA")),
    `IMAGE=${one.image}`,
    `ID=${k}`,
  ]);
  const isNumbered = first.every((name, i) => name === String(i + 1));
  const order = first.slice(0, 30).join(", ");
  return ok({
    text: `${lines.join("\n")}\n`,
    notes: isNumbered
      ? []
      : [warning("names-not-held", `A TPS file holds no names; its points are, in order: ${order}`)],
  });
}

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`).replace(/[^\x20-\x7e]/gu, (c) => `&#${c.codePointAt(0)};`);

/** XML as dlib and imglab read it: one box around the points of each image, parts in whole pixels. */
export function encodeDlib(images: readonly Annotation[]): Encoded {
  let rounded = false;
  const lines = images.flatMap((one) => {
    const parts = pointsOf(one).filter((p) => p.isPlaced);
    if (parts.some((p) => p.x !== Math.round(p.x) || p.y !== Math.round(p.y))) rounded = true;
    const whole = parts.map((p) => ({ name: p.name, x: Math.round(p.x), y: Math.round(p.y) }));
    const [left, top, right, bottom] = [
      Math.min(...whole.map((p) => p.x)),
      Math.min(...whole.map((p) => p.y)),
      Math.max(...whole.map((p) => p.x)),
      Math.max(...whole.map((p) => p.y)),
    ];
    const box = [
      `    <box top='${top}' left='${left}' width='${right - left + 1}' height='${bottom - top + 1}'>`,
      ...whole.map((p) => `      <part name='${escaped(p.name)}' x='${p.x}' y='${p.y}'/>`),
      "    </box>",
    ];
    const size = `width='${one.width}' height='${one.height}'`;
    return [`  <image file='${escaped(one.image)}' ${size}>`, ...(whole.length > 0 ? box : []), "  </image>"];
  });
  const text = [
    "<?xml version='1.0' encoding='ISO-8859-1'?>",
    "<dataset>",
    "<images>",
    ...lines,
    "</images>",
    "</dataset>",
  ];
  const note = "dlib holds whole pixels: points are rounded, by up to half a pixel along each axis";
  return { text: `${text.join("\n")}\n`, notes: rounded ? [warning("rounded", note)] : [] };
}

/**
 * A table of DeepLabCut: labels as `CollectedData_<scorer>.csv`, or with likelihoods as predictions are.
 *
 * @param likelihood  write confidences; labels have none
 */
export function encodeDeepLabCut(images: readonly Annotation[], scorer: string, likelihood: boolean): Encoded {
  const parts = [...new Set(images.flatMap((one) => one.names))];
  const axes = likelihood ? ["x", "y", "likelihood"] : ["x", "y"];
  const head = (level: string, cell: (part: string, axis: string) => string) =>
    [level, ...parts.flatMap((part) => axes.map((axis) => csvCell(cell(part, axis))))].join(",");
  const rows = images.map((one) => {
    const index = new Map(one.names.map((name, i) => [name, i] as const));
    const cells = parts.flatMap((part) => {
      const i = index.get(part) ?? -1;
      const place = [one.xy[2 * i] ?? Number.NaN, one.xy[2 * i + 1] ?? Number.NaN];
      return [...place, ...(likelihood ? [i < 0 ? Number.NaN : (one.confidence?.[i] ?? 1)] : [])].map(csvNumber);
    });
    return [csvCell(one.image), ...cells].join(",");
  });
  const text = [
    head("scorer", () => scorer),
    head("bodyparts", (part) => part),
    head("coords", (_, axis) => axis),
    ...rows,
  ];
  return { text: `${text.join("\n")}\n`, notes: [] };
}
