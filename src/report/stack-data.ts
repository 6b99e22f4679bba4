import type { Image } from "../core/image.js";
import type { Table } from "../core/plugin.js";
import type { RunAccess, RunRecord, TaskRecord } from "../core/record.js";
import { type SliceTransforms, sliceTransforms } from "../core/slice-tables.js";
import { isImage } from "./evidence.js";
import { mostLooked } from "./mosaic-data.js";

/** One slice's pixels: an image, and which of its bands. */
export interface SlicePixels {
  readonly image: Image;
  readonly band: number;
}

/** A stack of a run whose slices were brought into one frame. */
export interface Stack {
  readonly task: TaskRecord;
  readonly transforms: SliceTransforms;
  /** Gives the pixels of a slice, as they went into the alignment. */
  pixels(slice: number): Promise<SlicePixels | undefined>;
}

const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && typeof (value as Partial<Table>).columns === "object";

/** Every step that placed slices by their pixels, in the order of the plan. */
export async function stacksOf(record: RunRecord, access: RunAccess): Promise<readonly Stack[]> {
  const byId = new Map(record.tasks.map((task) => [task.id, task]));
  const found: Stack[] = [];
  const giving = record.tasks.filter(
    (task) => !/^(read|write)\//.test(task.plugin) && task.outputs.some(({ type }) => type === "table"),
  );
  for (const task of giving.slice(0, mostLooked)) {
    for (const { port, type } of task.outputs) {
      if (type !== "table") continue;
      const value = await access.value(task.id, port);
      if (!isTable(value) || value.meaning !== "slice-transforms") continue;
      const transforms = sliceTransforms(value);
      if (transforms.ok && transforms.value.slices.length > 0)
        found.push({ task, transforms: transforms.value, pixels: reader(task, transforms.value, byId, access) });
    }
  }
  return found;
}

/** Slices are images of their own, by item, or the bands of one. */
function reader(
  task: TaskRecord,
  { slices }: SliceTransforms,
  byId: ReadonlyMap<string, TaskRecord>,
  access: RunAccess,
): Stack["pixels"] {
  const items = new Map<string, { task: string; port: string }>();
  let whole: { task: string; port: string } | undefined;
  for (const id of Object.values(task.inputs).flat()) {
    const from = byId.get(id);
    const port = from?.outputs.find((o) => o.type === "image")?.port;
    if (from === undefined || port === undefined) continue;
    if (from.item !== undefined) items.set(from.item, { task: id, port });
    whole ??= { task: id, port };
  }
  return async (slice) => {
    const item = items.get(slices[slice]!);
    const place = item ?? whole;
    const image = place && (await access.value(place.task, place.port));
    if (!isImage(image)) return undefined;
    if (item) return { image, band: 0 };
    const named = image.bands.indexOf(slices[slice]!);
    const band = named >= 0 ? named : slice;
    return band < image.bands.length ? { image, band } : undefined;
  };
}
