// translation_errors.test.mjs - what went wrong, at the gateway or at a
// provider of any dialect, reaches an app as the error that its SDK has for
// it, with the status and the wait that the provider asked for.

import Anthropic from '@anthropic-ai/sdk';
import { ApiError } from '@google/genai';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';

import { addModels, addProviders, dialects, modelOf, secretOf }
	from './providers.mjs';
import { clients } from './sdk_clients.mjs';
import { faultsAlone, useStack } from './stack.mjs';

const STATUSES = [400, 401, 403, 404, 429, 500, 503];
// Google's SDK has one class for all of them.
const CLASSES = {
	400: 'BadRequestError', 401: 'AuthenticationError',
	403: 'PermissionDeniedError', 404: 'NotFoundError',
	429: 'RateLimitError', 500: 'InternalServerError',
	503: 'InternalServerError',
};
const SDKS = { openai_chat: OpenAI, openai_responses: OpenAI,
	anthropic: Anthropic };
const FAULTS = {
	stream_error: 'the provider says so in the middle of its stream',
	cut: 'the provider breaks off',
	bad_frame: 'the provider says something unreadable',
};

const stack = useStack({ set: faultsAlone }, async (stack) => {
	await addProviders(stack);
	for (const status of STATUSES)
		await addModels(stack, `status${status}`, `status=${status}`
			+ (status === 429 ? ',retry_after=7' : ''));
	for (const fault of Object.keys(FAULTS))
		await addModels(stack, fault, `fault=${fault}`);
});

for (const [name, client] of Object.entries(clients)) {
	for (const provider of dialects) {
		for (const how of ['ask', 'stream']) {
			const way = how === 'ask' ? 'whole' : 'streamed';

			test(`${client.title} at ${provider}, ${way}`, (t) =>
				refusals(t, client, name, provider, how));
		}
		test(`${client.title} at ${provider}, half way`, (t) =>
			faults(t, client, name, provider));
	}
	test(`${client.title}, refused by the gateway`, (t) =>
		ours(t, client, name));
}

test('no error told a secret', () => {
	const logs = stack.logs();

	for (const provider of dialects)
		assert.ok(!logs.includes(secretOf(provider)), provider);
});

async function refusals(t, client, name, provider, how) {
	for (const status of STATUSES) {
		await t.test(`${status}`, async () => {
			const error = await fail(client, how, stack,
				modelOf(provider, `status${status}`));

			assertError(error, name, status);
			if (status === 429 && name !== 'gemini')
				assert.equal(error.headers.get('retry-after'), '7');
		});
	}
}

// Once it has begun, the status is said: the SDK raises what comes then.
async function faults(t, client, name, provider) {
	for (const [fault, title] of Object.entries(FAULTS)) {
		await t.test(title, async () => {
			const error = await fail(client, 'stream', stack,
				modelOf(provider, fault));

			assert.ok(error instanceof (name === 'gemini' ? ApiError
				: SDKS[name].APIError), `${error.stack}`);
			assert.ok(error.message.length > 0);
		});
	}
}

async function ours(t, client, name) {
	const model = modelOf('cohere');
	const cases = [
		['a wrong key', 401, { apiKey: 'gw_nonsense' }, model, {}],
		['an unknown model', 404, {}, 'no-such-model', {}],
		['a bad field', 400, {}, model, { bad: true }],
	];

	for (const [title, status, options, asked, { bad }] of cases) {
		await t.test(title, async () => {
			const error = await fail(client, 'ask', stack, asked, options,
				bad ? spoil : (request) => request);

			assertError(error, name, status);
			if (bad)
				assert.match(error.message, /temperature/);
		});
	}
}

function spoil(request) {
	return request.contents
		? { ...request, config: { temperature: 'hot' } }
		: { ...request, temperature: 'hot' };
}

async function fail(client, how, to, model, options = {},
	change = (request) => request) {
	const sdk = client.open(to, options);
	const request = change(client.request(model, { prompt: 'Hello' }));

	try {
		const reply = await client[how](sdk, request);

		assert.fail(`no error, but ${JSON.stringify(reply)}`);
	} catch (error) {
		if (error instanceof assert.AssertionError)
			throw error;
		return error;
	}
}

function assertError(error, name, status) {
	const type = name === 'gemini' ? ApiError : SDKS[name][CLASSES[status]];

	assert.ok(error instanceof type, `${error.name}: ${error.stack}`);
	assert.equal(error.status, status);
	assert.ok(error.message.length > 10, error.message);
	if (name !== 'gemini')
		assert.ok(error.requestID, 'X-Request-Id');
}
