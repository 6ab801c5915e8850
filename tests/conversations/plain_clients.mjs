// plain_clients.mjs - the dialects that clients speak, without an SDK: what is
// sent, and what there is to read in an answer as it came.
//
//	const client = clients.gemini;
//	const answer = await ask(stack, client, model, { stream: true });
//	const { said, finish, usage, ends } = read(client, answer);
//
// said is the text; finish the dialect's own word; usage { prompt, completion }
// as far as told; ends how often the answer said that it is over, which is
// once. read() fails on what none of the dialect's clients could read.

import assert from 'node:assert/strict';

const user = { role: 'user', content: 'Hello' };
const join = (texts) => texts.filter(Boolean).join('');
const last = (values) => values.filter((value) => value).at(-1);

// A row is path(model, stream), body(model, stream), read(objects) of a whole
// answer or of a stream's events, problem(object), an error's facts, and, where
// a stream's last word is no object, isLast.
export const clients = {
	openai_chat: {
		path: () => '/v1/chat/completions',
		body: (model, stream) => ({ model, messages: [user],
			...(stream && { stream, stream_options:
				{ include_usage: true } }) }),
		read: (chunks) => ({
			said: join(chunks.map(({ choices: [choice] }) =>
				(choice?.delta ?? choice?.message)?.content)),
			finish: last(chunks.map(({ choices: [choice] }) =>
				choice?.finish_reason)),
			usage: count(last(chunks.map(({ usage }) => usage)),
				'prompt_tokens', 'completion_tokens'),
			ends: chunks.filter(({ choices: [choice] }) =>
				choice?.finish_reason).length,
		}),
		isLast: '[DONE]',
		problem: openaiProblem,
	},
	openai_responses: {
		path: () => '/v1/responses',
		body: (model, stream) => ({ model, input: 'Hello',
			...(stream && { stream }) }),
		read: (events) => {
			const ends = events.filter(({ type, status }) => status
				|| /^response\.(completed|incomplete)$/.test(type));
			const end = ends.at(-1)?.response ?? ends.at(-1);

			return {
				said: join((end?.output ?? []).flatMap((item) =>
					item.content ?? []).map(({ text }) => text)),
				spelled: join(events.filter(({ type }) =>
					type === 'response.output_text.delta')
					.map(({ delta }) => delta)),
				finish: end?.incomplete_details?.reason ?? end?.status,
				usage: count(end?.usage, 'input_tokens',
					'output_tokens'),
				ends: ends.length,
			};
		},
		problem: (object) => object.type === 'response.failed'
			? { message: object.response.error.message,
				code: object.response.error.code }
			: openaiProblem(object.type === 'error' && !object.error
				? { error: object } : object),
	},
	anthropic: {
		path: () => '/v1/messages',
		body: (model, stream) => ({ model, max_tokens: 4096,
			messages: [user], ...(stream && { stream }) }),
		read: (events) => ({
			said: join(events.flatMap(({ content, delta }) =>
				content ?? [delta]).map((part) => part?.text)),
			finish: last(events.map(({ delta, stop_reason: why }) =>
				why ?? delta?.stop_reason)),
			usage: count(Object.assign({}, ...events.map(
				({ message, usage }) => message?.usage ?? usage)),
			'input_tokens', 'output_tokens'),
			ends: events.filter(({ type }) =>
				['message', 'message_stop'].includes(type)).length,
		}),
		problem: ({ type, error }) => type === 'error' && error
			&& { message: error.message, type: error.type },
	},
	gemini: {
		path: (model, stream) => `/v1beta/models/${model}:${stream
			? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
		body: () => ({ contents: [{ role: 'user',
			parts: [{ text: 'Hello' }] }] }),
		read: (answers) => ({
			said: join(answers.flatMap(({ candidates: [one] = [] }) =>
				one?.content?.parts ?? []).map(({ text }) => text)),
			finish: last(answers.map(({ candidates: [one] = [] }) =>
				one?.finishReason)),
			usage: count(last(answers.map((a) => a.usageMetadata)),
				'promptTokenCount', 'candidatesTokenCount'),
			ends: answers.filter(({ candidates: [one] = [] }) =>
				one?.finishReason).length,
		}),
		problem: ({ error }) => error && { message: error.message,
			status: error.code, type: error.status,
			param: error.details?.flatMap((detail) =>
				detail.fieldViolations ?? [])[0]?.field },
	},
	cohere: {
		path: () => '/v2/chat',
		body: (model, stream) => ({ model, messages: [user],
			...(stream && { stream }) }),
		read: (events) => ({
			said: join(events.flatMap(({ delta, message }) =>
				message?.content ?? [delta?.message?.content])
				.map((part) => part?.text)),
			finish: last(events.map(({ delta, finish_reason: why }) =>
				why ?? delta?.finish_reason)),
			usage: count(last(events.map(({ delta, usage }) =>
				usage ?? delta?.usage))?.tokens,
			'input_tokens', 'output_tokens'),
			ends: events.filter(({ type, finish_reason: why }) =>
				why || type === 'message-end').length,
		}),
		isLast: '[DONE]',
		problem: ({ message, delta, type }) =>
			type === 'message-end' && delta?.error
				? { message: delta.error }
				: typeof message === 'string' && { message },
	},
	ollama: {
		path: () => '/api/chat',
		body: (model, stream) => ({ model, messages: [user], stream }),
		read: (lines) => ({
			said: join(lines.map(({ message }) => message?.content)),
			finish: last(lines.map((line) => line.done_reason)),
			usage: count(last(lines.map((line) => line.done && line)),
				'prompt_eval_count', 'eval_count'),
			ends: lines.filter(({ done }) => done).length,
		}),
		problem: ({ error }) => typeof error === 'string'
			&& { message: error },
	},
};

export function ask(stack, client, model, { stream = false, ...more } = {}) {
	return stack.chat(client.body(model, stream), {
		path: client.path(model, stream),
		headers: { 'x-gateway-metadata': 'off' },
		...more,
	});
}

// The objects of an answer: one, or those of its events. Fails when a client
// could not read one of them.
export function objectsOf(client, answer) {
	const type = answer.headers['content-type'];

	if (type.startsWith('application/json'))
		return [answer.json()].flat();
	if (type.startsWith('application/x-ndjson'))
		return answer.text.trimEnd().split(/\r?\n/).map(JSON.parse);
	return answer.text.split(/\r?\n\r?\n/).filter((event) => event)
		.map(dataOf).filter((data) => data && data !== client.isLast)
		.map(JSON.parse);
}

// By the rules for event streams: lines of data are joined.
function dataOf(event) {
	return event.replace(/^\ufeff/, '').split(/\r?\n/)
		.filter((line) => /^data:/.test(line))
		.map((line) => line.replace(/^data: ?/, '')).join('\n');
}

export function read(client, answer) {
	assert.equal(answer.status, 200, answer.text.slice(0, 2000));
	return client.read(objectsOf(client, answer)
		.filter((object) => !client.problem(object)));
}

// How an answer failed, whole or at its end: the facts that its dialect tells.
export function problemOf(client, answer) {
	return client.problem(objectsOf(client, answer).at(-1));
}

function openaiProblem({ error }) {
	return error && { message: error.message, type: error.type,
		code: error.code, param: error.param };
}

function count(usage, prompt, completion) {
	return usage && { prompt: usage[prompt], completion: usage[completion] };
}
