// oddities_wholes.test.mjs - answers in one piece that are legal, or nearly,
// and odd: for a client of the provider's dialect the bytes come through, for
// all others the same is understood as of the answer that was not odd.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { answerOf, hear } from './oddities.mjs';
import { clients, problemOf, read } from './plain_clients.mjs';
import { addModels, addProviders, dialects, modelOf } from './providers.mjs';
import { useStack } from './stack.mjs';

const LONG = 'x'.repeat(1 << 20);
// What the dialects call the reason of an end, and the counts of tokens.
const FINISH = ['finish_reason', 'finishReason', 'stop_reason', 'stopReason',
	'done_reason'];
const USAGE = ['usage', 'usageMetadata', 'prompt_eval_count', 'eval_count'];

// { change(text) or edit(name, value) of each member; chunk; says; ... }
const odd = {
	'one byte at a time': { chunk: 1, change: (text) => text },
	'between blanks': { change: (text) => `\r\n\t ${text} \n\n` },
	'indented': { change: (text) =>
		JSON.stringify(JSON.parse(text), null, 8) },
	'in escapes': { change: (text) => text.replace(/[^\0-\x7f]/g, (c) =>
		`\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`) },
	'in another order': { change: (text) => JSON.stringify(
		reversed(JSON.parse(text))) },
	'with members that are not known': { change: (text) =>
		text.replace(/^\s*\{/, '{"brand_new":{"a":[1,null]},') },
	'without usage': { hasNoUsage: true, edit: (name, value) =>
		USAGE.includes(name) ? null : value },
	'of 1 MB': { edit: (name, value, all) =>
		value === all ? value + LONG : value,
	says: (text) => text + LONG },
	'of no words': { edit: (name, value, all) => value === all ? '' : value,
		says: () => '' },
	'that ends for a reason not known': { hasOtherFinish: true,
		edit: (name, value) =>
			FINISH.includes(name) ? 'brand_new' : value },
};

const stack = useStack({}, async (stack) => {
	await addProviders(stack);
	await addModels(stack, 'odd', 'tokens=12,words=unicode');
});

for (const provider of dialects) {
	test(`from ${provider}`, async (t) => {
		const model = modelOf(provider, 'odd');
		const { type, bytes } = await answerOf(stack, model,
			{ stream: false });
		const all = read(clients.openai_chat, await hear(stack,
			clients.openai_chat, model, { type, bytes, stream: false }))
			.said;

		assert.equal(all.split(' ').length, 12);
		for (const [title, row] of Object.entries(odd)) {
			const text = row.change ? row.change(bytes.toString())
				: JSON.stringify(JSON.parse(bytes, (name, value) =>
					row.edit(name, value, all)));

			await t.test(title, async () => {
				for (const client of Object.keys(clients))
					await assertUnderstood(provider, client,
						{ type, bytes }, { ...row, text });
			});
		}
		await t.test('an error with status 200', () =>
			assertError(provider, type));
		await t.test('though a stream was asked for', () =>
			assertStreamed(provider, { type, bytes }));
	});
}

async function assertUnderstood(provider, name, plain, row) {
	const client = clients[name];
	const model = modelOf(provider, 'odd');
	const bytes = Buffer.from(row.text);
	const ask = (what) => hear(stack, client, model,
		{ ...plain, stream: false, ...what });
	const expected = read(client, await ask({}));
	const answer = await ask({ bytes, chunk: row.chunk });
	const got = read(client, answer);
	const about = `${name} at ${provider}: ${answer.text.slice(-500)}`;

	if (name === provider)
		assert.ok(answer.body.equals(bytes), about);
	if (row.hasNoUsage)
		got.usage = expected.usage;
	if (row.hasOtherFinish) {
		assert.ok(got.finish, about);
		got.finish = expected.finish;
	}
	if (row.says)
		expected.said = row.says(expected.said);
	assert.deepEqual(got, expected, about);
}

// Some providers say no with a yes. Who speaks their dialect gets it as it is.
async function assertError(provider, type) {
	const error = { message: 'The river is closed.', type: 'weather' };
	const bytes = Buffer.from(JSON.stringify({ error }));

	for (const [name, client] of Object.entries(clients)) {
		const answer = await hear(stack, client, modelOf(provider, 'odd'),
			{ type, bytes, stream: false });

		if (name === provider) {
			assert.ok(answer.body.equals(bytes), answer.text);
			continue;
		}
		assert.ok(answer.status >= 400, `${answer.status}`);
		assert.match(problemOf(client, answer).message, /river is closed/);
	}
}

async function assertStreamed(provider, { type, bytes }) {
	for (const [name, client] of Object.entries(clients)) {
		const model = modelOf(provider, 'odd');
		const whole = await hear(stack, client, model,
			{ type, bytes, stream: false });
		const answer = await hear(stack, client, model, { type, bytes });
		const got = read(client, answer);

		if (name === provider)
			assert.ok(answer.body.equals(bytes), answer.text);
		else
			assert.doesNotMatch(answer.headers['content-type'],
				/^application\/json/);
		delete got.spelled;
		const expected = read(client, whole);

		delete expected.spelled;
		assert.deepEqual(got, expected, `${name} at ${provider}`);
	}
}

function reversed(value) {
	if (typeof value !== 'object' || !value)
		return value;
	if (Array.isArray(value))
		return value.map(reversed);
	return Object.fromEntries(Object.entries(value).reverse()
		.map(([name, member]) => [name, reversed(member)]));
}
