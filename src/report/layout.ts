/** A box of a drawing: what it is, and how large. */
export interface Box {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

export interface Edge {
  readonly from: string;
  readonly to: string;
}

/** A drawing of a graph: top left corners of the boxes, and for each edge the points that it passes, top to bottom. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly boxes: ReadonlyMap<string, { readonly x: number; readonly y: number }>;
  readonly routes: readonly { readonly edge: Edge; readonly points: readonly (readonly [number, number])[] }[];
}

interface Node {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  /** False for the place where a long edge crosses a layer. */
  readonly real: boolean;
  layer: number;
  /** Centre. */
  x: number;
  readonly up: Node[];
  readonly down: Node[];
}

const gapX = 22;
const gapY = 40;

/**
 * Places a directed graph without cycles in layers, every edge pointing down.
 *
 * Layers by longest path, sources pulled next to what they feed, loose boxes last, crossings lessened by barycentres, columns aligned by
 * least squares under the order of each layer (pool adjacent violators). After K. Sugiyama, S. Tagawa, M. Toda, IEEE
 * Trans. SMC 11 (1981), doi:10.1109/TSMC.1981.4308636. Same graph, same drawing. Edges to unknown boxes and edges that
 * would close a cycle are left out.
 */
export function layered(boxes: readonly Box[], edges: readonly Edge[]): Layout {
  const nodes = new Map<string, Node>(boxes.map((b) => [b.id, { ...b, real: true, layer: 0, x: 0, up: [], down: [] }]));
  const kept = connect(nodes, edges);
  assignLayers([...nodes.values()]);
  const { layers, chains } = splitLongEdges([...nodes.values()], kept, nodes);
  orderLayers(layers);
  for (const layer of layers)
    spreadOut(
      layer,
      layer.map(() => 0),
    );
  for (let round = 0; round < 16; round++) {
    const down = round % 2 === 0;
    for (const layer of down ? layers : layers.toReversed()) {
      spreadOut(
        layer,
        layer.map((n) => mean(round < 12 ? (down ? n.up : n.down) : [...n.up, ...n.down], n.x)),
      );
    }
  }
  for (const { chain } of chains) straighten(chain, layers);
  return measure(layers, chains);
}

