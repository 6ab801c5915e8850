// stranger.test.mjs - the whole story of somebody who has just installed it:
// an account, a project, a provider with its key, a model, a budget, a gateway
// key, a call by the official SDK, and where that call is seen. Once with
// JavaScript and once without, each on an installation where nobody has been.
// All of it goes through the browser; only the call goes past it.

import assert from 'node:assert/strict';
import http from 'node:http';
import { describe, test } from 'node:test';
import OpenAI from 'openai';

import { until } from '../conversations/stack.mjs';
import { assertAccessible, assertFits, picture, useSite } from './browser.mjs';

const PASSWORD = 'correct horse battery';
const PROVIDER_KEY = 'sk-story-0123456789-abcdefghij-WXYZ';
const WRONG_KEY = 'sk-wrong-0123456789-abcdefghij-QRST';

for (const javaScript of [true, false])
	describe(`a stranger ${javaScript ? 'with' : 'without'} JavaScript`, () => {
		const site = useSite({ web: 'nginx', empty: true });

		test('makes the first call, and sees it', async (t) => {
			const story = await begin(site, javaScript);
			const provider = await startProvider(site.stack.env.SIMULATOR_URL);

			t.after(() => provider.close());
			story.providerUrl =
				`http://127.0.0.1:${provider.address().port}/v1`;
			await signUp(story);
			await makeProject(story);
			await addProvider(story);
			await addModel(story);
			await setBudget(story);
			await makeKey(story);
			await callBySdk(story);
			await seeCall(story);
			await inviteViewer(story);
			await readTour(story);
		});
	});

async function begin(site, javaScript) {
	const page = await site.open('/', { javaScript });
	const see = async (name) => {
		await picture(page, `stranger-${name}${javaScript ? '' : '-plain'}`);
		if (javaScript)
			await assertAccessible(page);
		await assertFits(page);
	};

	if (javaScript)
		await page.context().grantPermissions(
			['clipboard-read', 'clipboard-write']);
	return { site, page, javaScript, see };
}

// The simulator, behind a door that opens to one key alone.
async function startProvider(simulator) {
	const server = http.createServer((request, response) => {
		if (request.headers.authorization !== `Bearer ${PROVIDER_KEY}`) {
			response.writeHead(401, { 'content-type': 'application/json' });
			response.end('{"error":{"message":"Incorrect API key provided"}}');
			return;
		}
		const forward = http.request(simulator + request.url,
			{ method: request.method, headers: request.headers },
			(answer) => {
				response.writeHead(answer.statusCode, answer.headers);
				answer.pipe(response);
			});

		forward.on('error', () => response.destroy());
		request.pipe(forward);
	});

	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	return server;
}

// One click on what a person would click on, and its page.
async function follow(page, selector) {
	await Promise.all([page.waitForNavigation(),
		page.locator(selector).first().click()]);
}

const send = (page, form = 'main form') => follow(page,
	`${form} button.button-main`);
const nav = (page, name) => follow(page, `.nav a[data-name="${name}"]`);

// The page's JSON, as a program gets it.
async function json(page, where) {
	const answer = await page.request.get(where,
		{ headers: { accept: 'application/json' } });

	assert.equal(answer.status(), 200, where);
	return answer.json();
}

async function signUp({ site, page, see }) {
	// Who comes to an installation without people is led to the door.
	assert.match(page.url(), /\/login/);
	await follow(page, 'a[href="/signup"]');
	assert.match(await page.innerText('main .notice'), /operator/);
	await see('signup');
	await page.fill('input[name=name]', 'Ana Stranger');
	await page.fill('input[name=email]', 'ana@example.com');
	await page.fill('input[name=password]', PASSWORD);
	await send(page);
	assert.equal(page.url(), `${site.url}/`);
	assert.equal((await json(page, `${site.url}/api/v1/account`)).user.operator,
		true);
	await see('empty-overview');
	// What is empty says what to do.
	assert.equal(await page.locator('main a[href="/providers/new"]').count(), 1);
	assert.equal(await page.locator('main a[href="/keys/new"]').count(), 1);
}

