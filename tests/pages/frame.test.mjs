// frame.test.mjs - overview, requests, errors: how they look in a browser, for
// everybody, and what they say.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { until } from '../conversations/stack.mjs';
import { assertAccessible, assertFits, looked, picture, sizes, useSite } from './browser.mjs';

const CALLS = 12;
let failed;

const site = useSite({ web: 'nginx' }, async ({ stack }) => {
	await stack.addModel('steady', 'delay_ms=30');
	await stack.addModel('broken', 'status=500');
	const answers = [];

	for (let i = 0; i < CALLS; i++)
		answers.push(await stack.chat({
			model: i % 3 ? 'steady' : 'sandbox-small',
			user: i === 4 ? 'mallory <script>alert(1)</script>' : `user-${i}`,
			messages: [{ role: 'user', content: `hello ${i}` }],
		}));
	failed = await stack.chat({
		model: 'broken', messages: [{ role: 'user', content: 'no' }],
	});
	await stack.rows([...answers, failed].map((answer) =>
		answer.headers['x-request-id']));
});

const api = async (where) => {
	const cookies = await site.login();
	const answer = await fetch(site.url + where, { headers: {
		cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; '),
	} });

	assert.equal(answer.status, 200, await answer.clone().text());
	return answer.json();
};

for (const size of looked(Object.keys(sizes)))
	for (const theme of looked(['light', 'dark']))
		test(`the pages look right: ${size}, ${theme}`, async () => {
			const look = async (where, name, options) => {
				const page = await site.open(where,
					{ size, theme, login: true, ...options });

				await picture(page, `${name}-${size}-${theme}`);
				await assertFits(page);
				await assertAccessible(page);
			};

			await look('/', 'overview');
			await look('/requests', 'requests');
			await look(`/requests/${failed.headers['x-request-id']}`,
				'request');
			await look('/nothing-here', 'not-found', { expect: 404 });
		});

test('the overview tells what the calls were', async () => {
	const facts = await api('/api/v1/overview?range=24h');

	assert.equal(facts.requests.value, CALLS + 1);
	assert.equal(facts.errors.value, 1);
	assert.ok(facts.tokens.value > 0);
	assert.match(facts.cost.usd, /^0\.0*[1-9]/);
	assert.equal(facts.recent.length, 8);
	assert.deepEqual(new Set(facts.models.map(({ model }) => model)),
		new Set(['sandbox/steady', 'sandbox/sandbox-small',
			'sandbox/broken']));
	const page = await site.open('/', { login: true });

	assert.match(await page.locator('.tiles').innerText(),
		new RegExp(`Requests\\s+${CALLS + 1}\\b`));
});

test('all of it works without JavaScript, in Spanish, too', async () => {
	const page = await site.open('/', {
		login: true, javaScript: false, locale: 'es-ES', size: 'narrow',
	});

	await page.locator('a[href="#menu"]').click();
	await page.locator('.sidebar a[href="/requests"]').click();
	await page.locator('.row-link').first().click();
	await page.locator('h1').waitFor();
	assert.match(page.url(), /\/requests\/req_/);
	// Language and theme are chosen by forms.
	await page.locator('.topbar summary.icon-button').click();
	await page.locator('button[name=language][value=es]').click();
	assert.equal(await page.locator('html').getAttribute('lang'), 'es');
	assert.match(await page.locator('h1').innerText(), /Petición/);
	await page.locator('.topbar summary.icon-button').click();
	await page.locator('button[name=theme][value=dark]').click();
	assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
	await picture(page, 'request-spanish-dark');
});

