// docs.test.mjs - the API reference: browsed, tried, read without JavaScript.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertAccessible, assertFits, looked, picture, sizes, useSite } from './browser.mjs';

const site = useSite({ web: 'nginx' },
	({ stack }) => stack.addModel('plain', 'tokens=3'));

async function open(options) {
	const page = await site.open('/docs', options);

	await page.waitForSelector('#docs-browser .opblock-tag');
	return page;
}

for (const size of looked(Object.keys(sizes)))
	for (const theme of looked(['light', 'dark']))
		test(`the reference looks right: ${size}, ${theme}`, async () => {
			const page = await open({ size, theme });

			assert.equal(await page.locator('#docs-list').isVisible(), false);
			await page.click('#operations-tag-Chat');
			await page.locator('#operations-Chat-createChatCompletion').waitFor();
			await assertFits(page);
			// What is out of sight is not painted.
			await page.setViewportSize({ ...sizes[size], height: 2000 });
			await picture(page, `docs-${size}-${theme}`);
		});

test('a call is tried from the page, with a key', async () => {
	const page = await open();

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
		for (const what of ['/v1/chat/completions', '/api/llm/batch',
			'/api/v1/keys', 'Embeddings'])
			assert.ok(text.includes(what), what);
		await picture(page, `docs-list-${size}`);
		await assertFits(page);
	});

test('it speaks Spanish, and what is ours of it is accessible', async () => {
	const page = await open({ locale: 'es-ES' });

	assert.match(await page.locator('main > h1').innerText(), /Referencia/);
	await page.evaluate(() => {
		document.getElementById('docs-browser').remove();
		document.getElementById('docs-list').hidden = false;
	});
	await assertAccessible(page);
});
