// models.test.mjs - the catalogue, its updater, aliases, routing, playground:
// how they look in a browser, what they change, and what they refuse.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { until } from '../conversations/stack.mjs';
import { assertAccessible, assertFits, looked, picture, useSite } from './browser.mjs';

const EVIL = '<script>alert(1)</script>';
const SQL = `x' OR '1'='1`;
const models = {};
let list;
let viewer;
let member;

const site = useSite({ web: 'nginx' }, async ({ stack }) => {
	await stack.cli(['model', 'add', 'clever', '--provider', 'sandbox',
		'--context', '200000', '--max-output', '8000', '--input-price', '5',
		'--output-price', '20', '--cached-price', '0.5', '--quality', '92',
		'--speed', '60', '--capabilities', 'tools,json_schema,streaming',
		'--modalities', 'text,image']);
	await stack.cli(['model', 'add', 'small', '--provider', 'sandbox',
		'--context', '8000', '--input-price', '0.15', '--output-price', '0.6',
		'--quality', '60', '--speed', '180']);
	await stack.cli(['model', 'add', 'vectors', '--provider', 'sandbox',
		'--kind', 'embedding', '--input-price', '0.02', '--output-price', '0']);
	await stack.cli(['model', 'add', 'small', '--provider', 'sandbox',
		'--input-price', '0.1', '--output-price', '0.4']);
	await stack.cli(['alias', 'set', 'law-assistant', 'clever,small']);
	for (const one of (await read('/models?state=all')).models)
		models[one.name] = one;
	viewer = await person('viewer');
	member = await person('member');
});

// Somebody of that role, and the token of their login.
async function person(role) {
	const { stack } = site;
	const email = `${role}@example.org`;

	await stack.cli(['user', 'add', email, '--role', role,
		'--password-stdin'],
		{ input: 'a long password 1\n' });
	return token(email, 'a long password 1');
}

async function token(email = site.stack.env.ADMIN_EMAIL,
	password = site.stack.env.ADMIN_PASSWORD) {
	const answer = await fetch(`${site.url}/api/v1/auth/login`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ email, password }),
	});

	assert.equal(answer.status, 200, await answer.clone().text());
	return (await answer.json()).token;
}

async function api(where, { method = 'GET', body, as, expect = 200 } = {}) {
	const answer = await fetch(`${site.url}/api/v1${where}`, {
		method,
		headers: {
			authorization: `Bearer ${as ?? await token()}`,
			...(body && { 'content-type': 'application/json' }),
		},
		...(body && { body: JSON.stringify(body) }),
	});

	assert.equal(answer.status, expect, await answer.clone().text());
	return answer.json();
}

const read = (where) => api(where);
const change = (where, body, options = {}) =>
	api(where, { method: 'POST', body, ...options });

const chat = (as, body = {}, headers = {}) =>
	fetch(`${site.url}/v1/chat/completions`, {
		method: 'POST',
		headers: {
			authorization: `Bearer ${as}`,
			'content-type': 'application/json',
			...headers,
		},
		body: JSON.stringify({ model: 'small',
			messages: [{ role: 'user', content: 'hello' }], ...body }),
	});

for (const size of looked(['wide', 'phone']))
	for (const theme of looked(['light', 'dark']))
		test(`the pages look right: ${size}, ${theme}`, async () => {
			const alias = (await read('/aliases')).aliases[0];
			const look = async (where, name) => {
				const page = await site.open(where,
					{ size, theme, login: true });

				if (theme === 'dark') {
					await page.context().addCookies([
						{ name: 'language', value: 'es', url: site.url }]);
					await page.reload();
				}
				await picture(page, `${name}-${size}-${theme}`);
				await assertFits(page);
				await assertAccessible(page);
			};

			await look('/models', 'models');
			await look(`/models/${models.small.id}`, 'model');
			await look(`/models/compare?id=${models.small.id}&id=${
				models.clever.id}`, 'models-compare');
			await look('/models/changes', 'models-changes');
			await look('/models/sync', 'models-sync');
			await look('/aliases', 'aliases');
			await look(`/aliases/${alias.id}`, 'alias');
			await look('/aliases/new', 'alias-new');
			await look('/routing', 'routing');
			await look('/playground', 'playground');
		});

