// faults.test.mjs - providers that fail in every way the simulator knows.
// The client gets an answer it can understand, the request log says what was
// wrong, and an alias goes on with its next target while it can.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import net from 'node:net';
import { test } from 'node:test';
import OpenAI from 'openai';

import {
	assertError, faultsAlone, hello, until, useStack,
} from './stack.mjs';
import { call } from './wire.mjs';

const TIMEOUT_MS = 600;
const MAX_FRAME = 256 * 1024;
const SECRET = `sk-faults-${randomBytes(16).toString('hex')}`;

/*
 * What the simulator does, and what becomes of it. `whole` and `stream` are
 * the code and the status of the error that a client gets instead of an
 * answer; `event` is the code of the error that ends a stream which began.
 */
const FAULTS = {
	'fault=refuse_head': { whole: ['upstream_reset', 502],
		stream: ['upstream_reset', 502] },
	'fault=reset': { whole: ['upstream_reset', 502],
		stream: ['upstream_reset', 502] },
	'fault=garbage': { whole: ['upstream_invalid', 502],
		stream: ['upstream_invalid', 502] },
	'fault=stall': { whole: ['upstream_timeout', 504],
		stream: ['upstream_timeout', 504], ms: TIMEOUT_MS },
	'delay_ms=5000': { whole: ['upstream_timeout', 504],
		stream: ['upstream_timeout', 504], ms: TIMEOUT_MS },
	// A byte in 50 ms: no line of it is whole in time.
	'fault=slow_head': { whole: ['upstream_timeout', 504],
		stream: ['upstream_timeout', 504], ms: TIMEOUT_MS },
	'fault=garbage_body': { whole: ['upstream_invalid', 502],
		stream: ['upstream_invalid', 502] },
	'fault=half_body': { whole: ['upstream_cut', 502],
		event: 'upstream_cut' },
	'fault=cut': { whole: ['upstream_cut', 502], event: 'upstream_cut' },
	'fault=reset_body': { whole: ['upstream_cut', 502],
		event: 'upstream_cut' },
	'fault=stall_stream': { whole: ['upstream_timeout', 504],
		event: 'upstream_timeout', ms: TIMEOUT_MS },
	// It ends as HTTP wants it, but has not said that it is complete.
	'fault=no_done': { event: 'upstream_cut' },
	'fault=bad_frame': { event: 'upstream_invalid' },
	'fault=huge_frame': { event: 'upstream_too_large' },
};
const STATUSES = [400, 401, 403, 404, 413, 429, 500, 503, 529];

// Rows arrive in batches: all are looked at in the end. [name, id, look]
const looks = [];

const stack = useStack({ set: {
	'upstream.first_byte_timeout_ms': TIMEOUT_MS,
	'upstream.idle_timeout_ms': TIMEOUT_MS,
	'stream.max_frame_bytes': MAX_FRAME,
	...faultsAlone,
} }, prepare);

function rowOf(answer, name, look) {
	looks.push([name, answer.headers['x-request-id'], look]);
}

async function prepare(stack) {
	const closed = `http://127.0.0.1:${await closedPort()}/v1`;

	await stack.addProvider('faulty', `${stack.env.SIMULATOR_URL}/v1`, SECRET);
	await stack.addProvider('down', closed, SECRET);
	for (const behaviour of [...Object.keys(FAULTS), 'fault=no_done',
		 'fault=stream_error', 'tokens=4',
		...STATUSES.map((status) => `status=${status}`)])
		await stack.addModel(behaviour, behaviour, { provider: 'faulty' });
	await stack.addModel('limited', 'status=429,retry_after=7',
		{ provider: 'faulty' });
	await stack.addModel('unreachable', '', { provider: 'down' });
}

// It was free a moment ago; nobody is likely to take it.
function closedPort() {
	return new Promise((resolve) => {
		const server = net.createServer().listen(0, '127.0.0.1', () => {
			const { port } = server.address();

			server.close(() => resolve(port));
		});
	});
}

