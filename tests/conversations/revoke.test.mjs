// revoke.test.mjs - what the command line has changed holds for the very next
// call, on every process: no waiting for a poll.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { assertError, hello, until, useStack } from './stack.mjs';

const PROCESSES = 2;
const ROUNDS = 8;
const CALLS = 8; // at once, so that each process gets some

const stack = useStack({ processes: PROCESSES }, async () => {
	await stack.addModel('one');
	await stack.addModel('two');
	await stack.cli(['alias', 'set', 'either', 'one']);
});

const together = (ask) => Promise.all(Array.from({ length: CALLS }, ask));

// Which processes, by number, logged a call with one of these ids. A line may
// come a moment after its answer.
async function servedBy(answers) {
	const ids = answers.map((answer) => answer.headers['x-request-id']);
	const logOf = (number) => fs.readFileSync(path.join(
		stack.folder, 'logs', `gateway-${number}.log`), 'utf8');
	const logs = await until(() => {
		const texts = Array.from({ length: PROCESSES }, (_, i) =>
			logOf(i + 1));

		return ids.every((id) => texts.some((text) => text.includes(id)))
			&& texts;
	}, 'a log line of every call');

	return logs.flatMap((text, i) =>
		ids.some((id) => text.includes(id)) ? [i + 1] : []);
}

test('a revoked key is refused by the next call of every process', async () => {
	for (let round = 0; round < ROUNDS; round++) {
		const { id, key } = await stack.createKey(`round ${round}`);
		// Known to all of them, long enough for no poll to be due.
		const before = await together(() =>
			stack.chat(hello('one'), { key }));

		for (const answer of before)
			assert.equal(answer.status, 200, answer.text);
		assert.deepEqual(await servedBy(before), [1, 2]);
		await stack.cli(['key', 'revoke', String(id)]);
		const after = await together(() =>
			stack.chat(hello('one'), { key }));

		for (const answer of after)
			assertError(answer, 401, 'revoked_api_key');
		assert.deepEqual(await servedBy(after), [1, 2]);
	}
});

test('a new key is good for the next call of every process', async () => {
	for (let round = 0; round < ROUNDS; round++) {
		const { key } = await stack.createKey(`new ${round}`);
		const answers = await together(() =>
			stack.chat(hello('one'), { key }));

		for (const answer of answers)
			assert.equal(answer.status, 200, answer.text);
		assert.deepEqual(await servedBy(answers), [1, 2]);
	}
});

test('an alias leads where it was set to, at once', async () => {
	for (let round = 0; round < ROUNDS; round++) {
		const model = round % 2 ? 'one' : 'two';

		await stack.cli(['alias', 'set', 'either', model]);
		const answers = await together(() => stack.chat(hello('either')));

		for (const answer of answers) {
			assert.equal(answer.status, 200, answer.text);
			assert.equal(answer.json().metadata.model_used, model);
		}
		assert.deepEqual(await servedBy(answers), [1, 2]);
	}
});

test('a change that nobody announced is found within a second', async () => {
	const { id, key } = await stack.createKey('unannounced');
	const nowhere = path.join(stack.folder, 'no-such-folder');

	assert.equal((await stack.chat(hello('one'), { key })).status, 200);
	await stack.cli(['key', 'revoke', String(id),
		'--set', `server.hot_dir=${nowhere}`]);
	assert.ok(!fs.existsSync(nowhere), 'the command line makes no store');
	await until(async () => (await together(() =>
		stack.chat(hello('one'), { key })))
		.every((answer) => answer.status === 401),
	'401 of every process', { ms: 1000 });
});

test('a key tells when it was used last', async () => {
	const { id, key } = await stack.createKey('used');
	const used = async () => (await stack.cli(['key', 'list']))
		.find((row) => row.id === id).last_used;
	const call = async () => {
		const from = Date.now();
		const answer = await stack.chat(hello('one'), { key });
		const { time } = await stack.row(answer);

		assert.equal(answer.status, 200, answer.text);
		await until(async () => await used() === time,
			'the time of the call');
		assert.ok(Date.parse(time) >= from && Date.parse(time) <= Date.now());
		return time;
	};

	assert.equal(await used(), null);
	const first = await call();

	assert.ok(Date.parse(await call()) > Date.parse(first));
});
