// cache_embeddings.test.mjs - vectors from the response cache: the same text
// in the same format, of the same project, costs once.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { calls, newText, state } from './cache_cases.mjs';
import { until, useStack } from './stack.mjs';

const stack = useStack({ processes: 2, set: { 'cache.enabled': 'yes' } },
	async (stack) => {
		const add = (name, dialect, path, model) => stack.cli(['provider',
			'add', name, '--dialect', dialect, '--auth',
			dialect === 'gemini' ? 'x-goog-api-key' : 'bearer',
			'--base-url', stack.env.SIMULATOR_URL + path,
			'--key-stdin'], { input: `key-of-${name}` })
			.then(() => stack.cli(['model', 'add', `embed-${name}`,
				'--provider', name, '--upstream', model,
				'--input-price', '1', '--output-price', '0']));

		await add('openai', 'openai_chat', '/v1', 'text-embedding-3-small');
		await add('gemini', 'gemini', '/v1beta', 'gemini-embedding-001');
		await add('slow', 'openai_chat', '/v1',
			'text-embedding-3-small?delay_ms=600');
		await stack.cli(['project', 'add', 'other']);
	});

function embed(input, { model = 'embed-openai', body = {}, ...options } = {}) {
	return stack.chat({ model, input, ...body },
		{ path: '/v1/embeddings', ...options });
}

function withoutMetadata(answer) {
	const { metadata, ...rest } = answer.json();

	return rest;
}

// What they were, and how many calls they made.
async function states(...asks) {
	const answers = [];
	const made = await calls(stack, async () => {
		for (const ask of asks)
			answers.push(await ask());
	});

	for (const answer of answers)
		assert.equal(answer.status, 200, answer.text);
	return { answers, made, states: answers.map(state) };
}

for (const model of ['embed-openai', 'embed-gemini'])
	test(`the same text again, ${model}`, async () => {
		const input = [newText(), newText()];
		const { answers: [first, again], ...found } = await states(
			() => embed(input, { model }),
			() => embed(input, { model, body: { user: 'ann' } }));

		assert.deepEqual(found, { made: 1, states: ['miss', 'hit'] });
		assert.deepEqual(withoutMetadata(again), withoutMetadata(first));
		assert.equal(again.json().data.length, 2);
		assert.equal(again.json().metadata.cache_hit, true);
		assert.equal(again.headers['x-gateway-cost-usd'], '0');
		assert.match(again.headers.age, /^\d$/);
		assert.equal(again.headers['content-type'], 'application/json');
		const paid = await stack.row(first);
		const free = await stack.row(again);

		assert.equal(free.cache_hit, true);
		assert.equal(free.prompt_tokens, paid.prompt_tokens);
		assert.ok(paid.prompt_tokens > 0);
		assert.equal(Number(free.cost_usd), 0);
		assert.equal(free.saved_usd, paid.cost_usd);
		assert.ok(free.complete);
	});

test('what differs is another answer', async () => {
	const text = newText();
	const { made, states: found } = await states(
		() => embed(text),
		() => embed(text, { body: { encoding_format: 'base64' } }),
		() => embed(text, { body: { encoding_format: 'float' } }),
		() => embed(text, { body: { dimensions: 32 } }),
		() => embed(`${text} `),
		() => embed(text, { model: 'embed-gemini' }),
		() => embed(text, { body: { encoding_format: 'base64' } }));

	assert.deepEqual(found,
		['miss', 'miss', 'miss', 'miss', 'miss', 'miss', 'hit']);
	assert.equal(made, 6);
});

test('base64 stays base64, numbers stay numbers', async () => {
	const text = newText();
	const kinds = [];

	for (const encoding_format of ['base64', 'float', 'base64', 'float'])
		kinds.push(typeof (await embed(text, { body: { encoding_format } }))
			.json().data[0].embedding);
	assert.deepEqual(kinds, ['string', 'object', 'string', 'object']);
});

test('another project gets its own', async () => {
	const text = newText();
	const { key } = await stack.createKey('other', '--project', 'other');
	const { made, states: found } = await states(
		() => embed(text), () => embed(text, { key }),
		() => embed(text, { key }));

	assert.deepEqual(found, ['miss', 'miss', 'hit']);
	assert.equal(made, 2);
});

test('each format has its own answers', async () => {
	const text = newText();
	const google = () => stack.chat({ content: { parts: [{ text }] } },
		{ path: '/v1beta/models/embed-openai:embedContent' });
	const { made, answers, states: found } = await states(
		() => embed(text), google, google);

	assert.deepEqual(found, ['miss', 'miss', 'hit']);
	assert.equal(made, 2);
	assert.deepEqual(withoutMetadata(answers[2]), withoutMetadata(answers[1]));
	assert.ok(answers[2].json().embedding.values.length > 0);
});

test('as Cache-Control and the key say', async () => {
	const text = newText();
	const off = await stack.createKey('off', '--cache', 'off');
	const ask = (value) => () => embed(text,
		{ headers: { 'cache-control': value } });
	// No other call waits for such a one: it is kept a moment later.
	const keep = async () => {
		const answer = await ask('no-cache')();

		await stack.row(answer);
		return answer;
	};
	const { states: found } = await states(
		ask('no-store'), keep, () => embed(text),
		ask('no-store'), ask('no-cache'), () => embed(text, off));

	assert.deepEqual(found,
		['bypass', 'bypass', 'hit', 'bypass', 'bypass', 'off']);
});

test('equal ones at the same time make one call', async () => {
	const text = newText();
	const answers = [];
	const made = await calls(stack, async () => {
		answers.push(...await Promise.all(Array.from({ length: 6 }, () =>
			embed(text, { model: 'embed-slow' }))));
	});

	assert.equal(made, 1);
	assert.deepEqual(answers.map(({ status }) => status), Array(6).fill(200));
	assert.equal(answers.filter((answer) =>
		answer.headers['x-gateway-coalesced'] === 'true').length, 5);
	for (const answer of answers)
		assert.deepEqual(withoutMetadata(answer),
			withoutMetadata(answers[0]));
	const rows = [...(await stack.rows(answers.map(({ headers }) =>
		headers['x-request-id']))).values()];

	assert.equal(rows.filter(({ coalesced }) => coalesced).length, 5);
});

test('errors are not kept, nor what is no embedding', async () => {
	const refused = () => embed([]);

	for (let i = 0; i < 2; i++)
		assert.equal((await refused()).status, 400);
	const moderate = await stack.chat(
		{ model: 'embed-openai', input: 'Hello' },
		{ path: '/v1/moderations' });

	assert.equal(moderate.headers['x-gateway-cache'] ?? 'off', 'off');
});

test('they are counted', async () => {
	const text = newText();
	const stats = async () => (await stack.cli(['cache', 'stats']))
		.find(({ model }) => model === 'embed-openai');
	const before = await stats();

	await embed(text);
	await embed(text);
	await until(async () => {
		const after = await stats();

		return after.hits === before.hits + 1 &&
			after.misses === before.misses + 1 &&
			Number(after.saved_usd) > Number(before.saved_usd);
	}, 'the counts');
});
