import { type Diagnostic, problem } from "../../core/diagnostic.js";
import type { Looked } from "./one-grid.js";

/** Closer than this, pixels of the planes, nodes have too few pixels between them to tell where they belong. */
export const LEAST_SPACING = 6;

/** Nodes along the long side when nothing else is asked for, and the least distance between them. */
const ALONG = 20;
const NARROWEST = 40;

/** Distance between nodes where none was asked for, pixels of the planes. */
export function defaultSpacing({ width, height }: Looked): number {
  return Math.max(NARROWEST, Math.max(width, height) / ALONG);
}

/**
 * Why a lattice cannot be laid over the planes; nothing where it can.
 *
 * @param spacing  pixels of the planes
 */
export function wrongLattice(spacing: number, { width, height, factor }: Looked): Diagnostic[] {
  if (spacing >= LEAST_SPACING) return [];
  const coarse = factor > 1 ? `, which are looked at as ${width} x ${height}: a pixel there is ${factor} wide` : "";
  return [
    problem(
      "lattice-too-fine",
      `Expected a lattice-spacing of at least ${LEAST_SPACING * factor} px of the fixed image, but it is ${short(spacing * factor)} px${coarse}`,
      factor > 1
        ? "Use a wider lattice-spacing, or a larger max-side."
        : "Use a wider lattice-spacing: about as wide as what bends, or leave it out.",
    ),
  ];
}

const short = (v: number) => String(Number(v.toPrecision(3)));
