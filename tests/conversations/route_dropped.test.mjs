// route_dropped.test.mjs - what rules a model out of `auto`, reason by reason:
// the explanation names it, and another model is asked.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { until, useStack } from './stack.mjs';

const stack = useStack({ web: 'nginx', set: {
	'breaker.failures': 0,
	'retry.base_ms': 1,
	'upstream.key_limited_ms': 60000,
} }, async (s) => {
	// Cheap and good: each would be chosen, were nothing against it.
	await add(s, 'plain', 'sandbox', '0.01', '--capabilities', 'none');
	await add(s, 'brief', 'sandbox', '0.02', '--max-output', '100');
	await s.addProvider('claude', `${s.env.SIMULATOR_URL}/v1`, 'sk-claude',
		'--dialect', 'anthropic', '--auth', 'x-api-key');
	await add(s, 'foreign', 'claude', '0.03');
	await s.addProvider('busy', `${s.env.SIMULATOR_URL}/v1`, 'sk-busy');
	await add(s, 'limited', 'busy', '0.04', '--upstream',
		'sim-small?status=429');
	await add(s, 'old', 'sandbox', '0.05');
	await add(s, 'vectors', 'sandbox', '0.06', '--kind', 'embedding');
	await add(s, 'able', 'sandbox', '1', '--capabilities',
		'tools,json_schema,reasoning', '--max-output', '4000');
});

function add(s, name, provider, price, ...words) {
	const upstream = words.includes('--upstream') ? []
		: ['--upstream', 'sim-small?tokens=20'];

	return s.cli(['model', 'add', name, '--provider', provider, '--quality',
		'60', '--input-price', price, '--output-price', price, ...upstream,
		...words]);
}

// A key for one model that the request rules out, and one that it does not.
const keys = new Map();

async function ask(first, more, path) {
	if (!keys.has(first))
		keys.set(first, (await stack.createKey(first, '--models',
			`${first},able`)).key);
	return stack.chat({ model: 'auto', max_tokens: 50, messages: [
		{ role: 'user', content: 'What is the capital of France?' }], ...more },
	{ key: keys.get(first), ...(path ? { path } : {}) });
}

async function assertDropped(first, reason, more) {
	const told = (await ask(first, more, '/api/llm/route')).json();
	const candidate = told.candidates.find(({ model }) => model === first);

	assert.equal(candidate.dropped, reason, JSON.stringify(told.candidates));
	assert.equal(told.model, 'able');
	const answer = await ask(first, more);

	assert.equal(answer.status, 200, answer.text);
	assert.equal(answer.headers['x-gateway-model'], 'able');
	const row = await stack.row(answer);

	assert.equal(row.attempts, 1);
}

const tools = [{ type: 'function', function: { name: 'weather',
	parameters: { type: 'object', properties: {} } } }];
const schema = { type: 'json_schema', json_schema: { name: 'city', schema: {
	type: 'object', properties: { city: { type: 'string' } } } } };

test('nothing is held against a model that nothing is asked of', async () => {
	for (const first of ['plain', 'brief', 'foreign', 'old']) {
		const answer = await ask(first, {});

		assert.equal(answer.headers['x-gateway-model'], first, answer.text);
	}
});

for (const [first, reason, more] of [
	['plain', 'tools', { tools }],
	['plain', 'json_schema', { response_format: schema }],
	['plain', 'reasoning', { reasoning_effort: 'high' }],
	['brief', 'output_limit', { max_tokens: 500 }],
	['foreign', 'n', { n: 2 }],
	['foreign', 'logprobs', { logprobs: true }],
])
	test(`${first} is dropped: ${reason}`, () =>
		assertDropped(first, reason, more));

test('old is dropped once it is deprecated', async () => {
	await stack.sql('UPDATE models SET deprecated_ms = 1 WHERE name = "old"; '
		+ 'UPDATE snapshot_version SET version = version + 1');
	await until(async () => (await ask('old', {}, '/api/llm/route')).json()
		.model === 'able', 'the new catalogue');
	await assertDropped('old', 'deprecated', {});
});

test('vectors is dropped of a list that names it: no_chat', async () => {
	await stack.cli(['alias', 'set', 'any', 'vectors,able', '--strategy',
		'auto']);
	const told = (await until(async () => {
		const answer = await stack.chat({ model: 'any', messages: [
			{ role: 'user', content: 'Hello' }] }, { path: '/api/llm/route' });

		return answer.status === 200 && answer;
	}, 'the alias')).json();

	assert.equal(told.model, 'able');
	assert.equal(told.candidates.find(({ model }) => model === 'vectors')
		.dropped, 'no_chat');
});

test('limited rests once its provider has said so', async () => {
	const first = await ask('limited', {});

	assert.equal(first.status, 200, first.text);
	assert.equal(first.headers['x-gateway-model'], 'able');
	assert.equal((await stack.row(first)).attempts, 2);
	await assertDropped('limited', 'resting', {});
});
