import type { Image } from "../core/image.js";
import type { Table } from "../core/plugin.js";

/** Where an image or a stored value comes from: the action that gave it, and the output port. */
export interface PortRef {
  readonly key: string;
  readonly port: string;
  /** One item of a list. */
  readonly item?: string;
}

const arrays = {
  $u8: Uint8Array,
  $i8: Int8Array,
  $u16: Uint16Array,
  $i16: Int16Array,
  $u32: Uint32Array,
  $i32: Int32Array,
  $f32: Float32Array,
  $f64: Float64Array,
} as const;
type ArrayTag = keyof typeof arrays;
const isArrayTag = (tag: string): tag is ArrayTag => Object.hasOwn(arrays, tag);

/**
 * A port value as text: JSON with sorted keys, so that equal values have equal bytes.
 *
 * What JSON lacks is an object with one `$` key: typed arrays `{"$f64": base64}` (little endian), maps `{"$map": [[key, value], …]}` in
 * their order, numbers `{"$number": "NaN"}`, images `{"$image": {key, port}}`, and objects whose own keys begin with `$`
 * as `{"$object": [[key, value], …]}`; so are the columns of a table, whose order counts. Properties that are `undefined` are left out.
 */
export function encodeValue(value: unknown): string {
  return JSON.stringify(pack(value));
}

/** Reads what {@link encodeValue} wrote. @param image  finds an image that the value refers to */
export async function decodeValue(text: string, image: (ref: PortRef) => Promise<Image>): Promise<unknown> {
  const parsed: unknown = JSON.parse(text);
  const found = new Map<string, Image>();
  const nameOf = (ref: PortRef) => JSON.stringify([ref.key, ref.port, ref.item]);
  for (const ref of imagesIn(parsed)) if (!found.has(nameOf(ref))) found.set(nameOf(ref), await image(ref));
  return unpack(parsed, (ref) => found.get(nameOf(ref))!);
}

export const isImage = (value: unknown): value is Image =>
  typeof value === "object" && value !== null && "read" in value && typeof value.read === "function";

function pack(value: unknown): unknown {
  if (typeof value === "number") {
    if (Object.is(value, -0)) return { $number: "-0" };
    return Number.isFinite(value) ? value : { $number: String(value) };
  }
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value !== "object") throw new Error(`Internal error: a ${typeof value} cannot be stored`);
  if (Array.isArray(value)) return value.map((item) => pack(item === undefined ? null : item));
  if (ArrayBuffer.isView(value)) {
    const tag = Object.entries(arrays).find(([, type]) => value.constructor === type)?.[0];
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    if (tag) return { [tag]: bytes.toString("base64") };
    if (Buffer.isBuffer(value)) return { $u8: bytes.toString("base64") };
    throw new Error(`Internal error: a ${value.constructor.name} cannot be stored`);
  }
  if (value instanceof Map) return { $map: [...value].map(([key, item]) => [key, pack(item)]) };
  if (isImage(value)) {
    if (!value.recipe) throw new Error("Internal error: images inside a value must be inputs of its step");
    const { key, port, item } = value.recipe;
    return { $image: { key, port, ...(item === undefined ? {} : { item }) } };
  }
  if (isTable(value)) {
    const columns = { $object: Object.entries(value.columns).map(([k, v]) => [k, pack(v)]) };
    return value.meaning === undefined ? { columns } : { columns, meaning: value.meaning };
  }
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => [key, pack(item)] as const);
  return entries.some(([key]) => key.startsWith("$")) ? { $object: entries } : Object.fromEntries(entries);
}

/** A table: the order of its columns is a part of it. */
const isTable = (value: object): value is Table =>
  "columns" in value &&
  Object.keys(value).every((key) => key === "columns" || key === "meaning") &&
  typeof value.columns === "object" &&
  value.columns !== null &&
  Object.values(value.columns).every(Array.isArray);

function* imagesIn(root: unknown): Generator<PortRef> {
  const stack: unknown[] = [root];
  while (stack.length > 0) {
    const value = stack.pop();
    if (typeof value !== "object" || value === null) continue;
    if ("$image" in value) yield value.$image as PortRef;
    else for (const item of Object.values(value)) if (typeof item === "object") stack.push(item);
  }
}

function unpack(value: unknown, image: (ref: PortRef) => Image): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => unpack(item, image));
  const keys = Object.keys(value);
  const tag = keys[0];
  if (keys.length === 1 && tag?.startsWith("$")) {
    const body = (value as Record<string, unknown>)[tag];
    if (isArrayTag(tag)) {
      const bytes = Uint8Array.from(Buffer.from(body as string, "base64"));
      return new arrays[tag](bytes.buffer, 0, bytes.length / arrays[tag].BYTES_PER_ELEMENT);
    }
    const pairs = () => (body as [string, unknown][]).map(([key, item]) => [key, unpack(item, image)] as const);
    if (tag === "$number") return Number(body);
    if (tag === "$image") return image(body as PortRef);
    if (tag === "$map") return new Map(pairs());
    if (tag === "$object") return Object.fromEntries(pairs());
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unpack(item, image)]));
}
