import type { Image } from "../core/image.js";
import type { Table } from "../core/plugin.js";
import type { RunAccess, RunRecord, TaskRecord } from "../core/record.js";
import {
  type TileEdges,
  type TilePlaces,
  type TilePositions,
  type TileSeams,
  tileEdges,
  tilePlaces,
  tilePositions,
  tileSeams,
} from "../core/tile-tables.js";
import { isImage } from "./evidence.js";

/** A mosaic of a run: where its tiles were put, and what is known of that. */
export interface Mosaic {
  readonly task: TaskRecord;
  readonly positions: TilePositions;
  readonly edges?: TileEdges;
  /** Where the stage had them, as far as it names the same tiles. */
  readonly nominal?: TilePlaces;
  readonly seams?: TileSeams;
  /** Gives the pixels of a tile, as they went into the alignment. */
  image(tile: string): Promise<Image | undefined>;
}

/** Steps with tables that are looked at, at most: a block may have thousands. */
export const mostLooked = 200;

const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && typeof (value as Partial<Table>).columns === "object";

/** The tables of a task by what their rows are. */
async function tablesOf(task: TaskRecord, access: RunAccess): Promise<ReadonlyMap<string, Table>> {
  const found = new Map<string, Table>();
  for (const { port, type } of task.outputs) {
    if (type !== "table") continue;
    const value = await access.value(task.id, port);
    if (isTable(value)) found.set(value.meaning ?? port, value);
  }
  return found;
}

/** Every step that gave places of tiles found from their pixels, in the order of the plan. */
export async function mosaicsOf(record: RunRecord, access: RunAccess): Promise<readonly Mosaic[]> {
  const byId = new Map(record.tasks.map((task) => [task.id, task]));
  const found: Mosaic[] = [];
  const giving = record.tasks.filter(
    (task) => !/^(read|write)\//.test(task.plugin) && task.outputs.some(({ type }) => type === "table"),
  );
  for (const task of giving.slice(0, mostLooked)) {
    const tables = await tablesOf(task, access);
    const table = tables.get("tile-positions");
    const positions = table && tilePositions(table);
    if (!positions?.ok) continue;
    const edges = tables.get("tile-edges") && tileEdges(tables.get("tile-edges")!);
    const nominal = await nominalOf(task, byId, access);
    const seams = await seamsOf(task, record, access);
    const feeding = new Map<string, { task: string; port: string }>();
    for (const id of Object.values(task.inputs).flat()) {
      const from = byId.get(id);
      const port = from?.outputs.find((o) => o.type === "image")?.port;
      if (from?.item !== undefined && port !== undefined) feeding.set(from.item, { task: id, port });
    }
    found.push({
      ...{ task, positions: positions.value },
      ...(edges?.ok ? { edges: edges.value } : {}),
      ...(nominal ? { nominal } : {}),
      ...(seams ? { seams } : {}),
      async image(tile) {
        const place = feeding.get(tile);
        const value = place && (await access.value(place.task, place.port));
        return isImage(value) ? value : undefined;
      },
    });
  }
  return found;
}

async function nominalOf(task: TaskRecord, byId: ReadonlyMap<string, TaskRecord>, access: RunAccess) {
  for (const ids of Object.values(task.inputs)) {
    const from = ids.length === 1 ? byId.get(ids[0]!) : undefined;
    if (!from) continue;
    for (const { port, type } of from.outputs) {
      if (type !== "table") continue;
      const value = await access.value(from.id, port);
      const places = isTable(value) ? tilePlaces(value) : undefined;
      if (places?.ok) return places.value;
    }
  }
  return undefined;
}

async function seamsOf(task: TaskRecord, record: RunRecord, access: RunAccess): Promise<TileSeams | undefined> {
  for (const user of record.tasks) {
    if (!Object.values(user.inputs).some((ids) => ids.length === 1 && ids[0] === task.id)) continue;
    if (!user.outputs.some(({ type }) => type === "table")) continue;
    const table = (await tablesOf(user, access)).get("tile-seams");
    const seams = table && tileSeams(table);
    if (seams?.ok) return seams.value;
  }
  return undefined;
}

/** Number of each tile by its name. */
export const indexOf = (tiles: readonly string[]): ReadonlyMap<string, number> =>
  new Map(tiles.map((tile, i) => [tile, i]));
