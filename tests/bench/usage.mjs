// usage.mjs - what processes used, from /proc: CPU by process and by thread,
// resident memory, and what the machine did beside them.
//
// A process's `stat` counts threads that ended but rounds down to 10 ms; the
// sum of its threads' `schedstat` is exact but knows only the living. Both
// are too small at most, so the larger one is taken.

import fs from 'node:fs';

const TICKS = 100; // a second, as the kernel shows it to every program

function read(file) {
	try {
		return fs.readFileSync(file, 'utf8');
	} catch {
		return ''; // it has ended
	}
}

function list(folder) {
	try {
		return fs.readdirSync(folder);
	} catch {
		return [];
	}
}

// The fields of a stat file from the third on; the second is a name that may
// hold anything.
function fields(text) {
	return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function ticks(stat) {
	const field = fields(stat);

	return stat === '' ? 0 : (Number(field[11]) + Number(field[12])) / TICKS;
}

export function threadsOf(pid) {
	const folder = `/proc/${pid}/task`;

	return list(folder).sort((a, b) => a - b).map((id) => {
		const exact = read(`${folder}/${id}/schedstat`);

		return {
			id,
			name: read(`${folder}/${id}/comm`).trim(),
			cpu_s: exact ? Number(exact.split(' ')[0]) / 1e9
				: ticks(read(`${folder}/${id}/stat`)),
		};
	});
}

function cpuOf(pid) {
	const threads = threadsOf(pid).reduce((sum, thread) => sum + thread.cpu_s, 0);

	return Math.max(threads, ticks(read(`/proc/${pid}/stat`)));
}

// Resident bytes, and those of them that no file backs.
export function memoryOf(pid) {
	const status = read(`/proc/${pid}/status`);
	const bytes = (name) => Number(status.match(`${name}:\\s+(\\d+)`)?.[1] ?? 0) * 1024;

	return { resident_bytes: bytes('VmRSS'), own_bytes: bytes('RssAnon') };
}

// The process that leads a session and all others in it.
export function sessionOf(leader) {
	return list('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => {
		const stat = read(`/proc/${pid}/stat`);

		return stat !== '' && fields(stat)[3] === String(leader);
	});
}

export function nameOf(pid) {
	return read(`/proc/${pid}/comm`).trim();
}

// CPU seconds that our finished children used: the load generators.
function childrenOf(pid) {
	const field = fields(read(`/proc/${pid}/stat`));

	return (Number(field[13]) + Number(field[14])) / TICKS;
}

// What all cores did, and could have done; a stolen tick was another's.
function machine() {
	const field = read('/proc/stat').split('\n')[0].split(/\s+/).slice(1, 9).map(Number);
	const all = field.reduce((sum, value) => sum + value, 0) / TICKS;

	return { all_s: all, busy_s: all - (field[3] + field[4]) / TICKS };
}

// `parts` names groups of processes: { gateway: [pid...], web: [pid...] }.
export function look(parts) {
	const cpu = {};

	for (const [part, pids] of Object.entries(parts))
		cpu[part] = Object.fromEntries(pids.map((pid) => [pid, cpuOf(pid)]));
	return {
		cpu,
		threads: (parts.gateway ?? []).flatMap((pid) => threadsOf(pid)
			.map((thread) => ({ ...thread, pid }))),
		client_s: childrenOf(process.pid),
		machine: machine(),
	};
}

// CPU seconds of each part between two looks. A process that was born in
// between counts whole; one that ended does not.
function difference(before, after) {
	let sum = 0;

	for (const [pid, seconds] of Object.entries(after))
		sum += Math.max(0, seconds - (before[pid] ?? 0));
	return sum;
}

export function between(before, after) {
	const cpu = {};

	for (const part of Object.keys(after.cpu))
		cpu[part] = difference(before.cpu[part] ?? {}, after.cpu[part]);
	cpu.client = after.client_s - before.client_s;
	const ours = Object.values(cpu).reduce((sum, seconds) => sum + seconds, 0);
	const busy = after.machine.busy_s - before.machine.busy_s;
	const all = after.machine.all_s - before.machine.all_s;

	return { cpu, threads: threadsBetween(before, after),
		others: all > 0 ? Math.max(0, busy - ours) / all : 0 };
}

// CPU seconds by thread name. Threads that were given no name of their own
// have the program's: those are numbered in the order of their start.
function threadsBetween(before, after) {
	const then = new Map(before.threads.map((thread) => [thread.id, thread.cpu_s]));
	const names = {};
	let number = 0;

	for (const { id, pid, name, cpu_s } of after.threads) {
		const first = id === String(pid);
		const unnamed = !first && name === nameOf(pid);
		const label = first ? 'main' : unnamed ? `unnamed ${++number}` : family(name);

		names[label] = (names[label] ?? 0) + cpu_s - (then.get(id) ?? 0);
	}
	return names;
}

// "loop-1" and "loop-2" are both "loop".
function family(name) {
	return name.replace(/[-_ .:/]?\d+$/, '') || name;
}
