// cache_cases.mjs - the same request twice, behind each of the web servers:
// whoever may have the answer gets it again, and nobody else.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { clients, read } from './plain_clients.mjs';
import { addModels, addProviders, modelOf } from './providers.mjs';
import { sleep, until, useStack } from './stack.mjs';

// The dialects of the clients; each says the same request in its own words.
export const requests = {
	openai_chat: (text) => ({ max_tokens: 4096, temperature: 0,
		messages: [{ role: 'user', content: text }] }),
	openai_responses: (text) => ({ max_output_tokens: 4096, temperature: 0,
		input: text }),
	anthropic: (text) => ({ max_tokens: 4096, temperature: 0,
		messages: [{ role: 'user', content: text }] }),
	gemini: (text) => ({
		generationConfig: { maxOutputTokens: 4096, temperature: 0 },
		contents: [{ role: 'user', parts: [{ text }] }],
	}),
};

export const clientDialects = Object.keys(requests);

let texts = 0;

// What nobody has asked before.
export function newText() {
	return `What is ${++texts} and ${texts}?`;
}

export function cacheStack(web, options = {}) {
	const stack = useStack({ web, ...options }, async (s) => {
		s.cached = (await s.createKey('cached', '--cache', 'on')).key;
		await addProviders(s);
		await addModels(s, 'slow', 'delay_ms=400');
		await addModels(s, 'stream', 'first_ms=100,gap_ms=30');
		await s.addModel('small', 'tokens=12');
	});

	return stack;
}

// Ask in a dialect; `more` are members of the request.
export function ask(stack, model, text, { dialect = 'openai_chat',
	stream = false, more = {}, headers = {}, key = stack.cached,
	begin = false, ...rest } = {}) {
	const body = { ...requests[dialect](text), ...more };

	if (dialect !== 'gemini')
		Object.assign(body, { model }, stream && { stream });
	return stack[begin ? 'beginChat' : 'chat'](body, {
		path: clients[dialect].path(model, stream), key, headers, ...rest });
}

export const state = (answer) => answer.headers['x-gateway-cache'];

// How many calls reached the provider while that ran.
export async function calls(stack, run) {
	const before = (await stack.stats()).requests;

	await run();
	return (await stack.stats()).requests - before;
}

// Every pair of forms, each answer kept by one dialect's provider.
export function formCases(stack, wanted) {
	for (const provider of wanted)
		for (const kept of ['whole', 'stream'])
			test(`kept ${kept} of ${provider}, for every client`, () =>
				assertEveryClient(stack, provider, kept));
}

async function assertEveryClient(stack, provider, kept) {
	const model = modelOf(provider);
	const text = newText();
	// The provider's own clients, where it has any.
	const dialect = clientDialects.includes(provider)
		? provider : 'openai_chat';
	const first = await ask(stack, model, text,
		{ dialect, stream: kept === 'stream' });

	assert.equal(state(first), 'miss', first.text);
	const { said } = read(clients[dialect], first);

	assert.ok(said.length > 10, first.text);
	assert.equal(await calls(stack, async () => {
		for (const client of clientDialects)
			for (const stream of [false, true])
				await assertSame(stack, model, text, client, stream, said);
	}), 0);
}

async function assertSame(stack, model, text, client, stream, said) {
	const answer = await ask(stack, model, text,
		{ dialect: client, stream });
	const what = `${client} ${stream}: ${answer.text}`;
	const found = read(clients[client], answer);

	assert.equal(state(answer), 'hit', what);
	assert.match(answer.headers.age, /^\d+$/, what);
	assert.match(answer.headers['content-type'], stream
		? /^text\/event-stream/ : /^application\/json/, what);
	assert.equal(found.said, said, what);
	assert.ok(found.finish, what);
	if (stream)
		assert.equal(found.ends, 1, what);
	if (found.usage)
		assert.ok(found.usage.completion > 0, what);
}

// So many equal calls at once, and what they cost the provider.
export function coalescingCases(stack, count) {
	for (const stream of [false, true])
		test(`${count} equal ${stream ? 'streams' : 'calls'} at once are one`,
			async () => {
				const text = newText();
				let answers;
				const asked = await calls(stack, async () => {
					answers = await Promise.all(Array.from({ length: count },
						() => ask(stack, modelOf('openai_chat', 'slow'), text,
							{ stream })));
				});
				const said = new Set(answers.map((answer) =>
					read(clients.openai_chat, answer).said));

				assert.equal(said.size, 1);
				assert.equal(asked, 1);
				await assertCoalescedRows(stack, answers);
			});

	test('who comes first leaves, and another one takes over', async () => {
		const text = newText();
		const model = modelOf('openai_chat', 'slow');
		const first = ask(stack, model, text, { begin: true });

		// It is the one that fetches.
		await until(async () => (await stack.stats()).active === 1,
			'the first call');
		const others = Array.from({ length: 5 }, () =>
			ask(stack, model, text));

		/* They are waiting by then. */
		await sleep(100);
		first.leave();
		for (const answer of await Promise.all(others))
			assert.ok(read(clients.openai_chat, answer).said.length > 10);
	});
}

async function assertCoalescedRows(stack, answers) {
	const rows = [...(await stack.rows(answers.map((answer) =>
		answer.headers['x-request-id']))).values()];
	const hits = rows.filter((row) => row.cache_hit);

	assert.equal(hits.length, answers.length - 1);
	/* With a call a process, some come when the answer is there. */
	assert.deepEqual(new Set(rows.filter((row) => row.coalesced)
		.map((row) => row.request_id)), new Set(answers
		.filter(({ headers }) => headers['x-gateway-coalesced'] === 'true')
		.map(({ headers }) => headers['x-request-id'])));
	for (const hit of hits) {
		assert.equal(Number(hit.cost_usd), 0);
		assert.ok(hit.complete);
	}
}
