// openapi.test.mjs - the document of all addresses, and what HTTP asks of
// them: HEAD, OPTIONS, and pages of other origins.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';

import { hello, useStack } from './stack.mjs';
import { call } from './wire.mjs';

const ORIGIN = 'https://app.example.com';

const stacks = Object.fromEntries(['nginx', 'apache', 'fcgid'].map((web) =>
	[web, useStack({ web, set: {
		'server.cors_origins': `http://localhost:3000, ${ORIGIN}`,
	} }, (stack) => stack.addModel('plain', 'tokens=3'))]));

for (const [web, stack] of Object.entries(stacks)) {
	test(`${web}: the document is one of OpenAPI 3.1`, async () => {
		const answer = await stack.get('/openapi.json', { key: null });
		const document = answer.json();
		const result = await new Validator().validate(document);

		assert.equal(answer.status, 200);
		assert.match(answer.headers['content-type'], /^application\/json/);
		assert.equal(document.openapi, '3.1.0');
		assert.ok(result.valid, JSON.stringify(result.errors, null, 1));
		assert.match(document.info.version, /^\d/);
		assert.ok(document.paths['/v1/chat/completions'].post);
		assert.ok(document.paths['/api/v1/keys'].get);
	});

	test(`${web}: each operation has an id of its own`, async () => {
		const { paths } = (await stack.get('/openapi.json')).json();
		const ids = Object.values(paths).flatMap((item) =>
			Object.values(item)).map(({ operationId }) => operationId);

		assert.ok(ids.every((id) => /^[a-z]\w+$/.test(id)), ids);
		assert.equal(new Set(ids).size, ids.length);
	});

	test(`${web}: each GET of it without a parameter answers`, async () => {
		const { paths } = (await stack.get('/openapi.json')).json();

		for (const [path, { get }] of Object.entries(paths)) {
			if (!get || path.includes('{') || path.includes('/stream'))
				continue;
			const needed = get.parameters?.some(({ required }) => required);
			const { status, text } = await stack.get(path);

			assert.ok(needed || ![404, 405, 500].includes(status),
				`${path}: ${status} ${text.slice(0, 200)}`);
		}
	});

	test(`${web}: a page of an allowed origin may call`, async () => {
		const before = await options(stack, '/v1/chat/completions', {
			origin: ORIGIN,
			'access-control-request-method': 'POST',
			'access-control-request-headers': 'authorization,content-type',
		});

		assert.equal(before.status, 204, before.text);
		assert.equal(before.headers['access-control-allow-origin'], ORIGIN);
		assert.match(before.headers['access-control-allow-methods'], /POST/);
		assert.equal(before.headers['access-control-allow-headers'],
			'authorization,content-type');
		assert.match(before.headers.vary, /Origin/);
		assert.equal(before.headers['access-control-allow-credentials'],
			undefined);
		for (const [model, status] of [['plain', 200], ['nobody', 404]]) {
			const answer = await stack.chat(hello(model, { stream: true }),
				{ headers: { origin: ORIGIN } });

			assert.equal(answer.status, status);
			assert.equal(answer.headers['access-control-allow-origin'],
				ORIGIN);
		}
	});

	test(`${web}: a page of another origin may not`, async () => {
		for (const origin of ['https://evil.example', 'null', `${ORIGIN}.evil`,
			ORIGIN.replace('https', 'http')]) {
			const before = await options(stack, '/v1/chat/completions', {
				origin, 'access-control-request-method': 'POST' });
			const answer = await stack.chat(hello('plain'),
				{ headers: { origin } });

			for (const { headers } of [before, answer])
				assert.equal(headers['access-control-allow-origin'],
					undefined, origin);
		}
		// The dashboard is for pages of its own, whatever is allowed.
		const page = await stack.get('/login', { key: null,
			headers: { origin: ORIGIN } });

		assert.equal(page.headers['access-control-allow-origin'], undefined);
	});

	test(`${web}: OPTIONS and HEAD`, async () => {
		for (const [path, allow] of [
			['/v1/models', 'GET, HEAD, OPTIONS'],
			['/v1/chat/completions', 'POST, OPTIONS'],
			['/v1beta/models/x', 'POST, GET, HEAD, OPTIONS'],
			['/api/llm/cache/x', 'DELETE, OPTIONS'],
		]) {
			const answer = await options(stack, path);

			assert.equal(answer.status, 204);
			assert.equal(answer.headers.allow, allow);
		}
		const whole = await stack.get('/openapi.json');
		const head = await call(`${stack.url}/openapi.json`,
			{ method: 'HEAD' });

		assert.equal(head.status, 200);
		assert.equal(head.text, '');
		assert.equal(head.headers['content-type'],
			whole.headers['content-type']);
	});
}

function options(stack, path, headers = {}) {
	return call(stack.url + path, { method: 'OPTIONS', headers });
}
