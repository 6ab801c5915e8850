// losses.test.mjs - what a client asks for arrives at a provider of another
// dialect, or the client is told: by X-Gateway-Dropped, by a refusal that
// names the place, and in the request log. Never is it lost in silence.
//
// What becomes of what is the table in losses.md; LOSSES=write writes it anew.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { features } from './losses_features.mjs';
import { write } from './losses_table.mjs';
import { clients, defaults } from './losses_words.mjs';
import { addModels, addProviders, dialects, modelOf } from './providers.mjs';
import { root, useStack } from './stack.mjs';

const FILE = path.join(root, 'tests/conversations/losses.md');
// OpenAI itself refuses what other servers of its dialect take.
const providers = [...dialects, 'openai'];
const dialectOf = (provider) => provider === 'openai' ? 'openai_chat' : provider;

// outcomes[client][feature][provider]: what became of it.
const outcomes = {};
const dropped = new Map(); // request id: { provider, names }
let strictKey;

const stack = useStack({}, async (stack) => {
	await addProviders(stack);
	await addModels(stack, 'lenient', 'strict=0', { wanted: ['openai_chat'] });
	await stack.cli(['provider', 'add', 'openai', '--dialect', 'openai_chat',
		'--base-url', `${stack.env.SIMULATOR_URL}/v1`, '--key-stdin'],
	{ input: 'secret-of-openai' });
	await stack.cli(['model', 'add', modelOf('openai'), '--provider', 'openai',
		'--upstream', 'gpt-4.1']);
	strictKey = (await stack.createKey('strict', '--strict')).key;
});

for (const client of Object.keys(clients)) {
	for (const provider of providers) {
		if (dialectOf(provider) !== client)
			test(`${client} at ${provider}`, () => probe(client, provider));
	}
}

for (const [client, body] of Object.entries(defaults)) {
	test(`what ${client} does unasked is no loss when asked for`, async () => {
		const lost = [];

		for (const provider of providers) {
			if (dialectOf(provider) === client)
				continue;
			const answer = await ask(client, provider, body);

			assert.equal(answer.status, 200, answer.text);
			if (answer.dropped)
				lost.push(`${provider}: ${answer.dropped}`);
		}
		assert.deepEqual(lost, []);
	});
}

test('the request log names what was dropped, and the dialect', async () => {
	const rows = await stack.rows([...dropped.keys()], { ms: 30000 });

	assert.ok(dropped.size > 100, `${dropped.size} calls`);
	for (const [id, { provider, names }] of dropped) {
		const row = rows.get(id);

		assert.equal(row.dropped, names, id);
		assert.equal(row.provider, provider, id);
		assert.equal(row.provider_dialect, dialectOf(provider), id);
	}
});

test('losses.md is what happens', () => {
	const text = write(features, outcomes, providers);

	if (process.env.LOSSES === 'write')
		fs.writeFileSync(FILE, text);
	assert.equal(fs.readFileSync(FILE, 'utf8'), text);
});

// All that this client can ask for.
async function probe(client, provider) {
	const plain = await ask(client, provider, {});
	const problems = [];

	outcomes[client] ??= {};
	assert.equal(plain.status, 200, plain.text);
	for (const feature of features) {
		const words = feature.clients[client];

		if (!words)
			continue;
		const control = words.control
			? await ask(client, provider, words.control) : plain;
		const answer = await ask(client, provider, words.body);
		const outcome = judge(feature, words, answer, control);

		(outcomes[client][feature.title] ??= {})[provider] = outcome.word;
		if (outcome.problem)
			problems.push(`${feature.title}: ${outcome.problem}`);
		if (answer.status === 200 && answer.dropped)
			problems.push(...await insist(client, provider, feature,
				answer));
	}
	assert.deepEqual(problems, []);
}

// { status, text, dropped, id, upstream }: upstream is '' when nobody was
// asked.
async function ask(client, provider, body, { headers, key } = {}) {
	const name = provider === 'openai_chat' ? 'lenient' : 'plain';
	const model = modelOf(provider, name);
	const { path, body: least } = clients[client];

	await stack.simulator('reset', {});
	const answer = await stack.chat({ ...least, ...body,
		...(client === 'gemini' ? {} : { model }) }, {
		path: path.replace('{model}', model), headers,
		...(key && { key }),
	});
	const last = await stack.simulator('last');

	return {
		status: answer.status,
		text: answer.text,
		dropped: answer.headers['x-gateway-dropped'] ?? '',
		id: answer.headers['x-request-id'],
		upstream: last.status === 200 ? last.text : '',
	};
}

function judge({ trace }, words, answer, control) {
	const { path, also = path, moot } = words;
	const arrived = leaves(trace, answer.upstream)
		&& !leaves(trace, control.upstream);
	const names = answer.dropped.split(', ').filter(Boolean);
	// What the control loses already is not this feature's.
	const lost = names.filter((name) =>
		!control.dropped.split(', ').includes(name));

	if (answer.status === 400 && !answer.upstream)
		return { word: 'refused',
			problem: path && [path, also].some((name) =>
				answer.text.includes(name))
				? '' : `it does not name ${path}: ${answer.text}` };
	if (answer.status !== 200)
		return { word: 'broken', problem: answer.text };
	if (arrived)
		return { word: lost.length ? 'in part' : 'carried', problem: '' };
	if (lost.length === 0 && moot)
		return { word: 'moot', problem: '' };
	if (lost.length === 0)
		return { word: 'lost', problem: `not in ${answer.upstream}` };
	return { word: 'dropped', problem: lost.includes(path)
		? '' : `it is named ${lost}, not ${path}` };
}

function leaves(trace, text) {
	if (typeof trace === 'function')
		return trace(text);
	return typeof trace === 'string' ? text.includes(trace) : trace.test(text);
}

// A client that wants nothing to be dropped is refused, by header and by key.
async function insist(client, provider, feature, { dropped: names, id }) {
	const { body } = feature.clients[client];
	const problems = [];

	dropped.set(id, { provider, names });
	for (const options of [{ headers: { 'x-gateway-strict': 'true' } },
		{ key: strictKey }]) {
		const answer = await ask(client, provider, body, options);

		if (answer.status !== 400 || answer.upstream
			|| !names.split(', ').every((n) => answer.text.includes(n)))
			problems.push(`${feature.title}, strictly: ${answer.status} `
				+ answer.text);
	}
	return problems;
}
