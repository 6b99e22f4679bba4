import { totalmem } from "node:os";
import { bytesPerSample } from "../core/image.js";
import type { ImageSummary } from "../core/record.js";

/** Share of the budget that kernels may hold; the rest is for files, values and the machinery itself. */
const KERNEL_SHARE = 0.75;
/** Below this, tiles get so small that halos cost more than the pixels. */
const LEAST_SHARE = 64 * 1024 ** 2;
/** A step that looks at a whole image holds it as float32, with about three more of the kind beside it. */
const PLANES = 4;

/**
 * Divides a run's memory among tasks: each gets a share, and a task starts only when its share is left.
 *
 * Shares decide how large tiles are and how many tasks run at a time; what comes out never depends on them.
 */
export class Budget {
  readonly kernelMemory: number;
  #inUse = 0;

  constructor(
    readonly total: number,
    private readonly lanes: number,
  ) {
    this.kernelMemory = Math.floor(total * KERNEL_SHARE);
  }

  /** The share of a task with these image inputs: what it may need, at least an even part, at most everything. */
  shareOf(images: readonly ImageSummary[]): number {
    const whole = images.reduce((bytes, { grid, bands, dtype }) => {
      const pixels = grid.width * grid.height;
      return bytes + pixels * bands.length * bytesPerSample(dtype) + pixels * 4 * PLANES;
    }, 0);
    const even = Math.max(LEAST_SHARE, Math.floor(this.kernelMemory / this.lanes));
    return Math.min(this.kernelMemory, Math.max(even, whole));
  }

  /** Takes a share, unless others hold too much; a task that is alone always starts. */
  take(share: number): boolean {
    if (this.#inUse > 0 && this.#inUse + share > this.kernelMemory) return false;
    this.#inUse += share;
    return true;
  }

  give(share: number): void {
    this.#inUse -= share;
  }
}

/** What a run may use when nothing is said: 60 % of the machine's memory. */
export const defaultMemory = (): number => Math.floor(totalmem() * 0.6);
