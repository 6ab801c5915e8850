// auth_signup.test.mjs - who may make an account, and how people are invited,
// with Apache and mod_fcgid, where every request may meet another process.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Browser } from './browser.mjs';
import { assertError, run, useStack } from './stack.mjs';

const PASSWORD = 'correct horse battery';

const open = useStack({ web: 'fcgid', processes: 6,
	set: { 'site.signup': 'open', 'site.idle_ms': 3000 } });
const invite = useStack({ processes: 2 });
const closed = useStack({ set: { 'site.signup': 'closed' } });

const signUp = (stack, fields) => new Browser(stack.url).send('POST',
	'/api/v1/auth/signup', { json: { password: PASSWORD, ...fields } });

// A browser whose person has just signed up.
async function newcomer(stack, fields) {
	const browser = new Browser(stack.url);
	const answer = await browser.send('POST', '/api/v1/auth/signup',
		{ json: { password: PASSWORD, ...fields } });

	assert.equal(answer.status, 200, answer.text);
	browser.csrf = answer.json().csrf_token;
	browser.token = answer.json().token;
	return browser;
}

const tokenOf = (link, stack) =>
	new URL(link, stack.url).searchParams.get('token');

test('where it is open, anybody gets an organisation of their own', async () => {
	const browser = await newcomer(open, { email: 'Ana@One.example',
		name: 'Ana', organisation: 'One' });
	const me = (await browser.get('/api/v1/auth/me')).json();

	assert.equal(me.role, 'owner');
	assert.equal(me.organisation, 'One');
	assert.equal(me.user.email, 'ana@one.example');
	assert.equal(me.user.operator, false);
	const members = (await browser.get('/api/v1/members')).json();

	assert.deepEqual(members.members.map(({ email }) => email),
		['ana@one.example']);
	assertError(await signUp(open, { email: 'x@two.example' }),
		400, undefined, 'organisation');
	assertError(await signUp(open, { email: 'x@two.example',
		organisation: 'One' }), 409, undefined, 'organisation');
	assertError(await signUp(open, { email: 'ana@one.example',
		organisation: 'Three' }), 409, undefined, 'email');
	assertError(await signUp(open, { email: 'x@two.example',
		organisation: 'Two', password: 'short' }), 400, undefined, 'password');
	assertError(await signUp(open, { email: 'not an address',
		organisation: 'Two' }), 400, undefined, 'email');
	// What was refused left nothing behind.
	await newcomer(open, { email: 'x@two.example', organisation: 'Two' });
});

test('two organisations do not see each other', async () => {
	const [mine, theirs] = [
		await newcomer(open, { email: 'a@mine.example', organisation: 'Mine' }),
		await newcomer(open, { email: 'b@theirs.example',
			organisation: 'Theirs' })];
	const other = (await theirs.get('/api/v1/auth/me')).json();
	const invited = (await theirs.api('POST', '/members',
		{ email: 'c@theirs.example', role: 'viewer' })).json();

	assertError(await mine.api('POST', '/switch',
		{ organisation: other.organisation_id }), 404, 'not_found');
	assertError(await mine.api('PATCH', `/members/${other.user.id}`,
		{ role: 'viewer' }), 404, 'not_found');
	assertError(await mine.api('DELETE', `/members/${other.user.id}`),
		404, 'not_found');
	assertError(await mine.api('DELETE',
		`/invitations/${invited.invitation.id}`), 404, 'not_found');
	assert.equal((await theirs.get('/api/v1/members')).json()
		.invitations.length, 1);
	assert.equal((await mine.get('/api/v1/members')).json()
		.invitations.length, 0);
});

test('a revoked session is over on every process of mod_fcgid', async () => {
	const browser = await newcomer(open, { email: 'r@many.example',
		organisation: 'Many' });
	const together = () => Promise.all(Array.from({ length: 24 }, () =>
		browser.get('/api/v1/auth/me')));

	for (const answer of await together())
		assert.equal(answer.status, 200, answer.text);
	await open.cli(['session', 'revoke', '--user', 'r@many.example']);
	for (const answer of await together())
		assertError(answer, 401, 'not_logged_in');
});

test('one that nobody uses ends, one that is used does not', async () => {
	const [used, idle] = [
		await newcomer(open, { email: 'u@idle.example', organisation: 'U' }),
		await newcomer(open, { email: 'i@idle.example', organisation: 'I' })];
	const end = Date.now() + 4500;

	while (Date.now() < end) {
		assert.equal(await used.me(), 200);
		await new Promise((resolve) => setTimeout(resolve, 400));
	}
	assert.equal(await idle.me(), 401);
	assert.equal(await used.me(), 200);
});

