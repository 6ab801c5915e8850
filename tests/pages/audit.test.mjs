// audit.test.mjs - /audit: who changed what, found, paged and exported; and
// /settings, whose changes it tells.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertAccessible, assertFits, looked, picture, useSite } from './browser.mjs';
import { EVIL, forge, makeTenants, openAs } from './tenants.mjs';

let people;

const site = useSite({ web: 'nginx', set: { 'site.signup': 'open' } },
	async () => {
		people = await makeTenants(site);
	});

const setting = (change) => people.owner.put('/settings', {
	name: 'default', time_zone: 'UTC', locale: 'en', ...change });

async function download(person, where) {
	const answer = await fetch(`${site.url}${where}`,
		{ headers: { authorization: `Bearer ${person.token}` } });

	assert.equal(answer.status, 200);
	return { text: await answer.text(), headers: answer.headers };
}

test('a change is told: who, what, before and after', async () => {
	await setting({ time_zone: 'Europe/Madrid', locale: 'es' });
	const { entries: [entry] } = await people.admin.get(
		'/audit?action=organisation');

	assert.deepEqual([entry.actor, entry.action, entry.object_name],
		['owner@here.example', 'organisation.change', 'default']);
	assert.deepEqual(entry.changes, [
		{ name: 'time_zone', before: 'UTC', after: 'Europe/Madrid' },
		{ name: 'locale', before: 'en', after: 'es' }]);
	assert.match(entry.client_ip, /^127\./);
	await setting({});
});

test('what the command line changes of theirs, its people see', async () => {
	const seen = async (who, query) =>
		(await who.get(`/audit?${query}`)).entries.map((entry) =>
			[entry.actor, entry.action, entry.object_name]);

	await site.stack.cli(['project', 'add', 'by-command']);
	await site.stack.cli(['budget', 'set', '--project', 'by-command',
		'--daily', '1']);
	assert.deepEqual(await seen(people.admin, 'action=project'),
		[['cli', 'project.add', 'by-command']]);
	assert.deepEqual(await seen(people.admin, 'action=budget'),
		[['cli', 'budget.set', 'by-command']]);
	assert.deepEqual(await seen(people.stranger, 'action=budget'), []);
});

test('filters find, whatever is typed into them', async () => {
	const count = async (query) =>
		(await people.admin.get(`/audit?${query}`)).entries.length;

	assert.ok(await count('actor=OWNER') >= 2);
	assert.equal(await count('actor=nobody'), 0);
	assert.equal(await count('actor=%25'), 0);
	assert.equal(await count(`actor=${encodeURIComponent("' OR 1=1 -- ")}`), 0);
	assert.equal(await count(`object=${encodeURIComponent(EVIL)}`), 0);
	assert.equal(await count('action=organisation.change&from=2020-01-01&to=2020-01-02'), 0);
	await people.admin.get('/audit?before=x', 400);
	await people.admin.get('/audit?from=2026-01-02&to=2026-01-01', 400);
	await people.admin.get(`/audit?actor=${'x'.repeat(2000)}`, 400);
});

test('pages follow each other without gaps', async () => {
	for (let i = 0; i < 60; i++)
		await setting({ locale: i % 2 ? 'en' : 'es' });
	const ids = [];

	for (let next = ''; next !== undefined;) {
		const page = await people.admin.get(`/audit?action=organisation${next &&
			`&before=${next}`}`);

		ids.push(...page.entries.map(({ id }) => id));
		next = page.next;
	}
	assert.ok(ids.length >= 60);
	assert.deepEqual(ids, [...new Set(ids)].sort((a, b) => b - a));
	const file = await download(people.admin,
		'/audit/export/json?action=organisation');

	assert.deepEqual(JSON.parse(file.text).entries.map(({ id }) => id), ids);
	assert.match(file.headers.get('content-disposition'), /audit\.json/);
});