for (const [behaviour, expected] of Object.entries(FAULTS)) {
	for (const stream of [false, true]) {
		const error = stream ? expected.stream : expected.whole;

		if (error)
			test(`${behaviour}${stream ? ', streamed' : ''}`, () =>
				assertFails(behaviour, stream, error, expected.ms));
	}
	if (expected.event)
		test(`${behaviour}, within a stream`, () =>
			assertBreaksOff(behaviour, expected.event, expected.ms));
}

test('a provider that cannot be reached', async () => {
	await assertFails('unreachable', false, ['upstream_unreachable', 502]);
	await assertFails('unreachable', true, ['upstream_unreachable', 502]);
});

test('a stream with a finish reason but without [DONE] is whole', async () => {
	const body = ['{"content":"Hi"},"finish_reason":null',
		'{},"finish_reason":"stop"'].map((choice) =>
		`data: {"choices":[{"index":0,"delta":${choice}}]}\n\n`).join('');

	await stack.play({ body, headers: { 'Content-Type': 'text/event-stream' } });
	const answer = await stack.chat(hello('tokens=4', { stream: true }));

	assert.equal(answer.status, 200);
	assert.equal(answer.text, body);
	rowOf(answer, 'no [DONE]', (row) => assert.equal(row.complete, true));
});

test('a provider\'s own error within a stream', async () => {
	const answer = await stack.chat(hello('fault=stream_error',
		{ stream: true }));
	const errors = answer.chunks().filter((chunk) => chunk.error);

	assert.equal(answer.status, 200);
	assert.equal(errors.length, 1, 'passed on, and not told twice');
	assert.equal(errors[0].error.type, 'server_error');
	rowOf(answer, 'stream_error', (row) => {
		assert.equal(row.complete, false);
		assert.equal(row.error, 'upstream_error');
		assert.ok(row.completion_tokens > 0);
	});
	await assert.rejects(async () => {
		const stream = await stack.sdk().chat.completions.create(
			hello('fault=stream_error', { stream: true }));

		for await (const chunk of stream)
			assert.ok(chunk.choices.length > 0);
	}, OpenAI.APIError);
});

for (const status of STATUSES) {
	test(`a provider's ${status} is passed on as it is`, async () => {
		for (const stream of [false, true]) {
			const body = hello(`status=${status}`, { stream });
			const answer = await stack.chat(body);
			const own = await call(
				`${stack.env.SIMULATOR_URL}/v1/chat/completions`,
				{ method: 'POST', body: JSON.stringify({ ...body,
					model: `sim-small?status=${status}` }) });

			assert.equal(answer.status, status);
			assert.equal(answer.text, own.text);
			assert.equal(own.status, status);
			rowOf(answer, body.model, (row) => {
				assert.equal(row.status, status);
				assert.equal(row.error, 'upstream_error');
				assert.equal(row.provider, 'faulty');
				assert.ok(row.error_detail.includes(`${status}`),
					row.error_detail);
				assert.ok(row.error_detail.includes(
					own.json().error.message.slice(0, 30)));
				assert.equal(row.prompt_tokens, null);
			});
		}
	});
}

test('Retry-After is passed on', async () => {
	const answer = await stack.chat(hello('limited'));

	assert.equal(answer.status, 429);
	assert.equal(answer.headers['retry-after'], '7');
});

test('a provider\'s body of any kind is passed on byte by byte', async () => {
	const bodies = [
		['text/html', '<html><title>Bad Gateway</title>\r\n</html>'],
		['text/plain; charset=utf-8', 'überlastet\n'],
		['application/json', '{"error" :\t"odd"}  \n\n'],
		['application/json', '[{"error":{"code":503}}]'],
		['application/octet-stream', '\0\x01\x02'],
	];

	for (const [type, body] of bodies) {
		await stack.play({ status: 502, body,
			headers: { 'Content-Type': type } });
		const answer = await stack.chat(hello('tokens=4'));

		assert.equal(answer.status, 502);
		assert.equal(answer.headers['content-type'], type);
		assert.equal(answer.text, body);
	}
	// There is nothing to pass on: then it is ours to say.
	await stack.play({ status: 502, body: '', headers: {} });
	assertError(await stack.chat(hello('tokens=4')), 502, 'upstream_error');
});

