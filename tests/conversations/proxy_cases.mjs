// proxy_cases.mjs - POST /api/llm-proxy and GET /api/quota, behind any web
// server.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hello, useStack } from './stack.mjs';

const TOKENS_DAILY = 5000;

export function proxyStack(web, options = {}) {
	return useStack({ web, ...options, set: {
		'limits.proxy_user_rpm': 4,
		'limits.proxy_user_tokens_daily': TOKENS_DAILY,
		'limits.output_tokens': 100,
	} }, async (stack) => {
		await stack.addModel('plain', 'tokens=5');
	});
}

function ask(stack, more = {}, options = {}) {
	return stack.chat({ ...hello('plain'), provider: 'sandbox',
		tenantId: 'acme', userId: 'ana', ...more },
	{ path: '/api/llm-proxy', ...options });
}

async function quota(stack, tenant, user, options) {
	const query = new URLSearchParams({ tenantId: tenant,
		...(user ? { userId: user } : {}) });
	const answer = await stack.get(`/api/quota?${query}`, options);

	assert.equal(answer.status, 200, answer.text);
	return answer.json();
}

export function proxyCases(stack) {
	test('a chat for a tenant\'s user', async () => {
		const answer = await ask(stack, { temperature: 0.5 });

		assert.equal(answer.status, 200, answer.text);
		assert.equal(answer.json().object, 'chat.completion');
		assert.equal(answer.headers['x-gateway-provider'], 'sandbox');
		const sent = JSON.parse((await stack.lastSeen()).body);

		assert.deepEqual(Object.keys(sent).sort(),
			['messages', 'model', 'temperature', 'user']);
		assert.equal(sent.user, 'acme/ana');
		assert.equal(sent.temperature, 0.5);
		assert.equal((await stack.row(answer)).user, 'acme/ana');
	});

	test('as a stream, and without naming the provider', async () => {
		const answer = await ask(stack, { stream: true, provider: undefined,
			userId: 'stream "\\ ñ' });

		assert.equal(answer.status, 200, answer.text);
		assert.ok(answer.isDone);
		assert.equal((await stack.row(answer)).user, 'acme/stream "\\ ñ');
	});

	test('the quota of a user is what the counters say', async () => {
		const fresh = await quota(stack, 'acme', 'quotas');

		assert.deepEqual(
			[fresh.tenantId, fresh.userId, fresh.user, fresh.limit,
				fresh.used, fresh.remaining],
			['acme', 'quotas', 'acme/quotas', TOKENS_DAILY, 0,
				TOKENS_DAILY]);
		assert.ok(Date.parse(fresh.reset) > Date.now());
		assert.ok(Date.parse(fresh.reset) <= Date.now() + 25 * 3600000);
		assert.equal(fresh.requests.limit, 4);
		assert.equal(fresh.requests.remaining, 4);
		const answer = await ask(stack, { userId: 'quotas' });
		const { usage } = answer.json();

		await stack.row(answer); // it is settled
		const after = await quota(stack, 'acme', 'quotas');

		assert.equal(after.used, usage.total_tokens);
		assert.equal(after.remaining, TOKENS_DAILY - usage.total_tokens);
		assert.equal(after.requests.used, 1);
		assert.ok(Date.parse(after.requests.reset) <= Date.now() + 61000);
		assert.deepEqual(after.quotas.map(({ unit, period, scope }) =>
			[unit, period, scope]), [
			['requests', 'minute', 'user'], ['tokens', 'daily', 'user']]);
	});

	test('the rate of a user is its own', async () => {
		const statuses = [];

		for (let i = 0; i < 6; i++)
			statuses.push((await ask(stack, { userId: 'fast' })).status);
		assert.deepEqual(statuses, [200, 200, 200, 200, 429, 429]);
		const refused = await ask(stack, { userId: 'fast' });

		assert.equal(refused.json().error.code, 'rate_limit_exceeded');
		assert.ok(Number(refused.headers['retry-after']) > 0);
		assert.equal((await quota(stack, 'acme', 'fast'))
			.requests.remaining, 0);
		for (const other of [{ userId: 'slow' },
			{ tenantId: 'other', userId: 'fast' }, { userId: undefined }])
			assert.equal((await ask(stack, other)).status, 200);
	});

	test('a quota of tokens ends with its tokens', async () => {
		await stack.cli(['quota', 'set', '--project', 'default',
			'--user', 'acme/small', '--tokens-daily', '100']);
		const first = await ask(stack, { userId: 'small', max_tokens: 60 });

		assert.equal(first.status, 200, first.text);
		await stack.row(first); // it is settled
		// What it did not use of them came back.
		const { remaining } = await quota(stack, 'acme', 'small');

		assert.equal(remaining, 100 - first.json().usage.total_tokens);
		const second = await ask(stack,
			{ userId: 'small', max_tokens: remaining });

		assert.equal(second.status, 429, second.text);
		assert.equal(second.json().error.code, 'quota_exceeded');
		assert.equal((await quota(stack, 'acme', 'small')).remaining,
			remaining);
	});

	test('calls that name no tenant have no such quota', async () => {
		for (let i = 0; i < 6; i++)
			assert.equal((await stack.chat(hello('plain',
				{ user: 'nobody' }))).status, 200);
	});

	test('what cannot be is refused, in OpenAI\'s shape', async () => {
		const cases = [
			[{ tenantId: undefined }, 'tenantId', /missing/],
			[{ tenantId: '' }, 'tenantId', /missing/],
			[{ tenantId: 7 }, 'tenantId', /string/],
			[{ tenantId: 'a/b' }, 'tenantId', /'\/'/],
			[{ tenantId: 'a\nb' }, 'tenantId', /control/],
			[{ userId: 'x'.repeat(101) }, 'userId', /100/],
			[{ provider: {} }, 'provider', /string/],
			[{ messages: undefined }, 'messages', /messages/],
			[{ user: 'ana' }, 'user', /leave it out/],
			[{ model: undefined }, 'model', /which one/],
		];

		for (const [more, param, message] of cases) {
			const answer = await ask(stack, more);

			assert.equal(answer.status, 400, answer.text);
			const { error } = answer.json();

			assert.equal(error.param, param, answer.text);
			assert.match(error.message, message);
			assert.equal(error.type, 'invalid_request_error');
		}
		const twice = await stack.chat(
			'{"tenantId":"a","tenantId":"b","model":"plain","messages":[]}',
			{ path: '/api/llm-proxy' });

		assert.match(twice.json().error.message, /twice/);
		assert.equal((await ask(stack, { provider: 'nobody' })).status, 404);
		assert.equal((await stack.chat('[]',
			{ path: '/api/llm-proxy' })).status, 400);
		assert.equal((await stack.chat('',
			{ path: '/api/llm-proxy' })).status, 400);
		assert.equal((await ask(stack, {}, { key: null })).status, 401);
		assert.equal((await stack.get('/api/quota')).status, 400);
		assert.equal((await stack.get('/api/quota?tenantId=%ff'))
			.status, 400);
		assert.equal((await stack.get('/api/quota?tenantId=a',
			{ key: null })).status, 401);
	});
}
