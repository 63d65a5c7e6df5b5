// Processor time and memory of processes, from /proc.
import { readFileSync, readdirSync } from 'node:fs';
import { sql } from './database.mjs';

/** The processor time in microseconds of a process and all its children. */
export function processorTime(pid) {
  const all = processes();
  return total(all, (process) => process.pid === pid || ancestors(all, process).includes(pid));
}

/** A function that returns the processor time of the PostgreSQL server with this URL, if it runs on this machine. */
export function postgresTime(url) {
  const backends = sql(url, 'SELECT pg_backend_pid() UNION SELECT pid FROM pg_stat_activity').map(Number);
  const backend = processes().find(({ pid, name }) => name === 'postgres' && backends.includes(pid));
  if (backend === undefined) return () => NaN;
  const postmaster = backend.parent;
  // The time of ended backends is kept in that of the postmaster's children.
  return () => total(processes(), ({ pid, parent }) => pid === postmaster || parent === postmaster, postmaster);
}

/** The resident memory of a process in MB. */
export function residentMegabytes(pid) {
  return (Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024) / 1e6;
}

const MICROSECONDS_PER_TICK = 10_000;

function total(all, isCounted, withEnded) {
  const ticks = all.filter(isCounted).map(({ pid, own, ended }) => own + (pid === withEnded ? ended : 0));
  return ticks.reduce((sum, value) => sum + value, 0) * MICROSECONDS_PER_TICK;
}

function processes() {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => read(Number(pid)) ?? []);
}

function read(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const name = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ').map(Number);
    return { pid, name, parent: fields[1], own: fields[11] + fields[12], ended: fields[13] + fields[14] };
  } catch {
    // The process ended meanwhile.
    return undefined;
  }
}

function ancestors(all, process) {
  const found = [];
  for (let at = process; at !== undefined && at.parent > 0; at = all.find(({ pid }) => pid === at.parent)) found.push(at.parent);
  return found;
}
