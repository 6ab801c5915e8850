// keys.test.mjs - gateway keys and projects: made, changed, rotated, revoked,
// by whoever may, and at once.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run, until } from '../conversations/stack.mjs';
import { assertAccessible, assertFits, looked, picture, sizes, useSite } from './browser.mjs';

const PASSWORD = 'correct horse';
const EVIL = '<script>alert(1)</script>';
const people = {};

const site = useSite({ web: 'nginx', set: { 'site.signup': 'open' } },
	async ({ stack }) => {
	for (const role of ['viewer', 'member', 'admin']) {
		await stack.cli(['user', 'add', `${role}@team.example`, '--role', role,
			'--password-stdin'], { input: PASSWORD });
		people[role] = await token(`${role}@team.example`, PASSWORD);
	}
	people.operator = await token(stack.env.ADMIN_EMAIL,
		stack.env.ADMIN_PASSWORD);
	await stack.cli(['project', 'add', 'other']);
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

// As a program does it; the answer's JSON.
async function api(who, method, where, body, expect = 200) {
	const answer = await fetch(`${site.url}/api/v1${where}`, {
		method,
		headers: {
			authorization: `Bearer ${people[who]}`,
			...(body ? { 'content-type': 'application/json' } : {}),
		},
		body: body && JSON.stringify(body),
	});

	assert.equal(answer.status, expect,
		`${method} ${where}: ${await answer.clone().text()}`);
	return answer.json();
}

const call = (key, more = {}) => site.stack.chat({
	model: 'sandbox-small', messages: [{ role: 'user', content: 'hello' }],
}, { key, ...more });

async function project() {
	return (await api('operator', 'GET', '/projects')).projects
		.find(({ name }) => name === 'default').id;
}

test('a key is made in the browser, shown once, and works', async () => {
	const page = await site.open('/keys', { login: true });

	await page.getByRole('link', { name: 'New key' }).click();
	await page.getByLabel('Name').fill('browser');
	await page.getByLabel('Budget per day').fill('2.50');
	await page.getByLabel('Requests per minute').fill('120');
	await page.getByLabel('Tags').fill('team-a, beta');
	await page.getByRole('button', { name: 'Make the key' }).click();
	const text = (await page.locator('#key').innerText()).trim();
	assert.match(text, /^gw_\w{49}$/);
	assert.match(await page.locator('body').innerText(),
		new RegExp(`curl ${site.url}/v1/chat/completions`));
	assert.equal((await call(text)).status, 200);
	await picture(page, 'key-made');
	await page.getByRole('link', { name: 'I have saved it' }).click();
	await page.getByText('120 req/min').waitFor();
	const whole = await page.content();
	assert.ok(!whole.includes(text));
	const { key } = await api('operator', 'GET',
		new URL(page.url()).pathname);
	assert.equal(key.budget_daily.usd, '2.5');
	assert.equal(key.budget_monthly, null);
	assert.deepEqual(key.tags, ['team-a', 'beta']);
	assert.equal(key.rpm.value, 120);
});

test('the snippets are programs, and do what they say', async () => {
	const { snippets, base_url: url } = await api('admin', 'POST', '/keys', {
		name: 'snippet', project: await project(), models: 'sandbox-small',
	});
	const text = (name) => snippets.find((one) => one.name === name).text;
	const node = `exec ${process.execPath} --input-type=module -e "$0"`;
	const programs = [[text('curl')],
		...['openai', '@anthropic-ai/sdk'].map((sdk) =>
			[node, text(`Node, ${sdk}`)])];

	assert.equal(url, site.url);
	assert.deepEqual(snippets.map(({ name }) => name.split(',')[0]),
		['curl', 'Python', 'Python', 'Node', 'Node', 'PHP']);
	for (const [program, ...words] of programs) {
		const { status, out, err } = await run('bash',
			['-c', `cd tests && ${program}`, ...words]);

		assert.equal(status, 0, err);
		assert.ok(out.trim().length > 3, out);
	}
});

test('a change of a key counts at once', async () => {
	const { id, key } = await api('admin', 'POST', '/keys',
		{ name: 'changed', project: await project() });

	assert.equal((await call(key)).status, 200);
	await api('admin', 'PUT', `/keys/${id}`,
		{ name: 'changed', models: 'another/*', budget_monthly: '7' });
	await until(async () => (await call(key)).status !== 200,
		'the key to be refused that model');
	const { key: now } = await api('admin', 'GET', `/keys/${id}`);
	assert.deepEqual(now.models, ['another/*']);
	assert.equal(now.budget_monthly.usd, '7.0'.replace(/\.0$/, ''));
	await api('admin', 'PUT', `/keys/${id}`, { name: 'changed' });
	assert.equal((await api('admin', 'GET', `/keys/${id}`)).key.budget_monthly,
		null);
	await until(async () => (await call(key)).status === 200,
		'the key to be let in again');
});

test('a rotated key goes on for the grace, and its successor may do the same',
	async () => {
		const { id, key } = await api('admin', 'POST', '/keys', {
			name: 'old', project: await project(), rpm: 77,
			budget_daily: '3', tags: 'kept',
		});
		const made = await api('admin', 'POST', `/keys/${id}/rotate`,
			{ grace_hours: 24 });

		assert.equal(made.rotated_from, id);
		assert.notEqual(made.key, key);
		assert.equal((await call(key)).status, 200);
		assert.equal((await call(made.key)).status, 200);
		const { key: next } = await api('admin', 'GET', `/keys/${made.id}`);
		assert.equal(next.rpm.value, 77);
		assert.equal(next.budget_daily.usd, '3');
		assert.deepEqual(next.tags, ['kept']);
		const { key: old } = await api('admin', 'GET', `/keys/${id}`);
		assert.equal(old.state, 'rotated');
		assert.equal(old.rotated_to, made.id);
		const left = Date.parse(old.expires.iso) - Date.now();
		assert.ok(left > 23 * 3600e3 && left <= 24 * 3600e3);
		// Only once; and without a grace it ends at once.
		await api('admin', 'POST', `/keys/${id}/rotate`,
			{ grace_hours: 1 }, 400);
		const last = await api('admin', 'POST', `/keys/${made.id}/rotate`,
			{ grace_hours: 0 });
		await until(async () => (await call(made.key)).status === 401,
			'the end of a key without grace');
		assert.equal((await call(last.key)).status, 200);
		await api('admin', 'POST', `/keys/${last.id}/rotate`,
			{ grace_hours: 721 }, 400);
	});

test('the command line rotates too', async () => {
	const { id, key } = await site.stack.createKey('cli', '--rpm', '9');
	const made = await site.stack.cli(
		['key', 'rotate', String(id), '--grace', '2h']);

	assert.equal(made.rotated_from, id);
	assert.equal((await call(made.key)).status, 200);
	assert.equal((await call(key)).status, 200);
	const { key: next } = await api('admin', 'GET', `/keys/${made.id}`);
	assert.equal(next.rpm.value, 9);
	await assert.rejects(site.stack.cli(
		['key', 'rotate', String(made.id), '--grace', '2 hours']));
	await assert.rejects(site.stack.cli(
		['key', 'rotate', String(made.id), '--grace', '31d']));
	await assert.rejects(site.stack.cli(['key', 'rotate', '999999']));
});

test('revoking asks first, works without JavaScript, and counts at once',
	async () => {
		const { id, key } = await api('admin', 'POST', '/keys',
			{ name: 'doomed', project: await project() });

		assert.equal((await call(key)).status, 200);
		const page = await site.open(`/keys/${id}`,
			{ login: true, javaScript: false });
		await page.locator('.confirm summary').click();
		await page.getByRole('button', { name: 'Revoke it now' }).click();
		await page.locator('.toast').waitFor();
		assert.equal((await call(key)).status, 401);
		assert.doesNotMatch(await page.locator('.content').innerText(),
			/doomed/);
		await page.goto(`${site.url}/keys?state=all&text=DOOM`);
		assert.match(await page.locator('tbody').innerText(), /Revoked/);
	});

test('each role may do what it may, and nobody more', async () => {
	const body = { name: 'mine', project: await project() };

	await api('viewer', 'POST', '/keys', body, 403);
	const mine = await api('member', 'POST', '/keys', body);
	const other = await api('admin', 'POST', '/keys', body);

	// Members change what they made.
	await api('member', 'PUT', `/keys/${mine.id}`, { name: 'still mine' });
	await api('member', 'PUT', `/keys/${other.id}`, { name: 'x' }, 403);
	await api('member', 'DELETE', `/keys/${other.id}`, undefined, 403);
	await api('member', 'POST', `/keys/${other.id}/rotate`,
		{ grace_hours: 1 }, 403);
	await api('viewer', 'DELETE', `/keys/${mine.id}`, undefined, 403);
	await api('viewer', 'GET', `/keys/${mine.id}`);
	await api('admin', 'DELETE', `/keys/${mine.id}`);
	for (const role of ['viewer', 'member'])
		await api(role, 'POST', '/projects', { name: `of ${role}` }, 403);
	const audit = await site.stack.cli(['key', 'list']);
	assert.ok(audit.some(({ name }) => name === 'still mine'));
});

test('what another organisation has is not there', async () => {
	const stranger = 'stranger@example.com';
	const answer = await fetch(`${site.url}/api/v1/auth/signup`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ email: stranger, password: PASSWORD,
			name: 'Stranger', organisation: 'Strangers' }),
	});

	assert.ok(answer.ok, await answer.text());
	people.stranger = await token(stranger, PASSWORD);
	const own = await project();
	const { id } = await api('admin', 'POST', '/keys',
		{ name: 'private', project: own });
	for (const [method, where, body] of [
		['GET', `/keys/${id}`], ['DELETE', `/keys/${id}`],
		['PUT', `/keys/${id}`, { name: 'x' }],
		['POST', `/keys/${id}/rotate`, { grace_hours: 0 }],
		['POST', '/keys', { name: 'x', project: own }],
		['PATCH', `/projects/${own}`, { name: 'x' }],
		['POST', `/projects/${own}/archive`],
	])
		await api('stranger', method, where, body, 404);
	const { keys } = await api('stranger', 'GET', '/keys?state=all');
	assert.ok(!keys.some((key) => key.id === id));
});

