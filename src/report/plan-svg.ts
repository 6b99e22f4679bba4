import { html, type Markup, trusted } from "./html.js";
import { layered } from "./layout.js";

/** How a step stands: before a run (`cached`, `run`) or after it. */
export type NodeState = "input" | "output" | "run" | "cached" | "computed" | "failed" | "refused" | "skipped";

/** One box: a step, an input file or an output file. */
export interface GraphNode {
  readonly id: string;
  /** First line: the step's name or the file's. */
  readonly title: string;
  /** Second line: the plugin, or what a file is. */
  readonly detail?: string;
  /** Third line: the state in words, with items and time: "cached", "48 items, 2 refused, 3.1 s". */
  readonly words?: string;
  readonly state: NodeState;
}

/** A pipeline as a drawing shows it; edges point from a value to the step that uses it. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
}

const boxHeight = 60;
const margin = 12;
const lettersPerLine = 30;

/** The plan as a stand-alone SVG file, for light and dark screens. */
export const toSvg = (graph: Graph): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${graphSvg(graph, `<style>${graphColours}${graphStyle}</style>`).text}\n`;

/** The drawing for a page that has `graphStyle` in its styles. */
export function graphSvg(graph: Graph, style = ""): Markup {
  const boxes = graph.nodes.map((n) => ({
    id: n.id,
    width: boxWidth(n),
    height: boxHeight - (n.words === undefined ? 16 : 0) - (n.detail === undefined ? 14 : 0),
  }));
  const layout = layered(boxes, graph.edges);
  const width = Math.ceil(layout.width + 2 * margin);
  const height = Math.ceil(layout.height + 2 * margin);
  return html`<svg xmlns="http://www.w3.org/2000/svg" class="graph" role="img" aria-label="${summary(graph)}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">${trusted(style)}<defs><marker id="graph-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0.8 L7.4 4 L0 7.2 z" class="graph-tip"/></marker></defs><g transform="translate(${margin} ${margin})">
${layout.routes.map(({ points }) => html`<path class="graph-edge" d="${curve(points)}" marker-end="url(#graph-arrow)"/>\n`)}${graph.nodes.map(
  (node, i) => {
    const at = layout.boxes.get(node.id)!;
    return box(node, at.x, at.y, boxes[i]!.width, boxes[i]!.height);
  },
)}</g></svg>`;
}

function box(node: GraphNode, x: number, y: number, width: number, height: number): Markup {
  const rounded = node.state === "input" || node.state === "output" ? height / 2 : 7;
  const middle = round(x + width / 2);
  return html`<g class="graph-${node.state}"><title>${[node.title, node.detail, node.words].filter(Boolean).join("\n")}</title><rect x="${round(x)}" y="${round(y)}" width="${width}" height="${height}" rx="${rounded}"/><text class="graph-title" x="${middle}" y="${round(y + 18)}">${shorten(node.title)}</text>${node.detail !== undefined && html`<text class="graph-detail" x="${middle}" y="${round(y + 34)}">${shorten(node.detail)}</text>`}${node.words !== undefined && html`<text class="graph-words" x="${middle}" y="${round(y + 50)}">${shorten(node.words)}</text>`}</g>
`;
}

const boxWidth = (node: GraphNode): number => {
  const letters = Math.max(...[node.title, node.detail ?? "", node.words ?? ""].map((t) => shorten(t).length));
  return Math.max(110, Math.round(letters * 7.1 + 26));
};

/** Cuts a long text in its middle: both ends of a file name tell more than its start. */
export function shorten(text: string, most = lettersPerLine): string {
  const letters = [...text.replace(/\s+/g, " ")];
  if (letters.length <= most) return letters.join("");
  const half = Math.floor((most - 1) / 2);
  return `${letters.slice(0, most - 1 - half).join("")}…${letters.slice(letters.length - half).join("")}`;
}

/** A smooth path down through the given points. */
function curve(points: readonly (readonly [number, number])[]): string {
  let path = `M${round(points[0]![0])} ${round(points[0]![1])}`;
  for (let i = 1; i < points.length; i++) {
    const [x0, y0] = points[i - 1]!;
    const [x1, y1] = points[i]!;
    const middle = round((y0 + y1) / 2);
    path +=
      x0 === x1
        ? `L${round(x1)} ${round(y1)}`
        : `C${round(x0)} ${middle} ${round(x1)} ${middle} ${round(x1)} ${round(y1)}`;
  }
  return path;
}

const round = (v: number): number => Math.round(v * 10) / 10;

function summary(graph: Graph): string {
  const steps = graph.nodes.filter((n) => n.state !== "input" && n.state !== "output").length;
  return `Drawing of the pipeline: ${graph.nodes.length - steps} files and ${steps} steps, ${graph.edges.length} connections`;
}

/** Colours for the stand-alone file; the report's page defines the same names. */
const graphColours = `svg{--paper:#fff;--panel:#f6f7f9;--ink:#1d2330;--soft:#5b6475;--line:#c3c9d4;--good:#1a7f4b;--warn:#a15c00;--bad:#b3261e;--accent:#3457a6;background:var(--paper)}
@media (prefers-color-scheme:dark){svg{--paper:#14171d;--panel:#1c2129;--ink:#e6e9ef;--soft:#9aa4b5;--line:#444d5c;--good:#58c48a;--warn:#e0a34a;--bad:#f2837b;--accent:#8fb0f5}}`;

export const graphStyle = `.graph text{font:12px system-ui,-apple-system,"Segoe UI",sans-serif;text-anchor:middle;fill:var(--soft)}
.graph .graph-title{font-weight:600;fill:var(--ink)}
.graph rect{fill:var(--panel);stroke:var(--line);stroke-width:1.2}
.graph-edge{fill:none;stroke:var(--soft);stroke-opacity:.55;stroke-width:1.4}
.graph-tip{fill:var(--soft)}
.graph-input rect,.graph-output rect{fill:var(--paper)}
.graph-run rect{stroke:var(--accent)}.graph .graph-run .graph-words{fill:var(--accent)}
.graph-computed rect{stroke:var(--good)}.graph .graph-computed .graph-words{fill:var(--good)}
.graph-cached rect{stroke:var(--good);stroke-dasharray:5 3}.graph .graph-cached .graph-words{fill:var(--good)}
.graph-refused rect{stroke:var(--warn);stroke-width:2}.graph .graph-refused .graph-words{fill:var(--warn)}
.graph-failed rect{stroke:var(--bad);stroke-width:2}.graph .graph-failed .graph-words{fill:var(--bad)}
.graph-skipped rect{stroke-dasharray:2 3}`;
