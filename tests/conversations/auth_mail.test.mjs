// auth_mail.test.mjs - a forgotten password, by e-mail, through a real mail
// server.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Browser } from './browser.mjs';
import { MailServer } from './mail_server.mjs';
import { assertError, Stack } from './stack.mjs';

const PASSWORD = 'correct horse battery';
const skip = MailServer.why;
let mail, stack;

before(async () => {
	if (skip)
		return;
	mail = await MailServer.create();
	await mail.start();
	stack = new Stack({ processes: 2, set: {
		'alerts.smtp_url': mail.url, 'alerts.smtp_from': 'gw@example.com',
		'site.url': 'https://gateway.example/' } });
	await stack.up();
	for (const email of ['ana@example.com', 'many@example.com'])
		await stack.cli(['user', 'add', email, '--password-stdin'],
			{ input: PASSWORD });
}, { timeout: 60000 });

after(async () => {
	await stack?.down();
	await mail?.stop();
}, { timeout: 60000 });

const ask = (email, headers) => new Browser(stack.url).send('POST',
	'/api/v1/password/forgotten', { json: { email }, headers });

test('a link comes by mail, and works once', { skip }, async () => {
	const browser = new Browser(stack.url);
	const answer = await ask('ANA@example.com', { host: 'evil.example' });

	await browser.logIn('ana@example.com', PASSWORD);
	assert.equal(answer.status, 200, answer.text);
	const message = await mail.messageTo('ana@example.com', /password/i);
	const [, token] = message.replaceAll('=\r\n', '').replaceAll('=\n', '')
		.match(/https:\/\/gateway\.example\/password\/new\?token=(?:3D)?([0-9A-Za-z]{43})/);

	assert.ok(!message.includes('evil.example'));
	const set = (password) => new Browser(stack.url).send('POST',
		'/api/v1/password/new', { json: { token, password } });

	assert.equal((await set('another horse')).status, 200);
	assertError(await set('third horse'), 404, 'not_found');
	assert.equal(await browser.me(), 401);
	await new Browser(stack.url).logIn('ana@example.com', 'another horse');
	assert.ok(!stack.logs().includes(token));
});

test('an invitation goes by mail, and one of its links works', { skip }, async () => {
	const owner = new Browser(stack.url);

	await stack.cli(['user', 'add', 'olga@example.com', '--role', 'owner',
		'--password-stdin'], { input: PASSWORD });
	await owner.logIn('olga@example.com', PASSWORD);
	const invite = async (email) => {
		const answer = await owner.api('POST', '/members',
			{ email, role: 'viewer' });

		assert.equal(answer.status, 200, answer.text);
		assert.equal(answer.json().mailed, true);
		assert.match(answer.json().link,
			/^https:\/\/gateway\.example\/invitation\?token=/);
		const message = (await mail.messageTo(email, /invitation/i))
			.replaceAll('=\r\n', '').replaceAll('=\n', '');
		const [, mailed] = message.match(
			/https:\/\/gateway\.example\/invitation\?token=(?:3D)?([0-9A-Za-z]{43})/);

		return { message, mailed, shown: answer.json().link.slice(-43) };
	};
	const join = async (email, invitation) => (await new Browser(stack.url)
		.send('POST', '/api/v1/auth/signup',
			{ json: { email, password: PASSWORD, invitation } })).status;
	const first = await invite('guest@example.com');

	assert.match(first.message, /olga@example\.com invites you to default/);
	assert.notEqual(first.mailed, first.shown);
	assert.equal(await join('thief@example.com', first.mailed), 400);
	assert.equal(await join('guest@example.com', first.mailed), 200);
	assert.equal(await join('guest@example.com', first.shown), 404);
	const second = await invite('friend@example.com');

	assert.equal(await join('friend@example.com', second.shown), 200);
	assert.equal(await join('friend@example.com', second.mailed), 404);
	for (const { mailed, shown } of [first, second])
		assert.ok(![mailed, shown].some((token) =>
			stack.logs().includes(token)));
});

test('an invitation speaks the language of its organisation', { skip }, async () => {
	const owner = new Browser(stack.url);

	await owner.logIn('olga@example.com', PASSWORD);
	assert.equal((await owner.api('PUT', '/settings', { name: 'default',
		time_zone: 'UTC', locale: 'es' })).status, 200);
	assert.equal((await owner.api('POST', '/members',
		{ email: 'huesped@example.com', role: 'viewer' })).status, 200);
	await mail.messageTo('huesped@example.com', /te invita a default/);
});

test('nobody mails to whole lists of strangers', { skip }, async () => {
	const owner = new Browser(stack.url);
	const statuses = new Set();

	await owner.logIn('olga@example.com', PASSWORD);
	for (let i = 0; i < 40; i++)
		statuses.add((await owner.api('POST', '/members',
			{ email: `list-${i}@example.com`, role: 'viewer' })).status);
	assert.deepEqual([...statuses], [200, 429]);
});

test('every address gets one answer, and few mails', { skip }, async () => {
	const [known, unknown] = [await ask('many@example.com'),
		await ask('nobody@example.com')];

	assert.equal(known.status, 200);
	assert.equal(known.text, unknown.text);
	await mail.messageTo('many@example.com', /password/i);
	const statuses = [];

	for (let i = 0; i < 4; i++)
		statuses.push((await ask('many@example.com')).status);
	assert.deepEqual(statuses, [200, 200, 429, 429]);
	assert.ok(!mail.messages().some((text) =>
		text.includes('nobody@example.com')));
});