test('a form of another site changes nothing', async () => {
	const { id } = await api('admin', 'POST', '/keys',
		{ name: 'csrf', project: await project() });
	const cookies = (await site.login())
		.map(({ name, value }) => `${name}=${value}`).join('; ');
	const answer = await fetch(`${site.url}/keys/${id}/revoke`, {
		method: 'POST',
		headers: { cookie: cookies,
			'content-type': 'application/x-www-form-urlencoded' },
		body: 'csrf=wrong', redirect: 'manual',
	});

	assert.equal(answer.status, 403);
	assert.equal((await api('admin', 'GET', `/keys/${id}`)).key.state, 'active');
});

test('bad input is refused at its field', async () => {
	const where = await project();

	for (const [field, value] of [
		['name', ''], ['name', 'n'.repeat(192)], ['name', 'a\u0007b'],
		['name', 'x'.repeat(1 << 20)], ['expires', '2020-01-01'],
		['expires', 'soon'], ['budget_daily', '-1'], ['budget_daily', '1e3'],
		['budget_monthly', '1,5'], ['rpm', -1], ['rpm', 'many'],
		['rpm', '99999999999999999999'], ['cache', 'maybe'],
		['origins', 'https://a.example'], ['models', [1]],
		['models', 'm'.repeat(192)],
	]) {
		const { error } = await api('admin', 'POST', '/keys',
			{ name: 'bad', project: where, [field]: value }, 400);

		assert.equal(error.param, field, JSON.stringify(error));
	}
	// In the browser, with what was filled in.
	const page = await site.open('/keys/new', { login: true });
	await page.getByLabel('Name').fill(EVIL);
	await page.getByLabel('Budget per day').fill('lots');
	await page.getByRole('button', { name: 'Make the key' }).click();
	await page.locator('.field-bad input[name=budget_daily]').waitFor();
	assert.equal(await page.getByLabel('Name').inputValue(), EVIL);
	await picture(page, 'key-bad');
});

