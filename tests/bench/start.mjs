// start.mjs - how long from starting the program to its first answer, and how
// much memory it has then. The socket is asked in FastCGI, without a web
// server between.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';

import { build, sleep } from './installation.mjs';
import { memoryOf } from './usage.mjs';

const TIMEOUT_MS = 20000;
const REST_MS = 500; // until its memory is looked at
const [BEGIN, END, PARAMS, STDIN, STDOUT] = [1, 3, 4, 5, 6];

function record(type, content) {
	const head = Buffer.from([1, type, 0, 1, content.length >> 8, content.length & 255, 0, 0]);

	return Buffer.concat([head, content]);
}

// Names and values here are shorter than 128 bytes: one byte tells a length.
function params(values) {
	return Buffer.concat(Object.entries(values).map(([name, value]) => Buffer.concat([
		Buffer.from([name.length, value.length]), Buffer.from(name + value)])));
}

const HEALTH = Buffer.concat([
	record(BEGIN, Buffer.from([0, 1, 0, 0, 0, 0, 0, 0])),
	record(PARAMS, params({ REQUEST_METHOD: 'GET', REQUEST_URI: '/v1/health',
		PATH_INFO: '/v1/health', SCRIPT_NAME: '', QUERY_STRING: '',
		SERVER_PROTOCOL: 'HTTP/1.1', REMOTE_ADDR: '127.0.0.1' })),
	record(PARAMS, Buffer.alloc(0)),
	record(STDIN, Buffer.alloc(0)),
]);

// The text of the answer, once its end has come.
function answerOf(bytes) {
	let text = '';

	for (let at = 0; at + 8 <= bytes.length;) {
		const length = bytes.readUInt16BE(at + 4);

		if (bytes[at + 1] === STDOUT)
			text += bytes.toString('latin1', at + 8, at + 8 + length);
		if (bytes[at + 1] === END)
			return text;
		at += 8 + length + bytes[at + 6];
	}
	return '';
}

// One attempt: true after a 200. CGI's "Status" may be left out then.
function isHealthy(socketPath) {
	return new Promise((resolve) => {
		const socket = net.connect(socketPath, () => socket.write(HEALTH));
		let bytes = Buffer.alloc(0);
		const end = (healthy) => { socket.destroy(); resolve(healthy); };

		socket.setTimeout(1000, () => end(false));
		socket.on('error', () => end(false));
		socket.on('close', () => resolve(false));
		socket.on('data', (data) => {
			bytes = Buffer.concat([bytes, data]);
			const answer = answerOf(bytes);

			if (answer)
				end(/"status":"ok"/.test(answer) && !/^Status: (?!200)/mi.test(answer));
		});
	});
}

// Starts one more process beside those of the stack, with their configuration.
export async function measureStart(stack) {
	const socket = path.join(path.dirname(stack.env.CONFIG), 'start');
	const began = process.hrtime.bigint();
	const child = spawn(path.join(build, 'llm-gateway'), ['serve', '--config', stack.env.CONFIG,
		'--listen', `unix:${socket}`], { stdio: 'ignore' });
	const elapsed = () => Number(process.hrtime.bigint() - began) / 1e6;
	const ended = new Promise((resolve) => child.once('exit', resolve));

	try {
		while (!await isHealthy(socket)) {
			if (child.exitCode !== null || elapsed() > TIMEOUT_MS)
				throw new Error('the gateway did not answer /v1/health');
			await sleep(1);
		}
		const ready_ms = elapsed();

		await sleep(REST_MS);
		return { ready_ms, ...memoryOf(child.pid) };
	} finally {
		child.kill('SIGTERM');
		await ended;
		fs.rmSync(socket, { force: true });
	}
}
