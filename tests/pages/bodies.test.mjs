// bodies.test.mjs - what was kept of a call on its page, the price and the
// route; forms that clear a value; providers that change; foreign aliases.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
	assertAccessible, assertFits, looked, picture, useSite,
} from './browser.mjs';
import { EVIL, forge, makeTenants, openAs } from './tenants.mjs';

let people;

const site = useSite({ web: 'nginx', set: { 'site.signup': 'open' } },
	async (s) => {
		const { stack } = s;

		people = await makeTenants(s);
		await stack.cli(['project', 'add', 'keeps', '--bodies', 'full',
			'--redact', 'none']);
		stack.keeps = (await stack.createKey('keeps', '--project', 'keeps',
			'--models', 'cheap,premium')).key;
		for (const [name, quality, input, output] of [
			['cheap', '55', '0.15', '0.6'], ['premium', '92', '2.5', '10']])
			await stack.cli(['model', 'add', name, '--provider', 'sandbox',
				'--upstream', 'sim-small?tokens=40', '--quality', quality,
				'--input-price', input, '--output-price', output]);
	});

async function call(text, model = 'auto', more = {}) {
	const answer = await site.stack.chat({ model, ...more,
		messages: [{ role: 'user', content: text }] },
	{ key: site.stack.keeps });

	assert.equal(answer.status, 200, answer.text);
	await site.stack.row(answer);
	return answer.headers['x-request-id'];
}

test('bodies are shown to admins, and to nobody else', async () => {
	const id = await call(EVIL);
	const admin = await people.admin.get(`/requests/${id}`);

	assert.equal(admin.contents.state.word, 'shown');
	assert.equal(JSON.parse(admin.contents.request.body)
		.messages[0].content, EVIL);
	for (const role of ['viewer', 'member']) {
		const seen = await people[role].get(`/requests/${id}`);

		assert.deepEqual(seen.contents, { state: { word: 'hidden',
			hidden: true } });
	}
	await people.stranger.get(`/requests/${id}`, 404);
	await people.stranger.get(`/requests/${id}/route`, 404);
	for (const options of looked([{}, { size: 'phone', theme: 'dark' },
		{ locale: 'es-ES' }])) {
		const page = await openAs(site, people.admin, `/requests/${id}`,
			options);
		const bodies = page.locator('#contents details');

		assert.equal(await bodies.count(), 2);
		await bodies.nth(0).locator('summary').click();
		await bodies.nth(1).locator('summary').click();
		// As text: it does not run, and adds nothing to the page.
		assert.match(await bodies.nth(0).innerText(), /<script>alert\(1\)/);
		assert.equal(await page.locator('#contents script').count(), 0);
		assert.equal(await page.locator('#contents img').count(), 0);
		assert.equal(await bodies.nth(0).locator('.copy').count(), 1);
		await assertFits(page);
		await assertAccessible(page);
		await picture(page, `bodies-${options.size ?? 'wide'}-${
			options.theme ?? 'light'}-${options.locale ?? 'en'}`);
	}
	const viewer = await openAs(site, people.viewer, `/requests/${id}`);

	assert.equal((await viewer.content()).includes('alert(1)'), false);
});

test('the price that a call was charged by, and why it went there',
	async () => {
		const id = await call('What is the capital of France?');
		const before = await people.viewer.get(`/requests/${id}`);

		assert.equal(before.model_used, 'cheap');
		assert.equal(before.price.input.usd, '0.15');
		assert.equal(before.price.output.usd, '0.6');
		// A new price is for new calls.
		await site.stack.cli(['model', 'add', 'cheap', '--provider', 'sandbox',
			'--upstream', 'sim-small?tokens=40', '--quality', '55',
			'--input-price', '0.2', '--output-price', '0.8']);
		assert.deepEqual((await people.viewer.get(`/requests/${id}`)).price,
			before.price);
		const route = await people.viewer.get(`/requests/${id}/route`);

		assert.equal(route.was_routed, true);
		assert.equal(route.model_used, 'cheap');
		assert.deepEqual(route.candidates.slice(0, 2)
			.map(({ model }) => model), ['cheap', 'premium']);
	});

