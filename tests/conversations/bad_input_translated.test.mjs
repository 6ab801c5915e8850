// bad_input_translated.test.mjs - requests of each dialect that cannot be
// understood, on their way to a provider of another one: each is refused with
// 400 in the client's own words, which name the member at fault, and nobody
// is asked.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { badBodies, badInputs } from './bad_inputs.mjs';
import { clients, problemOf } from './plain_clients.mjs';
import { addProviders, modelOf } from './providers.mjs';
import { useStack } from './stack.mjs';

const PROVIDERS = ['openai_chat', 'anthropic', 'gemini'];
const stack = useStack({}, (stack) => addProviders(stack, PROVIDERS));

for (const [name, { messages, rows }] of Object.entries(badInputs)) {
	const client = clients[name];

	for (const provider of PROVIDERS.filter((other) => other !== name)) {
		test(`${name} at ${provider}`, async (t) => {
			const model = modelOf(provider);
			const good = client.body(model, false);

			for (const [title, path, what]
				of [...badBodies(good, messages), ...rows]) {
				const body = typeof what === 'string'
					|| Buffer.isBuffer(what)
					? what : { ...good, ...what };

				await t.test(title, async () => {
					for (const stream of [false, true])
						await assertRefused(client, model,
							body, path, stream);
				});
			}
		});
	}
}

// It is legal JSON, but no text.
test('half a surrogate pair becomes the character for that', async () => {
	for (const [name, { messages }] of Object.entries(badInputs)) {
		const provider = PROVIDERS.find((other) => other !== name);
		const model = modelOf(provider);
		const client = clients[name];
		const body = JSON.stringify(client.body(model, false));
		const answer = await stack.chat(
			body.replace('Hello', 'Hel\\ud83dlo'),
			{ path: client.path(model, false) });
		const seen = await stack.lastSeen();

		assert.equal(answer.status, 200, answer.text);
		assert.ok(seen.body.toString().includes('Hel\ufffdlo'),
			`${messages} of ${name}: ${seen.body}`);
	}
});

test('nothing is disturbed', async () => {
	for (const provider of PROVIDERS) {
		const answer = await stack.chat(
			clients.openai_chat.body(modelOf(provider), false));

		assert.equal(answer.status, 200, answer.text);
	}
});

async function assertRefused(client, model, what, path, stream) {
	const { requests } = await stack.stats();
	const { stream: member } = client.body(model, stream);
	const body = typeof what === 'string' || Buffer.isBuffer(what)
		? what : { ...what, stream: member };
	const answer = await stack.chat(body,
		{ path: client.path(model, stream) });
	const problem = problemOf(client, answer);

	assert.equal(answer.status, 400, answer.text);
	assert.equal(answer.headers['content-type'], 'application/json');
	assert.ok(problem?.message.length > 10, answer.text);
	if (path) {
		// What only translation reads is told by its message alone.
		const outer = /^\w+\[\d+\]|$/.exec(path)[0] || path;

		assert.ok(problem.param?.startsWith(outer)
			|| problem.message.includes(outer), answer.text);
	}
	assert.ok(answer.headers['x-request-id'], 'X-Request-Id');
	assert.equal((await stack.stats()).requests, requests);
}
