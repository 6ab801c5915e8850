// cache.test.mjs - the response cache: what is kept, for whom, how long, and
// what it costs.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';

import { ask, cacheStack, calls, coalescingCases, formCases, newText, state }
	from './cache_cases.mjs';
import { clients, read } from './plain_clients.mjs';
import { dialects, modelOf } from './providers.mjs';
import { assertError, faultsAlone, median, sleep, until } from './stack.mjs';

const TOOL = { type: 'function', function: { name: 'get_weather',
	parameters: { type: 'object', properties: {} } } };

const stack = cacheStack('nginx', { set: {
	'cache.max_answer_bytes': 4000000,
	...faultsAlone,
} });

const chat = (text, options) => ask(stack, 'small', text, options);

// Is it there, for whoever asks the same?
async function isKept(text, options) {
	return state(await chat(text, options)) === 'hit';
}

test('the same request again', async () => {
	const text = newText();
	let first, again;

	assert.equal(await calls(stack, async () => {
		first = await chat(text);
		again = await chat(text);
	}), 1);
	assert.equal(state(first), 'miss');
	assert.equal(state(again), 'hit');
	assert.match(again.headers.age, /^\d$/);
	assert.equal(Number(again.headers['x-gateway-cost-usd']), 0);
	assert.notEqual(again.headers['x-request-id'],
		first.headers['x-request-id']);
	const { metadata: paid, ...body } = first.json();
	const { metadata: free, ...same } = again.json();

	assert.deepEqual(same, body);
	assert.equal(paid.cache_hit, false);
	assert.equal(free.cache_hit, true);
	assert.equal(Number(free.cost_usd), 0);
	assert.equal(free.model_used, paid.model_used);
	assert.equal(free.provider, paid.provider);
});

test('what the request log says of it', async () => {
	const text = newText();
	const paid = await stack.row(await chat(text));
	const free = await stack.row(await chat(text));

	assert.equal(paid.cache_hit, false);
	assert.equal(free.cache_hit, true);
	assert.ok(Number(paid.cost_usd) > 0);
	assert.equal(Number(free.cost_usd), 0);
	assert.equal(free.saved_usd, paid.cost_usd);
	for (const member of ['prompt_tokens', 'completion_tokens', 'model_used',
		'provider', 'status', 'complete'])
		assert.equal(free[member], paid[member], member);
});

test('a stream again, byte for byte', async () => {
	const text = newText();
	const options = { stream: true, headers: { 'x-gateway-metadata': 'off' },
		more: { stream_options: { include_usage: true } } };
	const first = await chat(text, options);
	const again = await chat(text, options);

	assert.equal(state(again), 'hit');
	assert.equal(again.text, first.text);
	const { usage } = read(clients.openai_chat, again);

	assert.equal(usage.completion, 12);
	/* Who did not ask for the usage does not get it. */
	const without = await chat(text, { stream: true });

	assert.equal(state(without), 'hit');
	assert.equal(read(clients.openai_chat, without).usage, undefined);
});

formCases(stack, dialects);

test('a stream as one JSON array', async () => {
	const text = newText();
	const model = modelOf('gemini');
	const body = { contents: [{ role: 'user', parts: [{ text }] }] };
	const paths = ['streamGenerateContent', 'streamGenerateContent?alt=sse'];

	for (const [i, verb] of [...paths, ...paths].entries()) {
		const answer = await stack.chat(body, { key: stack.cached,
			path: `/v1beta/models/${model}:${verb}` });

		assert.equal(state(answer), i === 0 ? 'miss' : 'hit');
		assert.ok(read(clients.gemini, answer).said.length > 10,
			answer.text);
	}
});

test('a long stream to a client that reads slowly', async () => {
	await stack.addModel('long', 'tokens=12000');
	const text = newText();
	const first = await ask(stack, 'long', text, { stream: true });
	const { said } = read(clients.openai_chat, first);

	assert.ok(first.text.length > 1000000);
	const slow = ask(stack, 'long', text, { stream: true, begin: true });

	await slow.head;
	slow.response.pause();
	await sleep(300);
	slow.response.resume();
	await slow.over;
	assert.equal(state(slow), 'hit');
	assert.equal(slow.text, first.text);
	assert.equal(slow.said, said);
});

