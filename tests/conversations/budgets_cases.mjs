// budgets_cases.mjs - a hard budget is never overspent, whatever happens; for
// several web servers.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
	COST, SLACK, addModels, assertSettled, charged, fixed, forgetSharedState, left,
	picousd, ready, served, usd,
} from './limits_calls.mjs';
import { assertError, hello, sleep, until, useStack } from './stack.mjs';

const CALLS = 200;
const COVERED = 50n;
const BUDGET = COVERED * COST + SLACK;

export function budgetCases(options, { isDaemon }) {
	const stack = useStack(options, (stack) => addModels(stack, 20));
	const make = (name, ...words) => stack.createKey(name, ...words);

	test('200 calls at once on a budget for 50', async () => {
		const { key } = await make('many', '--budget-daily', usd(BUDGET));
		const before = await served(stack);
		const answers = await Promise.all(Array.from({ length: CALLS },
			() => stack.chat(fixed(), { key })));
		const good = answers.filter(({ status }) => status === 200);
		const refused = answers.filter(({ status }) => status === 402);

		assert.equal(good.length + refused.length, CALLS,
			answers.find(({ status }) =>
				status !== 200 && status !== 402)?.text);
		assert.ok(good.length <= COVERED && good.length > 0, `${good.length}`);
		for (const answer of refused.slice(0, 3))
			assertError(answer, 402, 'budget_exceeded');

		// What is left is spent by one after the other.
		let more = 0n;

		await until(async () => {
			const { status } = await stack.chat(fixed(), { key });

			more += status === 200 ? 1n : 0n;
			return status === 402;
		}, 'the budget to be spent', { every: 0 });
		assert.equal(BigInt(good.length) + more, COVERED);
		assert.equal(await assertSettled(stack, key, 'many', BUDGET),
			COVERED * COST);
		assert.equal(await served(stack) - before, COVERED);
	});

	test('a refused call says whose budget, how much, until when', async () => {
		const { key } = await make('spent', '--budget-daily', '0.000001');
		const answer = await stack.chat(fixed(), { key });
		const error = assertError(answer, 402, 'budget_exceeded');

		assert.match(error.message, /This key may spend 0\.000001 USD a day/);
		assert.match(error.message, /request alone may cost 0\.002\d+ USD/);
		assert.match(error.message, /Lower max_tokens, which is 1000/);
		assert.equal(answer.headers['x-should-retry'], 'false');
		assert.equal(answer.headers['x-gateway-budget-remaining-usd'],
			'0.000001');
		const row = await stack.row(answer);

		assert.equal(row.error, 'budget_exceeded');
		assert.equal(row.status, 402);
		assert.equal(row.provider, null);
		assert.equal(await charged(stack, 'spent'), 0n);
	});

	test('and when it begins anew', async () => {
		const { key } = await make('nearly', '--budget-monthly', '0.003');

		const first = await stack.chat(fixed(), { key });

		assert.equal(first.status, 200);
		await stack.row(first); // it is settled
		const answer = await stack.chat(fixed(), { key });
		const { message } = assertError(answer, 402, 'budget_exceeded');

		assert.match(message, /a month; 0\.00201 USD are spent/);
		assert.match(message,
			/next month begins at \d{4}-\d\d-01T00:00:00\.000Z/);
		assert.ok(Number(answer.headers['retry-after']) > 0);
		// What costs nothing may go on.
		assert.equal((await stack.chat(hello('free'), { key })).status, 200);
	});

	test('a soft budget counts and never refuses', async () => {
		const { id, key } = await make('soft');

		await stack.cli(['budget', 'set', '--key', String(id),
			'--daily', '0.001', '--soft']);
		for (let i = 0; i < 3; i++) {
			const answer = await stack.chat(fixed(), { key });

			assert.equal(answer.status, 200, answer.text);
			assert.equal(answer.headers['x-gateway-budget-remaining-usd'],
				undefined);
		}
	});

	test('a soft budget that becomes hard knows what was', async () => {
		const { id, key } = await make('hardened');
		const set = (...words) => stack.cli(['budget', 'set',
			'--key', String(id), '--daily', usd(2n * COST + SLACK),
			...words]);

		await set('--soft');
		assert.equal((await stack.chat(hello('free'), { key })).status, 200);
		assert.equal((await stack.chat(fixed(), { key })).status, 200);
		await set();
		assert.equal(await left(stack, key), COST + SLACK);
		assert.equal((await stack.chat(fixed(), { key })).status, 200);
		assertError(await stack.chat(fixed(), { key }), 402,
			'budget_exceeded');
	});

	test('budgets of project and user hold beside the key\'s', async () => {
		await stack.cli(['project', 'add', 'frugal']);
		const { key } = await make('of frugal', '--project', 'frugal');

		await stack.cli(['budget', 'set', '--project', 'frugal',
			'--daily', usd(3n * COST + SLACK)]);
		await stack.cli(['budget', 'set', '--project', 'frugal',
			'--user', 'ann', '--daily', usd(COST + SLACK)]);
		const ask = (user) => stack.chat(fixed({ user }), { key });

		assert.equal((await ask('ann')).status, 200);
		assert.match(assertError(await ask('ann'), 402, 'budget_exceeded')
			.message, /The user 'ann' may spend/);
		assert.equal((await ask('bob')).status, 200);
		assert.equal((await ask('bob')).status, 200);
		assert.match(assertError(await ask('bob'), 402, 'budget_exceeded')
			.message, /This project may spend/);
	});

	test('an unpriced model is charged at the ceiling', async () => {
		await stack.cli(['model', 'add', 'unpriced', '--provider', 'sandbox',
			'--upstream', 'sim-small?tokens=100,prompt_tokens=10']);
		const { key } = await make('unpriced', '--budget-daily', '1');
		const answer = await stack.chat(
			hello('unpriced', { max_tokens: 100 }), { key });

		assert.equal(answer.status, 200, answer.text);
		await stack.row(answer);
		// 10 at 30 USD a million, 100 at 150.
		assert.equal(await assertSettled(stack, key, 'unpriced',
			picousd('1')), picousd('0.0153'));
	});

	test('what a provider refuses costs nothing', async () => {
		await stack.addModel('refused', 'status=400');
		const { key } = await make('refused', '--budget-daily', '1');

		assert.equal((await stack.chat(hello('refused'), { key })).status, 400);
		assert.equal(await left(stack, key), picousd('1'));
	});

	test('a budget that is made in the middle knows what was', async () => {
		const { id, key } = await make('made later');

		for (let i = 0; i < 3; i++)
			assert.equal((await stack.chat(fixed(), { key })).status, 200);
		await stack.cli(['budget', 'set', '--key', String(id),
			'--daily', usd(4n * COST + SLACK)]);
		assert.equal((await stack.chat(fixed(), { key })).status, 200);
		assertError(await stack.chat(fixed(), { key }), 402,
			'budget_exceeded');
	});

	if (!isDaemon)
		return;

	test('a gateway that is killed overspends nothing', async () => {
		const { key } = await make('killed', '--budget-daily', usd(BUDGET));
		const before = await served(stack);
		const ask = () => stack.chat(hello('slow', { max_tokens: 1000 }),
			{ key }).catch((error) => ({ status: 0, text: String(error) }));
		const first = Array.from({ length: 40 }, ask);

		await sleep(500);
		await stack.kill('gateway');
		await stack.start('gateway');
		await ready(stack);
		const second = Array.from({ length: CALLS }, ask);

		await Promise.all([...first, ...second]);
		const spent = await assertSettled(stack, key, 'killed', BUDGET);
		const count = await served(stack) - before;

		assert.ok(spent <= BUDGET, `${spent}`);
		assert.ok(count * COST <= BUDGET, `${count} served`);
		const dead = (await stack.exportUsage()).filter(({ key, error }) =>
			key === 'killed' && error === 'gateway_died');

		assert.ok(dead.length > 0, 'calls died with their process');
		for (const row of dead) {
			assert.equal(row.status, 502);
			assert.equal(row.model_asked, 'slow');
			assert.ok(picousd(row.charged_usd) >= COST);
		}
	});

	test('a reboot forgets no spending', async () => {
		const { key } = await make('rebooted', '--budget-daily', '1');

		for (let i = 0; i < 3; i++)
			await stack.row(await stack.chat(fixed(), { key }));
		const before = await left(stack, key);

		assert.equal(before, picousd('1') - 3n * COST);
		await stack.stop('gateway');
		forgetSharedState(stack);
		await stack.start('gateway');
		await ready(stack);
		assert.equal(await left(stack, key), before);
	});
}
