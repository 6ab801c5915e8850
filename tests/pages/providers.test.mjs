// providers.test.mjs - providers and their keys, which are tried before they
// are kept; and the cache's page.

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';

import { assertAccessible, assertFits, looked, picture, sizes, useSite } from './browser.mjs';

const GOOD = 'sk-good-0123456789-abcdefghij-WXYZ';
const BAD = 'sk-bad-0123456789-abcdefghij-QRST';
const PASSWORD = 'correct horse';
let upstream, address;
const asked = [];
const people = {};

// A provider that knows one key, and repeats the one that it refuses.
before(async () => {
	upstream = http.createServer((request, response) => {
		const key = request.headers.authorization?.slice(7)
			?? request.headers['x-api-key'];
		const send = (status, body) => {
			response.writeHead(status, { 'content-type': 'application/json' });
			response.end(JSON.stringify(body));
		};

		asked.push({ url: request.url, headers: request.headers });
		if (request.url.startsWith('/public/'))
			send(200, { data: [] });
		else if (request.url.startsWith('/broken/'))
			send(500, { error: { message: 'out of order' } });
		else if (request.url.startsWith('/moved/')) {
			response.writeHead(302, { location: `${address}/v1/models` });
			response.end();
		} else if (key === GOOD)
			send(200, { data: [{ id: 'a' }] });
		else if (request.url.startsWith('/echo/'))
			send(401, { error: { message: `Incorrect key: ${key}` } });
		else
			send(401, { error: { message: 'This key was withdrawn.' } });
	});
	await new Promise((done) => upstream.listen(0, '127.0.0.1', done));
	address = `http://127.0.0.1:${upstream.address().port}`;
});
after(() => upstream.close());

const site = useSite({ web: 'nginx', set: { 'cache.enabled': 'yes' } },
	async ({ stack }) => {
		for (const role of ['viewer', 'admin']) {
			await stack.cli(['user', 'add', `${role}@team.example`, '--role',
				role, '--password-stdin'], { input: PASSWORD });
			people[role] = await token(`${role}@team.example`, PASSWORD);
		}
		people.operator = await token(stack.env.ADMIN_EMAIL,
			stack.env.ADMIN_PASSWORD);
	});

async function token(email, password) {
	const answer = await fetch(`${site.url}/api/v1/auth/login`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ email, password }),
	});

	assert.equal(answer.status, 200, await answer.clone().text());
	return (await answer.json()).token;
}

async function api(who, method, where, body, expect = 200) {
	const answer = await fetch(`${site.url}/api/v1${where}`, {
		method,
		headers: {
			authorization: `Bearer ${people[who]}`,
			...(body ? { 'content-type': 'application/json' } : {}),
		},
		body: body && JSON.stringify(body),
	});
	const text = await answer.text();

	assert.equal(answer.status, expect, `${method} ${where}: ${text}`);
	// Whatever happens, nobody is told a key.
	assert.ok(!text.includes(GOOD) && !text.includes(BAD), text);
	return JSON.parse(text);
}

const add = (name, more, expect) => api('operator', 'POST', '/providers',
	{ name, dialect: 'openai_chat', base_url: `${address}/v1`, ...more },
	expect);
const keys = async (id) => (await api('operator', 'GET', `/providers/${id}`))
	.provider.keys;

test('a good key is tried, kept, and marked as accepted', async () => {
	const { id, check } = await add('good', { key: GOOD });

	assert.deepEqual(check, { verdict: 'accepted', status: 200, said: '' });
	assert.deepEqual(asked.splice(0).map(({ url, headers }) =>
		[url, headers.authorization]),
	[['/v1/models', `Bearer ${GOOD}`], ['/v1/models', undefined]]);
	const [key] = await keys(id);
	assert.equal(key.hint, 'WXYZ');
	assert.ok(key.validated.iso && key.enabled);
	assert.ok(!site.stack.logs().includes(GOOD));
});

