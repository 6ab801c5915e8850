// budgets_hosts.test.mjs - two machines that share a database and nothing
// else keep one budget. The second "machine" is a process with a name, a
// journal and a memory of its own, behind the same web server.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import {
	COST, SLACK, addModels, charged, fixed, picousd, ready, served, usd,
} from './limits_calls.mjs';
import { SecondHost } from './second_host.mjs';
import { hello, sleep, until, useStack } from './stack.mjs';

const COVERED = 50n;
const BUDGET = COVERED * COST + SLACK;

const second = new SecondHost();
const stack = useStack({
	processes: 2, set: {
		'limits.shared': 'mariadb',
		'limits.slice_usd': '0.02',
		'server.host_name': 'first',
	},
}, async (stack) => {
	await addModels(stack, 20);
	await second.start(stack);
	await ready(stack, 'first', 'second');
});

after(() => second.remove());

test('200 calls at once on a budget for 50', async () => {
	const { key } = await stack.createKey('many', '--budget-daily',
		usd(BUDGET));
	const before = await served(stack);
	const ask = () => stack.chat(fixed(), { key });
	let good = 0n;

	// Each machine has its slice before one of them can take all.
	for (let i = 0; i < 10; i++)
		good += (await ask()).status === 200 ? 1n : 0n;
	const answers = await Promise.all(Array.from({ length: 200 }, ask));

	good += BigInt(answers.filter(({ status }) => status === 200).length);

	assert.ok(good > 0n && good <= COVERED, `${good}`);
	// One machine may be refused while the other has something left.
	for (let inVain = 0; inVain < 8;) {
		const { status } = await ask();

		assert.ok(status === 200 || status === 402, `${status}`);
		inVain = status === 200 ? 0 : inVain + 1;
		good += status === 200 ? 1n : 0n;
	}
	assert.ok(good <= COVERED && good >= COVERED - 10n, `${good}`);
	assert.equal(await served(stack) - before, good);
	await until(async () => await charged(stack, 'many') === good * COST,
		'the log');

	const hosts = new Set((await stack.exportUsage())
		.filter(({ key: name }) => name === 'many').map(({ host }) => host));

	assert.deepEqual([...hosts].sort(), ['first', 'second']);
});

test('a machine that begins later knows what the other has spent', async () => {
	const { id, key } = await stack.createKey('later');

	for (let i = 0; i < 6; i++)
		assert.equal((await stack.chat(fixed(), { key })).status, 200);
	await until(async () => await charged(stack, 'later') === 6n * COST,
		'the log');
	await stack.cli(['budget', 'set', '--key', String(id), '--daily',
		usd(8n * COST + SLACK)]);
	// The other machine looks for what is new every 400 ms.
	await sleep(2000);
	let good = 0;

	for (let i = 0; i < 12; i++)
		good += (await stack.chat(fixed(), { key })).status === 200 ? 1 : 0;
	assert.ok(good === 1 || good === 2, `${good}`);
	assert.ok(await charged(stack, 'later') <= picousd(usd(8n * COST + SLACK)));
	assert.equal((await stack.chat(hello('free'), { key })).status, 200);
});