test('a client that leaves in the middle of a hit', async () => {
	const text = newText();

	await ask(stack, 'long', text, { stream: true });
	const leaver = ask(stack, 'long', text, { stream: true, begin: true });

	await leaver.head;
	leaver.response.pause();
	leaver.leave();
	const row = await stack.row(leaver.headers['x-request-id']);

	assert.equal(row.cache_hit, true);
	assert.equal(Number(row.cost_usd), 0);
	assert.equal(state(await ask(stack, 'long', text, { stream: true })),
		'hit');
});

test('nobody else\'s answer', async () => {
	await stack.cli(['project', 'add', 'others']);
	const { key } = await stack.createKey('theirs', '--project', 'others',
		'--cache', 'on');
	const text = newText();

	await chat(text);
	assert.ok(await isKept(text));
	assert.ok(!await isKept(text, { key }));
	const { key: colleague } = await stack.createKey('colleague', '--cache',
		'on');

	assert.ok(await isKept(text, { key: colleague }));
});

test('not for a key that may not use its provider', async () => {
	const { key } = await stack.createKey('narrow', '--cache', 'on',
		'--providers', 'sandbox');
	const model = modelOf('anthropic');
	const text = newText();

	await ask(stack, model, text);
	const refused = await ask(stack, model, text, { key });

	assertError(refused, 403, 'model_not_allowed', 'model');
});

test('not for another question', async () => {
	const text = newText();
	const messages = [{ role: 'system', content: 'Be brief.' },
		{ role: 'user', content: text }];

	await chat(text);
	for (const more of [{ messages }, { max_tokens: 4095 }, { seed: 1 },
		{ top_p: 0.5 }, { stop: ['x'] }, { presence_penalty: 1 },
		{ logprobs: true }, { response_format: { type: 'json_object' } }])
		assert.ok(!await isKept(text, { more }), JSON.stringify(more));
	for (const more of [{ user: 'somebody' }, { metadata: { a: 'b' } },
		{ temperature: 0.0 }])
		assert.ok(await isKept(text, { more }), JSON.stringify(more));
	assert.equal(state(await ask(stack, modelOf('openai_chat'), text)),
		'miss');
});

test('an alias that changes begins anew', async () => {
	const text = newText();

	await stack.cli(['alias', 'set', 'helper', 'small']);
	await ask(stack, 'helper', text);
	assert.equal(state(await ask(stack, 'helper', text)), 'hit');
	await stack.cli(['alias', 'set', 'helper', modelOf('openai_chat')]);
	assert.equal(state(await ask(stack, 'helper', text)), 'miss');
});

test('only where it is on', async () => {
	const { key } = await stack.createKey('off', '--cache', 'off');
	const text = newText();

	for (const off of [stack.key, key]) {
		assert.equal(state(await chat(text, { key: off })), 'off');
		assert.equal(state(await chat(text, { key: off })), 'off');
	}
	assert.equal(state(await chat(text)), 'miss');
});

test('not where chance is asked for', async () => {
	const text = newText();

	for (const temperature of [0.1, 1])
		for (let i = 0; i < 2; i++)
			assert.equal(state(await chat(text, { more: { temperature } })),
				'bypass');
	/* A key that has the cache on wants it for those who say nothing. */
	const body = { model: 'small', messages: [{ role: 'user',
		content: text }] };

	await stack.chat(body, { key: stack.cached });
	assert.equal(state(await stack.chat(body, { key: stack.cached })), 'hit');
});

test('not with tools', async () => {
	for (let i = 0; i < 2; i++)
		assert.equal(state(await chat('weather', { more: { tools: [TOOL] } })),
			'bypass');
});

test('what is no whole answer is not kept', async () => {
	for (const [name, behaviour] of Object.entries({
		failing: 'status=500',
		limited: 'status=429',
		filtered: 'finish=filter',
		cut: 'fault=cut',
		unfinished: 'fault=no_done',
		broken: 'fault=stream_error',
		garbage: 'fault=garbage_body',
	})) {
		await stack.addModel(name, behaviour);
		for (const stream of [false, true]) {
			const text = newText();

			assert.equal(await calls(stack, async () => {
				await ask(stack, name, text, { stream });
				const again = await ask(stack, name, text, { stream });

				assert.notEqual(state(again), 'hit', `${name} ${stream}`);
			}), 2, `${name} ${stream}`);
		}
	}
});

