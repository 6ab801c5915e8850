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
