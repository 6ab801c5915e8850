// route.test.mjs - `auto`: who is asked, why, and what that saves.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { until, useStack } from './stack.mjs';

const SIMPLE = 'What is the capital of France?';
const COMPLEX = 'Prove that there are infinitely many primes of the form '
	+ '4k + 3. Give every step of the proof, justify each of them by a '
	+ 'lemma that you prove as well, and then derive a lower bound for '
	+ 'their density among the primes up to n.';

const stack = useStack({ web: 'nginx', set: {
	'breaker.failures': 3,
	'breaker.open_ms': 60000,
	'retry.budget_percent': 0,
	'upstream.key_limited_ms': 0,
	'upstream.key_refused_ms': 0,
} }, async (s) => {
	await add(s, 'cheap', '--quality', '55', '--input-price', '0.15',
		'--output-price', '0.6', '--context', '8000');
	await add(s, 'premium', '--quality', '92', '--input-price', '2.5',
		'--output-price', '10', '--context', '128000',
		'--modalities', 'text,image');
	// The sandbox has models of its own.
	s.key = (await s.createKey('both', '--models', 'cheap,premium')).key;
	await add(s, 'mini', '--quality', '60', '--input-price', '0.4',
		'--output-price', '1.6');
	await add(s, 'full', '--quality', '90', '--input-price', '2',
		'--output-price', '8');
	s.pair = (await s.createKey('pair', '--models', 'mini,full')).key;
	s.restricted = (await s.createKey('restricted', '--models', 'cheap')).key;
	await s.cli(['project', 'add', 'best', '--routing', 'quality']);
	s.best = (await s.createKey('best', '--project', 'best',
		'--models', 'cheap,premium')).key;
});

function add(s, name, ...words) {
	return s.cli(['model', 'add', name, '--provider', 'sandbox',
		'--upstream', 'sim-small?tokens=40', ...words]);
}

function chat(text, { model = 'auto', more = {}, ...rest } = {}) {
	return stack.chat({ ...(model ? { model } : {}), ...more,
		messages: more.messages ?? [{ role: 'user', content: text }] }, rest);
}

function dryRun(text, options = {}) {
	return chat(text, { path: '/api/llm/route', ...options });
}

const chosen = (answer) => answer.headers['x-gateway-model'];

test('a simple request goes to the cheap model, a complex one to the best',
	async () => {
		for (const model of ['auto', 'auto:balanced', '']) {
			const simple = await chat(SIMPLE, { model });
			const complex = await chat(COMPLEX, { model });

			assert.equal(simple.status, 200, simple.text);
			assert.equal(chosen(simple), 'cheap', simple.text);
			assert.equal(chosen(complex), 'premium');
			assert.equal(simple.headers['x-gateway-complexity'], 'simple');
			assert.equal(simple.json().metadata.complexity, 'simple');
			assert.equal(complex.json().metadata.complexity, 'complex');
			assert.match(simple.headers['x-gateway-route'],
				/^auto(:balanced)?; balanced; simple request: /);
			assert.equal(simple.headers['x-gateway-route'].includes(
				stack.key), false);
		}
	});

test('streamed, and in the formats of others', async () => {
	const stream = await chat(COMPLEX, { more: { stream: true } });
	const anthropic = await stack.chat({ model: 'auto', max_tokens: 50,
		messages: [{ role: 'user', content: SIMPLE }] },
	{ path: '/v1/messages' });
	const gemini = await stack.chat({
		contents: [{ role: 'user', parts: [{ text: COMPLEX }] }] },
	{ path: '/v1beta/models/auto:generateContent' });
	const responses = await stack.chat({ model: 'auto', input: SIMPLE },
		{ path: '/v1/responses' });

	assert.equal(chosen(stream), 'premium', stream.text);
	assert.equal(chosen(anthropic), 'cheap', anthropic.text);
	assert.equal(chosen(gemini), 'premium', gemini.text);
	assert.equal(chosen(responses), 'cheap', responses.text);
});

