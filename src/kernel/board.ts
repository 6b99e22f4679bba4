import type { Exports } from "./module.js";

/**
 * The job board: how a lane that runs a kernel shares its rows with lanes that idle.
 *
 * Each lane owns one slot in shared memory. It writes a kernel call there, opens the slot, and takes chunks of rows itself;
 * idle lanes that look at the board take chunks too. Who computes a chunk never changes what is computed, so the number
 * of lanes never changes a byte.
 *
 *     slot (int32)  [0] open  [1] helpers inside  [2] next row  [3] rows  [4] grain  [5] kernel  [6] arguments  [7] trapped
 *     arguments (float64 pairs)  kind (0 number, 1 scratch), value or base;  scratch: bytes per lane in a third number
 */
const SLOT_INTS = 8;
const MAX_ARGS = 40;
const SLOT_BYTES = SLOT_INTS * 4 + MAX_ARGS * 24;
const HEADER_BYTES = 64;

export type KernelArg = number | LaneScratch;

/** Scratch memory for a kernel call: each lane gets its own stretch of `bytesPerLane`, from `base` on. */
export interface LaneScratch {
  readonly base: number;
  readonly bytesPerLane: number;
}

export interface SharedBoard {
  readonly buffer: SharedArrayBuffer;
  readonly lanes: number;
}

export function createBoard(lanes: number): SharedBoard {
  return { buffer: new SharedArrayBuffer(HEADER_BYTES + lanes * SLOT_BYTES), lanes };
}

export class Board {
  /** [0] generation: bumped when there is something new to look at; [1] abort: set when the run is cancelled. */
  readonly #header: Int32Array;
  readonly #ints: Int32Array[] = [];
  readonly #args: Float64Array[] = [];
  readonly #names: readonly string[];

  constructor(
    readonly shared: SharedBoard,
    /** This lane's number, from 0. */
    readonly lane: number,
    readonly exports: Exports,
  ) {
    this.#header = new Int32Array(shared.buffer, 0, 2);
    for (let i = 0; i < shared.lanes; i++) {
      const at = HEADER_BYTES + i * SLOT_BYTES;
      this.#ints.push(new Int32Array(shared.buffer, at, SLOT_INTS));
      this.#args.push(new Float64Array(shared.buffer, at + SLOT_INTS * 4, MAX_ARGS * 3));
    }
    this.#names = Object.keys(exports).sort();
  }

  get aborted(): boolean {
    return Atomics.load(this.#header, 1) !== 0;
  }

  get generation(): number {
    return Atomics.load(this.#header, 0);
  }

  /** Wakes every idle lane. */
  wake(): void {
    Atomics.add(this.#header, 0, 1);
    Atomics.notify(this.#header, 0);
  }

  abort(): void {
    Atomics.store(this.#header, 1, 1);
    this.wake();
  }

  /** Sleeps until the generation moves on from `seen`. */
  sleep(seen: number, milliseconds?: number): void {
    Atomics.wait(this.#header, 0, seen, milliseconds);
  }

  /** Calls `kernel(lo, hi, ...args)` over [0, count) in chunks of `grain`, with the help of every idle lane. */
  run(kernel: string, count: number, grain: number, args: readonly KernelArg[]): void {
    const index = this.#names.indexOf(kernel);
    if (index < 0) throw new Error(`Internal error: no kernel ${kernel}`);
    if (args.length > MAX_ARGS) throw new Error(`Internal error: kernel ${kernel} has too many arguments`);
    const ints = this.#ints[this.lane]!;
    const out = this.#args[this.lane]!;
    for (let i = 0; i < args.length; i++) {
      const arg = args[i]!;
      out[3 * i] = typeof arg === "number" ? 0 : 1;
      out[3 * i + 1] = typeof arg === "number" ? arg : arg.base;
      out[3 * i + 2] = typeof arg === "number" ? 0 : arg.bytesPerLane;
    }
    ints[2] = 0;
    ints[3] = count;
    ints[4] = grain;
    ints[5] = index;
    ints[6] = args.length;
    ints[7] = 0;
    const shares = this.shared.lanes > 1 && count > grain;
    if (shares) {
      Atomics.store(ints, 0, 1);
      this.wake();
    }
    let trap: unknown;
    try {
      this.#take(this.lane);
    } catch (error) {
      trap = error;
      Atomics.store(ints, 2, count);
    }
    if (shares) {
      Atomics.store(ints, 0, 0);
      for (let inside = 0; (inside = Atomics.load(ints, 1)) > 0; ) Atomics.wait(ints, 1, inside, 1);
    }
    if (trap) throw trap;
    if (Atomics.load(ints, 7)) throw new Error(`Internal error: kernel ${kernel} trapped in a helping lane`);
  }

  /** Takes chunks from every open slot. Returns whether there was anything to do. */
  help(): boolean {
    let found = false;
    for (let i = 0; i < this.shared.lanes; i++) {
      const ints = this.#ints[i]!;
      if (i === this.lane || Atomics.load(ints, 0) === 0 || Atomics.load(ints, 2) >= ints[3]!) continue;
      Atomics.add(ints, 1, 1);
      try {
        if (Atomics.load(ints, 0) === 1 && Atomics.load(ints, 2) < ints[3]!) {
          found = true;
          this.#take(i);
        }
      } catch {
        Atomics.store(ints, 7, 1);
        Atomics.store(ints, 2, ints[3]!);
      } finally {
        Atomics.sub(ints, 1, 1);
        Atomics.notify(ints, 1);
      }
    }
    return found;
  }

  #take(slot: number): void {
    const ints = this.#ints[slot]!;
    const from = this.#args[slot]!;
    const count = ints[3]!;
    const grain = ints[4]!;
    const kernel = this.exports[this.#names[ints[5]!]!] as (...args: number[]) => void;
    const args = new Array<number>(2 + ints[6]!);
    for (let i = 0; i < ints[6]!; i++)
      args[i + 2] = from[3 * i + 1]! + (from[3 * i] ? this.lane * from[3 * i + 2]! : 0);
    while (!this.aborted) {
      const lo = Atomics.add(ints, 2, grain);
      if (lo >= count) return;
      args[0] = lo;
      args[1] = Math.min(count, lo + grain);
      kernel(...args);
    }
  }
}
