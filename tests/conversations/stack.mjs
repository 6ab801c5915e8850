// stack.mjs - an installation of a test's own, and what a test asks of it.
//
//	const stack = useStack({ web: 'nginx' }, async (stack) => {
//		await stack.addModel('slow', 'gap_ms=100');
//	});
//
// starts one before the file's tests, prepares it, and removes it after them,
// however they end. It wraps tests/stack; BUILD names the binaries' folder.

import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import OpenAI from 'openai';

import { begin, call, whole } from './wire.mjs';

export { sleep };

export const root = path.resolve(
	path.dirname(fileURLToPath(import.meta.url)), '../..');
export const program = path.resolve(
	root, process.env.BUILD ?? 'build/gcc', 'llm-gateway');
const script = path.join(root, 'tests/stack');

// What was started and is not down yet, should the process end early.
const running = new Set();

process.on('exit', () => {
	for (const stack of running)
		spawnSync(script, ['down', stack.folder, '--purge']);
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
	process.on(signal, () => process.exit(1));

// Settings for tests of single faults, which what follows from them would
// hide: no retry, no breaker, no key that rests. attempts.mjs tests those.
export const faultsAlone = {
	'retry.budget_percent': 0,
	'breaker.failures': 0,
	'upstream.key_refused_ms': 0,
	'upstream.key_limited_ms': 0,
};

// One hook for both: hooks of a file may run side by side.
export function useStack(options = {}, prepare = () => {}) {
	const stack = new Stack(options);

	before(async () => {
		await stack.up();
		await prepare(stack);
	}, { timeout: 60000 });
	after(() => stack.down(), { timeout: 60000 });
	return stack;
}

// run PROGRAM ARGS: never throws; { status, out, err }.
export function run(file, words, { input = '', env = {} } = {}) {
	return new Promise((resolve) => {
		const child = execFile(file, words, {
			cwd: root,
			env: { ...process.env, ...env },
			maxBuffer: 1 << 28,
		}, (error, out, err) =>
			resolve({ status: error ? error.code : 0, out, err }));

		child.stdin.on('error', () => {}); // it need not read it
		child.stdin.end(input);
	});
}

// Ask until it says something true; what it said. Fails when time is up, and
// says what was waited for (a text, or a function that makes it).
export async function until(ask, what, { ms = 10000, every = 20 } = {}) {
	const end = performance.now() + ms;

	for (;;) {
		const answer = await ask();

		if (answer)
			return answer;
		if (performance.now() > end)
			assert.fail(`waited in vain for ${
				typeof what === 'function' ? what() : what}`);
		await sleep(every);
	}
}

export function median(numbers) {
	const sorted = [...numbers].sort((a, b) => a - b);

	return sorted[Math.floor(sorted.length / 2)];
}

export class Stack {
	// redis: true for one of its own, or the URL of another's.
	// empty: without the sandbox, as just installed.
	constructor({ web = 'nginx', set = {}, processes, redis, empty }) {
		this.web = web;
		this.options = ['--web', web];
		for (const [name, value] of Object.entries(set))
			this.options.push('--set', `${name}=${value}`);
		if (processes)
			this.options.push('--processes', String(processes));
		if (empty)
			this.options.push('--empty');
		if (redis === true)
			this.options.push('--redis');
		else if (redis)
			this.options.push('--redis-url', redis);
	}

	async up() {
		this.folder = fs.mkdtempSync(
			path.join(os.tmpdir(), 'conversation-'));
		running.add(this);
		await this.script('up', ...this.options);
		this.readEnv();
	}

	async down() {
		if (!running.has(this))
			return;
		await this.script('down');
		const found = this.findings();

		await this.script('down', '--purge');
		running.delete(this);
		assert.deepEqual(found, []);
	}

	// What sanitizers and failed assertions left in the logs.
	findings() {
		const logs = path.join(this.folder, 'logs');
		const bad = /Sanitizer|runtime error:|Assertion `/;

		return fs.readdirSync(logs).flatMap((name) =>
			fs.readFileSync(path.join(logs, name), 'latin1')
				.split('\n').filter((line) => bad.test(line)));
	}

	// tests/stack VERB FOLDER WORDS...
	async script(verb, ...words) {
		const { status, err } = await run(
			script, [verb, this.folder, ...words]);

		assert.equal(status, 0, err);
	}

	// kill, start or stop a component.
	async kill(component) {
		await this.script('kill', component);
	}

	async stop(component) {
		await this.script('stop', component);
	}

	async start(component) {
		await this.script('start', component);
		this.readEnv();
	}

	// Shell assignments, quoted: NAME='value'.
	readEnv() {
		const text = fs.readFileSync(path.join(this.folder, 'env'), 'utf8');

		this.env = Object.fromEntries([...text.matchAll(/^(\w+)='(.*)'$/gm)]
			.map(([, name, value]) => [name, value]));
		this.url = this.env.BASE_URL;
		this.key = this.env.GATEWAY_KEY;
		this.certificate = fs.readFileSync(this.env.CERTIFICATE);
	}

	// The command line's answer; `input` is its standard input.
	async cli(words, { input } = {}) {
		const { status, out, err } = await run(
			script, ['cli', this.folder, ...words, '--json'], { input });

		assert.equal(status, 0, `${words.join(' ')}: ${err}`);
		return JSON.parse(out);
	}

	// Run by the database itself: rows of columns, as texts.
	async sql(statement) {
		const { status, out, err } = await run('mariadb', ['--no-defaults',
			'-uroot', '-S', this.env.MYSQL_SOCKET, '-N', '-r',
			'llm_gateway', '-e', statement]);

		assert.equal(status, 0, err);
		return out.split('\n').filter(Boolean)
			.map((line) => line.split('\t'));
	}

	// A model that the simulator serves in the way described.
	async addModel(id, behaviour = '', { provider = 'sandbox' } = {}) {
		const upstream = behaviour ? `sim-small?${behaviour}` : 'sim-small';

		await this.cli(['model', 'add', id, '--provider', provider,
			'--upstream', upstream,
			'--input-price', '1', '--output-price', '2']);
		return id;
	}

	async addProvider(name, baseUrl, key, ...words) {
		await this.cli(['provider', 'add', name, '--dialect', 'openai_chat',
			'--base-url', baseUrl, ...words,
			...(key ? ['--key-stdin'] : [])], { input: key });
	}

	// { id, key } and what else `key create` tells.
	createKey(name, ...words) {
		return this.cli(['key', 'create', '--name', name, ...words]);
	}

	sdk(options = {}) {
		return new OpenAI({
			apiKey: this.key,
			baseURL: `${this.url}/v1`,
			maxRetries: 0,
			timeout: 30000,
			...options,
		});
	}

	// POST a chat (an object, or the body's bytes as they are); the answer.
	chat(body, options = {}) {
		return whole(this.beginChat(body, options));
	}

	// The same as soon as it is sent.
	beginChat(body, { path: where = '/v1/chat/completions', key = this.key,
		headers = {}, url = this.url, ...rest } = {}) {
		return begin(url + where, {
			method: 'POST',
			headers: {
				...(key ? { authorization: `Bearer ${key}` } : {}),
				'content-type': 'application/json',
				...headers,
			},
			body: body instanceof Uint8Array || typeof body === 'string'
				? body : JSON.stringify(body),
			...rest,
		});
	}

	get(where, { key = this.key, headers = {}, ...rest } = {}) {
		return call(this.url + where, {
			method: 'GET',
			headers: {
				...(key ? { authorization: `Bearer ${key}` } : {}),
				...headers,
			},
			...rest,
		});
	}

	// /_simulator/WHERE, by POST when there is a body.
	simulator(where, body) {
		return call(`${this.env.SIMULATOR_URL}/_simulator/${where}`, {
			method: body === undefined ? 'GET' : 'POST',
			headers: { 'content-type': 'application/json' },
			body: body === undefined ? undefined : JSON.stringify(body),
		});
	}

	async stats() {
		return (await this.simulator('stats')).json();
	}

	// What the simulator was asked last: { headers, body }.
	async lastSeen() {
		const answer = await this.simulator('last');

		assert.equal(answer.status, 200, answer.text);
		return {
			headers: JSON.parse(answer.headers['x-seen-headers']),
			body: answer.body,
		};
	}

	// The next chat gets this answer: { status, headers, body, ... }.
	async play(recording) {
		const answer = await this.simulator('play', recording);

		assert.equal(answer.status, 200, answer.text);
	}

	exportUsage() {
		return this.cli(['usage', 'export']);
	}

	// The request log's rows of these calls, by their request ids; each
	// must appear, and once.
	async rows(ids, { ms = 15000 } = {}) {
		const wanted = new Set(ids);
		let found;

		await until(async () => {
			found = new Map();
			for (const row of await this.exportUsage()) {
				if (!wanted.has(row.request_id))
					continue;
				assert.ok(!found.has(row.request_id),
					`${row.request_id} was recorded twice`);
				found.set(row.request_id, row);
			}
			return found.size === wanted.size;
		}, () => {
			const missing = ids.filter((id) => !found.has(id));

			return `${missing.length} rows of ${wanted.size}: ${
				missing.slice(0, 5)}`;
		}, { ms, every: 100 });
		return found;
	}

	async row(answer) {
		const id = typeof answer === 'string'
			? answer : answer.headers['x-request-id'];

		return (await this.rows([id])).get(id);
	}

	// Everything that the stack's programs wrote down.
	logs() {
		const folder = path.join(this.folder, 'logs');

		return fs.readdirSync(folder)
			.map((name) => fs.readFileSync(path.join(folder, name), 'utf8'))
			.join('');
	}

	gatewayPid() {
		return Number(this.env.GATEWAY_PIDS.split(' ')[0]);
	}
}

// The body of a small chat.
export function hello(model, more = {}) {
	return { model, messages: [{ role: 'user', content: 'Hello' }], ...more };
}

// An error in OpenAI's shape, with nothing missing; the error itself.
export function assertError(answer, status, code, param) {
	const { error } = answer.json();

	assert.equal(answer.status, status, answer.text);
	assert.match(answer.headers['content-type'], /^application\/json/);
	assert.ok(answer.headers['x-request-id'], 'X-Request-Id');
	for (const member of ['message', 'type', 'param', 'code'])
		assert.ok(member in error, `error.${member}: ${answer.text}`);
	assert.ok(error.message.length > 10, error.message);
	assert.ok(error.type.length > 0);
	if (code !== undefined)
		assert.equal(error.code, code, answer.text);
	if (param !== undefined)
		assert.equal(error.param, param, answer.text);
	return error;
}
