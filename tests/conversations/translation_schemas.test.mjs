// translation_schemas.test.mjs - every request that translation makes is one
// of its provider's published schema, and every answer and event one of its
// client's: whatever a client asks for, whoever answers.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { features } from './losses_features.mjs';
import { asTool, clients } from './losses_words.mjs';
import { addModels, addProviders, dialects, modelOf } from './providers.mjs';
import { requests, schema } from './schemas.mjs';
import { useStack } from './stack.mjs';

const message = schema('anthropic', 'Message');
// Of a whole answer and of an event. Anthropic's specification has no events,
// but one of them holds a message.
const answers = {
	openai_chat: [schema('openai', 'CreateChatCompletionResponse'),
		schema('openai', 'CreateChatCompletionStreamResponse')],
	openai_responses: [schema('openai', 'Response'),
		schema('openai', 'ResponseStreamEvent')],
	anthropic: [message, (event) => event.type === 'message_start'
		? message(event.message) : ''],
	gemini: [schema('google', 'GenerateContentResponse'),
		schema('google', 'GenerateContentResponse')],
	cohere: [schema('cohere', 'V2ChatResponse'),
		schema('cohere', 'V2ChatStreamResponse')],
	ollama: [schema('ollama', 'ChatResponse'),
		schema('ollama', 'ChatStreamEvent')],
};
// What a model may say: thoughts, text and calls, or an end before its time.
const behaviours = {
	text: 'tokens=4,prompt_tokens=40,cached=8',
	acts: 'tool=1,parallel=1,preface=1,reasoning=5,thoughts=1,cached=8',
	cut: 'tokens=4,finish=length',
	blocked: 'tokens=4,finish=filter',
	nothing: 'tokens=0',
	uncounted: 'tokens=4,usage=no',
};
// OpenAI has no words for a video; those of Qwen and of vLLM are used.
const isForeign = (provider, title) => provider === 'openai_chat'
	&& title === 'a video by its URL';
const KNOWN = { openai: 'gpt-4.1', mistral: 'mistral-large-latest' };
const dialectOf = (provider) => provider in KNOWN ? 'openai_chat' : provider;

const stack = useStack({}, async (stack) => {
	await addProviders(stack);
	await addModels(stack, 'lenient', 'strict=0');
	for (const [name, text] of Object.entries(behaviours))
		await addModels(stack, name, text);
	for (const [name, model] of Object.entries(KNOWN)) {
		await stack.cli(['provider', 'add', name, '--dialect', 'openai_chat',
			'--base-url', `${stack.env.SIMULATOR_URL}/v1`, '--key-stdin'],
		{ input: `secret-of-${name}` });
		await stack.cli(['model', 'add', modelOf(name, 'lenient'),
			'--provider', name, '--upstream', `${model}?strict=0`]);
	}
});

for (const client of Object.keys(clients)) {
	for (const [provider, check] of Object.entries(requests)) {
		if (dialectOf(provider) !== client)
			test(`requests of ${client} to ${provider}`, () =>
				assertRequests(client, provider, check));
	}
	for (const provider of dialects) {
		if (provider !== client)
			test(`answers of ${provider} to ${client}`, () =>
				assertAnswers(client, provider));
	}
}

// All that a client can ask for: what goes out is well formed.
async function assertRequests(client, provider, check) {
	const model = modelOf(provider, 'lenient');
	const problems = [];
	let seen = 0;

	for (const { title, clients: { [client]: words } } of features) {
		if (!words || isForeign(provider, title))
			continue;
		const answer = await ask(client, model, words.body);

		if (answer.status === 400)
			continue;
		assert.equal(answer.status, 200, `${title}: ${answer.text}`);
		const problem = check(JSON.parse((await stack.lastSeen()).body));

		if (problem)
			problems.push(`${title}: ${problem}`);
		seen++;
	}
	assert.ok(seen > 10, `${seen} requests`);
	assert.deepEqual(problems, []);
}

async function assertAnswers(client, provider) {
	const [whole, event] = answers[client];
	const problems = [];

	for (const name of Object.keys(behaviours)) {
		const model = modelOf(provider, name);
		const body = name === 'acts' ? { tools: asTool[client]() } : {};
		const answer = await ask(client, model, body);
		const stream = await ask(client, model, body, true);
		const events = eventsOf(client, stream);

		assert.equal(answer.status, 200, answer.text);
		assert.equal(stream.status, 200, stream.text);
		problems.push(whole(answer.json()), ...events.map(event));
		assert.ok(events.length > 0, stream.text);
		if (client === 'gemini')
			problems.push(...(await askArray(model, body)).map(event));
	}
	assert.deepEqual(problems.filter(Boolean), []);
}

function ask(client, model, body, stream = false) {
	const { path, body: least } = clients[client];
	const words = client === 'gemini' ? {} : { model, stream };

	return stack.chat({ ...least, ...body, ...words }, {
		path: (stream ? path.replace(':generateContent',
			':streamGenerateContent?alt=sse') : path)
			.replace('{model}', model),
		headers: { 'x-gateway-metadata': 'off' },
	});
}

// Without alt=sse a stream of Gemini's is one array.
async function askArray(model, body) {
	const answer = await stack.chat({ ...clients.gemini.body, ...body },
		{ path: `/v1beta/models/${model}:streamGenerateContent` });

	assert.equal(answer.status, 200, answer.text);
	assert.ok(answer.json().length > 0, answer.text);
	return answer.json().map(({ metadata, ...chunk }) => chunk);
}

function eventsOf(client, answer) {
	return client === 'ollama'
		? answer.text.trim().split('\n').map((line) => JSON.parse(line))
		: answer.chunks();
}
