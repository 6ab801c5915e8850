// oddities_broken.test.mjs - answers that go wrong, of each dialect's provider,
// to a client of each dialect: it is told in its own words, what came before
// stays readable, and the request log knows.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ask, clients, problemOf, read } from './plain_clients.mjs';
import { addModels, addProviders, dialects, modelOf } from './providers.mjs';
import { faultsAlone, useStack } from './stack.mjs';

const WORDS = 40;
// By fault of the simulator, what the request log calls it: in the middle of a
// stream,
const streams = {
	cut: 'upstream_cut',
	reset_body: 'upstream_cut',
	no_done: 'upstream_cut',
	bad_frame: 'upstream_invalid',
	huge_frame: 'upstream_too_large',
	stream_error: 'upstream_error',
};
// and of an answer in one piece.
const wholes = {
	half_body: 'upstream_cut',
	garbage_body: 'upstream_invalid',
	refuse_head: 'upstream_reset',
	garbage: 'upstream_invalid',
};
// Calls that ended badly: request id, what its row must say.
const broken = new Map();

const stack = useStack({ set: { ...faultsAlone,
	'stream.max_frame_bytes': 500000 } },
	async (stack) => {
		await addProviders(stack);
		for (const fault of Object.keys({ ...streams, ...wholes }))
			await addModels(stack, fault,
				`tokens=${WORDS},fault=${fault}`);
	});

for (const provider of dialects) {
	for (const [fault, code] of Object.entries(streams))
		test(`a stream with ${fault}, from ${provider}`, async () => {
			for (const client of Object.keys(clients))
				await assertBreaks(provider, client, fault, code);
		});
	for (const [fault, code] of Object.entries(wholes))
		test(`an answer with ${fault}, from ${provider}`, async () => {
			for (const client of Object.keys(clients))
				await assertFails(provider, client, fault, code);
		});
}

test('the request log knows how each ended', async () => {
	const rows = await stack.rows([...broken.keys()], { ms: 30000 });
	const wrong = [];

	for (const [id, { code, about, began }] of broken) {
		const row = rows.get(id);

		// What was cut is counted by its bytes.
		if (row.error !== code || row.complete
			|| (began && !(row.completion_tokens > WORDS / 4)))
			wrong.push(`${about}: ${row.error}, complete ${
				row.complete}, ${row.completion_tokens} tokens`);
	}
	assert.deepEqual(wrong, []);
});

// What had been said before stays readable.
async function assertBreaks(provider, name, fault, code) {
	const client = clients[name];
	const answer = await ask(stack, client, modelOf(provider, fault),
		{ stream: true });
	const about = `${fault}, ${name} at ${provider}`;
	const { said, spelled = said, ends } = read(client, answer);

	assert.ok(problemOf(client, answer)?.message.length >= 10,
		`${about}: ${answer.text.slice(-700)}`);
	assert.equal(ends, 0, about);
	assert.ok(spelled.split(' ').length > WORDS / 4, about);
	broken.set(answer.headers['x-request-id'],
		{ code, about, began: true });
}

async function assertFails(provider, name, fault, code) {
	const client = clients[name];
	const answer = await ask(stack, client, modelOf(provider, fault));
	const about = `${fault}, ${name} at ${provider}`;

	assert.equal(answer.status, 502, about);
	assert.ok(problemOf(client, answer)?.message.length >= 10,
		`${about}: ${answer.text.slice(-700)}`);
	broken.set(answer.headers['x-request-id'], { code, about });
}