test('a refused key is not kept, unless one insists', async () => {
	const { error } = await add('refused', { key: BAD }, 400);

	assert.equal(error.param, 'key');
	assert.match(error.message, /401.*This key was withdrawn/);
	const { providers } = await api('operator', 'GET', '/providers');
	assert.ok(!providers.some(({ name }) => name === 'refused'));
	const { id, check } = await add('refused', { key: BAD, insist: true });
	assert.equal(check.verdict, 'refused');
	assert.equal((await keys(id))[0].validated, undefined);
	// One more, and the same name again.
	await api('operator', 'POST', `/providers/${id}/keys`,
		{ key: BAD, key_name: 'second' }, 400);
	await api('operator', 'POST', `/providers/${id}/keys`,
		{ key: GOOD, key_name: 'second', key_weight: 3 });
	const two = await keys(id);
	assert.deepEqual(two.map(({ name, weight }) => [name, weight]),
		[['default', 1], ['second', 3]]);
	await api('operator', 'POST', `/providers/${id}/key`,
		{ id: two[1].id, weight: 5, enabled: false });
	await api('operator', 'POST', `/providers/${id}/key`,
		{ id: two[1].id, weight: 5, enabled: false });
	await api('operator', 'POST', `/providers/${id}/key-remove`,
		{ id: two[0].id });
	assert.deepEqual((await keys(id)).map(({ weight, enabled }) =>
		[weight, enabled]), [[5, false]]);
	await api('operator', 'POST', `/providers/${id}/key-remove`,
		{ id: two[0].id }, 404);
});

test('what comes back is told without the key', async () => {
	const { error } = await add('echo',
		{ base_url: `${address}/echo`, key: BAD }, 400);

	assert.match(error.message, /401/);
	assert.doesNotMatch(error.message, /QRST|Incorrect/);
});

test('who shows its models to all, or is ill, leaves it open', async () => {
	const open = await add('public', { base_url: `${address}/public`,
		key: BAD });
	const ill = await add('broken', { base_url: `${address}/broken`,
		key: BAD });
	const moved = await add('moved', { base_url: `${address}/moved`,
		key: GOOD });

	assert.deepEqual([open, ill, moved].map(({ check }) =>
		[check.verdict, check.status]),
	[['unclear', 200], ['unclear', 500], ['unclear', 302]]);
	assert.equal(ill.check.said, 'out of order');
	assert.equal((await keys(open.id))[0].validated, undefined);
});

test('nobody there is said so, and the key is not kept', async () => {
	const { error } = await add('nobody',
		{ base_url: 'http://127.0.0.1:1/v1', key: GOOD }, 400);

	assert.equal(error.param, 'key');
	assert.match(error.message, /cannot be reached/);
});

test('each dialect is asked in its own way', async () => {
	for (const [dialect, auth, end, url, header] of [
		['anthropic', 'x-api-key', '/v1', '/v1/models?limit=1',
			['x-api-key', GOOD]],
		['cohere', 'bearer', '/v2', '/v1/models?page_size=1',
			['authorization', `Bearer ${GOOD}`]],
		['ollama', 'bearer', '', '/api/tags',
			['authorization', `Bearer ${GOOD}`]],
	]) {
		asked.length = 0;
		await add(`of-${dialect}`, { dialect, auth,
			base_url: `${address}${end}`, key: GOOD });
		assert.equal(asked[0].url, url);
		assert.equal(asked[0].headers[header[0]], header[1]);
		if (dialect === 'anthropic')
			assert.equal(asked[0].headers['anthropic-version'], '2023-06-01');
	}
});

test('only an operator changes providers, and only they see addresses',
	async () => {
		const { id } = await add('watched', {});

		for (const [method, where, body] of [
			['POST', '/providers', { name: 'x' }],
			['DELETE', `/providers/${id}`],
			['POST', `/providers/${id}/disable`],
			['POST', `/providers/${id}/keys`, { key: GOOD }],
		])
			for (const who of ['viewer', 'admin'])
				await api(who, method, where, body, 403);
		const seen = await api('viewer', 'GET', `/providers/${id}`);
		assert.equal(seen.provider.base_url, undefined);
		assert.equal(seen.provider.keys, undefined);
		await api('viewer', 'GET', '/providers/999999', undefined, 404);
	});

test('bad input is refused at its field', async () => {
	for (const [field, value] of [
		['name', ''], ['name', 'a/b'], ['name', '<script>'],
		['base_url', 'ftp://x'], ['base_url', 'http://user:pass@x.example'],
		['base_url', 'x'.repeat(1 << 20)], ['dialect', 'klingon'],
		['auth', 'content-length'], ['weight', 0], ['rpm', -1],
		['key', 'two words'], ['key', 'k'.repeat(5000)],
	]) {
		const { error } = await add('bad', { insist: true, [field]: value },
			400);

		assert.equal(error.param, field, JSON.stringify(error));
	}
	const { error } = await api('operator', 'POST', '/providers',
		{ name: 'never-heard-of' }, 400);
	assert.equal(error.param, 'dialect');
	await add('good', {}, 409);
});

