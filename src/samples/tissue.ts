import { binAt } from "./bins.js";
import { bodyAt } from "./blobs.js";
import { noise, octaves, smoothStep } from "./noise.js";
import type { Scene, SceneSize } from "./scene.js";
import { type TissueLayout, tissueLayout } from "./tissue-layout.js";

/** What a section holds at a position: haematoxylin, eosin, DNA and autofluorescence, each about 0 to 1. */
type Stains = Float64Array;

/**
 * One piece of glandular tissue, seen two ways: stained with haematoxylin and eosin in transmitted light, and with a dye of
 * nuclei in fluorescence. Cell nuclei are its labels.
 */
export interface Tissue {
  /** Red, green, blue: light that passes the stained section (Beer and Lambert's law). */
  readonly stained: Scene;
  /** One gray band: bright nuclei over a faint glow. */
  readonly fluorescence: Scene;
}

export function tissue(size: SceneSize): Tissue {
  const layout = tissueLayout(size);
  const look = stainsOf(layout, size.seed);
  const stains = new Float64Array(4);
  const label = (x: number, y: number) => bodyAt(layout.nuclei, x, y) + 1;
  return {
    stained: {
      bands: ["red", "green", "blue"],
      paint(x, y, out) {
        look(x, y, stains);
        const h = stains[0]!;
        const e = stains[1]!;
        out[0] = 0.965 * passing(1.28 * h + 0.1 * e);
        out[1] = 0.955 * passing(1.5 * h + 1.02 * e);
        out[2] = 0.97 * passing(0.66 * h + 0.34 * e);
      },
      label,
    },
    fluorescence: {
      bands: ["gray"],
      paint(x, y, out) {
        look(x, y, stains);
        out[0] = 0.035 + 0.78 * stains[2]! + 0.2 * stains[3]!;
      },
      label,
    },
  };
}

/** The share of light that an optical density (natural) lets through: exp(-d), by a limit that needs no exp. */
function passing(density: number): number {
  const t = 1 / (1 + density / 8);
  const t2 = t * t;
  const t4 = t2 * t2;
  return t4 * t4;
}

function stainsOf(layout: TissueLayout, seed: number): (x: number, y: number, out: Stains) => void {
  const { glands, glandBins, nuclei, bend } = layout;
  const fibres = octaves(seed + 21, 2, 0.6);
  const mottle = octaves(seed + 22, 3);
  const chromatin = noise(seed + 23);
  const outline = octaves(seed + 24, 3);
  const at = new Float64Array(2);
  return (x, y, out) => {
    bend(x, y, at);
    const bx = at[0]!;
    const by = at[1]!;
    // The innermost gland decides; r is 1 on its rim.
    let r = 2;
    let lumen = 0.4;
    const bin = binAt(glandBins, x, y);
    if (bin >= 0) {
      for (let k = glandBins.starts[bin]!; k < glandBins.starts[bin + 1]!; k++) {
        const g = glands[glandBins.items[k]!]!;
        const dx = bx - g.x;
        const dy = by - g.y;
        const p = (dx * g.ux + dy * g.uy) / g.long;
        const q = (dy * g.ux - dx * g.uy) / g.short;
        const d = Math.sqrt(p * p + q * q);
        if (d < r) {
          r = d;
          lumen = g.lumen;
        }
      }
    }
    const cloud = mottle(x / 40, y / 40);
    const fine = chromatin(x / 2.6, y / 2.6);
    const open = 1 - smoothStep(lumen - 0.04, lumen + 0.05, r);
    const epithelium = (1 - open) * (1 - smoothStep(0.98, 1.05, r));
    const stroma = 1 - open - epithelium;
    // Fibres: noise that is long in one direction, bent along with the outlines; clear clefts run between them.
    const along = (bx * 0.92 + by * 0.39) / 44;
    const across = (by * 0.92 - bx * 0.39) / 7;
    const fibre = fibres(along, across);
    const cleft = smoothStep(0.3, 0.55, fibre);
    const present = smoothStep(-0.62, -0.54, outline(x / 420, y / 420));
    let h = present * (0.15 * epithelium * (1 + 0.5 * cloud) + 0.05 * stroma);
    let e =
      present *
      (epithelium * (0.34 + 0.12 * cloud + 0.05 * fine) +
        stroma * (1 - 0.82 * cleft) * (0.5 + 0.3 * fibre + 0.12 * cloud + 0.06 * fine));
    let dna = 0;
    const glow =
      present * (0.3 * epithelium * (1 + 0.4 * cloud) + stroma * (1 - 0.8 * cleft) * (0.34 + 0.22 * fibre)) + 0.05;
    const found = binAt(nuclei.bins, x, y);
    if (found >= 0 && present > 0) {
      const { starts, items } = nuclei.bins;
      for (let k = starts[found]!; k < starts[found + 1]!; k++) {
        const body = nuclei.list[items[k]!]!;
        const dx = x - body.x;
        const dy = y - body.y;
        const p = (dx * body.ux + dy * body.uy) / body.long;
        const q = (dy * body.ux - dx * body.uy) / body.short;
        const d = p * p + q * q;
        if (d > 2.4) continue;
        const depth = Math.sqrt(d);
        const width = 0.85 / body.short;
        const cover = present * (1 - smoothStep(1 - width, 1 + width, depth));
        // Vesicular nuclei are pale inside with a dark rim and a nucleolus; others are dense throughout.
        const rim = d * d;
        const vesicular = body.character < 0.5 ? 1 - 2 * body.character : 0;
        const nx = p - 0.5 * (body.character - 0.25);
        const ny = q - 0.3 * (0.5 - body.stain);
        const nucleolus = vesicular > 0.2 ? 1 - smoothStep(0.05, 0.16, nx * nx + ny * ny) : 0;
        const density = body.stain * (1 - 0.45 * vesicular * (1 - rim)) * (1 + 0.26 * fine) + 0.35 * nucleolus;
        h = h * (1 - cover) + cover * density;
        e = e * (1 - 0.55 * cover);
        const light =
          body.stain * (0.62 + 0.38 * body.character) * (1 - 0.3 * nucleolus) * (1 + 0.22 * fine) * (1.1 - 0.3 * d);
        dna = dna * (1 - cover) + cover * Math.max(light, 0);
      }
    }
    out[0] = h;
    out[1] = Math.max(e, 0);
    out[2] = dna;
    out[3] = glow;
  };
}
