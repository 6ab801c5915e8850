// translation_sdks.test.mjs - what an app does with its SDK, whoever answers:
// four official clients, each before a provider of every dialect, whole and
// streamed. The provider is a simulator that refuses what its model would.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { addModels, addProviders, dialects, modelOf } from './providers.mjs';
import { requests } from './schemas.mjs';
import { clients } from './sdk_clients.mjs';
import { useStack } from './stack.mjs';

const TEXT = 'The river carries small boats past the old mill, and every '
	+ 'morning';
const THOUGHTS = 'The river carries small boats';
const SYSTEM = 'You are a boatman, and brief.';
const PIXEL = {
	type: 'image/png',
	data: 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9Q'
		+ 'DwADhgGAWjR9awAAAABJRU5ErkJggg==',
};
const SCHEMA = {
	type: 'object',
	properties: { city: { type: 'string' }, days: { type: 'integer' } },
	required: ['city', 'days'],
	additionalProperties: false,
};
const TOOLS = ['get_weather', 'get_news'].map((name) => ({
	name, description: `The ${name.slice(4)} of a city.`, parameters: SCHEMA }));
const CALLS = [
	{ name: 'get_weather', arguments: { city: 'Lisbon', days: 3 } },
	{ name: 'get_news', arguments: { city: 'Oslo', days: 5 } },
];

// Ollama does not tell what it had in its cache.
const tellsCache = (provider) => provider !== 'ollama';
// OpenAI's models think in secret; Responses tells a summary if it is asked
// for one, and in Chat Completions nobody can ask. Others show it anyhow.
const canAsk = (client, provider) => provider === 'openai_responses'
	? client !== 'openai_chat' : provider !== 'openai_chat';

const stack = useStack({}, async (stack) => {
	await addProviders(stack);
	await addModels(stack, 'text', 'tokens=12,prompt_tokens=40,cached=8');
	await addModels(stack, 'two', 'parallel=1');
	await addModels(stack, 'short', 'tokens=3,finish=length');
	await addModels(stack, 'thinks', 'tokens=12,reasoning=5');
	await addModels(stack, 'shows', 'tokens=12,reasoning=5,thoughts=1');
});

const scenarios = {
	async 'text, its usage and why it ended'(ask, provider) {
		const { reply, upstream } = await ask('text',
			{ system: SYSTEM, prompt: 'Hello' });

		assert.equal(reply.text, TEXT);
		assert.equal(reply.thoughts, '');
		assert.deepEqual(reply.calls, []);
		assert.equal(reply.finish, 'stop');
		assert.deepEqual(reply.usage, { prompt: 40, completion: 12,
			cached: tellsCache(provider) ? 8 : 0 });
		assert.ok(upstream.includes(SYSTEM), upstream);
	},

	async 'an answer that is cut'(ask) {
		const { reply } = await ask('short', { prompt: 'Hello' });

		assert.equal(reply.text, 'The river carries');
		assert.equal(reply.finish, 'length');
	},

	async 'a tool call, and its result'(ask) {
		const { reply, follow } = await ask('plain',
			{ prompt: 'Weather?', tools: TOOLS });

		assertCalls(reply, CALLS.slice(0, 1));
		const { reply: last, upstream } = await follow(['22 degrees']);

		assert.equal(last.finish, 'stop');
		assert.ok(last.text.startsWith(TEXT), last.text);
		assert.deepEqual(last.calls, []);
		assert.ok(upstream.includes('22 degrees'), upstream);
	},

	async 'two calls at once, and their results'(ask) {
		const { reply, follow } = await ask('two',
			{ prompt: 'Weather, news?', tools: TOOLS });

		assertCalls(reply, CALLS);
		const { reply: last, upstream } = await follow(
			['22 degrees', 'a regatta']);

		assert.equal(last.finish, 'stop');
		assert.ok(last.text.startsWith(TEXT), last.text);
		for (const output of ['22 degrees', 'a regatta'])
			assert.ok(upstream.includes(output), upstream);
	},

	async 'an image'(ask) {
		const { reply, upstream } = await ask('text',
			{ prompt: 'What is this?', image: PIXEL });

		assert.equal(reply.text, TEXT);
		assert.ok(upstream.includes(PIXEL.data), upstream);
	},

	async 'a JSON schema for the answer'(ask) {
		const { upstream } = await ask('text',
			{ prompt: 'Where, and for how long?', schema: SCHEMA });

		assert.ok(upstream.includes('city'), upstream);
	},

	async 'thinking'(ask, provider, client) {
		const { reply, follow } = await ask(
			canAsk(client, provider) ? 'thinks' : 'shows',
			{ prompt: 'Think.', think: true });

		assert.equal(reply.thoughts, THOUGHTS);
		assert.equal(reply.text, TEXT);
		assert.equal(reply.finish, 'stop');
		assert.equal(reply.usage.completion, 12 + 5);
		assert.equal((await follow('And now?')).reply.text, TEXT);
	},
};

for (const [name, client] of Object.entries(clients)) {
	for (const provider of dialects) {
		test(`${client.title} at ${provider}`, async (t) => {
			const sdk = client.open(stack);

			for (const [title, play] of Object.entries(scenarios)) {
				for (const how of ['ask', 'stream'])
					await t.test(`${title}, ${how === 'ask'
						? 'whole' : 'streamed'}`, () =>
						play(asker(client, sdk, provider, how),
							provider, name));
			}
		});
	}
}

// ask(model, question) of a scenario: { reply, upstream, follow }, follow()
// taking the outputs of the calls, or else the next thing to say.
function asker(client, sdk, provider, how) {
	const run = async (request) => {
		const reply = await client[how](sdk, request);
		const { body } = await stack.lastSeen();

		assert.equal(requests[provider]?.(JSON.parse(body)) ?? '', '');
		return {
			reply,
			upstream: body.toString(),
			follow: (what) => run(typeof what === 'string'
				? client.say(request, reply, what)
				: client.follow(request, reply, what)),
		};
	};

	return (model, question) => run(
		client.request(modelOf(provider, model), question));
}

function assertCalls(reply, expected) {
	assert.equal(reply.finish, 'tools');
	assert.deepEqual(reply.calls.map(({ name, arguments: input }) =>
		({ name, arguments: input })), expected);
	// Gemini gives none, and to its own client nothing is added.
	const ids = reply.calls.map(({ id }) => id).filter(Boolean);

	assert.equal(new Set(ids).size, ids.length);
}
