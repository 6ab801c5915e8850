// auth.test.mjs - the pages of people in a real browser: sign in, sign up,
// account, members; with and without JavaScript, in both languages.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertAccessible, looked, picture, useSite } from './browser.mjs';

const PASSWORD = 'correct horse battery';

const site = useSite({ set: { 'site.signup': 'open' } }, async ({ stack }) => {
	for (const [email, role] of [['ana@example.com', 'owner'],
		['ben@example.com', 'viewer']])
		await stack.cli(['user', 'add', email, '--role', role,
			'--password-stdin'], { input: PASSWORD });
});

async function logIn(page, email, password = PASSWORD) {
	await page.fill('input[name=email]', email);
	await page.fill('input[name=password]', password);
	await page.click('main button');
	await page.waitForLoadState();
}

const texts = (page, selector) => page.locator(selector).allInnerTexts();

for (const javaScript of [true, false]) {
	test(`log in, out and in again, ${javaScript ? 'with' : 'without'} JavaScript`, async () => {
		const page = await site.open('/account', { javaScript });

		assert.match(page.url(), /\/login\?next=(%2F|\/)account$/);
		await logIn(page, 'ana@example.com', 'wrong password');
		assert.match(await page.innerText('[role=alert]'), /wrong/);
		assert.equal(await page.inputValue('input[name=email]'),
			'ana@example.com');
		assert.equal(await page.inputValue('input[name=password]'), '');
		await logIn(page, 'ana@example.com');
		assert.match(page.url(), /\/account$/);
		await page.click('summary.avatar');
		await page.click('form[action="/logout"] button');
		await page.waitForURL(/\/login$/);
		assert.match(await page.innerText('[role=status]'), /logged out/);
		await page.goto(`${site.url}/account`);
		assert.match(page.url(), /\/login/);
	});
}

test('sign up leads into a new organisation', async () => {
	const page = await site.open('/login');

	await page.click('a[href="/signup"]');
	await page.fill('input[name=organisation]', 'Laboratory <b>1</b>');
	await page.fill('input[name=name]', 'Zoë');
	await page.fill('input[name=email]', 'zoe@example.com');
	await page.fill('input[name=password]', PASSWORD);
	await picture(page, 'signup');
	await assertAccessible(page);
	await page.click('main button');
	await page.waitForURL(`${site.url}/`);
	await page.goto(`${site.url}/members`);
	assert.ok((await page.innerText('main')).includes('Laboratory <b>1</b>'));
	assert.deepEqual(await texts(page, 'main tbody td:first-child'),
		['zoe@example.com You']);
});

test('the profile changes language and theme', async () => {
	const page = await site.open('/login');

	await logIn(page, 'ben@example.com');
	await page.goto(`${site.url}/account`);
	await page.fill('input[name=name]', 'Ben');
	await page.selectOption('select[name=locale]', 'es');
	await page.selectOption('select[name=theme]', 'dark');
	await page.fill('input[name=time_zone]', 'Europe/Madrid');
	await page.click('form[action="/account"] button');
	await page.waitForLoadState();
	assert.equal(await page.innerText('h1'), 'Tu cuenta');
	assert.equal(await page.getAttribute('html', 'data-theme'), 'dark');
	assert.equal(await page.inputValue('input[name=name]'), 'Ben');
	assert.equal(await page.inputValue('select[name=locale]'), 'es');
	await picture(page, 'account-es-dark');
	await assertAccessible(page);
	await page.fill('input[name=time_zone]', 'Nowhere/Else');
	await page.click('form[action="/account"] button');
	await page.waitForLoadState();
	assert.equal(await page.locator('[role=alert]').count(), 1);
});

test('a new password, and the old one no more', async () => {
	const page = await site.open('/login');

	await logIn(page, 'ben@example.com');
	await page.goto(`${site.url}/account/password`);
	await page.fill('input[name=current]', 'not this one');
	await page.fill('input[name=password]', 'another horse');
	await page.click('form[action="/account/password"] button');
	await page.waitForLoadState();
	assert.equal(await page.locator('[role=alert]').count(), 1);
	await page.fill('input[name=current]', PASSWORD);
	await page.fill('input[name=password]', 'another horse');
	await page.click('form[action="/account/password"] button');
	await page.waitForURL(/\/account$/);
	await page.context().clearCookies();
	await page.goto(`${site.url}/login`);
	await logIn(page, 'ben@example.com');
	assert.equal(await page.locator('[role=alert]').count(), 1);
	await logIn(page, 'ben@example.com', 'another horse');
	assert.doesNotMatch(page.url(), /login/);
});