test('what routing saved: on the call, the overview and the API', async () => {
	const id = await call('What is the capital of Spain?');
	const one = await people.viewer.get(`/requests/${id}`);
	const exact = (one.prompt_tokens.value * (2.5e6 - 0.2e6)
		+ one.completion_tokens.value * (10e6 - 0.8e6));

	assert.equal(Math.round(Number(one.route_saved.usd) * 1e12), exact);
	const overview = await people.viewer.get('/overview');

	assert.ok(overview.route_saved_requests.value >= 2);
	assert.ok(Number(overview.route_saved.usd) > Number(one.route_saved.usd));
	// A call that names its model was not routed.
	const named = await people.viewer.get(
		`/requests/${await call('hello', 'premium')}`);

	assert.equal(named.route_saved, null);
	const page = await openAs(site, people.viewer, '/overview');

	assert.ok((await page.content()).includes(overview.route_saved.text)
		|| (await page.locator('.tiles').innerText()).includes('outing'));
	await picture(page, 'overview-route-saved');
});

test('a project\'s form says what is kept', async () => {
	const { projects } = await people.admin.get('/projects');
	const { id } = projects.find(({ name }) => name === 'keeps');
	const page = await openAs(site, people.admin, `/projects/${id}`);

	await page.selectOption('[name=bodies]', 'metadata');
	await page.fill('[name=max_bytes]', '2048');
	await page.click('form .button-main');
	assert.deepEqual((await people.admin.get(`/projects/${id}`)).project.bodies,
		{ keep: 'metadata', redact: 'none', max_bytes: 2048 });
	await people.admin.ask('PATCH', `/projects/${id}`,
		{ name: 'keeps', bodies: 'full' });
	await people.admin.ask('PATCH', `/projects/${id}`,
		{ name: 'keeps', bodies: 'all' }, 400);
	await people.admin.ask('PATCH', `/projects/${id}`,
		{ name: 'keeps', max_bytes: 5 }, 400);
	await people.member.ask('PATCH', `/projects/${id}`,
		{ name: 'keeps', bodies: 'off' }, 403);
	const shown = await openAs(site, people.admin, `/projects/${id}`);

	await assertFits(shown);
	await assertAccessible(shown);
	await picture(shown, 'project-bodies');
});

test('a value is cleared, kept, or several at once', async () => {
	const made = await people.admin.post('/keys', { name: 'clears',
		project: (await people.admin.get('/projects')).projects[0].id,
		rpm: 5, tpm: 7, models: ['cheap', 'premium'], tags: 'a, b' });
	const key = async () => (await people.admin.get(`/keys/${made.id}`)).key;
	const at = `/keys/${made.id}`;

	assert.deepEqual((await key()).models, ['cheap', 'premium']);
	await people.admin.ask('PATCH', at, { rpm: null });
	assert.equal((await key()).rpm, null);
	assert.equal((await key()).tpm.value, 7);
	assert.deepEqual((await key()).tags, ['a', 'b']);
	await people.admin.ask('PATCH', at, { models: [], tags: ['c'] });
	assert.deepEqual((await key()).models, []);
	assert.deepEqual((await key()).tags, ['c']);
	await people.admin.ask('PATCH', at, { models: ['a,b'] }, 400);
	await people.admin.ask('PATCH', at, { models: [1] }, 400);
	await people.admin.ask('PATCH', at,
		{ models: Array(5000).fill('x'.repeat(100)) }, 400);
	// The form: fields that repeat, and an empty one.
	const page = await openAs(site, people.admin, `${at}/edit`);

	assert.equal(await page.inputValue('[name=tpm]'), '7');
	await page.fill('[name=tpm]', '');
	await page.evaluate(() => {
		const again = document.querySelector('[name=models]').cloneNode();

		document.querySelector('[name=models]').value = 'cheap';
		again.value = 'premium';
		document.querySelector('[name=models]').after(again);
	});
	await page.click('form .button-main');
	assert.equal((await key()).tpm, null);
	assert.deepEqual((await key()).models, ['cheap', 'premium']);
});

