// bad_input.test.mjs - requests that are wrong in every way we know. Each is
// refused in OpenAI's words with the status it deserves, none disturbs the
// gateway, and each refused chat is in the request log.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import http from 'node:http';
import { test } from 'node:test';

import { assertError, hello, sleep, useStack } from './stack.mjs';

const MEGABYTE = 1 << 20;

// Chats that the gateway refused: request id, what its row must say.
const refused = new Map();
const keys = {};

const stack = useStack({ web: 'nginx' }, async (stack) => {
	await stack.addModel('plain', 'tokens=4');
	await stack.addModel('other', 'tokens=4');
	await stack.cli(['alias', 'set', 'law-assistant', 'plain']);
	keys.revoked = await stack.createKey('revoked');
	keys.expired = await stack.createKey('expired',
		'--expires', '2020-01-01');
	keys.narrow = await stack.createKey('narrow', '--models', 'other');
	await stack.cli(['key', 'revoke', String(keys.revoked.id)]);
});

function assertRefused(answer, status, code, param) {
	const error = assertError(answer, status, code, param);

	refused.set(answer.headers['x-request-id'], { status, error: code });
	return error;
}

test('keys', async (t) => {
	const typo = stack.key.replace(/.$/, (c) => c === 'a' ? 'b' : 'a');
	const cases = [
		['none', '', 'missing_api_key'],
		['with a typo', typo, 'malformed_api_key'],
		['cut', stack.key.slice(0, -5), 'malformed_api_key'],
		['of somebody else', 'sk-proj-0123456789abcdef',
			'malformed_api_key'],
		['very long', `gw_${'x'.repeat(10000)}`, 'malformed_api_key'],
		['revoked', keys.revoked.key, 'revoked_api_key'],
		['expired', keys.expired.key, 'expired_api_key'],
	];

	for (const [name, key, code] of cases) {
		await t.test(name, async () => {
			const answer = await stack.chat(hello('plain'), { key });
			const error = assertRefused(answer, 401, code, null);

			assert.equal(error.type, 'authentication_error');
			assert.equal(answer.headers['www-authenticate'], 'Bearer');
			assert.ok(!key || !answer.text.includes(key),
				'the key is not repeated');
		});
	}
	await t.test('well formed but of another installation', async () => {
		assertRefused(await stack.chat(hello('plain'),
			{ key: strangeKey() }), 401, 'invalid_api_key', null);
	});
});

test('a key revoked while calls run is refused within a second', async () => {
	const { id, key } = await stack.createKey('to be revoked');
	const seen = []; // [Date.now(), status]
	let goesOn = true;
	const callers = Array.from({ length: 4 }, async () => {
		while (goesOn) {
			const began = Date.now();
			const answer = await stack.chat(hello('plain'), { key });

			seen.push([began, answer.status]);
			if (answer.status !== 200)
				assertRefused(answer, 401,
					'revoked_api_key', null);
			await sleep(10);
		}
	});

	await sleep(300);
	await stack.cli(['key', 'revoke', String(id)]);
	const revoked = Date.now();

	await sleep(1500);
	goesOn = false;
	await Promise.all(callers);
	assert.ok(seen.some(([began, status]) =>
		began < revoked && status === 200), 'it worked before');
	const late = seen.filter(([began]) => began > revoked + 1000);

	assert.ok(late.length > 0);
	assert.deepEqual([...new Set(late.map(([, status]) => status))], [401]);
});

