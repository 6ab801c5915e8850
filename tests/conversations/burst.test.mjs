// burst.test.mjs - many clients at once, each with a connection of its own:
// all are served, none by an error of the web server.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hello, until, useStack } from './stack.mjs';

const BURSTS = [128, 512];
const STREAMS = 200;
const TOKENS = 20;

for (const web of ['nginx', 'apache']) {
	const stack = useStack({ web, set: { 'server.loops': 2 } }, async (stack) => {
		await stack.addModel('plain', 'tokens=8');
		await stack.addModel('slow', `tokens=${TOKENS},gap_ms=150`);
	});

	for (const clients of BURSTS) {
		for (const stream of [false, true])
			test(`${web}: ${clients} clients at once${
				stream ? ', streamed' : ''}`, () =>
				burst(stack, clients, stream));
	}
	test(`${web}: ${STREAMS} slow streams side by side`, () =>
		sideBySide(stack));
}

async function burst(stack, clients, stream) {
	const answers = Array.from({ length: clients }, () =>
		stack.beginChat(hello('plain', { stream })));

	await Promise.all(answers.map(({ over }) => over));
	assert.deepEqual(tally(answers), { 200: clients });
	for (const answer of answers) {
		assert.ok(answer.complete);
		assert.ok(stream ? answer.isDone
			: answer.json().choices[0].message.content.length > 0);
	}
	assert.equal(new Set(answers.map(({ headers }) =>
		headers['x-request-id'])).size, clients);
}

async function sideBySide(stack) {
	const streams = Array.from({ length: STREAMS }, () =>
		stack.beginChat(hello('slow', { stream: true })));

	await until(async () => (await stack.stats()).active >= STREAMS,
		'all streams to run at once');
	assert.ok(streams.every(({ isDone }) => !isDone), 'none is over yet');
	await Promise.all(streams.map(({ over }) => over));
	assert.deepEqual(tally(streams), { 200: STREAMS });
	for (const stream of streams) {
		const spoken = stream.chunks().filter((chunk) =>
			chunk.choices[0].delta.content);

		assert.ok(stream.complete && stream.isDone);
		assert.equal(spoken.length, TOKENS);
		assert.equal(stream.said, streams[0].said);
	}
}

// How many had each status, or which error.
function tally(answers) {
	const counts = {};

	for (const { status, error } of answers) {
		const name = status || error?.code || 'broken off';

		counts[name] = (counts[name] ?? 0) + 1;
	}
	return counts;
}
