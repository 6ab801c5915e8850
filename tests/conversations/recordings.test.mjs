// recordings.test.mjs - every recorded exchange of Chat Completions; what is
// done with each is in recordings.mjs.

import assert from 'node:assert/strict';

import { askForUsage, openaiWords, replay } from './recordings.mjs';
import { assertError, hello } from './stack.mjs';

/*
 * What does not go through as it is, and why:
 *
 * - asks the router: one names its model in the URL, as Azure's deployments
 *   do, where the gateway wants it in the body.
 * - refused: one has no messages, for which OpenAI refused it, too.
 * - breaks off: a stream with neither a finish reason nor an end; the client
 *   is told by one more event.
 */
const exceptions = {
	'azure/ddpy-azure_openai_openai_deployments_gpt-4.1-mini_chat_completions_api-version_2024-00~2':
		'asks the router',
	'openai/apisix-chat-streaming-many-chunks-no-usage': 'breaks off',
	'openai/envoy-chat-no-messages-00':
		['refused', 'invalid_field', 'messages'],
};
const reasons = {
	'asks the router': (answer) =>
		assert.equal(answer.status, 200, answer.text),
	refused: (answer, recording, code, param) =>
		assertError(answer, 400, code, param),
	'breaks off': (answer, { name, response }) => {
		const rest = answer.text.slice(response.length);

		assert.ok(answer.text.startsWith(response), name);
		assert.match(rest,
			/^data: \{"error":.*"code":"upstream_cut".*\}\n\n$/);
	},
};

// Of the documented errors, those of providers that speak this dialect.
function takes({ file, provider, kind }) {
	return !file.startsWith('documented')
		|| (!['anthropic', 'gemini'].includes(provider)
			&& kind !== 'ndjson');
}

// An answer that tells the usage in a chunk of its own was asked for it.
function ask({ kind, response }) {
	const asked = kind === 'sse' && /"choices":\s*\[\],.*"usage":\s*\{/
		.test(response);

	return hello('unknown', {
		...(kind === 'sse' ? { stream: true } : {}),
		...(asked ? { stream_options: { include_usage: true } } : {}),
	});
}

// Of the body, or of the last event that has one; Groq's may be elsewhere.
function usageOf(answers) {
	const usage = answers.map(({ usage, x_groq: groq }) =>
		usage ?? groq?.usage).filter(Boolean).at(-1);
	const cached = usage?.prompt_tokens_details?.cached_tokens ?? 0;

	if (!usage)
		return undefined;
	// Mistral leaves what it heard out of the prompt's count, Azure's
	// Grok what it had cached.
	if ('prompt_audio_seconds' in usage)
		return {};
	// What only the total counts, as xAI's thoughts, is the answer's.
	return {
		prompt: usage.prompt_tokens
			+ (cached > usage.prompt_tokens ? cached : 0),
		completion: Math.max(usage.completion_tokens ?? 0,
			(usage.total_tokens ?? 0) - usage.prompt_tokens),
	};
}

replay({
	openai_chat: {
		files: /^(openai_chat_.*|documented_errors)\.jsonl$/,
		takes, hello: ask, exceptions, reasons,
		sent: askForUsage,
		baseUrl: (simulator) => `${simulator}/v1`,
		words: openaiWords,
		auth: (provider) => provider === 'azure' ? 'api-key' : undefined,
		address: () => ({ client: '/v1/chat/completions',
			upstream: '/v1/chat/completions' }),
		usage: usageOf,
		fails: (answers) => answers.some(({ error }) => error),
		metered: ({ usage, choices }) => usage && !choices?.length,
	},
});
