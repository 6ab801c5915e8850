// limits_calls.mjs - calls of a known price, and what a counter stands at.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

import { hello, sleep, until } from './stack.mjs';

// One call of the model 'fixed', in pico-dollars: 10 tokens of prompt at 1 USD
// a million, 1000 of completion at 2.
export const COST = 10n * 1000000n + 1000n * 2000000n;
const USD = 1000000000000n;

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

// nginx leaves a process that was away out for a second.
export async function ready(stack) {
	for (let good = 0; good < 20;) {
		const { status } = await askFree(stack);

		good = status === 200 ? good + 1 : 0;
		await sleep(20);
	}
}

// What a reboot does to the memory that the processes share.
export function forgetSharedState(stack) {
	const [, folder] = fs.readFileSync(stack.env.CONFIG, 'utf8')
		.match(/^hot_dir = (.*)$/m);

	for (const name of fs.readdirSync(folder))
		fs.rmSync(path.join(folder, name), { recursive: true });
}
