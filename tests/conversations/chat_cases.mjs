// chat_cases.mjs - what an app does, behind each of the web servers: the
// official SDK with another base URL and nothing else changed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';

import { assertError, faultsAlone, hello, useStack } from './stack.mjs';

const GAP_MS = 80;
const TOOLS = [
	{ type: 'function', function: { name: 'get_weather', parameters: {} } },
	{ type: 'function', function: { name: 'get_news', parameters: {} } },
];
const METADATA = ['model_used', 'provider', 'cost_usd', 'latency_ms',
	'cache_hit', 'complexity', 'request_id'];

export function chatCases(web, { tls = false } = {}) {
	const stack = useStack({ web, set: faultsAlone }, addModels);

	sdkCases(stack);
	errorCases(stack);
	metadataCases(stack);
	routeCases(stack);
	test('a stream arrives piece by piece', () =>
		assertStreamFlows(stack, stack.url));
	if (tls)
		test('a stream by HTTPS arrives piece by piece', () =>
			assertStreamFlows(stack, stack.env.HTTPS_URL));
}

async function addModels(stack) {
	await stack.addModel('plain', 'tokens=12');
	await stack.addModel('tool', 'tool=1');
	await stack.addModel('tools', 'tool=1,parallel=1');
	await stack.addModel('slow', `tokens=16,gap_ms=${GAP_MS}`);
	await stack.addModel('busy', 'status=429,retry_after=7');
	await stack.addModel('broken', 'status=500');
}

function sdkCases(stack) {
	test('a chat', async () => {
		const { data, response, request_id: id } = await stack.sdk()
			.chat.completions.create(hello('plain')).withResponse();

		assert.equal(response.status, 200);
		assert.equal(data.object, 'chat.completion');
		assert.equal(data.choices.length, 1);
		assert.equal(data.choices[0].message.role, 'assistant');
		assert.ok(data.choices[0].message.content.split(' ').length >= 10);
		assert.equal(data.choices[0].finish_reason, 'stop');
		assert.equal(data.usage.completion_tokens, 12);
		assert.equal(data._request_id, id);
		assert.equal(response.headers.get('x-request-id'), id);
		assert.equal(response.headers.get('x-gateway-model'), 'plain');
		assert.equal(response.headers.get('x-gateway-provider'), 'sandbox');
	});

	test('a stream', async () => {
		const whole = await stack.sdk().chat.completions.create(
			hello('plain'));
		const stream = await stack.sdk().chat.completions.create(
			hello('plain', { stream: true }));
		let text = '';
		let last;

		for await (const chunk of stream) {
			// Its usage was asked for by the gateway alone.
			assert.equal(chunk.choices.length, 1);
			assert.equal(chunk.metadata, undefined);
			text += chunk.choices[0].delta.content ?? '';
			last = chunk;
		}
		assert.equal(last.choices[0].finish_reason, 'stop');
		assert.equal(text, whole.choices[0].message.content);
	});

	test('a stream with the SDK\'s helper', async () => {
		const stream = stack.sdk().chat.completions.stream(
			hello('plain', { stream_options: { include_usage: true } }));
		let deltas = 0;

		stream.on('content', () => deltas++);
		const completion = await stream.finalChatCompletion();

		assert.ok(deltas >= 10, `${deltas} deltas`);
		assert.equal(completion.choices[0].finish_reason, 'stop');
		assert.equal(completion.usage.completion_tokens, 12);
	});

	for (const [model, count] of [['tool', 1], ['tools', 2]]) {
		test(`${count} tool calls, whole and streamed`, async () => {
			const ask = hello(model, { tools: TOOLS });
			const whole = await stack.sdk().chat.completions.create(ask);
			const streamed = await stack.sdk().chat.completions
				.stream(ask).finalChatCompletion();

			for (const { choices: [choice] } of [whole, streamed]) {
				const calls = choice.message.tool_calls;

				assert.equal(choice.finish_reason, 'tool_calls');
				assert.deepEqual(calls.map((c) => c.function.name),
					['get_weather', 'get_news'].slice(0, count));
				assert.deepEqual(calls.map((c) =>
					JSON.parse(c.function.arguments).city),
				['Lisbon', 'Oslo'].slice(0, count));
				assert.equal(new Set(calls.map((c) => c.id)).size,
					count);
			}
		});
	}

	test('models: list and retrieve', async () => {
		const ids = [];

		for await (const model of stack.sdk().models.list()) {
			assert.equal(model.object, 'model');
			ids.push(model.id);
		}
		assert.equal(ids[0], 'sandbox', 'aliases come first');
		assert.ok(ids.includes('plain') && ids.includes('sandbox-small'));
		assert.equal(new Set(ids).size, ids.length);
		const model = await stack.sdk().models.retrieve('sandbox-small');

		assert.equal(model.id, 'sandbox-small');
		assert.equal(model.owned_by, 'sandbox');
		await assert.rejects(stack.sdk().models.retrieve('no-such-model'),
			OpenAI.NotFoundError);
	});
}