test('models', async (t) => {
	await t.test('unknown, with names that are near', async () => {
		for (const [name, near] of [['sandbox-smal', 'sandbox-small'],
			['law-asistant', 'law-assistant'], ['Plain', 'plain']]) {
			const error = assertRefused(
				await stack.chat(hello(name)),
				404, 'model_not_found', 'model');

			assert.ok(error.message.includes(`'${near}'`),
				error.message);
		}
	});
	await t.test('unknown, with nothing near', async () => {
		const error = assertRefused(
			await stack.chat(hello('zzzzzzzzzzzzzzzzz')),
			404, 'model_not_found', 'model');

		assert.ok(!error.message.includes('Did you mean'));
	});
	await t.test('not for this key, nor named to it', async () => {
		const { key } = keys.narrow;
		const error = assertRefused(
			await stack.chat(hello('plain'), { key }),
			403, 'model_not_allowed', 'model');

		assert.equal(error.type, 'permission_error');
		const near = assertRefused(
			await stack.chat(hello('plan'), { key }),
			404, 'model_not_found', 'model');

		assert.ok(!near.message.includes('\'plain\''), near.message);
		const listed = await stack.get('/v1/models', { key });

		assert.deepEqual(listed.json().data.map((m) => m.id), ['other']);
		assertError(await stack.get('/v1/models/plain', { key }),
			404, 'model_not_found');
		const own = await stack.chat(hello('other'), { key });

		assert.equal(own.status, 200, own.text);
	});
	await t.test('empty', async () => {
		const { messages } = hello('x');

		assertRefused(await stack.chat({ model: '', messages }),
			400, 'invalid_field', 'model');
	});
});

test('fields of a wrong type or value are named', async () => {
	const user = (content) => ({ role: 'user', content });
	const cases = [
		['model', { model: 5 }],
		['model', { model: ['plain'] }],
		['messages', { messages: 'Hello' }],
		['messages', { messages: {} }],
		['messages', { messages: [] }],
		['messages', { messages: null }],
		['messages[0]', { messages: ['Hello'] }],
		['messages[0].role', { messages: [{ content: 'Hello' }] },
			'missing_field'],
		['messages[0].role', { messages: [{ role: 1, content: 'Hi' }] }],
		['messages[0].role', { messages: [{ role: 'boss', content: '' }] }],
		['messages[0].content', { messages: [{ role: 'user' }] },
			'missing_field'],
		['messages[1].content', { messages: [user('a'), user(5)] }],
		['messages[0].content[0]', { messages: [user(['a'])] }],
		['messages[0].content[1].type', { messages: [
			user([{ type: 'text', text: 'a' }, { text: 'b' }])] },
		'missing_field'],
		['messages[0].tool_calls', { messages: [
			{ role: 'assistant', tool_calls: {} }] }],
		['stream', { stream: 'yes' }],
		['stream', { stream: 1 }],
		['stream_options', { stream_options: true }],
		['stream_options.include_usage',
			{ stream_options: { include_usage: 'yes' } }],
		['temperature', { temperature: 'hot' }],
		['top_p', { top_p: [] }],
		['n', { n: 0 }],
		['n', { n: 1000000 }],
		['n', { n: '2' }],
		['max_tokens', { max_tokens: 0 }],
		['max_tokens', { max_tokens: -5 }],
		['max_completion_tokens', { max_completion_tokens: 1.5 }],
		['stop', { stop: 5 }],
		['seed', { seed: 'x' }],
		['presence_penalty', { presence_penalty: {} }],
		['frequency_penalty', { frequency_penalty: true }],
		['tools', { tools: {} }],
		['tools', { tools: 'get_weather' }],
		['tool_choice', { tool_choice: 3 }],
		['response_format', { response_format: 'json' }],
		['metadata', { metadata: 'x' }],
		['user', { user: 7 }],
	];

	for (const [param, more, code = 'invalid_field'] of cases) {
		const answer = await stack.chat(hello('plain', more));
		const error = assertRefused(answer, 400, code, param);

		assert.ok(error.message.includes(`'${param}'`), error.message);
	}
});

