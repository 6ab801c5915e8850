// wire.mjs - HTTP as bytes and moments, which an SDK hides: when each piece
// of an answer arrived, whether it was whole, and a client that leaves.

import http from 'node:http';
import https from 'node:https';

// Begin an exchange; `head` is a promise that the head of its answer is
// there, or that there will be none (`error` says why).
export function begin(url, { method = 'GET', headers = {}, body, agent, ca,
	timeout = 50000 } = {}) {
	const bytes = body === undefined ? undefined : Buffer.from(body);
	const client = url.startsWith('https:') ? https : http;

	return new Exchange(client.request(url, {
		method, agent: agent ?? false, ca, timeout,
		headers: bytes && !('transfer-encoding' in headers)
			? { 'content-length': bytes.length, ...headers }
			: headers,
	}), bytes);
}

export function call(url, options) {
	return whole(begin(url, options));
}

// The whole answer; an exchange that breaks off is an error here.
export async function whole(exchange) {
	await exchange.over;
	if (!exchange.complete)
		throw exchange.error ?? new Error('the answer broke off');
	return exchange;
}

class Exchange {
	constructor(request, body) {
		this.request = request;
		this.status = 0;
		this.headers = {};
		this.pieces = []; // { at, bytes }: at is performance.now()
		this.complete = false;
		this.error = undefined;
		this.head = new Promise((resolve) => {
			this.begun = resolve;
		});
		this.over = new Promise((resolve) => {
			this.finish = resolve;
		});
		request.on('response', (response) => this.take(response));
		request.on('error', (error) => this.fail(error));
		request.on('timeout', () => request.destroy(new Error('silence')));
		request.end(body);
	}

	take(response) {
		this.response = response;
		this.status = response.statusCode;
		this.headers = response.headers;
		response.on('data', (bytes) =>
			this.pieces.push({ at: performance.now(), bytes }));
		response.on('error', (error) => this.fail(error));
		response.on('close', () => {
			this.complete = response.complete;
			this.finish();
		});
		this.begun();
	}

	// An error after the end of the answer is not one of the answer.
	fail(error) {
		this.error ??= error;
		if (this.response)
			return;
		this.begun();
		this.finish();
	}

	// The client goes away; the moment, as Date.now().
	leave() {
		this.request.destroy();
		return Date.now();
	}

	get body() {
		return Buffer.concat(this.pieces.map((piece) => piece.bytes));
	}

	get text() {
		return this.body.toString('utf8');
	}

	json() {
		return JSON.parse(this.text);
	}

	// The events of a stream: { at, piece, data, raw }, data parsed where
	// it is JSON; `piece` is the index of the one that completed it.
	events() {
		const events = [];
		let rest = '';

		this.pieces.forEach(({ at, bytes }, piece) => {
			const parts = (rest + bytes.toString('latin1'))
				.split(/(?<=\r?\n\r?\n)/);

			// The last one is whole only when its blank line is there.
			rest = /\n\r?\n$/.test(parts.at(-1)) ? '' : parts.pop();
			for (const raw of parts)
				events.push({ at, piece, ...readEvent(raw) });
		});
		return events;
	}

	// The events' data, without comments and the closing [DONE].
	chunks() {
		return this.events().filter(({ data }) => typeof data === 'object')
			.map(({ data }) => data);
	}

	get isDone() {
		return this.events().some(({ data }) => data === '[DONE]');
	}

	// What was said, as far as it came.
	get said() {
		return this.chunks().map((chunk) =>
			chunk.choices?.[0]?.delta?.content ?? '').join('');
	}
}

function readEvent(raw) {
	const bytes = Buffer.from(raw, 'latin1').toString('utf8');
	const text = bytes.match(/^data: ?(.*)$/m)?.[1];

	if (text === undefined)
		return { raw: bytes, data: undefined };
	try {
		return { raw: bytes, data: JSON.parse(text) };
	} catch {
		return { raw: bytes, data: text.trim() };
	}
}