test('the catalogue is searched, filtered and sorted', async () => {
	const names = async (query) => (await read(`/models?${query}`)).models
		.map(({ name }) => name);

	list = await names('');
	assert.ok(list.includes('clever') && list.includes('small'), list);
	assert.deepEqual(await names('text=CLEV'), ['clever']);
	assert.deepEqual(await names('kind=embedding&provider=sandbox')
		.then((all) => all.includes('vectors')), true);
	assert.deepEqual(await names('input=image&can=json_schema'), ['clever']);
	assert.ok(!(await names('max_price=1')).includes('clever'));
	assert.equal((await names('sort=quality'))[0], 'clever');
	assert.deepEqual(await names(`text=${encodeURIComponent(SQL)}`), []);
	await api('/models?max_price=cheap', { expect: 400 });
	await api('/models?kind=nonsense', { expect: 400 });
	await api(`/models?text=${'x'.repeat(5000)}`, { expect: 400 });
});

test('a model tells its prices, their history and who uses it', async () => {
	const one = await read(`/models/${models.small.id}`);

	assert.equal(one.input_price.usd, '0.1');
	assert.deepEqual(one.prices.map((price) => price.output.usd), ['0.4']);
	assert.deepEqual(one.price_history.map((price) => price.input.usd),
		['0.1', '0.15']);
	assert.deepEqual(one.aliases.map(({ name }) => name), ['law-assistant']);
	await api('/models/999999', { expect: 404 });
	await api('/models/compare?id=999999', { expect: 404 });
});

test('operators change models, nobody else does', async () => {
	const where = `/models/${models.vectors.id}`;

	for (const as of [viewer, member]) {
		await change(where, { quality: '50' }, { as, expect: 403 });
		await change(`${where}/disable`, {}, { as, expect: 403 });
		await change('/models/sync', { apply: true }, { as, expect: 403 });
		await api('/models/sync', { as, expect: 403 });
	}
	await change(where, { input_price: '0.03', context_tokens: '9000' });
	assert.equal((await read(where)).input_price.usd, '0.03');
	assert.equal((await read(where)).image_price, null);
	await change(where, { image_price: '0.04' });
	assert.equal((await read(where)).image_price.usd, '0.04');
	assert.equal((await read(where)).input_price.usd, '0.03');
	await change(where, { image_price: 'a lot' }, { expect: 400 });
	assert.equal((await read(where)).context_tokens.value, 9000);
	await change(where, { input_price: 'free' }, { expect: 400 });
	await change(where, { quality: '101' }, { expect: 400 });
	await change(`${where}/disable`, {});
	assert.equal((await read(where)).enabled, false);
	assert.ok(!(await read('/models?text=vectors')).models.length);
	await change(where, { quality: '40' });
	assert.equal((await read(where)).enabled, false, 'saving enables nothing');
	await change(`${where}/enable`, {});
	assert.equal((await read(where)).enabled, true);
	assert.deepEqual(
		(await site.stack.cli(['model', 'list'])).length > 0, true);
});

test('a change by a browser needs the token of its form', async () => {
	const cookies = (await site.login())
		.map(({ name, value }) => `${name}=${value}`).join('; ');

	for (const where of [`/models/${models.vectors.id}/disable`,
		'/aliases', '/routing/policy', '/playground/open', '/models/sync']) {
		const answer = await fetch(site.url + where, {
			method: 'POST',
			headers: { cookie: cookies, 'content-type':
				'application/x-www-form-urlencoded' },
			body: 'name=x',
		});

		assert.equal(answer.status, 403, where);
	}
});

