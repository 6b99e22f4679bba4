import type { Collection, Item } from "./collections.js";
import { fillTemplate, stemOf } from "./collections.js";
import { errorAt, type ScalarNode } from "./node.js";
import type { Producer } from "./scope.js";
import type { Bound, InputSpec, PointsSpec, PortUse, Reading } from "./spec.js";
import { didYouMean } from "./suggest.js";

/**
 * Points beside an image: `points:` of an input, or the column `points` of its table.
 *
 * They are read once for each image, with that image on the reader's port `sameGridAs` and its name as the reader's parameter
 * `image`, so that one file can hold the points of many images, and pixel coordinates find their place in the world.
 */
export const pointsColumn = "points";

/** The port and the parameter of a reader by which it learns of the image; readers without them do without. */
const gridPort = "sameGridAs";
const imageParam = "image";

/** What `points:` says, where a column stands for it. */
export const pointsOf = (input: InputSpec, column: string | undefined): PointsSpec | undefined =>
  column === pointsColumn ? input.points : undefined;

/** The file of points of one item, or of a single file's input: `{field}` places filled in. */
export function pointsPath(
  points: PointsSpec,
  item: Item | undefined,
): { ok: true; text: string } | { ok: false; unknown: string } {
  const text = String(points.file.value);
  return item ? fillTemplate(text, (name) => item.fields.get(name)) : { ok: true, text };
}

/** Tells a `{field}` of `points:` that the items do not have. @param value  the file, or a setting */
export function checkTemplate(value: ScalarNode, collection: Collection | undefined, { found }: Reading): void {
  const item = collection?.items[0];
  const filled = item && fillTemplate(String(value.value), (name) => item.fields.get(name));
  if (!filled || filled.ok) return;
  const known = [...item.fields.keys()];
  found.push(
    errorAt(
      value.at,
      "unknown-field",
      `Items have no field "${filled.unknown}".${didYouMean(filled.unknown, known)}`,
      `Fields are ${known.slice(0, 20).join(", ")}.`,
    ),
  );
}

/** Gives the reader of points the image that they lie in, unless the user named another. */
export function withImage(bound: Bound, producer: Producer): Bound {
  const { input, column } = producer;
  const points = pointsOf(input!, column);
  const hasOwnImage = input!.kind !== "table" || producer.domain.collection?.items[0]?.path !== undefined;
  if (column !== pointsColumn || !hasOwnImage || !(gridPort in bound.plugin.inputs)) return bound;
  if (bound.ports.some((p) => p.port === gridPort)) return bound;
  const at = points?.at ?? input!.at;
  const use: PortUse = {
    port: gridPort,
    type: { type: "image", list: false, optional: true },
    references: [{ text: input!.name, at }],
    listed: false,
  };
  return { ...bound, ports: [...bound.ports, use] };
}

/** The reader's parameters for one item: the name of the image whose points it shall take. */
export function pointsParams(producer: Producer, item: Item | undefined): Readonly<Record<string, unknown>> {
  const { bound, column, input } = producer;
  const { params, plugin } = bound!;
  if (column !== pointsColumn || !(imageParam in plugin.params)) return params;
  const given = params[imageParam];
  if (typeof given === "string") {
    const filled = item ? fillTemplate(given, (name) => item.fields.get(name)) : undefined;
    return filled?.ok ? { ...params, [imageParam]: filled.text } : params;
  }
  const path = input!.kind === "file" ? String(input!.file.value) : item?.path;
  return path === undefined ? params : { ...params, [imageParam]: imageName(path) };
}

/** Folder and name of an image: what annotation files call it, and no more of a path than that. */
function imageName(path: string): string {
  const parts = path.split(/[\\/]/).filter((part) => part !== "" && part !== "." && part !== "..");
  return parts.slice(-2).join("/") || stemOf(path);
}
