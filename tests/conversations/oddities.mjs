// oddities.mjs - how a provider's stream may be odd and still mean the same.
//
//	const plain = await answerOf(stack, model);
//	for (const odd of oddStreams('gemini'))
//		await hear(stack, client, model, { type: plain.type,
//			bytes: odd.change(plain.bytes), chunk: odd.chunk });
//
// A row of oddStreams() has change(bytes) => bytes; chunk, into how many bytes
// the stream is cut on its way; hasNoUsage, where the provider's count is lost;
// says(text), where the text becomes another; ends, how often a client of the
// same dialect hears that it is over.

import assert from 'node:assert/strict';

import { ask, clients } from './plain_clients.mjs';

const WHOLE = 1 << 26; // no cuts
const LONG = 'x'.repeat(1 << 20);
const asIs = (bytes) => bytes;

// What each dialect's streams are made of, where it is text.
const words = {
	openai_chat: { form: 'sse', usage: ['usage'],
		isEnd: ({ choices }) => choices?.[0]?.finish_reason,
		unknown: { id: 'x', object: 'chat.completion.chunk', created: 1,
			model: 'x', choices: [], prompt_filter_results: [] } },
	openai_responses: { form: 'sse', usage: ['response', 'usage'],
		isEnd: ({ type }) => type === 'response.completed',
		unknown: { type: 'response.brand_new', sequence_number: 7 } },
	anthropic: { form: 'sse', usage: ['usage'],
		isEnd: ({ type }) => type === 'message_stop',
		unknown: { type: 'brand_new', index: 0 } },
	gemini: { form: 'sse', usage: ['usageMetadata'],
		isEnd: ({ candidates }) => candidates?.[0]?.finishReason,
		unknown: { modelVersion: 'x', brandNew: {} } },
	cohere: { form: 'sse', usage: ['delta', 'usage'],
		isEnd: ({ type }) => type === 'message-end',
		unknown: { type: 'brand-new', index: 0 } },
	ollama: { form: 'ndjson', usage: ['eval_count'],
		isEnd: ({ done }) => done,
		unknown: { model: 'x', created_at: '2026-11-21T00:00:00Z',
			message: { role: 'assistant', content: '' },
			done: false } },
	bedrock: { form: 'binary' },
};

export function oddStreams(dialect) {
	const { form, usage, isEnd, unknown } = words[dialect];
	const all = [
		{ name: 'one byte at a time', chunk: 1, change: asIs },
		{ name: 'cut inside characters', chunk: 3, change: asIs },
		{ name: 'in one packet', chunk: WHOLE, change: asIs },
	];

	if (form === 'binary')
		return all;
	all.push(
		{ name: 'with CRLF', change: text((all) =>
			all.replaceAll('\n', '\r\n')) },
		{ name: 'with CRLF, one byte at a time', chunk: 1,
			change: text((all) => all.replaceAll('\n', '\r\n')) },
		{ name: 'without its last line break', change: text((all) =>
			all.trimEnd()) },
		{ name: 'with an event of a kind not known', change: text((all) =>
			all.replace(form === 'sse' ? '\n\n' : '\n', (end) =>
				end + eventOf(form, unknown) + end)) },
		{ name: 'with an event of 1 MB', change: text((all) =>
			all.replaceAll(firstWord(all), `$&${LONG}`)),
		says: (said) => said.replace(/^\S+/, `$&${LONG}`) },
		{ name: 'without usage', hasNoUsage: true,
			change: events(form, (event) => set(event, usage, null)) },
		{ name: 'that ends twice', ends: 2,
			change: events(form, (event) => event, isEnd) });
	if (form === 'sse')
		all.push(
			{ name: 'with comments', change: text((all) =>
				all.replaceAll('\n\n', '\n\n: keep-alive\n\n')) },
			{ name: 'without spaces', change: text((all) =>
				all.replaceAll(/^(data|event): /gm, '$1:')) },
			{ name: 'with ids and retries', change: text((all) =>
				all.replaceAll(/^data: /gm, 'id: 7\nretry: 5\n$&')) });
	return all;
}

// { type, bytes } that the simulator answers when the gateway asks it.
export async function answerOf(stack, model, { stream = true } = {}) {
	await ask(stack, clients.openai_chat, model, { stream });
	const seen = await stack.simulator('last');
	const headers = JSON.parse(seen.headers['x-seen-headers']);

	delete headers['content-length'];
	const answer = await fetch(stack.env.SIMULATOR_URL
		+ seen.headers['x-seen-path'],
	{ method: 'POST', headers, body: seen.body });

	assert.equal(answer.status, 200);
	return { type: answer.headers.get('content-type'),
		bytes: Buffer.from(await answer.arrayBuffer()) };
}

// What a client gets of a provider that answers those bytes.
export async function hear(stack, client, model,
	{ type, bytes, chunk, stream = true }) {
	await stack.play({ status: 200, headers: { 'Content-Type': type },
		body_base64: bytes.toString('base64'), chunk });
	return ask(stack, client, model, { stream });
}

function text(change) {
	return (bytes) => Buffer.from(change(bytes.toString()));
}

// The first word of the answer, as it stands in the bytes.
function firstWord(all) {
	return /"(?:text|content|delta)":\s*"(\p{L}[^" ]*)/u.exec(all)[1];
}

// Change each event's object; those that isTwice() come twice.
function events(form, change, isTwice = () => false) {
	const line = form === 'sse' ? /^(event: .*\n)?data: (\{.*)\n/gm
		: /^()(\{.*)\n/gm;

	return text((all) => all.replace(line, (_, name = '', object) => {
		const event = change(JSON.parse(object));
		const one = `${name}${eventOf(form, event)}\n`;

		return isTwice(event)
			? one + (form === 'sse' ? '\n' : '') + one : one;
	}));
}

// Without what ends it.
function eventOf(form, object) {
	return (form === 'sse' ? 'data: ' : '') + JSON.stringify(object);
}

// The member at that path, where there is one.
function set(object, [name, ...rest], value) {
	if (object?.[name] === undefined)
		return object;
	if (rest.length)
		set(object[name], rest, value);
	else
		object[name] = value;
	return object;
}
