// fastcgi.test.mjs - what web servers do on a kept connection, told to the
// gateway in FastCGI itself, because no web server does it when it is asked.

import assert from 'node:assert/strict';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';

import { hello, sleep, useStack } from './stack.mjs';

const BEGIN_REQUEST = 1;
const END_REQUEST = 3;
const PARAMS = 4;
const STDIN = 5;
const STDOUT = 6;

const stack = useStack({ web: 'nginx' }, async (stack) => {
	await stack.addModel('plain', 'tokens=4');
});

// The end of a body is an empty record, which may come later than the body.
test('the end of a body that comes late', async () => {
	const web = new WebServer(path.join(stack.folder, 'run/gateway-1'));

	for (let i = 0; i < 3; i++) {
		web.send(...request('plain'));
		await sleep(200);
		web.send(record(STDIN));
		assert.match(await web.answer(), /^Status: 200\r\n/, `call ${i}`);
		await sleep(50);
	}
	web.close();
});

test('requests one after the other', async () => {
	const web = new WebServer(path.join(stack.folder, 'run/gateway-1'));

	for (let i = 0; i < 20; i++) {
		web.send(...request('plain'), record(STDIN));
		assert.match(await web.answer(), /^Status: 200\r\n/, `call ${i}`);
	}
	web.close();
});

test('a request that comes byte by byte', async () => {
	const web = new WebServer(path.join(stack.folder, 'run/gateway-1'));
	const bytes = Buffer.concat([...request('plain'), record(STDIN)]);

	for (const byte of bytes) {
		web.send(Buffer.from([byte]));
		await sleep(0);
	}
	assert.match(await web.answer(), /^Status: 200\r\n/);
	web.close();
});

test('what is no FastCGI ends the connection, and nothing else', async () => {
	for (const bytes of [Buffer.from('GET / HTTP/1.1\r\n\r\n'),
		Buffer.alloc(64), Buffer.alloc(64, 0xff), record(STDOUT)]) {
		const web = new WebServer(path.join(stack.folder, 'run/gateway-1'));

		web.send(bytes);
		await web.closed;
	}
	assert.equal((await stack.chat(hello('plain'))).status, 200);
});

// One kept connection to the gateway.
class WebServer {
	constructor(socket) {
		this.received = Buffer.alloc(0);
		this.wake = () => {};
		this.socket = net.connect(socket);
		this.socket.on('data', (bytes) => {
			this.received = Buffer.concat([this.received, bytes]);
			this.wake();
		});
		this.socket.on('error', () => {});
		this.closed = new Promise((resolve) => {
			this.socket.on('close', () => {
				this.isClosed = true;
				this.wake();
				resolve();
			});
		});
	}

	send(...records) {
		this.socket.write(Buffer.concat(records));
	}

	close() {
		this.socket.destroy();
	}

	// What the gateway wrote, up to the end of the request.
	async answer() {
		let text = '';

		for (;;) {
			const { type, content } = await this.record();

			if (type === END_REQUEST)
				return text;
			assert.equal(type, STDOUT);
			text += content;
		}
	}

	async record() {
		for (;;) {
			const head = this.received;
			const bytes = head.length < 8 ? Infinity
				: 8 + head.readUInt16BE(4) + head[6];

			if (head.length >= bytes) {
				this.received = head.subarray(bytes);
				return { type: head[1], content: head
					.subarray(8, 8 + head.readUInt16BE(4)) };
			}
			assert.ok(!this.isClosed, 'the gateway closed the connection');
			await new Promise((resolve) => {
				this.wake = resolve;
			});
		}
	}
}

// The records of a chat, but for the empty one that ends its body.
function request(model) {
	const body = Buffer.from(JSON.stringify(hello(model)));
	const params = Object.entries({
		REQUEST_METHOD: 'POST', REQUEST_URI: '/v1/chat/completions',
		SERVER_SOFTWARE: 'Apache', REMOTE_ADDR: '127.0.0.1',
		CONTENT_TYPE: 'application/json', CONTENT_LENGTH: body.length,
		HTTP_AUTHORIZATION: `Bearer ${stack.key}`,
	}).map(([name, value]) => Buffer.concat([
		Buffer.from([name.length, String(value).length]),
		Buffer.from(name + value)]));

	return [
		// A responder, and the connection is kept.
		record(BEGIN_REQUEST, Buffer.from([0, 1, 1, 0, 0, 0, 0, 0])),
		record(PARAMS, Buffer.concat(params)),
		record(PARAMS),
		record(STDIN, body),
	];
}

function record(type, content = Buffer.alloc(0)) {
	const head = Buffer.from([1, type, 0, 1, 0, 0, 0, 0]);

	head.writeUInt16BE(content.length, 4);
	return Buffer.concat([head, content]);
}
