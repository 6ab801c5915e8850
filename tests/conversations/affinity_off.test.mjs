// affinity_off.test.mjs - with upstream.affinity=no chance decides for all.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { prompt } from './affinity_cases.mjs';
import { useStack } from './stack.mjs';

const stack = useStack({ set: { 'upstream.affinity': 'no' } },
	async (stack) => {
		for (const name of ['one', 'two'])
			await stack.addProvider('keyed',
				`${stack.env.SIMULATOR_URL}/v1`, `sk-${name}`,
				'--key-name', name);
		await stack.cli(['model', 'add', 'keyed', '--provider', 'keyed',
			'--upstream', 'sim-small?prompt_cache=600',
			'--input-price', '1', '--output-price', '2']);
	});

test('a long prompt goes by chance', async () => {
	const keys = new Set();
	let answer;

	for (let i = 0; i < 40; i++) {
		answer = await stack.chat({ model: 'keyed', messages: [
			{ role: 'user', content: prompt('chance') }] });
		assert.equal(answer.status, 200, answer.text);
		keys.add((await stack.lastSeen()).headers.authorization);
	}
	assert.equal(keys.size, 2);
	assert.ok(!(await stack.row(answer)).affinity);
});
