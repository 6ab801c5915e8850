// budgets.test.mjs - /budgets: the tree, what was spent and what is reserved,
// limits made, changed and removed, by those who may.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hello, until } from '../conversations/stack.mjs';
import { assertAccessible, assertFits, looked, picture, useSite } from './browser.mjs';
import { EVIL, forge, makeTenants, openAs } from './tenants.mjs';

let people, project, key, evilKey;

const site = useSite({ web: 'nginx', set: { 'site.signup': 'open' } },
	async ({ stack }) => {
		people = await makeTenants(site);
		await stack.addModel('slow', 'delay_ms=4000,tokens=100');
		await stack.addModel('works', 'tokens=100,prompt_tokens=1000');
		key = await stack.createKey('shop');
		evilKey = await stack.createKey(EVIL.slice(0, 40));
		project = (await people.admin.get('/budgets')).scopes[1].scope_id;
	});

const scopeOf = (tree, owner, user) => tree.scopes.find((scope) =>
	scope.owner === owner && (user === undefined || scope.user === user));

async function tree() {
	return people.admin.get('/budgets');
}

test('a budget is made, seen, changed and removed', async () => {
	const { budget } = await people.admin.post('/budgets', {
		owner: `project:${project}`, period: 'monthly', limit_usd: '12.50',
		mode: 'soft', threshold_percent: 60,
	});

	assert.deepEqual([budget.scope, budget.period, budget.limit_usd,
		budget.mode, budget.threshold_percent],
	['project', 'monthly', '12.5', 'soft', 60]);
	const [seen] = scopeOf(await tree(), `project:${project}`).budgets;

	assert.equal(seen.id, budget.id);
	assert.deepEqual([seen.limit.usd, seen.spent.usd, seen.remaining.usd,
		seen.percent, seen.percent_text], ['12.5', '0', '12.5', 0, '0%']);
	assert.ok(Date.parse(seen.resets.iso) > Date.now());
	await people.admin.put(`/budgets/${budget.id}`,
		{ limit_usd: '3', mode: 'hard', threshold_percent: 90 });
	const listed = (await site.stack.cli(['budget', 'list']))
		.find(({ id }) => id === budget.id);

	assert.deepEqual([Number(listed.limit_usd), listed.hard,
		listed.threshold_percent], [3, true, 90]);
	assert.equal((await people.admin.remove(`/budgets/${budget.id}`)).removed,
		true);
	assert.equal((await site.stack.cli(['budget', 'list']))
		.find(({ id }) => id === budget.id), undefined);
});

test('what the command line set is in the tree, and the other way', async () => {
	const [set] = await site.stack.cli(['budget', 'set', '--organisation',
		'--daily', '7']);

	assert.equal((await tree()).scopes[0].budgets[0].id, set.id);
	await people.admin.remove(`/budgets/${set.id}`);
	const { quota } = await people.admin.post('/quotas', {
		owner: `key:${key.id}`, period: 'daily', requests: 10, tokens: 5000,
	});
	const [row] = await site.stack.cli(['quota', 'list']);

	assert.deepEqual([row.id, row.scope, row.requests, row.tokens],
		[quota.id, 'key', 10, 5000]);
	await people.admin.put(`/quotas/${quota.id}`, { tokens: 7000 });
	assert.deepEqual([(await site.stack.cli(['quota', 'list']))[0].requests,
		(await site.stack.cli(['quota', 'list']))[0].tokens], [null, 7000]);
	await people.admin.remove(`/quotas/${quota.id}`);
});

test('calls show as reserved, then as spent; a hard budget refuses', async () => {
	const { budget } = await people.admin.post('/budgets', {
		owner: `key:${key.id}`, period: 'daily', limit_usd: '0.02',
		mode: 'hard',
	});
	const see = async () => scopeOf(await tree(), `key:${key.id}`).budgets[0];

	await site.stack.rows([(await site.stack.chat(
		hello('works'), { key: key.key }))
		.headers['x-request-id']]);
	const spent = await until(async () => {
		const seen = await see();

		return Number(seen.spent.usd) > 0 && seen;
	}, 'the call in the log');

	assert.equal(Number(spent.reserved.usd), 0);
	assert.equal(spent.percent > 0 && spent.percent < 100, true);
	assert.equal(Math.floor(parseFloat(spent.percent_text)), spent.percent);
	const running = site.stack.chat(hello('slow'),
		{ key: key.key });

	await until(async () => Number((await see()).reserved.usd) > 0,
		'what the running call reserved');
	await running;
	await people.admin.put(`/budgets/${budget.id}`,
		{ limit_usd: '0', mode: 'hard' });
	await until(async () => (await site.stack.chat(
		hello('works'), { key: key.key })).status === 402,
	'the refusal');
	assert.equal((await see()).percent, 100);
	await people.admin.remove(`/budgets/${budget.id}`);
});

