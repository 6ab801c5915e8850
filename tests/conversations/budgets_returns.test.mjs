// budgets_returns.test.mjs - what a machine was granted of a budget and did
// not spend goes back when its last process stops, and others spend it at
// once.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { COST, SLACK, addModels, charged, fixed, ready, usd } from './limits_calls.mjs';
import { SecondHost, granted, isAlive } from './second_host.mjs';
import { until, useStack } from './stack.mjs';

const COVERED = 10n;
const BUDGET = COVERED * COST + SLACK;

const second = new SecondHost();
const stack = useStack({
	processes: 3, set: {
		'limits.shared': 'mariadb',
		// The first call takes all of a budget.
		'limits.slice_usd': '1',
		'server.host_name': 'first',
	},
}, async (stack) => {
	await addModels(stack);
	await second.start(stack);
	await ready(stack, 'first', 'second');
});

after(() => second.remove());

// A key whose whole budget that host has taken, by one call.
async function keyOf(host) {
	for (let i = 0; i < 20; i++) {
		const name = `of ${host} ${i}`;
		const { id, key } = await stack.createKey(name,
			'--budget-daily', usd(BUDGET));

		const answer = await stack.chat(fixed(), { key });

		assert.equal(answer.status, 200);
		// Or one that is killed leaves it as it was reserved.
		await stack.row(answer);
		const held = await granted(stack, id);

		assert.equal(Object.values(held)[0], BUDGET);
		if (host in held)
			return { id, key, name };
	}
	return assert.fail(`${host} serves no call`);
}

async function spendRest({ key, name }) {
	for (let good = 1n; good < COVERED; good += 1n) {
		const { status, text } = await stack.chat(fixed(), { key });

		assert.equal(status, 200, text);
	}
	assert.equal((await stack.chat(fixed(), { key })).status, 402);
	await until(async () =>
		await charged(stack, name) === COVERED * COST, 'the log');
}

test('a machine that stops gives back what it did not spend', async () => {
	const key = await keyOf('second');

	await second.stop();
	assert.deepEqual(await granted(stack, key.id), { second: COST });
	await spendRest(key);
	await second.startAgain();
	await ready(stack, 'first', 'second');
});

test('one that is killed gives back nothing', async () => {
	const key = await keyOf('second');

	await second.stop('SIGKILL');
	assert.deepEqual(await granted(stack, key.id), { second: BUDGET });
	await second.startAgain();
	await ready(stack, 'first', 'second');
	await second.stop();
	assert.deepEqual(await granted(stack, key.id), { second: COST });
	await second.startAgain();
	await ready(stack, 'first', 'second');
});

test('the last of its processes does', async () => {
	const key = await keyOf('first');
	const [one, , two] = stack.env.GATEWAY_PIDS.split(' ').map(Number);
	const stop = async (pid) => {
		process.kill(pid, 'SIGTERM');
		await until(() => !isAlive(pid), 'the process to end');
	};

	await stop(one);
	assert.deepEqual(await granted(stack, key.id), { first: BUDGET });
	await stop(two);
	assert.deepEqual(await granted(stack, key.id), { first: COST });
	await spendRest(key);
});
