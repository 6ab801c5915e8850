// recordings_dialects.test.mjs - every recorded exchange of the other dialects
// that clients speak; what is done with each is in recordings.mjs. Bedrock's
// are not among them: no client speaks it, it is a provider's dialect only.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { answersOf, load, replay } from './recordings.mjs';
import { assertError } from './stack.mjs';

/*
 * What does not go through as it is, and why:
 *
 * - asks the router: a prompt that OpenAI keeps may name its model itself; the
 *   gateway does not know which it is.
 * - is garbage: the brace that ends the first event was lost.
 * - breaks off: a stream with neither a finish reason nor an end; the client
 *   is told by one more event.
 */
const reasons = {
	'asks the router': (answer) =>
		assert.equal(answer.status, 200, answer.text),
	'is garbage': (answer) => assertError(answer, 502, 'upstream_invalid'),
	'breaks off': (answer, { name, response }) => {
		const before = answersOf({ kind: 'sse', response });
		const last = answer.chunks().at(-1);

		assert.ok(answer.text.startsWith(response), name);
		assert.equal(answer.chunks().length, before.length + 1, name);
		assert.match(JSON.stringify(last.error), /"upstream_cut"/, name);
	},
};

const isDocumented = ({ file }) => file.startsWith('documented');
const messages = [{ role: 'user', content: 'Hello' }];
const sum = (...counts) => counts.reduce((a, b) => (a ?? 0) + (b ?? 0));

const responses = {
	files: /^openai_responses.*\.jsonl$/,
	// One was recorded in a compression that the recorder did not open.
	takes: ({ response_base64: compressed }) => !compressed,
	hello: ({ kind }) => ({ model: 'unknown', input: 'Hello',
		...(kind === 'sse' ? { stream: true } : {}) }),
	baseUrl: (simulator) => `${simulator}/v1`,
	address: () => ({ client: '/v1/responses', upstream: '/v1/responses' }),
	usage: (answers) => {
		// One was recorded with the next answer behind it.
		const usage = answers.map((answer) =>
			answer.response?.usage ?? answer.usage).find(Boolean);

		return usage && { prompt: usage.input_tokens,
			completion: usage.output_tokens };
	},
	fails: (answers) => answers.some(({ type, error, response }) =>
		type === 'error' || (error && !type) || response?.error),
	reasons,
	exceptions: {
		'openai/ddjs-openai_responses_post_90c55597-00':
			'asks the router',
		'openai/ddjs-openai_responses_post_ec358e44-00':
			'asks the router',
		'openai/vercel-parallel-tool-call-wrapper.1': 'is garbage',
	},
};

const anthropic = {
	files: /^(anthropic(_streams|_edge_cases)?|documented_errors)\.jsonl$/,
	takes: (recording) => !isDocumented(recording)
		|| recording.provider === 'anthropic',
	hello: ({ kind }) => ({ model: 'unknown', max_tokens: 100, messages,
		...(kind === 'sse' ? { stream: true } : {}) }),
	baseUrl: (simulator) => `${simulator}/v1`,
	words: () => ['--auth', 'x-api-key'],
	auth: () => 'x-api-key',
	// The address's query is the SDK's own: it is not passed on.
	address: ({ url }) => ({
		client: `/v1/messages${url ? new URL(url).search : ''}`,
		upstream: '/v1/messages',
	}),
	usage: (answers) => {
		const usage = Object.assign({}, ...answers.map((answer) =>
			answer.message?.usage ?? answer.usage));

		// What a stream begins with is not its count yet.
		if (!answers.some((answer) => answer.usage))
			return undefined;
		return { prompt: sum(usage.input_tokens,
			usage.cache_read_input_tokens,
			usage.cache_creation_input_tokens),
		completion: usage.output_tokens };
	},
	fails: (answers) => answers.some(({ type }) => type === 'error'),
};

const gemini = {
	files: /^(gemini(_streams|_edge_cases)?|documented_errors)\.jsonl$/,
	takes: (recording) => !isDocumented(recording)
		|| recording.provider === 'gemini',
	rename: (body) => body,
	hello: () => ({ contents: [{ parts: [{ text: 'Hello' }] }] }),
	baseUrl: (simulator, provider) => provider === 'vertexai'
		? `${simulator}/v1beta1/projects/demo/locations/global`
			+ '/publishers/google'
		: `${simulator}/v1beta`,
	words: () => ['--auth', 'x-goog-api-key'],
	auth: () => 'x-goog-api-key',
	address: ({ kind }) => {
		const verb = { sse: ':streamGenerateContent?alt=sse',
			array: ':streamGenerateContent' }[kind]
			?? ':generateContent';

		return { client: `/v1beta/models/MODEL${verb}`,
			upstream: `/models/MODEL${verb}` };
	},
	retryAfter: ({ response }) =>
		/"retryDelay":\s*"(\d+)s"/.exec(response)?.[1],
	usage: (answers) => {
		const usage = answers.map((answer) => answer.usageMetadata)
			.filter(Boolean).at(-1);

		return usage && {
			prompt: usage.promptTokenCount
				&& sum(usage.promptTokenCount,
					usage.toolUsePromptTokenCount),
			completion: usage.candidatesTokenCount
				&& sum(usage.candidatesTokenCount,
					usage.thoughtsTokenCount) };
	},
	// One tells its error outside of any event.
	fails: (answers, { response }) => answers.some(({ error }) => error)
		|| /^ *"error": \{$/m.test(response),
	reasons,
	exceptions: {
		'vertexai/firebase-streaming-failure-invalid-json': 'breaks off',
		'vertexai/firebase-streaming-success-quotes-escaped': 'breaks off',
	},
};

const cohere = {
	files: /^cohere(_streams)?\.jsonl$/,
	hello: ({ kind }) => ({ model: 'unknown', messages,
		...(kind === 'sse' ? { stream: true } : {}) }),
	baseUrl: (simulator) => `${simulator}/v2`,
	address: () => ({ client: '/v2/chat', upstream: '/v2/chat' }),
	usage: (answers) => {
		const usage = answers.map((answer) =>
			answer.delta?.usage ?? answer.usage).filter(Boolean).at(-1);
		const counts = { ...usage?.tokens, ...usage?.billed_units };

		return usage && { prompt: counts.input_tokens,
			completion: counts.output_tokens };
	},
	fails: (answers) => answers.some(({ delta }) => delta?.error),
};

const ollama = {
	files: /^(ollama(_streams)?|documented_errors)\.jsonl$/,
	takes: (recording) => !isDocumented(recording)
		|| recording.provider === 'ollama',
	hello: ({ kind }) => ({ model: 'unknown', messages,
		...(kind === 'json' ? { stream: false } : {}) }),
	baseUrl: (simulator) => simulator,
	address: () => ({ client: '/api/chat', upstream: '/api/chat' }),
	usage: (answers) => {
		const last = answers.at(-1);

		return last?.eval_count === undefined ? undefined : {
			prompt: last.prompt_eval_count,
			completion: last.eval_count };
	},
	fails: (answers) => answers.some(({ error }) => error),
};

replay({ openai_responses: responses, anthropic, gemini, cohere, ollama });

test('Bedrock\'s have no client', (t) => {
	const recordings = load({ files: /^bedrock.*\.jsonl$/, hello: () => ({}) });

	assert.ok(recordings.length > 20);
	t.diagnostic(`bedrock: ${recordings.length} without a client's route`);
});
