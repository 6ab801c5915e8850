// people.test.mjs - the commands for users, members, invitations and logins.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run, root, useStack } from '../conversations/stack.mjs';

const stack = useStack({ set: { 'site.url': 'https://gateway.example/' } },
	async () => {
		for (const [email, role] of [['ana@example.com', 'owner'],
			['ben@example.com', 'viewer']])
			await stack.cli(['user', 'add', email, '--role', role,
				'--password-stdin'], { input: 'correct horse' });
		await stack.cli(['project', 'add', 'laboratory']);
	});

// The command line fails with that status, for that reason, in one line.
async function refused(words, status, reason, input = '') {
	const result = await run(`${root}/tests/stack`,
		['cli', stack.folder, ...words], { input });

	assert.equal(result.status, status, result.out + result.err);
	assert.match(result.err, reason);
	assert.equal(result.err.trimEnd().split('\n').length, 1, result.err);
}

test('people are listed, without what is secret', async () => {
	const users = await stack.cli(['user', 'list']);

	assert.deepEqual(users.map(({ email }) => email),
		['admin@example.com', 'ana@example.com', 'ben@example.com']);
	assert.deepEqual(users.map(({ operator }) => operator),
		[true, false, false]);
	assert.ok(users.every(({ disabled, last_login }) =>
		disabled === false && last_login === null));
	assert.doesNotMatch(JSON.stringify(users), /\$y\$|hash|password/);
});

test('roles are given, listed and taken', async () => {
	await stack.cli(['member', 'set', 'Ben@example.com', '--role', 'admin']);
	await stack.cli(['member', 'set', 'ben@example.com', '--role', 'viewer',
		'--project', 'laboratory']);
	const roles = async (...words) => Object.fromEntries((await stack.cli(
		['member', 'list', ...words])).map(({ email, role }) => [email, role]));

	assert.deepEqual(await roles(), { 'admin@example.com': 'admin',
		'ana@example.com': 'owner', 'ben@example.com': 'admin' });
	assert.deepEqual(await roles('--project', 'laboratory'),
		{ 'ben@example.com': 'viewer' });
	await stack.cli(['member', 'remove', 'ben@example.com']);
	assert.deepEqual(await roles('--project', 'laboratory'), {});
	await refused(['member', 'remove', 'ben@example.com'], 1,
		/no such member/);
	await refused(['member', 'remove', 'ana@example.com'], 1, /last owner/);
	await refused(['member', 'set', 'ana@example.com', '--role', 'viewer'], 1,
		/last owner/);
	await refused(['member', 'set', 'ana@example.com', '--role', 'king'], 2,
		/not a role/);
	await refused(['member', 'set', 'nobody@example.com'], 1, /no such user/);
	await refused(['member', 'list', '--project', 'none'], 1, /no project/);
});

test('an invitation prints its link once', async () => {
	const made = await stack.cli(['invite', 'New@example.com']);

	assert.match(made.link,
		/^https:\/\/gateway\.example\/invitation\?token=[0-9A-Za-z]{43}$/);
	assert.equal(made.email, 'new@example.com');
	assert.equal(made.role, 'member');
	assert.ok(Date.parse(made.expires) > Date.now());
	await refused(['invite', 'ana@example.com'], 1, /member already/);
	await refused(['invite', 'no address'], 1, /not an e-mail/);
	await refused(['invite'], 2, /invite EMAIL/);
	await refused(['invite', 'x@example.com', '--role', 'operator'], 2,
		/not a role/);
});

test('people are locked out and let in, but for the last operator', async () => {
	assert.equal((await stack.cli(['user', 'disable', 'ben@example.com']))
		.disabled, true);
	assert.ok((await stack.cli(['user', 'list'])).find(({ email }) =>
		email === 'ben@example.com').disabled);
	await refused(['user', 'password-link', 'ben@example.com'], 1,
		/disabled/);
	assert.equal((await stack.cli(['user', 'enable', 'ben@example.com']))
		.disabled, false);
	await refused(['user', 'disable', 'admin@example.com'], 1,
		/last operator/);
	await refused(['user', 'disable', 'nobody@example.com'], 1,
		/no such user/);
});

test('a password comes by standard input alone', async () => {
	await refused(['user', 'password', 'ben@example.com'], 2,
		/--password-stdin/);
	await refused(['user', 'password', 'ben@example.com', '--password-stdin'],
		1, /at least 8/, 'short');
	await refused(['user', 'password', 'nobody@example.com',
		'--password-stdin'], 1, /no such user/, 'long enough');
	assert.equal((await stack.cli(['user', 'password', 'ben@example.com',
		'--password-stdin'], { input: 'another horse' })).sessions_ended, 0);
});

test('logins are listed and ended', async () => {
	const logIn = () => fetch(`${stack.url}/api/v1/auth/login`, {
		method: 'POST', headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ email: 'ana@example.com',
			password: 'correct horse' }),
	});

	for (let i = 0; i < 3; i++)
		assert.equal((await logIn()).status, 200);
	const sessions = await stack.cli(
		['session', 'list', '--user', 'ana@example.com']);

	assert.equal(sessions.length, 3);
	assert.equal(sessions[0].client_ip, '127.0.0.1');
	await stack.cli(['session', 'revoke', '--user', 'ana@example.com',
		'--id', String(sessions[0].id)]);
	await refused(['session', 'revoke', '--user', 'ana@example.com',
		'--id', String(sessions[0].id)], 1, /has ended/);
	await refused(['session', 'revoke', '--user', 'ben@example.com',
		'--id', String(sessions[1].id)], 1, /no such session/);
	// Who gets a new password is logged out everywhere.
	await stack.cli(['user', 'add', 'ana@example.com', '--role', 'owner',
		'--password-stdin'], { input: 'correct horse' });
	assert.deepEqual(await stack.cli(
		['session', 'list', '--user', 'ana@example.com']), []);
	await refused(['session', 'revoke'], 2, /--user EMAIL/);
});
