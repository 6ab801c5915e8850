// services_embeddings.test.mjs - the official SDKs that embed, at providers of
// every format that does: whoever asks whomever for a text, its vector is the
// same. And rerankings, likewise.

import { GoogleGenAI } from '@google/genai';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CohereClientV2 } from 'cohere-ai';
import { Ollama } from 'ollama';

import { until, useStack } from './stack.mjs';

const DIMENSIONS = 64;
const TEXTS = ['The river carries small boats', 'past the old mill', 'Grüße 🚀'];
const DOCUMENTS = ['a mill by the river', 'nothing of it', 'the old river mill'];
const QUERY = 'old river mill';

// How each is added to the catalogue; the simulator knows a model of Voyage's
// by its name.
const providers = {
	openai: { dialect: 'openai_chat', path: '/v1',
		model: 'text-embedding-3-small' },
	gemini: { dialect: 'gemini', path: '/v1beta', auth: 'x-goog-api-key',
		model: 'gemini-embedding-001' },
	cohere: { dialect: 'cohere', path: '/v2', model: 'embed-v4.0' },
	ollama: { dialect: 'ollama', path: '', model: 'nomic-embed-text' },
	voyage: { dialect: 'voyage', path: '/v1', model: 'voyage-3.5' },
};
const rerankers = { openai: 'rerank-v1', cohere: 'rerank-v3.5',
	voyage: 'rerank-2.5' };

// Several texts at once, and one.
const clients = {
	'openai, base64 as the SDK asks by itself': {
		embed: async (model, input) => {
			const { data } = await stack.sdk()
				.embeddings.create(
					{ model, input, dimensions: DIMENSIONS });

			assert.deepEqual(data.map(({ index }) => index),
				data.map((_, i) => i));
			return data.map(({ embedding }) => embedding);
		},
	},
	'openai, numbers': {
		embed: async (model, input) => {
			const { data } = await stack.sdk()
				.embeddings.create({ model, input,
					dimensions: DIMENSIONS,
					encoding_format: 'float' });

			return data.map(({ embedding }) => embedding);
		},
	},
	'@google/genai': {
		embed: async (model, contents) => {
			const google = new GoogleGenAI({ apiKey: stack.key,
				httpOptions: { baseUrl: stack.url } });
			const { embeddings } = await google.models.embedContent(
				{ model, contents, config:
					{ outputDimensionality: DIMENSIONS } });

			return embeddings.map(({ values }) => values);
		},
	},
	'cohere-ai': {
		embed: async (model, input) => {
			const { embeddings } = await cohere().embed({ model,
				texts: [input].flat(),
				inputType: 'search_document',
				outputDimension: DIMENSIONS,
				embeddingTypes: ['float'] });

			return embeddings.float;
		},
	},
	ollama: {
		embed: async (model, input) => {
			const ollama = new Ollama({ host: stack.url, headers: {
				authorization: `Bearer ${stack.key}` } });
			const { embeddings } = await ollama.embed(
				{ model, input, dimensions: DIMENSIONS });

			return embeddings;
		},
	},
};

const stack = useStack({}, async (stack) => {
	await Promise.all(Object.entries(providers).map(
		async ([name, { dialect, path, auth = 'bearer', model }]) => {
			await stack.cli(['provider', 'add', `${name}-like`,
				'--dialect', dialect, '--auth', auth,
				'--base-url', stack.env.SIMULATOR_URL + path,
				'--key-stdin'], { input: `key-of-${name}` });
			await stack.cli(['model', 'add', `embed-${name}`,
				'--provider', `${name}-like`, '--upstream', model,
				'--input-price', '1', '--output-price', '0']);
			if (rerankers[name])
				await stack.cli(['model', 'add', `rerank-${name}`,
					'--provider', `${name}-like`,
					'--upstream', rerankers[name],
					'--input-price', '1', '--output-price', '0']);
		}));
});

