// recordings.test.mjs - every recorded exchange of Chat Completions, through
// nginx and the gateway, against a simulator that plays the provider's side.
// Pass-through means bytes: what arrives upstream is what was recorded, and
// what comes back is what the provider said.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { assertError, hello, root, useStack } from './stack.mjs';

const FOLDER = path.join(root, 'tests/data/dialect');
// What a provider in the catalogue is told about by hand; that Mistral and
// Hugging Face send their usage unasked is known to the gateway.
const OPTIONS = {
	azure: ['--auth', 'api-key'],
};
// The catalogue's names are ours: so each recorded name is spliced back in.
const PREFIX = 'app/';
const ASKED = '"stream_options":{"include_usage":true},';

/*
 * What does not go through as it is, and why:
 *
 * - names a model in the URL: Azure's deployments are addressed so; here the
 *   client names it in the body, where the provider ignores it.
 * - has no messages: OpenAI refused it, and so does the gateway itself.
 * - breaks off: a stream with neither a finish reason nor an end; the client
 *   is told by one more event.
 */
const EXCEPTIONS = {
	'azure/ddpy-azure_openai_openai_deployments_gpt-4.1-mini_chat_completions_api-version_2024-00~2':
		'names a model in the URL',
	'openai/apisix-chat-streaming-many-chunks-no-usage': 'breaks off',
	'openai/envoy-chat-no-messages-00': 'has no messages',
};

const recordings = fs.readdirSync(FOLDER)
	.filter((name) => /^(openai_chat_.*|documented_errors)\.jsonl$/.test(name))
	.sort()
	.flatMap((name) => fs.readFileSync(path.join(FOLDER, name), 'utf8')
		.trimEnd().split('\n').map((line) => JSON.parse(line)))
	.filter(isChatCompletions)
	.map(withRequest);
const providers = [...new Set(recordings.map((r) => r.provider))].sort();
const secrets = new Map(providers.map((name) =>
	[name, `sk-${name}-${randomBytes(12).toString('hex')}`]));
const keys = new Map();
const sent = new Map(); // request id: recording

const stack = useStack({ web: 'nginx' }, prepare);

for (const provider of providers) {
	test(provider, async (t) => {
		const counts = { json: 0, sse: 0, text: 0, 'request-only': 0 };

		for (const recording of recordings) {
			if (recording.provider !== provider)
				continue;
			await playThrough(recording);
			counts[recording.kind]++;
		}
		t.diagnostic(`${provider}: ${counts.json} whole, ${counts.sse} `
			+ `streamed, ${counts['request-only']} requests alone`);
	});
}

test('each was metered by the provider\'s own count', async () => {
	const rows = await stack.rows([...sent.keys()], { ms: 20000 });

	for (const [id, recording] of sent) {
		const row = rows.get(id);
		const usage = recordedUsage(recording);

		assert.equal(row.status, recording.status, recording.name);
		assert.equal(row.provider, recording.provider, recording.name);
		if (recording.status !== 200)
			continue;
		// A stream may end in an error, as one of Groq's does.
		assert.equal(row.complete,
			EXCEPTIONS[recording.name] !== 'breaks off'
				&& !answers(recording).some(({ error }) => error),
			recording.name);
		assert.equal(row.usage_source,
			usage ? 'provider' : 'estimated', recording.name);
		// Mistral leaves what it heard out of the prompt's count.
		if (usage && !('prompt_audio_seconds' in usage))
			assert.equal(row.prompt_tokens, usage.prompt_tokens,
				recording.name);
	}
});

test('no exception is listed in vain', () => {
	const names = new Set(recordings.map((r) => r.name));

	for (const name of Object.keys(EXCEPTIONS))
		assert.ok(names.has(name), name);
});

// Of the documented errors, those of providers that speak this dialect.
function isChatCompletions({ provider, kind, name }) {
	return !['anthropic', 'gemini'].includes(provider)
		&& kind !== 'ndjson' && name !== undefined;
}

// Some were published without their request, or with no answer. An answer
// that tells the usage in a chunk of its own was asked for it.
function withRequest(recording) {
	const { kind, request, response } = recording;
	const more = kind === 'sse' ? { stream: true } : {};

	if (kind === 'sse' && answers(recording).some(isUsageChunk))
		more.stream_options = { include_usage: true };
	return {
		...recording,
		kind: typeof response === 'string' ? kind : 'request-only',
		request: request ?? JSON.stringify(hello('unknown', more)),
	};
}

