// story.test.mjs - the dashboard as a whole: every page in every form, and
// one person's way from signing up to seeing what a call cost.
//
// Pages are taken from the gateway's own table (story_data.mjs).

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertAccessible, assertFits, picture, sizes, useSite }
	from './browser.mjs';
import { until } from '../conversations/stack.mjs';
import { fill, getter, pagesOf, PASSWORD } from './story_data.mjs';

const MOST_PAINT_MS = 500;
let pages;

const site = useSite({ set: { 'site.signup': 'open' } }, async ({ stack }) => {
	await fill(stack);
	pages = (await pagesOf(stack.url,
		getter(stack.url, await site.login()))).pages;
	assert.ok(pages.length >= 15, `${pages.length} pages`);
});

const nameOf = (path) => path === '/' ? 'root'
	: path.slice(1).replaceAll('/', '-').replace('{id}', 'one');

// All of them with STORY=full; else each size, theme and language is seen.
const views = process.env.STORY === 'full'
	? ['en', 'es'].flatMap((language) => Object.keys(sizes)
		.flatMap((size) => ['light', 'dark']
			.map((theme) => ({ language, size, theme }))))
	: [{ language: 'en', size: 'wide', theme: 'light' },
		{ language: 'en', size: 'narrow', theme: 'dark' },
		{ language: 'es', size: 'phone', theme: 'dark' }];

for (const language of ['en', 'es'])
	test(`every page in its sizes and themes: ${language}`, async (t) => {
		const page = await site.open('/account', { login: true });
		const wrong = [], paints = [];

		// Chosen in a menu, it goes before what user and browser prefer.
		await page.context().addCookies([{ name: 'language',
			value: language, url: site.url }]);
		for (const { path, link } of pages) {
			const answer = await page.goto(site.url + link);

			assert.equal(answer.status(), 200, link);
			paints.push([path, await firstPaint(page, site.url + link)]);
			assert.equal(await page.getAttribute('html', 'lang'),
				language, link);
			assert.ok((await page.innerText('h1')).trim(), link);
			for (const view of views)
				if (view.language === language)
					await look(page, path, view, wrong);
		}
		assert.deepEqual(wrong, []);
		judgePaints(t, paints);
	});

test('a key, a call by an SDK, and what it cost', async () => {
	const page = await site.open('/keys/new', { login: true });

	await page.fill('input[name=name]', 'First app');
	await page.click('main form button.button-main');
	const key = (await page.innerText('#key')).trim();

	assert.match(key, /^gw_/);
	const answer = await site.stack.sdk({ apiKey: key })
		.chat.completions.create({ model: 'steady', user: 'first-user',
			messages: [{ role: 'user', content: 'Hello' }] });

	assert.ok(answer.choices[0].message.content.length > 0);
	await until(async () => {
		await page.goto(`${site.url}/requests?text=first-user`);
		return await page.locator('.row-link').count() === 1;
	}, 'the call among the requests');
	await page.locator('.row-link').click();
	await page.waitForURL(/\/requests\/req_/);
	assert.match(await page.innerText('main'), /First app/);
	await page.goto(`${site.url}/`);
	assert.match(await page.innerText('main'), /First app/);
	// What is shown once is not shown again.
	await page.goto(`${site.url}/keys`);
	assert.ok(!(await page.content()).includes(key));
});

test('a viewer is led to nothing that he may not do', async () => {
	const page = await site.open('/login');

	await page.fill('input[name=email]', 'the-viewer@example.com');
	await page.fill('input[name=password]', PASSWORD);
	await page.click('main button');
	await page.waitForURL(`${site.url}/`);
	await page.goto(`${site.url}/keys`);
	assert.equal(await page.locator('a[href="/keys/new"]').count(), 0);
	for (const link of await page.locator('.nav a').evaluateAll((all) =>
		all.map((one) => one.getAttribute('href'))))
		assert.equal((await page.goto(site.url + link)).status(), 200, link);
	assert.equal((await page.goto(`${site.url}/keys/new`)).status(), 403);
});

test('pages are reached by keys', async () => {
	const page = await site.open('/', { login: true });

	await page.keyboard.press('?');
	await page.locator('#shortcuts[open]').waitFor();
	assert.match(await page.innerText('#shortcuts'), /Requests\s+g\s*r/);
	await picture(page, 'shortcuts');
	await assertAccessible(page);
	await page.keyboard.press('Escape');
	await page.keyboard.press('g');
	await page.keyboard.press('r');
	await page.waitForURL(/\/requests$/);
	await page.keyboard.press('/');
	assert.equal(await page.evaluate(() => document.activeElement.type),
		'search');
	// Letters that one types are text.
	await page.keyboard.type('gk?');
	assert.equal(await page.inputValue('input[type=search]'), 'gk?');
	assert.match(page.url(), /\/requests$/);
});

// Milliseconds from the click to the first text or picture; the better of two
// where something else was at work.
async function firstPaint(page, url) {
	const ms = await measurePaint(page);

	if (ms <= MOST_PAINT_MS)
		return ms;
	await page.goto(url);
	return Math.min(ms, await measurePaint(page));
}

function measurePaint(page) {
	return page.evaluate(() => new Promise((resolve) => {
		new PerformanceObserver((list) => {
			const [paint] = list.getEntriesByName('first-contentful-paint');

			if (paint)
				resolve(Math.round(paint.startTime));
		}).observe({ type: 'paint', buffered: true });
	}));
}

// A promise of `make looks`; beside other tests a machine says little of it.
function judgePaints(t, paints) {
	paints.sort(([, one], [, other]) => other - one);
	t.diagnostic(`first contentful paint, ms: ${paints.map(([path, ms]) =>
		`${path} ${ms}`).join(', ')}`);
	if (process.env.STORY === 'full')
		assert.deepEqual(paints.filter(([, ms]) => ms > MOST_PAINT_MS), []);
}

async function look(page, path, { size, theme, language }, wrong) {
	await page.setViewportSize(sizes[size]);
	await page.emulateMedia({ colorScheme: theme });
	await picture(page, `${nameOf(path)}-${size}-${theme}-${language}`);
	try {
		await assertFits(page);
		// What is inside the reference is a package's, not ours.
		if (path !== '/docs')
			await assertAccessible(page);
	} catch (error) {
		wrong.push(`${path}, ${size}, ${theme}: ${error.message}`);
	}
}
