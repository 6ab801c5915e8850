// limits_settings.test.mjs - what the settings give everybody: users of a
// project and addresses; and what the rates of eight processes add up to.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { addModels, fixed } from './limits_calls.mjs';
import { assertError, hello, useStack } from './stack.mjs';

const ADDRESS = 150;
const KEY = 100;

const stack = useStack({
	web: 'fcgid', processes: 8, set: {
		'limits.ip_rpm': ADDRESS,
		'limits.user_rpm': 3,
		'limits.user_tokens_daily': 2500,
	},
}, (stack) => addModels(stack));

test('users of a project', async () => {
	const ask = (user, more) => stack.chat(fixed({ user, ...more }));

	assert.equal((await ask('ann')).status, 200);
	assert.equal((await ask('ann')).status, 200);
	assert.match(assertError(await ask('ann'), 429, 'quota_exceeded').message,
		/^The user 'ann' may use 2500 tokens a day/);
	assert.equal((await ask('ann', { max_tokens: 10 })).status, 200);
	assert.match(assertError(await ask('ann', { max_tokens: 10 }), 429,
		'rate_limit_exceeded').message,
	/^The user 'ann' may make 3 requests a minute/);
	assert.equal((await ask('bob')).status, 200);
});

test('eight processes keep one rate', async () => {
	const { key } = await stack.createKey('hundred', '--rpm', String(KEY));
	const answers = [];
	const client = async () => {
		for (let i = 0; i < 10; i++)
			answers.push(await stack.chat(hello('free'), { key }));
	};

	await Promise.all(Array.from({ length: 14 }, client));
	const good = answers.filter(({ status }) => status === 200).length;

	assert.equal(answers.length, 140);
	assert.ok(good <= KEY && good >= KEY * 0.99, `${good} of ${KEY}`);
});

test('addresses', async () => {
	let good = 0;

	for (let i = 0; i < ADDRESS; i++) {
		const answer = await stack.chat(hello('free'));

		if (answer.status === 200) {
			good++;
			continue;
		}
		assert.match(assertError(answer, 429, 'rate_limit_exceeded').message,
			/^This address may make 150 requests a minute/);
		break;
	}
	assert.ok(good < ADDRESS, `${good} more`);
});
