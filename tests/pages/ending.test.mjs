// ending.test.mjs - a login that nobody uses ends: one is warned in each tab,
// may stay, and is told at the door what happened.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { until } from '../conversations/stack.mjs';
import { assertAccessible, assertFits, picture, useSite } from './browser.mjs';

const site = useSite({ set: { 'site.idle_ms': 15000 } });

const warning = (page) => page.locator('#ending[open]');
const shown = (page) => warning(page).waitFor({ timeout: 30000 });
const gone = (page) => warning(page).waitFor(
	{ state: 'detached', timeout: 30000 });

async function status(cookies, headers = {}) {
	const answer = await fetch(`${site.url}/api/v1/auth/session`, { headers: {
		cookie: cookies.map(({ name, value }) => `${name}=${value}`)
			.join('; '),
		...headers,
	} });

	return answer.status;
}

test('all tabs warn, and who stays in one stays in all', async () => {
	const page = await site.open('/account', { login: true });
	const other = await page.context().newPage();

	await other.goto(`${site.url}/keys`);
	await Promise.all([shown(page), shown(other)]);
	assert.match(await page.innerText('#ending'), /still there/);
	assert.match(await page.innerText('#ending [data-rest]'), /^0:0\d$/);
	await assertAccessible(page);
	await picture(page, 'ending');
	// The answer that keeps one in is the one at hand.
	assert.equal(await page.evaluate(() =>
		document.activeElement.dataset.stay), '');
	await page.keyboard.press('Enter');
	await Promise.all([gone(page), gone(other)]);
	assert.match(other.url(), /\/keys$/);
	// Once more: nobody is there.
	await Promise.all([shown(page), shown(other)]);
	await Promise.all([page, other].map((one) =>
		one.waitForURL(/\/login\?ended=1&next=/, { timeout: 30000 })));
	assert.match(other.url(), /next=%2Fkeys$/);
	assert.match(await page.innerText('main [role=status]'),
		/login has ended/);
	assert.equal((await page.goto(`${site.url}/account`)).status(), 200);
	assert.match(page.url(), /\/login/);
});

test('the warning on a small dark screen, in Spanish', async () => {
	const page = await site.open('/account', { login: true, size: 'narrow',
		theme: 'dark' });

	await page.context().addCookies([{ name: 'language', value: 'es',
		url: site.url }]);
	await page.reload();
	await shown(page);
	assert.match(await page.innerText('#ending'), /Sigues ahí/);
	await picture(page, 'ending-narrow-dark-es');
	await assertFits(page);
	await assertAccessible(page);
	// Escape is somebody, too.
	await page.keyboard.press('Escape');
	await gone(page);
	await shown(page);
	await page.click('#ending form button:not([type])');
	await page.waitForURL(/\/login$/);
});

test('logging out in one tab takes the others along', async () => {
	const page = await site.open('/account', { login: true });
	const other = await page.context().newPage();

	await other.goto(`${site.url}/account`);
	await page.click('summary.avatar');
	await page.click('.topbar form[action="/logout"] button');
	await other.waitForURL(/\/login/);
});

test('what a page asks by itself keeps nobody in', async () => {
	const [idle, busy] = [await site.login(), await site.login()];

	await until(async () => {
		assert.equal(await status(busy), 200);
		return await status(idle,
			{ 'x-gateway-background': '1' }) === 401;
	}, 'the end of the idle login', { ms: 30000, every: 200 });
	assert.equal(await status(busy), 200);
});

test('without JavaScript the server ends it', async () => {
	const page = await site.open('/account',
		{ login: true, javaScript: false });
	const cookies = await page.context().cookies();

	assert.equal(await page.locator('#ending').isVisible(), false);
	await until(async () => await status(cookies,
		{ 'x-gateway-background': '1' }) === 401, 'the end of the login',
	{ ms: 30000, every: 200 });
	await page.click('.nav a[href="/keys"]');
	assert.match(page.url(), /\/login\?ended=1&next=(%2F|\/)keys$/);
	assert.match(await page.innerText('main [role=status]'),
		/login has ended/);
});
