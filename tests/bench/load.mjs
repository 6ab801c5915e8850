// load.mjs - one stretch of load on one path: what the clients saw, and what
// the processes on that path used for it.

import fs from 'node:fs';
import path from 'node:path';

import { build, chat, root, run, sleep, wire } from './installation.mjs';
import { between, look, memoryOf } from './usage.mjs';

const REST_WINDOW_MS = 200;
const REST_SHARE = 0.05; // of a core: less than this is rest
const REST_LIMIT_MS = 4000;
const MEMORY_INTERVAL_MS = 200;

// A path is { name, url, key, parts(), governed }. Its files are readable by
// us alone: they hold the key.
function secretFile(folder, name, text) {
	const file = path.join(folder, name);

	fs.writeFileSync(file, text, { mode: 0o600 });
	return file;
}

// Usage between now and the end of `work`. A governed call is over when it is
// in the database: what the gateway and MariaDB do after the last answer is
// waited for, and counted.
async function measured(target, work) {
	const before = look(target.parts());
	const result = await work();
	const rested = !target.governed || await rest(target.parts());
	const after = look(target.parts());

	return { ...result, ...between(before, after), rested };
}

async function rest(parts) {
	const used = () => {
		const { cpu } = look({ gateway: parts.gateway, mariadbd: parts.mariadbd });

		return [cpu.gateway, cpu.mariadbd].flatMap(Object.values).reduce((a, b) => a + b, 0);
	};

	for (let waited = 0; waited < REST_LIMIT_MS; waited += REST_WINDOW_MS) {
		const before = used();

		await sleep(REST_WINDOW_MS);
		if (used() - before < REST_SHARE * REST_WINDOW_MS / 1000)
			return true;
	}
	return false;
}

// How many requests its simulator has seen.
async function seen(target) {
	const answer = await fetch(`${target.simulator}/_simulator/stats`);

	return (await answer.json()).requests;
}

// wrk for so many seconds. CPU is in microseconds a request.
export async function loadRequests(target, folder, { body, connections, seconds }) {
	const env = {
		BENCH_BODY: secretFile(folder, 'body', body),
		BENCH_KEY: secretFile(folder, 'key', target.key),
	};
	const script = path.join(root, 'tests/bench/chat.lua');

	if (target.keeps_answers)
		env.BENCH_MAY_BE_KEPT = '1';
	// A number that no other stretch of this load reaches.
	if (target.unique)
		env.BENCH_UNIQUE = String(Date.now() % 100000 * 10000);
	const before = await seen(target);
	const result = await measured(target, async () => {
		const out = await run('wrk', ['-t', '1', '-c', String(connections), '-d', `${seconds}s`,
			'--timeout', '10s', '-s', script, target.url.href], { env, timeout_s: seconds + 20 });

		return JSON.parse(out.match(/^RESULT (.*)$/m)[1]);
	});

	const share = (await seen(target) - before) / result.requests;

	return { ...perUnit(result, result.requests),
		per_second: result.requests / result.seconds,
		// Of the requests, those that went where they should.
		well_sent_share: target.needs_no_provider ? 1 - share : share };
}

// The C program, for streams. CPU is in microseconds an event of a stream.
export async function loadStreams(target, folder, { model, bytes, streams, at_once, ramp_ms, timeout_s }) {
	const body = chat(model, bytes, { stream: true });
	const words = ['--to', target.url.host,
		'--request', secretFile(folder, 'request', wire(target.url, target.key, body)),
		'--streams', String(streams), '--at-once', String(at_once),
		'--timeout-ms', String(timeout_s * 1000)];

	if (ramp_ms)
		words.push('--ramp-ms', String(ramp_ms));
	const result = await measured(target, async () => JSON.parse(
		await run(path.join(build, 'streams'), words, { may_fail: true, timeout_s: timeout_s + 10 })));

	return perUnit(result, result.events);
}

function perUnit(result, units) {
	const each = (cpu) => Object.fromEntries(Object.entries(cpu)
		.map(([name, seconds]) => [name, units > 0 ? seconds * 1e6 / units : 0]));

	return { ...result, cpu: each(result.cpu), threads: each(result.threads) };
}

// The gateway's memory beside `work`: before, and at its peak.
export async function watchMemory(pids, work) {
	const memory = () => pids.map(memoryOf).reduce((sum, one) => sum + one.resident_bytes, 0);
	const before = memory();
	let peak = before;
	const timer = setInterval(() => { peak = Math.max(peak, memory()); }, MEMORY_INTERVAL_MS);

	try {
		return { ...await work(), before_bytes: before, peak_bytes: peak, after_bytes: memory() };
	} finally {
		clearInterval(timer);
	}
}
