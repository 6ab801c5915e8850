// budgets_idle.test.mjs - what a machine was granted of a budget goes back
// when nobody has used it for a while.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { COST, addModels, charged, fixed, ready, usd } from './limits_calls.mjs';
import { SecondHost, granted } from './second_host.mjs';
import { until, useStack } from './stack.mjs';

const BUDGET = 50n * COST;

const second = new SecondHost();
const stack = useStack({
	processes: 2, set: {
		'limits.shared': 'mariadb',
		// The first call takes all of a budget.
		'limits.slice_usd': '1',
		'limits.slice_idle_ms': 1000,
		'server.host_name': 'first',
	},
}, async (stack) => {
	await addModels(stack);
	await second.start(stack);
	await ready(stack, 'first', 'second');
});

after(() => second.remove());

test('two machines take turns with one budget', async () => {
	const { id, key } = await stack.createKey('idle', '--budget-daily',
		usd(BUDGET));
	let good = 0n;

	// Had the first one kept it, the other would refuse.
	await until(async () => {
		const { status, text } = await stack.chat(fixed(), { key });

		assert.equal(status, 200, text);
		good += 1n;
		await until(async () => {
			const held = Object.values(await granted(stack, id));

			return held.reduce((a, b) => a + b) === good * COST;
		}, 'the rest to go back', { ms: 20000, every: 100 });
		return Object.keys(await granted(stack, id)).length === 2;
	}, 'both to have served', { ms: 90000 });
	await until(async () => await charged(stack, 'idle') === good * COST,
		'the log');
});