test('a limit of users: one of them, and each alone', async () => {
	for (const [user, limit] of [['ana', '1'], ['', '2']])
		await people.admin.post('/budgets', { owner: `user:${project}`, user,
			period: 'daily', limit_usd: limit, mode: 'soft' });
	const seen = await tree();
	const ana = scopeOf(seen, `user:${project}`, 'ana');
	const each = scopeOf(seen, `user:${project}`, '');

	assert.equal(ana.budgets[0].is_known, true);
	assert.equal(each.budgets[0].is_known, false);
	assert.equal(each.is_each_user, true);
	for (const { budgets: [{ id }] } of [ana, each])
		await people.admin.remove(`/budgets/${id}`);
});

test('a long list comes a page at a time, each place once', async () => {
	const users = Array.from({ length: 70 }, (_, i) => `user-${i}`);
	const ids = [];
	const seen = [];

	for (const user of users)
		ids.push((await people.admin.post('/budgets', {
			owner: `user:${project}`, user, period: 'daily',
			limit_usd: '1', mode: 'soft' })).budget.id);
	for (let from = 0; from !== undefined;) {
		const { scopes, next } = await people.admin.get(
			`/budgets?from=${from}`);

		assert.ok(scopes.length <= 60, `${scopes.length}`);
		for (const { user, budgets } of scopes.filter((one) => one.user)) {
			seen.push(user);
			assert.equal(budgets[0].spent.usd, '0');
		}
		from = next;
	}
	assert.deepEqual(seen.toSorted(), users.toSorted());
	const page = await openAs(site, people.admin, '/budgets');

	await page.click('a[rel="next"]');
	assert.equal(new URL(page.url()).search, '?from=60');
	assert.deepEqual((await people.admin.get('/budgets?from=5000')).scopes, []);
	await people.admin.get('/budgets?from=-1', 400);
	for (const id of ids)
		await people.admin.remove(`/budgets/${id}`);
});

test('what makes no sense is refused', async () => {
	const good = { owner: `project:${project}`, period: 'daily',
		limit_usd: '1', mode: 'hard' };
	const refuse = async (change, status = 400, where = '/budgets') =>
		people.admin.post(where, { ...good, ...change }, status);

	await refuse({ limit_usd: '1e3' });
	await refuse({ limit_usd: '-1' });
	await refuse({ limit_usd: `1${'0'.repeat(39)}` });
	await refuse({ mode: 'sometimes' });
	await refuse({ period: 'hour' });
	await refuse({ threshold_percent: 101 });
	await refuse({ owner: 'planet:1' });
	await refuse({ owner: `project:${project}`, user: 'ana' });
	await refuse({ owner: 'x'.repeat(1 << 20) });
	await refuse({ owner: `user:${project}`, user: 'x'.repeat(1 << 20) });
	await refuse({ owner: 'project:999999' }, 404);
	await refuse({ owner: "project:1' OR '1'='1" });
	await refuse({ period: 'daily' }, 400, '/quotas'); // it limits nothing
	await refuse({ period: 'at_once', requests: 2, tokens: 5 }, 400, '/quotas');
	const { budget } = await people.admin.post('/budgets', good);

	await refuse({}, 409); // nobody overwrites unseen
	await people.admin.remove(`/budgets/${budget.id}`);
	await people.admin.remove(`/budgets/${budget.id}`, 404);
});

test('others change nothing here, and see nothing of it', async () => {
	const body = { owner: `project:${project}`, period: 'daily',
		limit_usd: '1', mode: 'hard' };
	const { budget } = await people.admin.post('/budgets', body);
	const { quota } = await people.admin.post('/quotas',
		{ owner: `project:${project}`, period: 'hour', requests: 9 });

	for (const who of [people.viewer, people.member]) {
		await who.post('/budgets', body, 403);
		await who.put(`/budgets/${budget.id}`, body, 403);
		await who.remove(`/quotas/${quota.id}`, 403);
		assert.equal(scopeOf(await who.get('/budgets'),
			`project:${project}`).may_change, false);
	}
	for (const [kind, id] of [['budgets', budget.id], ['quotas', quota.id]]) {
		await people.stranger.get(`/${kind}/${id}`, 404);
		await people.stranger.put(`/${kind}/${id}`,
			{ limit_usd: '0', mode: 'hard', requests: 1 }, 404);
		await people.stranger.remove(`/${kind}/${id}`, 404);
	}
	await people.stranger.post('/budgets', body, 404);
	await people.stranger.post('/budgets',
		{ ...body, owner: `key:${key.id}` }, 404);
	await people.stranger.post('/budgets',
		{ ...body, owner: 'organisation:1' }, 404);
	assert.equal((await people.stranger.get('/budgets')).scopes
		.some(({ budgets }) => budgets.length), false);
	assert.equal(await forge(site, people.admin, '/budgets/new', body), 403);
	assert.equal(await forge(site, people.admin,
		`/budgets/${budget.id}/remove`, {}), 403);
	await people.admin.remove(`/budgets/${budget.id}`);
	await people.admin.remove(`/quotas/${quota.id}`);
});