async function makeProject({ page, see }) {
	await nav(page, 'projects');
	await page.fill('input[name=name]', 'Website');
	await send(page);
	await see('projects');
	// Chosen in the menu, it is what is looked at from now on.
	await page.click('.place-summary');
	await follow(page, '.place button:has-text("Website")');
	assert.match(await page.innerText('.place-summary'), /^Website/);
}

async function addProvider({ page, see, providerUrl }) {
	await nav(page, 'providers');
	await see('empty-providers');
	await follow(page, 'main a[href="/providers/new"]');
	await page.fill('input[name=name]', 'simulator');
	await page.fill('input[name=base_url]', providerUrl);
	await page.fill('input[name=dialect]', 'openai_chat');
	await page.fill('input[name=key]', WRONG_KEY);
	await send(page);
	// A key that the provider refuses is told of, and what was filled in stays.
	assert.match(await page.innerText('[role=alert]'), /Incorrect API key/);
	assert.equal(await page.inputValue('input[name=base_url]'), providerUrl);
	assert.ok(!(await page.content()).includes(WRONG_KEY));
	await see('provider-refused');
	await page.fill('input[name=key]', PROVIDER_KEY);
	await send(page);
	assert.match(page.url(), /\/providers\/\d+$/);
	const shown = await page.innerText('main');

	// Tried when it was saved, and never shown again.
	assert.match(shown, /accepted/i);
	assert.match(shown, /…WXYZ/);
	assert.ok(!(await page.content()).includes(PROVIDER_KEY));
	assert.match(shown, /no models/);
	await see('provider');
}

async function addModel({ site, page, see }) {
	await follow(page, 'main a[href^="/models/new"]');
	assert.equal(await page.inputValue('select[name=provider]'), 'simulator');
	await page.fill('input[name=name]', 'small-model');
	await page.fill('input[name=upstream_name]', 'sim-small');
	await page.fill('input[name=input_price]', 'a lot');
	await page.fill('input[name=output_price]', '0.61');
	await send(page);
	assert.equal(await page.locator('.field-bad input[name=input_price]').count(),
		1);
	assert.equal(await page.inputValue('input[name=name]'), 'small-model');
	await page.fill('input[name=input_price]', '0.153');
	await see('model-new');
	await send(page);
	assert.match(page.url(), /\/models\/\d+$/);
	assert.match(await page.innerText('h1'), /small-model/);
	await page.goto(`${site.url}/models/new`);
	await page.fill('input[name=name]', 'small-model');
	await send(page);
	assert.match(await page.innerText('[role=alert]'), /already/);
}

async function setBudget({ page, see }) {
	await nav(page, 'budgets');
	await see('empty-budgets');
	await follow(page, 'main a[href="/budgets/new"]');
	await page.selectOption('select[name=owner]', { label: 'Website' });
	await page.fill('input[name=limit_usd]', '5');
	await send(page);
	assert.match(await page.innerText('main'), /Website/);
	await see('budgets');
}

// What is on the page is all that a person needs.
async function makeKey(story) {
	const { page, javaScript, see } = story;

	await nav(page, 'keys');
	await see('empty-keys');
	await follow(page, 'main a[href="/keys/new"]');
	await page.fill('input[name=name]', 'First app');
	await page.fill('input[name=tags]', 'story');
	await send(page);
	story.key = (await page.innerText('#key')).trim();
	assert.match(story.key, /^gw_/);
	if (javaScript) {
		await page.click('#key .copy');
		await until(async () => await page.evaluate(() =>
			navigator.clipboard.readText()) === story.key,
		'the key in the clipboard');
	}
	await page.click('summary:has-text("Node, openai")');
	const program = await page.innerText('details[open] pre');

	[, story.baseURL] = program.match(/baseURL: '([^']+)'/);
	[, story.model] = program.match(/model: '([^']+)'/);
	assert.ok(program.includes(story.key));
	await see('key');
	await follow(page, 'main a.button-main');
	assert.ok(!(await page.content()).includes(story.key));
}