test('an answer that was as long as asked for is kept', async () => {
	await stack.addModel('full', 'finish=length');
	const text = newText();

	await ask(stack, 'full', text);
	assert.equal(state(await ask(stack, 'full', text)), 'hit');
});

test('a large answer is not kept', async () => {
	await stack.addModel('large', 'bytes=5000000');
	const text = newText();

	for (const stream of [false, true, false])
		assert.equal(state(await ask(stack, 'large', text, { stream })),
			'miss');
});

test('what a client left is not kept', async () => {
	const text = newText();
	const model = modelOf('openai_chat', 'stream');
	const { client_aborts: before } = await stack.stats();
	const leaver = ask(stack, model, text, { stream: true, begin: true });

	await leaver.head;
	leaver.leave();
	await until(async () => (await stack.stats()).client_aborts > before,
		'the abort');
	assert.equal(state(await ask(stack, model, text, { stream: true })),
		'miss');
});

test('Cache-Control', async () => {
	const text = newText();
	const say = (words) => chat(text, { headers: { 'cache-control': words } });

	/* Neither read nor kept. */
	assert.equal(state(await say('no-store')), 'bypass');
	assert.equal(state(await say('no-cache, no-store')), 'bypass');
	/* Kept, but not read: a moment after its answer, and no call waits. */
	const kept = await say('no-cache');

	assert.equal(state(kept), 'bypass');
	await stack.row(kept);
	assert.equal(state(await chat(text)), 'hit');
	assert.equal(state(await say('no-cache')), 'bypass');
	assert.equal(state(await say('no-store')), 'bypass');
	assert.equal(state(await chat(text)), 'hit');
	/* Only what is young enough. */
	assert.equal(state(await say('max-age=3600')), 'hit');
	await sleep(1100);
	assert.equal(state(await say('max-age=1')), 'miss');
	assert.equal(state(await say('Max-Age = 60')), 'hit');
});

test('its time ends', async () => {
	const { key } = await stack.createKey('brief', '--cache', 'on',
		'--cache-ttl', '1');
	const text = newText();

	await chat(text, { key });
	await until(async () => !await isKept(text, { key }), 'the end');
});

coalescingCases(stack, 100);

test('equal calls that may not be kept do not wait in a row', async () => {
	await stack.addModel('refusing', 'delay_ms=500,finish=filter');
	const text = newText();
	let most = 0;
	let answers;

	assert.equal(await calls(stack, async () => {
		const asked = Promise.all(Array.from({ length: 10 },
			() => ask(stack, 'refusing', text)));

		/* The others, when the first has got what is not for them. */
		await until(async () => {
			most = Math.max(most, (await stack.stats()).active);
			return most >= 9;
		}, () => `nine calls at once, not ${most}`);
		answers = await asked;
	}), 10);
	for (const answer of answers)
		assert.equal(state(answer), 'miss');
});

test('a client that leaves while it waits', async () => {
	const text = newText();
	const model = modelOf('openai_chat', 'slow');
	const first = ask(stack, model, text);

	await until(async () => (await stack.stats()).active === 1, 'the first');
	const waiter = ask(stack, model, text, { begin: true });

	await sleep(50);
	waiter.leave();
	assert.equal(state(await first), 'miss');
	assert.equal(state(await ask(stack, model, text)), 'hit');
});

test('the official SDKs read what is given again', async () => {
	const openai = stack.sdk({ apiKey: stack.cached });
	const anthropic = new Anthropic({ authToken: stack.cached, apiKey: null,
		baseURL: stack.url, maxRetries: 0 });
	const text = newText();
	const messages = [{ role: 'user', content: text }];
	const model = modelOf('anthropic');
	const said = [];

	for (let i = 0; i < 2; i++) {
		const stream = openai.chat.completions.stream({ model, messages,
			max_tokens: 99 });

		said.push((await stream.finalChatCompletion())
			.choices[0].message.content);
		const events = anthropic.messages.stream({ model, messages,
			max_tokens: 99 });

		said.push((await events.finalMessage()).content[0].text);
	}
	said.push((await openai.chat.completions.create({ model, messages,
		max_tokens: 99 })).choices[0].message.content);
	said.push((await anthropic.messages.create({ model, messages,
		max_tokens: 99 })).content[0].text);
	assert.ok(said[0].length > 10);
	assert.equal(new Set(said).size, 1);
});

