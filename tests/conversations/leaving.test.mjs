// leaving.test.mjs - clients that leave, or hardly read. The provider is told
// promptly, what was produced is metered, and nothing piles up.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';

import {
	hello, median, program, sleep, until, useStack,
} from './stack.mjs';

const TRIES = 5;
const KEEPALIVE_MS = 1000;
const MEGABYTE = 1 << 20;

/*
 * nginx closes the connection at once. Apache is silent about a client that
 * left; only writing finds out, and only the second write: two intervals.
 * A call that is not streamed cannot be watched behind Apache.
 */
const webs = {
	nginx: { within: 100, cases: ['whole', 'waiting', 'silent', 'flowing'] },
	apache: { within: 2 * KEEPALIVE_MS + 300,
		cases: ['waiting', 'silent', 'flowing'] },
	fcgid: { within: 2 * KEEPALIVE_MS + 300,
		cases: ['waiting', 'silent', 'flowing'] },
};
const CASES = {
	whole: { name: 'before an answer that is not streamed',
		model: 'late', stream: false, chunks: 0 },
	waiting: { name: 'before the first token',
		model: 'late', stream: true, chunks: 0 },
	silent: { name: 'in a silence within a stream',
		model: 'pausing', stream: true, chunks: 5 },
	flowing: { name: 'while tokens arrive',
		model: 'flowing', stream: true, chunks: 5 },
};

const stacks = Object.fromEntries(Object.keys(webs).map((web) =>
	[web, useStack({ web, set: {
		'stream.keepalive_apache_ms': KEEPALIVE_MS,
	} }, prepare)]));

async function prepare(stack) {
	await stack.addModel('plain', 'tokens=4');
	await stack.addModel('late', 'delay_ms=30000');
	await stack.addModel('pausing', 'tokens=16,fault=stall_stream');
	await stack.addModel('flowing', 'tokens=1000,gap_ms=30');
}

for (const [web, { within, cases }] of Object.entries(webs)) {
	for (const id of cases) {
		test(`${web}: a client leaves ${CASES[id].name}`, async (t) => {
			const waits = web === 'nginx'
				? await leaveInTurn(stacks[web], id)
				: await leaveAtOnce(stacks[web], id);

			t.diagnostic(`${web}, ${id}: the provider is told after `
				+ `${waits.join(', ')} ms`);
			assert.ok(median(waits) <= within, `${waits}`);
			await assertRows(stacks[web], id);
		});
	}
}

test('a client that hardly reads holds its provider back', async () => {
	const stack = stacks.nginx;
	const size = 50 * MEGABYTE;

	await playStream(stack, 2 * MEGABYTE);
	await stack.chat(hello('plain', { stream: true }));
	const before = memoryOf(stack.gatewayPid());
	let most = before;

	await playStream(stack, size);
	const stream = stack.beginChat(hello('plain', { stream: true }));
	let slow = true;

	await stream.head;
	assert.equal(stream.status, 200);
	stream.response.on('data', () => {
		if (!slow)
			return;
		stream.response.pause();
		setTimeout(() => stream.response.resume(), 20);
	});
	for (let i = 0; i < 40; i++) {
		await sleep(100);
		most = Math.max(most, memoryOf(stack.gatewayPid()));
	}
	const read = stream.body.length;

	assert.equal((await stack.stats()).active, 1, 'it still has to wait');
	assert.ok(read > MEGABYTE && read < size - 10 * MEGABYTE, `${read}`);
	slow = false;
	await stream.over;
	assert.ok(stream.complete && stream.isDone);
	assert.ok(stream.body.length >= size);
	// A sanitizer keeps freed memory for a while, to see who uses it.
	if (!/address|thread/.test(program))
		assert.ok(most - before < 4 * MEGABYTE,
			`${before} grew to ${most} bytes`);
	assert.equal((await stack.row(stream)).complete, true);
});

// One after the other; how long each took, in milliseconds.
async function leaveInTurn(stack, id) {
	const waits = [];

	for (let i = 0; i < TRIES; i++)
		waits.push(...await leave(stack, id, [i]));
	return waits;
}

// All together; how long the last one took.
function leaveAtOnce(stack, id) {
	return leave(stack, id, Array.from({ length: TRIES }, (_, i) => i));
}

async function leave(stack, id, numbers) {
	const { model, stream, chunks } = CASES[id];
	const before = await stack.stats();
	const clients = numbers.map((number) => stack.beginChat(
		hello(model, { stream, user: `${id}-${number}` })));

	await until(async () =>
		(await stack.stats()).requests === before.requests + clients.length
		&& clients.every((client) => client.chunks().length >= chunks),
	'the calls to run');
	// So that a silence is one, and not just a gap.
	await sleep(100);
	for (const client of clients)
		client.leave();
	const left = Date.now();
	const stats = await until(async () => {
		const now = await stack.stats();

		return now.client_aborts === before.client_aborts + clients.length
			&& now;
	}, 'the provider to be told', { every: 10 });

	return [stats.last_abort_unix_ms - left];
}

async function assertRows(stack, id) {
	const { model, stream, chunks } = CASES[id];
	const users = Array.from({ length: TRIES }, (_, i) => `${id}-${i}`);
	const rows = await until(async () => {
		const found = (await stack.exportUsage())
			.filter(({ user }) => users.includes(user));

		return found.length >= users.length && found;
	}, 'the rows', { every: 100 });

	assert.deepEqual(rows.map(({ user }) => user).sort(), users);
	for (const row of rows) {
		assert.equal(row.status, 499);
		assert.equal(row.error, 'client_gone');
		assert.equal(row.complete, false);
		assert.equal(row.streamed, stream);
		assert.equal(row.model_used, model);
		assert.equal(row.usage_source, 'estimated');
		assert.ok(row.prompt_tokens > 0, 'it was sent');
		assert.ok(row.completion_tokens >= (chunks > 0 ? 1 : 0));
		assert.ok(Number(row.cost_usd) > 0);
	}
}

// The next stream has so many bytes, in events of 16 KB.
async function playStream(stack, bytes) {
	const event = (delta, reason) => `data: ${JSON.stringify({
		choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`;
	const piece = event({ content: 'x'.repeat(16384) }, null);

	await stack.play({
		headers: { 'Content-Type': 'text/event-stream' },
		body: piece.repeat(Math.ceil(bytes / piece.length))
			+ event({}, 'stop') + 'data: [DONE]\n\n',
	});
}

// Resident, in bytes.
function memoryOf(pid) {
	const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');

	return Number(status.match(/^VmRSS:\s+(\d+) kB$/m)[1]) * 1024;
}