test('names are text, and a search is no SQL', async () => {
	const { id } = await api('admin', 'POST', '/keys', {
		name: EVIL, project: await project(), tags: EVIL, models: EVIL,
		providers: EVIL,
	});

	for (const where of ['/keys', `/keys/${id}`, `/keys/${id}/edit`,
		`/keys?text=${encodeURIComponent(EVIL)}`]) {
		const page = await site.open(where, { login: true });

		assert.equal(await page.locator('script:not([src])').count(), 0);
		assert.ok((await page.content()).includes('&lt;script&gt;'));
	}
	for (const text of ["' OR 1=1 -- ", '%', '_', '\\', '"'])
		assert.deepEqual((await api('admin', 'GET',
			`/keys?state=all&text=${encodeURIComponent(`zz${text}`)}`)).keys,
		[]);
	assert.deepEqual((await api('admin', 'GET',
		'/keys?text=script')).keys.map((key) => key.id), [id]);
});

test('a long list is paged without gaps', async () => {
	const where = await project();

	for (let i = 0; i < 55; i++)
		await api('admin', 'POST', '/keys',
			{ name: `paged ${i}`, project: where });
	const first = await api('admin', 'GET', '/keys?text=paged');
	assert.equal(first.keys.length, 50);
	const rest = await api('admin', 'GET', `/keys${first.older}`);
	assert.equal(rest.keys.length, 5);
	assert.equal(new Set([...first.keys, ...rest.keys]
		.map(({ name }) => name)).size, 55);
});

