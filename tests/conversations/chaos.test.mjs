// chaos.test.mjs - under load, one thing after the other is killed with
// SIGKILL, in random order: a gateway's process, all of them, MariaDB, Redis.
// Afterwards every call that was answered is in the log, once; what budgets
// have counted is what the log says; and no call outlived its deadline.
//
// CHAOS_SECONDS says how long each installation is tormented (8; `make chaos`
// does it for two minutes), CHAOS_SEED which order it is.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Load } from './load.mjs';
import { hello, sleep, until, useStack } from './stack.mjs';

const seconds = Number(process.env.CHAOS_SECONDS ?? 8);
const seed = Number(process.env.CHAOS_SEED ?? Date.now() % 1000000);
const DEADLINE_MS = 8000;
// The web server and the test's own machine take part of it.
const MARGIN_MS = 4000;

const places = [
	{ title: 'nginx and two processes', web: 'nginx', processes: 2 },
	{ title: 'mod_fcgid and eight', web: 'fcgid', processes: 8 },
	{ title: 'nginx and Redis', web: 'nginx', processes: 2, redis: true },
];

for (const { title, ...options } of places) {
	const stack = useStack({
		...options,
		set: { 'upstream.total_timeout_ms': DEADLINE_MS },
	}, async (stack) => {
		await stack.addModel('plain', 'tokens=8');
		await stack.addModel('slow', 'tokens=10,gap_ms=30');
	});

	test(`${title}, ${seconds} s, seed ${seed}`,
		{ timeout: (seconds + 120) * 1000 },
		(t) => torment(t, stack, options));
}

async function torment(t, stack, { redis = false }) {
	const random = generator(seed);
	const { key } = await stack.createKey('tormented', '--rpm', '1000000',
		'--tpm', '1000000000', '--concurrent', '64',
		'--budget-daily', '1000', '--budget-monthly', '10000');
	const load = new Load(t, stack,
		{ key, models: ['plain', 'slow'], clients: 12 });
	const victims = ['one process', 'gateway', 'mariadb',
		...(redis ? ['redis'] : [])];
	const end = Date.now() + seconds * 1000;
	const killed = [];

	await sleep(500);
	while (Date.now() < end) {
		const victim = victims[Math.floor(random() * victims.length)];

		killed.push(victim);
		await kill(stack, victim, random);
		await sleep(100 + random() * 500);
		await stack.start(victim === 'one process' ? 'gateway' : victim);
		await sleep(200 + random() * 800);
	}
	await settle(stack, key);
	await load.end();
	t.diagnostic(`${load.exchanges.length} calls, ${load.failed.length} ` +
		`not whole; killed: ${killed.join(', ')}`);
	assertInTime(load);
	await assertEachOnce(stack, load.answered);
	await assertCounted(stack);
}

async function kill(stack, victim, random) {
	if (victim !== 'one process') {
		await stack.kill(victim);
		return;
	}
	// Those of mod_fcgid come and go by themselves.
	await stack.start('web');
	const pids = stack.env.GATEWAY_PIDS.split(' ').filter(Boolean);

	if (pids.length === 0)
		return;
	try {
		process.kill(Number(pids[Math.floor(random() * pids.length)]),
			'SIGKILL');
	} catch (error) {
		assert.equal(error.code, 'ESRCH');
	}
}

// Everything runs again, and nginx has forgotten who was away.
async function settle(stack, key) {
	for (const component of ['mariadb', 'gateway', 'web'])
		await stack.start(component);
	let good = 0;

	await until(async () => {
		const { status } = await stack.chat(hello('plain'), { key });

		good = status === 200 ? good + 1 : 0;
		return good >= 10;
	}, 'ten good answers in a row', { ms: 30000, every: 50 });
}

function assertInTime({ exchanges }) {
	const late = exchanges.filter(({ begunAt, endedAt }) =>
		endedAt - begunAt > DEADLINE_MS + MARGIN_MS);

	assert.deepEqual(late.map(({ begunAt, endedAt, status }) =>
		`${status} after ${endedAt - begunAt} ms`), []);
}

async function assertEachOnce(stack, ids) {
	assert.ok(ids.length > 20, `${ids.length} calls`);
	assert.equal(new Set(ids).size, ids.length, 'ids are unique');
	await stack.rows(ids, { ms: 30000 });
	const all = (await stack.exportUsage()).map((row) => row.request_id);

	assert.equal(new Set(all).size, all.length, 'no row is doubled');
}

// Also what died in the middle is in the log by then, and in the counters.
async function assertCounted(stack) {
	let budgets;

	await until(async () => {
		budgets = (await stack.cli(['budget', 'list']))
			.filter(({ scope }) => scope === 'key');
		return budgets.length === 2 && budgets.every(
			({ spent_usd: spent, counted_usd: counted }) =>
				spent === counted && Number(spent) > 0);
	}, () => `counters to be the log's: ${JSON.stringify(budgets)}`,
	{ ms: 30000, every: 250 });
}

// A small generator, so that an order can be had again (mulberry32).
function generator(from) {
	let state = from >>> 0;

	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);

		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
}
