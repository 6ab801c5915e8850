// route_cascade.test.mjs - a cheap model answers first; a poor answer is asked
// for again, and both are paid for.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { until, useStack } from './stack.mjs';

const CHEAP = { input: 1, output: 2 };
const PREMIUM = { input: 10, output: 20 };

const stack = useStack({ web: 'nginx', set: {
	'stream.keepalive_ms': 200,
	'breaker.failures': 0,
	'retry.base_ms': 10,
	'upstream.key_limited_ms': 0,
	'upstream.key_refused_ms': 0,
} }, async (s) => {
	await add(s, 'cheap', 'sim-small?tokens=20', CHEAP);
	await add(s, 'premium', 'sim-small?tokens=30', PREMIUM);
	await add(s, 'silent', 'sim-small?tokens=0', CHEAP);
	await add(s, 'slow', 'sim-small?tokens=0,first_ms=900', CHEAP);
	await add(s, 'broken', 'sim-small?status=500', PREMIUM);
	await add(s, 'cut', 'sim-small?fault=no_done', CHEAP);
	await s.addProvider('claude', `${s.env.SIMULATOR_URL}/v1`, 'sk-claude',
		'--dialect', 'anthropic', '--auth', 'x-api-key');
	await s.cli(['model', 'add', 'foreign', '--provider', 'claude',
		'--upstream', 'claude-sonnet-4-5?tokens=0',
		'--input-price', '1', '--output-price', '2']);
	for (const first of ['cheap', 'silent', 'slow', 'cut', 'foreign'])
		await s.cli(['alias', 'set', `${first}-first`, `${first},premium`,
			'--strategy', 'cascade']);
	await s.cli(['alias', 'set', 'no-second', 'silent,broken',
		'--strategy', 'cascade']);
});

function add(s, name, upstream, price) {
	return s.cli(['model', 'add', name, '--provider', 'sandbox',
		'--upstream', upstream, '--input-price', `${price.input}`,
		'--output-price', `${price.output}`]);
}

function chat(model, more = {}, options = {}) {
	return stack.chat({ model,
		messages: [{ role: 'user', content: 'Tell me of rivers.' }],
		...more }, options);
}

const chosen = (answer) => answer.headers['x-gateway-model'];

// What the events of a stream say.
function said(answer) {
	return answer.text.split('\n').filter((line) =>
		line.startsWith('data: {')).map((line) => JSON.parse(line.slice(6)))
		.map((event) => event.choices?.[0]?.delta?.content ?? '').join('');
}

for (const stream of [false, true]) {
	const how = stream ? 'streamed' : 'whole';

	test(`a good answer is given as it is, ${how}`, async () => {
		const before = (await stack.stats()).requests;
		const answer = await chat('cheap-first', { stream });

		assert.equal(answer.status, 200, answer.text);
		assert.equal((await stack.stats()).requests, before + 1);
		assert.equal(chosen(answer), 'cheap');
		assert.equal(answer.headers['x-gateway-escalated'], undefined);
		const text = stream ? said(answer)
			: answer.json().choices[0].message.content;

		assert.equal(text.split(' ').length, 20, answer.text);
		if (stream)
			assert.match(answer.text, /data: \[DONE\]\n\n$/);
		const row = await stack.row(answer);

		assert.equal(row.complete, true);
		assert.equal(row.streamed, stream);
		assert.equal(row.completion_tokens, 20);
		assert.equal(row.attempts, 1);
	});

	test(`a poor one is asked for again, and both are paid for, ${how}`,
		async () => {
			for (const first of ['silent', 'foreign']) {
				const answer = await chat(`${first}-first`, { stream });

				assert.equal(answer.status, 200, answer.text);
				assert.equal(chosen(answer), 'premium');
				assert.equal(answer.headers['x-gateway-escalated'],
					'empty');
				const text = stream ? said(answer)
					: answer.json().choices[0].message.content;

				assert.equal(text.split(' ').length, 30, answer.text);
				const row = await stack.row(answer);

				assert.equal(row.attempts, 2);
				assert.equal(row.complete, true);
				assert.equal(row.model_used, 'premium');
				const [one, two] = row.attempt_list;

				assert.equal(one.model, first);
				assert.equal(one.status, 200);
				assert.equal(one.error_detail, 'escalated: empty');
				assert.equal(two.model, 'premium');
				await assertSum(row, first, stream);
			}
		});
}

