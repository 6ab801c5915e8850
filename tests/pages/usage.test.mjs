// usage.test.mjs - the overview's parts, usage, filters and files: that they
// tell what the calls were, to who may see it, whatever was called how.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { until } from '../conversations/stack.mjs';
import {
	assertAccessible, assertFits, picture, useSite,
} from './browser.mjs';

const FORMULA = '=HYPERLINK("http://evil.example","x")';
const EVIL = 'eve <script>alert(1)</script>';
const PASSWORD = 'correct horse';
const users = ['ann', 'bob', EVIL, FORMULA];
const calls = 24;
const tokens = {};
let answers;

const site = useSite({ web: 'nginx', set: { 'site.signup': 'open' } },
	async ({ stack }) => {
		await stack.addModel('steady', 'delay_ms=20');
		await stack.addModel('broken', 'status=500');
		tokens.operator = await token(stack.env.ADMIN_EMAIL,
			stack.env.ADMIN_PASSWORD);
		const [{ name: project }] = (await json('/api/v1/projects',
			{ who: 'operator' })).projects;
		await stack.cli(['budget', 'set', '--project', project,
			'--monthly', '5']);
		answers = [];
		for (let i = 0; i < calls; i++)
			answers.push(await stack.chat({
				model: ['steady', 'sandbox-small', 'broken'][i % 3],
				user: users[i % 4],
				messages: [{ role: 'user', content: `hello ${i}` }],
			}));
		await stack.rows(ids());
		await stack.cli(['user', 'add', 'viewer@team.example', '--role',
			'viewer', '--password-stdin'], { input: PASSWORD });
		tokens.viewer = await token('viewer@team.example', PASSWORD);
		const made = await post('/api/v1/auth/signup', {
			email: 'stranger@example.com', password: PASSWORD,
			name: 'Stranger', organisation: 'Strangers',
		});
		assert.ok(made.ok, await made.text());
		tokens.stranger = await token('stranger@example.com', PASSWORD);
	});

const ids = () => answers.map((answer) => answer.headers['x-request-id']);

const post = (where, body) => fetch(site.url + where, {
	method: 'POST',
	headers: { 'content-type': 'application/json' },
	body: JSON.stringify(body),
});

async function token(email, password) {
	const answer = await post('/api/v1/auth/login', { email, password });

	assert.equal(answer.status, 200, await answer.clone().text());
	return (await answer.json()).token;
}

async function get(where, { who = 'viewer', expect = 200 } = {}) {
	const answer = await fetch(site.url + where,
		{ headers: { authorization: `Bearer ${tokens[who]}` } });

	assert.equal(answer.status, expect,
		`${where}: ${await answer.clone().text()}`);
	return answer;
}

const json = async (where, options) => (await get(where, options)).json();

// A reader of RFC 4180 that knows nothing of the writer.
function parseCsv(text) {
	const rows = [];
	let row = [], cell = '', quoted = false;

	for (let i = 0; i < text.length; i++) {
		const c = text[i];
		if (quoted && c === '"' && text[i + 1] === '"') {
			cell += c;
			i++;
		} else if (c === '"') {
			quoted = !quoted;
		} else if (!quoted && c === ',') {
			row.push(cell);
			cell = '';
		} else if (!quoted && c === '\r') {
			row.push(cell);
			rows.push(row);
			row = [];
			cell = '';
			i++;
		} else {
			cell += c;
		}
	}
	const [head, ...rest] = rows;

	return rest.map((cells) => Object.fromEntries(
		head.map((name, i) => [name, cells[i]])));
}

for (const [size, theme, locale] of [['wide', 'light', 'en-GB'],
	['wide', 'dark', 'es-ES'], ['phone', 'light', 'es-ES'],
	['phone', 'dark', 'en-GB'], ['narrow', 'light', 'es-ES']])
	test(`they look right: ${size}, ${theme}, ${locale}`, async () => {
		for (const [where, name] of [['/?range=today', 'seeing-overview'],
			['/requests?error=x&range=today', 'seeing-requests-none'],
			['/requests?range=month', 'seeing-requests'],
			['/usage?by=project', 'seeing-usage-project'],
			['/usage?by=user&sort=tokens', 'seeing-usage-user']]) {
			const page = await site.open(where,
				{ size, theme, locale, login: true });

			await picture(page, `${name}-${size}-${theme}`);
			await assertFits(page);
			await assertAccessible(page);
		}
	});

test('the parts of the overview agree with each other', async () => {
	const whole = await json('/api/v1/analytics/overview?range=24h');
	const parts = await json('/api/v1/analytics/distribution?range=24h');
	const costs = await json('/api/v1/analytics/costs?range=24h');

	assert.equal(whole.requests.value, calls);
	assert.equal(whole.errors.value, calls / 3);
	assert.deepEqual(parts.providers.map(({ provider }) => provider),
		['sandbox']);
	assert.equal(parts.keys.length, 1);
	assert.equal(parts.keys[0].requests.value, calls);
	assert.equal(parts.models.length, 3);
	assert.equal(costs.cost.usd, whole.cost.usd);
	assert.equal(parts.recent, undefined);
	for (const range of ['today', 'month', '1h', '7d', '30d', '90d'])
		assert.equal((await json(`/api/v1/overview?range=${range}`))
			.requests.value, calls, range);
});

