// logs.test.mjs - the log in files: each stream in its own, rotated by the
// real logrotate with the shipped configuration while calls run, and no
// secret in any of it.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import zlib from 'node:zlib';

import { Load } from './load.mjs';
import {
	hello, program, root, run, sleep, until, useStack,
} from './stack.mjs';

const STREAMS = ['error', 'combined', 'llm', 'costs', 'metrics'];
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'logs-'));
const logs = path.join(folder, 'logs');

after(() => fs.rmSync(folder, { recursive: true }));
const stack = useStack({
	processes: 2, set: { 'log.dir': logs },
}, async (stack) => {
	await stack.addModel('plain', 'tokens=8');
});

// The objects of a stream's lines, rotated files included.
function lines(stream) {
	return fs.readdirSync(logs)
		.filter((name) => name.startsWith(`${stream}.log`))
		.flatMap((name) => {
			const text = read(name);

			assert.ok(text === '' || text.endsWith('\n'), name);
			return text.split('\n').filter((line) => line !== '');
		}).map((line) => JSON.parse(line));
}

function read(name) {
	const bytes = fs.readFileSync(path.join(logs, name));

	return (name.endsWith('.gz') ? zlib.gunzipSync(bytes) : bytes)
		.toString('utf8');
}

function ids(stream) {
	return lines(stream).map((line) => line.request_id)
		.filter((id) => id !== undefined);
}

async function rotate() {
	const shipped = fs.readFileSync(
		path.join(root, 'conf/logrotate'), 'utf8');
	const owner = run('id', ['-un']);
	const group = run('id', ['-gn']);
	const own = shipped
		.replace('/var/log/llm-gateway', logs)
		.replace('su llm-gateway llm-gateway',
			`su ${(await owner).out.trim()} ${(await group).out.trim()}`)
		.replace(/systemctl kill.*/,
			`kill -HUP ${stack.env.GATEWAY_PIDS}`);

	assert.notEqual(own, shipped);
	fs.writeFileSync(path.join(folder, 'logrotate.conf'), own,
		{ mode: 0o644 });
	const { status, err } = await run('logrotate', ['--force', '--state',
		path.join(folder, 'state'), path.join(folder, 'logrotate.conf')]);

	assert.equal(status, 0, err);
}

test('each call has a line, and what it cost has one', async () => {
	const answer = await stack.chat(hello('plain'));
	const id = answer.headers['x-request-id'];

	await until(() => ids('costs').includes(id), 'its line');
	const [llm] = lines('llm').filter((line) => line.request_id === id);
	const [cost] = lines('costs').filter((line) => line.request_id === id);
	const row = await stack.row(answer);

	assert.equal(llm.status, 200);
	assert.equal(cost.provider, 'sandbox');
	assert.equal(cost.model, 'plain');
	assert.equal(cost.completion_tokens, row.completion_tokens);
	assert.equal(cost.cost_usd, row.cost_usd);
	assert.deepEqual(Object.keys(cost).filter((name) =>
		name.includes('content') || name.includes('messages')), []);
	assert.ok(ids('combined').includes(id));
	assert.ok(lines('combined').some(({ message }) =>
		/^serving with/.test(message)));
	for (const name of STREAMS) {
		const { mode } = fs.statSync(path.join(logs, `${name}.log`));

		assert.equal(mode & 0o777, 0o640);
	}
});

test('one process tells the sums of each minute', async () => {
	await until(() => lines('metrics').length > 0, 'the line',
		{ ms: 70000, every: 500 });
	const [first] = lines('metrics');
	const minutes = lines('metrics').map(({ time }) => time.slice(0, 16));

	assert.equal(first.processes, 2);
	assert.ok('llm_requests' in first && 'cost_usd' in first);
	assert.deepEqual(minutes, [...new Set(minutes)]);
});

test('no line is lost or broken while files are rotated', async (t) => {
	const load = new Load(t, stack);

	for (let i = 0; i < 8; i++) {
		await sleep(150);
		await rotate();
	}
	await load.end();
	assert.deepEqual(load.failed.map(({ status }) => status), []);
	const wanted = load.answered;

	assert.ok(wanted.length > 100, `${wanted.length} calls`);
	await until(() => ids('costs').length >= wanted.length, 'the lines');
	for (const stream of ['llm', 'costs', 'combined']) {
		const found = ids(stream);
		const set = new Set(found);

		assert.equal(found.length, set.size, `${stream}: twice`);
		assert.deepEqual(wanted.filter((id) => !set.has(id)), [], stream);
	}
	// A file to which nothing was written since is not rotated.
	const rotated = fs.readdirSync(logs)
		.filter((name) => /^costs\.log\.\d+/.test(name));

	assert.ok(rotated.length >= 3, `${rotated}`);
});

test('a folder that cannot be written holds nobody up', async () => {
	const away = `${logs}.away`;

	fs.renameSync(logs, away);
	fs.writeFileSync(logs, 'in its place');
	try {
		const answers = [];

		// The files are missed within a second.
		await until(async () => {
			answers.push(await stack.chat(hello('plain')));
			const { text } = await stack.get('/api/metrics/prometheus',
				{ key: null });

			return /^gateway_log_lines_dropped_total [1-9]/m.test(text);
		}, 'dropped lines to be counted', { every: 50 });
		assert.deepEqual(answers.filter(({ status }) => status !== 200), []);
	} finally {
		fs.unlinkSync(logs);
		fs.renameSync(away, logs);
	}
	assert.match(stack.logs(), /lines for .* are dropped|cannot be written/);
	// Of both processes: each looks after its own files.
	await until(async () => {
		const answers = await Promise.all(Array.from({ length: 8 }, () =>
			stack.chat(hello('plain'))));

		await sleep(50);
		const found = new Set(ids('costs'));

		return answers.every(({ headers }) =>
			found.has(headers['x-request-id']));
	}, 'lines to be written again', { every: 100 });
});

test('neither prompts nor keys are in any file', async () => {
	await stack.addProvider('elsewhere', stack.env.SIMULATOR_URL + '/v1',
		'sk-needle-of-a-provider');
	await stack.addModel('quoting', 'status=401', { provider: 'elsewhere' });
	const { key } = await stack.createKey('seen by nobody');
	const asked = [hello('plain', { user: 'somebody', messages: [
		{ role: 'user', content: 'needle-of-a-prompt' }] })];

	for (const model of ['plain', 'quoting', 'no-such-model'])
		for (const stream of [false, true])
			await stack.chat({ ...asked[0], model, stream }, { key });
	await stack.chat(asked[0], { key: `${key}needle` });
	await stack.chat('{"needle-of-a-prompt": needle', { key });
	const last = await stack.chat(hello('plain'));

	await until(() => ids('costs').includes(last.headers['x-request-id']),
		'the last line');
	const written = stack.logs() + fs.readdirSync(logs).map(read).join('');

	assert.ok(!written.includes('needle'));
	assert.ok(!written.includes(key) && !written.includes(stack.key));
});

test('a folder that cannot be made is refused at the start', async () => {
	const config = path.join(folder, 'gateway.conf');

	fs.writeFileSync(config, fs.readFileSync(stack.env.CONFIG, 'utf8')
		.replace(/(\[log\]\ndir *=).*$/m, '$1 /dev/null/logs'));
	const { status, err } = await run('timeout', ['30', program, 'serve',
		'--config', config, '--listen', `unix:${folder}/socket`]);

	assert.equal(status, 1);
	assert.match(err, /log\.dir: \/dev\/null\/logs.*cannot be written/);
});
