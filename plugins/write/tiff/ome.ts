import { type BandAxes, type DType, type Image, type Provenance, pixelSides, toldProvenance } from "tiepoint/plugin";

export interface OmeOptions {
  /** Bands of each page. */
  readonly groups: readonly (readonly number[])[];
  readonly axes: BandAxes;
  readonly provenance?: Provenance | undefined;
}

const omeTypes: Readonly<Record<DType, string>> = {
  uint8: "uint8",
  uint16: "uint16",
  int16: "int16",
  uint32: "uint32",
  float32: "float",
};

/**
 * The description of an OME-TIFF: sizes, channels, the position of the first pixel's centre, and where the image comes from.
 *
 * No dates and no random identifiers, so equal images give equal bytes.
 *
 * Source: https://docs.openmicroscopy.org/ome-model/6.3.1/ome-tiff/specification.html
 */
export function omeXml({ grid, dtype, bands }: Image, { groups, axes, provenance }: OmeOptions): string {
  const samples = groups[0]!.length;
  const stack = axes.depth * axes.times > 1;
  const pixel = grid.crs === "um" ? pixelSides(grid) : undefined;
  const physical = pixel
    ? ` PhysicalSizeX="${pixel[0]}" PhysicalSizeXUnit="µm" PhysicalSizeY="${pixel[1]}" PhysicalSizeYUnit="µm"`
    : "";
  const channels = (stack ? groups.slice(0, 1) : groups).map((group, c) => {
    const name = samples === 1 && !stack ? ` Name="${escapeXml(bands[group[0]!]!)}"` : "";
    return `<Channel ID="Channel:0:${c}"${name} SamplesPerPixel="${samples}"/>`;
  });
  const data = stack
    ? [`<TiffData IFD="0" PlaneCount="${groups.length}"/>`]
    : groups.map((_, c) => `<TiffData IFD="${c}" FirstC="${c * samples}" FirstZ="0" FirstT="0" PlaneCount="1"/>`);
  const [, , x, , , y] = grid.worldFromPixel;
  const moved = grid.crs === "um" && (x !== 0 || y !== 0);
  const planes = moved
    ? channels.map(
        (_, c) =>
          `<Plane TheC="${c}" TheZ="0" TheT="0" PositionX="${x}" PositionXUnit="µm" PositionY="${y}" PositionYUnit="µm"/>`,
      )
    : [];
  const sizes = `SizeX="${grid.width}" SizeY="${grid.height}" SizeC="${axes.channels}" SizeZ="${axes.depth}" SizeT="${axes.times}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ' +
      'xsi:schemaLocation="http://www.openmicroscopy.org/Schemas/OME/2016-06 http://www.openmicroscopy.org/Schemas/OME/2016-06/ome.xsd" Creator="tiepoint">',
    `<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="${omeTypes[dtype]}" BigEndian="false" Interleaved="${samples > 1}" ` +
      `${sizes}${physical}>`,
    ...channels,
    ...data,
    ...planes,
    `</Pixels>${provenance ? '<AnnotationRef ID="Annotation:0"/>' : ""}</Image>`,
    ...(provenance ? [provenanceXml(provenance)] : []),
    "</OME>",
  ].join("\n");
}

/** The steps and input files behind the image, as JSON in an annotation that every reader of OME-XML passes over or shows. */
function provenanceXml(provenance: Provenance): string {
  return (
    '<StructuredAnnotations><CommentAnnotation ID="Annotation:0" Namespace="tiepoint/provenance">' +
    `<Value>${escapeXml(JSON.stringify(toldProvenance(provenance)))}</Value></CommentAnnotation></StructuredAnnotations>`
  );
}

export const escapeXml = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]!);