async function stats(key = stack.cached) {
	const answer = await stack.get('/api/llm/cache/stats', { key });

	assert.equal(answer.status, 200, answer.text);
	return answer.json();
}

async function remove(pattern, key = stack.cached) {
	const { status, text } = await stack.get(`/api/llm/cache${pattern}`,
		{ key, method: 'DELETE' });

	assert.equal(status, 200, text);
	return JSON.parse(text).removed;
}

test('what there is, and removing it', async () => {
	await stack.cli(['project', 'add', 'tidy']);
	const { key } = await stack.createKey('tidy', '--project', 'tidy',
		'--cache', 'on');
	const text = newText();
	const models = [modelOf('anthropic'), modelOf('openai_chat'), 'small'];
	const states = () => Promise.all(models.map(async (model) =>
		state(await ask(stack, model, text, { key }))));

	assert.deepEqual((await stats(key)).models, []);
	await states();
	await states();
	const { models: rows, ...sum } = await stats(key);

	assert.equal(sum.entries, 3);
	assert.equal(sum.hits, 3);
	assert.equal(sum.misses, 3);
	assert.ok(sum.bytes > 300);
	assert.ok(Number(sum.saved_usd) > 0);
	assert.deepEqual(rows.map((row) => `${row.provider}/${row.model}`),
		['anthropic/plain-anthropic', 'openai_chat/plain-openai_chat',
			'sandbox/small']);
	assert.equal(await remove('/openai%5Fchat%2F*', key), 1);
	assert.deepEqual(await states(), ['hit', 'miss', 'hit']);
	assert.equal(await remove('/*/plain-*', key), 2);
	assert.equal(await remove('/nothing', key), 0);
	assert.deepEqual(await states(), ['miss', 'miss', 'hit']);
	/* Another project's are another's. */
	await chat(text);
	assert.equal(await remove('', key), 3);
	assert.ok(await isKept(text));
	assertError(await stack.get('/api/llm/cache/stats', { key: null }), 401,
		'missing_api_key');
	assertError(await stack.get('/api/llm/cache', { key }), 405,
		'method_not_allowed');
	assertError(await stack.get('/api/llm/cache', { key: 'gw_x',
		method: 'DELETE' }), 401);
});

test('the same by the command line', async () => {
	const text = newText();

	await chat(text);
	const rows = await stack.cli(['cache', 'stats']);
	const row = rows.find(({ model }) => model === 'small');

	assert.equal(row.provider, 'sandbox');
	assert.ok(row.entries > 0 && row.hits > 0);
	assert.match(row.saved_usd, /^\d+\.\d+$/);
	assert.deepEqual(await stack.cli(['cache', 'stats', '--project',
		'tidy']).then((list) => list.map(({ entries }) => entries)),
	[0, 0, 0]);
	const { removed } = await stack.cli(['cache', 'clear', 'sandbox/small']);

	/* With those that are over and were not swept yet. */
	assert.ok(removed >= row.entries);
	assert.ok(!await isKept(text));
	await stack.cli(['cache', 'clear']);
	assert.ok(!await isKept(text));
});

test('a hit needs no provider, and adds little', async (t) => {
	const text = newText();
	const times = { hit: [], bypass: [] };

	await chat(text);
	for (let i = 0; i < 100; i++)
		for (const words of ['', 'no-store']) {
			const began = performance.now();
			const answer = await chat(text,
				{ headers: { 'cache-control': words } });

			times[state(answer)].push(performance.now() - began);
		}
	const hit = median(times.hit);
	const bypass = median(times.bypass);

	t.diagnostic(`median of a hit ${hit.toFixed(2)} ms, of a call ${
		bypass.toFixed(2)} ms, ratio ${(hit / bypass).toFixed(2)}`);
	await stack.kill('simulator');
	assert.ok(await isKept(text));
	assert.equal((await chat(newText())).status, 502);
});