test('the updater shows what it would do, then does it', async () => {
	const { stack } = site;
	const page = await site.open('/models/sync', { login: true });

	await page.getByRole('button', { name: 'Show what would change' }).click();
	await page.getByRole('heading', { name: 'What would change' }).waitFor();
	await assertFits(page);
	await picture(page, 'models-sync-plan');
	const plan = await change('/models/sync', {});

	assert.ok(plan.models_read.value > 100);
	assert.equal(plan.is_plan, true);
	// Each of them by whatever connection it gets.
	await Promise.all([1, 2, 3].map(() => change('/models/sync', {})));
	await change('/models/sync', { apply: true });
	await change('/models/sync', { apply: true });
	const runs = (await read('/models/sync')).runs;

	assert.match(runs[0].result, /^(applied|unchanged)$/);
	assert.equal((await stack.cli(['models', 'changes', '--limit', '1000']))
		.length >= 0, true);
});

test('aliases are made, changed and removed', async () => {
	const made = await change('/aliases', {
		name: 'mixed', strategy: 'weighted',
		model1: 'small', weight1: '3', model2: 'clever', weight2: '1' });
	const one = await read(`/aliases/${made.id}`);

	assert.deepEqual(one.targets.map(({ model, weight }) => [model, weight])
		.sort(), [['clever', 1], ['small', 3]]);
	await api(`/aliases/${made.id}`, { method: 'PUT', body: {
		strategy: 'ordered', model1: 'small', when1: 'complexity=simple',
		model2: 'clever', percent2: '10', model3: 'sandbox-small' } });
	const changed = await read(`/aliases/${made.id}`);

	assert.equal(changed.strategy, 'ordered');
	assert.deepEqual(changed.targets[0].condition,
		{ complexity: ['simple'] });
	assert.equal(changed.targets.find(({ model }) => model === 'clever')
		.percent, 10);
	const key = await chat(site.stack.key, { model: 'mixed' });

	assert.equal(key.status, 200, await key.text());
	await api(`/aliases/${made.id}`, { method: 'DELETE' });
	await api(`/aliases/${made.id}`, { expect: 404 });
});

test('an alias that cannot work is refused, where it is wrong', async () => {
	const refuse = async (body, param, status = 400) => {
		const { error } = await change('/aliases',
			{ name: 'bad', strategy: 'ordered', model1: 'small', ...body },
			{ expect: status });

		assert.equal(error.param, param, JSON.stringify(error));
		return error.message;
	};

	assert.match(await refuse({ model1: 'smal' }, 'models', 404),
		/Did you mean 'small'/);
	await refuse({ model1: 'law-assistant' }, 'models', 404);
	await refuse({ model1: '' }, 'models');
	await refuse({ strategy: 'sometimes' }, 'strategy');
	await refuse({ name: 'auto*' }, 'name');
	await refuse({ name: EVIL }, 'name');
	await refuse({ name: SQL }, 'name');
	await refuse({ name: 'x'.repeat(1 << 20) }, 'name');
	await refuse({ weight1: '3' }, 'weight1');
	await refuse({ when1: 'weather=fine' }, 'when1');
	await refuse({ percent1: '101' }, 'percent1');
	await refuse({ model2: '', when2: 'complexity=simple' }, 'model2');
	await refuse({ when1: 'complexity=simple' }, 'when');
	await refuse({ strategy: 'cascade' }, 'models');
	assert.ok(!(await read('/aliases')).aliases
		.some(({ name }) => name === 'bad'));
	const made = await change('/aliases',
		{ name: 'twice', strategy: 'ordered', model1: 'small' });

	await refuse({ name: 'twice' }, 'name', 409);
	await api(`/aliases/${made.id}`, { method: 'DELETE' });
});