test('by default an invitation is needed, except by the first', async () => {
	assertError(await signUp(invite, { email: 'a@example.com',
		organisation: 'A' }), 403, 'forbidden');
	await invite.sql('DELETE FROM users');
	const first = await newcomer(invite, { email: 'first@example.com' });
	const me = (await first.get('/api/v1/auth/me')).json();

	assert.equal(me.user.operator, true);
	assert.equal(me.organisation, 'default');
	assert.deepEqual((await first.get('/api/v1/members')).json().members
		.map(({ role }) => role), ['owner']);
	assertError(await signUp(invite, { email: 'second@example.com' }),
		403, 'forbidden');
});

test('an invitation makes an account, once, for whom it is', async () => {
	const { link } = await invite.cli(
		['invite', 'Guest@example.com', '--role', 'viewer']);
	const token = tokenOf(link, invite);
	const page = await new Browser(invite.url).get(
		`/invitation?token=${token}`, { accept: 'text/html' });

	assert.equal(page.status, 200);
	assert.match(page.text, /guest@example\.com/);
	assertError(await signUp(invite, { email: 'thief@example.com',
		invitation: token }), 400, undefined, 'email');
	assertError(await signUp(invite, { email: 'guest@example.com',
		invitation: `${token}x` }), 404, 'not_found');
	const guest = await newcomer(invite, { email: 'guest@example.com',
		invitation: token });

	assert.equal((await guest.get('/api/v1/auth/me')).json().role, 'viewer');
	assertError(await signUp(invite, { email: 'guest@example.com',
		invitation: token }), 404, 'not_found');
	assertError(await new Browser(invite.url).get(
		`/api/v1/invitation?token=${token}`), 404, 'not_found');
});

test('who has an account joins with it', async () => {
	await invite.cli(['project', 'add', 'laboratory']);
	const { link } = await invite.cli(['invite', 'guest@example.com',
		'--role', 'admin', '--project', 'laboratory']);
	const guest = new Browser(invite.url);
	const other = new Browser(invite.url);
	const token = tokenOf(link, invite);

	await guest.logIn('guest@example.com', PASSWORD);
	await other.logIn('first@example.com', PASSWORD);
	assertError(await other.api('POST', '/invitation', { token }),
		403, 'forbidden');
	assert.equal((await guest.api('POST', '/invitation', { token })).status,
		200);
	const me = (await guest.get('/api/v1/auth/me')).json();

	assert.equal(me.role, 'admin');
	assert.ok(me.project_id > 0);
	// Without a role in the organisation, its people are not shown.
	await invite.cli(['member', 'remove', 'guest@example.com']);
	await invite.cli(['member', 'set', 'guest@example.com', '--role', 'admin',
		'--project', 'laboratory']);
	const seen = (await guest.get('/api/v1/members')).json();

	assert.deepEqual(seen.project_members.map(({ email }) => email),
		['guest@example.com']);
	assert.equal(seen.members, undefined);
	assert.equal(seen.invitations, undefined);
	assert.equal(seen.may_invite_to_all, false);
	assertError(await guest.api('POST', '/invitation', { token }),
		404, 'not_found');
});

test('an invitation that is taken back is none', async () => {
	const first = new Browser(invite.url);

	await first.logIn('first@example.com', PASSWORD);
	const made = (await first.api('POST', '/members',
		{ email: 'late@example.com', role: 'member' })).json();
	const token = tokenOf(made.link, invite);

	assert.equal((await first.api('DELETE',
		`/invitations/${made.invitation.id}`)).status, 200);
	assertError(await signUp(invite, { email: 'late@example.com',
		invitation: token }), 404, 'not_found');
	assertError(await first.api('POST', '/members',
		{ email: 'first@example.com', role: 'member' }), 409,
	undefined, 'email');
});

test('where it is closed, not even an invitation helps', async () => {
	const { link } = await closed.cli(['invite', 'guest@example.com']);
	const page = await new Browser(closed.url).get('/signup',
		{ accept: 'text/html' });

	assert.equal(page.status, 200);
	assert.doesNotMatch(page.text, /name="password"/);
	assertError(await signUp(closed, { email: 'guest@example.com',
		invitation: tokenOf(link, closed) }), 403, 'forbidden');
	await closed.sql('DELETE FROM users');
	assertError(await signUp(closed, { email: 'a@example.com' }),
		403, 'forbidden');
});

test('settings that cannot work are refused', async () => {
	for (const [setting, reason] of [['site.signup=maybe', /open, invite/],
		['site.url=gateway.example.com', /https:\/\/HOST/],
		['site.url=javascript:alert(1)', /https:\/\/HOST/],
		['site.idle_ms=0', /whole number/],
		['site.login_failures=0', /whole number/]]) {
		const { status, err } = await run(process.env.LLM_GATEWAY
			?? 'build/gcc/llm-gateway', ['check', '--set', setting]);

		assert.notEqual(status, 0, setting);
		assert.match(err, reason, setting);
	}
});
