// costs_cases.mjs - GET /api/llm/costs/*, and the test of a provider.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hello, until, useStack } from './stack.mjs';

const DAY_MS = 24 * 3600 * 1000;

// 2026-11-21T08:30:00.000Z, as the API writes it.
const iso = (ms) => new Date(ms).toISOString();

export function costsStack(web, options = {}) {
	return useStack({ web, ...options, set: {
		'retry.budget_percent': 0,
		'breaker.failures': 0,
	} }, async (stack) => {
		await stack.addModel('cheap', 'tokens=5');
		await stack.addModel('dear', 'tokens=50');
		await stack.addProvider('ill', `${stack.env.SIMULATOR_URL}/v1`, 'k');
		await stack.addModel('ill-model', 'status=503', { provider: 'ill' });
		await stack.addProvider('vectors', `${stack.env.SIMULATOR_URL}/v1`,
			'k');
		await stack.cli(['model', 'add', 'words', '--provider', 'vectors',
			'--upstream', 'text-embedding-3-small', '--kind',
			'embedding', '--input-price', '1', '--output-price', '0']);
		await stack.cli(['project', 'add', 'other']);
		stack.other = (await stack.createKey('other',
			'--project', 'other')).key;
	});
}

export function costsCases(stack) {
	const ask = async (view, query = {}, key = stack.key) => {
		const answer = await stack.get(
			`/api/llm/costs/${view}?${new URLSearchParams(query)}`, { key });

		assert.equal(answer.status, 200, answer.text);
		return answer.json();
	};
	let spent;

	test('what calls cost, by provider and model', async () => {
		const answers = [];

		for (const [model, user] of [['cheap', 'ana'], ['dear', 'ana'],
			['dear', 'bea'], ['ill-model', 'bea']])
			answers.push(await stack.chat(hello(model, { user })));
		await stack.chat(hello('dear'), { key: stack.other });
		assert.deepEqual(answers.map(({ status }) => status),
			[200, 200, 200, 503]);
		spent = answers.slice(0, 3).map((answer) =>
			Number(answer.json().metadata.cost_usd));
		await stack.rows(answers.map(({ headers }) =>
			headers['x-request-id']));
		const found = await until(async () => {
			const costs = await ask('summary');

			return costs.total.requests >= 4 && costs;
		}, 'the rollups');

		assert.equal(found.project, 'default');
		assert.equal(found.total.requests, 4);
		assert.equal(found.total.errors, 1);
		same(found.total.cost_usd, spent[0] + spent[1] + spent[2]);
		assert.deepEqual(found.providers.map(({ provider, requests }) =>
			[provider, requests]), [['sandbox', 3], ['ill', 1]]);
		assert.deepEqual(found.models.map(({ model, provider, requests }) =>
			[model, provider, requests]),
		[['dear', 'sandbox', 2], ['cheap', 'sandbox', 1],
			['ill-model', 'ill', 1]]);
		same(found.models[0].cost_usd, spent[1] + spent[2]);
		assert.equal(Date.parse(found.from) % DAY_MS, 0);
		assert.equal(Date.parse(found.to) - Date.parse(found.from),
			30 * DAY_MS);
	});

	test('by user', async () => {
		const { users, truncated } = await ask('users');

		assert.deepEqual(users.map(({ user, requests, errors }) =>
			[user, requests, errors]), [['ana', 2, 0], ['bea', 2, 1]]);
		same(users[0].cost_usd, spent[0] + spent[1]);
		assert.equal(truncated, false);
	});

	test('over time, as coarsely as asked', async () => {
		const from = iso(Date.now() - 3600000);
		const to = iso(Date.now() + 60000);

		for (const interval of ['minute', 'hour', 'day']) {
			const found = await ask('history', { from, to, interval });
			const step = { minute: 60000, hour: 3600000, day: DAY_MS }[
				interval];
			let sum = 0;

			assert.equal(found.interval, interval);
			for (const point of found.points) {
				assert.equal(Date.parse(point.time) % step, 0);
				sum += point.requests;
			}
			assert.equal(sum, 4, JSON.stringify(found));
		}
		assert.equal((await ask('history')).interval, 'day');
		const before = await ask('history',
			{ from: '2020-01-01', to: '2020-01-02' });

		assert.deepEqual(before.points, []);
	});

	test('a key sees its own project', async () => {
		const other = await until(async () => {
			const costs = await ask('summary', {}, stack.other);

			return costs.total.requests > 0 && costs;
		}, 'its rollup');

		assert.equal(other.project, 'other');
		assert.equal(other.total.requests, 1);
		assert.equal((await ask('summary', { project: 'other' },
			stack.other)).total.requests, 1);
		const refused = await stack.get(
			'/api/llm/costs/summary?project=other');

		assert.equal(refused.status, 404);
		assert.equal(refused.json().error.param, 'project');
	});

	test('what cannot be is refused', async () => {
		const cases = [
			['summary?from=yesterday', 'from'],
			['summary?to=2026-02-30', 'to'],
			['history?interval=week', 'interval'],
			['history?interval=minute&from=2020-01-01', 'interval'],
			['users?from=2026-01-02&to=2026-01-01', 'from'],
			['users?from=1\'%20OR%201=1', 'from'],
		];

		for (const [where, param] of cases) {
			const answer = await stack.get(`/api/llm/costs/${where}`);

			assert.equal(answer.status, 400, where);
			assert.equal(answer.json().error.param, param, where);
		}
		assert.equal((await stack.get('/api/llm/costs/summary',
			{ key: null })).status, 401);
		assert.equal((await stack.get('/api/llm/costs/nothing')).status, 404);
	});

	test('a provider is tested by asking it', async () => {
		const good = await stack.get('/api/llm/providers/sandbox/test');

		assert.equal(good.status, 200, good.text);
		assert.equal(good.json().ok, true, good.text);
		assert.equal(good.json().provider, 'sandbox');
		assert.equal(good.json().error, null);
		const ill = await stack.get('/api/llm/providers/ill/test');

		assert.equal(ill.status, 200);
		assert.equal(ill.json().ok, false);
		assert.equal(ill.json().status, 503);
		assert.ok(ill.json().error.message, ill.text);
		const vectors = await stack.get('/api/llm/providers/vectors/test');

		assert.equal(vectors.json().ok, true, vectors.text);
		assert.equal(vectors.json().model, 'words');
		for (const where of ['nobody/test', 'sandbox', 'sandbox/x', '/test'])
			assert.equal((await stack.get(`/api/llm/providers/${where}`))
				.status, 404, where);
		const { key } = await stack.createKey('only', '--models', 'cheap');

		assert.equal((await stack.get('/api/llm/providers/ill/test',
			{ key })).status, 404);
		assert.equal((await stack.get('/api/llm/providers/sandbox/test',
			{ key })).json().model, 'cheap');
	});
}

// Sums of JavaScript's numbers are not exact.
function same(usd, number) {
	assert.ok(Math.abs(Number(usd) - number) < 1e-12, `${usd}, not ${number}`);
}