test('aliases are the admins\'; those of everybody the operators\'', async () => {
	const { aliases } = await read('/aliases');
	const global = aliases.find(({ project }) => !project);
	const body = { name: 'mine', strategy: 'ordered', model1: 'small' };

	for (const as of [viewer, member]) {
		await change('/aliases', body, { as, expect: 403 });
		await change(`/aliases/${global.id}`, body, { as, expect: 403 });
		await api(`/aliases/${global.id}`,
			{ method: 'DELETE', as, expect: 403 });
	}
	const admin = await person('admin');
	const made = await change('/aliases', body, { as: admin });

	await change('/aliases', { ...body, name: 'all', everywhere: true },
		{ as: admin, expect: 403 });
	await api(`/aliases/${global.id}`,
		{ method: 'DELETE', as: admin, expect: 403 });
	await api(`/aliases/${made.id}`, { method: 'DELETE', as: admin });
	await change('/aliases', { ...body, project: 999999 }, { expect: 404 });
});

test('a form that was wrong comes back filled in, without JavaScript', async () => {
	const page = await site.open('/aliases/new',
		{ login: true, javaScript: false });

	await page.fill('[name=name]', 'my-alias');
	await page.fill('[name=model1]', 'smal');
	await page.getByRole('button', { name: 'Save' }).click();
	await page.getByText("Did you mean 'small'?").waitFor();
	assert.equal(await page.inputValue('[name=name]'), 'my-alias');
	assert.equal(await page.inputValue('[name=model1]'), 'smal');
	await page.fill('[name=model1]', 'small');
	await page.getByRole('button', { name: 'Save' }).click();
	await page.getByRole('heading', { name: 'my-alias' }).waitFor();
	await page.locator('.confirm summary').click();
	await page.getByRole('button', { name: 'Remove it for good' }).click();
	await page.getByText('The alias is removed.').waitFor();
});

test('a prompt tells who would answer it, and why', async () => {
	const { route } = await change('/routing', {
		prompt: 'Say hello.', max_tokens: '100' });

	assert.equal(route.complexity, 'simple');
	assert.ok(route.candidates.length > 1);
	assert.match(route.candidates[0].expected_cost_usd, /^\d+(\.\d+)?$/);
	assert.ok(route.features.length > 0);
	const long = (await change('/routing',
		{ prompt: 'word '.repeat(12000) })).route;

	assert.equal(long.candidates.find(({ model }) => model === 'small').dropped,
		'context');
	await change('/routing', { prompt: '' }, { expect: 400 });
	await change('/routing', { prompt: 'x', model: 'nobody' }, { expect: 400 });
	await change('/routing', { prompt: 'x', project: '999999' },
		{ expect: 404 });
	await change('/routing', { prompt: 'x'.repeat(1 << 20) }, { expect: 400 });
	for (const theme of looked(['light', 'dark']))
		for (const size of looked(['wide', 'phone'])) {
			const page = await site.open('/routing',
				{ login: true, javaScript: false, size, theme });

			await page.fill('[name=prompt]', `Prove it. ${EVIL}`);
			await page.getByRole('button', { name: 'Who would answer?' })
				.click();
			await page.getByRole('heading', { name: 'Candidates' }).waitFor();
			assert.match(await page.inputValue('[name=prompt]'), /<script>/);
			await picture(page, `routing-answer-${size}-${theme}`);
			await assertFits(page);
		}
});

test('admins say what the router prefers', async () => {
	for (const as of [viewer, member])
		await change('/routing/policy', { preset: 'cheap' },
			{ as, expect: 403 });
	await change('/routing/policy', { preset: 'quality', cost: '0.25' });
	const { policy } = await read('/routing');

	assert.deepEqual(policy, { preset: 'quality', quality: '8', cost: '0.25',
		speed: '0.05', is_of_project: true });
	await change('/routing/policy', { preset: 'cheap', cost: 'much' },
		{ expect: 400 });
	await change('/routing/policy', { preset: 'cheap', cost: '101' },
		{ expect: 400 });
	await change('/routing/policy', { preset: 'default', cost: '2' },
		{ expect: 400 });
	await change('/routing/policy', { preset: 'default' });
	assert.equal((await read('/routing')).policy.is_of_project, false);
});