async function callBySdk(story) {
	const client = new OpenAI({ apiKey: story.key, baseURL: story.baseURL,
		maxRetries: 0 });
	const answer = await client.chat.completions.create({ model: story.model,
		user: 'first-user',
		messages: [{ role: 'user', content: 'Hello!' }] });

	assert.ok(answer.choices[0].message.content);
	assert.equal(answer.metadata.provider, 'simulator');
	story.id = answer.metadata.request_id;
	story.cost = answer.metadata.cost_usd;
	assert.match(story.cost, /^0\.0*[1-9]\d*$/);
}

// In four places, and to the last digit what the call itself was told.
async function seeCall({ site, page, see, id, cost }) {
	await until(async () => {
		await nav(page, 'requests');
		return await page.locator('.row-link').count() === 1;
	}, 'the call among the requests', { every: 200 });
	await see('requests');
	await follow(page, '.row-link');
	assert.ok(page.url().endsWith(`/requests/${id}`));
	const shown = await page.innerText('main');

	assert.match(shown, /First app/);
	assert.ok(shown.includes(`$${cost}`), `${cost} in ${shown}`);
	await see('request');
	await nav(page, 'overview');
	assert.match(await page.innerText('main'), /First app/);
	await see('overview');
	const [detail, list, overview, budgets, keys] = await Promise.all([
		`/requests/${id}`, '/requests', '/overview', '/budgets', '/keys',
	].map((where) => json(page, `${site.url}/api/v1${where}`)));
	const [{ budgets: [budget] }] = budgets.scopes.filter(({ name }) =>
		name === 'Website');

	assert.deepEqual([detail.cost.usd, list.requests[0].cost.usd,
		overview.cost.usd, budget.spent.usd, keys.keys[0].spent_today.usd],
	Array(5).fill(cost));
	await nav(page, 'budgets');
	assert.ok((await page.innerText('main')).includes(budget.spent.text));
}

async function inviteViewer({ site, page, javaScript, see, id }) {
	await page.click('.place-summary');
	await follow(page, '.place button[value="0"]');
	await nav(page, 'members');
	await page.fill('input[name=email]', 'vera@example.com');
	await page.selectOption('form[action="/members"] select[name=role]', 'viewer');
	await send(page);
	await see('invited');
	const link = (await page.innerText('main code')).trim();
	const guest = await site.open(link.slice(site.url.length), { javaScript });

	await follow(guest, 'a[href^="/signup"]');
	await guest.fill('input[name=password]', PASSWORD);
	await send(guest);
	assert.equal(guest.url(), `${site.url}/`);
	// What the menu leads to may be seen; nothing leads to a change.
	const links = await guest.locator('.nav a').evaluateAll((all) =>
		all.map((one) => one.getAttribute('href')));

	for (const where of links) {
		assert.equal((await guest.goto(site.url + where)).status(), 200, where);
		// To look elsewhere, to try a prompt, to leave: no more can be sent.
		assert.deepEqual(await guest.locator('main form[method=post]:has(button)')
			.evaluateAll((all) => all.map((form) => form.getAttribute('action'))
				.filter((action) => !/^\/(switch|routing)$|\/remove$/
					.test(action))), [], where);
		assert.equal(await guest.locator('main a[href$="/new"]').count(), 0,
			where);
	}
	for (const where of ['/audit', '/settings', '/keys/new', '/providers/new',
		'/models/new', '/budgets/new', '/models/sync', '/playground']) {
		assert.ok(!links.includes(where), where);
		assert.equal((await guest.request.get(site.url + where)).status(), 403,
			where);
	}
	assert.equal((await guest.goto(`${site.url}/requests/${id}`)).status(), 200);
}

// The pages of a first day, in the other language, by night, on a small screen.
async function readTour({ site, page, javaScript }) {
	await page.context().addCookies([
		{ name: 'language', value: 'es', url: site.url },
		{ name: 'theme', value: 'dark', url: site.url }]);
	await page.setViewportSize({ width: 320, height: 640 });
	for (const where of ['/', '/requests', '/providers', '/models/new', '/keys',
		'/budgets', '/members']) {
		await page.goto(site.url + where);
		assert.equal(await page.getAttribute('html', 'lang'), 'es');
		await picture(page, `stranger-es${where.replaceAll('/', '-')}${
			javaScript ? '' : '-plain'}`);
		await assertFits(page);
		if (javaScript)
			await assertAccessible(page);
	}
}
