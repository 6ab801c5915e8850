// alerts.test.mjs - /alerts: channels and rules made, tried, switched and
// removed; what happened, with who was told.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { Receiver } from '../conversations/alert_receiver.mjs';
import { until } from '../conversations/stack.mjs';
import { assertAccessible, assertFits, looked, picture, useSite } from './browser.mjs';
import { EVIL, forge, makeTenants, openAs } from './tenants.mjs';

const hook = new Receiver({});
let people;

after(() => hook.stop());

const site = useSite({ web: 'nginx', set: {
	'site.signup': 'open',
	'alerts.interval_ms': 200,
	'alerts.retry_ms': 200,
	'alerts.attempts': 2,
	'alerts.timeout_ms': 2000,
} }, async () => {
	await hook.start();
	people = await makeTenants(site);
});

const channel = (name, kind = 'slack') => people.admin.post('/alerts/channels',
	{ name, kind, target: `${hook.url}/alerts?token=hidden` });
const see = () => people.admin.get('/alerts');

test('a channel is made, tried, switched off and removed', async () => {
	const { channel: made, secret } = await channel('team');

	assert.equal(secret, undefined);
	assert.match(made.target, /^http:\/\/127\.0\.0\.1:\d+\/\.\.\./);
	assert.doesNotMatch(JSON.stringify(await see()), /hidden/);
	await people.admin.post(`/alerts/channels/${made.id}/test`);
	const alert = await until(async () => (await see()).alerts
		.find(({ messages }) => messages[0]?.state === 'sent'), 'the message');

	assert.deepEqual([alert.is_test, alert.rule, alert.messages[0].channel],
		[true, 'channel test', 'team']);
	assert.match(JSON.stringify(hook.taken()), /This is a test/);
	await people.admin.post(`/alerts/channels/${made.id}/enabled`,
		{ enabled: 'off' });
	await people.admin.post(`/alerts/channels/${made.id}/test`, {}, 400);
	await people.admin.remove(`/alerts/channels/${made.id}`);
	await people.admin.remove(`/alerts/channels/${made.id}`, 404);
	const { entries } = await people.admin.get('/audit?action=channel');

	assert.deepEqual(entries.map(({ action }) => action), ['channel.remove',
		'channel.change', 'channel.test', 'channel.add']);
	assert.doesNotMatch(JSON.stringify(entries), /hidden/);
});

test('a message that cannot arrive says why', async () => {
	const { channel: made } = await channel('broken');

	hook.answerWith(418, 'I am a teapot');
	hook.answerWith(418, 'I am a teapot');
	await people.admin.post(`/alerts/channels/${made.id}/test`);
	const message = await until(async () => (await see()).alerts[0]
		.messages.find(({ state }) => state === 'given_up'), 'the end of it');

	assert.match(message.error, /418/);
	assert.equal(message.attempts, 2);
	await people.admin.remove(`/alerts/channels/${made.id}`);
});

test('the secret of a webhook is shown once, and signs', async () => {
	const { channel: made, secret } = await channel('signed', 'webhook');

	assert.match(secret, /^whsec_[0-9A-Za-z]{43}$/);
	assert.doesNotMatch(JSON.stringify(await see()), /whsec_/);
	const again = await people.admin.post(
		`/alerts/channels/${made.id}/secret`);

	assert.notEqual(again.secret, secret);
	assert.doesNotMatch(JSON.stringify(await people.admin.get('/audit')),
		/whsec_/);
	await people.admin.remove(`/alerts/channels/${made.id}`);
});

test('a rule is made, changed and removed; the built-in one stays', async () => {
	const { channel: made } = await channel('one');
	const { rule } = await people.admin.post('/alerts/rules', {
		name: 'errors', kind: 'error_rate', threshold: 300,
		window_minutes: 10, channels: 'one' });

	assert.deepEqual([rule.threshold, rule.window_minutes, rule.channels],
		[300, 10, ['one']]);
	// Without it, the rule would speak to everybody.
	await people.admin.remove(`/alerts/channels/${made.id}`, 400);
	await people.admin.put(`/alerts/rules/${rule.id}`,
		{ name: 'failures', threshold: 400, enabled: 'off' });
	const listed = (await site.stack.cli(['alert', 'list']))
		.find(({ id }) => id === rule.id);

	assert.deepEqual([listed.name, listed.threshold, listed.enabled,
		listed.channels], ['failures', 400, false, []]);
	const builtIn = (await see()).rules.find(({ built_in }) => built_in);

	await people.admin.put(`/alerts/rules/${builtIn.id}`,
		{ name: 'mine', threshold: 7, enabled: 'off' });
	const after = (await see()).rules.find(({ id }) => id === builtIn.id);

	assert.deepEqual([after.name, after.threshold, after.enabled],
		[builtIn.name, builtIn.threshold, false]);
	await people.admin.put(`/alerts/rules/${builtIn.id}`, { enabled: 'on' });
	await people.admin.post('/alerts/rules',
		{ name: 'failures', kind: 'latency' }, 409);
	await people.admin.remove(`/alerts/rules/${rule.id}`);
	await people.admin.remove(`/alerts/channels/${made.id}`);
});