test('the log says why, and so does the dry run, which calls nobody',
	async () => {
		const before = (await stack.stats()).requests;
		const dry = await dryRun(COMPLEX);

		assert.equal(dry.status, 200, dry.text);
		assert.equal((await stack.stats()).requests, before);
		const told = dry.json();

		assert.equal(told.model, 'premium');
		assert.equal(told.complexity, 'complex');
		assert.equal(told.policy, 'balanced');
		assert.deepEqual(told.candidates.slice(0, 2).map((one) => one.model),
			['premium', 'cheap']);
		assert.ok(told.candidates[0].score > told.candidates[1].score);
		assert.equal(typeof told.candidates[0].expected_cost_usd, 'string');
		const answer = await chat(COMPLEX);
		const row = await stack.row(answer);

		assert.equal(row.complexity, 'complex');
		assert.equal(row.model_asked, 'auto');
		assert.equal(row.model_used, 'premium');
		const route = await routeOf(answer);

		assert.equal(route.reason, told.reasons[0]);
		const kept = route.candidates.filter((one) => !one.dropped);

		assert.deepEqual(kept.map((one) => one.model),
			told.candidates.filter((one) => !one.dropped)
				.map((one) => one.model));
	});

// The row of request_routes, which a call that names a model has not.
async function routeOf(answer) {
	const id = answer.headers['x-request-id'];
	const rows = await stack.sql(`SELECT reason, candidates FROM request_routes `
		+ `WHERE request_id = '${id}'`);

	assert.equal(rows.length, 1, id);
	return { reason: rows[0][0], candidates: JSON.parse(rows[0][1]) };
}

test('presets, and the wishes of a project', async () => {
	for (const preset of ['cheap', 'balanced', 'quality']) {
		const answer = await chat(SIMPLE, { model: `auto:${preset}` });

		assert.equal(chosen(answer), 'cheap', preset);
		assert.match(answer.headers['x-gateway-route'],
			new RegExp(`^auto:${preset}; ${preset}; `));
	}
	assert.equal(chosen(await chat(COMPLEX, { key: stack.best })), 'premium');
	assert.equal((await dryRun(SIMPLE, { key: stack.best })).json().policy,
		'quality');
	const wrong = await chat(SIMPLE, { model: 'auto:fast' });

	assert.equal(wrong.status, 404);
	assert.match(wrong.json().error.message, /auto:cheap/);
});

test('what rules a model out: permission, context, images, tools', async () => {
	assert.equal(chosen(await chat(COMPLEX, { key: stack.restricted })),
		'cheap');
	const seen = (await dryRun(COMPLEX, { key: stack.restricted })).json();

	assert.deepEqual(seen.candidates.map((one) => one.model), ['cheap'],
		'a key learns no names that it may not use');
	const long = (await dryRun(`${SIMPLE} ${'word '.repeat(9000)}`)).json();

	assert.equal(long.model, 'premium');
	assert.equal(long.candidates.find((one) => one.model === 'cheap').dropped,
		'context');
	const image = { messages: [{ role: 'user', content: [
		{ type: 'text', text: SIMPLE },
		{ type: 'image_url', image_url: {
			url: 'data:image/png;base64,iVBORw0KGgo=' } },
	] }] };
	const looked = (await dryRun('', { more: image })).json();

	assert.equal(looked.model, 'premium');
	assert.equal(looked.candidates.find((one) => one.model === 'cheap').dropped,
		'images');
	const none = await chat('', { more: image, key: stack.restricted });

	assert.equal(none.status, 400, none.text);
	assert.match(none.json().error.message, /images \(1\)/);
});

test('among some models only', async () => {
	const body = await chat(COMPLEX, { more: { models: ['cheap'] } });
	const { body: sent } = await stack.lastSeen();

	assert.equal(chosen(body), 'cheap', body.text);
	assert.equal('models' in JSON.parse(sent), false);
	const header = await chat(COMPLEX,
		{ headers: { 'x-gateway-models': 'cheap' } });

	assert.equal(chosen(header), 'cheap', header.text);
	const ordered = await chat(SIMPLE,
		{ model: '', more: { models: ['premium', 'cheap'] } });

	assert.equal(chosen(ordered), 'premium', ordered.text);
	const unknown = await chat(SIMPLE, { more: { models: ['cheep'] } });

	assert.equal(unknown.status, 404);
	assert.match(unknown.json().error.message, /cheap/);
});

