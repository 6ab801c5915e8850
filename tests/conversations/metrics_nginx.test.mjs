// metrics_nginx.test.mjs - the metrics behind nginx, with two processes, and
// with the operator's token.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

import { metricsCases, scrape, sumOf } from './metrics_cases.mjs';
import { assertError, hello, sleep, until } from './stack.mjs';

const TOKEN = 'token-of-an-operator-1234';
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'metrics-'));
const tokenFile = path.join(folder, 'token');

fs.writeFileSync(tokenFile, `${TOKEN}\n`, { mode: 0o600 });
after(() => fs.rmSync(folder, { recursive: true }));

const stack = metricsCases('nginx', {
	processes: 2, token: TOKEN, set: { 'metrics.token_file': tokenFile },
});
const operator = { key: null, headers: { authorization: `Bearer ${TOKEN}` } };

test('with a token, nobody is served without it', async () => {
	for (const where of ['/api/metrics/prometheus', '/api/metrics/custom',
		'/api/health/detailed', '/api/health/providers']) {
		assertError(await stack.get(where, { key: null }), 401,
			'missing_api_key');
		assertError(await stack.get(where, { key: `${TOKEN}x` }), 401,
			'invalid_api_key');
		assertError(await stack.get(where), 401, 'invalid_api_key');
		assert.equal((await stack.get(where, operator)).status, 200);
	}
	assertError(await stack.get('/api/metrics/reset',
		{ key: null, method: 'POST' }), 401, 'missing_api_key');
});

test('active connections are those that are served', async () => {
	await stack.addModel('slower', 'tokens=30,gap_ms=100');
	const calls = Array.from({ length: 5 }, () =>
		stack.beginChat(hello('slower', { stream: true })));

	await Promise.all(calls.map(({ head }) => head));
	// The page itself is one, too.
	assert.equal(sumOf(await scrape(stack, operator), 'active_connections'),
		6);
	await Promise.all(calls.map(({ over }) => over));
	await until(async () =>
		sumOf(await scrape(stack, operator), 'active_connections') === 1,
	'the page alone');
});

test('calls whose process died are counted, once each', async () => {
	const { key } = await stack.createKey('dies', '--budget-daily', '1');
	const before = sumOf(await scrape(stack, operator), 'llm_requests_total');
	const calls = Array.from({ length: 4 }, () => stack.beginChat(
		hello('slower', { stream: true, max_tokens: 100 }), { key }));

	// One that was not admitted yet would leave nothing behind.
	await Promise.all(calls.map(({ head }) => head));
	await stack.kill('gateway');
	await Promise.all(calls.map(({ over }) => over));
	await stack.start('gateway');
	await until(async () =>
		(await stack.get('/v1/health')).status === 200, 'the gateway');
	const died = async () => (await stack.exportUsage()).filter(({ key, error }) =>
		key === 'dies' && error === 'gateway_died').length;
	const count = await until(async () => await died() === 4 && 4,
		'their rows', { ms: 20000, every: 200 });
	// Those that found them, too, have had their turn by then.
	await sleep(2500);
	const samples = await scrape(stack, operator);

	assert.equal(sumOf(samples, 'llm_requests_total') - before, count);
	assert.deepEqual(samples.filter(({ name, labels }) =>
		name === 'error_rate_total' && labels.kind === 'gateway_died')
		.map(({ value }) => value), [count]);
	assert.deepEqual(samples.filter(({ name, labels }) =>
		name === 'llm_requests_total' && labels.status === '502')
		.map(({ value }) => value), [count]);
});

test('a reset begins at 0 on all processes', async () => {
	const answer = await stack.get('/api/metrics/reset',
		{ ...operator, method: 'POST' });

	assert.equal(answer.status, 200, answer.text);
	const samples = await scrape(stack, operator);

	assert.equal(sumOf(samples, 'llm_requests_total'), 0);
	assert.equal(sumOf(samples, 'llm_request_duration_seconds_count'), 0);
	assert.equal(sumOf(samples, 'gateway_processes'), 2);
	await stack.chat(hello('plain'));
	assert.equal(sumOf(await scrape(stack, operator), 'llm_requests_total'),
		1);
});
