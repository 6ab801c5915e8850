// alert_receiver.mjs - who gets alerts by HTTP: remembers all that is posted,
// and answers as it is told to.
//
//	const receiver = new Receiver({ secret });
//	await receiver.start();             // and again, at the same port
//	receiver.answerWith(500, 'not now') // the next one; later ones get 200
//	receiver.posts                      // { headers, body, status }

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';

export class Receiver {
	constructor({ secret, port = 0, always } = {}) {
		this.secret = secret;
		this.port = port;
		this.always = always; // [status, text] for every post
		this.next = [];
		this.posts = [];
	}

	get url() {
		return `http://127.0.0.1:${this.port}`;
	}

	async start() {
		this.server = http.createServer((request, response) =>
			this.serve(request, response));
		this.server.listen(this.port, '127.0.0.1');
		await once(this.server, 'listening');
		this.port = this.server.address().port;
	}

	async stop() {
		this.server.closeAllConnections();
		await new Promise((resolve) => this.server.close(resolve));
	}

	answerWith(status, text) {
		this.next.push([status, text]);
	}

	async serve(request, response) {
		const pieces = [];

		for await (const piece of request)
			pieces.push(piece);
		const [status, text] = this.next.shift() ?? this.always ??
			[200, 'ok'];

		this.posts.push({ status, path: request.url, at: Date.now(),
			headers: request.headers,
			text: Buffer.concat(pieces).toString() });
		response.writeHead(status).end(text);
	}

	// The posts it took, read; signatures are checked on the way.
	taken(fits = () => true) {
		return this.posts.filter(({ status }) => status === 200)
			.map((post) => this.read(post)).filter(fits);
	}

	read(post) {
		if (this.secret)
			checkSignature(post, this.secret);
		return JSON.parse(post.text);
	}
}

// As a receiver does: the time, a dot, and the body, by HMAC-SHA256.
export function checkSignature({ headers, text, at }, secret) {
	const [, time, digest] = /^t=(\d+),v1=([0-9a-f]{64})$/
		.exec(headers['x-gateway-signature']);
	const mine = createHmac('sha256', secret).update(`${time}.${text}`)
		.digest('hex');

	assert.equal(digest, mine);
	assert.ok(Math.abs(Number(time) * 1000 - at) < 60000, time);
}