test('every change is in the audit log, with what was before', async () => {
	const { budget } = await people.admin.post('/budgets', {
		owner: `key:${evilKey.id}`, period: 'monthly', limit_usd: '5',
		mode: 'hard' });

	await people.admin.put(`/budgets/${budget.id}`,
		{ limit_usd: '6', mode: 'hard' });
	await people.admin.remove(`/budgets/${budget.id}`);
	const { entries } = await people.admin.get(
		`/audit?action=budget&object=${budget.id}`);

	assert.deepEqual(entries.map(({ action }) => action),
		['budget.remove', 'budget.set', 'budget.set']);
	assert.deepEqual(entries[1].changes,
		[{ name: 'limit_usd', before: '5', after: '6' }]);
	assert.equal(entries[0].after, null);
	assert.equal(entries[0].actor, 'admin@here.example');
});

for (const javaScript of [true, false])
	test(`the forms, ${javaScript ? 'with' : 'without'} JavaScript`, async () => {
		const page = await openAs(site, people.admin, '/budgets',
			{ javaScript, locale: 'es-ES' });

		await page.locator('main a.button-main').click();
		await page.selectOption('select[name=owner]', `key:${key.id}`);
		await page.selectOption('select[name=period]', 'daily');
		await page.fill('input[name=limit_usd]', 'mucho');
		await page.selectOption('select[name=mode]', 'soft');
		await page.fill('input[name=threshold_percent]', '70');
		await page.click('main form button.button-main');
		await page.waitForLoadState();
		assert.equal(await page.locator('.field-bad input').getAttribute('name'),
			'limit_usd');
		assert.equal(await page.inputValue('select[name=owner]'),
			`key:${key.id}`);
		assert.equal(await page.inputValue('select[name=period]'), 'daily');
		assert.equal(await page.inputValue('select[name=mode]'), 'soft');
		await page.fill('input[name=limit_usd]', '4.25');
		await page.click('main form button.button-main');
		await page.waitForURL(/\/budgets$/);
		await page.locator('.limit-change a').first().click();
		assert.equal(await page.inputValue('input[name=limit_usd]'), '4.25');
		await page.fill('input[name=limit_usd]', '5');
		await page.click('main form button.button-main');
		await page.waitForURL(/\/budgets$/);
		assert.match(await page.innerText('.limits'), /5,00/);
		await page.locator('.limit-change a').first().click();
		await page.click('.confirm summary');
		await page.click('.confirm form button');
		await page.waitForURL(/\/budgets$/);
		assert.equal(await page.locator('.limit').count(), 0);
	});

for (const [theme, language] of looked([['light', 'en'], ['dark', 'es']]))
	test(`how it looks: ${theme}, ${language}`, async () => {
		const made = [];
		const add = async (kind, body) => made.push(`/${kind}s/${
			(await people.admin.post(`/${kind}s`, body))[kind].id}`);

		await add('budget', { owner: 'organisation:1', period: 'monthly',
			limit_usd: '1200', mode: 'hard' });
		await add('budget', { owner: `project:${project}`, period: 'monthly',
			limit_usd: '0.002', mode: 'hard', threshold_percent: 40 });
		await add('budget', { owner: `project:${project}`, period: 'daily',
			limit_usd: '0.001', mode: 'soft' });
		await add('budget', { owner: `key:${key.id}`, period: 'daily',
			limit_usd: '0.02', mode: 'soft' });
		await add('budget', { owner: `user:${project}`, user: EVIL.slice(0, 60),
			period: 'daily', limit_usd: '2', mode: 'hard' });
		await add('quota', { owner: `user:${project}`, period: 'minute',
			requests: 10, tokens: 20000 });
		await add('quota', { owner: `user:${project}`, period: 'at_once', requests: 3 });
		await add('quota', { owner: `key:${evilKey.id}`, period: 'daily',
			requests: 2000, tokens: 100000 });
		for (const size of looked(['wide', 'phone', 'narrow'])) {
			const page = await openAs(site, people.admin, '/budgets',
				{ size, theme, locale: language });

			await picture(page, `budgets-${size}-${theme}`);
			assert.match(await page.innerText('main'), language === 'en'
				? /any 60 seconds[^]*At once[^]*3 requests[^]*at any moment/
				: /60 segundos cualesquiera[^]*A la vez[^]*3 peticiones[^]*en todo momento/);
			await assertFits(page);
			await assertAccessible(page);
			await page.goto(`${site.url}${made[1]}`);
			await picture(page, `budget-${size}-${theme}`);
			await assertFits(page);
			await assertAccessible(page);
			await page.goto(`${site.url}/quotas/new`);
			await picture(page, `quota-new-${size}-${theme}`);
			await assertFits(page);
			await assertAccessible(page);
		}
		for (const one of made)
			await people.admin.remove(one);
	});
