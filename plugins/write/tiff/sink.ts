import type { FileHandle } from "node:fs/promises";

/** Small pieces are gathered to this many bytes before they are written. */
const GATHERED_BYTES = 2 * 1024 ** 2;

/** Writes one piece after another into a file, from a place on. Small ones are gathered: `flush` when all are in. */
export class Sink {
  readonly #waiting = Buffer.allocUnsafe(GATHERED_BYTES);
  #length = 0;

  constructor(
    readonly handle: FileHandle,
    public position: number,
  ) {}

  /** Place behind the last piece's own bytes. */
  end = 0;

  /** @returns where the piece stands; the next one begins at an even place, as TIFF wants it */
  async append(bytes: Uint8Array): Promise<number> {
    const odd = bytes.length & 1;
    if (this.#length + bytes.length + odd > GATHERED_BYTES) await this.flush();
    const at = this.position;
    if (bytes.length + odd > GATHERED_BYTES / 8) {
      await this.flush();
      await writeAll(this.handle, bytes, at);
    } else {
      this.#waiting.set(bytes, this.#length);
      this.#length += bytes.length;
      if (odd) this.#waiting[this.#length++] = 0;
    }
    this.position += bytes.length + odd;
    this.end = at + bytes.length;
    return at;
  }

  /** Writes what has been gathered. */
  async flush(): Promise<void> {
    const length = this.#length;
    this.#length = 0;
    if (length > 0) await writeAll(this.handle, this.#waiting.subarray(0, length), this.position - length);
  }
}

/** Writes all bytes at a place; the system may take them in parts. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/** Copies the first `length` bytes of one file to a place in another. */
export async function copyAll(from: FileHandle, length: number, to: FileHandle, position: number): Promise<void> {
  const block = Buffer.allocUnsafe(Math.min(length, 8 * 1024 ** 2));
  for (let done = 0; done < length; ) {
    const { bytesRead } = await from.read(block, 0, Math.min(block.length, length - done), done);
    if (bytesRead === 0) throw new Error("Internal error: a spool file is shorter than what was written to it");
    await writeAll(to, block.subarray(0, bytesRead), position + done);
    done += bytesRead;
  }
}
