// services_media.test.mjs - OpenAI's other routes through its SDK: completions,
// moderations, images, speech, transcriptions. They go through as they are;
// only the model has another name, and each is metered.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { toFile } from 'openai';

import { assertError, useStack } from './stack.mjs';

const MODELS = {
	'my-completions': 'gpt-3.5-turbo-instruct',
	'my-moderations': 'omni-moderation-latest',
	'my-images': 'dall-e-3',
	'my-speech': 'tts-1',
	'my-transcriptions': 'whisper-1',
};
const stack = useStack({}, async (stack) => {
	await stack.addProvider('media', `${stack.env.SIMULATOR_URL}/v1`,
		'key-of-media');
	await Promise.all(Object.entries(MODELS).map(([id, upstream]) =>
		stack.cli(['model', 'add', id, '--provider', 'media',
			'--upstream', upstream,
			'--input-price', '1', '--output-price', '2'])));
	await stack.cli(['model', 'add', 'unpriced-images', '--provider', 'media',
		'--upstream', 'dall-e-3']);
	for (const [id, upstream] of [['priced-images', 'dall-e-3'],
		['counted-images', 'gpt-image-1']])
		await stack.cli(['model', 'add', id, '--provider', 'media',
			'--upstream', upstream, '--input-price', '5',
			'--output-price', '40', '--image-price', '0.04']);
});

test('completions, whole and streamed', async () => {
	const ask = { model: 'my-completions', prompt: 'Hello', max_tokens: 9 };
	const whole = await stack.sdk().completions.create(ask);
	const stream = await stack.sdk().completions.create(
		{ ...ask, stream: true });
	let text = '';

	for await (const chunk of stream) {
		// Its usage was asked for by the gateway alone.
		assert.equal(chunk.choices.length, 1);
		text += chunk.choices[0].text;
	}
	assert.ok(text.length > 10);
	assert.equal(text, whole.choices[0].text);
	assert.equal(JSON.parse((await stack.lastSeen()).body).model,
		MODELS['my-completions']);
	await assertMetered(stack.sdk().completions.create(ask), {
		route: '/v1/completions',
		prompt_tokens: whole.usage.prompt_tokens,
		completion_tokens: whole.usage.completion_tokens });
	const told = await stack.chat({ ...ask, stream: true },
		{ path: '/v1/completions' });

	assert.equal((await stack.row(told)).completion_tokens,
		whole.usage.completion_tokens);
});

test('moderations', async () => {
	const { results } = await stack.sdk().moderations.create({
		model: 'my-moderations', input: ['a kind word', 'another'] });

	assert.equal(results.length, 2);
	assert.equal(typeof results[0].flagged, 'boolean');
	await assertMetered(stack.sdk().moderations.create(
		{ model: 'my-moderations', input: 'a' }),
	{ route: '/v1/moderations' });
});

test('images', async () => {
	const { data } = await stack.sdk().images.generate({ model: 'my-images',
		prompt: 'a mill', n: 2, response_format: 'b64_json' });

	assert.equal(data.length, 2);
	assert.equal(Buffer.from(data[0].b64_json, 'base64')
		.subarray(1, 4).toString(), 'PNG');
	await assertMetered(stack.sdk().images.generate(
		{ model: 'my-images', prompt: 'a mill' }),
	{ route: '/v1/images/generations', usage_source: 'estimated',
		prompt_tokens: 2, completion_tokens: 6240, cost_usd: '0.012482' });
});

test('speech: the bytes of the provider', async () => {
	for (const format of ['mp3', 'wav', 'pcm']) {
		const ask = { model: 'my-speech', voice: 'alloy', input: 'Hello',
			response_format: format };
		const spoken = await stack.sdk().audio.speech.create(ask);
		const direct = await fetch(
			`${stack.env.SIMULATOR_URL}/v1/audio/speech`, {
				method: 'POST',
				headers: { 'content-type': 'application/json',
					authorization: 'Bearer x' },
				body: JSON.stringify({ ...ask, model: 'tts-1' }),
			});

		assert.equal(spoken.headers.get('content-type'),
			direct.headers.get('content-type'));
		const bytes = Buffer.from(await spoken.arrayBuffer());

		assert.ok(bytes.length > 100);
		assert.ok(bytes.equals(Buffer.from(await direct.arrayBuffer())));
	}
	await assertMetered(stack.sdk().audio.speech.create({
		model: 'my-speech', voice: 'alloy', input: 'Hello' }),
	{ route: '/v1/audio/speech', usage_source: 'estimated',
		prompt_tokens: 2, completion_tokens: 8, cost_usd: '0.000018' });
});

test('transcriptions and translations: the form of the client', async () => {
	const sound = randomBytes(300000);
	const file = await toFile(sound, 'sound.wav', { type: 'audio/wav' });
	const { audio } = stack.sdk();

	for (const [service, more] of [['transcriptions', { language: 'de' }],
		['translations', {}]]) {
		const ask = (format) => audio[service].create({
			model: 'my-transcriptions', file,
			response_format: format, ...more });
		const { text } = await ask('json');

		assert.ok(text.length > 10);
		assert.match(await ask('srt'), /-->/);
		await assertFormIsWhole(sound, more);
		await assertMetered(ask('json'), { route: `/v1/audio/${service}`,
			usage_source: 'estimated', prompt_tokens: 64 });
	}
});

