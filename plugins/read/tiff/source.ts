import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { DiagnosticError, type FileRef, problem } from "tiepoint/plugin";

/** How many files one thread keeps open. */
const MAX_OPEN = 16;
/** A file that nobody has read for so long is closed. */
const IDLE_MS = 5000;

interface OpenFile {
  readonly fd: number;
  readonly size: number;
  readonly timer: NodeJS.Timeout;
}

const open = new Map<string, OpenFile>();

function close(key: string): void {
  const file = open.get(key);
  if (!file) return;
  open.delete(key);
  clearTimeout(file.timer);
  closeSync(file.fd);
}

/** The file, open; reads are synchronous, so nobody can be in the middle of one when it is closed. */
function opened({ path, sha256 }: FileRef): OpenFile {
  const key = `${sha256}:${path}`;
  let file = open.get(key);
  if (file) {
    open.delete(key);
    file.timer.refresh();
  } else {
    const fd = openSync(path, "r");
    const timer = setTimeout(() => close(key), IDLE_MS);
    timer.unref();
    file = { fd, size: fstatSync(fd).size, timer };
  }
  open.set(key, file);
  if (open.size > MAX_OPEN) close(open.keys().next().value!);
  return file;
}

/** A file that is read in pieces. Nothing is read past its end, and descriptors are opened and closed as needed. */
export class Source {
  readonly size: number;

  constructor(readonly file: FileRef) {
    this.size = this.#do((f) => f.size);
  }

  /** Fills `target` from `position` on. */
  read(target: Uint8Array, position: number): void {
    this.#check(position, target.length);
    this.#do(({ fd }) => {
      for (let done = 0; done < target.length; ) {
        const count = readSync(fd, target, done, target.length - done, position + done);
        if (count === 0) throw damaged(`the file ends at ${position + done}, sooner than it did when it was opened`);
        done += count;
      }
    });
  }

  bytes(position: number, length: number): Uint8Array<ArrayBuffer> {
    this.#check(position, length);
    const out = new Uint8Array(length);
    this.read(out, position);
    return out;
  }

  #check(position: number, length: number): void {
    const sound = Number.isSafeInteger(position) && Number.isSafeInteger(length) && position >= 0 && length >= 0;
    if (!sound || position + length > this.size)
      throw damaged(`bytes ${position} to ${position + length} are wanted, but the file has ${this.size}`);
  }

  #do<T>(use: (file: OpenFile) => T): T {
    try {
      return use(opened(this.file));
    } catch (error) {
      if (error instanceof DiagnosticError) throw error;
      const { code } = error as NodeJS.ErrnoException;
      throw new DiagnosticError(
        problem(
          "file-unreadable",
          `${this.file.path} cannot be read: ${code ?? String(error)}`,
          "Check that the file is there and may be read.",
        ),
      );
    }
  }
}

export const damaged = (what: string): DiagnosticError =>
  new DiagnosticError(
    problem(
      "image-damaged",
      `The TIFF file is damaged: ${what}`,
      "It may have been cut short: copy or export it again.",
    ),
  );

export const unsupported = (what: string, hint?: string): DiagnosticError =>
  new DiagnosticError(
    problem(
      "image-unsupported",
      `The TIFF file cannot be read: ${what}`,
      hint ?? "Convert it, with gdal_translate or tiffcp for example.",
    ),
  );