test('a provider that quotes its key does not betray it', async () => {
	const message = `Incorrect API key provided: ${SECRET}. Again: ${SECRET}`;
	const body = JSON.stringify({ error: { message, type: 'x', code: 'y' } });

	for (const stream of [false, true]) {
		await stack.play({ status: 401, body,
			headers: { 'Content-Type': 'application/json' } });
		const answer = await stack.chat(hello('tokens=4', { stream }));

		assert.equal(answer.status, 401);
		assert.equal(answer.text, body.replaceAll(SECRET,
			'*'.repeat(SECRET.length)));
		assert.ok(!JSON.stringify(answer.headers).includes(SECRET));
		rowOf(answer, 'quoted key', (row) => {
			assert.ok(row.error_detail.includes('Incorrect API key'));
			assert.ok(!row.error_detail.includes(SECRET.slice(10)));
		});
	}
});

test('nor where the refusal is within a 200', async () => {
	const error = JSON.stringify({ error: { message: `bad key ${SECRET}` } });
	const blotted = error.replaceAll(SECRET, '*'.repeat(SECRET.length));

	await stack.play({ status: 200, body: error,
		headers: { 'Content-Type': 'application/json' } });
	const whole = await stack.chat(hello('tokens=4'),
		{ headers: { 'X-Gateway-Metadata': 'off' } });

	assert.equal(whole.text, blotted);
	await stack.play({ status: 200, body: `data: ${error}\n\n`, chunk: 9,
		headers: { 'Content-Type': 'text/event-stream' } });
	const stream = await stack.chat(hello('tokens=4', { stream: true }));

	assert.equal(stream.text, `data: ${blotted}\n\n`);
	for (const answer of [whole, stream])
		rowOf(answer, 'quoted key', (row) => {
			assert.equal(row.error, 'upstream_error');
			assert.ok(!row.error_detail.includes(SECRET.slice(10)));
		});
});

test('a provider that lingers after [DONE] holds nobody up', async () => {
	const start = performance.now();

	await stack.play({ status: 200, gap_ms: 3000, chunk: 1000,
		headers: { 'Content-Type': 'text/event-stream' },
		body: 'data: {"id":"x","choices":[{"index":0,"delta":{"content":' +
			'"hi"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n' +
			': comment\n'.repeat(200) });
	const answer = await stack.chat(hello('tokens=4', { stream: true }));

	assert.ok(performance.now() - start < 2000);
	assert.ok(answer.text.includes('data: [DONE]\n\n'));
	rowOf(answer, 'lingering', (row) => assert.equal(row.complete, true));
});

test('an alias goes on with its next target', async (t) => {
	for (const first of ['unreachable', 'fault=reset', 'fault=garbage',
		'fault=stall', 'status=401', 'status=404', 'status=429',
		'status=500', 'status=503', 'fault=garbage_body',
		'fault=half_body']) {
		await t.test(`after ${first}`, async () => {
			const alias = `after-${first.replace(/\W/, '-')}`;

			await stack.cli(['alias', 'set', alias, `${first},tokens=4`]);
			assertSecond(await stack.chat(hello(alias)), alias);
			// Half a stream is not taken back.
			if (first !== 'fault=half_body')
				assertSecond(await stack.chat(
					hello(alias, { stream: true })), alias);
		});
	}
	await t.test('after half an event, which is forgotten', async () => {
		await stack.cli(['alias', 'set', 'after-half-an-event',
			'fault=reset,tokens=4']);
		await stack.play({
			status: 200,
			headers: { 'content-type': 'text/event-stream' },
			body: 'data: {"id":"half","choices":[]}\n\n',
			chunk: 10,
			gap_ms: 60000,
		});
		assertSecond(await stack.chat(hello('after-half-an-event',
			{ stream: true })), 'after-half-an-event');
	});
	await t.test('not where the request is at fault', async () => {
		await stack.cli(['alias', 'set', 'after-400',
			'status=400,tokens=4']);
		const answer = await stack.chat(hello('after-400'));

		assert.equal(answer.status, 400);
		rowOf(answer, '1 attempts', (row) =>
			assert.equal(row.attempts, 1));
	});
	await t.test('not once a byte has reached the client', async () => {
		await stack.cli(['alias', 'set', 'after-cut',
			'fault=cut,tokens=4']);
		const answer = await stack.chat(hello('after-cut',
			{ stream: true }));

		assert.equal(answer.chunks().at(-1).error.code, 'upstream_cut');
		rowOf(answer, '1 attempts', (row) =>
			assert.equal(row.attempts, 1));
	});
	await t.test('when all are down, the last one\'s error is told',
		async () => {
			await stack.cli(['alias', 'set', 'all-down',
				'unreachable,fault=reset,status=503']);
			const answer = await stack.chat(hello('all-down'));

			assert.equal(answer.status, 503);
			rowOf(answer, '3 attempts', (row) =>
				assert.equal(row.attempts, 3));
		});
});