test('bodies that are not what they should be', async (t) => {
	const good = JSON.stringify(hello('plain'));
	const nested = (depth) => `{"model":"plain","messages":[{"role":"user",`
		+ `"content":"x"}],"x":${'['.repeat(depth)}${']'.repeat(depth)}}`;
	const cases = [
		['empty', '', 'invalid_json'],
		['blank', '  \n', 'invalid_json'],
		['not JSON', 'model=plain', 'invalid_json'],
		['cut', good.slice(0, -1), 'invalid_json'],
		['followed by more', `${good}{}`, 'invalid_json'],
		['an array', `[${good}]`, 'bad_request'],
		['a string', '"hello"', 'bad_request'],
		['without messages', '{"model":"plain"}', 'missing_field',
			'messages'],
		['10,000 deep', nested(10000), 'json_too_deep'],
		['a million deep', nested(1000000), 'json_too_deep'],
		['with NUL bytes', good.replace('Hello', 'Hel\0lo'),
			'invalid_json'],
		['with only NUL bytes', Buffer.alloc(100), 'invalid_json'],
		['with invalid UTF-8', Buffer.from(
			good.replace('Hello', 'Hel\xfflo'), 'latin1'),
		'invalid_json'],
		['with half a character', Buffer.from(
			good.replace('Hello', 'Hel\xe2\x82'), 'latin1'),
		'invalid_json'],
		['with a tab in a string', good.replace('Hello', 'Hel\tlo'),
			'invalid_json'],
		['with two models', good.replace('{', '{"model":"other",'),
			'invalid_field', 'model'],
		['with the model in escapes twice',
			good.replace('{', '{"mod\\u0065l":"other",'),
			'invalid_field', 'model'],
		['with messages twice', good.replace('{', '{"messages":[],'),
			'invalid_field', 'messages'],
		['with stream twice',
			good.replace('{', '{"stream":true,"stream":false,'),
			'invalid_field', 'stream'],
	];

	for (const [name, body, code, param = null] of cases) {
		await t.test(name, async () => {
			assertRefused(await stack.chat(body), 400, code,
				param);
		});
	}
	await t.test('of another type', async () => {
		for (const type of ['text/plain',
			'application/x-www-form-urlencoded',
			'multipart/form-data; boundary=x', 'application/xml'])
			assertRefused(await stack.chat(good,
				{ headers: { 'content-type': type } }),
			400, 'unsupported_content_type', null);
		const charset = await stack.chat(good, { headers: {
			'content-type': 'application/json; charset=utf-8' } });

		assert.equal(charset.status, 200, charset.text);
	});
});

test('large bodies', async (t) => {
	const large = (bytes) => {
		const body = JSON.stringify(hello('plain'));

		return body.replace('Hello', 'x'.repeat(
			bytes - body.length + 'Hello'.length));
	};

	await t.test('31 MB pass', async () => {
		const answer = await stack.chat(large(31 * MEGABYTE));

		assert.equal(answer.status, 200, answer.text);
		const seen = await stack.lastSeen();

		assert.ok(seen.body.length > 31 * MEGABYTE - 100);
	});
	await t.test('40 MB do not', async () => {
		assertError(await stack.chat(large(40 * MEGABYTE)),
			413, 'request_too_large', null);
	});
	await t.test('nor do they in chunks of unannounced length', async () => {
		assertError(await stack.chat(large(40 * MEGABYTE),
			{ headers: { 'transfer-encoding': 'chunked' } }),
		413, 'request_too_large', null);
	});
	await t.test('a body in chunks that fits passes', async () => {
		const answer = await stack.chat(large(MEGABYTE),
			{ headers: { 'transfer-encoding': 'chunked' } });

		assert.equal(answer.status, 200, answer.text);
	});
});

test('headers', async (t) => {
	const error = (answer) => {
		assert.ok(answer.status >= 400 && answer.status < 500,
			`${answer.status}`);
		assertError(answer, answer.status);
	};

	await t.test('70 KB in one', async () => {
		error(await stack.chat(hello('plain'),
			{ headers: { 'x-large': 'x'.repeat(70000) } }));
	});
	await t.test('70 KB in fourteen', async () => {
		error(await stack.chat(hello('plain'), {
			headers: Object.fromEntries(Array.from({ length: 14 },
				(_, i) => [`x-large-${i}`, 'x'.repeat(5000)])) }));
	});
	await t.test('40 KB pass', async () => {
		const answer = await stack.chat(hello('plain'), {
			headers: Object.fromEntries(Array.from({ length: 8 },
				(_, i) => [`x-large-${i}`, 'x'.repeat(5000)])) });

		assert.equal(answer.status, 200, answer.text);
	});
});

