import { DiagnosticError } from "../core/diagnostic.js";
import { spacing } from "../core/grid.js";
import type { RunAccess, RunRecord, ValueSummary } from "../core/record.js";
import { isImage } from "./evidence.js";
import { picturePixels, thumbnail } from "./figures.js";
import { html, type Markup } from "./html.js";
import { number } from "./numbers.js";
import { encoded } from "./viewer.js";

const mostImages = 12;
const side = 220;
/** Larger images are shown only where they have overviews: reading all of them for a small picture takes too long. */
const mostPixels = 60e6;

/** The images that the run began with, small, as they are in their files. Nothing when there are none. */
export async function imagesSection(record: RunRecord, access: RunAccess): Promise<Markup | undefined> {
  const files = new Map(record.inputs.map((i) => [i.name, i.file]));
  const inputs = record.tasks.flatMap((task) => {
    const port = task.plugin.startsWith("read/") ? task.outputs.find((o) => o.type === "image" && o.image) : undefined;
    return port ? [{ task, port, name: task.id.replace(/^input:/, "") }] : [];
  });
  if (inputs.length === 0) return undefined;
  const shown: Markup[] = [];
  for (const { task, port, name } of inputs.slice(0, mostImages)) {
    const file = files.get(name);
    shown.push(
      html`<figure>${await small(access, task.id, port, name)}<figcaption><strong>${name}</strong>${file !== undefined && html`<br>${file}`}<br>${facts(port)}</figcaption></figure>`,
    );
  }
  return html`<section id="images"><h2>The images</h2><div class="thumbs">${shown}</div>${inputs.length > mostImages && html`<p class="note">and ${inputs.length - mostImages} more; all are listed under Provenance</p>`}</section>`;
}

async function small(access: RunAccess, task: string, { port, image }: ValueSummary, name: string) {
  try {
    const value = await access.value(task, port);
    if (!isImage(value) || !image) return undefined;
    if (image.grid.width * image.grid.height > mostPixels && !value.overviews?.length) return undefined;
    const picture = await thumbnail(value, side);
    return html`<img alt="${name}" src="${await encoded(access, picturePixels(picture, picture.valid.includes(0)), 72)}">`;
  } catch (error) {
    if (error instanceof DiagnosticError) return undefined;
    throw error;
  }
}

/** Size, kind of numbers, bands and pixel size in words. */
function facts({ image }: ValueSummary): string {
  if (!image) return "";
  const { grid, dtype, bands, meaning, nodata } = image;
  const pixel =
    grid.crs === "px"
      ? "pixel size not given"
      : grid.crs === "um"
        ? `${number(spacing(grid), 4)} µm per pixel`
        : `${number(spacing(grid), 4)} map units per pixel (${grid.crs})`;
  return [
    `${grid.width} × ${grid.height} pixels`,
    meaning === "intensity" ? dtype : `${meaning}, ${dtype}`,
    bands.length > 4 ? `${bands.length} bands` : bands.join(", "),
    pixel,
    ...(nodata === undefined ? [] : [`no data: ${nodata}`]),
  ].join(" · ");
}
