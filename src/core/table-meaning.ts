import type { Table, TableMeaning } from "./plugin.js";

const columnsOf: readonly (readonly [TableMeaning, readonly string[]])[] = [
  ["tile-positions", ["file", "x", "y", "sigma_x", "sigma_y", "island", "width", "height"]],
  ["tile-layout", ["file", "x", "y", "width", "height", "row", "col"]],
  ["tile-edges", ["a", "b", "dx", "dy", "sigma_x", "sigma_y", "ncc", "residual", "state"]],
  ["slice-transforms", ["file", "m00", "m01", "m02", "m10", "m11", "m12", "sigma", "state"]],
  ["slice-bends", ["file", "x", "y", "dx", "dy"]],
];

/** Gives a table that was read from a file the meaning that its columns tell: it is one that Tiepoint wrote. */
export function asMeant({ columns }: Table): Table {
  const found = columnsOf.find(([, names]) => names.every((name) => columns[name]));
  return found ? { columns, meaning: found[0] } : { columns };
}
