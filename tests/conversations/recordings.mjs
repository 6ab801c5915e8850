// recordings.mjs - recorded exchanges once more, through nginx and the
// gateway, against a simulator that plays the provider's side. Where both
// sides speak the same, bytes go through as they are: what arrives upstream is
// what was recorded, but for the model's name, and what comes back is what the
// provider said.
//
// A test file gives replay() a row for each dialect:
//
//	dialect     the provider's; the row's name if it is not said
//	files       which of tests/data/dialect
//	takes       (recording) => is it of this dialect?
//	baseUrl     (simulator, provider) => the provider's address
//	words       (provider) => what else `provider add` is told
//	auth        (provider) => the header of its key; undefined: a bearer
//	address     (recording) => { client, upstream }, paths with MODEL in them
//	hello       (recording) => a request, where none was recorded
//	rename      (body, model, name) => the client's body, where the name is
//	            elsewhere than in `model`
//	sent        (body, provider) => what goes out, if not the body itself
//	usage       (answers) => { prompt, completion } as the provider counts;
//	            undefined: it did not; null: there is nothing to count
//	retryAfter  (recording) => what an error's body says about it
//	fails       (answers, recording) => did it end in an error?
//	isPlain     these answers never get any `metadata`
//	metered     (answer) => is this the event of a stream that gets `metadata`?
//	exceptions  { name: reason or [reason, facts...] }
//	reasons     { reason: (answer, recording, facts...) => asserts }, none of
//	            which holds where the bytes go through

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { faultsAlone, root, useStack } from './stack.mjs';

const FOLDER = path.join(root, 'tests/data/dialect');
// The catalogue's names are ours: so each recorded name is spliced back in.
const PREFIX = 'app/';
const ASKED = '"stream_options":{"include_usage":true},';
// What tells its usage unasked is known to the gateway by these names.
const UNASKED = ['mistral', 'huggingface'];
const TYPES = {
	json: 'application/json',
	array: 'application/json',
	sse: 'text/event-stream; charset=utf-8',
	ndjson: 'application/x-ndjson',
	text: 'text/plain',
};

export function replay(dialects) {
	const all = Object.entries(dialects).flatMap(([group, row]) =>
		withAnswers(load(row)).map((recording) =>
			({ ...recording, group, row })));
	const targets = targetsOf(all);
	const sent = new Map(); // request id: recording
	const stack = useStack({ web: 'nginx', set: faultsAlone },
		(stack) => addTargets(stack, targets));

	for (const target of targets.values()) {
		test(target.name, async (t) => {
			const failures = [];

			for (const recording of target.recordings) {
				await playThrough(stack, target, recording, sent)
					.catch(({ message }) =>
						failures.push(message));
			}
			t.diagnostic(`${target.name}: ${count(target.recordings)}`);
			assert.deepEqual(failures, []);
		});
	}
	test('each was metered by the provider\'s own count', async () => {
		const rows = await stack.rows([...sent.keys()], { ms: 30000 });
		const failures = [];

		for (const [id, recording] of sent) {
			try {
				assertRow(rows.get(id), recording);
			} catch ({ message }) {
				failures.push(message);
			}
		}
		assert.deepEqual(failures, []);
	});
	test('no exception is listed in vain', () => {
		const names = new Set(all.map((r) => r.name));

		for (const { exceptions } of Object.values(dialects))
			for (const name of Object.keys(exceptions ?? {}))
				assert.ok(names.has(name), name);
	});
	return stack;
}

// "3 json, 2 sse"
function count(recordings) {
	const kinds = [...new Set(recordings.map(({ kind }) => kind))].sort();

	return kinds.map((kind) => `${recordings.filter((recording) =>
		recording.kind === kind).length} ${kind}`).join(', ');
}

// The texts of a row's files. Kinds are as recorded, and `array` for a stream
// that is one JSON array, `request-only` where no answer is known.
export function load({ files, takes = () => true, hello }) {
	return fs.readdirSync(FOLDER).filter((name) => files.test(name)).sort()
		.flatMap((file) => read(file))
		.filter(takes)
		.map((recording) => ({
			...recording,
			request: recording.request
				?? JSON.stringify(hello(recording)),
		}));
}

// A request that came without an answer gets another's.
function withAnswers(recordings) {
	const spare = recordings.find(({ kind, status }) =>
		kind === 'json' && status === 200);

	return recordings.map((recording) => ({ ...recording,
		answer: recording.kind === 'request-only' ? spare : recording }));
}

