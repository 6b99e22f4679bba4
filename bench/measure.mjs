// Runs a command as a whole process, and tells the operating system's own figures of it.
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";

/** wait4 through Python, which sees a process together with its children; the same figures as /usr/bin/time -v. */
const wait4 = `
import json, os, subprocess, sys, time
t = time.perf_counter()
with open(sys.argv[1], "wb") as out, open(sys.argv[2], "wb") as err:
    p = subprocess.Popen(sys.argv[4:], stdout=out, stderr=err)
    _, status, ru = os.wait4(p.pid, 0)
code = os.waitstatus_to_exitcode(status)
json.dump(dict(seconds=time.perf_counter() - t, cpu=ru.ru_utime + ru.ru_stime, peakMb=ru.ru_maxrss / 1024, exit=code), open(sys.argv[3], "w"))
`;

/** The first Python that has the module, or undefined. Debian's own comes first, as the peers' packages live there. */
export function pythonWith(module) {
  for (const python of ["/usr/bin/python3", "python3", "python"]) {
    if (spawnSync(python, ["-c", `import ${module}`], { stdio: "ignore" }).status === 0) return python;
  }
  return undefined;
}

const python = pythonWith("os, json");

/**
 * Seconds of wall clock, seconds of CPU, peak resident memory (MB), exit status, and what was printed.
 *
 * Without Python the peak is that of the process alone, from /proc; where there is no /proc either it is NaN.
 */
export async function measure(command, { cwd, scratch, env } = {}) {
  const options = { cwd, env: { ...process.env, ...env } };
  if (python && scratch) {
    const files = ["out", "err", "json"].map((name) => `${scratch}/measure.${name}`);
    const done = spawnSync(python, ["-c", wait4, ...files, ...command], {
      ...options,
      stdio: ["ignore", "ignore", "pipe"],
    });
    if (done.status !== 0) throw new Error(`cannot start ${command[0]}: ${done.stderr}`);
    const [stdout, stderr, figures] = files.map((file) => readFileSync(file, "utf8"));
    return { ...JSON.parse(figures), stdout, stderr };
  }
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(command[0], command.slice(1), { ...options, stdio: ["ignore", "pipe", "pipe"] });
    let peakMb = Number.NaN;
    const look = () => {
      try {
        const line = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"));
        if (line) peakMb = Number(line[1]) / 1024;
      } catch {
        // The process has ended, or there is no /proc.
      }
    };
    const timer = setInterval(look, 5);
    const text = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"]) {
      child[name].setEncoding("utf8").on("data", (part) => {
        text[name] += part;
      });
    }
    child.on("error", reject);
    child.on("close", (exit) => {
      clearInterval(timer);
      resolve({ seconds: (performance.now() - start) / 1000, cpu: Number.NaN, peakMb, exit, ...text });
    });
  });
}

export const median = (values) => {
  const sorted = values.filter((v) => Number.isFinite(v)).sort((a, b) => a - b);
  if (sorted.length === 0) return Number.NaN;
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};

/** One line about the machine: figures mean nothing without it. */
export function machineLine() {
  const [cpu] = cpus();
  return [
    `${cpu?.model.trim() ?? "unknown processor"}, ${cpus().length} cores`,
    `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
    `${process.platform} ${process.arch}`,
    `Node ${process.versions.node}`,
    `load ${loadavg()[0].toFixed(1)}`,
  ].join(", ");
}

/**
 * Runs contenders in rounds, each once per round, so that a drift of the machine falls on all alike.
 *
 * A contender is `{ name, run }`; `run(round)` gives `{ seconds, peakMb, … }` or `{ skipped: "why" }`. The first round warms
 * caches up and is not counted.
 */
export async function rounds(contenders, count, log) {
  const all = contenders.map(() => []);
  for (let round = 0; round <= count; round++) {
    for (const [i, contender] of contenders.entries()) {
      if (all[i][0]?.skipped) continue;
      let got;
      try {
        got = await contender.run(round);
      } catch (error) {
        got = {
          skipped: String(error?.message ?? error)
            .trim()
            .slice(-160),
        };
      }
      all[i].push(got);
    }
    log(`round ${round} of ${count}`);
  }
  return contenders.map((contender, i) => {
    const [first, ...counted] = all[i];
    if (first.skipped) return { name: contender.name, ours: contender.ours ?? false, skipped: first.skipped };
    const used = counted.length > 0 ? counted : [first];
    const mid = (key) => median(used.map((r) => r[key] ?? Number.NaN));
    return {
      name: contender.name,
      ours: contender.ours ?? false,
      seconds: mid("seconds"),
      inside: mid("inside"),
      cpu: mid("cpu"),
      peakMb: mid("peakMb"),
      error: mid("error"),
      note: used.at(-1).note ?? "",
    };
  });
}

const cell = (value, digits) => (Number.isFinite(value) ? value.toFixed(digits) : "-");

/** Ratios are peer / ours for time: 2.0x says that ours needs half the time. */
export function table(title, rows, errorName = "error px") {
  const ours = rows.find((row) => row.ours && !row.skipped);
  const lines = [
    "",
    `## ${title}`,
    "",
    `| | wall s | ratio | in process s | ratio | CPU s | peak MB | ${errorName} | |`,
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
  ];
  for (const row of rows) {
    if (row.skipped) {
      lines.push(`| ${row.name} | | | | | | | | skipped: ${row.skipped.replace(/\s+/g, " ")} |`);
      continue;
    }
    const ratio = (key) =>
      row === ours || !Number.isFinite(row[key] / ours?.[key]) ? "" : `${cell(row[key] / ours[key], 2)}x`;
    lines.push(
      `| ${row.name} | ${cell(row.seconds, 3)} | ${ratio("seconds")} | ${cell(row.inside, 3)} | ${ratio("inside")} | ${cell(row.cpu, 2)} | ${cell(row.peakMb, 0)} | ${cell(row.error, 3)} | ${row.note} |`,
    );
  }
  return lines.join("\n");
}