test('a spreadsheet runs nothing of the export', async () => {
	const name = '=cmd|"/c calc"!A1, <script>';

	await setting({ name });
	const { text, headers } = await download(people.admin,
		'/audit/export/csv?action=organisation');
	const lines = text.trim().split('\r\n');

	assert.match(headers.get('content-type'), /^text\/csv/);
	assert.match(lines[0], /^time,actor,action,/);
	assert.ok(lines[1].includes('"\'=cmd|""/c calc""!A1, <script>"'), lines[1]);
	assert.ok(lines.length > 60);
	await setting({});
});

test('only those who may see and change', async () => {
	for (const who of [people.viewer, people.member]) {
		await who.get('/audit', 403);
		await who.get('/settings', 403);
		await who.put('/settings', { name: 'x', time_zone: 'UTC',
			locale: 'en' }, 403);
	}
	await people.admin.put('/settings', { name: 'mine', time_zone: 'UTC',
		locale: 'en' }, 403);
	await people.admin.put('/settings', { name: 'default', time_zone: 'UTC',
		locale: 'en' });
	assert.equal(await forge(site, people.owner, '/settings',
		{ name: 'forged', time_zone: 'UTC', locale: 'en' }), 403);
	const theirs = await people.stranger.get('/audit');

	assert.ok(theirs.entries.length > 0);
	assert.ok(theirs.entries.every(({ actor }) =>
		actor === 'owner@elsewhere.example'));
	// What is everybody's is told to the operator.
	assert.equal((await people.admin.get('/audit?action=model')).entries.length, 0);
	assert.ok((await people.operator.get('/audit?action=model')).entries.length > 0);
	assert.equal((await people.admin.get('/settings')).installation, undefined);
	const { installation } = await people.operator.get('/settings');

	assert.match(installation.file, /\.conf$/);
	assert.equal(installation.settings.find(({ name }) =>
		name === 'site.signup').value, 'open');
});

test('settings that cannot be are refused at their field', async () => {
	const refuse = async (change, status = 400) => people.owner.put('/settings', {
		name: 'default', time_zone: 'UTC', locale: 'en', ...change }, status);

	await refuse({ time_zone: 'Nowhere/Else' });
	await refuse({ time_zone: '../../etc/passwd' });
	await refuse({ locale: 'xx' });
	await refuse({ name: '' });
	await refuse({ name: 'x'.repeat(1 << 20) });
	await refuse({ name: 'Elsewhere' }, 409);
	const page = await openAs(site, people.owner, '/settings',
		{ javaScript: false });

	await page.fill('input[name=time_zone]', 'Nowhere/Else');
	await page.selectOption('select[name=locale]', 'es');
	await page.click('main form button.button-main');
	assert.equal(await page.locator('.field-bad input').getAttribute('name'),
		'time_zone');
	assert.equal(await page.inputValue('input[name=time_zone]'), 'Nowhere/Else');
	assert.equal(await page.inputValue('select[name=locale]'), 'es');
});

test("the organisation's budgets begin with its own days", async () => {
	const { budget } = await people.owner.post('/budgets', {
		owner: 'organisation:1', period: 'daily', limit_usd: '1',
		mode: 'soft' });
	const resets = async () => new Date((await people.owner.get('/budgets'))
		.scopes[0].budgets[0].resets.iso).getUTCHours();

	assert.equal(await resets(), 0);
	await setting({ time_zone: 'Asia/Tokyo' });
	assert.equal(await resets(), 15);
	await setting({});
	await people.owner.remove(`/budgets/${budget.id}`);
});

for (const [theme, language] of looked([['light', 'en'], ['dark', 'es']]))
	test(`how it looks, with evil names: ${theme}, ${language}`, async () => {
		await setting({ name: EVIL });
		for (const size of looked(['wide', 'phone', 'narrow'])) {
			const page = await openAs(site, people.operator, '/audit',
				{ size, theme, locale: language });

			for (const where of ['audit', 'settings']) {
				await page.goto(`${site.url}/${where}`);
				if (where === 'audit')
					await page.locator('.changes summary').first().click();
				await picture(page, `${where}-${size}-${theme}`);
				await assertFits(page);
				await assertAccessible(page);
			}
		}
		await setting({});
	});
