// durability.test.mjs - no finished call is lost and none is counted twice,
// whatever ends while calls run: the database, the gateway, both.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { Load } from './load.mjs';
import {
	assertError, hello, program, root, run, sleep, until, useStack,
} from './stack.mjs';

const stack = useStack({
	processes: 2, set: { 'server.loops': 2 },
}, async (stack) => {
	await stack.addModel('plain', 'tokens=8');
	await stack.addModel('slow', 'tokens=20,gap_ms=100');
});

// nginx leaves a process that was away out for a second.
async function settle() {
	for (let good = 0; good < 20;) {
		const { status } = await stack.chat(hello('plain'));

		good = status === 200 ? good + 1 : 0;
		await sleep(20);
	}
}

test('without its database the gateway serves the keys it knows', async (t) => {
	const stranger = await stack.createKey('not seen yet');
	const load = new Load(t, stack);

	await sleep(500);
	await stack.stop('mariadb');
	const stopped = Date.now();

	await sleep(1500);
	const fresh = await stack.chat(hello('plain'),
		{ key: stranger.key });
	const unknown = await stack.chat(hello('no-such-model'));

	await sleep(500);
	await load.end();
	const without = load.exchanges.filter(({ begunAt }) =>
		begunAt > stopped);

	assert.ok(without.length > 100, `${without.length} calls without it`);
	assert.deepEqual(load.failed.map(({ status, error }) =>
		`${status} ${error}`), []);
	// What was made before is known; what is not there may be new.
	assert.ok([200, 503].includes(fresh.status), fresh.text);
	assertError(unknown, 503, 'database_unavailable');
	assert.equal(unknown.headers['retry-after'], '1');

	await stack.start('mariadb');
	await assertEachOnce(load.answered);
	const answer = await stack.chat(hello('plain'),
		{ key: (await stack.createKey('new again')).key });

	assert.equal(answer.status, 200, answer.text);
});

test('a gateway that is killed loses no call that it answered', async (t) => {
	const load = new Load(t, stack);

	for (let i = 0; i < 3; i++) {
		await sleep(700);
		await stack.kill('gateway');
		await sleep(100);
		await stack.start('gateway');
	}
	await settle();
	await load.end();
	assert.ok(load.failed.length > 0, 'calls ran when it was killed');
	for (const { complete, status, asked } of load.failed)
		assert.ok(!complete || status >= 502 || asked.stream, `${status}`);
	await assertEachOnce(load.answered);
});

test('a MariaDB that is killed loses none and doubles none', async (t) => {
	const load = new Load(t, stack);

	for (let i = 0; i < 3; i++) {
		await sleep(700);
		await stack.kill('mariadb');
		await sleep(300);
		await stack.start('mariadb');
	}
	await sleep(700);
	await load.end();
	assert.deepEqual(load.failed.map(({ status, error }) =>
		`${status} ${error}`), []);
	await assertEachOnce(load.answered);
});

test('both are killed at once', async (t) => {
	const load = new Load(t, stack);

	await sleep(700);
	await stack.kill('mariadb');
	await stack.kill('gateway');
	await stack.start('mariadb');
	await stack.start('gateway');
	await settle();
	await load.end();
	await assertEachOnce(load.answered);
});

test('a gateway that is asked to end finishes what runs', async (t) => {
	const load = new Load(t, stack, { models: ['slow', 'plain'],
		stream: () => true });

	await sleep(500);
	const streams = Array.from({ length: 20 }, () =>
		stack.beginChat(hello('slow', { stream: true })));

	await until(() => streams.every((stream) => stream.chunks().length > 2),
		'the streams to run');
	const stopping = stack.stop('gateway');

	await Promise.all(streams.map((stream) => stream.over));
	for (const stream of streams) {
		assert.equal(stream.status, 200);
		assert.ok(stream.complete && stream.isDone, 'whole');
	}
	await stopping;
	await stack.start('gateway');
	await settle();
	await load.end();
	// Those that came meanwhile were told at once, or served.
	for (const { complete, status, text, pieces } of load.failed) {
		assert.ok(complete, 'no answer breaks off');
		assert.ok(status === 502 || status === 503, `${status}`);
		assert.ok(JSON.parse(text).error.message, text);
		assert.ok(pieces.length > 0);
	}
	await assertEachOnce([...load.answered,
		...streams.map(({ headers }) => headers['x-request-id'])]);
});

test('settings that are wrong are found, with their line', async (t) => {
	const right = fs.readFileSync(stack.env.CONFIG, 'utf8');
	const lines = right.trimEnd().split('\n').length;
	const cases = [
		['an unknown name', '[server]\nworkerz = 4', 2, /workerz/],
		['an unknown section', '[sever]\nworkers = 4', 2, /sever/],
		['no number', '[server]\nworkers = many', 2, /workers.*many/],
		['a number out of bounds', '[server]\nworkers = 100000', 2,
			/workers/],
		['no assignment', '[server]\nworkers', 2, /./],
		['a word that is none', '[log]\nlevel = loud', 2,
			/log\.level = 'loud': expected/],
	];

	for (const [name, text, line, reason] of cases) {
		await t.test(name, async () => {
			const file = path.join(stack.folder, 'wrong.conf');
			const place = new RegExp(`wrong\\.conf:${lines + line}\\b`);

			fs.writeFileSync(file, `${right.trimEnd()}\n${text}\n`);
			for (const words of [['check'], ['serve', '--listen',
				`unix:${path.join(stack.folder, 'socket')}`]]) {
				const { status, out, err } = await run(program,
					[...words, '--config', file]);

				assert.equal(status, 1, `${words[0]}: ${err}`);
				assert.match(out + err, place, words[0]);
				assert.match(out + err, reason, words[0]);
			}
			assert.ok(!fs.existsSync(path.join(stack.folder, 'socket')));
		});
	}
	await t.test('the right ones are', async (t) => {
		const { status, err } = await run(program,
			['check', '--config', stack.env.CONFIG,
				'--sql-dir', path.join(root, 'sql')]);

		assert.equal(status, 0, err);
	});
});

// Each is in the request log, and no call at all is there twice.
async function assertEachOnce(ids) {
	assert.ok(ids.length > 20, `${ids.length} calls`);
	assert.equal(new Set(ids).size, ids.length, 'ids are unique');
	await stack.rows(ids, { ms: 20000 });
	const all = (await stack.exportUsage()).map((row) => row.request_id);

	assert.equal(new Set(all).size, all.length, 'no row is doubled');
}
