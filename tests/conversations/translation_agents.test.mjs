// translation_agents.test.mjs - agents that think: five calls, two tools at a
// time, and each provider gets back what it signed, whatever dialect carried
// it to the client and back. The simulator refuses what its model would: a
// thought whose signature is not its own, a call of Gemini 3 without one.

import Anthropic from '@anthropic-ai/sdk';
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { addModels, addProviders, modelOf } from './providers.mjs';
import { requests } from './schemas.mjs';
import { clients } from './sdk_clients.mjs';
import { useStack } from './stack.mjs';

const TOOLS = ['get_weather', 'get_news'].map((name) => ({
	name, description: `The ${name.slice(4)} of a city.`,
	parameters: {
		type: 'object',
		properties: { city: { type: 'string' },
			days: { type: 'integer' } },
		required: ['city'],
	},
}));
const SYSTEM = 'You are a boatman, and thorough.';
const THOUGHT = 'The river carries small boats';
const TEXT = 'The river carries small';
const ACTS = 'tool=1,parallel=1,preface=1,tokens=4,reasoning=5,thoughts=1';
const SAYS = 'tool=0,tokens=4,reasoning=5,thoughts=1';

// Providers whose models sign, the models, and where a signature stands.
const signers = {
	anthropic: { model: 'claude-sonnet-4-5',
		mark: /"signature":"[^"]{40,}"/g },
	bedrock: { model: 'anthropic.claude-sonnet-4-5-v1:0',
		mark: /"signature":"[^"]{40,}"/g },
	gemini: { model: 'gemini-3-pro-preview',
		mark: /"thoughtSignature":"[^"]{40,}"/g },
	openai_responses: { model: 'gpt-5',
		mark: /"encrypted_content":"[^"]{40,}"/g },
};
// Those that do not, and need no proof.
const others = { openai_chat: 'deepseek-reasoner', cohere:
	'command-a-reasoning-08-2025', ollama: 'qwen3' };

const stack = useStack({}, async (stack) => {
	await addProviders(stack);
	for (const [provider, model] of [
		...Object.entries(signers).map(([name, s]) => [name, s.model]),
		...Object.entries(others)]) {
		const options = { wanted: [provider], model };

		await addModels(stack, 'acts', ACTS, options);
		await addModels(stack, 'says', SAYS, options);
	}
});

for (const client of Object.values(clients)) {
	for (const provider of [...Object.keys(signers), ...Object.keys(others)]) {
		test(`${client.title} at ${provider}`, async (t) => {
			for (const how of ['ask', 'stream'])
				await t.test(how === 'ask' ? 'whole' : 'streamed',
					() => agent(client, provider, how));
		});
	}
}

async function agent(client, provider, how) {
	const sdk = client.open(stack);
	const replies = await loop(client, provider,
		(request) => client[how](sdk, request));
	const seen = (await stack.lastSeen()).body.toString();

	assert.equal(replies.length, 5);
	for (const output of ['22 degrees', 'a regatta', 'rain', 'a flood'])
		assert.ok(seen.includes(output), seen);
	if (!signers[provider])
		return;
	const signed = seen.match(signers[provider].mark) ?? [];

	// Three times tools were called.
	assert.ok(signed.length >= 3, `${signed.length} signed: ${seen}`);
	assert.ok(!seen.includes('skip_thought'), seen);
}

// Call, call again, say; and once more. The replies, in order.
async function loop(client, provider, run) {
	const acts = modelOf(provider, 'acts');
	const says = modelOf(provider, 'says');
	const replies = [];
	const step = async (request, check) => {
		const reply = await run(request);
		const { body } = await stack.lastSeen();

		assert.equal(requests[provider]?.(JSON.parse(body)) ?? '', '');
		check(reply);
		replies.push(reply);
		return reply;
	};
	const assertActs = (reply) => assertCalls(reply, provider);
	let request = client.request(acts, { system: SYSTEM,
		prompt: 'Weather, news?', tools: TOOLS, think: true });

	let reply = await step(request, assertActs);

	request = client.follow(request, reply, ['22 degrees', 'a regatta']);
	reply = await step(request, assertActs);
	request = { ...client.follow(request, reply, ['rain', 'a flood']),
		model: says };
	reply = await step(request, assertSays);
	request = { ...client.say(request, reply, 'And tomorrow?'), model: acts };
	reply = await step(request, assertActs);
	request = { ...client.follow(request, reply, ['sun', 'a feast']),
		model: says };
	await step(request, assertSays);
	return replies;
}

// Cohere tells what it is about to do as a plan, which is a thought.
function assertCalls(reply, provider) {
	const plans = provider === 'cohere';

	assert.deepEqual(reply.calls.map(({ name, arguments: input }) =>
		[name, input.city]),
	[['get_weather', 'Lisbon'], ['get_news', 'Oslo']]);
	assert.equal(reply.finish, 'tools');
	assert.equal(reply.text, plans ? '' : TEXT);
	// A whole answer does not tell which of the two came first.
	assert.ok((plans ? [THOUGHT + TEXT, TEXT + THOUGHT] : [THOUGHT])
		.includes(reply.thoughts), reply.thoughts);
}

function assertSays(reply) {
	assert.equal(reply.text, TEXT);
	assert.equal(reply.thoughts, THOUGHT);
	assert.equal(reply.finish, 'stop');
	assert.deepEqual(reply.calls, []);
}

// Many apps keep of an answer only what OpenAI's reference has. Then the
// thoughts are gone, and a model that insists on them must be asked so that
// it does not.
for (const provider of Object.keys(signers)) {
	test(`openai chat at ${provider}, the app keeps no thoughts`, async (t) => {
		const client = clients.openai_chat;
		const sdk = client.open(stack);

		for (const how of ['ask', 'stream']) {
			await t.test(how === 'ask' ? 'whole' : 'streamed', async () => {
				const replies = await loop(client, provider,
					async (request) => forget(
						await client[how](sdk, request)));

				assert.equal(replies.length, 5);
			});
		}
	});
}

function forget(reply) {
	const { role, content, tool_calls: calls } = reply.native;

	return { ...reply, thoughts: THOUGHT, native: { role, content,
		...(calls && { tool_calls: calls.map(forgetCall) }) } };
}

function forgetCall({ id, type, function: { name, arguments: input } }) {
	return { id, type, function: { name, arguments: input } };
}

for (const how of ['ask', 'stream']) {
	test(`anthropic at anthropic, byte for byte, ${
		how === 'ask' ? 'whole' : 'streamed'}`, async () => {
		const client = clients.anthropic;
		let sent;
		const sdk = new Anthropic({
			apiKey: stack.key, baseURL: stack.url, maxRetries: 0,
			fetch: (url, init) => {
				sent = init.body;
				return fetch(url, init);
			},
		});
		let steps = 0;

		await loop(client, 'anthropic', async (request) => {
			const reply = await client[how](sdk, request);
			const { body } = await stack.lastSeen();
			const upstream = `${signers.anthropic.model}?${
				request.model.startsWith('acts') ? ACTS : SAYS}`;

			assert.equal(body.toString(), sent.replace(
				JSON.stringify(request.model),
				JSON.stringify(upstream)));
			steps++;
			return reply;
		});
		assert.equal(steps, 5);
	});
}