test('usage adds up the same by whatever it is asked', async () => {
	const { requests, cost } = (await json('/api/v1/usage')).total;

	assert.equal(requests.value, calls);
	for (const by of ['project', 'key', 'user', 'model', 'provider']) {
		const { rows } = await json(`/api/v1/usage?by=${by}&range=7d`);
		const sum = rows.reduce((all, row) => all + row.requests.value, 0);

		assert.equal(sum, calls, by);
	}
	const { rows } = await json('/api/v1/usage?by=user&sort=errors');
	assert.deepEqual(new Set(rows.map(({ name }) => name)), new Set(users));
	const errors = rows.map((row) => row.errors.value);
	assert.deepEqual(errors, [...errors].sort((a, b) => b - a));
	const project = (await json('/api/v1/usage?by=project')).rows[0];
	assert.equal(project.budgets.length, 1);
	assert.equal(project.budgets[0].limit.usd, '5');
	assert.equal(project.budgets[0].spent.usd, cost.usd);
	assert.deepEqual((await json('/api/v1/usage?page=2')).rows, []);
});

test('requests are found by each filter', async () => {
	const found = async (query) =>
		(await json(`/api/v1/requests?${query}`)).requests;

	assert.equal((await found('user=ann')).length, calls / 4);
	assert.equal((await found('user=an')).length, 0);
	assert.equal((await found('text=OB')).length, calls / 4);
	assert.equal((await found('status=200')).length, calls * 2 / 3);
	const broken = await found('outcome=failed');
	assert.equal(broken.length, calls / 3);
	assert.equal((await found(`error=${broken[0].error}`)).length, broken
		.filter(({ error }) => error === broken[0].error).length);
	assert.equal((await found('cost_above=0')).length, calls / 3 * 2);
	assert.equal((await found('cost_above=1000')).length, 0);
	assert.equal((await found('alias=none')).length, 0);
	assert.equal((await found('provider=sandbox')).length, calls);
	assert.deepEqual((await found(`text=${ids()[3].slice(0, -2)}&range=1h`))
		.map(({ request_id: id }) => id).filter((id) => id === ids()[3]),
	[ids()[3]]);
	assert.equal((await found(`user=${encodeURIComponent("' OR 1=1 -- ")}`))
		.length, 0);
	assert.equal((await found(`text=${encodeURIComponent("%' OR '1'='1")}`))
		.length, 0);
});

test('bad filters are refused by name', async () => {
	for (const [query, field] of [['cost_above=much', 'cost_above'],
		['status=abc', 'status'], ['after=1', 'after'],
		[`user=${'x'.repeat(300)}`, 'user'], ['range=never', 'range']]) {
		const { error } = await json(`/api/v1/requests?${query}`,
			{ expect: 400 });

		assert.equal(error.param, field, query);
	}
	await get('/api/v1/usage?by=moon', { expect: 400 });
	await get('/api/v1/usage?page=0', { expect: 400 });
	assert.ok((await fetch(`${site.url}/api/v1/requests?user=${
		'x'.repeat(1 << 20)}`)).status >= 400);
});

test('one pages to older requests and back to the same ones', async () => {
	const all = (await json('/api/v1/requests')).requests;
	const cursor = ({ time, request_id: id }) =>
		`${Date.parse(time.iso)}-${id}`;
	const older = await json(`/api/v1/requests?before=${cursor(all[9])}`);
	const newer = await json(`/api/v1/requests?after=${
		cursor(older.requests[0])}`);
	const name = ({ request_id: id }) => id;

	assert.deepEqual(older.requests.map(name), all.slice(10).map(name));
	assert.deepEqual(newer.requests.map(name), all.slice(0, 10).map(name));
	assert.match(older.newer, /after=/);
	assert.equal(newer.newer, undefined);
});

test('a file has every request once, and no formula', async () => {
	const answer = await get('/requests/export/csv?range=24h');
	const rows = parseCsv(await answer.text());

	assert.match(answer.headers.get('content-type'), /^text\/csv/);
	assert.match(answer.headers.get('content-disposition'),
		/^attachment; filename="requests-24h\.csv"$/);
	assert.deepEqual(rows.map((row) => row.request_id).sort(), ids().sort());
	assert.deepEqual(new Set(rows.map((row) => row.user)),
		new Set(['ann', 'bob', EVIL, `'${FORMULA}`]));
	const list = await json('/requests/export/json?user=ann');
	assert.equal(list.length, calls / 4);
	assert.ok(list.every((row) => row.user === 'ann'));
	const usage = parseCsv(await (await get(
		'/usage/export/csv?by=user')).text());
	assert.ok(usage.some((row) => row.user === `'${FORMULA}`));
	assert.equal(usage.reduce((all, row) => all + Number(row.requests), 0),
		calls);
});

