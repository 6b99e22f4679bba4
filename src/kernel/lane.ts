import { Board, createBoard, type KernelArg, type LaneScratch, type SharedBoard } from "./board.js";
import { Arena, createSharedMemory, Heap, type SharedMemory } from "./memory.js";
import { compileKernels, type Exports, instantiateKernels } from "./module.js";

/** What a thread needs to compute with the others: module, memory and job board. All of it can be posted. */
export interface SharedKernels {
  readonly module: WebAssembly.Module;
  readonly memory: SharedMemory;
  readonly board: SharedBoard;
}

/** @param limit  bytes of kernel memory at most */
export function shareKernels(lanes: number, limit: number): SharedKernels {
  return { module: compileKernels(), memory: createSharedMemory(limit), board: createBoard(lanes) };
}

/**
 * The kernels as one thread sees them.
 *
 * Calls return when the work is done: a thread that computes has nothing better to do, and code stays in reading order.
 */
export class Kernels {
  readonly heap: Heap;
  readonly board: Board;
  readonly exports: Exports;

  constructor(shared: SharedKernels, lane: number) {
    this.exports = instantiateKernels(shared.module, shared.memory.memory);
    this.heap = new Heap(shared.memory, this.exports.heapBase!());
    this.board = new Board(shared.board, lane, this.exports);
  }

  /** How many lanes may help. */
  get lanes(): number {
    return this.board.shared.lanes;
  }

  /** `using arena = kernels().arena();` frees everything at the end of the scope. */
  arena(): Arena {
    return new Arena(this.heap);
  }

  /** Calls `kernel(lo, hi, ...args)` over [0, count) on every idle lane. @param grain  rows per chunk */
  rows(kernel: string, count: number, args: readonly KernelArg[], grain = 64): void {
    this.board.run(kernel, count, grain, args);
    if (this.board.aborted) throw new DOMException("The run was cancelled", "AbortError");
  }

  /** Calls a kernel once, on this thread. */
  call(kernel: string, ...args: number[]): number {
    const fn = this.exports[kernel];
    if (!fn) throw new Error(`Internal error: no kernel ${kernel}`);
    return fn(...args);
  }

  /** Scratch for a `rows` call: `bytes` for each lane. */
  scratch(arena: Arena, bytes: number): LaneScratch {
    const bytesPerLane = Math.ceil((bytes + 128) / 64) * 64;
    return { base: arena.bytes(bytesPerLane * this.lanes), bytesPerLane };
  }
}

let current: Kernels | undefined;

/** Makes `kernels()` of this thread work on shared memory with others; called once by a lane before anything else. */
export function attachKernels(shared: SharedKernels, lane: number): Kernels {
  current = new Kernels(shared, lane);
  return current;
}

/** The kernels of this thread; alone on memory of its own where no pool was attached, as in tests and small tools. */
export function kernels(): Kernels {
  current ??= new Kernels(shareKernels(1, 4 * 1024 ** 3 - 65536), 0);
  return current;
}
