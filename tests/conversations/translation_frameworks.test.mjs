// translation_frameworks.test.mjs - the libraries between an app and the
// official SDKs, and the clients of Cohere, Ollama and Mistral: text, streams
// and tools, each before providers of several dialects.

import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { HumanMessage, ToolMessage } from '@langchain/core/messages';
import { ChatOpenAI } from '@langchain/openai';
import { Mistral } from '@mistralai/mistralai';
import { generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai';
import { CohereClientV2 } from 'cohere-ai';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ollama } from 'ollama';

import { addModels, addProviders, dialects, modelOf } from './providers.mjs';
import { useStack } from './stack.mjs';

const TEXT = 'The river carries small boats past the old mill, and every '
	+ 'morning someone counts them again.';
const PARAMETERS = {
	type: 'object',
	properties: { city: { type: 'string' }, days: { type: 'integer' } },
	required: ['city', 'days'],
	additionalProperties: false,
};
const FUNCTION = { type: 'function', function: { name: 'get_weather',
	description: 'The weather of a city.', parameters: PARAMETERS } };
const INPUT = { city: 'Lisbon', days: 3 };
const PROMPT = 'Weather in Lisbon?';
const RESULT = '22 degrees';

const stack = useStack({}, async (stack) => {
	await addProviders(stack);
	await addModels(stack, 'text', 'prompt_tokens=40');
});

// Each is played whole and streamed: (provider) => nothing.
const players = {
	'ai, openai chat': (provider, stream) => vercel(
		openai().chat(modelOf(provider, 'text')), stream),
	'ai, openai responses': (provider, stream) => vercel(
		openai().responses(modelOf(provider, 'text')), stream,
		{ openai: { store: false } }),
	'ai, anthropic': (provider, stream) => vercel(createAnthropic({
		baseURL: `${stack.url}/v1`, apiKey: stack.key,
	})(modelOf(provider, 'text')), stream),
	langchain,
	'cohere-ai': cohere,
	ollama,
	mistralai: mistral,
};

for (const [title, play] of Object.entries(players)) {
	test(title, async (t) => {
		for (const provider of dialects) {
			for (const stream of [false, true])
				await t.test(`${provider}, ${
					stream ? 'streamed' : 'whole'}`,
				() => play(provider, stream));
		}
	});
}

function openai() {
	return createOpenAI({ baseURL: `${stack.url}/v1`, apiKey: stack.key });
}

// Its loop calls the tool and goes on by itself.
async function vercel(model, stream, providerOptions = {}) {
	const inputs = [];
	const options = {
		model, prompt: PROMPT, maxRetries: 0, providerOptions,
		stopWhen: stepCountIs(3),
		tools: { get_weather: tool({
			description: 'The weather of a city.',
			inputSchema: jsonSchema(PARAMETERS),
			execute: (input) => {
				inputs.push(input);
				return RESULT;
			},
		}) },
	};
	const result = stream
		? streamText({ ...options, onError: ({ error }) => {
			throw error;
		} }) : await generateText(options);
	const steps = await result.steps;

	assert.equal(await result.text, TEXT);
	assert.equal(await result.finishReason, 'stop');
	assert.deepEqual(inputs, [INPUT]);
	assert.deepEqual(steps.map((step) => step.finishReason),
		['tool-calls', 'stop']);
	for (const { usage } of steps)
		assert.deepEqual([usage.inputTokens, usage.outputTokens], [40, 16]);
	await assertResultArrived();
}

async function langchain(provider, stream) {
	const model = new ChatOpenAI({
		model: modelOf(provider, 'text'), apiKey: stack.key, maxRetries: 0,
		configuration: { baseURL: `${stack.url}/v1` },
	}).bindTools([FUNCTION]);
	const ask = async (messages) => {
		if (!stream)
			return model.invoke(messages);
		let whole;

		for await (const chunk of await model.stream(messages))
			whole = whole ? whole.concat(chunk) : chunk;
		return whole;
	};
	const prompt = new HumanMessage(PROMPT);
	const called = await ask([prompt]);
	const [call] = called.tool_calls;

	assert.equal(called.tool_calls.length, 1);
	assert.equal(call.name, 'get_weather');
	assert.deepEqual(call.args, INPUT);
	const last = await ask([prompt, called, new ToolMessage({
		content: RESULT, tool_call_id: call.id })]);

	assert.equal(last.content, TEXT);
	assert.equal(last.usage_metadata.input_tokens, 40);
	assert.equal(last.usage_metadata.output_tokens, 16);
	await assertResultArrived();
}