test('a file of many pieces is whole, also for a slow reader', async () => {
	// More rows than one piece has, each as long as they get.
	const rows = 7001;

	await site.stack.sql(`INSERT INTO requests (started_ms, request_id,
		organisation_id, project_id, model_asked, error_detail, status)
		SELECT 1000 * UNIX_TIMESTAMP() - seq, CONCAT('req_many', seq),
			o.organisation_id, o.project_id, 'many', REPEAT('x', 500), 200
		FROM seq_1_to_${rows}, (SELECT organisation_id, project_id
			FROM requests LIMIT 1) o`);
	const answer = await get('/requests/export/csv?model=many');
	const reader = answer.body.getReader();
	let text = '';

	for (let i = 0; ; i++) {
		const { value, done } = await reader.read();
		if (done)
			break;
		text += Buffer.from(value).toString('latin1');
		if (i < 5)
			await new Promise((go) => setTimeout(go, 100));
	}
	const found = parseCsv(text);
	assert.equal(found.length, rows);
	assert.equal(new Set(found.map((row) => row.request_id)).size, rows);
	// Who leaves in the middle leaves nothing behind that stops the others.
	const leaver = new AbortController();
	const left = await fetch(`${site.url}/requests/export/json?model=many`, {
		headers: { authorization: `Bearer ${tokens.viewer}` },
		signal: leaver.signal,
	});
	await left.body.getReader().read();
	leaver.abort();
	assert.equal((await json('/requests/export/json?model=many')).length, rows);
	await site.stack.sql("DELETE FROM requests WHERE model_asked = 'many'");
});

test('another organisation sees nothing of it', async () => {
	const who = 'stranger';

	assert.equal((await json('/api/v1/overview', { who })).requests.value, 0);
	assert.deepEqual((await json('/api/v1/requests', { who })).requests, []);
	assert.deepEqual((await json('/api/v1/usage?by=user', { who })).rows, []);
	assert.deepEqual(await json('/requests/export/json?range=90d', { who }),
		[]);
	assert.deepEqual((await json(`/api/v1/requests?text=${ids()[0]}`, { who }))
		.requests, []);
	await get(`/api/v1/requests/${ids()[0]}`, { who, expect: 404 });
	for (const where of ['/requests/export/csv', '/usage', '/usage/export/csv'])
		assert.equal((await fetch(`${site.url}/api/v1${where}`)).status, 401);
});

test('another time keeps the filters, and they the time', async () => {
	const page = await site.open('/usage?by=user&sort=tokens', { login: true });

	await page.locator('.range a', { hasText: '7 d' }).click();
	await page.waitForURL(/range=7d/);
	assert.match(page.url(), /by=user&sort=tokens&range=7d/);
	await page.locator('a.sort', { hasText: 'Requests' }).click();
	await page.waitForURL(/sort=requests/);
	assert.match(page.url(), /range=7d/);
	assert.match(await page.locator('tbody').innerText(),
		/eve <script>alert\(1\)<\/script>/);
	await page.locator('tbody a', { hasText: 'ann' }).click();
	await page.waitForURL(/\/requests\?user=ann&range=7d/);
	assert.equal(await page.locator('tbody tr').count(), calls / 4);
	await page.locator('[data-density]').check();
	await page.reload();
	assert.ok(await page.locator('[data-density]').isChecked());
});

test('the overview goes on by itself, but not where nobody looks', async () => {
	const page = await site.open('/?range=today', { login: true });
	const shown = () => page.locator('.tile-value').nth(1).innerText();
	let asked = 0;

	page.on('request', (request) => {
		if (request.url().endsWith('/?range=today'))
			asked++;
	});
	await page.evaluate(() => Object.defineProperty(document, 'hidden',
		{ configurable: true, get: () => true }));
	const before = Number(await shown());
	await page.locator('.chart-values summary').nth(1).click();
	await page.evaluate(() => document.activeElement.blur());
	await page.mouse.move(5, 5);
	const answer = await site.stack.chat({ model: 'steady',
		messages: [{ role: 'user', content: 'one more' }] });
	await site.stack.rows([answer.headers['x-request-id']]);
	await page.waitForTimeout(11000);
	assert.equal(asked, 0);
	await page.evaluate(() => delete document.hidden);
	await until(async () => Number(await shown()) === before + 1,
		'the new number', { ms: 20000 });
	assert.ok(asked > 0);
	// Its charts are drawn again, and what was open still is.
	assert.equal(await page.locator('.chart.is-drawn canvas').count(), 2);
	assert.ok(await page.locator('.chart-values').nth(1).evaluate(
		({ open }) => open));
	assert.equal(await page.locator('.chart-values').first().evaluate(
		({ open }) => open), false);
});
