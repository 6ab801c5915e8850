// docs.test.mjs - the API reference: a list and a page of each operation, which
// need no JavaScript, and a browser to try calls, loaded when one asks.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run } from '../conversations/stack.mjs';
import { assertAccessible, assertFits, looked, picture, sizes, useSite } from './browser.mjs';

const MOST_BYTES = 150 * 1024;
const site = useSite({ web: 'nginx' },
	({ stack }) => stack.addModel('plain', 'tokens=3'));

async function openBrowser(options) {
	const page = await site.open('/docs', options);

	await page.click('#docs-try');
	await page.waitForSelector('#docs-browser .opblock-tag');
	return page;
}

// What came over the wire since the page was opened, of our own.
const loaded = (page) => page.evaluate(() => [
	...performance.getEntriesByType('navigation'),
	...performance.getEntriesByType('resource'),
].map(({ name, transferSize }) => ({ name, bytes: transferSize })));

for (const size of looked(Object.keys(sizes)))
	for (const theme of looked(['light', 'dark']))
		test(`the reference looks right: ${size}, ${theme}`, async () => {
			const page = await openBrowser({ size, theme });

			assert.equal(await page.locator('#docs-list').isVisible(), false);
			await page.click('#operations-tag-Chat');
			await page.locator('#operations-Chat-createChatCompletion').waitFor();
			await assertFits(page);
			// What is out of sight is not painted.
			await page.setViewportSize({ ...sizes[size], height: 2000 });
			await picture(page, `docs-${size}-${theme}`);
		});

test('a first visit is light, and the browser comes when asked for', async () => {
	const page = await site.open('/docs');
	const first = await loaded(page);
	const sum = first.reduce((all, { bytes }) => all + bytes, 0);

	assert.ok(sum > 20000 && sum < MOST_BYTES, `${sum} bytes`);
	assert.ok(!first.some(({ name }) => name.includes('swagger')));
	await page.click('#docs-try');
	await page.waitForSelector('#docs-browser .opblock-tag');
	assert.ok((await loaded(page)).some(({ name }) =>
		name.includes('swagger-ui-bundle.js?v=')));
	await page.click('#docs-back');
	await page.locator('#docs-list').waitFor();
	assert.equal(await page.locator('#docs-browser').isVisible(), false);
});

test('a browser that does not come is asked for again', async () => {
	const page = await site.open('/docs', { complains: true });

	await page.route('**/swagger-ui-bundle.js*', (route) => route.abort());
	await page.click('#docs-try');
	await page.locator('#docs-problem').waitFor();
	assert.ok(await page.locator('#docs-list').isVisible());
	await page.unroute('**/swagger-ui-bundle.js*');
	await page.click('#docs-try');
	await page.waitForSelector('#docs-browser .opblock-tag');
	assert.equal(await page.locator('#docs-problem').isVisible(), false);
});

test('an operation has a page, and is tried from there', async () => {
	for (const [id, open] of [
		['createEmbedding', 'Other_services-createEmbedding'],
		['postKeysIdRevoke', 'Management\\:_connect-postKeysIdRevoke']]) {
		const page = await site.open('/docs');

		await page.click(`#docs-list a[href="/docs/${id}"]`);
		await page.waitForURL(`**/docs/${id}`);
		await page.locator('a.needs-script').click();
		await page.waitForSelector('#docs-browser .opblock.is-open');
		assert.deepEqual(await page.locator('.opblock.is-open').evaluateAll(
			(all) => all.map((one) => one.id)), [`operations-${open}`]);
	}
});