test('what makes no sense is refused', async () => {
	const refuse = (where, body, status = 400) =>
		people.admin.post(`/alerts/${where}`, body, status);
	const target = `${hook.url}/x`;

	await refuse('channels', { name: 'x', kind: 'pigeon', target });
	await refuse('channels', { name: 'x', kind: 'slack', target: 'ftp://x' });
	await refuse('channels', { name: 'x', kind: 'slack', target: 'x'.repeat(1 << 20) });
	await refuse('channels', { name: 'a,b', kind: 'slack', target });
	await refuse('channels', { name: 'x', kind: 'email', target: 'a b' });
	await refuse('channels', { name: 'x', kind: 'email', target: 'a@b.example' });
	await refuse('rules', { name: 'x', kind: 'weather' });
	await refuse('rules', { kind: 'latency' });
	await refuse('rules', { name: 'x', kind: 'latency', threshold: 60001 });
	await refuse('rules', { name: 'x', kind: 'latency', channels: 'nobody' }, 404);
	await refuse('rules', { name: 'x', kind: 'latency', project_id: 99999 });
	await refuse('rules', { name: 'x', kind: 'catalog', project_id: 1 });
	await people.admin.get('/alerts?before=x', 400);
});

test('others change nothing here, and see nothing of it', async () => {
	const { channel: made } = await channel('ours');
	const { rule } = await people.admin.post('/alerts/rules',
		{ name: 'ours', kind: 'latency' });
	const forms = [
		[`/alerts/channels/${made.id}/test`, {}],
		[`/alerts/channels/${made.id}/enabled`, { enabled: 'off' }],
		[`/alerts/channels/${made.id}/secret`, {}],
		[`/alerts/channels/${made.id}/remove`, {}],
		[`/alerts/rules/${rule.id}`, { name: 'theirs' }],
		[`/alerts/rules/${rule.id}/remove`, {}],
	];

	for (const [where, body] of forms) {
		await people.member.post(where, body, 403);
		await people.stranger.post(where, body, 404);
		assert.equal(await forge(site, people.admin, where, body), 403);
	}
	const theirs = await people.stranger.get('/alerts');

	assert.deepEqual([theirs.rules, theirs.channels, theirs.alerts],
		[[], [], []]);
	assert.equal((await people.viewer.get('/alerts')).may_change, false);
	await people.admin.remove(`/alerts/rules/${rule.id}`);
	await people.admin.remove(`/alerts/channels/${made.id}`);
});

test('the log is paged without gaps', async () => {
	const { channel: made } = await channel('paged');
	const ids = [];

	for (let i = 0; i < 30; i++)
		await people.admin.post(`/alerts/channels/${made.id}/test`);
	for (let next = ''; next !== undefined;) {
		const page = await people.admin.get(`/alerts${next &&
			`?before=${next}`}`);

		ids.push(...page.alerts.map(({ id }) => id));
		next = page.next;
	}
	assert.ok(ids.length >= 30);
	assert.deepEqual(ids, [...new Set(ids)].sort((a, b) => b - a));
	await people.admin.remove(`/alerts/channels/${made.id}`);
});

for (const [theme, language] of looked([['light', 'en'], ['dark', 'es']]))
	test(`how it looks, with evil names: ${theme}, ${language}`, async () => {
		const { channel: made } = await channel(EVIL.replaceAll(',', ''));
		const { rule } = await people.admin.post('/alerts/rules',
			{ name: EVIL, kind: 'provider_down' });

		await people.admin.post(`/alerts/channels/${made.id}/test`);
		for (const size of looked(['wide', 'phone', 'narrow'])) {
			const page = await openAs(site, people.admin, '/alerts',
				{ size, theme, locale: language });

			for (const [where, name] of [['/alerts', 'alerts'],
				['/alerts/rules/new?kind=latency', 'alert-rule-new'],
				[`/alerts/rules/${rule.id}`, 'alert-rule'],
				['/alerts/channels/new', 'alert-channel']]) {
				if (size === 'narrow' && name !== 'alerts')
					continue;
				await page.goto(site.url + where);
				await picture(page, `${name}-${size}-${theme}`);
				await assertFits(page);
				await assertAccessible(page);
			}
		}
		await people.admin.remove(`/alerts/rules/${rule.id}`);
		await people.admin.remove(`/alerts/channels/${made.id}`);
	});

test('the forms work without JavaScript', async () => {
	const page = await openAs(site, people.admin, '/alerts/channels/new',
		{ javaScript: false });

	await page.fill('input[name=name]', 'hooked');
	await page.selectOption('select[name=kind]', 'webhook');
	await page.fill('input[name=target]', 'not a URL');
	await page.click('main form button.button-main');
	assert.equal(await page.locator('.field-bad input').getAttribute('name'),
		'target');
	assert.equal(await page.inputValue('select[name=kind]'), 'webhook');
	await page.fill('input[name=target]', `${hook.url}/alerts`);
	await page.click('main form button.button-main');
	assert.match(await page.innerText('.secret-text'), /^whsec_/);
	await page.goto(`${site.url}/alerts`);
	await page.click('form[action$="/test"] button');
	assert.match(await page.innerText('[role=status]'), /on its way/);
	await page.click('.rows-actions summary.icon-button');
	await page.click('.confirm-menu summary');
	await page.click('form[action$="/remove"] button');
	assert.equal(await page.locator('text=hooked').count(), 0);
});
