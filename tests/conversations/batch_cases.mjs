// batch_cases.mjs - POST /api/llm/batch, behind any web server.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hello, until, useStack } from './stack.mjs';

export const MAX_ANSWER_BYTES = 30000;

export function batchStack(web, options = {}) {
	return useStack({ web, ...options, set: {
		'batch.max_requests': 12,
		'batch.parallel': 4,
		'batch.max_answer_bytes': MAX_ANSWER_BYTES,
		'retry.budget_percent': 0,
		'breaker.failures': 0,
	} }, async (stack) => {
		await stack.addModel('plain', 'tokens=5');
		await stack.addModel('slow', 'delay_ms=300,tokens=5');
		await stack.addModel('late', 'delay_ms=30000');
		await stack.addModel('broken', 'status=500');
		await stack.addModel('html', 'fault=garbage_body');
		await stack.addModel('long', 'bytes=12000');
		await stack.cli(['model', 'add', 'words', '--provider', 'sandbox',
			'--upstream', 'text-embedding-3-small', '--kind',
			'embedding', '--input-price', '1', '--output-price', '0']);
	});
}

export function batch(stack, requests, { parallel, ...rest } = {}) {
	return stack.chat({ requests, parallel },
		{ path: '/api/llm/batch', ...rest });
}

async function results(stack, requests, options) {
	const answer = await batch(stack, requests, options);

	assert.equal(answer.status, 200, answer.text);
	assert.deepEqual(answer.json().results.map((result) => result.index),
		requests.map((_, i) => i));
	return answer.json().results;
}

export function batchCases(stack) {
	test('every request of a batch is answered, in its place', async () => {
		const found = await results(stack, [
			hello('plain'),
			hello('nobody'),
			{ url: '/v1/embeddings',
				body: { model: 'words', input: 'words' } },
			{ url: '/v1/chat/completions', body: hello('plain') },
			'not a request',
			hello('broken'),
			{ url: '/v1/audio/speech', body: {} },
			hello('plain', { stream: true }),
			{ model: 'plain' },
			hello('html'),
		]);

		assert.deepEqual(found.map(({ status }) => status),
			[200, 404, 200, 200, 400, 500, 400, 400, 400, 502],
			JSON.stringify(found));
		assert.equal(found[0].body.object, 'chat.completion');
		assert.equal(found[0].body.metadata.model_used, 'plain');
		assert.equal(found[1].body.error.code, 'model_not_found');
		assert.ok(found[2].body.data[0].embedding.length > 0);
		assert.match(found[4].body.error.message, /body of a chat/);
		assert.match(found[6].body.error.message, /'url'/);
		assert.match(found[7].body.error.message, /no streams/);
		assert.match(found[8].body.error.message, /'messages'/);
	});

	test('each has a row in the log, with its cost', async () => {
		const found = await results(stack, [
			hello('plain'), hello('broken'), hello('plain')]);
		const ids = [0, 2].map((i) => found[i].body.metadata.request_id);
		const rows = await stack.rows(ids);

		assert.equal(rows.size, 2);
		for (const row of rows.values()) {
			assert.equal(row.status, 200);
			assert.equal(row.route, '/api/llm/batch');
			assert.notEqual(row.cost_usd, '0');
		}
	});

	test('four run at once, or one after the other', async () => {
		const busiest = async (parallel) => {
			let most = 0;
			let done = false;
			const asked = results(stack,
				Array.from({ length: 6 }, () => hello('slow')),
				{ parallel }).finally(() => {
				done = true;
			});

			while (!done)
				most = Math.max(most, (await stack.stats()).active);
			for (const { status } of await asked)
				assert.equal(status, 200);
			return most;
		};

		assert.equal(await busiest(true), 4);
		assert.equal(await busiest(undefined), 4);
		assert.equal(await busiest(false), 1);
	});

	test('limits count each of them', async () => {
		const { key } = await stack.createKey('three', '--rpm', '3');
		const found = await results(stack,
			Array.from({ length: 5 }, () => hello('plain')), { key });
		const statuses = found.map(({ status }) => status).sort();

		assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
		const refused = found.find(({ status }) => status === 429);

		assert.equal(refused.body.error.code, 'rate_limit_exceeded');
	});

	test('answers have a bound together', async () => {
		const found = await results(stack,
			Array.from({ length: 6 }, () => hello('long')),
			{ parallel: false });

		assert.deepEqual(found.map(({ status }) => status),
			[200, 200, 413, 413, 413, 413]);
		assert.match(found[2].body.error.message, /paid for/);
		assert.match(found[3].body.error.message, /not made/);
	});

	test('what is no batch is refused whole', async () => {
		const cases = [
			['', 400, /JSON/i],
			['[]', 400, /"requests"/],
			['{}', 400, /'requests'/],
			['{"requests":{}}', 400, /'requests'/],
			['{"requests":[]}', 400, /1 to 12/],
			[JSON.stringify({ requests: Array(13).fill(hello('plain')) }),
				400, /1 to 12/],
			['{"requests":[{}],"parallel":2}', 400, /'parallel'/],
			['{"requests":[', 400, /JSON/i],
		];

		for (const [body, status, message] of cases) {
			const answer = await stack.chat(body, { path: '/api/llm/batch' });

			assert.equal(answer.status, status, body);
			assert.match(answer.json().error.message, message, body);
		}
		const nobody = await batch(stack, [hello('plain')], { key: null });

		assert.equal(nobody.status, 401);
		assert.equal(nobody.json().error.code, 'missing_api_key');
	});

	test('keys that are new are known to all of them', async () => {
		const { key } = await stack.createKey('fresh');
		const found = await results(stack,
			[hello('plain'), hello('plain')], { key });

		assert.deepEqual(found.map(({ status }) => status), [200, 200]);
	});
}

export function leavingCases(stack) {
	test('a client that leaves takes all of them with it', async () => {
		const before = await stack.stats();
		const asked = stack.beginChat(
			{ requests: Array.from({ length: 10 }, () => hello('late')) },
			{ path: '/api/llm/batch' });

		await until(async () => (await stack.stats()).active === 4,
			'four calls');
		asked.leave();
		await until(async () => (await stack.stats()).active === 0,
			'their end');
		const { requests } = await stack.stats();

		// The six that had not begun never did.
		assert.equal(requests - before.requests, 4);
	});
}
