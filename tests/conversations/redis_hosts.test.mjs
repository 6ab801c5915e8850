// redis_hosts.test.mjs - two machines that count with one Redis keep one
// budget. One of them dies while it serves: what its calls held goes back at
// once, what they cost is settled by itself, for its journal may know more.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import {
	COST, addModels, assertSettled, charged, left, picousd, ready,
	spendAtOnce,
} from './limits_calls.mjs';
import { SecondHost } from './second_host.mjs';
import { hello, until, useStack } from './stack.mjs';

const CALLS = 12;
const BUDGET = picousd('1');

const second = new SecondHost();
const stack = useStack({
	processes: 2, redis: true, set: { 'server.host_name': 'first' },
}, async (stack) => {
	await addModels(stack, 400);
	await second.start(stack);
	await ready(stack, 'first', 'second');
});

after(() => second.remove());

test('200 calls at once on a budget for 50', async () => {
	await spendAtOnce(stack, 200, 50n);
	// One may be so quick that the other has to refuse all that it is asked.
	await until(async () => new Set((await stack.exportUsage())
		.filter(({ key }) => key === 'many')
		.map(({ host }) => host)).size === 2, 'rows of both machines');
});

test('orphans of another machine', async () => {
	const { key } = await stack.createKey('orphans', '--budget-daily', '1',
		'--concurrent', String(CALLS));
	const ask = (model) => stack.chat(hello(model, { max_tokens: 1000 }),
		{ key });
	const many = (model) => Promise.all(
		Array.from({ length: CALLS }, () => ask(model)));
	const dying = async () => (await stack.exportUsage()).filter((row) =>
		row.key === 'orphans' && row.error === 'gateway_died');
	const running = many('slow');

	await until(async () => (await stack.stats()).active === CALLS,
		'the calls to run');
	await second.stop('SIGKILL');
	const lost = BigInt((await running).filter(({ status }) =>
		status !== 200).length);

	assert.ok(lost > 0n && lost < CALLS, `${lost}`);

	// Their places are free...
	await until(async () => (await many('fixed')).every(({ status }) =>
		status === 200), 'all of the places', { ms: 30000 });
	// ...but their money is not: nobody else says what they cost.
	await until(async () => BUDGET - await left(stack, key) >=
		await charged(stack, 'orphans') + lost * COST,
	'what ended to be in the log');
	assert.deepEqual(await dying(), []);

	await second.startAgain();
	await ready(stack, 'first', 'second');
	await until(async () => BigInt((await dying()).length) === lost,
		'their rows', { ms: 20000, every: 200 });
	for (const row of await dying())
		assert.equal(row.host, 'second');
	assert.ok(await assertSettled(stack, key, 'orphans', BUDGET) >=
		lost * COST);
});
