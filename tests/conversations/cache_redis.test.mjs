// cache_redis.test.mjs - answers that several hosts share: two installations,
// each with a store of its own, and one Redis.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { ask, newText, state } from './cache_cases.mjs';
import { clients, read } from './plain_clients.mjs';
import { run, Stack, until, useStack } from './stack.mjs';

const prepare = async (stack) => {
	stack.cached = (await stack.createKey('cached', '--cache', 'on')).key;
	await stack.addModel('small', 'tokens=12');
};

const first = useStack({ redis: true, set: { 'cache.strategy': 'hybrid' } },
	prepare);
const others = {};

// What the cache has in Redis.
async function names() {
	const { status, out, err } = await run('redis-cli', ['-s',
		first.env.REDIS_URL.replace(/^unix:/, ''), '--raw', 'keys',
		'*cache/*']);

	assert.equal(status, 0, err);
	return out.split('\n').filter((name) => name);
}

for (const strategy of ['hybrid', 'redis']) {
	before(async () => {
		await until(() => first.cached, 'the first host', { ms: 60000 });
		others[strategy] = new Stack({ redis: first.env.REDIS_URL,
			set: { 'cache.strategy': strategy } });
		await others[strategy].up();
		await prepare(others[strategy]);
	}, { timeout: 120000 });
	after(() => others[strategy]?.down(), { timeout: 60000 });

	test(`${strategy}: another host's answer`, async () => {
		const text = newText();
		const before = (await names()).length;
		const answer = await ask(first, 'small', text);
		const other = others[strategy];

		assert.equal(state(answer), 'miss');
		await until(async () => (await names()).length > before,
			'the answer in Redis');
		const found = await ask(other, 'small', text);

		assert.equal(state(found), 'hit');
		assert.equal((await other.stats()).requests, 0);
		assert.equal(read(clients.openai_chat, found).said,
			read(clients.openai_chat, answer).said);
		assert.equal((await other.row(found)).saved_usd,
			(await first.row(answer)).cost_usd);
	});

	test(`${strategy}: what is removed is gone`, async () => {
		const other = others[strategy];
		const text = newText();
		const before = (await names()).length;

		await ask(other, 'small', text);
		await until(async () => (await names()).length > before,
			'the answer in Redis');
		assert.equal(state(await ask(first, 'small', text)), 'hit');
		for (const stack of [first, other])
			assert.equal((await stack.get('/api/llm/cache', {
				key: stack.cached, method: 'DELETE' })).status, 200);
		assert.deepEqual(await names(), []);
		assert.equal(state(await ask(other, 'small', text)), 'miss');
		await until(async () => (await names()).length > 0,
			'the new answer in Redis');
	});
}

// At the end: after an outage a host is in no hurry to try again.
for (const strategy of ['hybrid', 'redis'])
	test(`${strategy}: without Redis each host is on its own`, async () => {
		const other = others[strategy];
		const text = newText();

		await first.kill('redis');
		assert.equal(state(await ask(other, 'small', text)), 'miss');
		assert.equal(state(await ask(other, 'small', text)), 'hit');
		await first.start('redis');
	});
