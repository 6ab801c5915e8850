// oddities_streams.test.mjs - streams that are legal, or nearly, and odd. The
// simulator's own stream is taken, made odd, and played to the gateway: for a
// client of the provider's dialect the bytes must come through, for all others
// the same must be understood as of the stream that was not odd.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { answerOf, hear, oddStreams } from './oddities.mjs';
import { clients, read } from './plain_clients.mjs';
import { addModels, addProviders, dialects, modelOf } from './providers.mjs';
import { useStack } from './stack.mjs';

const stack = useStack({}, async (stack) => {
	await addProviders(stack, dialects);
	await addModels(stack, 'odd', 'tokens=12,words=unicode');
});

for (const provider of dialects) {
	test(`from ${provider}`, async (t) => {
		const plain = await answerOf(stack, modelOf(provider, 'odd'));

		for (const odd of oddStreams(provider)) {
			const bytes = odd.change(plain.bytes);

			await t.test(odd.name, async () => {
				for (const client of Object.keys(clients))
					await assertUnderstood(provider, client,
						plain, { ...odd, bytes });
			});
		}
	});
}

async function assertUnderstood(provider, name, plain, odd) {
	const client = clients[name];
	const model = modelOf(provider, 'odd');
	const expected = read(client, await hear(stack, client, model, plain));
	const answer = await hear(stack, client, model, { ...plain, ...odd });
	const got = read(client, answer);
	const about = `${odd.name}, ${name} at ${provider}: ${
		answer.text.slice(-600)}\n${JSON.stringify(got).slice(-600)}`;

	assert.equal(expected.said.split(' ').length, 12);
	if (name === provider)
		assert.ok(answer.body.equals(odd.bytes), about);
	if (odd.hasNoUsage)
		got.usage = expected.usage;
	if (odd.says) {
		expected.said = odd.says(expected.said);
		if (expected.spelled)
			expected.spelled = expected.said;
	}
	if (name === provider && odd.ends)
		expected.ends = odd.ends;
	assert.deepEqual(got, expected, about);
}