// The cost of the call is what its two answers cost, each asked for alone.
async function assertSum(row, first, stream) {
	const alone = [];

	for (const model of [first, 'premium'])
		alone.push(await stack.row(await chat(model, { stream })));
	const pico = (usd) => {
		const [whole, part = ''] = usd.split('.');

		return BigInt(whole + part.padEnd(12, '0'));
	};
	const sum = alone.reduce((total, one) => total + pico(one.cost_usd), 0n);
	const tokens = alone.reduce((total, one) =>
		total + one.prompt_tokens + one.completion_tokens, 0);
	// The bodies differ by the length of their models' names alone.
	const got = pico(row.cost_usd);
	const off = got > sum ? got - sum : sum - got;

	assert.ok(off < sum / 10n, `${row.cost_usd} is not ${alone.map((one) =>
		one.cost_usd).join(' + ')}`);
	assert.ok(Math.abs(row.prompt_tokens + row.completion_tokens - tokens)
		<= tokens / 10);
}

test('while it is checked, a stream is kept alive and tells no model',
	async () => {
		const answer = await chat('slow-first', { stream: true });

		assert.equal(answer.status, 200, answer.text);
		assert.match(answer.text, /^: keep-alive\n\n/);
		assert.equal(chosen(answer), undefined);
		assert.equal(said(answer).split(' ').length, 30, answer.text);
		assert.equal((await stack.row(answer)).model_used, 'premium');
	});

test('an answer that breaks off is a failure, and none of it is told',
	async () => {
		const answer = await chat('cut-first', { stream: true });

		assert.equal(chosen(answer), 'premium', answer.text);
		assert.equal(said(answer).split(' ').length, 30, answer.text);
		assert.equal(answer.headers['x-gateway-escalated'], undefined);
		assert.equal((await stack.row(answer)).complete, true);
	});

for (const stream of [false, true])
	test(`a poor answer is better than none, ${stream}`, async () => {
		const answer = await chat('no-second', { stream });

		assert.equal(answer.status, 200, answer.text);
		assert.equal(chosen(answer), 'silent');
		const row = await stack.row(answer);

		assert.equal(row.model_used, 'silent');
		assert.equal(row.complete, true);
		assert.equal(row.error ?? '', '');
		const alone = await stack.row(await chat('silent', { stream }));

		assert.ok(Number(row.cost_usd) < 2 * Number(alone.cost_usd));
	});

test('JSON that was asked for, and calls that no tool can take', async () => {
	const json = await chat('cheap-first',
		{ response_format: { type: 'json_object' } });

	assert.equal(json.headers['x-gateway-escalated'], 'malformed_json',
		json.text);
	await stack.play({ status: 200, headers: {
		'content-type': 'application/json' }, body: JSON.stringify({
		id: 'x', object: 'chat.completion', created: 1, model: 'm',
		choices: [{ index: 0, finish_reason: 'tool_calls', message: {
			role: 'assistant', content: null, tool_calls: [{ id: 'c',
				type: 'function', function: { name: 'look',
					arguments: '{"city": "Par' } }] } }],
		usage: { prompt_tokens: 9, completion_tokens: 9, total_tokens: 18 },
	}) });
	const call = await chat('cheap-first', { tools: [{ type: 'function',
		function: { name: 'look', parameters: { type: 'object' } } }] });

	assert.equal(call.headers['x-gateway-escalated'], 'malformed_arguments',
		call.text);
	assert.equal(chosen(call), 'premium');
});

test('a refusal, in English and in Spanish', async () => {
	for (const text of ['I’m sorry, but I can’t help with that.',
		'Lo siento, pero no puedo ayudarte con eso.']) {
		await stack.play({ status: 200, headers: {
			'content-type': 'application/json' }, body: JSON.stringify({
			id: 'x', object: 'chat.completion', created: 1, model: 'm',
			choices: [{ index: 0, finish_reason: 'stop', message: {
				role: 'assistant', content: text } }],
			usage: { prompt_tokens: 9, completion_tokens: 9,
				total_tokens: 18 },
		}) });
		const answer = await chat('cheap-first');

		assert.equal(answer.headers['x-gateway-escalated'], 'refusal');
		assert.equal(chosen(answer), 'premium');
	}
});

test('a hard budget holds both answers', async () => {
	const { key } = await stack.createKey('poor', '--budget-daily', '0.001');
	const answer = await chat('silent-first', { max_tokens: 60 }, { key });

	// One answer of 60 tokens at 20 dollars a million would fit, two do not.
	assert.equal(answer.status, 402, answer.text);
	await until(async () => (await chat('silent', { max_tokens: 60 },
		{ key })).status === 200, 'the cheap model alone');
});