/** Puts the crossing points of a long edge below each other, as far as their neighbours leave room: few bends, long straight lines. */
function straighten(chain: readonly Node[], layers: readonly (readonly Node[])[]): void {
  const room = (n: Node): [number, number] => {
    const layer = layers[n.layer]!;
    const at = layer.indexOf(n);
    const [before, after] = [layer[at - 1], layer[at + 1]];
    return [
      before ? before.x + (before.width + n.width + gapX) / 2 : Number.NEGATIVE_INFINITY,
      after ? after.x - (after.width + n.width + gapX) / 2 : Number.POSITIVE_INFINITY,
    ];
  };
  let piece: Node[] = [];
  let [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const settle = () => {
    const x = Math.min(Math.max(mean(piece, 0), low), high);
    for (const n of piece) n.x = x;
    piece = [];
    [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  };
  for (const n of chain.slice(1, -1)) {
    const [least, most] = room(n);
    if (Math.max(low, least) > Math.min(high, most)) settle();
    piece.push(n);
    [low, high] = [Math.max(low, least), Math.min(high, most)];
    if (low > high) low = high = n.x; // no room at all: leave it where it is
  }
  if (piece.length > 0) settle();
}

function connect(nodes: ReadonlyMap<string, Node>, edges: readonly Edge[]): Edge[] {
  const seen = new Set<string>();
  const kept: Edge[] = [];
  for (const edge of edges) {
    const from = nodes.get(edge.from);
    const to = nodes.get(edge.to);
    const key = JSON.stringify([edge.from, edge.to]);
    if (!from || !to || seen.has(key) || reaches(to, from)) continue;
    seen.add(key);
    kept.push(edge);
    from.down.push(to);
    to.up.push(from);
  }
  return kept;
}

function reaches(start: Node, goal: Node): boolean {
  const open = [start];
  const seen = new Set(open);
  while (open.length > 0) {
    const node = open.pop()!;
    if (node === goal) return true;
    for (const next of node.down) {
      if (!seen.has(next)) {
        seen.add(next);
        open.push(next);
      }
    }
  }
  return false;
}

function assignLayers(nodes: readonly Node[]): void {
  const waiting = new Map(nodes.map((n) => [n, n.up.length]));
  const order = nodes.filter((n) => n.up.length === 0);
  for (const node of order) {
    for (const next of node.down) {
      next.layer = Math.max(next.layer, node.layer + 1);
      const left = waiting.get(next)! - 1;
      waiting.set(next, left);
      if (left === 0) order.push(next);
    }
  }
  const last = order.reduce((most, n) => Math.max(most, n.layer), 0);
  for (const node of order.toReversed()) {
    if (node.up.length > 0) continue;
    node.layer = node.down.length > 0 ? node.down.reduce((least, n) => Math.min(least, n.layer), last + 1) - 1 : last;
  }
}

/** Puts a point into every layer that an edge crosses; gives the chain of nodes of each edge. */
function splitLongEdges(
  nodes: readonly Node[],
  edges: readonly Edge[],
  byId: ReadonlyMap<string, Node>,
): { layers: Node[][]; chains: { edge: Edge; chain: Node[] }[] } {
  const layers: Node[][] = Array.from({ length: nodes.reduce((most, n) => Math.max(most, n.layer + 1), 0) }, () => []);
  for (const node of nodes) {
    layers[node.layer]!.push(node);
    node.up.length = 0;
    node.down.length = 0;
  }
  const chains = edges.map((edge) => {
    const from = byId.get(edge.from)!;
    const to = byId.get(edge.to)!;
    const chain = [from];
    for (let layer = from.layer + 1; layer < to.layer; layer++) {
      const via: Node = { id: "", width: 8, height: 0, real: false, layer, x: 0, up: [], down: [] };
      layers[layer]!.push(via);
      chain.push(via);
    }
    chain.push(to);
    for (let i = 1; i < chain.length; i++) {
      chain[i - 1]!.down.push(chain[i]!);
      chain[i]!.up.push(chain[i - 1]!);
    }
    return { edge, chain };
  });
  return { layers, chains };
}

function orderLayers(layers: readonly Node[][]): void {
  const rank = (layer: readonly Node[]) =>
    layer.forEach((n, i) => {
      n.x = i - (layer.length - 1) / 2;
    });
  layers.forEach(rank);
  for (let round = 0; round < 12; round++) {
    const down = round % 2 === 0;
    for (const layer of down ? layers : layers.toReversed()) {
      const wish = new Map(layer.map((n) => [n, mean(down ? n.up : n.down, n.x)]));
      layer.sort((a, b) => wish.get(a)! - wish.get(b)! || a.x - b.x);
      rank(layer);
    }
  }
}

function mean(nodes: readonly Node[], otherwise: number): number {
  if (nodes.length === 0) return otherwise;
  let sum = 0;
  for (const n of nodes) sum += n.x;
  return sum / nodes.length;
}

/** Moves the nodes of a layer as near to where they want to be as their order and widths allow (least squares). */
function spreadOut(layer: readonly Node[], wish: readonly number[]): void {
  const offsets: number[] = [];
  let offset = 0;
  layer.forEach((n, i) => {
    if (i > 0) offset += (layer[i - 1]!.width + n.width) / 2 + (n.real && layer[i - 1]!.real ? gapX : gapX / 2);
    offsets.push(offset);
  });
  const pools: { sum: number; count: number }[] = [];
  wish.forEach((w, i) => {
    pools.push({ sum: w - offsets[i]!, count: 1 });
    while (pools.length > 1) {
      const last = pools[pools.length - 1]!;
      const before = pools[pools.length - 2]!;
      if (before.sum / before.count <= last.sum / last.count) break;
      before.sum += last.sum;
      before.count += last.count;
      pools.pop();
    }
  });
  let i = 0;
  for (const { sum, count } of pools) {
    for (let k = 0; k < count; k++, i++) layer[i]!.x = sum / count + offsets[i]!;
  }
}

function measure(layers: readonly Node[][], chains: readonly { edge: Edge; chain: Node[] }[]): Layout {
  let left = Number.POSITIVE_INFINITY;
  let right = Number.NEGATIVE_INFINITY;
  for (const n of layers.flat()) {
    left = Math.min(left, n.x - n.width / 2);
    right = Math.max(right, n.x + n.width / 2);
  }
  if (layers.length === 0) return { width: 0, height: 0, boxes: new Map(), routes: [] };
  const tops: number[] = [];
  let y = 0;
  const heights = layers.map((layer) => Math.max(0, ...layer.map((n) => n.height)));
  for (const height of heights) {
    tops.push(y);
    y += height + gapY;
  }
  const row = new Map(layers.flatMap((layer, i) => layer.map((n) => [n, i] as const)));
  const boxes = new Map<string, { x: number; y: number }>();
  for (const n of layers.flat()) {
    const i = row.get(n)!;
    if (n.real) boxes.set(n.id, { x: n.x - n.width / 2 - left, y: tops[i]! + (heights[i]! - n.height) / 2 });
  }
  const routes = chains.map(({ edge, chain }) => ({
    edge,
    points: chain.flatMap((n, k): (readonly [number, number])[] => {
      const i = row.get(n)!;
      const x = n.x - left;
      const top = tops[i]! + (heights[i]! - n.height) / 2;
      if (!n.real)
        return [
          [x, tops[i]!],
          [x, tops[i]! + heights[i]!],
        ];
      return [[x, k === 0 ? top + n.height : top]];
    }),
  }));
  return { width: right - left, height: y - gapY, boxes, routes };
}