function errorCases(stack) {
	const cases = [
		['a wrong key', OpenAI.AuthenticationError,
			{ status: 401, code: 'malformed_api_key',
				type: 'authentication_error', param: null },
			() => stack.sdk({ apiKey: 'gw_nonsense' }), 'plain'],
		['an unknown model', OpenAI.NotFoundError,
			{ status: 404, code: 'model_not_found',
				type: 'invalid_request_error', param: 'model' },
			() => stack.sdk(), 'no-such-model'],
		['a bad field', OpenAI.BadRequestError,
			{ status: 400, code: 'invalid_field',
				type: 'invalid_request_error', param: 'temperature' },
			() => stack.sdk(), 'plain', { temperature: 'hot' }],
		['a provider that is busy', OpenAI.RateLimitError,
			{ status: 429, code: 'rate_limit_exceeded',
				type: 'requests', param: null },
			() => stack.sdk(), 'busy'],
		['a provider that is broken', OpenAI.InternalServerError,
			{ status: 500, code: null, type: 'server_error', param: null },
			() => stack.sdk(), 'broken'],
	];

	for (const [name, type, fields, client, model, more] of cases) {
		for (const stream of [false, true]) {
			test(`${name}${stream ? ', streamed' : ''}`, async () => {
				const error = await client().chat.completions.create(
					hello(model, { ...more, stream }))
					.then(() => assert.fail('no error'), (e) => e);

				assert.ok(error instanceof type, `${error}`);
				for (const [field, value] of Object.entries(fields))
					assert.equal(error[field], value, field);
				assert.ok(error.message.length > 10);
				assert.ok(error.requestID, 'X-Request-Id');
				assert.equal(error.headers.get('retry-after'),
					model === 'busy' ? '7' : null);
			});
		}
	}

	test('no key', async () => {
		const answer = await stack.chat(hello('plain'), { key: '' });

		assertError(answer, 401, 'missing_api_key', null);
		assert.equal(answer.headers['www-authenticate'], 'Bearer');
	});
}

function metadataCases(stack) {
	const withUsage = (more = {}) => hello('plain', {
		stream: true, stream_options: { include_usage: true }, ...more });

	test('metadata in an answer, and off by header and by key', async () => {
		const on = await stack.chat(hello('plain'));
		const { metadata, usage } = on.json();

		assert.deepEqual(Object.keys(metadata), METADATA);
		assert.equal(metadata.model_used, 'plain');
		assert.equal(metadata.provider, 'sandbox');
		assert.equal(metadata.cache_hit, false);
		assert.equal(metadata.request_id, on.headers['x-request-id']);
		// $1 and $2 for a million tokens.
		assert.equal(Number(metadata.cost_usd), Number(
			(usage.prompt_tokens + 2 * usage.completion_tokens) / 1e6));
		assert.equal(on.headers['x-gateway-cost-usd'], metadata.cost_usd);

		const header = await stack.chat(hello('plain'),
			{ headers: { 'x-gateway-metadata': 'off' } });
		const quiet = await stack.createKey('quiet', '--metadata', 'off');
		const byKey = await stack.chat(hello('plain'), { key: quiet.key });
		const back = await stack.chat(hello('plain'), { key: quiet.key,
			headers: { 'x-gateway-metadata': 'on' } });

		assert.ok(!('metadata' in header.json()));
		assert.ok(!('metadata' in byKey.json()));
		assert.ok('metadata' in back.json(), 'the header is above the key');
	});

	test('metadata in the usage chunk of a stream', async () => {
		const answer = await stack.chat(withUsage());
		const chunks = answer.chunks();
		const last = chunks.at(-1);

		assert.deepEqual(last.choices, []);
		assert.equal(last.usage.completion_tokens, 12);
		assert.deepEqual(Object.keys(last.metadata), METADATA);
		assert.equal(last.metadata.request_id,
			answer.headers['x-request-id']);
		assert.ok(chunks.slice(0, -1).every((c) => !c.metadata));
		const off = await stack.chat(withUsage(),
			{ headers: { 'x-gateway-metadata': 'off' } });

		assert.equal(off.chunks().at(-1).usage.completion_tokens, 12);
		assert.ok(!off.text.includes('metadata'));
	});

	test('a usage chunk that nobody asked for is withheld', async () => {
		const answer = await stack.chat(hello('plain', { stream: true }));
		const seen = await stack.lastSeen();

		assert.deepEqual(JSON.parse(seen.body).stream_options,
			{ include_usage: true });
		assert.ok(answer.isDone);
		assert.ok(answer.chunks().every((c) => c.choices.length === 1));
		const row = await stack.row(answer);

		assert.equal(row.completion_tokens, 12);
		assert.equal(row.usage_source, 'provider');
	});
}

