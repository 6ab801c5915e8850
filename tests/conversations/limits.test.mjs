// limits.test.mjs - rates, calls at once and quotas, as clients of three
// dialects meet them.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import Anthropic from '@anthropic-ai/sdk';
import { ApiError, GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';

import { addModels, fixed } from './limits_calls.mjs';
import { assertError, hello, until, useStack } from './stack.mjs';

const stack = useStack({ processes: 2, set: { 'server.loops': 2 } },
	(stack) => addModels(stack));

const ask = (key, more) => stack.chat(fixed(more), { key });

async function askUntilRefused(key, more) {
	let refused;

	await until(async () => {
		const answer = await ask(key, more);

		refused = answer.status === 200 ? undefined : answer;
		return refused;
	}, 'a refusal', { every: 0 });
	return refused;
}

test('requests a minute', async () => {
	const { key } = await stack.createKey('five', '--rpm', '5');
	const answers = [];

	for (let i = 0; i < 6; i++)
		answers.push(await ask(key));
	assert.deepEqual(answers.map(({ status }) => status),
		[200, 200, 200, 200, 200, 429]);
	assert.deepEqual(answers.map(({ headers }) =>
		headers['x-ratelimit-remaining-requests']),
	['4', '3', '2', '1', '0', '0']);
	for (const { headers } of answers) {
		assert.equal(headers['x-ratelimit-limit-requests'], '5');
		assert.match(headers['x-ratelimit-reset-requests'],
			/^(1m0s|\d+s|\d+ms)$/);
	}

	const error = assertError(answers[5], 429, 'rate_limit_exceeded');
	const wait = Number(answers[5].headers['retry-after']);

	assert.match(error.message, /^This key may make 5 requests a minute\.$/);
	assert.equal(error.type, 'rate_limit_error');
	assert.ok(wait > 0 && wait <= 61, `${wait}`);
	const row = await stack.row(answers[5]);

	assert.equal(row.status, 429);
	assert.equal(row.error, 'rate_limit_exceeded');
	assert.equal(row.model_asked, 'fixed');
});

test('a key without limits has no such headers', async () => {
	const { key } = await stack.createKey('free of limits');
	const { headers } = await ask(key);

	assert.deepEqual(Object.keys(headers).filter((name) =>
		/ratelimit|budget/.test(name)), []);
});

test('lists of models are no requests, counts of tokens are', async () => {
	const { key } = await stack.createKey('two', '--rpm', '2',
		'--budget-daily', '0.000001');
	const count = () => stack.chat(hello('fixed'),
		{ key, path: '/v1/messages/count_tokens' });

	for (let i = 0; i < 3; i++)
		assert.equal((await stack.get('/v1/models', { key })).status, 200);
	assert.equal((await count()).status, 200);
	assert.equal((await count()).status, 200);
	assert.equal((await count()).status, 429);
});

test('calls at once', async () => {
	const { key } = await stack.createKey('three', '--concurrent', '3');
	const slow = hello('slow', { max_tokens: 1000 });
	const answers = await Promise.all(Array.from({ length: 12 },
		() => stack.chat(slow, { key })));
	const refused = answers.filter(({ status }) => status !== 200);

	assert.equal(refused.length, 9);
	for (const answer of refused)
		assert.match(assertError(answer, 429, 'concurrency_limit_exceeded')
			.message, /may have 3 requests running at once/);
	assert.equal(refused[0].headers['retry-after'], '1');
	// They have ended: there is room again.
	assert.equal((await ask(key)).status, 200);
});

test('the OpenAI SDK waits as it is told and succeeds', async () => {
	const { key } = await stack.createKey('one', '--concurrent', '1');
	const sdk = stack.sdk({ apiKey: key, maxRetries: 4 });
	const slow = hello('slow', { max_tokens: 1000 });
	const [a, b] = await Promise.all([
		sdk.chat.completions.create(slow),
		sdk.chat.completions.create(slow)]);

	assert.equal(a.choices.length + b.choices.length, 2);
});

test('tokens a minute', async () => {
	const { key } = await stack.createKey('tokens', '--tpm', '2500');
	const first = await ask(key);

	// 1000 of completion and a few of the prompt are reserved.
	assert.equal(first.status, 200, first.text);
	assert.equal(first.headers['x-ratelimit-limit-tokens'], '2500');
	const left = Number(first.headers['x-ratelimit-remaining-tokens']);

	assert.ok(left < 1500 && left > 1480, `${left}`);
	assert.equal((await ask(key)).status, 200);
	// The calls used 1010 each; they are settled a moment after their answers.
	await until(async () => {
		const refused = await ask(key);

		assert.match(assertError(refused, 429, 'rate_limit_exceeded').message,
			/^This key may use 2500 tokens a minute\.$/);
		return refused.headers['x-ratelimit-remaining-tokens'] === '480';
	}, 'both to be settled');
	assert.equal((await ask(key, { max_tokens: 400 })).status, 200);
});

test('a request that never fits says so', async () => {
	const { key } = await stack.createKey('small', '--tpm', '500');
	const answer = await ask(key);
	const error = assertError(answer, 429, 'rate_limit_exceeded',
		'max_tokens');

	assert.match(error.message, /500 tokens a minute, and this request alone/);
	assert.equal(answer.headers['x-should-retry'], 'false');
	assert.equal(answer.headers['retry-after'], undefined);
});

test('quotas of a project and of each of its users', async () => {
	await stack.cli(['project', 'add', 'school']);
	await stack.cli(['quota', 'set', '--project', 'school',
		'--requests-daily', '4']);
	await stack.cli(['quota', 'set', '--project', 'school', '--user', 'ann',
		'--tokens-daily', '2000']);
	const { key } = await stack.createKey('pupil', '--project', 'school');

	assert.equal((await ask(key, { user: 'ann' })).status, 200);
	const ann = await ask(key, { user: 'ann' });
	const { message } = assertError(ann, 429, 'quota_exceeded');

	assert.match(message, /^The user 'ann' may use 2000 tokens a day; 1010 /);
	assert.match(message, /The next day begins at \d{4}-.*T00:00:00\.000Z/);
	for (let i = 0; i < 3; i++)
		assert.equal((await ask(key, { user: 'bob' })).status, 200);
	assert.match(assertError(await ask(key, { user: 'bob' }), 429,
		'quota_exceeded').message, /^This project may make 4 requests a day/);
});

test('what a provider allows', async () => {
	await stack.addProvider('strict', `${stack.env.SIMULATOR_URL}/v1`,
		'a-key', '--rpm', '2');
	await stack.addModel('of-strict', '', { provider: 'strict' });
	const strict = () => stack.chat(hello('of-strict'));

	assert.equal((await strict()).status, 200);
	assert.equal((await strict()).status, 200);
	const refused = await strict();

	assertError(refused, 429, 'rate_limit_exceeded');
	assert.ok(Number(refused.headers['retry-after']) > 0);
	// Another provider of the same model takes over.
	await stack.addModel('of-strict');
	assert.equal((await strict()).status, 200);
});

test('official SDKs know what they are told', async (t) => {
	const { key } = await stack.createKey('sdk', '--rpm', '1');
	const { key: poor } = await stack.createKey('poor', '--budget-daily', '0');
	const body = { model: 'fixed', max_tokens: 1000,
		messages: [{ role: 'user', content: 'Hello' }] };

	assert.equal((await ask(key)).status, 200);
	await t.test('openai', async () => {
		await assert.rejects(stack.sdk({ apiKey: key })
			.chat.completions.create(fixed()), (error) => {
			assert.ok(error instanceof OpenAI.RateLimitError);
			assert.equal(error.code, 'rate_limit_exceeded');
			return true;
		});
		await assert.rejects(stack.sdk({ apiKey: poor, maxRetries: 3 })
			.chat.completions.create(fixed()), (error) => {
			assert.equal(error.status, 402);
			assert.equal(error.code, 'budget_exceeded');
			assert.equal(error.type, 'insufficient_quota');
			return true;
		});
	});
	await t.test('anthropic', async () => {
		const open = (apiKey) => new Anthropic({ apiKey,
			baseURL: stack.url, maxRetries: 0 });

		await assert.rejects(open(key).messages.create(body), (error) => {
			assert.ok(error instanceof Anthropic.RateLimitError);
			assert.equal(error.error.error.type, 'rate_limit_error');
			assert.equal(error.headers.get(
				'anthropic-ratelimit-requests-limit'), '1');
			assert.equal(error.headers.get(
				'anthropic-ratelimit-requests-remaining'), '0');
			assert.ok(Date.parse(error.headers.get(
				'anthropic-ratelimit-requests-reset')) > Date.now());
			return true;
		});
		await assert.rejects(open(poor).messages.create(body), (error) => {
			assert.equal(error.status, 402);
			assert.equal(error.error.error.type, 'billing_error');
			return true;
		});
	});
	await t.test('gemini', async () => {
		const generate = (apiKey) => new GoogleGenAI({ apiKey,
			httpOptions: { baseUrl: stack.url } }).models.generateContent({
			model: 'fixed', contents: 'Hello' });

		for (const [apiKey, status] of [[key, 429], [poor, 402]])
			await assert.rejects(generate(apiKey), (error) => {
				assert.ok(error instanceof ApiError);
				assert.equal(error.status, status);
				assert.match(error.message, /RESOURCE_EXHAUSTED/);
				return true;
			});
	});
});

test('refusals take nothing', async () => {
	const { key } = await stack.createKey('both', '--rpm', '3',
		'--budget-daily', '0.000001');

	for (let i = 0; i < 5; i++)
		assertError(await ask(key), 402, 'budget_exceeded');
	const { headers } = await stack.chat(hello('free'), { key });

	assert.equal(headers['x-ratelimit-remaining-requests'], '2');
	assert.equal((await askUntilRefused(key)).status, 402);
});
