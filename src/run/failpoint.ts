/**
 * Failpoints: places on the way of a byte to disk where a test can make the process die or the disk fail.
 *
 *     TIEPOINT_FAIL=store.rename:3:kill     the third rename of a stored value: SIGKILL before it happens
 *     TIEPOINT_FAIL=action.write:1:ENOSPC   the first write of an action record: the disk is full
 *     TIEPOINT_FAIL=store.write:1:torn      half of the bytes, then SIGKILL
 *     TIEPOINT_FAIL=*:7:EIO                 the seventh operation of any kind fails
 *
 * Points are `<what>.<operation>`, what being store, action, output, stat, lock, run or report, and operation being write, fsync,
 * rename or fsync-folder; `done` stands for "after the last of them"; `pixels.write` is a
 * piece of a kept image; `rename-new` stands between the two renames that put a folder in place of another. Hits are counted in each thread for itself.
 */
export type Failure = "kill" | "torn" | `E${string}`;

interface Armed {
  readonly point: string;
  readonly failure: Failure;
  left: number;
}

const armed: readonly Armed[] = (process.env.TIEPOINT_FAIL ?? "")
  .split(",")
  .filter((text) => text !== "")
  .map((text) => {
    const [point = "", count = "1", failure = "kill"] = text.split(":");
    return { point, left: Number(count), failure: failure as Failure };
  });

/** Passes a failpoint. @returns true when the caller shall write half of its bytes and call {@link die} */
export function failpoint(point: string): boolean {
  for (const one of armed) {
    if ((one.point !== point && one.point !== "*") || --one.left !== 0) continue;
    if (one.failure === "torn" && point.endsWith(".write")) return true;
    if (one.failure === "kill" || one.failure === "torn") die();
    throw Object.assign(new Error(`${one.failure}: failpoint ${point}`), { code: one.failure });
  }
  return false;
}

/** Ends the process as a power cut would: no handler runs, nothing is flushed. */
export function die(): never {
  process.kill(process.pid, "SIGKILL");
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