test('a provider and its hosts change in the browser', async () => {
	const added = await people.operator.post('/providers', { name: 'changing',
		dialect: 'openai_chat', base_url: 'https://api.example.com/v1' });
	const at = `/providers/${added.id}`;
	const provider = async () => (await people.operator.get(at)).provider;
	const page = await openAs(site, people.operator, at);

	await page.fill('[name=rpm]', '30');
	await page.fill('[name=idle_timeout_ms]', '9000');
	await page.selectOption('[name=on_disconnect]', 'drain');
	await page.click(`form[action="${at}"] .button-main`);
	const now = await provider();

	assert.equal(now.rpm, 30);
	assert.equal(now.idle_timeout_ms, 9000);
	assert.equal(now.on_disconnect, 'drain');
	assert.equal(now.base_url, 'https://api.example.com/v1');
	await people.operator.ask('PATCH', at, { rpm: null, weight: 3 });
	assert.equal((await provider()).rpm, 0);
	assert.equal((await provider()).idle_timeout_ms, 9000);
	await people.operator.post(`${at}/hosts`,
		{ base_url: 'https://b.example.com/v1/', weight: 4 });
	assert.deepEqual((await provider()).hosts,
		[{ base_url: 'https://b.example.com/v1', weight: 4 }]);
	for (const bad of ['ftp://x.example.com', 'https://u:p@x.example.com',
		'no address'])
		for (const [where, verb] of [[at, 'PATCH'], [`${at}/hosts`, 'POST']])
			await people.operator.ask(verb, where, { base_url: bad }, 400);
	const shown = await openAs(site, people.operator, at);

	await assertFits(shown);
	await assertAccessible(shown);
	await picture(shown, 'provider-edit');
	await people.operator.post(`${at}/host-remove`,
		{ base_url: 'https://b.example.com/v1' });
	assert.deepEqual((await provider()).hosts, []);
	await people.operator.post(`${at}/host-remove`,
		{ base_url: 'https://b.example.com/v1' }, 404);
	await people.owner.ask('PATCH', at, { weight: 9 }, 403);
	await people.owner.post(`${at}/hosts`,
		{ base_url: 'https://c.example.com' }, 403);
	assert.equal(await forge(site, people.operator, at, { rpm: '1' }), 403);
	await people.operator.ask('PATCH', '/providers/999999', { weight: 1 }, 404);
	const audit = JSON.stringify(await people.operator.get('/audit'));

	for (const action of ['provider.change', 'provider.host_set',
		'provider.host_remove'])
		assert.ok(audit.includes(action), action);
});

test('another tenant\'s alias is not there, whatever is asked of it',
	async () => {
		const { projects } = await people.admin.get('/projects');
		const alias = await people.admin.post('/aliases', { name: 'ours',
			project: projects[0].id, model1: 'cheap', strategy: 'ordered' });
		const fields = { model1: 'premium', strategy: 'ordered' };

		for (const [verb, where] of [['GET', ''], ['POST', ''], ['PUT', ''],
			['DELETE', ''], ['POST', '/remove']])
			await people.stranger.ask(verb, `/aliases/${alias.id}${where}`,
				['GET', 'DELETE'].includes(verb) ? undefined : fields, 404);
		const still = JSON.stringify(await people.admin.get('/aliases'));

		assert.ok(still.includes('"ours"'));
		assert.ok(JSON.stringify(await people.admin.get(
			`/aliases/${alias.id}`)).includes('cheap'));
	});
