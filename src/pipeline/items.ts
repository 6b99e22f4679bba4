import type { AnyPlugin, Ports } from "../core/plugin.js";
import type { Collection } from "./collections.js";
import type { PluginSet } from "./spec.js";

/** `tiles.items`: what is known of the items of a collection, as a table. */
export const itemsColumn = "items";

/** True for the producer of such a table; a column of that name is a column. */
export const readsItems = (collection: Collection | undefined, column: string | undefined): boolean =>
  column === itemsColumn && collection !== undefined && !collection.fieldNames.includes(itemsColumn);

/** Readers that take no file: they give what the plan tells them. */
export const itemReaders = ({ loaded }: PluginSet): readonly (readonly [id: string, plugin: AnyPlugin])[] =>
  [...loaded].filter(([, plugin]) => plugin.kind === "read" && Object.keys(plugin.inputs as Ports).length === 0);

/**
 * The rows for such a reader: the id of each item, its file's name where it has a file, and the fields of that name or the
 * columns of the collection's table. No folders: moving the files changes nothing.
 */
export function itemsParams({ items, fieldNames }: Collection): {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
} {
  const hasFiles = items.every((item) => item.fields.has("file"));
  const columns = [...new Set(["id", ...(hasFiles ? ["file"] : []), ...fieldNames])];
  return { columns, rows: items.map(({ fields }) => columns.map((name) => fields.get(name) ?? "")) };
}