test('an alias called auto is asked for, not the router', async () => {
	const project = 'own';

	await stack.cli(['project', 'add', project]);
	await stack.cli(['alias', 'set', 'auto', 'premium', '--project', project]);
	const { key } = await stack.createKey('own', '--project', project,
		'--models', 'auto');
	const answer = await chat(SIMPLE, { key });

	assert.equal(chosen(answer), 'premium');
	assert.equal(answer.headers['x-gateway-route'], undefined);
});

test('a named model has no routing, but a class, unless it is large',
	async () => {
		const answer = await chat(SIMPLE, { model: 'premium' });
		const large = await chat(`${SIMPLE} ${'word '.repeat(2000)}`,
			{ model: 'premium' });

		assert.equal(answer.headers['x-gateway-route'], undefined);
		assert.equal(answer.json().metadata.complexity, 'simple');
		assert.equal((await stack.row(answer)).complexity, 'simple');
		assert.equal(large.json().metadata.complexity, null);
		const told = (await dryRun(SIMPLE, { model: 'premium' })).json();

		assert.equal(told.model, 'premium');
		assert.equal(told.policy, 'named');
		assert.equal(told.complexity, 'simple');
	});

test('the catalogue, as far as the key may use it', async () => {
	const { models } = (await stack.get('/api/llm/models')).json();

	assert.deepEqual(models.map((one) => one.id), ['cheap', 'premium']);
	const [cheap, premium] = models;

	assert.equal(cheap.provider, 'sandbox');
	assert.equal(cheap.context_tokens, 8000);
	assert.equal(cheap.max_output_tokens, null);
	assert.deepEqual(cheap.prices_usd_per_million,
		{ input: '0.15', output: '0.6' });
	assert.deepEqual(premium.input_modalities, ['text', 'image']);
	assert.equal(premium.quality, 92);
	assert.equal(premium.quality_source, 'catalogue');
	assert.equal(premium.deprecated, null);
	assert.deepEqual((await stack.get('/api/llm/models/sandbox')).json()
		.models, models);
	assert.equal((await stack.get('/api/llm/models/none')).status, 404);
	const own = (await stack.get('/api/llm/models',
		{ key: stack.restricted })).json().models;

	assert.deepEqual(own.map((one) => one.id), ['cheap']);
	const { providers } = (await stack.get('/api/llm/providers')).json();

	assert.deepEqual(providers, [{ name: 'sandbox',
		dialects: providers[0].dialects, models: 2, status: 'ok' }]);
	assert.equal((await stack.get('/api/llm/models', { key: '' })).status, 401);
});

test('80 % simple requests cost 40 to 70 % less than the best model for all',
	async () => {
		const ids = { auto: [], full: [] };

		for (let i = 0; i < 25; i++)
			for (const model of ['auto', 'full']) {
				const text = i % 5 === 0 ? `${COMPLEX} (${i})`
					: `What is the capital of country ${i}?`;
				const answer = await chat(text,
					{ model, key: stack.pair });

				assert.equal(answer.status, 200, answer.text);
				if (i % 5 === 0)
					assert.equal(chosen(answer), 'full');
				ids[model].push(answer.headers['x-request-id']);
			}
		const rows = await stack.rows([...ids.auto, ...ids.full]);
		const cost = (model) => ids[model].reduce((sum, id) =>
			sum + Number(rows.get(id).cost_usd), 0);
		const saved = 1 - cost('auto') / cost('full');

		assert.ok(saved >= 0.4 && saved <= 0.7, `${saved} is saved`);
	});

test('what is broken is not chosen', async () => {
	await stack.simulator('rules', { rules: [
		{ behaviour: 'status=503', times: 100 }] });
	await until(async () => (await chat(SIMPLE, { model: 'cheap' }))
		.json().error.code === 'circuit_open', 'an open breaker');
	await stack.simulator('rules', { rules: [] });
	const told = (await dryRun(SIMPLE)).json();

	assert.equal(told.model, 'premium');
	assert.equal(told.candidates.find((one) => one.model === 'cheap').dropped,
		'breaker_open');
	const answer = await chat(SIMPLE);

	assert.equal(answer.status, 200, answer.text);
	assert.equal(chosen(answer), 'premium');
});
