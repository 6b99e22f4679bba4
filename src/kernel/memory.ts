/**
 * The kernels' memory: one WebAssembly memory that every lane maps, and its heap.
 *
 * Kernels never allocate. A first-fit heap in a table of blocks, guarded by a spin lock in shared memory, hands out
 * 64-byte aligned addresses. Low addresses are used first, so that peak memory stays near what is alive.
 */
const PAGE = 65536;
const ALIGN = 64;
const MAX_BLOCKS = 8192;
/** Every block is followed by slack, so that whole-vector tails may read past the end. */
const SLACK = 128;

export class KernelMemoryError extends Error {
  constructor(
    readonly wanted: number,
    readonly used: number,
    readonly limit: number,
  ) {
    super(`kernel memory: ${wanted} bytes wanted beside ${used} in use, of ${limit}`);
    this.name = "KernelMemoryError";
  }
}

/** What must be shared with another thread for it to use the same memory. */
export interface SharedMemory {
  readonly memory: WebAssembly.Memory;
  /** [0] lock, [1] block count; then, as float64 from byte 64: limit, used, peak; then blocks of (start, size or -size when used). */
  readonly table: SharedArrayBuffer;
}

export function createSharedMemory(limit: number): SharedMemory {
  const memory = new WebAssembly.Memory({ initial: 64, maximum: PAGE, shared: true });
  const table = new SharedArrayBuffer(128 + MAX_BLOCKS * 16);
  const heap = new Float64Array(table, 64);
  heap[0] = Math.min(limit, 4 * 1024 ** 3 - PAGE);
  return { memory, table };
}

export class Heap {
  readonly memory: WebAssembly.Memory;
  readonly #lock: Int32Array;
  readonly #state: Float64Array;
  readonly #blocks: Float64Array;

  /** @param base  first free address, past the module's static data */
  constructor(
    shared: SharedMemory,
    readonly base: number,
  ) {
    this.memory = shared.memory;
    this.#lock = new Int32Array(shared.table, 0, 2);
    this.#state = new Float64Array(shared.table, 64, 3);
    this.#blocks = new Float64Array(shared.table, 128);
  }

  get limit(): number {
    return this.#state[0]!;
  }
  get used(): number {
    return this.#state[1]!;
  }
  get peak(): number {
    return this.#state[2]!;
  }

  /** @returns address of at least `bytes` bytes, 64-byte aligned, not cleared */
  allocate(bytes: number): number {
    const size = Math.ceil((bytes + SLACK) / ALIGN) * ALIGN;
    this.#acquire();
    try {
      const b = this.#blocks;
      const count = this.#lock[1]!;
      let at = Math.ceil(this.base / ALIGN) * ALIGN;
      let slot = 0;
      for (; slot < count; slot++) {
        if (b[2 * slot]! - at >= size) break;
        at = b[2 * slot]! + b[2 * slot + 1]!;
      }
      const used = this.#state[1]!;
      if (used + size > this.#state[0]! || count === MAX_BLOCKS || at + size > 4 * 1024 ** 3 - PAGE) {
        throw new KernelMemoryError(size, used, this.#state[0]!);
      }
      const missing = at + size - this.memory.buffer.byteLength;
      if (missing > 0) {
        try {
          this.memory.grow(Math.ceil(missing / PAGE));
        } catch {
          throw new KernelMemoryError(size, used, this.#state[0]!);
        }
      }
      b.copyWithin(2 * slot + 2, 2 * slot, 2 * count);
      b[2 * slot] = at;
      b[2 * slot + 1] = size;
      this.#lock[1] = count + 1;
      this.#state[1] = used + size;
      this.#state[2] = Math.max(this.#state[2]!, used + size);
      return at;
    } finally {
      this.#release();
    }
  }

  free(address: number): void {
    this.#acquire();
    try {
      const b = this.#blocks;
      const count = this.#lock[1]!;
      let lo = 0;
      let hi = count;
      while (lo < hi) {
        const mid = (lo + hi) >> 1;
        if (b[2 * mid]! < address) lo = mid + 1;
        else hi = mid;
      }
      if (lo === count || b[2 * lo] !== address)
        throw new Error(`Internal error: freeing ${address}, which is no block`);
      this.#state[1] = this.#state[1]! - b[2 * lo + 1]!;
      b.copyWithin(2 * lo, 2 * lo + 2, 2 * count);
      this.#lock[1] = count - 1;
    } finally {
      this.#release();
    }
  }

  #acquire(): void {
    while (Atomics.compareExchange(this.#lock, 0, 0, 1) !== 0) {
      // A holder keeps the lock for microseconds; memory.grow is the longest.
    }
  }

  #release(): void {
    Atomics.store(this.#lock, 0, 0);
  }
}

/**
 * Stretches of kernel memory that one call owns; disposing frees them all.
 *
 * Views are made anew at each use and never kept over an allocation: growing the memory leaves old views short.
 */
export class Arena {
  readonly #heap: Heap;
  readonly #owned = new Set<number>();

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /** Address of `bytes` uncleared bytes. */
  bytes(bytes: number): number {
    const at = this.#heap.allocate(bytes);
    this.#owned.add(at);
    return at;
  }

  /** Frees one stretch early. */
  free(address: number): void {
    if (!this.#owned.delete(address)) throw new Error("Internal error: freeing memory of another arena");
    this.#heap.free(address);
  }

  /** Copies values in and returns their address. */
  put(values: Uint8Array | Uint16Array | Int16Array | Int32Array | Uint32Array | Float32Array | Float64Array): number {
    const at = this.bytes(values.byteLength);
    const { buffer } = this.#heap.memory;
    new Uint8Array(buffer, at, values.byteLength).set(
      new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength),
    );
    return at;
  }

  u8 = (at: number, length: number) => new Uint8Array(this.#heap.memory.buffer, at, length);
  u16 = (at: number, length: number) => new Uint16Array(this.#heap.memory.buffer, at, length);
  i16 = (at: number, length: number) => new Int16Array(this.#heap.memory.buffer, at, length);
  i32 = (at: number, length: number) => new Int32Array(this.#heap.memory.buffer, at, length);
  u32 = (at: number, length: number) => new Uint32Array(this.#heap.memory.buffer, at, length);
  f32 = (at: number, length: number) => new Float32Array(this.#heap.memory.buffer, at, length);
  f64 = (at: number, length: number) => new Float64Array(this.#heap.memory.buffer, at, length);

  [Symbol.dispose](): void {
    for (const at of this.#owned) this.#heap.free(at);
    this.#owned.clear();
  }
}