test('what routing saved is told from the log', async () => {
	const answer = await chat(site.stack.key, { model: 'auto' });

	assert.equal(answer.status, 200, await answer.text());
	const { savings, recent } = await until(async () => {
		const page = await read('/routing');

		return page.savings.calls.value > 0 && page;
	}, 'the routed call in the log');

	assert.match(savings.chosen.usd, /^0\.\d+$/);
	assert.ok(Number(savings.best.usd) >= Number(savings.chosen.usd));
	assert.equal(recent[0].request_id, answer.headers.get('x-request-id'));
});

test('a login calls models, for the key of the playground', async () => {
	const both = await Promise.all([chat(member), chat(member), chat(member)]);

	for (const answer of both)
		assert.equal(answer.status, 200, await answer.clone().text());
	const row = await site.stack.row({ headers: Object.fromEntries(
		both[0].headers) });

	assert.ok(row);
	const keys = (await read('/keys')).keys
		.filter(({ name }) => name === 'playground');

	assert.equal(keys.length, 1, 'made once, however many come at once');
	assert.equal((await chat(viewer)).status, 403);
	assert.equal((await chat(`${member.slice(0, -4)}AAAA`)).status, 401);
	assert.equal((await chat('eyJhbGciOiJub25lIn0.e30.')).status, 401);
	assert.equal((await chat(member, {}, { 'x-gateway-project': '99999' }))
		.status, 404);
	assert.equal((await chat(member, {}, { 'x-gateway-project': 'x' }))
		.status, 400);
	await change(`/keys/${keys[0].id}/revoke`, {});
	const closed = await chat(member);

	assert.equal(closed.status, 401);
	assert.match((await closed.json()).error.message, /closed/);
	await change('/playground/open', {}, { as: member, expect: 403 });
	await change('/playground/open', {});
	assert.equal((await chat(member)).status, 200);
});

test('a login that has ended calls nothing', async () => {
	const mine = await token('member@example.org', 'a long password 1');

	assert.equal((await chat(mine)).status, 200);
	await api('/auth/logout', { method: 'POST', as: mine });
	assert.equal((await chat(mine)).status, 401);
});

test('the playground asks two models side by side', async () => {
	for (const [size, theme] of [['wide', 'light'], ['phone', 'dark']]) {
		const page = await site.open('/playground?model=small',
			{ login: true, size, theme });

		await page.fill('[name=second]', 'clever');
		await page.fill('[name=system]', 'Be short.');
		await page.fill('[name=prompt]', `Tell me. ${EVIL}`);
		await page.getByRole('button', { name: 'Ask' }).click();
		await page.waitForFunction(() =>
			[...document.querySelectorAll('.answer [data-cost]')]
				.filter((cost) => cost.textContent !== '–').length === 2);
		await page.waitForSelector('[name=run]:enabled');
		assert.equal(await page.locator('.answer').count(), 2);
		for (const text of await page.locator('.answer-text').allInnerTexts())
			assert.notEqual(text.trim(), '');
		assert.match(await page.locator('[data-first]').first().innerText(),
			/\d+ (ms|s)/);
		assert.match(await page.locator('[data-tokens]').first().innerText(),
			/^\d+ \/ \d+$/);
		await picture(page, `playground-answers-${size}-${theme}`);
		await assertFits(page);
		await assertAccessible(page);
	}
	const page = await site.open('/playground?model=nobody', { login: true });

	await page.fill('[name=prompt]', 'Hello');
	await page.getByRole('button', { name: 'Ask' }).click();
	await page.locator('[data-problem]', { hasText: /nobody/ }).waitFor();
});
