// limits_calls.mjs - calls of a known price, and what a counter stands at.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

import { assertError, hello, sleep, until } from './stack.mjs';

// One call of the model 'fixed', in pico-dollars: 10 tokens of prompt at 1 USD
// a million, 1000 of completion at 2.
export const COST = 10n * 1000000n + 1000n * 2000000n;
const USD = 1000000000000n;
// A call reserves a little more than it costs: its prompt by the byte.
export const SLACK = 300000000n;

export async function addModels(stack, delayMs = 0) {
	const words = 'tokens=1000,prompt_tokens=10';

	await stack.addModel('fixed', `${words},delay_ms=${delayMs}`);
	await stack.addModel('slow', `${words},delay_ms=1500`);
	await stack.cli(['model', 'add', 'free', '--provider', 'sandbox',
		'--upstream', 'sim-small?tokens=4',
		'--input-price', '0', '--output-price', '0']);
}

export function fixed(more = {}) {
	return hello('fixed', { max_tokens: 1000, ...more });
}

// "0.00201" as pico-dollars, and back.
export function picousd(usd) {
	const [whole, part = ''] = String(usd).split('.');

	return BigInt(whole) * USD + BigInt(part.padEnd(12, '0'));
}

export function usd(picousd) {
	return `${picousd / USD}.${String(picousd % USD).padStart(12, '0')}`;
}

// How many calls that cost something have reached the simulator.
let free = 0;

export async function served(stack) {
	return BigInt((await stack.stats()).requests - free);
}

async function askFree(stack, options) {
	const answer = await stack.chat(hello('free'), options);

	free += answer.status === 200 ? 1 : 0;
	return answer;
}

// What the tightest hard budget of a key has left: a call that costs nothing
// reserves nothing and tells it.
export async function left(stack, key) {
	const answer = await askFree(stack, { key });

	assert.equal(answer.status, 200, answer.text);
	return picousd(answer.headers['x-gateway-budget-remaining-usd']);
}

// All that the log says a key was charged.
export async function charged(stack, keyName) {
	const rows = (await stack.exportUsage())
		.filter(({ key }) => key === keyName);

	return rows.reduce((sum, row) =>
		sum + picousd(row.charged_usd ?? '0'), 0n);
}

// Wait until counter and log say the same: nothing runs any more.
export async function assertSettled(stack, key, keyName, budget) {
	let spent, counted;

	await until(async () => {
		spent = await charged(stack, keyName);
		counted = budget - await left(stack, key);
		return spent === counted;
	}, () => `the log's ${spent} and the counter's ${counted} to agree`,
	{ ms: 20000, every: 200 });
	return spent;
}

// So many calls at once, of the key 'many', whose budget is for fewer: they
// spend no more than that, and in the end all of it.
export async function spendAtOnce(stack, calls, covered) {
	const budget = covered * COST + SLACK;
	const { key } = await stack.createKey('many', '--budget-daily',
		usd(budget));
	const ask = () => stack.chat(fixed(), { key });
	const answers = await Promise.all(Array.from({ length: calls }, ask));
	let good = BigInt(answers.filter(({ status }) =>
		status === 200).length);

	assert.ok(good > 0n && good <= covered, `${good}`);
	assert.deepEqual([...new Set(answers.map(({ status }) => status))].sort(),
		[200, 402]);
	// Settling comes a moment after the answer.
	await until(async () => {
		good += (await ask()).status === 200 ? 1n : 0n;
		return good >= covered;
	}, () => `${covered} calls, not ${good}`);
	assertError(await ask(), 402, 'budget_exceeded');
	assert.equal(await assertSettled(stack, key, 'many', budget),
		covered * COST);
}

// nginx leaves a process that was away out for a second. Where machines are
// named, each of them is asked again.
export async function ready(stack, ...hosts) {
	await until(async () => {
		const ids = [];

		while (ids.length < 20) {
			const { status, headers } = await askFree(stack);

			if (status === 200)
				ids.push(headers['x-request-id']);
			else
				ids.length = 0;
			await sleep(20);
		}
		if (hosts.length === 0)
			return true;
		const rows = [...(await stack.rows(ids)).values()];

		return hosts.every((name) => rows.some(({ host }) => host === name));
	}, `${hosts} to be asked`, { ms: 60000 });
}

// What a reboot does to the memory that the processes share.
export function forgetSharedState(stack) {
	const [, folder] = fs.readFileSync(stack.env.CONFIG, 'utf8')
		.match(/^hot_dir = (.*)$/m);

	for (const name of fs.readdirSync(folder))
		fs.rmSync(path.join(folder, name), { recursive: true });
}
