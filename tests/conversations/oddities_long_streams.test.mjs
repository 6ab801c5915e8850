// oddities_long_streams.test.mjs - a translated stream costs the same memory
// however long it is: the gateway keeps what an event needs, and lets it go.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';

import { clients } from './plain_clients.mjs';
import { addModels, addProviders, modelOf } from './providers.mjs';
import { program, sleep, useStack } from './stack.mjs';

const SHORT = 2000;
const LONG = 100000;
const VERY_LONG = 400000; // the text alone is 2.4 MB
// What an allocator keeps ready varies by a few hundred KB; if an event left
// twenty bytes behind, LONG of them would be this much.
const ALLOWED_BYTES = 2 << 20;
// A Responses stream ends with its whole text, several times: it is kept by
// who writes it, and is one large event to who reads it.
const TEXT_BYTES = 8 * LONG;
// How each dialect's stream ends when all went well.
const ENDS = new RegExp(['\\[DONE\\]', '"message_stop"\\}', '"STOP".*',
	'"done":true.*', '"total_tokens":\\d+\\}\\}\\}']
	.map((end) => `${end}\\s*$`).join('|'));

// Each dialect is read once at least, and written once.
const chats = [
	['openai_chat', 'anthropic', VERY_LONG],
	['anthropic', 'openai_chat', VERY_LONG],
	['anthropic', 'openai_responses', LONG],
	['openai_responses', 'cohere', LONG],
	['cohere', 'bedrock', LONG],
	['ollama', 'gemini', LONG],
	['gemini', 'ollama', LONG],
];

const stack = useStack({}, async (stack) => {
	await addProviders(stack);
	for (const tokens of [SHORT, LONG, VERY_LONG])
		await addModels(stack, `words-${tokens}`, `tokens=${tokens}`);
});

for (const [client, provider, tokens] of chats) {
	test(`${client} at ${provider}`, async (t) => {
		const ask = (tokens) => measure(clients[client],
			modelOf(provider, `words-${tokens}`));
		const allowed = [client, provider].includes('openai_responses')
			? ALLOWED_BYTES + 16 * TEXT_BYTES : ALLOWED_BYTES;

		// The first one makes what later ones use again.
		await ask(SHORT);
		const short = await ask(SHORT);
		const long = await ask(tokens);

		t.diagnostic(`${client} at ${provider}: ${SHORT} tokens `
			+ `${kilobytes(short.rss)}, ${tokens} tokens (${
				kilobytes(long.bytes)}) ${kilobytes(long.rss)}`);
		assert.ok(long.bytes > 4 * ALLOWED_BYTES, `${long.bytes}`);
		assert.ok(long.samples > 10, `${long.samples} samples`);
		// A sanitizer keeps freed memory for a while, to see who uses it.
		if (!/address|thread/.test(program))
			assert.ok(long.rss - short.rss < allowed,
				`from ${short.rss} to ${long.rss} bytes`);
	});
}

// One stream from its beginning to its end: how many bytes it had, and the
// most memory that the gateway had meanwhile.
async function measure(client, model) {
	const seen = { bytes: 0, rss: 0, samples: 0 };
	const answer = await fetch(stack.url + client.path(model, true), {
		method: 'POST',
		headers: { authorization: `Bearer ${stack.key}`,
			'content-type': 'application/json',
			'x-gateway-metadata': 'off' },
		body: JSON.stringify(client.body(model, true)),
	});
	const watch = sample(seen);
	let tail = '';

	assert.equal(answer.status, 200);
	for await (const piece of answer.body) {
		seen.bytes += piece.length;
		tail = tail.slice(-1000) + Buffer.from(piece).toString('latin1');
	}
	seen.isOver = true;
	await watch;
	assert.match(tail, ENDS);
	return seen;
}

async function sample(seen) {
	while (!seen.isOver) {
		seen.rss = Math.max(seen.rss, residentBytes());
		seen.samples++;
		await sleep(20);
	}
}

// Of all processes of the gateway.
function residentBytes() {
	return stack.env.GATEWAY_PIDS.split(' ').reduce((sum, pid) => {
		const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');

		return sum + Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)[1]) * 1024;
	}, 0);
}

function kilobytes(bytes) {
	return `${Math.round(bytes / 1024)} KB`;
}
