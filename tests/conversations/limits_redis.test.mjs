// limits_redis.test.mjs - counters that several machines share: the same
// promises, and what happens while Redis is away.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import {
	COST, SLACK, addModels, assertSettled, fixed, picousd, ready, spendAtOnce,
	usd,
} from './limits_calls.mjs';
import { assertError, hello, until, useStack } from './stack.mjs';

const BUDGET = picousd('1');
const COVERED = 20n;

const stack = useStack({
	processes: 2, redis: true, set: { 'server.loops': 2 },
}, (stack) => addModels(stack));

const ask = (key, more) => stack.chat(fixed(more), { key });

test('a budget under calls at once', () => spendAtOnce(stack, 80, COVERED));

test('rates and calls at once', async () => {
	const five = await stack.createKey('five', '--rpm', '5');
	const two = await stack.createKey('two', '--concurrent', '2');
	const rates = await Promise.all(Array.from({ length: 12 }, () =>
		stack.chat(hello('free'), { key: five.key })));
	const slow = await Promise.all(Array.from({ length: 6 }, () =>
		stack.chat(hello('slow', { max_tokens: 1000 }),
			{ key: two.key })));

	for (const [answers, good] of [[rates, 5], [slow, 2]])
		assert.equal(answers.filter(({ status }) => status === 200).length,
			good);
});

test('without Redis this machine counts alone, and nothing is lost', async () => {
	const { key } = await stack.createKey('lonely', '--budget-daily', '1',
		'--rpm', '12');

	for (let i = 0; i < 3; i++)
		assert.equal((await ask(key)).status, 200);
	await assertSettled(stack, key, 'lonely', BUDGET);
	await stack.kill('redis');
	for (let i = 0; i < 5; i++) {
		const answer = await ask(key);

		assert.equal(answer.status, 200, answer.text);
		// It does not know what others spend of it.
		assert.equal(answer.headers['x-gateway-budget-remaining-usd'],
			undefined);
		assert.equal(answer.headers['x-ratelimit-limit-requests'], '12');
	}
	await stack.start('redis');
	await ready(stack);
	assert.equal(await assertSettled(stack, key, 'lonely', BUDGET),
		8n * COST);
});

test('a gateway that is killed overspends nothing', async () => {
	const budget = COVERED * COST + SLACK;
	const { key } = await stack.createKey('killed', '--budget-daily',
		usd(budget));
	const slow = () => stack.chat(hello('slow', { max_tokens: 1000 }),
		{ key }).catch(() => undefined);
	const first = Array.from({ length: 10 }, slow);

	await until(async () => (await stack.stats()).active > 5,
		'the calls to run');
	await stack.kill('gateway');
	await stack.start('gateway');
	await ready(stack);
	await Promise.all([...first, ...Array.from({ length: 40 }, slow)]);
	const spent = await assertSettled(stack, key, 'killed', budget);

	assert.ok(spent <= budget && spent > 5n * COST, `${spent}`);
});

test('a Redis that hangs is left alone, and told later', async () => {
	const { key } = await stack.createKey('patient', '--budget-daily', '1');
	const pid = Number(fs.readFileSync(path.join(stack.folder, 'pids',
		'redis'), 'utf8').split(' ')[0]);

	for (let i = 0; i < 2; i++)
		assert.equal((await ask(key)).status, 200);
	await assertSettled(stack, key, 'patient', BUDGET);
	process.kill(pid, 'SIGSTOP');
	try {
		for (let i = 0; i < 6; i++) {
			const answer = await ask(key);

			assert.equal(answer.status, 200, answer.text);
		}
	} finally {
		process.kill(pid, 'SIGCONT');
	}
	// Its counter was there all the time, and gets what it missed.
	assert.equal(await assertSettled(stack, key, 'patient', BUDGET),
		8n * COST);
});