test('images have a price of their own where no tokens are told', async () => {
	const { key } = await stack.createKey('gallery', '--budget-daily', '0.3');
	const ask = (model, n) => stack.chat({ model, prompt: 'a mill', n },
		{ key, path: '/v1/images/generations' });
	const priced = await stack.row(await ask('priced-images', 1));

	// The prompt's two tokens, too.
	assert.equal(priced.cost_usd, '0.04001');
	assert.equal(priced.usage_source, 'estimated');
	const counted = await stack.row(await ask('counted-images', 1));

	assert.equal(counted.usage_source, 'provider');
	assert.equal(counted.cost_usd, '0.010935');
	assertError(await ask('priced-images', 10), 402, 'budget_exceeded');
});

test('images that nobody counts or prices pass no budget', async () => {
	const { key } = await stack.createKey('painter', '--budget-daily', '2');
	const ask = () => stack.chat(
		{ model: 'unpriced-images', prompt: 'a mill', n: 2 },
		{ key, path: '/v1/images/generations' });
	const first = await ask();

	assert.equal(first.status, 200, first.text);
	const row = await stack.row(first);

	assert.equal(row.priced, false);
	assert.equal(row.charged_usd, '1.87206');
	assertError(await ask(), 402, 'budget_exceeded');
});

// A boundary of one's own: every byte but the model's name.
test('a form goes through byte by byte', async () => {
	const form = (model) => Buffer.concat([
		Buffer.from('--cut--here\r\nContent-Disposition: form-data; '
			+ 'name="model"\r\n\r\n'), Buffer.from(model),
		Buffer.from('\r\n--cut--here\r\nContent-Disposition: form-data; '
			+ 'name="file"; filename="a.wav"\r\n'
			+ 'Content-Type: audio/wav\r\n\r\n'), bytes,
		Buffer.from('\r\n--cut--here--\r\n')]);
	const bytes = Buffer.concat([randomBytes(1000),
		Buffer.from('\r\n--cut--her\r\n'), randomBytes(1000)]);
	const answer = await stack.chat(form('my-transcriptions'), {
		path: '/v1/audio/transcriptions',
		headers: { 'content-type':
			'multipart/form-data; boundary="cut--here"' } });
	const seen = await stack.lastSeen();

	assert.equal(answer.status, 200, answer.text);
	assert.ok(seen.body.equals(form('whisper-1')));
	assert.match(seen.headers['content-type'], /boundary="?cut--here"?/);
});

test('what is wrong with a form is said', async () => {
	const send = (body, type) => stack.chat(body, {
		path: '/v1/audio/transcriptions', headers: { 'content-type': type } });
	const type = 'multipart/form-data; boundary=x';
	const part = (name, value) => `--x\r\nContent-Disposition: form-data; `
		+ `name="${name}"${name === 'file' ? '; filename="a.wav"' : ''}`
		+ `\r\n\r\n${value}\r\n`;
	const cases = [
		['no form', '{}', 'application/json', 'unsupported_content_type'],
		['no boundary', 'x', 'multipart/form-data', undefined],
		['no end', part('model', 'my-transcriptions'), type, undefined],
		['no model', `${part('file', 'abc')}--x--\r\n`, type,
			'missing_field', 'model'],
		['no file', `${part('model', 'my-transcriptions')}--x--\r\n`, type,
			'missing_field', 'file'],
		['two models', part('model', 'my-transcriptions')
			+ part('model', 'b') + `${part('file', 'c')}--x--\r\n`, type,
		'invalid_field', 'model'],
	];

	for (const [title, body, contentType, code, param] of cases) {
		const answer = await send(body, contentType);
		const { error } = answer.json();

		assert.equal(answer.status, 400, `${title}: ${answer.text}`);
		if (code)
			assert.equal(error.code, code, `${title}: ${answer.text}`);
		if (param)
			assert.equal(error.param, param, `${title}: ${answer.text}`);
	}
});

// The file is there whole, and the fields that the SDK sent.
async function assertFormIsWhole(sound, more) {
	const { body } = await stack.lastSeen();

	assert.ok(body.includes(sound));
	assert.ok(body.includes('\r\n\r\nwhisper-1\r\n'));
	assert.ok(!body.includes('my-transcriptions'));
	for (const value of Object.values(more))
		assert.ok(body.includes(`\r\n\r\n${value}\r\n`));
}

async function assertMetered(call, expected) {
	const { response } = await call.withResponse();
	const row = await stack.row(response.headers.get('x-request-id'));

	assert.equal(row.status, 200);
	assert.equal(row.complete, true);
	assert.equal(row.provider, 'media');
	for (const [name, value] of Object.entries(expected))
		assert.equal(row[name], value, name);
}