function read(file) {
	return fs.readFileSync(path.join(FOLDER, file), 'utf8')
		.trimEnd().split('\n').map((line) => {
			const recording = JSON.parse(line);
			let { kind } = recording;

			if (typeof recording.response !== 'string')
				kind = 'request-only';
			else if (kind === 'json' && /^\s*\[/.test(recording.response))
				kind = 'array';
			return { ...recording, file, kind };
		});
}

// The JSON bodies of an answer: one, or those of a stream's events.
export function answersOf({ kind, response }) {
	const lines = (response ?? '').split(/\r?\n/);

	switch (kind) {
	case 'json': return [JSON.parse(response)];
	case 'array': return JSON.parse(response);
	case 'ndjson': return lines.filter(Boolean).map(JSON.parse);
	case 'sse': return lines.filter((line) => /^data: ?\{/.test(line))
		.map((line) => JSON.parse(line.replace(/^data: ?/, '')));
	default: return [];
	}
}

// What tells its usage only when asked is asked for it, once.
export function askForUsage(body, provider) {
	const { stream, stream_options: options } = JSON.parse(body);

	if (!stream || options?.include_usage || UNASKED.includes(provider))
		return body;
	return options
		? body.replace(/("include_usage":\s*)false/, '$1true')
		: body.replace('{', `{${ASKED}`);
}

export function openaiWords(provider) {
	return [
		...(provider === 'azure' ? ['--auth', 'api-key'] : []),
		...(UNASKED.includes(provider)
			? ['--quirk', 'stream_usage=always'] : []),
	];
}

function isStream({ kind }) {
	return ['sse', 'ndjson', 'array'].includes(kind);
}

function modelOf({ request, model, url }) {
	const named = /\/models\/([^/:]+):/.exec(url ?? '')?.[1];

	return named ?? JSON.parse(request).model ?? model ?? 'unnamed';
}

// A provider of the catalogue for each recorded one, with what it is to play.
function targetsOf(all) {
	const targets = new Map();

	for (const recording of all) {
		const { row, group, provider } = recording;
		const name = `${group}-${provider}`;

		if (!targets.has(name))
			targets.set(name, { name, provider, row,
				dialect: row.dialect ?? group,
				secret: `sk-${randomBytes(12).toString('hex')}`,
				recordings: [], models: new Set() });
		targets.get(name).recordings.push(recording);
		targets.get(name).models.add(modelOf(recording));
	}
	return targets;
}

async function addTargets(stack, targets) {
	for (const target of targets.values()) {
		const { name, provider, dialect, row, secret, models } = target;

		await stack.cli(['provider', 'add', name, '--dialect', dialect,
			'--base-url', row.baseUrl(stack.env.SIMULATOR_URL, provider),
			...(row.words?.(provider) ?? []), '--key-stdin'],
		{ input: secret });
		for (const model of models)
			await stack.cli(['model', 'add', PREFIX + model,
				'--provider', name, '--upstream', model]);
		// Several providers offer models of one name: each key has one.
		target.key = (await stack.createKey(name, '--providers', name)).key;
	}
}

// With and without metadata added: only that may make a difference.
async function playThrough(stack, target, recording, sent) {
	const { row, name, kind } = recording;
	const [reason, ...facts] = [row.exceptions?.[name] ?? []].flat();

	for (const metadata of ['off', 'on']) {
		await play(stack, recording.answer);
		const answer = await send(stack, target, recording, metadata);

		if (reason) {
			assert.ok(row.reasons[reason], reason);
			await row.reasons[reason](answer, recording, ...facts);
		} else {
			assert.equal(answer.headers['x-gateway-dropped'],
				undefined, name);
			await assertUpstream(stack, target, recording);
			assertAnswer(target, recording, answer, metadata === 'on');
		}
		if (kind !== 'request-only')
			sent.set(answer.headers['x-request-id'], recording);
	}
}

// Cut into odd pieces: as many as 200, of a length that fits nothing.
function play(stack, { status, kind, response, retry_after: after }) {
	const bytes = Buffer.from(response);

	return stack.play({
		status, body_base64: bytes.toString('base64'),
		headers: { 'Content-Type': TYPES[kind],
			...(after ? { 'Retry-After': after } : {}) },
		chunk: Math.max(7, Math.ceil(bytes.length / 200) | 1),
	});
}

function send(stack, target, recording, metadata) {
	const { row, request } = recording;
	const { client } = row.address(recording);
	const model = modelOf(recording);
	const name = PREFIX + model;
	const body = (row.rename ?? rename)(request, model, name);

	return stack.chat(body, {
		key: target.key,
		path: client.replace('MODEL', name),
		headers: { 'x-gateway-metadata': metadata },
	});
}

// The client's name in place of the recorded one, no other byte changed.
function rename(body, model, name) {
	if (typeof JSON.parse(body).model !== 'string')
		return body;
	const member = new RegExp(
		`("model"\\s*:\\s*)${escape(JSON.stringify(model))}`);

	assert.match(body, member);
	return body.replace(member, (_, before) =>
		before + JSON.stringify(name));
}

function escape(text) {
	return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

async function assertUpstream(stack, { provider, secret, row }, recording) {
	const { name, request } = recording;
	const seen = await stack.simulator('last');
	const headers = JSON.parse(seen.headers['x-seen-headers']);
	const auth = row.auth?.(provider);
	const { upstream } = row.address(recording);

	assert.equal(seen.text, row.sent?.(request, provider) ?? request, name);
	assert.equal(headers[auth ?? 'authorization'],
		auth ? secret : `Bearer ${secret}`, name);
	assert.ok(!JSON.stringify(headers).includes('gw_'), name);
	assert.ok(seen.headers['x-seen-path'].endsWith(
		upstream.replace('MODEL', modelOf(recording))),
	`${name}: ${seen.headers['x-seen-path']}`);
}

function assertAnswer(target, recording, answer, metadata) {
	const { name, kind, row } = recording;
	const { status, response } = recording;

	if (kind === 'request-only') {
		assert.equal(answer.status, 200, `${name}: ${answer.text}`);
		return;
	}
	assert.equal(answer.status, status, `${name}: ${answer.text}`);
	assert.equal(answer.headers['x-gateway-provider'], target.name, name);
	// It means something beside a refusal only.
	if (status >= 400)
		assert.equal(answer.headers['retry-after'],
			recording.retry_after ?? row.retryAfter?.(recording), name);
	if (!metadata || status !== 200 || row.isPlain
		|| (isStream(recording) && !row.metered))
		assert.equal(answer.text, response, name);
	else if (isStream(recording))
		assertStreamButMetadata(target, recording, answer);
	else
		assertButMetadata(target, JSON.parse(response), answer.json(),
			answer, name);
}

// Event by event: the one that tells the usage has one member more.
function assertStreamButMetadata(target, { name, response, row }, answer) {
	const events = (text) => text.split(/(?<=\r?\n\r?\n)/);
	const expected = events(response);
	const got = events(answer.text);

	assert.equal(got.length, expected.length, name);
	expected.forEach((event, i) => {
		const [was, is] = [event, got[i]].map(dataOf);

		if (was && row.metered(was))
			assertButMetadata(target, was, is, answer, name);
		else
			assert.equal(got[i], event, name);
	});
}

function dataOf(event) {
	const text = /^data: ?(\{.*\})\s*$/m.exec(event)?.[1];

	return text && JSON.parse(text);
}

function assertButMetadata(target, was, is, answer, name) {
	const { metadata, ...rest } = is;

	if ('metadata' in was) {
		assert.deepEqual(is, was, name);
		return;
	}
	assert.deepEqual(rest, was, name);
	assert.equal(metadata.request_id, answer.headers['x-request-id'], name);
	assert.equal(metadata.provider, target.name, name);
	assert.ok(metadata.model_used.startsWith(PREFIX), name);
}

function assertRow(row, recording) {
	const { name, status, group, row: { dialect = group } } = recording;
	const [reason] = [recording.row.exceptions?.[name] ?? []].flat();

	if (['refused', 'is garbage'].includes(reason))
		return;
	const answers = answersOf(recording);
	const usage = recording.row.usage(answers, recording);

	assert.equal(row.status, status, name);
	assert.equal(row.dialect, dialect, name);
	assert.equal(row.dropped ?? '', '', name);
	if (status !== 200)
		return;
	// A stream may end in an error.
	assert.equal(row.complete, reason !== 'breaks off'
		&& !recording.row.fails(answers, recording), name);
	assert.equal(row.usage_source, usage ? 'provider'
		: usage === null ? 'none' : 'estimated', name);
	for (const count of ['prompt', 'completion'])
		if (usage?.[count] !== undefined)
			assert.equal(row[`${count}_tokens`], usage[count], name);
}
