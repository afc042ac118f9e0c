// What a window holds of memory: its own program and the web view's processes, as the kernel counts them.
import { readdir, readFile } from "node:fs/promises";

/** Resident bytes that are nobody else's, of a process and all below it. */
export async function memoryOf(program: string): Promise<number> {
  const parents = await processes();
  const roots = [...parents].filter(([, { command }]) => command === program.slice(0, 15));
  const ours = new Set(roots.map(([pid]) => pid));
  for (let grown = true; grown; ) {
    grown = false;
    for (const [pid, { parent }] of parents) {
      if (ours.has(parent) && !ours.has(pid)) grown = Boolean(ours.add(pid));
    }
  }
  const held = await Promise.all([...ours].map(privateBytes));
  return held.reduce((sum, bytes) => sum + bytes, 0);
}

interface Process {
  readonly parent: number;
  readonly command: string;
}

async function processes(): Promise<ReadonlyMap<number, Process>> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(async (pid) => [pid, await statOf(pid)] as const));
  return new Map(found.flatMap(([pid, process]) => (process === null ? [] : [[pid, process]])));
}

async function statOf(pid: number): Promise<Process | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    return { parent, command: name };
  } catch {
    // It has ended meanwhile.
    return null;
  }
}

async function privateBytes(pid: number): Promise<number> {
  try {
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
    const lines = [...rollup.matchAll(/^Private_(?:Clean|Dirty): +(\d+) kB$/gm)];
    return lines.reduce((sum, [, kib]) => sum + Number(kib) * 1024, 0);
  } catch {
    return 0;
  }
}