test('a project is made, renamed, archived and brought back', async () => {
	const { id } = await api('admin', 'POST', '/projects',
		{ name: 'Shop', time_zone: 'Europe/Madrid' });
	const { key } = await api('admin', 'POST', '/keys',
		{ name: 'shop', project: id });

	assert.equal((await call(key)).status, 200);
	await api('admin', 'POST', '/projects', { name: 'Shop' }, 409);
	await api('admin', 'PATCH', `/projects/${id}`,
		{ name: 'Store', time_zone: 'America/Lima' });
	await api('admin', 'PATCH', `/projects/${id}`, { name: 'default' }, 409);
	const { error } = await api('admin', 'PATCH', `/projects/${id}`,
		{ name: 'Store', time_zone: 'Mars/Olympus' }, 400);
	assert.equal(error.param, 'time_zone');
	await api('admin', 'POST', `/projects/${id}/archive`);
	await until(async () => (await call(key)).status === 401,
		'the keys of an archived project to be refused');
	const { archived, projects } = await api('admin', 'GET', '/projects');
	assert.deepEqual(archived.map(({ name }) => name), ['Store']);
	assert.ok(!projects.some(({ name }) => name === 'Store'));
	await api('admin', 'POST', '/keys', { name: 'x', project: id }, 404);
	await api('admin', 'POST', `/projects/${id}/restore`);
	await until(async () => (await call(key)).status === 200,
		'the keys of a project that is back');
	const page = await site.open(`/projects/${id}`, { login: true });
	await page.getByLabel('Time zone').fill('Nowhere');
	await page.getByRole('button', { name: 'Save' }).click();
	await page.locator('.field-bad input[name=time_zone]').waitFor();
	await page.getByLabel('Time zone').fill('UTC');
	await page.getByRole('button', { name: 'Save' }).click();
	await page.locator('.toast').waitFor();
});

for (const size of looked(Object.keys(sizes)))
	for (const [theme, language] of looked([['light', 'en'], ['dark', 'es']]))
		test(`the pages look right: ${size}, ${theme}`, async () => {
			const own = await project();
			const { id } = await api('operator', 'POST', '/keys', {
				name: 'seen', project: own, budget_daily: '1', tags: 'team',
			});

			for (const [where, name] of [['/keys', 'keys'],
				['/keys?text=nothing-like-that', 'keys-empty'],
				[`/keys/${id}`, 'key'], ['/keys/new', 'key-new'],
				['/projects', 'projects'], [`/projects/${own}`, 'project']]) {
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
