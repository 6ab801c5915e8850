// outage.test.mjs - without the database the gateway goes on, but no key
// spends more than the allowance; afterwards every counter is exact.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
	COST, addModels, assertSettled, fixed, picousd, ready,
} from './limits_calls.mjs';
import { assertError, sleep, until, useStack } from './stack.mjs';

// An hour's, for four calls.
const ALLOWANCE = '0.0085';
const BUDGET = picousd('0.1');

const stack = useStack({
	processes: 2, set: { 'server.loops': 2,
		'limits.outage_allowance_usd': ALLOWANCE },
}, (stack) => addModels(stack));

const ask = (key, more) => stack.chat(fixed(more), { key });

// An hour that ends in the middle would bring a second allowance.
async function awaitRoomInHour() {
	const left = 3600000 - Date.now() % 3600000;

	if (left < 30000)
		await sleep(left + 100);
}

test('the allowance, its end, and the account afterwards', async () => {
	const { id, key } = await stack.createKey('served on',
		'--budget-daily', '0.1');
	const rich = await stack.createKey('another');

	await awaitRoomInHour();
	assert.equal((await ask(key)).status, 200);
	assert.equal((await ask(rich.key)).status, 200);
	await stack.stop('mariadb');
	let refused;
	let during = 0n;

	// What is away for a moment is not yet away.
	await until(async () => {
		const answer = await ask(key, { max_tokens: 1 });

		assert.equal(answer.status, 200, answer.text);
		during++;
		return answer.headers['x-gateway-budget-remaining-usd'] &&
			await hasAllowance(rich.key);
	}, 'the outage to be noticed', { every: 500, ms: 20000 });
	await until(async () => {
		const answer = await ask(key);

		if (answer.status === 200)
			during++;
		else
			refused = answer;
		return refused;
	}, 'the allowance to be used up', { every: 0 });

	const { message } = assertError(refused, 503, 'limits_unavailable');

	assert.match(message, /this key may spend 0\.0085 USD an hour/);
	assert.ok(Number(refused.headers['retry-after']) > 0);
	await stack.start('mariadb');
	await ready(stack);
	// With the database the budget alone counts again.
	await until(async () => (await ask(key)).status === 200,
		'the gateway to see the database');
	const spent = await assertSettled(stack, key, 'served on', BUDGET);

	assert.equal(spent % COST, 0n);
	assert.ok(id > 0 && spent >= (during + 2n) * COST);
});

// A call that costs more than the allowance is refused in an outage alone.
async function hasAllowance(key) {
	const answer = await ask(key, { max_tokens: 100000 });

	return answer.status === 503;
}
