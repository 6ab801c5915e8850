// oddities_cuts.test.mjs - streams that end wherever they please: in a line, in
// an escape, in a character. What a client was given is readable to its end,
// and it is told whether that was all.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { answerOf, hear } from './oddities.mjs';
import { clients, problemOf, read } from './plain_clients.mjs';
import { addModels, addProviders, dialects, modelOf } from './providers.mjs';
import { faultsAlone, useStack } from './stack.mjs';

// A prime, so that it fits nothing.
const PLACES = 17;
const stack = useStack({ set: faultsAlone }, async (stack) => {
	await addProviders(stack, dialects);
	await addModels(stack, 'cut', 'tokens=12,words=unicode');
});

for (const provider of dialects) {
	for (const [name, client] of Object.entries(clients)) {
		test(`${name} at ${provider}`, async () => {
			const model = modelOf(provider, 'cut');
			const plain = await answerOf(stack, model);
			const whole = read(client,
				await hear(stack, client, model, plain));
			let broken = 0;

			for (const at of placesIn(plain.bytes)) {
				const bytes = plain.bytes.subarray(0, at);
				const answer = await hear(stack, client, model,
					{ ...plain, bytes });

				broken += assertHonest(client, answer, whole,
					`${name} at ${provider}, ${at} bytes`);
			}
			assert.ok(broken > PLACES / 2, `${broken} broken`);
		});
	}
}

// Some all over it, and each of a character of four bytes.
function placesIn(bytes) {
	const rocket = bytes.indexOf('🚀');
	const places = [];

	for (let i = 1; i <= PLACES; i++)
		places.push(Math.floor(i * (bytes.length - 1) / PLACES));
	for (let i = 1; i < 4 && rocket > 0; i++)
		places.push(rocket + i);
	return places;
}

// 1 when the client was told that something is missing. It need not be: all
// may have been said already.
function assertHonest(client, answer, whole, about) {
	if (answer.status !== 200) {
		assert.equal(answer.status, 502, about);
		assert.ok(problemOf(client, answer), about);
		return 1;
	}
	const { said, spelled = said, ends, finish } = read(client, answer);
	const seen = `${about}: ${answer.text.slice(-500)}`;

	assert.ok(!answer.text.includes('\ufffd'), seen);
	if (problemOf(client, answer)) {
		// Chat Completions tell their usage after the end.
		if (client !== clients.openai_chat || said !== whole.said)
			assert.equal(ends, 0, seen);
		assert.ok(whole.said.startsWith(spelled), seen);
		return 1;
	}
	assert.equal(ends, 1, seen);
	assert.equal(said, whole.said, seen);
	assert.equal(finish, whole.finish, seen);
	return 0;
}
