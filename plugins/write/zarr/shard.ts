import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32c } from "./crc32c.js";

/** Small pieces are gathered to this many bytes before they are written. */
const GATHERED_BYTES = 1024 ** 2;
const NONE = 2n ** 64n - 1n;

/**
 * A file of many chunks with an index at its end: place and size of each, and a checksum.
 *
 * Source: https://zarr-specs.readthedocs.io/en/latest/v3/codecs/sharding-indexed/index.html
 */
export class Shard {
  readonly #index: BigUint64Array;
  #handle: FileHandle | undefined;
  #waiting: Uint8Array[] = [];
  #gathered = 0;
  #end = 0;

  /** @param slots  chunks that the shard has places for */
  constructor(
    readonly path: string,
    slots: number,
  ) {
    this.#index = new BigUint64Array(2 * slots).fill(NONE);
  }

  async append(slot: number, bytes: Uint8Array): Promise<void> {
    this.#index[2 * slot] = BigInt(this.#end);
    this.#index[2 * slot + 1] = BigInt(bytes.length);
    await this.#write(bytes);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#waiting.push(bytes);
    this.#gathered += bytes.length;
    this.#end += bytes.length;
    if (this.#gathered >= GATHERED_BYTES) await this.#flush();
  }

  async #flush(): Promise<void> {
    if (!this.#handle) {
      await mkdir(dirname(this.path), { recursive: true });
      this.#handle = await open(this.path, "w");
    }
    const bytes = Buffer.concat(this.#waiting);
    for (let done = 0; done < bytes.length; )
      done += (await this.#handle.write(bytes, done, bytes.length - done)).bytesWritten;
    this.#waiting = [];
    this.#gathered = 0;
  }

  /** Writes the index. A shard without chunks is no file. */
  async finish(): Promise<void> {
    if (this.#end === 0) return;
    const index = Buffer.alloc(this.#index.byteLength + 4);
    this.#index.forEach((value, i) => {
      index.writeBigUInt64LE(value, 8 * i);
    });
    index.writeUInt32LE(crc32c(index.subarray(0, -4)), index.length - 4);
    await this.#write(index);
    await this.#flush();
    await this.close();
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }
}
