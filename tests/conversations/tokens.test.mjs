// tokens.test.mjs - tokens that the gateway counts itself: for clients whose
// format asks for a count, for limits before a call, and on the command line.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { hello, program, root, run, useStack } from './stack.mjs';

const stack = useStack({}, async (stack) => {
	for (const name of ['gpt-4o-mini', 'gpt-4', 'claude-haiku-4-5'])
		await stack.cli(['model', 'add', name, '--provider', 'sandbox',
			'--upstream', name, '--input-price', '1',
			'--output-price', '2']);
});
const data = path.join(root, 'tests/data/tokens');
const chats = fs.readFileSync(path.join(data, 'chats.jsonl'), 'utf8')
	.trim().split('\n').map((line) => JSON.parse(line));
const QUESTION = 'What is the weather like in San Francisco and in Oslo, and '
	+ 'which of the two is warmer on an ordinary day in November?';

async function tokens(words, input) {
	const { status, out, err } = await run(program, ['tokens', ...words],
		{ input });

	return { status, out, err };
}

async function counted(words, input) {
	const { status, out, err } = await tokens(words, input);

	assert.equal(status, 0, err);
	return out;
}

const chat = (body) => counted(['--chat'], JSON.stringify(body)).then(Number);

test('count_tokens for a model whose provider cannot count', async () => {
	const messages = [{ role: 'user', content: QUESTION }];
	const answer = await stack.chat(
		{ model: 'gpt-4o-mini', max_tokens: 10, messages },
		{ path: '/v1/messages/count_tokens' });

	assert.equal(answer.status, 200, answer.text);
	assert.equal(answer.json().input_tokens,
		await chat({ model: 'gpt-4o-mini', messages }));
	assert.equal(answer.headers['x-gateway-estimated'], undefined);
});

test('with a system prompt, in the vocabulary of the model', async () => {
	for (const model of ['gpt-4o-mini', 'gpt-4']) {
		const answer = await stack.chat({ model, max_tokens: 10,
			system: 'Antworte auf Deutsch, höflich.',
			messages: [{ role: 'user', content: QUESTION }] },
		{ path: '/v1/messages/count_tokens' });

		assert.equal(answer.json().input_tokens, await chat({ model,
			messages: [
				{ role: 'system', content: 'Antworte auf Deutsch, höflich.' },
				{ role: 'user', content: QUESTION }] }));
		assert.equal(answer.headers['x-gateway-estimated'], undefined);
	}
});

test('countTokens likewise', async () => {
	const answer = await stack.chat(
		{ contents: [{ role: 'user', parts: [{ text: QUESTION }] }] },
		{ path: '/v1beta/models/gpt-4o-mini:countTokens' });

	assert.equal(answer.status, 200, answer.text);
	assert.equal(answer.json().totalTokens, await chat({ model: 'gpt-4o-mini',
		messages: [{ role: 'user', content: QUESTION }] }));
	assert.equal(answer.headers['x-gateway-estimated'], undefined);
});

test('what stands at the provider makes an estimate of a count', async () => {
	const contents = [{ role: 'user', parts: [{ text: QUESTION }] }];
	const estimated = async (more) => JSON.parse(await counted(
		['--chat', '--json', '--dialect', 'gemini', '--model', 'gpt-4o'],
		JSON.stringify({ contents, ...more }))).estimated;

	assert.equal(await estimated({}), false);
	for (const name of ['cachedContent', 'cached_content'])
		assert.equal(await estimated({ [name]: 'cachedContents/a' }), true);
});

test('what is estimated says so', async () => {
	const answer = await stack.chat({ model: 'claude-haiku-4-5', max_tokens: 10,
		messages: [{ role: 'user', content: QUESTION }] },
	{ path: '/v1/messages/count_tokens' });
	const { input_tokens: count } = answer.json();

	assert.equal(answer.headers['x-gateway-estimated'], 'true');
	assert.ok(count > QUESTION.length / 8 && count < QUESTION.length / 2,
		`${count}`);
});

test('a rate of tokens takes the prompt by its bytes', async () => {
	const { key } = await stack.createKey('rate', '--tpm', '100000');
	const content = QUESTION.repeat(20);
	const { status, headers, text } = await stack.chat(hello('gpt-4o-mini',
		{ max_tokens: 100, messages: [{ role: 'user', content }] }), { key });

	assert.equal(status, 200, text);
	assert.equal(Number(headers['x-ratelimit-remaining-tokens']),
		100000 - 100 - Math.ceil(content.length / 4));
});

test('and counts it where there is no room for them', async () => {
	const body = hello('gpt-4o-mini', { max_tokens: 100,
		messages: [{ role: 'user', content: 'international '.repeat(200) }] });
	const needs = await chat(body) + 100;
	const { key } = await stack.createKey('narrow', '--tpm', String(needs + 7));
	const { status, headers, text } = await stack.chat(body, { key });

	assert.ok(needs < 500, String(needs));
	assert.equal(status, 200, text);
	assert.equal(Number(headers['x-ratelimit-remaining-tokens']), 7);
});

test('a prompt that is too long to be counted is one by its bytes', async () => {
	const { key } = await stack.createKey('long', '--tpm', '100000');
	const content = QUESTION.repeat(80);
	const { status, headers, text } = await stack.chat(hello('gpt-4o-mini',
		{ max_tokens: 100, messages: [{ role: 'user', content }] }), { key });

	assert.equal(status, 200, text);
	assert.equal(Number(headers['x-ratelimit-remaining-tokens']),
		100000 - 100 - Math.ceil(content.length / 4));
});

