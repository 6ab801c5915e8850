// redis_tls.test.mjs - a Redis that is reached through TLS, by its own doing:
// it shows a certificate and wants one of ours.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

import { freePort, makeCertificate } from './mail_server.mjs';
import { hello, program, root, run, until, useStack } from './stack.mjs';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'redis-tls-'));
const { file, keyFile } = makeCertificate(folder);
const port = await freePort();
const url = `rediss://127.0.0.1:${port}`;
const ours = { 'redis.ca_file': file, 'redis.certificate_file': file,
	'redis.key_file': keyFile };
let server;

// What it counts is gone with it.
async function startRedis() {
	server = spawn('redis-server', ['--port', '0', '--tls-port', String(port),
		'--bind', '127.0.0.1', '--tls-cert-file', file, '--tls-key-file',
		keyFile, '--tls-ca-cert-file', file, '--save', '', '--dir', folder],
	{ stdio: ['ignore', 'pipe', 'inherit'] });
	let log = '';

	server.stdout.on('data', (text) => (log += text));
	await until(() => log.includes('Ready to accept connections'),
		() => `Redis: ${log}`);
}

async function stopRedis() {
	const ended = new Promise((resolve) => server.once('exit', resolve));

	server.kill('SIGKILL');
	await ended;
}

await startRedis();
after(async () => {
	await stopRedis();
	fs.rmSync(folder, { recursive: true });
});

const stack = useStack({ redis: url, processes: 2, set: {
	...ours, 'cache.strategy': 'redis' } }, (stack) => stack.addModel('one'));

function check(settings) {
	return run(program, ['check', '--config', stack.env.CONFIG,
		'--sql-dir', `${root}/sql`, '--json',
		...Object.entries(settings).flatMap(([name, value]) =>
			['--set', `${name}=${value}`])]);
}

async function statuses(key, count) {
	const answers = await Promise.all(Array.from({ length: count }, () =>
		stack.chat(hello('one', { max_tokens: 10 }), { key })));

	return answers.map(({ status }) => status).sort().join(' ');
}

test('limits and answers are kept there', async () => {
	const { key: limited } = await stack.createKey('limited', '--rpm', '3');
	const { key: cached } = await stack.createKey('cached', '--cache', 'on');
	const long = hello('one', { messages: [
		{ role: 'user', content: 'x'.repeat(100000) }] });

	assert.equal(await statuses(limited, 5), '200 200 200 429 429');
	assert.equal((await stack.chat(long, { key: cached })).status, 200);
	await until(async () => (await stack.chat(long, { key: cached }))
		.headers['x-gateway-cache'] === 'hit', 'a hit');
});

test('it is found again', async () => {
	const { key } = await stack.createKey('again', '--rpm', '3');

	await stopRedis();
	assert.equal(await statuses(key, 1), '200');
	await startRedis();
	await until(async () => {
		const { key } = await stack.createKey('fresh', '--rpm', '1');

		return await statuses(key, 3) === '200 429 429';
	}, 'one count for both processes', { ms: 30000 });
});

test('check says why it is not trusted, or does not trust us', async () => {
	const good = await check({});

	assert.equal(good.status, 0, good.out);
	assert.equal(JSON.parse(good.out).redis, 'ok');
	for (const [settings, why] of [
		[{ 'redis.ca_file': '' }, /self-signed certificate/],
		[{ 'redis.url': url.replace('127.0.0.1', '127.0.0.2') },
			/cannot connect/],
		[{ 'redis.url': `redis://127.0.0.1:${port}` },
			/redis\.ca_file.*rediss:/],
		[{ 'redis.certificate_file': '', 'redis.key_file': '' },
			/certificate required/],
		[{ 'redis.key_file': '' }, /belong together/],
		[{ 'redis.ca_file': '/nowhere' }, /\/nowhere: cannot be read/],
	]) {
		const bad = await check(settings);

		assert.equal(bad.status, 1, bad.out);
		assert.match(JSON.parse(bad.out).redis, why);
	}
});