// The JSON bodies of an answer: one, or those of a stream's events.
function answers({ kind, response }) {
	if (kind === 'sse')
		return [...response.matchAll(/^data: ?(\{.*)$/gm)]
			.map(([, text]) => JSON.parse(text));
	return kind === 'json' ? [JSON.parse(response)] : [];
}

function isUsageChunk({ usage, choices }) {
	return Boolean(usage) && !choices?.length;
}

async function prepare(stack) {
	for (const name of providers) {
		const models = new Set(recordings
			.filter((r) => r.provider === name)
			.map((r) => JSON.parse(r.request).model ?? 'unnamed'));

		await stack.addProvider(name, `${stack.env.SIMULATOR_URL}/v1`,
			secrets.get(name), ...(OPTIONS[name] ?? []));
		for (const model of models)
			await stack.cli(['model', 'add', PREFIX + model,
				'--provider', name, '--upstream', model]);
		// Several providers offer models of one name: each key has one.
		keys.set(name, (await stack.createKey(name,
			'--providers', name)).key);
	}
}

async function playThrough(recording) {
	const { name, request, kind } = recording;
	const exception = EXCEPTIONS[name];
	let body = request;

	if (exception === 'has no messages') {
		assertError(await send(recording, body), 400, 'invalid_field',
			'messages');
		return;
	}
	if (exception === 'names a model in the URL')
		body = request.replace('"model":null', '"model":"unnamed"');
	for (const metadata of ['off', 'on']) {
		if (kind !== 'request-only')
			await play(recording);
		const answer = await send(recording, rename(body), metadata);

		await assertUpstream(recording, body);
		if (kind === 'request-only')
			assert.equal(answer.status, 200, `${name}: ${answer.text}`);
		else if (exception === 'breaks off')
			assertBrokenOff(recording, answer);
		else
			assertAnswer(recording, answer, metadata === 'on');
		if (kind !== 'request-only')
			sent.set(answer.headers['x-request-id'], recording);
	}
}

// The client's name in place of the recorded one, no other byte changed.
function rename(body) {
	const { model } = JSON.parse(body);
	const member = new RegExp(`("model"\\s*:\\s*)${escape(JSON.stringify(model))}`);

	assert.match(body, member);
	return body.replace(member, (_, before) =>
		before + JSON.stringify(PREFIX + model));
}

function escape(text) {
	return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

// Cut into odd pieces: as many as 200, of a length that fits nothing.
function play({ status, kind, response, retry_after: retryAfter }) {
	const bytes = Buffer.from(response);
	const types = { json: 'application/json', text: 'text/plain',
		sse: 'text/event-stream; charset=utf-8' };

	return stack.play({
		status, body_base64: bytes.toString('base64'),
		headers: { 'Content-Type': types[kind],
			...(retryAfter ? { 'Retry-After': retryAfter } : {}) },
		chunk: Math.max(7, Math.ceil(bytes.length / 200) | 1),
	});
}

function send({ provider }, body, metadata = 'off') {
	return stack.chat(body, { key: keys.get(provider),
		headers: { 'x-gateway-metadata': metadata } });
}

async function assertUpstream({ name, provider }, body) {
	const seen = await stack.lastSeen();
	const secret = secrets.get(provider);

	assert.equal(seen.body.toString(), metered(body, provider), name);
	assert.equal(seen.headers[provider === 'azure' ? 'api-key'
		: 'authorization'], provider === 'azure' ? secret
		: `Bearer ${secret}`, name);
	assert.ok(!JSON.stringify(seen.headers).includes('gw_'), name);
}

// What goes out: a stream is asked for its usage, but where it comes unasked.
function metered(body, provider) {
	const { stream, stream_options: options } = JSON.parse(body);

	if (!stream || options?.include_usage
		|| ['mistral', 'huggingface'].includes(provider))
		return body;
	return options
		? body.replace(/("include_usage":\s*)false/, '$1true')
		: body.replace('{', `{${ASKED}`);
}

function assertAnswer(recording, answer, metadata) {
	const { name, status, response } = recording;

	assert.equal(answer.status, status, `${name}: ${answer.text}`);
	// It means something beside a refusal only.
	if (status >= 400)
		assert.equal(answer.headers['retry-after'],
			recording.retry_after, name);
	if (!metadata || status !== 200)
		assert.equal(answer.text, response, name);
	else if (recording.kind === 'sse')
		assertStreamButMetadata(recording, answer);
	else
		assertButMetadata(JSON.parse(response), answer.json(), recording,
			answer);
}

function assertBrokenOff({ name, response }, answer) {
	const rest = answer.text.slice(response.length);

	assert.ok(answer.text.startsWith(response), name);
	assert.match(rest, /^data: \{"error":.*"code":"upstream_cut".*\}\n\n$/);
}

// Event by event: the one that tells the usage may have one member more.
function assertStreamButMetadata(recording, answer) {
	const events = (text) => text.split(/(?<=\r?\n\r?\n)/);
	const expected = events(recording.response);
	const got = events(answer.text);

	assert.equal(got.length, expected.length, recording.name);
	expected.forEach((event, i) => {
		if (got[i] === event)
			return;
		const [was, is] = [event, got[i]].map((text) =>
			JSON.parse(text.replace(/^data: ?/m, '').trim()));

		assert.ok(isUsageChunk(was), recording.name);
		assertButMetadata(was, is, recording, answer);
	});
}

function assertButMetadata(was, is, { name, provider }, answer) {
	const { metadata, ...rest } = is;

	if ('metadata' in was) {
		assert.deepEqual(is, was, name);
		return;
	}
	assert.deepEqual(rest, was, name);
	assert.equal(metadata.request_id, answer.headers['x-request-id'], name);
	assert.equal(metadata.provider, provider, name);
	assert.ok(metadata.model_used.startsWith(PREFIX), name);
}

// Of the body, or of the last event that has one; Groq's may be elsewhere.
function recordedUsage(recording) {
	return answers(recording)
		.map(({ usage, x_groq: groq }) => usage ?? groq?.usage)
		.filter(Boolean).at(-1);
}