test('a call is tried from the page, with a key', async () => {
	const page = await openBrowser();

	await page.click('.authorize');
	await page.fill('#auth-bearer-value', site.stack.key);
	await page.click('.auth-btn-wrapper .authorize >> nth=0');
	await page.click('.btn-done');
	await page.click('#operations-tag-Models');
	await page.click('#operations-Models-listModels .opblock-summary-control');
	await page.click('#operations-Models-listModels .try-out__btn');
	await page.click('#operations-Models-listModels .execute');
	const answer = page.locator(
		'#operations-Models-listModels .live-responses-table .response');

	await answer.waitFor();
	assert.match(await answer.textContent(), /200/);
	assert.match(await answer.textContent(), /"plain"/);
	await picture(page, 'docs-tried');
});

test('each operation tells a call of it that a shell takes', async () => {
	const read = async (where) => (await fetch(site.url + where,
		{ headers: { accept: 'application/json' } })).json();
	const { groups } = await read('/docs');
	const operations = groups.flatMap((group) => group.operations);
	const token = (await (await fetch(`${site.url}/api/v1/auth/login`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ email: site.stack.env.ADMIN_EMAIL,
			password: site.stack.env.ADMIN_PASSWORD }),
	})).json()).token;
	const env = { GATEWAY_KEY: site.stack.key, TOKEN: token };

	assert.ok(operations.length > 150, `${operations.length}`);
	for (const { id, method, path } of operations) {
		const { curl, ...told } = await read(`/docs/${id}`);

		assert.deepEqual([told.method, told.path], [method, path]);
		assert.ok(curl.includes(site.url), curl);
		const { status, err } = await run('sh', ['-n', '-c', curl]);
		assert.equal(status, 0, `${curl}\n${err}`);
	}
	for (const [id, wanted] of [['createChatCompletion', /"choices"/],
		['createMessage', /"content"/], ['listModels', /"plain"/],
		['getKeys', /"keys"/], ['health', /"status"/]]) {
		const { curl } = await read(`/docs/${id}`);
		const { out } = await run('sh', ['-c', curl], { env });

		assert.match(out, wanted, curl);
	}
	assert.equal((await fetch(`${site.url}/docs/nothing`)).status, 404);
	assert.equal((await fetch(`${site.url}/docs/%3Cscript%3E`)).status, 404);
});

test('the policy is as strict as everywhere', async () => {
	const answer = await fetch(`${site.url}/docs`);
	const policy = answer.headers.get('content-security-policy');

	assert.match(policy, /default-src 'self'/);
	assert.doesNotMatch(policy, /unsafe/);
});

for (const size of looked(Object.keys(sizes)))
	test(`without JavaScript it is a list: ${size}`, async () => {
		const page = await site.open('/docs', { size, javaScript: false });
		const text = await page.locator('#docs-list').innerText();

		assert.equal(await page.locator('#docs-browser').isVisible(), false);
		assert.equal(await page.locator('#docs-try').isVisible(), false);
		for (const what of ['/v1/chat/completions', '/api/llm/batch',
			'/api/v1/keys', 'Embeddings'])
			assert.ok(text.includes(what), what);
		await picture(page, `docs-list-${size}`);
		await assertFits(page);
		await page.click('#docs-list a[href="/docs/createChatCompletion"]');
		await page.waitForURL('**/docs/createChatCompletion');
		assert.equal(await page.locator('.needs-script').isVisible(), false);
		assert.match(await page.locator('pre').innerText(),
			/^curl -X POST '.*\/v1\/chat\/completions' \\\n {2}-H/);
		await picture(page, `docs-operation-${size}`);
		await assertFits(page);
	});

test('it speaks Spanish, and what is ours of it is accessible', async () => {
	for (const theme of ['light', 'dark']) {
		const page = await site.open('/docs',
			{ locale: 'es-ES', theme, size: 'narrow' });

		assert.match(await page.locator('main h1').innerText(), /Referencia/);
		await assertFits(page);
		await assertAccessible(page);
		await page.goto(`${site.url}/docs/createChatCompletion`);
		assert.match(await page.locator('main').innerText(), /obligatorio/);
		await picture(page, `docs-operation-es-${theme}`);
		await assertFits(page);
		await assertAccessible(page);
	}
});
