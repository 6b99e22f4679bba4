import type { Plan, Task } from "../../src/pipeline/task.js";

export interface FakeStep extends Partial<Omit<Task, "inputs" | "gates">> {
  readonly id: string;
  readonly use: string;
  readonly in?: Readonly<Record<string, string | readonly string[]>>;
  readonly file?: string;
  readonly to?: string;
  readonly gates?: readonly Partial<Task["gates"][number]>[];
}

export function fakePlan(folder: string, steps: readonly FakeStep[], more?: Partial<Plan>): Plan;
export function pairSteps(change?: {
  readonly amount?: number;
  readonly match?: Partial<FakeStep>;
  readonly estimate?: Partial<FakeStep>;
}): FakeStep[];
export function campaignSteps(): FakeStep[];
export function writeCampaignInputs(folder: string): void;
