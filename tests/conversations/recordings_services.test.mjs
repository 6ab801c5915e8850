// recordings_services.test.mjs - the recorded exchanges that are no chats:
// counts of tokens, embeddings, rerankings, completions, moderations, images.
// What is done with each is in recordings.mjs. Voyage's are not among them: no
// client speaks its format, and Cohere's first version is not served.

import { askForUsage, openaiWords, replay } from './recordings.mjs';
import { assertError } from './stack.mjs';

/*
 * Refused is what names no model, though OpenAI would take one of its own: the
 * gateway must know which it is. And what is wrong in a member that it reads.
 */
const reasons = {
	refused: (answer, recording, code, param) =>
		assertError(answer, 400, code, param),
};

const NAMES_NO_MODEL = ['refused', 'missing_field', 'model'];

const openai = (service, takes, hello) => ({
	dialect: 'openai_chat',
	files: new RegExp(`^openai_${service}.*\\.jsonl$`),
	takes, hello,
	sent: askForUsage,
	baseUrl: (simulator) => `${simulator}/v1`,
	words: openaiWords,
	auth: (provider) => provider === 'azure' ? 'api-key' : undefined,
	address: () => ({ client: `/v1/${service.replace('_', '/')}`,
		upstream: `/v1/${service.replace('_', '/')}` }),
	usage: (answers) => {
		const usage = answers.map((answer) => answer.usage)
			.filter(Boolean).at(-1);

		return usage && { prompt: usage.prompt_tokens,
			completion: usage.total_tokens - usage.prompt_tokens };
	},
	fails: (answers) => answers.some(({ error }) => error),
	metered: ({ usage, choices }) => usage && !choices?.length,
	reasons,
	exceptions: {
		'openai/envoy-completion-bad-request-00':
			['refused', 'invalid_field', 'max_tokens'],
		'openai/ddjs-openai_moderations_post_532b3315-00': NAMES_NO_MODEL,
		'openai/ddpy-image_create-00': NAMES_NO_MODEL,
	},
});

const embeddings = openai('embeddings',
	({ provider }) => !['voyage', 'ollama'].includes(provider),
	() => ({ model: 'unknown', input: 'Hello' }));
// Mistral has completions of its own at other addresses.
const completions = openai('completions',
	({ provider }) => provider !== 'mistral',
	({ kind }) => ({ model: 'unknown', prompt: 'Hello',
		...(kind === 'sse' ? { stream: true,
			stream_options: { include_usage: true } } : {}) }));
const moderations = openai('moderations', () => true);
const images = { ...openai('images', () => true),
	address: () => ({ client: '/v1/images/generations',
		upstream: '/v1/images/generations' }) };

const cohereUsage = ([answer]) => {
	const counts = { ...answer.meta?.tokens, ...answer.meta?.billed_units };

	// Searches are billed by their number.
	return counts.input_tokens === undefined
		? undefined : { prompt: counts.input_tokens };
};
const cohere_embeddings = {
	dialect: 'cohere',
	files: /^cohere_embed\.jsonl$/,
	baseUrl: (simulator) => `${simulator}/v2`,
	address: () => ({ client: '/v2/embed', upstream: '/v2/embed' }),
	usage: cohereUsage,
	fails: () => false,
};
const cohere_rerankings = {
	dialect: 'cohere',
	files: /^rerank(_edge_cases)?\.jsonl$/,
	takes: ({ provider, url }) => provider === 'cohere'
		&& (url ?? '/v2/').includes('/v2/'),
	hello: () => ({ model: 'unknown', query: 'Hello', documents: ['Hello'] }),
	baseUrl: (simulator) => `${simulator}/v2`,
	address: () => ({ client: '/v2/rerank', upstream: '/v2/rerank' }),
	usage: cohereUsage,
	fails: () => false,
};
const rerankings = {
	dialect: 'openai_chat',
	files: /^rerank(_edge_cases)?\.jsonl$/,
	takes: ({ provider }) => ['openrouter', 'openai'].includes(provider),
	baseUrl: (simulator) => `${simulator}/v1`,
	address: () => ({ client: '/v1/rerank', upstream: '/v1/rerank' }),
	usage: ([answer]) => answer?.usage && {},
	fails: () => false,
};

const renameGemini = (body, model, name) =>
	body.replaceAll(`"models/${model}"`, `"models/${name}"`);
const gemini = (files, verbOf) => ({
	dialect: 'gemini',
	files,
	rename: renameGemini,
	baseUrl: (simulator) => `${simulator}/v1beta`,
	words: () => ['--auth', 'x-goog-api-key'],
	auth: () => 'x-goog-api-key',
	address: (recording) => ({
		client: `/v1beta/models/MODEL:${verbOf(recording)}`,
		upstream: `/v1beta/models/MODEL:${verbOf(recording)}` }),
	fails: () => false,
});
const content = { parts: [{ text: 'Hello' }] };
const gemini_embeddings = {
	...gemini(/^gemini_embed.*\.jsonl$/, ({ request }) =>
		'requests' in JSON.parse(request) ? 'batchEmbedContents'
			: 'embedContent'),
	hello: ({ response }) => /"embeddings"/.test(response)
		? { requests: [{ model: 'models/unnamed', content }] } : { content },
	usage: ([answer]) => answer.usageMetadata
		&& { prompt: answer.usageMetadata.promptTokenCount },
};
const gemini_counts = {
	...gemini(/^gemini_count_tokens.*\.jsonl$/, () => 'countTokens'),
	hello: () => ({ contents: [content] }),
	isPlain: true,
	usage: () => null,
};
const ollama_embeddings = {
	dialect: 'ollama',
	files: /^(ollama_embed_streams|openai_embeddings)\.jsonl$/,
	takes: ({ provider }) => provider === 'ollama',
	hello: () => ({ model: 'unknown', input: 'Hello' }),
	baseUrl: (simulator) => simulator,
	address: ({ request }) => {
		const where = 'prompt' in JSON.parse(request)
			? '/api/embeddings' : '/api/embed';

		return { client: where, upstream: where };
	},
	usage: ([answer]) => answer.prompt_eval_count === undefined
		? undefined : { prompt: answer.prompt_eval_count },
	fails: () => false,
};
const anthropic_counts = {
	dialect: 'anthropic',
	files: /^anthropic_count_tokens.*\.jsonl$/,
	baseUrl: (simulator) => `${simulator}/v1`,
	words: () => ['--auth', 'x-api-key'],
	auth: () => 'x-api-key',
	address: () => ({ client: '/v1/messages/count_tokens',
		upstream: '/v1/messages/count_tokens' }),
	isPlain: true,
	usage: () => null,
	fails: () => false,
};

replay({ embeddings, completions, moderations, images, cohere_embeddings,
	cohere_rerankings, rerankings, gemini_embeddings, gemini_counts,
	ollama_embeddings, anthropic_counts });
