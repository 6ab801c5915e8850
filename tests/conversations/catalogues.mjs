// catalogues.mjs - a server of catalogues, and of chats that say which service
// tier served them.
//
//	const server = new CatalogueServer();
//	await server.start();              // { tls: { key, cert } } for HTTPS
//	server.put('/models.json', text);  // with an ETag
//	server.requests                    // { path, etag, status }

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';

export class CatalogueServer {
	constructor() {
		this.texts = new Map();
		this.requests = [];
	}

	get url() {
		return `${this.scheme}://127.0.0.1:${this.port}`;
	}

	async start({ tls } = {}) {
		const serve = (request, response) => this.serve(request, response);

		this.scheme = tls ? 'https' : 'http';
		this.server = tls ? https.createServer(tls, serve)
			: http.createServer(serve);
		this.server.listen(0, '127.0.0.1');
		await once(this.server, 'listening');
		this.port = this.server.address().port;
	}

	async stop() {
		this.server?.closeAllConnections();
		await new Promise((resolve) => this.server
			? this.server.close(resolve) : resolve());
	}

	// A text, or a function that answers: (request, response).
	put(path, what) {
		this.texts.set(path, what);
	}

	serve(request, response) {
		const what = this.texts.get(request.url);

		if (what === undefined)
			return this.answer(request, response, 404, {}, 'not here');
		if (typeof what === 'function') {
			this.note(request, 0);
			return what(request, response);
		}
		const etag = `"${createHash('sha256').update(what).digest('hex')}"`;

		if (request.headers['if-none-match'] === etag)
			return this.answer(request, response, 304, { etag }, '');
		return this.answer(request, response, 200, { etag }, what);
	}

	answer(request, response, status, headers, text) {
		this.note(request, status);
		response.writeHead(status, headers).end(text);
	}

	note(request, status) {
		this.requests.push({ path: request.url, status,
			etag: request.headers['if-none-match'] });
	}
}

// An upstream of chats: 1,000 tokens of prompt, 100 of answer, served by the
// tier that was asked for; `stream` too.
export async function serveChat(request, response) {
	const pieces = [];

	for await (const piece of request)
		pieces.push(piece);
	const asked = JSON.parse(Buffer.concat(pieces).toString());
	const head = { id: 'chatcmpl-1', created: 1, model: asked.model,
		service_tier: asked.service_tier ?? 'default' };
	const usage = { prompt_tokens: asked.user ? Number(asked.user) : 1000,
		completion_tokens: 100,
		total_tokens: (asked.user ? Number(asked.user) : 1000) + 100 };

	if (!asked.stream) {
		response.writeHead(200, { 'content-type': 'application/json' });
		response.end(JSON.stringify({ ...head, object: 'chat.completion',
			choices: [{ index: 0, finish_reason: 'stop',
				message: { role: 'assistant', content: 'hello' } }],
			usage }));
		return;
	}
	response.writeHead(200, { 'content-type': 'text/event-stream' });
	for (const more of [
		{ choices: [{ index: 0, delta: { content: 'hello' } }] },
		{ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
		{ choices: [], usage },
	])
		response.write(`data: ${JSON.stringify({ ...head,
			object: 'chat.completion.chunk', ...more })}\n\n`);
	response.end('data: [DONE]\n\n');
}

// A catalogue in our own form: { id: { input, output, ... } } or lists of
// prices.
export function list(models, { provider = 'openai', ...more } = {}) {
	return JSON.stringify({
		format: 'llm-gateway',
		models: Object.entries(models).map(([id, prices]) => ({
			provider, id, kind: 'chat', context: 100000, ...more,
			prices: [prices].flat(),
		})),
	});
}
