import { linkSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { guarded, isAlive, isMissing, makeFolder, namesIn, readWhole, sweep, tempBeside } from "./disk.js";

const BEAT_MS = 10_000;
/** A lease that nobody touched for this long, by our own monotonic clock, is dead: clocks and file times of other hosts do not matter. */
const STALE_MS = 60_000;

interface Lease {
  readonly pid: number;
  readonly host: string;
  readonly beat: number;
  readonly owner: string;
}

/**
 * Keeps two runs on one store from computing the same key at the same time.
 *
 * A lease only saves work: a late finisher does no harm, because same key means same bytes. A lease of a process that is gone is
 * taken over at once on the same host, and after a minute without a heartbeat on another.
 */
export class Leases {
  readonly #folder: string;
  readonly #held = new Set<string>();
  readonly #seen = new Map<string, { readonly text: string; readonly since: number }>();
  readonly #owner = `${process.pid}-${process.hrtime.bigint().toString(36)}`;
  readonly #timer: NodeJS.Timeout;
  #beat = 0;

  constructor(store: string) {
    this.#folder = join(store, "leases");
    guarded(this.#folder, () => makeFolder(this.#folder));
    this.#sweep();
    this.#timer = setInterval(() => this.#renew(), BEAT_MS);
    this.#timer.unref();
  }

  /** @returns false while another run holds the key */
  take(key: string): boolean {
    const path = join(this.#folder, key);
    for (let tries = 0; tries < 2; tries++) {
      if (this.#create(path)) {
        this.#held.add(key);
        this.#seen.delete(key);
        return true;
      }
      const text = readWhole(path)?.toString();
      if (text !== undefined && !this.#isStale(key, text)) return false;
      rmSync(path, { force: true });
    }
    return false;
  }

  release(key: string): void {
    if (this.#held.delete(key)) rmSync(join(this.#folder, key), { force: true });
  }

  close(): void {
    clearInterval(this.#timer);
    for (const key of [...this.#held]) this.release(key);
  }

  /** Removes leases of processes of this host that are gone. */
  #sweep(): void {
    sweep(this.#folder);
    for (const key of namesIn(this.#folder)) {
      const path = join(this.#folder, key);
      const lease = parse(readWhole(path)?.toString() ?? "");
      if (lease?.host === hostname() && !isAlive(lease.pid)) rmSync(path, { force: true });
    }
  }

  /** Creates the lease with its content in one step, so that nobody reads half of one. */
  #create(path: string): boolean {
    const temp = tempBeside(path);
    return guarded(path, () => {
      writeFileSync(temp, this.#text(), { flag: "wx" });
      try {
        linkSync(temp, path);
        return true;
      } catch (error) {
        const { code } = error as { code?: string };
        if (code === "EEXIST") return false;
        // File systems without hard links: exclusive creation, whose content comes a moment later.
        return createExclusively(path, this.#text());
      } finally {
        rmSync(temp, { force: true });
      }
    });
  }

  #text(): string {
    const lease: Lease = { pid: process.pid, host: hostname(), beat: this.#beat, owner: this.#owner };
    return JSON.stringify(lease);
  }

  #isStale(key: string, text: string): boolean {
    const lease = parse(text);
    if (lease?.host === hostname() && !isAlive(lease.pid)) return true;
    const seen = this.#seen.get(key);
    if (seen?.text === text) return performance.now() - seen.since > STALE_MS;
    this.#seen.set(key, { text, since: performance.now() });
    return false;
  }

  #renew(): void {
    this.#beat++;
    for (const key of this.#held) {
      const path = join(this.#folder, key);
      const temp = tempBeside(path);
      try {
        writeFileSync(temp, this.#text(), { flag: "wx" });
        renameSync(temp, path);
      } catch {
        // Without a heartbeat another run may do this work too, which costs time and nothing else.
        rmSync(temp, { force: true });
      }
    }
  }
}

function createExclusively(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "EEXIST" || isMissing(error)) return false;
    throw error;
  }
}

function parse(text: string): Lease | undefined {
  try {
    return JSON.parse(text) as Lease;
  } catch {
    return undefined;
  }
}