for (const [name, { embed }] of Object.entries(clients)) {
	for (const provider of Object.keys(providers)) {
		test(`${name}, at ${provider}`, async () => {
			const several = await embed(`embed-${provider}`, TEXTS);
			const [one] = await embed(`embed-${provider}`, TEXTS[2]);
			const expected = await vectorsOf(provider);

			assert.equal(several.length, TEXTS.length);
			several.forEach((vector, i) =>
				assertNear(vector, expected[i]));
			assertNear(one, expected[2]);
		});
	}
}

for (const provider of Object.keys(rerankers)) {
	test(`rerankings at ${provider}`, async () => {
		const model = `rerank-${provider}`;
		const { results } = await cohere().rerank({ model, query: QUERY,
			documents: DOCUMENTS, topN: 2 });
		const plain = (await stack.chat({ model, query: QUERY,
			documents: DOCUMENTS, top_n: 2 },
		{ path: '/v1/rerank' })).json().results;

		for (const [one, two, score] of [
			[results[0], results[1], 'relevanceScore'],
			[plain[0], plain[1], 'relevance_score']]) {
			assert.deepEqual([one.index, two.index], [2, 0]);
			assert.ok(one[score] > two[score]);
		}
	});
}

test('each call is metered', async () => {
	const expected = 2 * Object.keys(clients).length;
	const rowsOf = async (name) => (await stack.exportUsage())
		.filter((row) => row.model_used === `embed-${name}`);

	for (const name of Object.keys(providers)) {
		await until(async () =>
			(await rowsOf(name)).length >= expected, `rows of ${name}`);
		for (const row of await rowsOf(name)) {
			assert.equal(row.status, 200);
			assert.equal(row.complete, true);
			assert.equal(row.provider, `${name}-like`);
			assert.ok(row.prompt_tokens > 0);
			assert.ok(Number(row.cost_usd) > 0);
		}
	}
});

test('what cannot be embedded elsewhere is refused, with its path', async () => {
	const answer = await stack.chat({ model: 'embed-cohere', input: [1, 2, 3] },
		{ path: '/v1/embeddings' });

	assert.equal(answer.status, 400, answer.text);
	assert.equal(answer.json().error.param, 'input');
});

test('a provider without the service says so', async () => {
	const answer = await stack.chat({ model: 'embed-voyage', messages: [
		{ role: 'user', content: 'Hello' }] });

	assert.equal(answer.status, 400, answer.text);
	assert.match(answer.json().error.message, /chat/);
	const images = await stack.chat({ model: 'embed-gemini', prompt: 'a' },
		{ path: '/v1/images/generations' });

	assert.equal(images.status, 400, images.text);
	assert.match(images.json().error.message, /images/);
});

// Of the simulator itself, asked without the gateway. Gemini's are others.
async function vectorsOf(provider) {
	if (provider !== 'gemini')
		return (await post('/v1/embeddings', {
			model: providers.openai.model, input: TEXTS,
			dimensions: DIMENSIONS,
		})).data.map(({ embedding }) => embedding);
	const model = `models/${providers.gemini.model}`;

	return (await post(`/v1beta/${model}:batchEmbedContents`, {
		requests: TEXTS.map((text) => ({ model,
			content: { parts: [{ text }] },
			outputDimensionality: DIMENSIONS })),
	})).embeddings.map(({ values }) => values);
}

async function post(path, body) {
	const answer = await fetch(stack.env.SIMULATOR_URL + path, {
		method: 'POST',
		headers: { 'content-type': 'application/json',
			authorization: 'Bearer x', 'x-goog-api-key': 'x' },
		body: JSON.stringify(body),
	});

	assert.equal(answer.status, 200);
	return answer.json();
}

// Numbers pass through 32 bits on their way.
function assertNear(vector, expected) {
	assert.equal(vector.length, DIMENSIONS);
	vector.forEach((value, i) => assert.ok(
		Math.abs(value - expected[i]) < 1e-6, `${value} ${expected[i]}`));
}

function cohere() {
	return new CohereClientV2({ token: stack.key, environment: stack.url,
		baseUrl: stack.url, maxRetries: 0 });
}
