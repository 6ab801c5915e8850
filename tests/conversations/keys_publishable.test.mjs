// keys_publishable.test.mjs - keys for pages in browsers: of their origins
// alone, for their models alone, and announced to browsers that ask.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hello, run, root, until, useStack } from './stack.mjs';

const PAGE = 'https://www.shop.example';
const OTHER = 'https://evil.example';
let key;

const stack = useStack({ web: 'nginx' }, async () => {
	key = await stack.createKey('shop', '--origins',
		`${PAGE}, http://localhost:8080`, '--models', 'sandbox-small',
		'--rpm', '20');
});

const chat = (origin, more = {}) => stack.chat(hello('sandbox-small', more),
	{ key: key.key, headers: origin ? { origin } : {} });
const preflight = (origin, where = '/v1/chat/completions') =>
	fetch(stack.url + where, { method: 'OPTIONS', headers: {
		origin,
		'access-control-request-method': 'POST',
		'access-control-request-headers': 'authorization,content-type',
	} });

test('it works in a page of its own, which may read the answer', async () => {
	assert.match(key.key, /^gwp_/);
	for (const origin of [PAGE, 'http://localhost:8080']) {
		const answer = await chat(origin);

		assert.equal(answer.status, 200, answer.text);
		assert.equal(answer.headers['access-control-allow-origin'], origin);
		assert.match(answer.headers.vary, /Origin/);
	}
});

test('anywhere else it is refused, and nobody may read why', async () => {
	for (const origin of [OTHER, `${PAGE}.evil.example`, `${PAGE}/`,
		'http://www.shop.example', 'null', '', 'https://WWW.SHOP.EXAMPLE']) {
		const answer = await chat(origin);

		assert.equal(answer.status, 403, origin);
		assert.equal(answer.json().error.code, 'origin_not_allowed');
		assert.equal(answer.headers['access-control-allow-origin'],
			undefined);
	}
});

test('its models and limits are its own', async () => {
	await stack.addModel('dear');
	const answer = await stack.chat(hello('dear'),
		{ key: key.key, headers: { origin: PAGE } });

	assert.ok([403, 404].includes(answer.status), answer.text);
	assert.equal(answer.headers['access-control-allow-origin'], PAGE);
});

test('a browser that asks first is told the truth', async () => {
	const yes = await preflight(PAGE);
	assert.equal(yes.status, 204);
	assert.equal(yes.headers.get('access-control-allow-origin'), PAGE);
	assert.match(yes.headers.get('access-control-allow-methods'), /POST/);
	assert.match(yes.headers.get('access-control-allow-headers'),
		/authorization/);
	assert.equal(yes.headers.get('access-control-allow-credentials'), null);
	const no = await preflight(OTHER);
	assert.equal(no.headers.get('access-control-allow-origin'), null);
});

test('a revoked one opens nothing any more', async () => {
	const origin = 'https://short.example';
	const { id } = await stack.createKey('short', '--origins', origin,
		'--models', 'sandbox-small', '--rpm', '5');
	const allowed = async () => (await preflight(origin)).headers
		.get('access-control-allow-origin');

	await until(async () => await allowed() === origin, 'the new origin');
	await stack.cli(['key', 'revoke', String(id)]);
	await until(async () => await allowed() === null, 'its end');
});

test('one that is open to all is not made', async () => {
	for (const [words, reason] of [
		[['--origins', PAGE, '--rpm', '1'], /list of models/],
		[['--origins', PAGE, '--models', 'a'], /limit of requests/],
		[['--origins', '*', '--models', 'a', '--rpm', '1'], /origin/],
		[['--origins', `${PAGE}/page`, '--models', 'a', '--rpm', '1'],
			/without a path/],
		[['--origins', 'shop.example', '--models', 'a', '--rpm', '1'],
			/origin/],
	]) {
		const result = await run(`${root}/tests/stack`, ['cli', stack.folder,
			'key', 'create', '--name', 'bad', ...words]);

		assert.notEqual(result.status, 0);
		assert.match(result.err, reason);
	}
});

test('a secret key asks for no origin', async () => {
	assert.equal((await stack.chat(hello('sandbox-small'),
		{ headers: { origin: OTHER } })).status, 200);
});
