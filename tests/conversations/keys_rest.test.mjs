// keys_rest.test.mjs - a provider's keys that do not rest share its calls as
// their weights say, as if the others were not there.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { Host } from './pool_hosts.mjs';
import { hello, useStack } from './stack.mjs';

const CALLS = 400;
const CLIENTS = 8;
// The simulator's answer tells which key it was sent.
const KEYS = [
	{ key: 'sk-rests-heaviest', weight: 50, behaviour: 'tokens=2' },
	{ key: 'sk-rests-heavier', weight: 40, behaviour: 'tokens=3' },
	{ key: 'sk-rests-lighter', weight: 10, behaviour: 'tokens=4' },
];

const host = new Host('keys', ['sim-small']);
const stack = useStack({ processes: 2, set: {
	'upstream.key_refused_ms': 3600000,
	'retry.budget_percent': 300,
} }, async (stack) => {
	await host.start();
	for (const [i, { key, weight }] of KEYS.entries())
		await stack.addProvider('keyed', `${host.url}/v1`, key,
			'--key-name', `key-${i}`, '--key-weight', String(weight));
	await stack.addModel('shared', '', { provider: 'keyed' });
});

after(() => host.die());

// How many calls each key got.
async function shares() {
	const counts = KEYS.map(() => 0);
	let made = 0;

	await Promise.all(Array.from({ length: CLIENTS }, async () => {
		while (made++ < CALLS) {
			const answer = await stack.chat(hello('shared'));

			assert.equal(answer.status, 200, answer.text);
			counts[answer.json().usage.completion_tokens - 2]++;
		}
	}));
	return counts;
}

// Five standard deviations: once in a million that is chance.
function assertShares(counts, weights) {
	const all = weights.reduce((a, b) => a + b);

	for (const [i, weight] of weights.entries()) {
		const part = weight / all;
		const most = 5 * Math.sqrt(CALLS * part * (1 - part));

		assert.ok(Math.abs(counts[i] - CALLS * part) <= most,
			`${counts} for ${weights}`);
	}
}

test('all of them', async () => {
	await host.control('rules', { rules: KEYS });
	assertShares(await shares(), [50, 40, 10]);
});

for (const [i, weights] of [[0, [0, 40, 10]], [1, [0, 0, 10]]])
	test(`with ${i + 1} that rest${i === 0 ? 's' : ''}`, async () => {
		await host.control('rules', { rules: KEYS.map((rule, at) =>
			at <= i ? { key: rule.key, behaviour: 'status=401' } : rule) });
		// Someone finds out; the others are told.
		for (let calls = 0; calls < 30; calls++)
			await stack.chat(hello('shared'));
		assertShares(await shares(), weights);
	});