test('members are invited, changed and removed', async () => {
	const page = await site.open('/login');

	await logIn(page, 'ana@example.com');
	await page.goto(`${site.url}/members`);
	await page.fill('form[action="/members"] input[name=email]',
		'eve@example.com');
	await page.selectOption('form[action="/members"] select[name=role]',
		'admin');
	await page.click('form[action="/members"] button');
	await page.waitForLoadState();
	const link = (await page.innerText('main code')).trim();

	assert.match(link, /\/invitation\?token=[0-9A-Za-z]{43}$/);
	await picture(page, 'invited');
	const guest = await site.open(link.slice(site.url.length));

	await picture(guest, 'invitation');
	await assertAccessible(guest);
	await guest.click('a[href^="/signup"]');
	await guest.fill('input[name=password]', PASSWORD);
	await guest.click('main button');
	await guest.waitForURL(`${site.url}/`);
	await page.goto(`${site.url}/members`);
	await assertAccessible(page);
	await picture(page, 'members');
	const row = page.locator('tr', { hasText: 'eve@example.com' });

	assert.equal(await row.locator('select').inputValue(), 'admin');
	await row.locator('select').selectOption('viewer');
	await row.locator('button').first().click();
	await page.waitForLoadState();
	assert.equal(await row.locator('select').inputValue(), 'viewer');
	await guest.goto(`${site.url}/members`);
	assert.equal(await guest.locator('form[action="/members"]').count(), 0);
	// What cannot be undone is asked about first.
	const remove = row.locator('button[formaction$="/remove"]');

	assert.equal(await remove.isVisible(), false);
	await row.locator('details summary').click();
	assert.match(await row.locator('details').innerText(), /access at once/);
	await picture(page, 'members-remove');
	await assertAccessible(page);
	await remove.click();
	await page.waitForLoadState();
	assert.equal(await row.count(), 0);
	assert.equal(await page.locator('tr', { hasText: 'ana@example.com' })
		.locator('form[action$="/remove"] button').count(), 1);
});

for (const javaScript of [true, false])
	test(`one gives up a role, or leaves, after a question, ${javaScript ? 'with' : 'without'} JavaScript`, async () => {
		const email = `gives-up-${javaScript}@example.com`;

		await site.stack.cli(['user', 'add', email, '--role', 'admin',
			'--password-stdin'], { input: PASSWORD });
		const page = await site.open('/login', { javaScript });

		await logIn(page, email);
		await page.goto(`${site.url}/members`);
		// An invitation is taken back after a question, too.
		await page.fill('form[action="/members"] input[name=email]',
			'late@example.com');
		await page.click('form[action="/members"] button');
		const link = (await page.innerText('main code')).trim();

		await page.goto(`${site.url}/members`);
		const open = page.locator('tr', { hasText: 'late@example.com' });

		assert.equal(await open.locator('form button').isVisible(), false);
		await open.locator('summary').click();
		await open.locator('form button').click();
		await page.waitForURL(/\/members$/);
		assert.equal(await open.count(), 0);
		assert.equal((await fetch(link)).status, 404);
		const self = page.locator('tr', { hasText: email });
		const lower = self.locator('form').first();

		assert.equal(await lower.isVisible(), false);
		await self.locator('summary').first().click();
		assert.deepEqual(await texts(self, 'option'), ['Viewer', 'Member']);
		await picture(page, `members-lower-${javaScript}`);
		await lower.locator('select').selectOption('viewer');
		await lower.locator('button').click();
		await page.waitForURL(/\/members$/);
		assert.equal(await page.locator('form[action="/members"]').count(), 0);
		assert.match(await self.innerText(), /Viewer/);
		await self.locator('summary').click();
		await self.locator('form[action$="/remove"] button').click();
		await page.waitForLoadState();
		assert.equal((await page.goto(`${site.url}/members`)).status(), 403);
	});

test('who is in a project alone is led to nothing of the whole', async () => {
	await site.stack.cli(['project', 'add', 'alone']);
	await site.stack.cli(['user', 'add', 'carl@example.com',
		'--password-stdin'], { input: PASSWORD });
	await site.stack.cli(['member', 'remove', 'carl@example.com']);
	await site.stack.cli(['member', 'set', 'carl@example.com', '--role',
		'admin', '--project', 'alone']);
	const page = await site.open('/login');

	await logIn(page, 'carl@example.com');
	const links = await page.locator('.nav a').evaluateAll((all) =>
		all.map((one) => one.getAttribute('href')));

	assert.ok(links.includes('/members') && links.includes('/budgets'));
	for (const link of links)
		assert.equal((await page.goto(site.url + link)).status(), 200, link);
	for (const link of ['/alerts', '/audit', '/audit/export/csv', '/settings']) {
		assert.ok(!links.includes(link));
		const answer = await page.request.get(site.url + link);

		assert.equal(answer.status(), 403, link);
	}
});

for (const [name, where, login] of [['login', '/login', false],
	['password-forgotten', '/password/forgotten', false],
	['account', '/account', true], ['members', '/members', true],
	['account-password', '/account/password', true]]) {
	test(`${name} reads well at every width, by day and by night`, async () => {
		for (const size of looked(['wide', 'phone', 'narrow'])) {
			for (const theme of looked(['light', 'dark'])) {
				const page = await site.open(where, { size, theme, login });
				const wider = await page.evaluate(() =>
					document.documentElement.scrollWidth >
					document.documentElement.clientWidth);

				await picture(page, `${name}-${size}-${theme}`);
				assert.ok(!wider, `${name} is wider than ${size}`);
				if (size !== 'phone')
					await assertAccessible(page);
			}
		}
	});
}