test('requests are filtered, and paged without gaps', async () => {
	const failures = await api('/api/v1/requests?outcome=failed');

	assert.deepEqual(failures.requests.map(({ request_id }) => request_id),
		[failed.headers['x-request-id']]);
	const steady = await api('/api/v1/requests?model=steady');
	assert.equal(steady.requests.length, CALLS - CALLS / 3);
	const found = await api('/api/v1/requests?text=MALLORY');
	assert.equal(found.requests.length, 1);
	assert.equal((await api('/api/v1/requests?text=%25')).requests.length, 0);
	const everything = await api('/requests.json');
	const ids = everything.requests.map(({ request_id }) => request_id);
	const times = everything.requests.map(({ time }) => time.iso);
	assert.equal(new Set(ids).size, CALLS + 1);
	assert.deepEqual(times, [...times].sort().reverse());
	const rest = await api(`/api/v1/requests?before=${
		Date.parse(times[4])}-${ids[4]}`);
	assert.deepEqual(rest.requests.map(({ request_id }) => request_id),
		ids.slice(5));
});

test('a form of filters keeps what was chosen', async () => {
	const page = await site.open('/requests', { login: true });

	await page.locator('select[name=outcome]').selectOption('failed');
	await page.waitForURL(/outcome=failed/);
	assert.equal(await page.locator('tbody tr').count(), 1);
	assert.equal(await page.locator('select[name=outcome]').inputValue(),
		'failed');
	await page.getByRole('link', { name: 'Clear' }).click();
	await until(async () => await page.locator('tbody tr').count() ===
		CALLS + 1, 'all of the requests');
});

test('what a client sends is text, never a page', async () => {
	const { requests } = await api('/api/v1/requests?text=mallory');
	const page = await site.open(`/requests/${requests[0].request_id}`,
		{ login: true });

	assert.match(await page.locator('body').innerText(),
		/mallory <script>alert\(1\)<\/script>/);
});

test('bad dates and strange cursors are refused, in words', async () => {
	for (const query of ['range=2h', 'from=2026-13-01', 'before=x', 'key=-1',
		'from=2026-05-02&to=2026-05-01', 'outcome=maybe']) {
		const [cookie] = await site.login();
		const answer = await fetch(`${site.url}/api/v1/requests?${query}`,
			{ headers: { cookie: `${cookie.name}=${cookie.value}` } });

		assert.equal(answer.status, 400, query);
		const { error } = await answer.json();
		assert.ok(error.message.length > 10 && error.param, query);
	}
});

test('who is not logged in is asked to, and gets no JSON', async () => {
	const page = await fetch(`${site.url}/requests?model=a`, {
		headers: { accept: 'text/html' }, redirect: 'manual',
	});

	assert.equal(page.status, 303);
	assert.equal(page.headers.get('location'),
		'/login?next=/requests%3Fmodel%3Da');
	const json = await fetch(`${site.url}/api/v1/requests`);
	assert.equal(json.status, 401);
	assert.equal((await json.json()).error.code, 'not_logged_in');
});

test('pages are private, files are kept for long', async () => {
	const cookies = await site.login();
	const page = await fetch(`${site.url}/`, { headers: {
		cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; '),
	} });
	const policy = page.headers.get('content-security-policy');

	assert.match(policy, /default-src 'self'/);
	assert.doesNotMatch(policy, /unsafe/);
	assert.match(policy, /frame-ancestors 'none'/);
	assert.equal(page.headers.get('cache-control'), 'no-store');
	assert.equal(page.headers.get('x-content-type-options'), 'nosniff');
	assert.match(page.headers.get('x-request-id'), /^req_/);
	const [, style] = (await page.text()).match(/href="(\/_\/css[^"]+)"/);
	const file = await fetch(site.url + style);
	assert.equal(file.status, 200);
	assert.match(file.headers.get('content-type'), /^text\/css/);
	assert.match(file.headers.get('cache-control'), /max-age=3\d{7}/);
	const outside = await fetch(
		`${site.url}/_/..%2f..%2ftemplates/layout.mustache`);
	assert.ok([400, 404].includes(outside.status));
});

test('a path that is not there is a page for people, JSON for programs',
	async () => {
		const json = await fetch(`${site.url}/nothing`);

		assert.equal(json.status, 404);
		assert.match(json.headers.get('content-type'), /json/);
		const method = await fetch(`${site.url}/requests`, { method: 'PUT' });
		assert.equal(method.status, 405);
	});