test('a hard budget holds what a prompt has, not its bytes', async () => {
	const content = QUESTION.repeat(40);
	const body = { max_tokens: 1,
		messages: [{ role: 'user', content }] };
	const needs = await chat({ ...body, model: 'gpt-4o-mini' });
	// Enough for the tokens and what is allowed for around them, far too
	// little for the bytes.
	const budget = ((needs + 100) / 1e6).toFixed(6);
	const { key } = await stack.createKey('tight', '--budget-daily', budget);

	assert.ok(content.length > 2 * (needs + 100));
	assert.equal((await stack.chat(hello('claude-haiku-4-5', body), { key }))
		.status, 402);
	assert.equal((await stack.chat(hello('gpt-4o-mini', body), { key }))
		.status, 200);
	// It is spent.
	assert.equal((await stack.chat(hello('gpt-4o-mini', body), { key }))
		.status, 402);
});

const ANSWER = 'It’s 14 °C in San Francisco, and they’d say "mild" — '
	+ 'in Oslo it isn\'t: −2 °C.\n\n```js\nconst warmer = \'SF\';\n```\n';

// What a provider that does not count says, and then no more.
const play = (type, body) => stack.play({ status: 200,
	headers: { 'content-type': type }, body });

test('a stream that is cut has what was said', async () => {
	const { key } = await stack.createKey('cut', '--tpm', '100000');
	const body = hello('gpt-4o-mini', { stream: true,
		messages: [{ role: 'user', content: QUESTION }] });
	const pieces = (ANSWER.repeat(30)).match(/[^]{1,7}/g);

	await play('text/event-stream', pieces.map((content) =>
		`data: ${JSON.stringify({ choices: [{ index: 0,
			delta: { content }, finish_reason: null }] })}\n\n`).join(''));
	const row = await stack.row(await stack.chat(body, { key }));

	assert.equal(row.complete, false);
	assert.equal(row.usage_source, 'estimated');
	// Its body was let go when the answer began.
	assert.equal(row.prompt_tokens, Math.ceil(QUESTION.length / 4));
	assert.equal(row.completion_tokens,
		Number(await counted([], pieces.join(''))));
});

test('an answer without a count likewise', async () => {
	await play('application/json', JSON.stringify({ choices: [{ index: 0,
		message: { role: 'assistant', content: ANSWER },
		finish_reason: 'stop' }] }));
	const row = await stack.row(await stack.chat(hello('gpt-4o-mini')));

	assert.equal(row.usage_source, 'estimated');
	assert.equal(row.completion_tokens, Number(await counted([], ANSWER)));
});

// --- the command line

test('tokens of a text', async () => {
	assert.equal(await counted([], 'hello world'), '2\n');
	assert.equal(await counted(['--model', 'gpt-4'], 'hello world'), '2\n');
	assert.equal(await counted(['--encoding', 'cl100k_base'], ''), '0\n');
	assert.deepEqual(JSON.parse(await counted(
		['--encoding', 'cl100k_base', '--ids', '--json'], 'hello world')),
	{ encoding: 'cl100k_base', tokens: 2, ids: [15339, 1917] });
});

test('tokens of many texts', async () => {
	const vectors = fs.readFileSync(path.join(data, 'vectors.jsonl'), 'utf8')
		.trim().split('\n').map((line) => JSON.parse(line));

	for (const encoding of ['o200k_base', 'cl100k_base']) {
		const out = await counted(['--encoding', encoding, '--jsonl'],
			vectors.map(({ text }, i) => JSON.stringify(
				i % 2 ? { id: `${i}`, text } : { text })).join('\n'));
		const answers = out.trim().split('\n').map((line) => JSON.parse(line));

		assert.equal(answers.length, vectors.length);
		for (const [i, answer] of answers.entries())
			assert.deepEqual(answer, { ...i % 2 ? { id: `${i}` } : {},
				count: vectors[i][encoding].length,
				ids: vectors[i][encoding] });
	}
});

test('tokens of a chat', async () => {
	const plain = chats.find(({ body }) => body.tools &&
		!JSON.stringify(body).includes('image_url'));

	assert.equal(await counted(['--chat', '--model', plain.model],
		JSON.stringify(plain.body)), `${plain.prompt_tokens}\n`);
	const told = JSON.parse(await counted(['--chat', '--json', '--dialect',
		'anthropic'], JSON.stringify({ model: 'claude-haiku-4-5',
		max_tokens: 1, messages: [{ role: 'user', content: QUESTION }] })));

	assert.equal(told.estimated, true);
	assert.equal(told.messages, 1);
});

test('what makes no sense is refused', async () => {
	for (const [words, input, status, said] of [
		[['--encoding', 'p50k_base'], '', 1, /no encoding 'p50k_base'/],
		[['--model', 'claude-haiku-4-5'], '', 1, /not public/],
		[['--model', 'gpt-4', '--encoding', 'o200k_base'], '', 2, /not both/],
		[['--chat', '--ids'], '{}', 2, /--chat counts a whole request/],
		[['--dialect', 'gemini'], '', 2, /goes with --chat/],
		[['--chat', '--dialect', 'morse'], '{}', 1, /no dialect 'morse'/],
		[['--chat'], 'no JSON', 1, /./],
		[['--jsonl'], '{"text":1}\n', 1, /with a "text"/],
		[['--jsonl'], 'no JSON\n', 1, /./],
		[['--set', 'server.data_dir=/nowhere'], '', 1, /\/nowhere\/tokens/],
	]) {
		const answer = await tokens(words, input);

		assert.equal(answer.status, status, `${words}: ${answer.err}`);
		assert.match(answer.err, said);
	}
});
