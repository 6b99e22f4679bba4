/** Where the stage stood, as an OME-XML description says it. */
export interface StagePosition {
  readonly x: number;
  readonly y: number;
  /** `px` for pixels; `um` is assumed where the unit is the stage's own "reference frame", or missing. */
  readonly unit: "px" | "um";
  readonly assumed: boolean;
}

type Attributes = ReadonlyMap<string, string>;

/** More planes than this are not looked through: the first that has a position is what counts. */
const MAX_PLANES = 20_000;

/**
 * The stage position of an image: of its first plane in this file that has one, else its stage label.
 *
 * The model leaves open which way y points and what of the image lies at the position. It is kept as written, for the centre
 * of the first pixel; `stitch/layout` sees from the overlaps which way y goes.
 *
 * @param image  text of the image's element, up to its pixels
 * @param body  what the element Pixels holds
 * @param isHere  whether a plane lies in this file
 */
export function stagePosition(
  image: string,
  body: string,
  attributesOf: (text: string) => Attributes,
  micrometres: Readonly<Record<string, number>>,
  isHere: (c: number, z: number, t: number) => boolean,
): StagePosition | undefined {
  const read = (a: Attributes, names: readonly [string, string]) => positionOf(a, names, micrometres);
  let count = 0;
  for (const [, text] of body.matchAll(/<(?:\w+:)?Plane\b([^>]{0,4000})>/g)) {
    if (++count > MAX_PLANES) break;
    const plane = attributesOf(text!);
    const index = (name: string) => Number(plane.get(name) ?? 0);
    if (!isHere(index("TheC"), index("TheZ"), index("TheT"))) continue;
    const found = read(plane, ["PositionX", "PositionY"]);
    if (found) return found;
  }
  const label = /<(?:\w+:)?StageLabel\b([^>]{0,4000})>/.exec(image);
  return label ? read(attributesOf(label[1]!), ["X", "Y"]) : undefined;
}

function positionOf(
  a: Attributes,
  [nx, ny]: readonly [string, string],
  micrometres: Readonly<Record<string, number>>,
): StagePosition | undefined {
  const number = (name: string) => {
    const text = a.get(name)?.trim() ?? "";
    return text === "" ? Number.NaN : Number(text);
  };
  const [x, y] = [number(nx), number(ny)];
  if (!Number.isFinite(x) || !Number.isFinite(y)) return undefined;
  const [ux, uy] = [a.get(`${nx}Unit`), a.get(`${ny}Unit`)];
  if (ux === "pixel" && uy === "pixel") return { x, y, unit: "px", assumed: false };
  const factor = (unit: string | undefined) => (unit === undefined ? undefined : micrometres[unit]);
  const [fx, fy] = [factor(ux), factor(uy)];
  // One unit is named and the other is not: they are the same.
  const [sx, sy] = [fx ?? fy ?? 1, fy ?? fx ?? 1];
  return { x: x * sx, y: y * sy, unit: "um", assumed: fx === undefined && fy === undefined };
}
