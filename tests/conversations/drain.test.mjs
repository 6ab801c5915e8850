// drain.test.mjs - SIGTERM while streams run whose budgets are reserved: those
// that end in time end well, the others are ended, and each is settled with
// what it used; one machine alone, and one that counts with Redis.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertSettled, picousd, ready } from './limits_calls.mjs';
import { isAlive } from './second_host.mjs';
import { hello, until, useStack } from './stack.mjs';

const BUDGET = picousd('1');
const EACH = 6;

const stacks = {
	'alone': useStack(options(), prepare),
	'with Redis': useStack(options({ redis: true }), prepare),
};

function options(more) {
	return { set: { 'server.drain_timeout_ms': 2500 }, ...more };
}

async function prepare(stack) {
	await stack.addModel('short', 'tokens=30,gap_ms=40,prompt_tokens=10');
	await stack.addModel('long', 'tokens=900,gap_ms=100,prompt_tokens=10');
	await stack.cli(['model', 'add', 'free', '--provider', 'sandbox',
		'--upstream', 'sim-small?tokens=4',
		'--input-price', '0', '--output-price', '0']);
}

for (const [name, stack] of Object.entries(stacks))
	test(`streams that run at SIGTERM, ${name}`, async () => {
		const { key } = await stack.createKey('drained',
			'--budget-daily', '1', '--concurrent', String(2 * EACH));
		const begin = (model) => Array.from({ length: EACH }, () =>
			stack.beginChat(hello(model, { stream: true,
				max_tokens: 1000 }), { key }));
		const long = begin('long');
		const short = begin('short');
		const all = [...long, ...short];
		const pid = stack.gatewayPid();

		await until(() => all.every((stream) => stream.pieces.length > 0),
			'the streams to begin');
		process.kill(pid, 'SIGTERM');
		await Promise.all(all.map(({ over }) => over));
		await until(() => !isAlive(pid), 'the process to end');

		assert.ok(short.every((stream) => stream.isDone));
		// They would have gone on for a minute.
		assert.ok(long.every((stream) => stream.status === 200 &&
			!stream.isDone));

		await stack.start('gateway');
		await ready(stack);
		const rows = await stack.rows(all.map((stream) =>
			stream.headers['x-request-id']));

		for (const stream of all) {
			const row = rows.get(stream.headers['x-request-id']);
			const isShort = short.includes(stream);

			assert.equal(row.complete, isShort, JSON.stringify(row));
			assert.notEqual(row.error, 'gateway_died');
			if (isShort)
				assert.equal(row.completion_tokens, 30);
			assert.ok(row.completion_tokens > 0 &&
				row.completion_tokens < 900);
			assert.ok(picousd(row.charged_usd) > 0n);
		}
		await assertSettled(stack, key, 'drained', BUDGET);
		// No place is held any more.
		const again = await Promise.all(Array.from({ length: 2 * EACH },
			() => stack.chat(hello('short', { max_tokens: 100 }), { key })));

		assert.ok(again.every(({ status }) => status === 200));
	});
