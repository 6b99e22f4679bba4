import type { Arena } from "../../kernel/memory.js";
import type { Plane } from "../plane.js";
import { type DataMatrix, dataMatrix } from "./data-matrix.js";
import { latticeOver } from "./lattice.js";
import { freeFormLevels, type Levels } from "./levels.js";
import { type Stage, stagesOf } from "./schedule.js";
import { levelTables, type StageGeometry } from "./tables.js";
import type { View } from "./view.js";

export interface FreeFormOptions {
  /**
   * `ssd`: square differences, up to one gain and one offset for all the image. `ncc`: square differences of planes that were
   * brought to mean 0 and variance 1 around every pixel, so that light may change from place to place.
   */
  readonly metric: "ssd" | "ncc" | "mutual-information";
  /** Of the control lattice at the end, pixels of the fixed plane: at least 2, and at most 4 times its long side, are taken. */
  readonly spacing: number;
  /** Weight of the bending energy relative to the mean diagonal of the data's matrix; 1e-3 when absent. */
  readonly bending?: number;
  /** `fast`: fewer steps. */
  readonly effort?: "fast" | "standard";
  /** The last pyramid level that is looked at; 0 when absent. */
  readonly finest?: number;
}

/** The fixed side of a stage. */
export interface PreparedStage {
  readonly stage: Stage;
  readonly geometry: StageGeometry;
  readonly fixed: View;
  readonly matrix: DataMatrix;
  free(): void;
}

/** The fixed side's work, for many moving planes. It lives as long as the arena and the plane it was made of. */
export interface PreparedFreeForm {
  readonly options: FreeFormOptions;
  readonly width: number;
  readonly height: number;
  readonly levels: Levels;
  readonly stages: readonly PreparedStage[];
}

/** Does all that needs the fixed plane alone: worth its memory for small planes that many others are registered to. */
export function prepareFreeForm(arena: Arena, fixed: Plane, options: FreeFormOptions): PreparedFreeForm {
  const { width, height } = fixed;
  const levels = freeFormLevels(arena, fixed);
  const stages = scheduleFor(fixed, levels, options).map((stage) => prepareStage(arena, fixed, levels, stage));
  return { options, width, height, levels, stages };
}

export function freePrepared({ levels, stages }: PreparedFreeForm): void {
  for (const stage of stages) stage.free();
  levels.free();
}

export function scheduleFor({ width, height }: Plane, levels: Levels, options: FreeFormOptions): readonly Stage[] {
  const { metric, bending = 1e-3, effort = "standard", finest = 0 } = options;
  const spacing = Math.min(Math.max(2, options.spacing), 4 * Math.max(width, height));
  return stagesOf(levels.count, { metric, spacing, bending, effort, finest });
}

export function prepareStage(arena: Arena, plane: Plane, levels: Levels, stage: Stage): PreparedStage {
  const { width, height } = plane;
  const fixed = levels.view(stage.level, stage.radius);
  const lattice = latticeOver(width, height, stage.spacing);
  const tables = levelTables(arena, fixed, stage.level, width, height, lattice);
  const geometry = { level: stage.level, lattice, tables };
  const matrix = dataMatrix(arena, fixed, geometry, stage.rowStep);
  return {
    ...{ stage, geometry, fixed, matrix },
    free() {
      arena.free(matrix.stencil);
      tables.free();
      fixed.free();
    },
  };
}