async function cohere(provider, stream) {
	const client = new CohereClientV2({ token: stack.key,
		environment: stack.url });
	const ask = async (messages) => {
		const request = { model: modelOf(provider, 'text'), messages,
			tools: [FUNCTION] };

		return stream ? cohereStream(await client.chatStream(request))
			: client.chat(request);
	};
	const prompt = { role: 'user', content: PROMPT };
	const called = await ask([prompt]);
	const calls = called.message.toolCalls;

	assert.equal(called.finishReason, 'TOOL_CALL');
	assert.equal(calls.length, 1);
	assert.equal(calls[0].function.name, 'get_weather');
	assert.deepEqual(JSON.parse(calls[0].function.arguments), INPUT);
	const last = await ask([prompt,
		{ role: 'assistant', toolCalls: calls },
		{ role: 'tool', toolCallId: calls[0].id, content: RESULT }]);

	assert.equal(last.finishReason, 'COMPLETE');
	assert.equal(last.message.content.map((part) => part.text).join(''), TEXT);
	assert.equal(last.usage.tokens.inputTokens, 40);
	assert.equal(last.usage.tokens.outputTokens, 16);
	await assertResultArrived();
}

// What the SDK leaves to the app: its events, put together.
async function cohereStream(events) {
	const message = { content: [{ text: '' }], toolCalls: [] };
	let end;

	for await (const { type, delta } of events) {
		if (type === 'content-delta')
			message.content[0].text += delta.message.content.text ?? '';
		else if (type === 'tool-call-start')
			message.toolCalls.push(delta.message.toolCalls);
		else if (type === 'tool-call-delta')
			message.toolCalls.at(-1).function.arguments
				+= delta.message.toolCalls.function.arguments;
		else if (type === 'message-end')
			end = delta;
	}
	return { message, finishReason: end.finishReason, usage: end.usage };
}

async function ollama(provider, stream) {
	const client = new Ollama({ host: stack.url,
		headers: { authorization: `Bearer ${stack.key}` } });
	const ask = async (messages) => {
		const request = { model: modelOf(provider, 'text'), messages,
			tools: [FUNCTION], stream };

		if (!stream)
			return client.chat(request);
		const message = { role: 'assistant', content: '', tool_calls: [] };
		let last;

		for await (const part of await client.chat(request)) {
			message.content += part.message.content;
			message.tool_calls.push(...part.message.tool_calls ?? []);
			last = part;
		}
		return { ...last, message };
	};
	const prompt = { role: 'user', content: PROMPT };
	const called = await ask([prompt]);

	assert.equal(called.message.tool_calls.length, 1);
	assert.equal(called.message.tool_calls[0].function.name, 'get_weather');
	assert.deepEqual(called.message.tool_calls[0].function.arguments, INPUT);
	const last = await ask([prompt, called.message,
		{ role: 'tool', tool_name: 'get_weather', content: RESULT }]);

	assert.equal(last.message.content, TEXT);
	assert.equal(last.done, true);
	assert.equal(last.done_reason, 'stop');
	assert.equal(last.prompt_eval_count, 40);
	assert.equal(last.eval_count, 16);
	await assertResultArrived();
}

// Its client speaks Chat Completions, but reads streams more strictly: a call
// of a tool must be whole, and a usage there or not, but not null. So it can
// stream text alone, and not what OpenAI itself is asked for.
async function mistral(provider, stream) {
	const client = new Mistral({ apiKey: stack.key, serverURL: stack.url });
	const ask = (messages) => client.chat.complete({
		model: modelOf(provider, 'text'), messages, tools: [FUNCTION] });
	const prompt = { role: 'user', content: PROMPT };

	if (stream) {
		if (provider !== 'openai_chat')
			await mistralStream(client, provider);
		return;
	}
	const called = await ask([prompt]);
	const [{ message, finishReason }] = called.choices;
	const [call] = message.toolCalls;

	assert.equal(finishReason, 'tool_calls');
	assert.equal(message.toolCalls.length, 1);
	assert.equal(call.function.name, 'get_weather');
	assert.deepEqual(JSON.parse(call.function.arguments), INPUT);
	const last = await ask([prompt,
		{ role: 'assistant', content: '', toolCalls: message.toolCalls },
		{ role: 'tool', toolCallId: call.id, name: 'get_weather',
			content: RESULT }]);

	assert.equal(last.choices[0].message.content, TEXT);
	assert.equal(last.choices[0].finishReason, 'stop');
	assert.equal(last.usage.promptTokens, 40);
	assert.equal(last.usage.completionTokens, 16);
	await assertResultArrived();
}

async function mistralStream(client, provider) {
	const messages = [{ role: 'user', content: PROMPT }];
	let text = '';
	let finish;

	for await (const { data: { choices: [choice] } } of
		await client.chat.stream({
			model: modelOf(provider, 'text'), messages })) {
		text += choice.delta.content ?? '';
		finish = choice.finishReason ?? finish;
	}
	assert.equal(text, TEXT);
	assert.equal(finish, 'stop');
}

async function assertResultArrived() {
	const { body } = await stack.lastSeen();

	assert.ok(body.toString().includes(RESULT), body.toString());
}