test('each has its row, which says what was wrong', async (t) => {
	const rows = await stack.rows(looks.map(([, id]) => id));

	assert.ok(looks.length > 60, `${looks.length} calls`);
	for (const [name, id, look] of looks) {
		await t.test(`${name}: ${id}`, () => look(rows.get(id)));
	}
});

test('after all that the gateway works, and betrayed no key', async () => {
	const answer = await stack.chat(hello('tokens=4'));

	assert.equal(answer.status, 200, answer.text);
	process.kill(stack.gatewayPid(), 0);
	// A loop writes its lines when it has nothing else to do.
	await until(() => stack.logs().includes(answer.headers['x-request-id']),
		'the log line of the last call');
	const logs = stack.logs();

	assert.ok(!logs.includes(SECRET.slice(10)), 'a provider\'s key');
	assert.ok(!logs.includes(stack.key), 'a gateway key');
});

// An error instead of an answer, in time, with its row.
async function assertFails(model, stream, [code, status], ms) {
	const began = performance.now();
	const answer = await stack.chat(hello(model, { stream }));
	const took = performance.now() - began;
	const error = assertError(answer, status, code, null);

	assert.equal(error.type, 'api_error');
	assert.ok(!answer.text.includes('127.0.0.1'), 'no address of ours');
	rowOf(answer, model, (row) => {
		assert.equal(row.error, code);
		assert.equal(row.status, status);
		assert.equal(row.complete, false);
		assert.equal(row.attempts, 1);
		assert.equal(row.model_used, model);
	});
	if (ms)
		assert.ok(took >= ms && took < ms + 1000, `took ${took} ms`);
}

// A stream that begins well and ends in an error event.
async function assertBreaksOff(model, code, ms) {
	const began = performance.now();
	const answer = await stack.chat(hello(model, { stream: true }));
	const took = performance.now() - began;
	const chunks = answer.chunks();
	const { error } = chunks.at(-1);

	assert.equal(answer.status, 200);
	assert.ok(chunks.length > 3, 'half of it came');
	assert.equal(error?.code, code, answer.text.slice(-300));
	assert.equal(error.type, 'api_error');
	assert.ok(!answer.isDone, 'nothing claims that it is complete');
	rowOf(answer, model, (row) => {
		assert.equal(row.error, code);
		assert.equal(row.status, 200, 'as the client saw it');
		assert.equal(row.complete, false);
		assert.ok(row.prompt_tokens > 0 && row.completion_tokens > 0);
		assert.equal(row.usage_source, 'estimated');
	});
	if (ms)
		assert.ok(took >= ms && took < ms + 1000, `took ${took} ms`);
}

function assertSecond(answer, alias) {
	assert.equal(answer.status, 200, answer.text);
	assert.equal(answer.headers['x-gateway-model'], 'tokens=4');
	assert.equal(answer.headers['x-gateway-attempts'], '2');
	rowOf(answer, alias, (row) => {
		assert.equal(row.model_asked, alias);
		assert.equal(row.alias, alias);
		assert.equal(row.model_used, 'tokens=4');
		assert.equal(row.attempts, 2);
		assert.equal(row.error, null);
		assert.equal(row.complete, true);
		assert.equal(row.completion_tokens, 4);
	});
}