function routeCases(stack) {
	test('the short forms, and the other paths', async () => {
		for (const stream of [undefined, false, true]) {
			const never = await stack.chat(hello('plain', { stream }),
				{ path: '/v1/chat' });
			const always = await stack.chat(hello('plain', { stream }),
				{ path: '/v1/chat/stream' });

			assert.equal(never.json().object, 'chat.completion');
			assert.match(always.headers['content-type'],
				/^text\/event-stream/);
			assert.ok(always.isDone);
		}
		const api = await stack.chat(hello('plain'),
			{ path: '/api/v1/chat/completions' });
		const health = await stack.get('/v1/health', { key: '' });

		assert.equal(api.json().object, 'chat.completion');
		assert.equal(health.status, 200);
		assert.equal(health.json().status, 'ok');
		assert.equal(health.headers['x-content-type-options'], 'nosniff');
	});

	test('a key comes in one of three headers, never in the URL', async () => {
		const { key } = stack;
		const chat = (headers, query = '') => stack.chat(hello('plain'), {
			key: '', headers, path: `/v1/chat/completions${query}` });

		for (const headers of [{ authorization: `Bearer ${key}` },
			{ authorization: `bearer ${key}` },
			{ 'x-api-key': key }, { 'x-goog-api-key': key }]) {
			const answer = await chat(headers);

			assert.equal(answer.status, 200, answer.text);
		}
		for (const name of ['key', 'api_key', 'access_token'])
			assertError(await chat({}, `?${name}=${key}`),
				401, 'missing_api_key');
		assert.ok(!stack.logs().includes(key), 'no log has the key');
	});

	test('every answer has an X-Request-Id of its own', async () => {
		const answers = [
			await stack.chat(hello('plain')),
			await stack.chat(hello('plain', { stream: true })),
			await stack.chat(hello('busy')),
			await stack.chat('{'),
			await stack.chat(hello('plain'), { key: '' }),
			await stack.get('/v1/models'),
			await stack.get('/v1/health'),
			await stack.get('/v1/nothing'),
			await stack.get('/v1/chat/completions'),
		];
		const ids = answers.map((answer) => answer.headers['x-request-id']);

		assert.ok(ids.every((id) => id?.length >= 16), `${ids}`);
		assert.equal(new Set(ids).size, ids.length);
	});
}

// At the client: no two chunks in one piece, and the gaps of the provider.
async function assertStreamFlows(stack, url) {
	const stream = await stack.chat(hello('slow', { stream: true }),
		{ url, ca: stack.certificate });

	assert.equal(stream.status, 200, stream.text);
	assert.ok(stream.isDone);
	const chunks = stream.events().filter(({ data }) =>
		data?.choices?.[0]?.delta?.content);
	const gaps = chunks.slice(1).map(({ at }, i) => at - chunks[i].at);
	const wide = gaps.filter((gap) => gap > GAP_MS / 2);

	assert.equal(chunks.length, 16);
	assert.equal(new Set(chunks.map(({ piece }) => piece)).size,
		chunks.length, `clumped: ${gaps.map(Math.round)}`);
	assert.ok(wide.length >= gaps.length * 0.8, `${gaps.map(Math.round)}`);
}
