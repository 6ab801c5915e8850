// health.test.mjs - what an operator sees when all is well, and when it is
// not: the database stopped, a provider that fails.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertError, hello, until, useStack } from './stack.mjs';

const local = { key: null };
const stack = useStack({ processes: 2 }, async (stack) => {
	await stack.addModel('plain', 'tokens=8');
	await stack.addProvider('broken', `${stack.env.SIMULATOR_URL}/v1`,
		'sk-broken-needle');
	await stack.addModel('failing', 'status=500', { provider: 'broken' });
});

async function page(where) {
	const answer = await stack.get(where, local);

	return { code: answer.status, ...answer.json() };
}

async function dependencies(where = '/api/health/dependencies') {
	const { code, dependencies } = await page(where);

	return { code, ...Object.fromEntries(dependencies.map((dependency) =>
		[dependency.name, dependency])) };
}

async function providers() {
	const { providers } = await page('/api/health/providers');

	return Object.fromEntries(providers.map((provider) =>
		[provider.name, provider]));
}

test('liveness needs no key and takes HEAD', async () => {
	for (const where of ['/v1/health', '/api/health']) {
		const answer = await stack.get(where, local);
		const head = await stack.get(where, { ...local, method: 'HEAD' });

		assert.equal(answer.status, 200);
		assert.equal(answer.json().status, 'ok');
		assert.match(answer.headers['x-request-id'], /^req_/);
		assert.equal(head.status, 200);
		assert.equal(head.text, '');
	}
	assertError(await stack.get('/api/health',
		{ ...local, method: 'DELETE' }), 405, 'method_not_allowed');
});

test('all that it needs is there', async () => {
	const found = await dependencies();
	const detailed = await page('/api/health/detailed');

	assert.equal(found.code, 200);
	for (const name of ['database', 'hot_store', 'journal']) {
		assert.equal(found[name].status, 'up');
		assert.equal(found[name].reason, null);
		assert.ok(found[name].latency_us >= 0);
	}
	assert.equal(detailed.status, 'ok');
	assert.equal(detailed.processes, 2);
	assert.ok(detailed.loops >= 2);
	assert.ok(detailed.uptime_ms > 0 && detailed.snapshot_age_ms >= 0);
});

test('a provider that fails shows, another one does not', async () => {
	const before = await until(async () => {
		const found = await providers();

		return found.broken && found;
	}, 'the provider to be seen');

	assert.equal(before.broken.status, 'unknown');
	assert.equal(before.broken.last_failure_age_ms, null);
	for (let i = 0; i < 6; i++) {
		assert.equal((await stack.chat(hello('plain'))).status, 200);
		assert.ok((await stack.chat(hello('failing'))).status >= 500);
	}
	const after = await until(async () => {
		const found = await providers();

		return found.broken.recent.requests === 6 && found;
	}, 'the rollups', { every: 100 });

	assert.equal(after.broken.status, 'failing');
	assert.equal(after.broken.last_success_age_ms, null);
	assert.ok(after.broken.last_failure_age_ms < 60000);
	assert.equal(after.broken.recent.errors, 6);
	assert.equal(after.broken.recent.error_share, 1);
	assert.equal(after.sandbox.status, 'up');
	assert.equal(after.sandbox.recent.errors, 0);
	assert.ok(after.sandbox.last_success_age_ms < 60000);
	const status = await page('/api/llm-proxy/status');

	assert.equal(status.status, 'ok');
	assert.match(status.version, /^\d/);
	assert.deepEqual(status.providers.map(({ name, status }) =>
		[name, status]), [['sandbox', 'up'], ['broken', 'failing']]);
});

test('costs are those of the request log', async () => {
	const rows = await stack.exportUsage();
	const { today, month } = await page('/api/health/costs');
	const sum = rows.reduce((sum, { cost_usd: cost }) =>
		sum + Math.round(Number(cost ?? 0) * 1e12), 0);

	for (const { requests, cost_usd: cost, providers } of [today, month]) {
		assert.equal(requests, rows.length);
		assert.equal(Math.round(Number(cost) * 1e12), sum);
		assert.deepEqual(providers.map(({ provider }) => provider).sort(),
			['broken', 'sandbox']);
	}
});

test('without the database it says so, and still serves', async () => {
	await stack.stop('mariadb');
	const down = await dependencies();
	const detailed = await page('/api/health/detailed');

	assert.equal(down.code, 503);
	assert.equal(down.database.status, 'down');
	assert.ok(down.database.reason.length > 10);
	assert.equal(down.hot_store.status, 'up');
	assert.equal(detailed.status, 'degraded');
	assert.equal(detailed.code, 503);
	assert.equal((await page('/api/health')).status, 'ok');
	assert.equal((await providers()).sandbox.recent, null);
	assertError(await stack.get('/api/health/costs', local), 503,
		'database_unavailable');
	// What waits in the journal is measured without it.
	assert.equal((await stack.chat(hello('plain'))).status, 200);
	await until(async () =>
		(await page('/api/health/detailed')).journal_bytes > 100,
	'the journal to fill', { every: 200 });
	await stack.start('mariadb');
	await until(async () => {
		const { journal_bytes: bytes } = await page('/api/health/detailed');

		return bytes === 0;
	}, 'the journal to empty', { ms: 20000, every: 200 });
	assert.equal((await dependencies()).code, 200);
});

test('a Redis that is away shows, and is not needed', async () => {
	const pid = stack.gatewayPid();

	await stack.script('up', '--web', 'nginx', '--processes', '2',
		'--set', 'redis.url=unix:/nowhere/redis',
		'--set', 'redis.timeout_ms=100');
	stack.readEnv();
	assert.notEqual(stack.gatewayPid(), pid);
	const found = await dependencies();

	assert.equal(found.code, 200);
	assert.equal(found.redis.status, 'down');
	assert.equal(found.redis.needed, false);
	assert.ok(found.redis.reason.length > 10);
	assert.equal(found.database.status, 'up');
});

test('the pages hold no secret', async () => {
	const pages = await Promise.all(['/api/health/detailed',
		'/api/health/dependencies', '/api/health/providers',
		'/api/health/cache', '/api/health/costs', '/api/llm-proxy/status',
		'/api/metrics/prometheus', '/api/metrics/custom'].map((where) =>
		stack.get(where, local)));

	for (const { status, text } of pages) {
		assert.equal(status, 200, text);
		assert.ok(!text.includes('needle') && !text.includes(stack.key));
	}
});