test('paths and methods', async (t) => {
	await t.test('unknown paths', async () => {
		assertError(await stack.chat(hello('plain'), { path: '/' }),
			405, 'method_not_allowed', null);
		for (const where of ['/v1', '/v1/', '/v1/nothing',
			'/chat/completions', '/v1/chat/completions/',
			'/v1/chat/completions/more', '/v1/chat/completionsx',
			'/V1/chat/completions', '/v1/%2e%2e/etc/passwd'])
			assertError(await stack.chat(hello('plain'),
				{ path: where }), 404, 'not_found', null);
	});
	await t.test('wrong methods', async () => {
		for (const where of ['/v1/chat/completions', '/v1/chat',
			'/v1/chat/stream', '/api/v1/chat/completions']) {
			for (const method of ['GET', 'PUT', 'DELETE', 'PATCH'])
				assertError(await stack.get(where, { method }),
					405, 'method_not_allowed', null);
		}
		for (const where of ['/v1/models', '/v1/health'])
			assertError(await stack.chat({}, { path: where }),
				405, 'method_not_allowed', null);
	});
	await t.test('a path with escapes is the same path', async () => {
		const answer = await stack.chat(hello('plain'),
			{ path: '/v1/%63hat/compl%65tions' });
		const model = await stack.get('/v1/models/sandbox%2Dsmall');

		assert.equal(answer.status, 200, answer.text);
		assert.equal(model.json().id, 'sandbox-small');
		assertError(await stack.get('/v1/models/%E2%82%AC%20%22%0D%0A'),
			404, 'model_not_found', 'model');
	});
});

test('a client that breaks off in its body disturbs nobody', async () => {
	for (let i = 0; i < 20; i++)
		await sendHalf(stack.url, stack.key);
	const answer = await stack.chat(hello('plain'));

	assert.equal(answer.status, 200, answer.text);
});

test('afterwards the gateway works, and every refusal has its row', async () => {
	const answer = await stack.chat(hello('plain', { stream: true }));

	assert.equal(answer.status, 200);
	assert.ok(answer.isDone);
	assert.ok(refused.size > 70, `${refused.size} refused`);
	const rows = await stack.rows([...refused.keys()]);

	for (const [id, { status, error }] of refused) {
		const row = rows.get(id);

		assert.equal(row.error, error, id);
		assert.equal(row.status, status, id);
		assert.equal(row.complete, false, id);
		assert.equal(row.prompt_tokens, null, id);
		assert.equal(row.cost_usd, null, id);
		// Nobody may have been asked.
		assert.equal(row.attempts, 0, id);
	}
});

// A key's form: 43 characters, and their CRC-32 in six digits of base 62.
function strangeKey() {
	const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'
		+ 'abcdefghijklmnopqrstuvwxyz';
	const text = `gw_${Array.from({ length: 43 }, () =>
		digits[randomInt(62)]).join('')}`;
	let sum = ~0;
	let check = '';

	for (const byte of Buffer.from(text)) {
		sum ^= byte;
		for (let i = 0; i < 8; i++)
			sum = sum >>> 1 ^ (sum & 1 ? 0xedb88320 : 0);
	}
	for (let i = 0, rest = ~sum >>> 0; i < 6; i++) {
		check = digits[rest % 62] + check;
		rest = Math.floor(rest / 62);
	}
	return text + check;
}

function sendHalf(url, key) {
	return new Promise((resolve) => {
		const request = http.request(`${url}/v1/chat/completions`, {
			method: 'POST',
			headers: { authorization: `Bearer ${key}`,
				'content-type': 'application/json',
				'content-length': 100000 },
		});

		request.on('error', () => {});
		request.on('close', resolve);
		request.write('{"model":"plain","messages":[{"ro', () =>
			request.destroy());
	});
}

test('a path that nginx cannot read is refused in JSON', async () => {
	for (const path of ['/v1/%00models', '/v1/%zz'])
		assertRefused(await stack.get(path), 400, 'bad_request', null);
});