test('a provider that is disabled serves nothing, and one that is removed ' +
	'is gone', async () => {
	const sandbox = (await api('operator', 'GET', '/providers')).providers
		.find(({ name }) => name === 'sandbox');
	const call = () => site.stack.chat({ model: 'sandbox-small',
		messages: [{ role: 'user', content: 'x' }] });

	assert.equal((await call()).status, 200);
	await api('operator', 'POST', `/providers/${sandbox.id}/disable`);
	assert.notEqual((await call()).status, 200);
	await api('operator', 'POST', `/providers/${sandbox.id}/enable`);
	assert.equal((await call()).status, 200);
	const { id } = await add('short-lived', {});
	await api('operator', 'DELETE', `/providers/${id}`);
	await api('operator', 'GET', `/providers/${id}`, undefined, 404);
});

test('in the browser a refused key asks whether one insists', async () => {
	const page = await site.open('/providers/new', { login: true });

	await page.locator('input[name=name]').fill('by-hand');
	await page.getByLabel('Base URL').fill(`${address}/v1`);
	await page.getByLabel('Dialect').fill('openai_chat');
	await page.getByLabel('API key').fill(BAD);
	await page.getByRole('button', { name: 'Add the provider' }).click();
	await page.locator('.field-bad input[name=key]').waitFor();
	assert.equal(await page.getByLabel('API key').inputValue(), '');
	await picture(page, 'provider-refused');
	await page.getByLabel('API key').fill(BAD);
	await page.getByLabel('Save it nevertheless').check();
	await page.getByRole('button', { name: 'Add the provider' }).click();
	await page.getByText('Not confirmed').waitFor();
	await page.locator('.confirm summary').last().click();
	await page.getByRole('button', { name: 'Remove it now' }).click();
	await page.locator('.toast').waitFor();
	assert.ok(!(await page.content()).includes('by-hand'));
});

test('the cache tells what it has, and is cleared by a pattern', async () => {
	const { key } = await site.stack.createKey('cached', '--cache', 'on');
	const ask = (text) => site.stack.chat({ model: 'sandbox-small',
		temperature: 0, messages: [{ role: 'user', content: text }] },
	{ key });

	for (const text of ['one', 'one', 'two'])
		assert.equal((await ask(text)).status, 200);
	const facts = await api('viewer', 'GET', '/cache');
	assert.equal(facts.hits.value, 1);
	assert.equal(facts.misses.value, 2);
	assert.equal(facts.entries.value, 2);
	assert.match(facts.saved.usd, /^0\.0*[1-9]/);
	await api('viewer', 'POST', '/cache/clear', { sure: true }, 403);
	await api('admin', 'POST', '/cache/clear', { pattern: 'sandbox/*' }, 400);
	assert.deepEqual(await api('admin', 'POST', '/cache/clear',
		{ pattern: 'nobody/*', sure: true }), { removed: 0 });
	assert.deepEqual(await api('admin', 'POST', '/cache/clear',
		{ pattern: 'sandbox/*', sure: true }), { removed: 2 });
	assert.equal((await api('viewer', 'GET', '/cache')).entries.value, 0);
});

for (const size of looked(Object.keys(sizes)))
	for (const [theme, language] of looked([['light', 'en'], ['dark', 'es']]))
		test(`the pages look right: ${size}, ${theme}`, async () => {
			const { id } = (await api('operator', 'GET', '/providers'))
				.providers.find(({ name }) => name === 'refused');

			for (const [where, name] of [['/providers', 'providers'],
				[`/providers/${id}`, 'provider'],
				['/providers/new', 'provider-new'], ['/cache', 'cache']]) {
				const page = await site.open(where,
					{ size, theme, login: true });

				await page.context().addCookies([{ name: 'language',
					value: language, url: site.url }]);
				await page.reload();
				assert.equal(await page.locator('html')
					.getAttribute('lang'), language);

				await picture(page, `${name}-${size}-${theme}`);
				await assertFits(page);
				await assertAccessible(page);
			}
		});
